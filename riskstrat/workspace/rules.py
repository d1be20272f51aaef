"""What is wrong with the rules of training/ that name features: flags, frailty, falls criteria, baselines and roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from riskstrat.definitions.baselines import BUILT_IN
from riskstrat.definitions.codelists import near
from riskstrat.definitions.comparisons import FeatureComparison
from riskstrat.definitions.features import AGE, Feature
from riskstrat.definitions.roles import list_conditions
from riskstrat.workspace.loading import (
    BASELINES_FILE,
    FALLS_FILE,
    FLAGS_FILE,
    FRAILTY_FILE,
    PROMOTION_FILE,
    ROLES_FILE,
    Workspace,
)

Finding = tuple[str, str]
"""The file, and what is to be put right in it."""


@dataclass(frozen=True)
class _NamedFeature:
    """A feature that a rule names: the file, the beginning of the sentence, its name, and whether it is printed."""

    where: str
    rule: str
    name: str
    printed: bool = True
    yes_or_no: bool | None = None


def find_rule_problems(workspace: Workspace) -> Iterator[Finding]:
    """Features that are not there or must not be named, bands and gates without their score or baseline."""
    for named in _list_named_features(workspace):
        for problem in _check_named_feature(named, workspace):
            yield (named.where, f"{named.rule} {problem}")
    yield from _check_frailty_ages(workspace)
    yield from _check_falls_scores(workspace)
    yield from _check_falls_ages(workspace)
    yield from _check_roles(workspace)
    yield from _check_rivals(workspace)


def _list_named_features(workspace: Workspace) -> Iterator[_NamedFeature]:
    for flag in workspace.flags:
        yield _NamedFeature(FLAGS_FILE, f'"{flag.words}"', flag.feature, yes_or_no=_is_recorded(flag))
    for score in workspace.frailty:
        yield _NamedFeature(FRAILTY_FILE, score.name, score.feature, yes_or_no=False)
    rules = workspace.falls_rules
    yield _NamedFeature(FALLS_FILE, "falls", rules.falls, yes_or_no=False)
    for factor in rules.factor:
        yield _NamedFeature(FALLS_FILE, f'factor "{factor.says}"', factor.feature, yes_or_no=True)
    for detail in rules.detail:
        yield _NamedFeature(FALLS_FILE, f"detail {detail.report}", detail.feature)
        if detail.falls_of_its_lookback is not None:
            yield _NamedFeature(FALLS_FILE, f"detail {detail.report}", detail.falls_of_its_lookback, yes_or_no=False)
    for baseline in workspace.baselines:
        for name in baseline.features:
            yield _NamedFeature(BASELINES_FILE, baseline.name, name, printed=False)
    for order in workspace.replay_orders:
        yield _NamedFeature(BASELINES_FILE, f'replay "{order.title}"', order.feature)
    for name in workspace.roles.features:
        yield _NamedFeature(ROLES_FILE, "a role", name)


def _is_recorded(comparison: FeatureComparison) -> bool:
    return comparison.recorded is True


def _check_named_feature(named: _NamedFeature, workspace: Workspace) -> Iterator[str]:
    feature = workspace.features.get(named.name)
    if feature is None:
        yield f'asks for a feature "{named.name}" that does not exist{near(named.name, tuple(workspace.features))}'
        return
    if named.printed and feature.wording.sensitive:
        yield f"reads {named.name}, which is sensitive and never printed; take it out"
    if named.printed and feature.wording.context and named.where != ROLES_FILE:
        yield f"reads {named.name}, which is true of a place and not of the person; take it out"
    if named.yes_or_no is not None and named.yes_or_no != _is_yes_or_no(feature):
        asked = "a yes/no feature" if named.yes_or_no else "a number"
        yield f"reads {named.name}, which is in {feature.wording.unit}; it needs {asked}"


def _is_yes_or_no(feature: Feature) -> bool:
    return feature.wording.unit == "yes/no"


def _check_frailty_ages(workspace: Workspace) -> Iterator[Finding]:
    """A score and the sentences of its feature must be valid from the same age on."""
    for score in workspace.frailty:
        feature = workspace.features.get(score.feature)
        if feature is None:
            continue
        valid_from = feature.wording.printed_from or 0
        if score.from_age != valid_from:
            said = f"printed_from={valid_from}" if valid_from else "no printed_from"
            yield (
                FRAILTY_FILE,
                f"{score.name} is from_age = {score.from_age}, but {score.feature} has {said}; give both one age",
            )


def _check_falls_scores(workspace: Workspace) -> Iterator[Finding]:
    scores = {score.name: score for score in workspace.frailty}
    for part in (*workspace.falls_rules.frail, *workspace.falls_rules.not_frail):
        if part.score not in scores:
            yield (FALLS_FILE, f'no score "{part.score}" in {FRAILTY_FILE}{near(part.score, tuple(scores))}')
            continue
        bands = tuple(band.name for band in scores[part.score].bands)
        for band in part.bands:
            if band not in bands:
                yield (FALLS_FILE, f'{part.score} has no band "{band}" in {FRAILTY_FILE}{near(band, bands)}')


def _check_falls_ages(workspace: Workspace) -> Iterator[Finding]:
    rules = workspace.falls_rules
    if rules.from_age_with_a_factor > rules.from_age:
        yield (FALLS_FILE, "from_age_with_a_factor is above from_age; a factor brings younger people in")
    if workspace.roles.age is None:
        yield (ROLES_FILE, f"no feature is the age, which {FALLS_FILE} and {FRAILTY_FILE} need; name one")


def _check_roles(workspace: Workspace) -> Iterator[Finding]:
    roles = workspace.roles
    age, conditions = _find_feature(workspace, roles.age), _find_feature(workspace, roles.number_of_conditions)
    if age is not None and age.verb != AGE:
        yield (ROLES_FILE, f"age is {roles.age}, which is not declared with age(...); name the feature that is")
    for name in (*roles.sex, *roles.care_home):
        feature = workspace.features.get(name)
        if feature is not None and not _is_yes_or_no(feature):
            yield (ROLES_FILE, f"{name} is in {feature.wording.unit}; this role needs a yes/no feature")
    if conditions is not None and _is_yes_or_no(conditions):
        yield (ROLES_FILE, f"number_of_conditions is {roles.number_of_conditions}, which is yes/no; name a count")
    if roles.conditions is not None and roles.conditions not in workspace.codelists:
        close = near(roles.conditions, tuple(workspace.codelists))
        yield (ROLES_FILE, f'conditions: no codelist "{roles.conditions}" in features/codelists{close}')
    yield from _check_named_medicines(workspace)
    yield from _check_order_of_conditions(workspace)


def _check_named_medicines(workspace: Workspace) -> Iterator[Finding]:
    named = _find_feature(workspace, workspace.roles.named_medicines)
    if named is not None and not named.counts_groups:
        yield (ROLES_FILE, f"named_medicines is {named.name}, which counts no groups of a codelist; name one that does")


def _check_order_of_conditions(workspace: Workspace) -> Iterator[Finding]:
    """Every condition that a page may name has one place in the order."""
    roles = workspace.roles
    named = list_conditions(workspace.features, roles).values()
    for group in roles.conditions_in_order:
        if group not in named:
            yield (ROLES_FILE, f'conditions_in_order: no feature tells of "{group}"{near(group, tuple(named))}')
        elif roles.conditions_in_order.count(group) > 1:
            yield (ROLES_FILE, f'conditions_in_order: "{group}" stands more than once')
    for group in named:
        if roles.conditions_in_order and group not in roles.conditions_in_order:
            yield (ROLES_FILE, f'conditions_in_order: "{group}" has no place; put it where it tells a team most')


def _find_feature(workspace: Workspace, name: str | None) -> Feature | None:
    return None if name is None else workspace.features.get(name)


def _check_rivals(workspace: Workspace) -> Iterator[Finding]:
    rivals = (*BUILT_IN, *(baseline.name for baseline in workspace.baselines))
    for name in workspace.promotion.discrimination.not_worse_than:
        if name not in rivals:
            yield (PROMOTION_FILE, f'not_worse_than: no rival "{name}"{near(name, rivals)}')
