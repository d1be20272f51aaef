"""Which cohorts each person is in by the rules of training/cohorts.toml: in, not in, or cannot be told and why.

A rule is decided by what may be printed and can be told of a person. One that holds for what may be printed alone, and
not for the whole record, is not said to hold; one whose proof may not be shown is said to hold of nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.cohorts import BandCondition, CohortCondition, CohortRule, CohortRules, RecordCondition
from riskstrat.definitions.comparisons import FeatureComparison
from riskstrat.definitions.frailty import FrailtyScore
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.features import narrow_engine
from riskstrat.features.telling import Reasons, Telling, tell
from riskstrat.people.answers import Answers, Truths, make_answers, require_all, require_any
from riskstrat.people.behind import read_day
from riskstrat.people.recorded import RecordedFacts
from riskstrat.people.records import Records
from riskstrat.people.turning import EITHER, UP, WITHOUT_ROWS, YES_OR_NO, find_direction, rests_on_latest
from riskstrat.publication import CohortStanding
from riskstrat.site.opening import Site
from riskstrat.site.residents import mark_doubtful_residents
from riskstrat.site.scored import Scored
from riskstrat.sources.coverage import read_coverage

GROWING = ("at_least", "more_than", "recorded")
"""Comparisons that a larger value may come to meet; the others it may break."""

MAY_LIVE_IN_HOME = "a place in a care home is on record, but whether they live there now cannot be read"


@dataclass(frozen=True, eq=False)
class RuleFacts:
    """What rules are decided by, one entry per person.

    telling: of the printable record. whole: the same features of the whole record. days: by feature the day of the
    latest printable row behind it. scores: the frailty scores by name. age: the feature of the age. homes: the features
    that tell who lives in a care home. doubtful_residents: who may live in one by a row that cannot be read whole.
    """

    telling: Telling
    whole: FeatureMatrix
    days: Mapping[str, npt.NDArray[np.datetime64]]
    recorded: RecordedFacts
    scores: Mapping[str, FrailtyScore]
    age: str | None
    homes: tuple[str, ...]
    doubtful_residents: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.telling.matrix)

    def read(self, name: str | None, *, whole: bool = False) -> npt.NDArray[np.float64]:
        """The values of a feature; NaN for everybody where it was not built."""
        matrix = self.whole if whole else self.telling.matrix
        if name is None or name not in matrix.columns:
            return np.full(len(self), np.nan)
        return matrix.select([name])[:, 0].astype(float)


def tell_cohorts(rules: Sequence[CohortRule], facts: RuleFacts) -> dict[str, Answers]:
    """By rule the answers for each person, as they may be said."""
    return {rule.name: _answer_rule(rule, facts) for rule in rules}


def place_in_cohorts(rules: Sequence[CohortRule], facts: RuleFacts) -> list[tuple[CohortStanding, ...]]:
    """For each person where they stand by each rule, in the order of the rules."""
    answers = tell_cohorts(rules, facts)
    return [tuple(_word_standing(rule, answers[rule.name], row) for rule in rules) for row in range(len(facts))]


def gather_listed(records: Records) -> RuleFacts:
    """The facts of the people of some records."""
    days = {name: records.when(name) for name in records.matrix.columns}
    return _gather(records.opened, records.telling, records.whole, days)


def gather_everybody(opened: Site, scored: Scored, features: Iterable[str]) -> RuleFacts:
    """The facts of everybody scored, as far as rules need them. features: those that rules name."""
    workspace = opened.workspace
    wanted = {*features, workspace.roles.age, *(score.feature for score in workspace.frailty)} - {None}
    columns = [name for name in scored.matrix.columns if name in wanted]
    small = narrow_engine(opened.engine, columns, printable=True)
    matrix, evidence = small.matrix(scored.rows), small.evidence(scored.rows)
    coverage = read_coverage(opened.store, workspace.settings.data.coverage)
    telling = tell(opened.engine, coverage, matrix, scored.matrix, scored.rows)
    days = {name: evidence[:, place].astype("datetime64[D]") for place, name in enumerate(matrix.columns)}
    return _gather(opened, telling, scored.matrix, days)


def describe_cohorts(rules: CohortRules | None) -> tuple[str, ...]:
    """A sentence for each cohort: its tag, its rule, and whether the site has confirmed it, with its caution."""
    return tuple(_describe_rule(rule) for rule in (rules.cohort if rules else ()))


def _describe_rule(rule: CohortRule) -> str:
    said = f"Cohort “{rule.tag}”: {lower_first(rule.rule)}"
    if rule.confirmed is None:
        return " ".join(filter(None, (f"{said} Unconfirmed: {rule.source}.", rule.caution))).removesuffix(".")
    where = f"Confirmed on {long_date(rule.confirmed.on)}: {rule.confirmed.reference}."
    return " ".join(filter(None, (said, where, rule.caution))).removesuffix(".")


def _gather(
    opened: Site, telling: Telling, whole: FeatureMatrix, days: Mapping[str, npt.NDArray[np.datetime64]]
) -> RuleFacts:
    roles = opened.workspace.roles
    scores = {score.name: score for score in opened.workspace.frailty}
    recorded = RecordedFacts(telling, opened.workspace.codelists)
    doubtful = mark_doubtful_residents(opened, telling.matrix.keys)
    return RuleFacts(telling, whole, days, recorded, scores, roles.age, roles.care_home, doubtful)


def _answer_rule(rule: CohortRule, facts: RuleFacts) -> Answers:
    said, held = (_combine(rule, facts, whole=whole) for whole in (False, True))
    hidden = said.holds & held.fails
    return replace(said, holds=said.holds & ~hidden, fails=said.fails | hidden)


def _combine(rule: CohortRule, facts: RuleFacts, *, whole: bool) -> Answers:
    def answer(conditions: Iterable[CohortCondition]) -> list[Answers]:
        return [_answer(condition, facts, whole=whole) for condition in conditions]

    parts = [*answer(rule.all), *(one.negate() for one in answer(rule.none))]
    if rule.any:
        parts.append(require_any(answer(rule.any), len(facts), one_tells=rule.any_measures_one_thing))
    return require_all(parts, len(facts))


def _answer(condition: CohortCondition, facts: RuleFacts, *, whole: bool) -> Answers:
    if isinstance(condition, RecordCondition):
        return facts.recorded.answer(condition)
    if isinstance(condition, BandCondition):
        return _answer_band(condition, facts, whole=whole)
    return _answer_comparison(condition, facts, whole=whole)


def _answer_comparison(condition: FeatureComparison, facts: RuleFacts, *, whole: bool) -> Answers:
    """A value that rows may be lacking behind decides nothing that these rows could turn round."""
    name = condition.feature
    value, reasons = facts.read(name, whole=whole), facts.telling.find_reasons(name).copy()
    holds = condition.holds(value)
    lacking = _find_gaps(condition, facts)
    turned = (lacking != np.array(None)) & _may_turn(condition, facts, holds) & (reasons == np.array(None))
    reasons[turned] = lacking[turned]
    if name in facts.homes:
        reasons[facts.doubtful_residents & ~(value > 0)] = MAY_LIVE_IN_HOME
    unknown = reasons != np.array(None)
    return make_answers(holds & ~unknown, unknown, reasons)


def _find_gaps(condition: FeatureComparison, facts: RuleFacts) -> Reasons:
    name = condition.feature
    feature = facts.telling.engine.declared.get(name)
    if feature is None or feature.verb in YES_OR_NO | WITHOUT_ROWS:
        return np.full(len(facts), None, object)
    if rests_on_latest(feature, facts.telling.engine.declared) and name in facts.days:
        return facts.telling.find_later_gaps(name, facts.days[name])
    return facts.telling.find_gaps(name)


def _may_turn(condition: FeatureComparison, facts: RuleFacts, holds: Truths) -> Truths:
    """Whether more rows could turn an answer: they raise a number, lower the days since the last, replace a latest."""
    declared = facts.telling.engine.declared
    direction = find_direction(declared.get(condition.feature), declared)
    if direction == EITHER:
        return np.ones(len(holds), np.bool_)
    return ~holds if (direction == UP) == (condition.comparison[0] in GROWING) else holds


def _answer_band(condition: BandCondition, facts: RuleFacts, *, whole: bool) -> Answers:
    """Whether a score of today lies in one of the bands; nobody's frailty is told by a score that was not taken."""
    score = facts.scores[condition.score]
    value, age = facts.read(score.feature, whole=whole), facts.read(facts.age)
    index = facts.telling.matrix.keys["index_date"].to_numpy().astype("datetime64[D]")
    days = facts.days.get(score.feature, np.full(len(facts), np.datetime64("NaT"), "datetime64[D]"))
    why, holds = facts.telling.find_reasons(score.feature).copy(), np.zeros(len(facts), np.bool_)
    for row in np.flatnonzero(why == np.array(None)):
        why[row] = _explain_no_score(score, age[row], value[row], days[row], index[row])
        holds[row] = why[row] is None and score.band_of(value[row]) in condition.bands
    return make_answers(holds, why != np.array(None), why)


def _explain_no_score(
    score: FrailtyScore, age: float, value: float, day: np.datetime64, index: np.datetime64
) -> str | None:
    if not age >= score.from_age:
        return f"frailty is not scored under {score.from_age}"
    if not score.is_valid(age, value):
        return "no frailty score is recorded"
    if not np.isnat(day) and not score.is_current(day, index):
        return f"the latest frailty score is of {long_date(read_day(day))}"
    return None


def _word_standing(rule: CohortRule, answers: Answers, row: int) -> CohortStanding:
    if answers.holds[row]:
        return CohortStanding(rule.name, rule.tag, "in")
    if answers.fails[row]:
        return CohortStanding(rule.name, rule.tag, "not in")
    why = answers.why[row]
    return CohortStanding(rule.name, rule.tag, "cannot be told", "" if pd.isna(why) else str(why))
