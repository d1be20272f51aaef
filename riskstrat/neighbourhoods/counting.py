"""Everybody eligible with place, risk, care plans and cohorts, and how many of each there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.casefinding import assign_teams, bands_of
from riskstrat.definitions.cohorts import CohortRule, CohortRules, RecordCondition, RecordName
from riskstrat.documents.words import TOO_FEW
from riskstrat.neighbourhoods.places import (
    LOCALITY,
    NOT_KNOWN,
    PRACTICE,
    TEAM,
    CountedPlace,
    count_places,
    find_shown,
    list_families,
)
from riskstrat.people import gather_everybody, tell_cohorts
from riskstrat.people.answers import Answers
from riskstrat.publication import PublishedList
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored

IN, NOT_IN, UNTOLD = "in", "not in", "cannot be told"
SOME, NONE = "in a cohort", "in no cohort"
OTHER_IN_SOME, REST = "in a cohort and not at high risk", "everybody else"
PLANS: Mapping[RecordName, str] = {
    "care_plan": "Care plan",
    "respect": "ReSPECT form",
    "advance_care_plan": "Advance care plan",
}
"""What may be on record of somebody, as printed."""


@dataclass(frozen=True)
class PlaceCounts:
    """Counts by place: one row per place, one column per part; and the places whose rows may be shown."""

    counts: pd.DataFrame
    shown: frozenset[CountedPlace]


@dataclass(frozen=True)
class CohortCounts:
    """One cohort: how many are in it, of how many that cannot be told and why, and by kind of plan who in it has one.

    sizes: in it, or anything else. answers: in it, not in it, or cannot be told. plans: of those in it the same three
    of the plan, and everybody else. reasons: those that hold for so many that they tell of nobody.
    """

    rule: CohortRule
    sizes: PlaceCounts
    answers: PlaceCounts
    plans: Mapping[RecordName, PlaceCounts]
    reasons: tuple[str, ...]


def read_people(opened: Site, scored: Scored, rules: CohortRules, published: PublishedList) -> pd.DataFrame:
    """One row per person of a published list and of the cohort: place, risk as published, answers as words.

    Columns: patient_id, team, locality, practice, high (bool), one of each of `PLANS`, and for each rule its answer and
    the reason where that cannot be told, as `name_answer` and `name_reason` call them.
    """
    facts = gather_everybody(opened, scored, rules.list_features())
    rows = scored.rows.reset_index(drop=True)
    people = _place(opened, rows, published.list_date).assign(patient_id=rows["patient_id"])
    for name, answers in tell_cohorts(rules.cohort, facts).items():
        people[name_answer(name)], people[name_reason(name)] = _word(answers), answers.why
    for kind, title in PLANS.items():
        people[kind] = _word(facts.recorded.answer(RecordCondition(record=kind, says=title)))
    risks = published.read_everyone(("patient_id", "risk")).dropna().drop_duplicates("patient_id")
    people = people.merge(risks, on="patient_id")
    bands = bands_of(people["risk"], opened.workspace.settings.lists.bands)
    return people.assign(high=bands.isin(rules.high_risk)).drop(columns="risk")


def name_answer(rule: str) -> str:
    """The column of a rule's answers; with a blank, so that a rule may be named like any other column."""
    return f"answer of {rule}"


def name_reason(rule: str) -> str:
    """The column of why a rule's answer cannot be told."""
    return f"reason of {rule}"


def _place(opened: Site, rows: pd.DataFrame, day: date) -> pd.DataFrame:
    settings = opened.workspace.settings
    areas = opened.store.read("areas") if "areas" in opened.store.landed else None
    placed = assign_teams(rows["practice"], areas, settings.teams, settings.lists.default_capacity, day).rows
    found = placed[[TEAM, LOCALITY, PRACTICE]].astype(object).reset_index(drop=True)
    return found.where(found.notna(), NOT_KNOWN)


def _word(answers: Answers) -> npt.NDArray[np.object_]:
    return np.select([answers.holds, answers.fails], [IN, NOT_IN], UNTOLD).astype(object)


def count_cohorts(people: pd.DataFrame, rules: CohortRules) -> tuple[CohortCounts, ...]:
    """Every cohort counted by place."""
    families = list_families(people)
    return tuple(_count_cohort(people, rule, families) for rule in rules.cohort)


def _count_cohort(
    people: pd.DataFrame, rule: CohortRule, families: Sequence[tuple[CountedPlace, Sequence[CountedPlace]]]
) -> CohortCounts:
    answer = people[name_answer(rule.name)]

    def count(parts: pd.Series, *names: str) -> PlaceCounts:
        counts = count_places(people, parts, names)
        return PlaceCounts(counts, find_shown(counts, families))

    plans = {kind: count(people[kind].where(answer == IN, REST), IN, NOT_IN, UNTOLD, REST) for kind in PLANS}
    reasons = people.loc[answer == UNTOLD, name_reason(rule.name)].value_counts()
    sizes = count(answer.where(answer == IN, REST), IN, REST)
    shared = tuple(reasons.index[reasons >= TOO_FEW])
    return CohortCounts(rule, sizes, count(answer, IN, NOT_IN, UNTOLD), plans, shared)


def count_risk(people: pd.DataFrame, rules: CohortRules) -> PlaceCounts:
    """By place people at high risk in some cohort, in none, or of whom that cannot be told; others in one; the rest."""
    standing = find_standing(people, rules)
    others = np.where(standing == SOME, OTHER_IN_SOME, REST)
    parts = pd.Series(np.where(people["high"], standing, others), index=people.index)
    counts = count_places(people, parts, (SOME, NONE, UNTOLD, OTHER_IN_SOME, REST))
    return PlaceCounts(counts, find_shown(counts, list_families(people)))


def find_standing(people: pd.DataFrame, rules: CohortRules) -> pd.Series:
    """For each person whether they are in some cohort or in none; of none only where that can be told of each."""
    answers = people[[name_answer(rule.name) for rule in rules.cohort]]
    inside, untold = (answers == IN).any(axis=1), (answers == UNTOLD).any(axis=1)
    return pd.Series(np.select([inside, untold], [SOME, UNTOLD], NONE), index=people.index)
