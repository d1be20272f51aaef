"""What is wrong in a workspace that loads: sentences, sensitive codes, recipes, codelists, teams. No data needed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

from riskstrat.definitions.codelists import Codelist, near
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.expressions import columns_of, rows_of
from riskstrat.definitions.features import AGE, PLACEHOLDERS, Feature
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.sensitive import SENSITIVE
from riskstrat.sources.streams import STREAM_CODELISTS, STREAMS_OF_STAYS
from riskstrat.sources.tables import STREAMS
from riskstrat.storage.files import sha256_of
from riskstrat.workspace.codelists import FOLDER, find_code_problem
from riskstrat.workspace.cohort_rules import find_cohort_problems
from riskstrat.workspace.finding import SETTINGS_FILE
from riskstrat.workspace.loading import (
    CARD_FILE,
    CHANGEABLE_FILE,
    COHORTS_FILE,
    INDICATORS_FILE,
    PATHWAYS_FILE,
    Workspace,
)
from riskstrat.workspace.pathways import find_absence_problems, problems_of
from riskstrat.workspace.rules import Finding, find_rule_problems

STATIC = ("date_of_birth", "sex", "lsoa", "imd_decile", "imd_year")
"""Columns of people that do not change with time as this model of the data has it."""
UNDATED = (AGE, "attribute")
_PRACTICE = SCHEMAS["registrations"].names["practice"].pattern or ""


def check(workspace: Workspace) -> list[str]:
    """Everything to put right, each as "file: sentence"; an empty list means that nothing was found."""
    found = (
        *(
            _check_settings(workspace),
            _check_codelists(workspace),
            _check_features(workspace),
            _check_recipes(workspace),
        ),
        *(
            _check_pathways(workspace),
            _check_changeable(workspace),
            find_rule_problems(workspace),
            _check_indicators(workspace),
            ((COHORTS_FILE, problem) for problem in find_cohort_problems(workspace)),
            _check_casefinding(workspace),
            _check_card_template(workspace),
        ),
    )
    return [f"{where}: {says}" for part in found for where, says in part]


def _check_settings(workspace: Workspace) -> Iterator[Finding]:
    for team in workspace.settings.teams:
        if not team.localities and not team.practices:
            yield (SETTINGS_FILE, f'team "{team.name}" serves nobody; give it localities or practices')
        for practice in team.practices:
            if not re.fullmatch(_PRACTICE, practice):
                yield (
                    SETTINGS_FILE,
                    f'team "{team.name}": "{practice}" is no practice code, which is a capital and five figures, such '
                    "as Y00001: nobody landed can be registered there; mend it",
                )
    wanted = workspace.settings.lists.recipe
    if wanted not in workspace.recipes:
        known = tuple(workspace.recipes)
        yield (SETTINGS_FILE, f'lists.recipe "{wanted}" is not a file of training/{near(wanted, known)}')
    for name in workspace.settings.lists.counts:
        if name not in workspace.features:
            yield (SETTINGS_FILE, f'lists.counts: no feature "{name}"{near(name, tuple(workspace.features))}')
        elif workspace.features[name].wording.sensitive:
            yield (SETTINGS_FILE, f"lists.counts: {name} is sensitive and never printed; take it out")


def _check_indicators(workspace: Workspace) -> Iterator[Finding]:
    """Rows and codelists that indicators name and that are not there; a site without the file has no board pack."""
    if workspace.kept[INDICATORS_FILE].contents is None:
        return
    for one in workspace.indicators.indicator:
        for name in filter(None, (one.rows, one.discharges)):
            if name not in workspace.outcomes:
                known = tuple(workspace.outcomes)
                yield (INDICATORS_FILE, f'{one.name}: training/outcomes.py names no "{name}"{near(name, known)}')
        if one.codelist and one.codelist not in workspace.codelists:
            known = tuple(workspace.codelists)
            yield (INDICATORS_FILE, f'{one.name}: no codelist "{one.codelist}"{near(one.codelist, known)}')


def _check_codelists(workspace: Workspace) -> Iterator[Finding]:
    for name, codelist in workspace.codelists.items():
        where = f"{FOLDER}/{name}.csv"
        found = sha256_of(workspace.root / where, where)
        if found != workspace.provenance[name].sha256:
            yield (where, f'is not the file signed for; if it was meant to change, set sha256 = "{found}"')
        for entry in codelist.entries:
            if problem := find_code_problem(entry, any_character=name == SENSITIVE):
                yield (where, f'{entry.system} code "{entry.code}" {problem}')
        for (system, code, group), times in Counter((e.system, e.code, e.group) for e in codelist.entries).items():
            if times > 1:
                yield (where, f'{system} code "{code}" stands {times} times in the group "{group}"')


def _check_features(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.features:
        yield ("features", "no feature is declared")
    if SENSITIVE not in workspace.codelists:
        yield (FOLDER, f"there is no {SENSITIVE}.csv, so nothing can tell which features must never be printed")
    for name, feature in workspace.features.items():
        for problem in (
            *_check_wording(feature),
            *_check_speaker(feature, workspace),
            *_check_columns_read(feature, workspace),
            *_check_sensitivity(feature, workspace),
        ):
            yield (workspace.origins[name], f"{name} {problem}")


def _check_wording(feature: Feature) -> Iterator[str]:
    worded = feature.wording
    said = {"says": worded.says, "says_negative": worded.says_negative, "says_always": worded.says_always}
    for name, text in ((name, text or "") for name, text in (*said.items(), ("absent", worded.absent))):
        try:
            given = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
        except ValueError as broken:
            yield f"{name}= cannot be read: {broken}"
            continue
        allowed = ("lookback",) if name == "absent" else PLACEHOLDERS
        for field in given:
            if field not in allowed:
                yield f"{name}= has {{{field}}}; the placeholders are {', '.join(f'{{{known}}}' for known in allowed)}"
        if "date" in given and feature.verb in UNDATED:
            yield f"{name}= has {{date}}, but {feature.verb} has no date"
        if "lookback" in given and (feature.lookback >= EVER or feature.verb in (*UNDATED, "derive")):
            yield f"{name}= has {{lookback}}, but the feature looks back over the whole record"


def _check_speaker(feature: Feature, workspace: Workspace) -> Iterator[str]:
    """What stands against another feature's sentence being said in the place of this one's."""
    name = feature.wording.said_by
    if name is None:
        return
    if (speaker := workspace.features.get(name)) is None:
        yield f'said_by= names no feature: "{name}"{near(name, tuple(workspace.features))}'
    elif speaker.wording.said_by is not None:
        yield f"said_by= names {name}, which is said by another itself; name that one"
    elif (speaker.theme, speaker.wording.sensitive) != (feature.theme, feature.wording.sensitive):
        yield f"said_by= names {name}, which has another theme or is not as sensitive; both must be alike"


def _check_columns_read(feature: Feature, workspace: Workspace) -> Iterator[str]:
    """What a feature reads that it should not, in its own rows and in those of its unnamed inputs."""
    for part in _iterate_parts(feature):
        if part.rows is None:
            continue
        stream = STREAMS[part.rows.stream]
        conditions = frozenset().union(*(columns_of(condition) for condition in part.rows.conditions))
        given = (part.value, part.day, part.until, part.key)
        values = [value for value in given if value is not None and not isinstance(value, str)]
        read = conditions.union(*(columns_of(value) for value in values))
        if "ethnicity" in read:
            yield "reads ethnicity, which serves the audit of fairness and never the estimate"
        for column in sorted(read - set(STATIC) - {"ethnicity"} if part.verb == "attribute" else ()):
            yield f"reads people.{column}, which changes with time; use exists, days_since or active on that date"
        for column in sorted(conditions & stream.systems.keys()):
            yield f"filters on the codes of {stream.name}.{column}; use codes= with a codelist"
        for name in STREAM_CODELISTS.get(stream.name, ()):
            if name not in workspace.codelists:
                yield f"reads {stream.name}, which needs the codelist {name}"
        if part.verb == "weighted" and part.key == "group" and part.codes is not None:
            for group in _find_mixed_weight_groups(part.codes):
                yield f'weighs the group "{group}" of {part.codes.name}, whose codes have different weights'


def _find_mixed_weight_groups(codelist: Codelist) -> Iterator[str]:
    for group in codelist.groups:
        if len({entry.weight for entry in codelist.entries if entry.group == group}) > 1:
            yield group


def _check_sensitivity(feature: Feature, workspace: Workspace) -> Iterator[str]:
    if feature.wording.sensitive or SENSITIVE not in workspace.codelists:
        return
    sensitive = workspace.codelists[SENSITIVE]
    for part in _iterate_parts(feature):
        if part.codes is not None and sensitive.covers_any(part.codes):
            yield f"reads codes of {part.codes.name} that are in {SENSITIVE}.csv; set sensitive=True or leave them out"
        for given in part.inputs.values():
            source = workspace.features[given] if isinstance(given, str) else given
            if source.wording.sensitive:
                yield "derives from a sensitive feature; set sensitive=True"


def _iterate_parts(feature: Feature) -> Iterator[Feature]:
    """The feature and the inputs that it declares itself."""
    yield feature
    for given in feature.inputs.values():
        if isinstance(given, Feature):
            yield from _iterate_parts(given)


def _check_recipes(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.recipes:
        yield ("training", "there is no recipe")
    for name, recipe in workspace.recipes.items():
        where = f"training/{name}.toml"
        if recipe.outcome not in workspace.outcomes:
            close = near(recipe.outcome, tuple(workspace.outcomes))
            yield (where, f'outcome "{recipe.outcome}" is not in training/outcomes.py{close}')
        elif recipe.label.min_nights and rows_of(workspace.outcomes[recipe.outcome]).stream not in STREAMS_OF_STAYS:
            yield (where, f'label.min_nights is for stays, and outcome "{recipe.outcome}" is none; take it out')
        if recipe.cohort.index != "calendar" and recipe.cohort.index not in workspace.outcomes:
            yield (where, f"cohort.index {recipe.cohort.index} needs rows of that name in training/outcomes.py")
        for feature in recipe.exclude_features:
            if feature not in workspace.features:
                close = near(feature, tuple(workspace.features))
                yield (where, f'exclude_features: no feature "{feature}"{close}')
        already = recipe.cohort.already
        if already is not None and already.feature not in workspace.features:
            close = near(already.feature, tuple(workspace.features))
            yield (where, f'cohort.already: no feature "{already.feature}"{close}')
        if recipe.cohort.min_age > recipe.cohort.max_age:
            yield (where, "cohort.min_age is above cohort.max_age")


def _check_pathways(workspace: Workspace) -> Iterator[Finding]:
    for pathway in workspace.pathways:
        for problem in problems_of(pathway, workspace.features, workspace.roles.age):
            yield (PATHWAYS_FILE, f"{pathway.name} {problem}")


def _check_changeable(workspace: Workspace) -> Iterator[Finding]:
    for rule in workspace.changeable:
        for problem in (
            *problems_of(rule, workspace.features, workspace.roles.age),
            *find_absence_problems(rule, workspace.features),
        ):
            yield (CHANGEABLE_FILE, f"{rule.name} {problem}")


def _check_casefinding(workspace: Workspace) -> Iterator[Finding]:
    bands = tuple(workspace.settings.lists.bands)
    for band in workspace.settings.casefinding.case_weights:
        if band not in bands:
            yield (SETTINGS_FILE, f'casefinding.case_weights: "{band}" is not a band of lists.bands{near(band, bands)}')
    known = tuple(pathway.name for pathway in workspace.pathways)
    for team in workspace.settings.teams:
        for name in team.slots:
            if name not in known:
                yield (
                    SETTINGS_FILE,
                    f'team "{team.name}": slots: no pathway "{name}" in {PATHWAYS_FILE}{near(name, known)}',
                )


def _check_card_template(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.card_template.strip():
        yield (CARD_FILE, "is empty, so a model card would say nothing; write it, or copy the one shipped")
