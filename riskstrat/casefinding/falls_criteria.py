"""Whether a person meets the criteria of NICE NG249 for a comprehensive falls assessment, as far as records tell.

A rule over facts, no score: NG249 (April 2025) 1.1.1 says not to use tools that predict falls. Which features decide,
from which ages and numbers on, and in which words, stands in training/falls_criteria.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from riskstrat.definitions.falls_rules import FallsDetail, FallsRules, NotFrail
from riskstrat.definitions.frailty import FrailtyScore

Answer = Literal["met", "not met", "cannot tell"]
GRADED = "frailty is recorded as"
"""Beginning of the words for a frailty whose band these criteria leave open."""

Recorded = bool | None
"""Recorded as so, recorded as not so, or not recorded."""


@dataclass(frozen=True)
class FallsCriteria:
    """The answer for one person and one sentence that says what it rests on."""

    answer: Answer
    why: str


@dataclass(frozen=True)
class FallsGuideline:
    """What decides: the rules, the frailty scores that they name, and the feature of the age in completed years."""

    rules: FallsRules
    scores: Mapping[str, FrailtyScore]
    age: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Features that decide; one that could not be built counts as not recorded."""
        named = (part.score for part in (*self.rules.frail, *self.rules.not_frail))
        every = (self.age, *self.rules.features, *(self.scores[name].feature for name in named))
        return tuple(dict.fromkeys(name for name in every if name is not None))

    def age_of(self, row: Mapping[str, float]) -> float:
        """The person's age in completed years, NaN where it is not known."""
        return float("nan") if self.age is None else row[self.age]


def falls_criteria(
    values: pd.DataFrame,
    guideline: FallsGuideline,
    reports: pd.DataFrame | None = None,
    old_frailty: Mapping[str, str] | None = None,
    least: Mapping[str, str] | None = None,
) -> pd.Series:
    """One FallsCriteria per row of `values` (one row per patient, indexed by patient_id, a column per feature).

    `reports`: one row per fall reported in the last 12 months: patient_id and the reports' columns that the rules name,
    true, false or not recorded. Without it a feature that is 0 counts as not recorded, since it cannot tell a no from a
    blank. `old_frailty`: by patient the words for a frailty recorded too long ago to decide, which begin with `GRADED`.
    `least`: by patient why there may have been more falls than are recorded.
    """
    old, more = old_frailty or {}, least or {}
    wanted = values.reindex(columns=list(guideline.columns)).astype(float)
    told = _gather_reports(reports, guideline.rules)
    found = [
        _judge(
            guideline,
            dict(zip(wanted.columns, row, strict=True)),
            told.get(patient, {}),
            (old.get(patient), more.get(patient)),
        )
        for patient, *row in wanted.itertuples()
    ]
    return pd.Series(found, index=values.index, dtype=object)


def _gather_reports(reports: pd.DataFrame | None, rules: FallsRules) -> dict[object, dict[str, Recorded]]:
    """By patient what the reports of the year say together: so in any, not so in all, or not recorded."""
    told: dict[object, dict[str, Recorded]] = {}
    if reports is None:
        return told
    names = [detail.report for detail in rules.detail]
    for patient, rows in reports.reindex(columns=["patient_id", *names]).groupby("patient_id"):
        told[patient] = {name: _combine_answers(rows[name]) for name in names}
    return told


def _combine_answers(said: pd.Series) -> Recorded:
    if said.dropna().astype(bool).any():
        return True
    return None if said.isna().any() else False


def _judge(
    guideline: FallsGuideline,
    row: Mapping[str, float],
    told: Mapping[str, Recorded],
    gaps: tuple[str | None, str | None],
) -> FallsCriteria:
    """gaps: the words for a frailty of too long ago, and why there may have been more falls; None where neither is."""
    rules, (old, more) = guideline.rules, gaps
    falls = row[rules.falls]
    if falls != falls:
        return FallsCriteria("cannot tell", "No record of falls is in the data.")
    if falls == 0:
        return FallsCriteria("not met", "No fall is recorded in the last 12 months; ask whether the person has fallen.")
    covered, group = _decide_coverage(rules, guideline.age_of(row), row)
    if not covered:
        return FallsCriteria("not met" if covered is False else "cannot tell", group)
    number = f"{falls:.0f} recorded fall{'' if falls == 1 else 's'} in the last 12 months"
    recorded = _judge_criteria(guideline, row, told, old)
    met = [so for so, (answer, _) in recorded.items() if answer]
    if falls >= rules.repeated or met:
        return FallsCriteria("met", f"{group}: {'; '.join([number, *met])}.")
    unknown = [words for answer, words in recorded.values() if answer is None]
    if unknown:
        return FallsCriteria("cannot tell", f"{group}: {'; '.join([number, *_word_unknown(unknown)])}.")
    if more:
        return FallsCriteria("cannot tell", f"{group}: {number}, and there may have been more: {more}.")
    return FallsCriteria("not met", f"{group}: {number}; none of the further criteria is recorded.")


def _word_unknown(unknown: list[str]) -> Iterator[str]:
    """What is not recorded, in one phrase; a frailty that is recorded, and that no band decides, in its own."""
    blank = [words for words in unknown if not words.startswith(GRADED)]
    if blank:
        yield f"not recorded: {', '.join(blank)}"
    yield from (words for words in unknown if words.startswith(GRADED))


def _decide_coverage(rules: FallsRules, age: float, row: Mapping[str, float]) -> tuple[Recorded, str]:
    """Whether the guideline covers the person, and the words for it."""
    low, high = rules.from_age_with_a_factor, rules.from_age
    between = f"{low} to {high - 1}"
    if age != age:
        return None, "Age is not recorded."
    if age >= high:
        return True, f"Aged {high} or over"
    if age < low:
        who = f"people aged {high} or over, or {between} with a factor such as {rules.example}"
        return False, f"Under {low}: the criteria are for {who}."
    present = [factor.says for factor in rules.factor if row[factor.feature] > 0]
    if present:
        return True, f"Aged {between} with {' and '.join(present)}"
    if any(row[factor.feature] != row[factor.feature] for factor in rules.factor):
        return None, f"Aged {between}, and not every factor that raises the risk of falls is in the data."
    return False, f"Aged {between}, and none of the factors that raise the risk of falls is recorded."


def _judge_criteria(
    guideline: FallsGuideline, row: Mapping[str, float], told: Mapping[str, Recorded], old: str | None
) -> dict[str, tuple[Recorded, str]]:
    """Each criterion besides the number of falls: the words when so, the answer, the words when not recorded."""
    frail, how = _judge_frailty(guideline, row)
    criteria: dict[str, tuple[Recorded, str]] = {how: (frail, _word_frailty(guideline, row) or old or "frailty")}
    for detail in guideline.rules.detail:
        recorded = _is_recorded(detail, guideline.rules.falls, row)
        criteria[detail.says] = (True if recorded else told.get(detail.report), detail.not_recorded)
    return criteria


def _is_recorded(detail: FallsDetail, falls: str, row: Mapping[str, float]) -> bool:
    """Whether the feature tells of a fall of the last 12 months and of no earlier one."""
    earlier = detail.falls_of_its_lookback
    return row[detail.feature] > 0 and (earlier is None or row[earlier] == row[falls])


def _judge_frailty(guideline: FallsGuideline, row: Mapping[str, float]) -> tuple[Recorded, str]:
    for part in guideline.rules.frail:
        if _is_in_band(part, guideline, row):
            return True, part.says
    return (False if any(_is_in_band(part, guideline, row) for part in guideline.rules.not_frail) else None), "frailty"


def _word_frailty(guideline: FallsGuideline, row: Mapping[str, float]) -> str | None:
    """What is said where frailty decides nothing and a band is recorded; None where none is."""
    for name in dict.fromkeys(part.score for part in (*guideline.rules.frail, *guideline.rules.not_frail)):
        score = guideline.scores[name]
        if score.is_valid(guideline.age_of(row), row[score.feature]):
            return f"{GRADED} {score.band_of(row[score.feature])}, which is for a clinician to weigh"
    return None


def _is_in_band(part: NotFrail, guideline: FallsGuideline, row: Mapping[str, float]) -> bool:
    """Whether the score is valid for the person and lies in one of the bands."""
    score = guideline.scores[part.score]
    value = row[score.feature]
    return score.is_valid(guideline.age_of(row), value) and score.band_of(value) in part.bands
