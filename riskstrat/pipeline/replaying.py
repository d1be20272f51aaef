"""The verb `replay`: the lists of past weeks, rebuilt as known then, and what came of the people on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.casefinding import CaseList
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents import ReplaySummary, ReplayTeam, write_replay_page
from riskstrat.errors import IndexDateError, StorageError
from riskstrat.pipeline.evidence import newest
from riskstrat.pipeline.files import require_ending
from riskstrat.pipeline.finding import find
from riskstrat.pipeline.memory import EarlierList
from riskstrat.pipeline.opened import (
    Opened,
    build_matrix,
    cohort_at,
    index_date,
    open_workspace,
    require_not_future,
)
from riskstrat.pipeline.reports import Progress, Report, silent
from riskstrat.pipeline.tables import Scored
from riskstrat.pipeline.team_documents import NOT_SIGNED_OFF, PURPOSE, SIGNED_OFF
from riskstrat.registry import Kept, champion_version, kept
from riskstrat.scoring import RiskModel
from riskstrat.sources.selection import known_rows

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


def replay(
    root: Path | None,
    weeks: int = 52,
    until: date | None = None,
    out: Path | None = None,
    recipe_name: str | None = None,
    progress: Progress = silent,
) -> Report:
    """Rebuild `weeks` weekly lists up to `until` and write the page for the decision to go live.

    Raises IndexDateError where no model was made by the first of them, or dates are shifted from person to person.
    """
    if out is not None:
        require_ending(out, (".html",))
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    target = _target(opened, out)
    days = _mondays(opened, recipe, weeks, until)
    version = _champion(opened, recipe)
    models = version.origins()
    made: list[Week] = []
    past: tuple[EarlierList, ...] = ()
    for number, day in enumerate(days, start=1):
        week, earlier = _week(opened, recipe, version, newest(models, day.isoformat()), day, past, made)
        made.append(week)
        past = (earlier, *past)[:weeks]
        progress("weeks", number / len(days))
    summary = _summary(opened, recipe, version, made)
    write_replay_page(summary, target)
    return _report(summary, made, target)


def _target(opened: Opened, out: Path | None) -> Path:
    target = out or opened.workspace.root / opened.workspace.settings.lists.folder / "replay.html"
    if not target.parent.is_dir() and out is not None:
        raise StorageError(f"cannot write {target.name}: its folder does not exist; make it first")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _mondays(opened: Opened, recipe: Recipe, weeks: int, until: date | None) -> list[date]:
    """The list dates, the oldest first: one a week, the last on `until` or on the latest Monday of the data."""
    if weeks < 1:
        raise IndexDateError(f"--weeks {weeks} is no number of lists to rebuild; give 1 or more")
    as_at = opened.store.data_as_at
    last = until or as_at - timedelta(days=as_at.weekday())
    require_not_future(last, opened.store)
    index_date(last.isoformat(), recipe, opened.store)
    return [last - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


def _champion(opened: Opened, recipe: Recipe) -> Kept:
    folder = opened.workspace.root / "registry"
    return kept(folder, recipe.name, champion_version(folder, recipe.name))


def _week(
    opened: Opened,
    recipe: Recipe,
    version: Kept,
    model: RiskModel,
    day: date,
    past: tuple[EarlierList, ...],
    before: Sequence[Week],
) -> tuple[Week, EarlierList]:
    cohort = cohort_at(opened, recipe, day)
    scored = Scored(cohort, build_matrix(opened, cohort, silent), model, version.version)
    found = find(opened, scored, day, past, _reviews(before))
    week = Week(
        day,
        pd.concat([_people(case, case.rows["patient_id"], case.rows["person"]) for case in found.cases]),
        pd.concat([_known(case) for case in found.cases]),
        {case.team.name: float(case.rows["weight"].sum()) for case in found.cases},
    )
    everyone = found.everyone
    return week, EarlierList(day, version.version.version, {}, "", lambda columns: everyone[list(columns)])


def _people(case: CaseList, patients: pd.Series, persons: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"team": case.team.name, "patient_id": patients.to_numpy(), "person": persons.to_numpy(dtype=np.int64)}
    )


def _known(case: CaseList) -> pd.DataFrame:
    rows = case.everyone[case.everyone["place"] == "known"]
    return _people(case, rows["patient_id"], rows["person"])


def _reviews(before: Sequence[Week]) -> pd.DataFrame | None:
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


def _summary(opened: Opened, recipe: Recipe, version: Kept, made: Sequence[Week]) -> ReplaySummary:
    firsts = _first_listed(made)
    admitted = _admitted(opened, recipe, firsts)
    names = sorted(made[-1].weight)
    capacities = {team.name: float(team.capacity) for team in opened.workspace.settings.teams}
    teams = tuple(_team(name, made, admitted, capacities.get(name)) for name in names)
    signed = opened.workspace.settings.lists.clinical_use == "signed off"
    return ReplaySummary(
        first_list=made[0].day,
        last_list=made[-1].day,
        data_as_at=opened.store.data_as_at,
        model=str(version.evidence["title"]),
        model_version=str(version.version.version),
        definitions=str(version.evidence["definitions_hash"])[:12],
        intended_purpose=PURPOSE,
        clinical_use=SIGNED_OFF if signed else NOT_SIGNED_OFF,
        teams=teams,
        over_all=_team(None, made, admitted, None),
        notes=NOTES,
    )


def _first_listed(made: Sequence[Week]) -> pd.DataFrame:
    """One row per person found: team, patient_id, person and the date of the first list they stood on."""
    every = pd.concat([week.listed.assign(day=pd.Timestamp(week.day)) for week in made], ignore_index=True)
    return every.drop_duplicates("patient_id", keep="first").reset_index(drop=True)


def _admitted(opened: Opened, recipe: Recipe, firsts: pd.DataFrame) -> pd.DataFrame:
    """The same rows with `weeks` from the first list to the next event of the recipe's outcome; missing if none."""
    events, _ = known_rows(
        opened.store, opened.rows_named(recipe.outcome), ("person", "admitted_on"), opened.store.data_as_at
    )
    joined = firsts.merge(pd.DataFrame(events), on="person", how="left")
    away = (pd.to_datetime(joined["admitted_on"]) - joined["day"]).dt.days
    joined["weeks"] = away.where((away > 0) & (away <= FOLLOWED_DAYS)) / 7
    return firsts.assign(weeks=joined.groupby("patient_id")["weeks"].min().reindex(firsts["patient_id"]).to_numpy())


def _team(name: str | None, made: Sequence[Week], admitted: pd.DataFrame, capacity: float | None) -> ReplayTeam:
    """The figures of one team, or of all together where `name` is None."""
    listed = [_ids(week.listed, name) for week in made]
    known = set().union(*(_ids(week.known, name) for week in made))
    found = admitted[admitted["patient_id"].isin(set().union(*listed))]
    had = found["weeks"].dropna()
    moves = list(_moves(listed))
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


def _ids(rows: pd.DataFrame, team: str | None) -> set[str]:
    return set(rows["patient_id"] if team is None else rows.loc[rows["team"] == team, "patient_id"])


def _moves(listed: Sequence[set[str]]) -> Iterator[tuple[int, int]]:
    """How many entered and how many left at each list after the first."""
    for before, now in itertools.pairwise(listed):
        yield len(now - before), len(before - now)


def _report(summary: ReplaySummary, made: Sequence[Week], target: Path) -> Report:
    rows: list[tuple[str, ...]] = [("team", "people found", "known already", "admitted", "lead weeks", "weight a week")]
    for one in (*summary.teams, summary.over_all):
        lead = "" if one.lead_weeks is None else f"{one.lead_weeks:.1f}"
        rows.append((one.team, str(one.people), str(one.known), str(one.admitted), lead, f"{one.weight_per_week:.1f}"))
    all_teams = summary.over_all
    line = (
        f"{len(made)} weeks from {summary.first_list} to {summary.last_list}: {all_teams.people:,} people found, "
        f"{all_teams.admitted:,} of them with an emergency admission in the 12 months after, as far as known"
    )
    exact = "the counts printed here are exact and for the site alone; the page holds to the small number rule"
    plain: dict[str, Any] = {
        "first_list": summary.first_list,
        "last_list": summary.last_list,
        "file": str(target),
        "teams": [vars(one) for one in (*summary.teams, summary.over_all)],
    }
    return Report(plain, (line, exact, str(target)), tuple(rows))
