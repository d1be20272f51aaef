"""How many people of each team, practice and age are expected to have the outcome, and what came of it where known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from riskstrat.casefinding import assign_teams
from riskstrat.cohort import groups
from riskstrat.definitions.recipes import Recipe
from riskstrat.labels import label
from riskstrat.planning.counting import bound_number
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored

WHOLE = ("all", "All together")
TEAM, PRACTICE, AGE = "team", "practice", "age_band"
NOT_KNOWN = "Not known"


@dataclass(frozen=True)
class ExpectedAdmissions:
    """One place: its people, how many are expected to have the outcome with the 95% range, and how many had it.

    within: the team of a practice, else "". observed: None before the time is over.
    """

    kind: str
    name: str
    within: str
    people: int
    expected: float
    low: int
    high: int
    observed: int | None = None

    @property
    def is_inside(self) -> bool:
        """Whether as many had the outcome as the range says."""
        return self.observed is not None and self.low <= self.observed <= self.high


def place_people(opened: Site, scored: Scored, day: date) -> pd.DataFrame:
    """One row per person scored: patient_id, person, spell, index_date, risk, team, practice and age."""
    rows = scored.rows.reset_index(drop=True)
    areas = opened.store.read("areas") if "areas" in opened.store.landed else None
    settings = opened.workspace.settings
    member = assign_teams(rows["practice"], areas, settings.teams, settings.lists.default_capacity, day).rows
    ages = groups(opened.store, rows)["age_band"].astype(object)
    kept = ["patient_id", "person", "spell", "index_date", "risk"]
    placed = rows[kept].copy()
    placed[TEAM], placed[PRACTICE], placed[AGE] = member["team"], rows["practice"], ages.to_numpy()
    return placed.fillna({TEAM: NOT_KNOWN, PRACTICE: NOT_KNOWN, AGE: NOT_KNOWN})


def follow_people(opened: Site, recipe: Recipe, people: pd.DataFrame) -> pd.DataFrame:
    """Those who could be followed, with `outcome`, 0 or 1, whatever teams did.

    Raises IndexDateError before the time is over.
    """
    terms = recipe.label.model_copy(update={"intervened": "treat"})
    found = label(opened.store, people, opened.rows_named(recipe.outcome), terms, opened.store.data_as_at)
    return people.assign(outcome=found.rows["outcome"].to_numpy()).dropna(subset="outcome").reset_index(drop=True)


def compute_expected(people: pd.DataFrame) -> tuple[ExpectedAdmissions, ...]:
    """All together, each team, each practice below its team, and each age; `outcome` is counted where it is there."""
    return tuple(_list_places(people))


def _list_places(people: pd.DataFrame) -> Iterator[ExpectedAdmissions]:
    yield _sum(people, *WHOLE)
    for team, inside in people.groupby(TEAM, sort=True):
        yield _sum(inside, TEAM, str(team))
        for practice, rows in inside.groupby(PRACTICE, sort=True):
            yield _sum(rows, PRACTICE, str(practice), str(team))
    for age, rows in people.groupby(AGE, sort=True):
        yield _sum(rows, AGE, str(age))


def _sum(rows: pd.DataFrame, kind: str, name: str, within: str = "") -> ExpectedAdmissions:
    risks = rows["risk"].to_numpy(float)
    observed = int(rows["outcome"].sum()) if "outcome" in rows else None
    return ExpectedAdmissions(kind, name, within, len(rows), float(risks.sum()), *bound_number(risks), observed)
