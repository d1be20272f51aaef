"""The verb `replay`: the lists of past weeks, rebuilt as known then, and what came of the people on them."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents import ReplaySummary, describe_window, write_replay_page
from riskstrat.site.opening import open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.trial.standing import require_readable
from riskstrat.verbs.lists_page import prepare_target, write_page
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.weekly.replaying import rebuild_lists


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
        require_free_place(out, (".html",))
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    require_readable(opened.workspace.root, until)
    target = prepare_target(opened, out, "replay.html")
    summary = rebuild_lists(opened, recipe, weeks, until, progress, open_review_store(opened.workspace))
    write_page(opened.workspace, "replay", _build_page(summary, target.name), target, audit.log_replaying)
    return _report(summary, target)


def _build_page(summary: ReplaySummary, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / name
        write_replay_page(summary, made)
        return made.read_bytes()


def _report(summary: ReplaySummary, target: Path) -> Report:
    heading = ("team", "people found", "known", "followed", "admitted", "expected", "weight a week")
    rows: list[tuple[str, ...]] = [heading]
    for one in (*summary.teams, summary.over_all):
        counts = (one.people, one.known, one.followed, one.admitted)
        rows.append((one.team, *map(str, counts), f"{one.expected:.1f}", f"{one.weight_per_week:.1f}"))
    all_teams = summary.over_all
    line = (
        f"{all_teams.weeks} weeks from {summary.first_list} to {summary.last_list}: {all_teams.people:,} people found; "
        f"{all_teams.admitted:,} of the {all_teams.followed:,} who were followed long enough had the outcome"
    )
    exact = "the counts printed here are exact and for the site alone; the page holds to the small number rule"
    plain: dict[str, Any] = {
        "first_list": summary.first_list,
        "last_list": summary.last_list,
        "file": str(target),
        "window_days": summary.window_days,
        "last_followed": summary.last_followed,
        "teams": [vars(one) for one in (*summary.teams, summary.over_all)],
        "orders": [vars(one) for one in summary.orders],
        "groups": [vars(one) for one in summary.groups],
    }
    return Report(plain, (line, describe_window(summary), exact, str(target)), tuple(rows))
