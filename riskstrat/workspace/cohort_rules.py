"""What is wrong with training/cohorts.toml, seen beside the features, frailty scores and bands of the workspace."""

from __future__ import annotations

from collections.abc import Iterator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.cohorts import BandCondition, CohortCondition, CohortRule
from riskstrat.definitions.rules import ComparisonRule, Condition
from riskstrat.workspace.finding import SETTINGS_FILE
from riskstrat.workspace.loading import FRAILTY_FILE, Workspace
from riskstrat.workspace.pathways import problems_of


def find_cohort_problems(workspace: Workspace) -> Iterator[str]:
    """Each as a sentence; none without the file."""
    rules = workspace.cohort_rules
    if rules is None:
        return
    bands = tuple(workspace.settings.lists.bands)
    for band in rules.high_risk:
        if band not in bands:
            yield f'high_risk: "{band}" is no band of lists.bands in {SETTINGS_FILE}{near(band, bands)}'
    for rule in rules.cohort:
        for problem in (*_check_features(rule, workspace), *_check_bands(rule, workspace)):
            yield f"{rule.name} {problem}"


def _check_features(rule: CohortRule, workspace: Workspace) -> Iterator[str]:
    every, some, none = (_select_features(part) for part in (rule.all, rule.any, rule.none))
    compared = ComparisonRule.model_construct(name=rule.name, all=every, any=some, none=none)
    yield from problems_of(compared, workspace.features, workspace.roles.age)
    awaited = {flag.feature for flag in workspace.flags if flag.asks_newest_stay}
    for condition in compared.conditions:
        if condition.feature in awaited:
            yield f"reads {condition.feature}, which waits for a discharge to be received; take it out"


def _select_features(conditions: tuple[CohortCondition, ...]) -> tuple[Condition, ...]:
    return tuple(one for one in conditions if isinstance(one, Condition))


def _check_bands(rule: CohortRule, workspace: Workspace) -> Iterator[str]:
    scores = {score.name: score for score in workspace.frailty}
    for part in rule.conditions:
        if not isinstance(part, BandCondition):
            continue
        if part.score not in scores:
            yield f'asks for a score "{part.score}" that is not in {FRAILTY_FILE}{near(part.score, tuple(scores))}'
            continue
        bands = tuple(band.name for band in scores[part.score].bands)
        for band in part.bands:
            if band not in bands:
                yield f'asks for a band "{band}" that {part.score} does not have{near(band, bands)}'
