"""The lists of past weeks, rebuilt as known then, and what came of the people on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from riskstrat.casefinding import BELOW, LISTED, CaseList
from riskstrat.definitions.durations import days
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.purpose import PURPOSE, describe_clinical_use
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents import ReplayOrderFigures, ReplaySummary, ReplayTeam
from riskstrat.errors import IndexDateError
from riskstrat.registry import TITLED, Kept, champion_version, kept, newest
from riskstrat.reviews import ReviewStore
from riskstrat.scoring import RiskModel
from riskstrat.site.apart import set_apart
from riskstrat.site.dates import find_latest_monday
from riskstrat.site.opening import Site, index_date, require_not_future
from riskstrat.site.scored import Scored
from riskstrat.weekly.choosing import choose_cases
from riskstrat.weekly.memory import PastList
from riskstrat.weekly.replayed_matrices import ReplayedDate, iterate_dates
from riskstrat.weekly.replayed_orders import OtherLists, find_candidates, take_first
from riskstrat.weekly.replayed_outcomes import Window, choose_window, count_groups, follow
from riskstrat.weekly.wholeness import describe_deleted

ASSUMED = "other"
"""The outcome that every replayed review ends in: it rests as any review does, and says nothing about what was done."""

OVER_ALL = "All teams"
NOTES = (
    "Each person listed is taken as reviewed in the week of the list, and so rests before they can be listed again.",
    "Each list is made with the model that there would have been at the time, from records known then.",
    "The lists by other orders hold as many people of each team and rest them as long.",
    "People who have opted out since are in none of the lists.",
)


@dataclass(frozen=True)
class Week:
    """One replayed list date: who was listed by which team, known people, and the weight of each team's list.

    unreviewed: whom lists of the same size would hold if nobody had been reviewed. others: as `OtherLists.add` gives.
    """

    day: date
    listed: pd.DataFrame
    known: pd.DataFrame
    weight: Mapping[str, float]
    unreviewed: pd.DataFrame
    others: pd.DataFrame


def rebuild_lists(
    opened: Site, recipe: Recipe, weeks: int, until: date | None, progress: Progress, store: ReviewStore
) -> ReplaySummary:
    """The figures of `weeks` weekly lists up to `until`, the latest Monday of the data if None.

    store: what teams decided.

    Raises IndexDateError where no model was made by the first of them, or dates are shifted from person to person.
    """
    dates = _choose_list_dates(opened, recipe, weeks, until)
    version = _load_champion(opened, recipe)
    models = version.origins()
    made: list[Week] = []
    past: tuple[PastList, ...] = ()
    first: pd.DataFrame | None = None
    others = OtherLists(opened.workspace.replay_orders, {})
    # Where the first list has no model, nothing is computed.
    of_day = {day: newest(models, day.isoformat()) for day in dates}
    for one in iterate_dates(opened, recipe, dates, progress):
        week, remembered, cohort = _replay_week(
            opened, recipe, version, of_day[one.day], one, past, made, others, store
        )
        made.append(week)
        past = (remembered, *past)[:weeks]
        first = cohort if first is None else first
    assert first is not None
    return _build_summary(opened, recipe, version, made, first)


def _choose_list_dates(opened: Site, recipe: Recipe, weeks: int, until: date | None) -> list[date]:
    """The list dates, the oldest first: one a week, the last on `until` or on the latest Monday of the data."""
    if weeks < 1:
        raise IndexDateError(f"--weeks {weeks} is no number of lists to rebuild; give 1 or more")
    last = until or find_latest_monday(opened.store.data_as_at)
    require_not_future(last, opened.store)
    index_date(last.isoformat(), recipe, opened.store)
    return [last - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


def _load_champion(opened: Site, recipe: Recipe) -> Kept:
    folder = opened.workspace.root / "registry"
    version = kept(folder, recipe.name, champion_version(folder, recipe.name))
    version.evidence_for(TITLED)
    return version


def _replay_week(
    opened: Site,
    recipe: Recipe,
    version: Kept,
    model: RiskModel,
    one: ReplayedDate,
    past: tuple[PastList, ...],
    before: Sequence[Week],
    others: OtherLists,
    store: ReviewStore,
) -> tuple[Week, PastList, pd.DataFrame]:
    """One list date; what the next remembers of it; and its cohort."""
    day = one.day
    cohort, matrix, _ = set_apart(recipe, one.cohort, one.matrix)
    scored = Scored(cohort, matrix, model, version.version)
    imported, notices = store.take_snapshot(day), store.take_notices(day)
    found = choose_cases(opened, scored, day, past, imported, _build_assumed_reviews(before), notices=notices)
    assumed = frozenset().union(*(week.listed["patient_id"] for week in before))
    taken = [who for who, _, _ in store.take_notices(day + timedelta(weeks=1)).find_taken_up(day)]
    listed = pd.concat([_tabulate_people(case, _select_listed(case, taken)) for case in found.cases])
    candidates = find_candidates(found.cases, assumed)
    sizes = {case.team.name: int((listed["team"] == case.team.name).sum()) for case in found.cases}
    rules = opened.workspace.settings.casefinding
    others.rest = {case.team.name: 7 * rules.rest_after(ASSUMED, case.team.rest_weeks) for case in found.cases}
    week = Week(
        day,
        listed,
        pd.concat([_tabulate_people(case, _select_known(case)) for case in found.cases]),
        {case.team.name: float(case.rows["weight"].sum()) for case in found.cases},
        take_first(candidates, "margin", sizes),
        others.add(scored, candidates, sizes, day),
    )
    everyone = found.everyone
    everyone["place"] = everyone["place"].mask(everyone["patient_id"].isin(listed["patient_id"]), LISTED)
    codes = {case.team.name: case.team.code for case in found.cases}
    return week, PastList(day, version.version.version, lambda columns: everyone[list(columns)], codes), cohort.rows


def _tabulate_people(case: CaseList, rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["patient_id", "person", "risk"]].assign(team=case.team.name)


def _select_listed(case: CaseList, taken: Sequence[str]) -> pd.DataFrame:
    """A team's list, and whoever the team took up from the reserve of the list of that date; everybody has one row."""
    everyone = case.everyone
    taken_up = everyone[(everyone["place"] == BELOW) & everyone["patient_id"].isin(taken)]
    return pd.concat([case.rows, taken_up]) if len(taken_up) else case.rows


def _select_known(case: CaseList) -> pd.DataFrame:
    return case.everyone[case.everyone["place"] == "known"]


def _build_assumed_reviews(before: Sequence[Week]) -> pd.DataFrame | None:
    """Everybody listed before, as reviewed in the week of their list."""
    if not before:
        return None
    frames = [
        week.listed.assign(
            list_date=pd.Timestamp(week.day),
            outcome=ASSUMED,
            decided_on=pd.Timestamp(week.day + timedelta(days=3)),
            due_on=np.datetime64("NaT"),
        )
        for week in before
    ]
    return pd.concat(frames, ignore_index=True)


def _build_summary(
    opened: Site, recipe: Recipe, version: Kept, made: Sequence[Week], first: pd.DataFrame
) -> ReplaySummary:
    window = choose_window([week.day for week in made], recipe, opened.store.data_as_at)
    found = follow(opened, recipe, _find_first_listings(made), window)
    names = list_team_names([week.weight for week in made])
    capacities = {team.name: float(team.capacity) for team in opened.workspace.settings.teams}
    return ReplaySummary(
        first_list=made[0].day,
        last_list=made[-1].day,
        data_as_at=opened.store.data_as_at,
        model=str(version.evidence["title"]),
        model_version=str(version.version.version),
        definitions=str(version.evidence["definitions_hash"])[:12],
        intended_purpose=recipe.purpose or PURPOSE,
        clinical_use=describe_clinical_use(opened.workspace.settings.lists.clinical_use),
        window_days=window.length if window else None,
        whole_window=window is not None and window.length == days(recipe.label.horizon),
        last_followed=window.last if window else None,
        teams=tuple(_build_team_figures(name, made, found, capacities.get(name)) for name in names),
        over_all=_build_team_figures(None, made, found, None),
        orders=tuple(_build_order_figures(opened, recipe, made, window)),
        groups=count_groups(opened, first, _join_index_dates(found)),
        notes=(*NOTES, *(f"{said}." for said in describe_deleted(opened.workspace.root, made[0].day))),
    )


def list_team_names(weights: Sequence[Mapping[str, float]]) -> list[str]:
    """Every team of any week: one that serves nobody on the last date found people before. weights: as in `Week`."""
    return sorted(set().union(*weights))


def _find_first_listings(made: Sequence[Week]) -> pd.DataFrame:
    """One row per person found: team, patient_id, person, risk and the date of the first list they stood on."""
    return _keep_first([week.listed.assign(day=pd.Timestamp(week.day)) for week in made])


def _keep_first(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True).drop_duplicates("patient_id", keep="first").reset_index(drop=True)


def _join_index_dates(found: pd.DataFrame) -> pd.DataFrame:
    """People found as a cohort has them: at the date of their first list, after no stay."""
    return found.assign(index_date=found["day"], spell=-1)


def _build_order_figures(
    opened: Site, recipe: Recipe, made: Sequence[Week], window: Window | None
) -> Iterator[ReplayOrderFigures]:
    """The figures of lists by other orders, over all teams."""
    frames = [week.others.assign(day=pd.Timestamp(week.day)) for week in made]
    for order in opened.workspace.replay_orders:
        rows = [frame[frame["order"] == order.title] for frame in frames]
        if all(frame.empty for frame in rows):
            continue
        found = follow(opened, recipe, _keep_first(rows), window)
        yield ReplayOrderFigures(order.title, len(found), int(found["followed"].sum()), _count_admitted(found))


def _count_admitted(found: pd.DataFrame) -> int:
    return int(found["weeks"].notna().sum())


def _build_team_figures(
    name: str | None, made: Sequence[Week], every: pd.DataFrame, capacity: float | None
) -> ReplayTeam:
    """The figures of one team, or of all together where `name` is None."""
    listed = [_select_patient_ids(week.listed, name) for week in made]
    known = set().union(*(_select_patient_ids(week.known, name) for week in made))
    found = every if name is None else every[every["team"] == name]
    had = found["weeks"].dropna()
    changed = list(_count_entered([_select_patient_ids(week.unreviewed, name) for week in made]))
    weights = [sum(week.weight.values()) if name is None else week.weight.get(name, 0.0) for week in made]
    return ReplayTeam(
        team=name or OVER_ALL,
        weeks=len(made),
        listed=sum(len(each) for each in listed),
        people=len(found),
        known=len(known),
        followed=int(found["followed"].sum()),
        admitted=len(had),
        expected=float(found["expected"].sum()),
        lead_weeks=float(had.median()) if len(had) else None,
        changed_per_week=float(np.mean(changed)) if changed else None,
        weight_per_week=float(np.mean(weights)),
        capacity=capacity,
    )


def _select_patient_ids(rows: pd.DataFrame, team: str | None) -> set[str]:
    return set(rows["patient_id"] if team is None else rows.loc[rows["team"] == team, "patient_id"])


def _count_entered(lists: Sequence[set[str]]) -> Iterator[int]:
    """How many of each list after the first were not on the one before."""
    for before, now in itertools.pairwise(lists):
        yield len(now - before)
