"""The verb `monitor`: whether lists in use are recent, unchanged, calibrated, worked through and fair."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.monitoring.page import build_page, count_alerts, summarise_for_board
from riskstrat.monitoring.ripened import RipeMonth
from riskstrat.monitoring.watching import Watched, watch_lists
from riskstrat.site.opening import open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.verbs.lists_page import prepare_target, write_page
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store


def monitor(
    root: Path | None,
    as_at: date | None = None,
    out: Path | None = None,
    recipe_name: str | None = None,
    progress: Progress = silent,
) -> Report:
    """Look at the lists of a recipe as on a day, today if None, and write the page with the plan.

    With an alert the report needs attention. Raises DefinitionError without a plan, PublicationError for a list that
    was changed after publication.
    """
    if out is not None:
        require_free_place(out, (".html",))
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    target = prepare_target(opened, out, "monitoring.html")
    watched = watch_lists(opened, recipe, open_review_store(opened.workspace), as_at or audit.today(), progress)
    write_page(opened.workspace, "monitor", build_page(watched), target, audit.log_monitoring)
    return _report(watched, target)


def _report(watched: Watched, target: Path) -> Report:
    states = Counter(found.state for found in watched.findings)
    summary: dict[str, Any] = {
        "as_at": watched.day,
        "model": watched.model,
        "file": str(target),
        "held_against": watched.held_against,
        "states": dict(sorted(states.items())),
        "summary": summarise_for_board(watched),
        "findings": [vars(found) for found in watched.findings],
        "months": [_describe_month(month) for month in watched.months],
        "plan": watched.plan.model_dump(mode="json"),
    }
    lines = [f"{found.about}: {found.said}" for found in watched.alerts]
    return Report(summary, (*lines, str(target)), attention=count_alerts(watched))


def _describe_month(month: RipeMonth) -> dict[str, Any]:
    figures = {name: getattr(month, name) for name in ("untouched", "touched", "ppv")}
    shown = {
        name: None if one is None else {end: round(value, 6) for end, value in one._asdict().items()}
        for name, one in figures.items()
    }
    return {"list": month.day, **shown}
