"""Each team's list at one date, made without writing anything: whom it holds, why, and what changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.casefinding import CaseList, CaseRegister
from riskstrat.definitions.progress import Progress
from riskstrat.errors import PublicationError
from riskstrat.people import FOR_CLINICIANS, describe_people, tells_holdings_end
from riskstrat.publication import (
    NOTICES,
    REVIEWS,
    ForClinicians,
    PublishedList,
    TeamList,
    count_editions,
    find_earlier,
    open_published,
    read_case_register,
)
from riskstrat.reviews import Notices, ReviewStore, Snapshot, parse_notices, parse_snapshot
from riskstrat.site.opening import LATEST, Site
from riskstrat.site.scored import Scored, score_cohort
from riskstrat.weekly.case_history import gather_latest_reviews
from riskstrat.weekly.choosing import ChosenCases, choose_cases
from riskstrat.weekly.memory import read_trend, remember
from riskstrat.weekly.since import Since, since
from riskstrat.weekly.source_checks import check_sources
from riskstrat.weekly.team_lists import TeamFacts, build_team_list
from riskstrat.weekly.wholeness import describe_not_whole

_MOST_PRACTICES = 10
"""Practices without a team that one line names."""


@dataclass
class Steps:
    """Seconds of each step, by its name, in the order in which they were begun."""

    seconds: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    def done(self, step: str) -> None:
        """Add the seconds since the previous call."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._began
        self._began = now

    def line(self) -> str:
        said = ", ".join(f"{step} {seconds:.1f}" for step, seconds in self.seconds.items())
        return f"{sum(self.seconds.values()):.0f} seconds: {said}"


@dataclass(frozen=True)
class Listed:
    """The lists of one index date: the scored cohort, each team's cases, and the content of each team's documents.

    edition: how many lists of that date there are with this one, withdrawn ones too. register: the cases of all
    lists before it, as they were read. doubts: sentences on the sources. for_clinicians: what no document of these may
    say.
    """

    opened: Site
    scored: Scored
    found: ChosenCases
    since: Since
    documents: tuple[TeamList, ...]
    earlier: tuple[PublishedList, ...]
    reviews: Snapshot
    notices: Notices
    list_date: date
    edition: int
    register: CaseRegister
    doubts: tuple[str, ...]
    steps: Steps
    for_clinicians: ForClinicians

    @property
    def cases(self) -> tuple[CaseList, ...]:
        return self.found.cases

    @property
    def everyone(self) -> pd.DataFrame:
        return self.found.everyone


def make_lists(
    opened: Site,
    when: str,
    recipe: str | None,
    progress: Progress,
    store: ReviewStore,
    *,
    remembers: bool = True,
) -> Listed:
    """Score, choose and explain, for every team, without writing anything.

    store: what teams decided so far. remembers: whether it knows of the lists before it, and may draw a lot.
    """
    steps = Steps()
    chosen = opened.recipe(recipe)
    scored = score_cohort(opened, chosen, when, progress)
    steps.done("features and scores")
    progress("lists", 0.0)
    list_date = opened.store.data_as_at if when == LATEST else date.fromisoformat(when)
    doubts = check_sources(opened, list_date)
    lists = opened.workspace.root / opened.workspace.settings.lists.folder
    reviews, notices = read_decided(store, lists / list_date.isoformat(), list_date)
    published = find_earlier(lists, chosen.name, list_date) if remembers else ()
    earlier = tuple(one.count_taken_up(notices.find_taken_up(one.list_date)) for one in published)
    past = tuple(map(remember, earlier))
    register, edition = read_case_register(lists), count_editions(lists, list_date) + 1
    found = choose_cases(
        opened, scored, list_date, past, reviews, register=register, notices=notices, with_lot=remembers
    )
    progress("lists", 1.0)
    steps.done("case finding")
    progress("reasons", 0.0)
    reserves = [case.reserve["patient_id"] for case in found.cases if len(case.reserve)]
    patients = pd.concat([*(case.rows["patient_id"] for case in found.cases), *reserves])
    trend = read_trend(past, list(patients))
    details = describe_people(opened, scored, patients, list_date, trend=trend)
    steps.done("reasons and facts")
    progress("reasons", 0.5)
    changed = since(opened, chosen, scored, found, earlier, list_date)
    steps.done("what changed")
    progress("reasons", 1.0)
    own_dates = when == LATEST
    gathered = gather_latest_reviews(found.facts.reviews, set(patients))
    decided = opened.workspace.settings.sensitive.shown_to_clinicians
    for_clinicians = gather_for_clinicians(decided, found.cases, details.pop(FOR_CLINICIANS))
    facts = TeamFacts(
        details, changed, gathered, doubts, describe_not_whole(opened, list_date), tells_holdings_end(opened.store)
    )
    documents = tuple(
        build_team_list(opened, scored, case, facts, (list_date, edition), own_dates) for case in found.cases
    )
    return Listed(
        *(opened, scored, found, changed, documents, earlier, reviews, notices),
        *(list_date, edition, register, doubts, steps, for_clinicians),
    )


def gather_for_clinicians(decided: Mapping[str, str], cases: Sequence[CaseList], told: pd.Series) -> ForClinicians:
    """What clinicians alone are shown of everybody listed or in reserve, who may be taken up.

    decided: by group the decision that allows it. told: by patient_id the facts of each.
    """
    people = {
        str(reference): told[patient]
        for case in cases
        for rows in (case.rows, case.reserve)
        if len(rows)
        for reference, patient in zip(rows["reference"], rows["patient_id"], strict=True)
    }
    return ForClinicians(decided, people)


def read_decided(store: ReviewStore, folder: Path, list_date: date) -> tuple[Snapshot, Notices]:
    """The reviews and notices that a list reads: those kept with the list where it is published, else those of today.

    So a rerun reads the same; what came in since waits for the next list.
    """
    try:
        published = open_published(folder)
        files = published.manifest["files"]
        if REVIEWS in files:
            notices = parse_notices(published.read_file(NOTICES)) if NOTICES in files else Notices()
            return parse_snapshot(published.read_file(REVIEWS)), notices
    except PublicationError:
        pass  # none is published, or publishing says what is wrong with it
    return store.take_snapshot(list_date), store.take_notices(list_date)


def headline(listed: Listed) -> tuple[str, ...]:
    """One line on the lists as a whole, and one for whatever the reader must know of them."""
    total = sum(len(case.rows) for case in listed.cases)
    version = listed.scored.version
    said = (
        f"{total} people on {len(listed.cases)} lists at {listed.list_date}, {version.name} version {version.version}"
    )
    without = listed.found.without_team
    lines = [said]
    if listed.since.no_source_moved:
        lines.append(f"no source has moved since the list of {listed.since.day}")
    if without:
        lines.append(f"{without:,} eligible people have no team: {_name_practices(listed.found)}")
    lines += [f"check the sources: {doubt}" for doubt in listed.doubts]
    to_check = len(listed.found.to_be_checked)
    if to_check:
        lines.append(
            f"recorded dead, with later activity: {to_check:,}; they are on no list until the records are checked "
            "(--json names them)"
        )
    lot = describe_hold_out(listed)
    if lot:
        lines.append(f"left off by lot, near the line: {sum(lot['left_off'].values()):,} (approval {lot['approval']})")
    by_hospital = listed.found.dead_by_hospital_alone
    if by_hospital:
        lines.append(f"died by a hospital's record alone: {by_hospital:,}; they are on no list")
    return tuple(lines)


def _name_practices(found: ChosenCases) -> str:
    """The practices that no team serves, as far as a line has room, with how many eligible people each has."""
    practices = found.practices_without_team
    said = [f"{name or 'no practice'} ({count:,})" for name, count in list(practices.items())[:_MOST_PRACTICES]]
    more = len(practices) - len(said)
    others = f" and {more:,} more practices" if more > 1 else " and 1 more practice" if more else ""
    return f"{', '.join(said)}{others}; name each in a team of riskstrat.toml, or its locality"


def summary_of(listed: Listed) -> dict[str, Any]:
    """Counts per team, and the listed people by reference."""
    return {
        "index_date": listed.list_date,
        "data_as_at": listed.opened.store.data_as_at,
        "previous_list": listed.since.day,
        "no_source_moved": listed.since.no_source_moved,
        "model": listed.scored.version.name,
        "version": listed.scored.version.version,
        "cohort": dict(listed.scored.cohort.counts),
        "without_team": listed.found.without_team,
        "doubts": listed.doubts,
        "recorded_dead_active_later": list(listed.found.to_be_checked),
        "dead_by_hospital_alone": listed.found.dead_by_hospital_alone,
        "teams": [_describe_team(case, listed) for case in listed.cases],
        **({"hold_out": lot} if (lot := describe_hold_out(listed)) else {}),
    }


def describe_hold_out(listed: Listed) -> dict[str, Any]:
    """The lot behind the lists: its terms, and how many it left off by team's code; empty where it decided of none."""
    rules = listed.opened.workspace.settings.lists.hold_out
    if rules is None or not any(case.has_lot for case in listed.cases):
        return {}
    return rules.model_dump(mode="json") | {"left_off": {case.team.code: case.left_off for case in listed.cases}}


def _describe_team(case: CaseList, listed: Listed) -> Mapping[str, Any]:
    moved = listed.since.moves.get(case.team.name, ())
    shown = ["reference", "rank", "patient_id", "risk", "index_date", "arrival", "weeks_on_list"]
    return {
        "team": case.team.name,
        "code": case.team.code,
        "capacity": case.team.capacity,
        "eligible": case.eligible,
        "known_on_caseload": case.known_as_told,
        "excluded": dict(case.excluded),
        "listed": len(case.rows),
        "below_the_line": case.below_the_line,
        "weight": round(float(case.rows["weight"].sum()), 3),
        "given_up_to_services": round(case.given_up, 6),
        "entered": sum(move.what == "entered" for move in moved),
        "left": sum(move.what == "left" for move in moved),
        "people": case.rows[shown].assign(index_date=case.rows["index_date"].dt.date).to_dict("records"),
    }
