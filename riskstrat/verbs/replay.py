"""The verb `replay`: the lists of past weeks, rebuilt as known then, and what came of the people on them."""

from __future__ import annotations

import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents import ReplaySummary, describe_window, write_replay_page
from riskstrat.errors import StorageError
from riskstrat.publication import make_lists_folder
from riskstrat.site.opening import Site, open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.site.resources import write_alone
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.weekly.replaying import rebuild_lists
from riskstrat.workspace import Workspace


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
    target = _prepare_target(opened, out)
    summary = rebuild_lists(opened, recipe, weeks, until, progress, open_review_store(opened.workspace))
    _write_page(opened.workspace, summary, target)
    return _report(summary, target)


def _write_page(workspace: Workspace, summary: ReplaySummary, target: Path) -> None:
    """Write the page; where lists stand it is logged, for there nothing may stand of which the log does not speak."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / target.name
        write_replay_page(summary, made)
        content = made.read_bytes()
    lists = (workspace.root / workspace.settings.lists.folder).resolve()
    logging = partial(audit.log_replaying, workspace.root, target, compute_digest(content))
    if not target.resolve().is_relative_to(lists):
        write_bytes(content, target)
        return
    with write_alone(workspace.root, "replay", wait=True), logging():
        write_bytes(content, target)


def _prepare_target(opened: Site, out: Path | None) -> Path:
    settings = opened.workspace.settings.lists
    if out is None:
        make_lists_folder(opened.workspace.root / settings.folder, settings.readers)
        return opened.workspace.root / settings.folder / "replay.html"
    if not out.parent.is_dir():
        raise StorageError(f"cannot write {out.name}: its folder does not exist; make it first")
    return out


def _report(summary: ReplaySummary, target: Path) -> Report:
    heading = ("team", "people found", "known", "followed", "admitted", "expected", "weight a week")
    rows: list[tuple[str, ...]] = [heading]
    for one in (*summary.teams, summary.over_all):
        counts = (one.people, one.known, one.followed, one.admitted)
        rows.append((one.team, *map(str, counts), f"{one.expected:.1f}", f"{one.weight_per_week:.1f}"))
    all_teams = summary.over_all
    line = (
        f"{all_teams.weeks} weeks from {summary.first_list} to {summary.last_list}: {all_teams.people:,} people found; "
        f"{all_teams.admitted:,} of the {all_teams.followed:,} who were followed long enough had an emergency admission"
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
