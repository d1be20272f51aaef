"""Hand-made people of three practices, counted by one cohort."""

from __future__ import annotations

from datetime import date

import pandas as pd

from riskstrat.definitions.cohorts import CohortRules
from riskstrat.neighbourhoods.counting import (
    IN,
    NOT_IN,
    PLANS,
    UNTOLD,
    count_cohorts,
    count_risk,
    name_answer,
    name_reason,
)
from riskstrat.neighbourhoods.listed import TeamReferences
from riskstrat.neighbourhoods.page import CohortsFound

CARER = {
    "name": "carers",
    "title": "Carers",
    "tag": "Carer",
    "source": "A paper",
    "all": [{"record": "carer", "says": "x"}],
}
RULES = CohortRules.model_validate({"high_risk": ["high"], "cohort": [CARER]})


def make_people(*groups: tuple[str, str, str, str, str, bool, int]) -> pd.DataFrame:
    """One row per person. groups: team, locality, practice, answer, care plan, high risk, and how many."""
    answer, reason = name_answer("carers"), name_reason("carers")
    columns = ["team", "locality", "practice", answer, "care_plan", "high"]
    people = pd.DataFrame([one[:6] for one in groups for _ in range(one[6])], columns=columns)
    others = {kind: NOT_IN for kind in PLANS if kind != "care_plan"}
    return people.assign(**{reason: people[answer].map({UNTOLD: "nobody asked"})}, **others)


PEOPLE = make_people(
    ("North", "Hill", "A1", IN, IN, True, 20),
    ("North", "Hill", "A1", IN, NOT_IN, False, 10),
    ("North", "Hill", "A1", NOT_IN, NOT_IN, True, 12),
    ("North", "Hill", "A1", UNTOLD, NOT_IN, True, 8),
    ("North", "Dale", "A2", IN, IN, True, 5),
    ("North", "Dale", "A2", IN, NOT_IN, False, 5),
    ("North", "Dale", "A2", NOT_IN, NOT_IN, False, 30),
    ("South", "Vale", "B1", IN, NOT_IN, False, 14),
    ("South", "Vale", "B1", NOT_IN, NOT_IN, False, 30),
)


def find_cohorts(people: pd.DataFrame = PEOPLE, references: tuple[TeamReferences, ...] | None = None) -> CohortsFound:
    risk = count_risk(people, RULES)
    return CohortsFound(date(2026, 11, 16), len(people), ("high",), count_cohorts(people, RULES), risk, references)
