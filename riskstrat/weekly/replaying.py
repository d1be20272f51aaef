"""The lists of past weeks, rebuilt as known then, and what came of the people on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from riskstrat.casefinding import CaseList
from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.purpose import PURPOSE, describe_clinical_use
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents import ReplaySummary, ReplayTeam
from riskstrat.errors import IndexDateError
from riskstrat.registry import Kept, champion_version, kept, newest
from riskstrat.reviews import FileReviewStore
from riskstrat.scoring import RiskModel
from riskstrat.site.opening import Site, build_matrix, cohort_at, index_date, require_not_future
from riskstrat.site.scored import Scored
from riskstrat.sources.selection import known_rows
from riskstrat.weekly.choosing import choose_cases
from riskstrat.weekly.memory import PastList

ASSUMED = "other"
"""The outcome that every replayed review ends in: it rests as any review does, and says nothing about what was done."""

FOLLOWED_DAYS = 365
OVER_ALL = "All teams"
NOTES = (
    "Each person listed is taken as reviewed in the week of the list, and so rests before they can be listed again.",
    "Each list is made with the model that there would have been at the time, from records known then.",
    "People who have opted out since are in none of the lists.",
)


@dataclass(frozen=True)
class Week:
    """One replayed list date: who was listed by which team, known people, and the weight of each team's list."""

    day: date
    listed: pd.DataFrame
    known: pd.DataFrame
    weight: Mapping[str, float]


def rebuild_lists(opened: Site, recipe: Recipe, weeks: int, until: date | None, progress: Progress) -> ReplaySummary:
    """The figures of `weeks` weekly lists up to `until`, the latest Monday of the data if None.

    Raises IndexDateError where no model was made by the first of them, or dates are shifted from person to person.
    """
    days = _choose_list_dates(opened, recipe, weeks, until)
    version = _load_champion(opened, recipe)
    models = version.origins()
    made: list[Week] = []
    past: tuple[PastList, ...] = ()
    for number, day in enumerate(days, start=1):
        week, remembered = _replay_week(opened, recipe, version, newest(models, day.isoformat()), day, past, made)
        made.append(week)
        past = (remembered, *past)[:weeks]
        progress("weeks", number / len(days))
    return _build_summary(opened, recipe, version, made)


def _choose_list_dates(opened: Site, recipe: Recipe, weeks: int, until: date | None) -> list[date]:
    """The list dates, the oldest first: one a week, the last on `until` or on the latest Monday of the data."""
    if weeks < 1:
        raise IndexDateError(f"--weeks {weeks} is no number of lists to rebuild; give 1 or more")
    as_at = opened.store.data_as_at
    last = until or as_at - timedelta(days=as_at.weekday())
    require_not_future(last, opened.store)
    index_date(last.isoformat(), recipe, opened.store)
    return [last - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


def _load_champion(opened: Site, recipe: Recipe) -> Kept:
    folder = opened.workspace.root / "registry"
    return kept(folder, recipe.name, champion_version(folder, recipe.name))


def _replay_week(
    opened: Site,
    recipe: Recipe,
    version: Kept,
    model: RiskModel,
    day: date,
    past: tuple[PastList, ...],
    before: Sequence[Week],
) -> tuple[Week, PastList]:
    cohort = cohort_at(opened, recipe, day)
    scored = Scored(cohort, build_matrix(opened, cohort, silent), model, version.version)
    imported = FileReviewStore(opened.workspace.root).take_snapshot(day)
    found = choose_cases(opened, scored, day, past, imported, _build_assumed_reviews(before))
    week = Week(
        day,
        pd.concat([_tabulate_people(case, case.rows["patient_id"], case.rows["person"]) for case in found.cases]),
        pd.concat([_select_known(case) for case in found.cases]),
        {case.team.name: float(case.rows["weight"].sum()) for case in found.cases},
    )
    everyone = found.everyone
    return week, PastList(day, version.version.version, lambda columns: everyone[list(columns)])


def _tabulate_people(case: CaseList, patients: pd.Series, persons: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"team": case.team.name, "patient_id": patients.to_numpy(), "person": persons.to_numpy(dtype=np.int64)}
    )


def _select_known(case: CaseList) -> pd.DataFrame:
    rows = case.everyone[case.everyone["place"] == "known"]
    return _tabulate_people(case, rows["patient_id"], rows["person"])


def _build_assumed_reviews(before: Sequence[Week]) -> pd.DataFrame | None:
    """Everybody listed before, as reviewed in the week of their list."""
    if not before:
        return None
    frames = [
        week.listed.assign(
            list_date=pd.Timestamp(week.day),
            outcome=ASSUMED,
            decided_on=pd.Timestamp(week.day + timedelta(days=3)),
            due_on=pd.NaT,
        )
        for week in before
    ]
    return pd.concat(frames, ignore_index=True)


def _build_summary(opened: Site, recipe: Recipe, version: Kept, made: Sequence[Week]) -> ReplaySummary:
    firsts = _find_first_listings(made)
    admitted = _measure_lead_weeks(opened, recipe, firsts)
    names = sorted(made[-1].weight)
    capacities = {team.name: float(team.capacity) for team in opened.workspace.settings.teams}
    teams = tuple(_build_team_figures(name, made, admitted, capacities.get(name)) for name in names)
    return ReplaySummary(
        first_list=made[0].day,
        last_list=made[-1].day,
        data_as_at=opened.store.data_as_at,
        model=str(version.evidence["title"]),
        model_version=str(version.version.version),
        definitions=str(version.evidence["definitions_hash"])[:12],
        intended_purpose=PURPOSE,
        clinical_use=describe_clinical_use(opened.workspace.settings.lists.clinical_use),
        teams=teams,
        over_all=_build_team_figures(None, made, admitted, None),
        notes=NOTES,
    )


def _find_first_listings(made: Sequence[Week]) -> pd.DataFrame:
    """One row per person found: team, patient_id, person and the date of the first list they stood on."""
    every = pd.concat([week.listed.assign(day=pd.Timestamp(week.day)) for week in made], ignore_index=True)
    return every.drop_duplicates("patient_id", keep="first").reset_index(drop=True)


def _measure_lead_weeks(opened: Site, recipe: Recipe, firsts: pd.DataFrame) -> pd.DataFrame:
    """The same rows with `weeks` from the first list to the next event of the recipe's outcome; missing if none."""
    events, _ = known_rows(
        opened.store, opened.rows_named(recipe.outcome), ("person", "admitted_on"), opened.store.data_as_at
    )
    joined = firsts.merge(pd.DataFrame(events), on="person", how="left")
    away = (pd.to_datetime(joined["admitted_on"]) - joined["day"]).dt.days
    joined["weeks"] = away.where((away > 0) & (away <= FOLLOWED_DAYS)) / 7
    return firsts.assign(weeks=joined.groupby("patient_id")["weeks"].min().reindex(firsts["patient_id"]).to_numpy())


def _build_team_figures(
    name: str | None, made: Sequence[Week], admitted: pd.DataFrame, capacity: float | None
) -> ReplayTeam:
    """The figures of one team, or of all together where `name` is None."""
    listed = [_select_patient_ids(week.listed, name) for week in made]
    known = set().union(*(_select_patient_ids(week.known, name) for week in made))
    found = admitted[admitted["patient_id"].isin(set().union(*listed))]
    had = found["weeks"].dropna()
    moves = list(_count_moves(listed))
    weights = [sum(week.weight.values()) if name is None else week.weight.get(name, 0.0) for week in made]
    return ReplayTeam(
        team=name or OVER_ALL,
        weeks=len(made),
        listed=sum(len(each) for each in listed),
        people=len(set().union(*listed)),
        known=len(known),
        admitted=len(had),
        lead_weeks=float(had.median()) if len(had) else None,
        entered_per_week=float(np.mean([entered for entered, _ in moves])) if moves else 0.0,
        left_per_week=float(np.mean([left for _, left in moves])) if moves else 0.0,
        weight_per_week=float(np.mean(weights)),
        capacity=capacity,
    )


def _select_patient_ids(rows: pd.DataFrame, team: str | None) -> set[str]:
    return set(rows["patient_id"] if team is None else rows.loc[rows["team"] == team, "patient_id"])


def _count_moves(listed: Sequence[set[str]]) -> Iterator[tuple[int, int]]:
    """How many entered and how many left at each list after the first."""
    for before, now in itertools.pairwise(listed):
        yield len(now - before), len(before - now)
