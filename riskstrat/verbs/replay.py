"""The verb `replay`: the lists of past weeks, rebuilt as known then, and what came of the people on them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents import ReplaySummary, write_replay_page
from riskstrat.errors import StorageError
from riskstrat.site.opening import Site, open_workspace
from riskstrat.storage.tables import require_ending
from riskstrat.verbs.report import Report
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
        require_ending(out, (".html",))
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    target = _prepare_target(opened, out)
    summary = rebuild_lists(opened, recipe, weeks, until, progress)
    write_replay_page(summary, target)
    return _report(summary, target)


def _prepare_target(opened: Site, out: Path | None) -> Path:
    target = out or opened.workspace.root / opened.workspace.settings.lists.folder / "replay.html"
    if not target.parent.is_dir() and out is not None:
        raise StorageError(f"cannot write {target.name}: its folder does not exist; make it first")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _report(summary: ReplaySummary, target: Path) -> Report:
    rows: list[tuple[str, ...]] = [("team", "people found", "known already", "admitted", "lead weeks", "weight a week")]
    for one in (*summary.teams, summary.over_all):
        lead = "" if one.lead_weeks is None else f"{one.lead_weeks:.1f}"
        rows.append((one.team, str(one.people), str(one.known), str(one.admitted), lead, f"{one.weight_per_week:.1f}"))
    all_teams = summary.over_all
    line = (
        f"{all_teams.weeks} weeks from {summary.first_list} to {summary.last_list}: {all_teams.people:,} people found, "
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
