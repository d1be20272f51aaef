"""The verb `list`, and what the weekly run publishes: each team's list with its reasons, changes and counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.casefinding import CaseList
from riskstrat.documents import TeamList, ThemeReason, natural_frequency
from riskstrat.weekly.choosing import Found, find
from riskstrat.publication.published import EarlierList, earlier_lists
from riskstrat.site.opening import LATEST, Opened, open_workspace
from riskstrat.definitions.progress import Progress, silent
from riskstrat.verbs.report import Report
from riskstrat.weekly.since import Since, since
from riskstrat.site.scored import Scored, score_cohort
from riskstrat.weekly.team_lists import details_of, document_of


@dataclass
class Steps:
    """Seconds of each step, by its name, in the order in which they were begun."""

    seconds: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    def done(self, step: str) -> None:
        """What passed since the step before belongs to this one."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._began
        self._began = now

    def line(self) -> str:
        said = ", ".join(f"{step} {seconds:.1f}" for step, seconds in self.seconds.items())
        return f"{sum(self.seconds.values()):.0f} seconds: {said}"


@dataclass(frozen=True)
class Listed:
    """The lists of one index date: the scored cohort, each team's cases, and the content of each team's documents."""

    opened: Opened
    scored: Scored
    found: Found
    since: Since
    documents: tuple[TeamList, ...]
    earlier: tuple[EarlierList, ...]
    list_date: date
    steps: Steps

    @property
    def cases(self) -> tuple[CaseList, ...]:
        return self.found.cases

    @property
    def everyone(self) -> pd.DataFrame:
        return self.found.everyone


def make_lists(root: Path | None, when: str, recipe: str | None, progress: Progress) -> Listed:
    """Score, choose and explain, for every team, without writing anything."""
    steps = Steps()
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    steps.done("open")
    scored = score_cohort(opened, chosen, when, progress)
    steps.done("features and scores")
    progress("lists", 0.0)
    list_date = opened.store.data_as_at if when == LATEST else date.fromisoformat(when)
    lists = opened.workspace.root / opened.workspace.settings.lists.folder
    earlier = earlier_lists(lists, chosen.name, list_date)
    found = find(opened, scored, list_date, earlier)
    progress("lists", 1.0)
    steps.done("case finding")
    progress("reasons", 0.0)
    details = details_of(opened, scored, found, list_date, earlier)
    steps.done("reasons and facts")
    progress("reasons", 0.5)
    changed = since(opened, chosen, scored, found, earlier, list_date)
    steps.done("what changed")
    progress("reasons", 1.0)
    own_dates = when == LATEST
    documents = tuple(document_of(opened, scored, case, details, changed, list_date, own_dates) for case in found.cases)
    return Listed(opened, scored, found, changed, documents, earlier, list_date, steps)


def list_(root: Path | None, when: str, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Every team's list, to look at; nothing is published."""
    listed = make_lists(root, when, recipe, progress)
    header = ("team", "reference", "status", "risk", "age", "sex", "main reason")
    rows = [header]
    for document in listed.documents:
        for row in document.ordered().itertuples(index=False):
            first = _main_reason(row.themes)
            risk = natural_frequency(row.risk)
            rows.append((document.team, row.reference, row.status, risk, row.age_band, row.sex, first))
    return Report(summary_of(listed), headline(listed), tuple(rows))


def _main_reason(themes: list[ThemeReason]) -> str:
    said = [theme for theme in themes if theme.sentences and theme.direction == "raises"]
    return max(said, key=lambda theme: theme.contribution).sentences[0] if said else ""


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
        lines.append(f"{without:,} eligible people have no team")
    return tuple(lines)


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
        "teams": [_team(case, listed) for case in listed.cases],
    }


def _team(case: CaseList, listed: Listed) -> Mapping[str, Any]:
    moved = listed.since.moves.get(case.team.name, ())
    shown = ["reference", "rank", "patient_id", "risk", "index_date", "status", "weeks_on_list"]
    return {
        "team": case.team.name,
        "code": case.team.code,
        "capacity": case.team.capacity,
        "eligible": case.eligible,
        "known_on_caseload": case.known,
        "excluded": dict(case.excluded),
        "listed": len(case.rows),
        "below_the_line": case.below_the_line,
        "weight": round(float(case.rows["weight"].sum()), 3),
        "given_up_to_services": round(case.given_up, 6),
        "entered": sum(move.what == "entered" for move in moved),
        "left": sum(move.what == "left" for move in moved),
        "people": case.rows[shown].assign(index_date=case.rows["index_date"].dt.date).to_dict("records"),
    }
