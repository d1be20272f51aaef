"""The verb `impact look`: what the plan finds on the site's own lists, by the looks that are due."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.impact.comparing import Comparison
from riskstrat.impact.found_page import build_impact_page, describe_found
from riskstrat.impact.judging import judge_site
from riskstrat.impact.planning import read_plan
from riskstrat.impact.words import list_summary
from riskstrat.site.opening import open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store


def look_at_impact(root: Path | None, out: Path, progress: Progress = silent) -> Report:
    """Take the looks that are due in the data, log that they were taken, and write the page.

    Raises AuditError without a plan, IndexDateError before the first look is due, PublicationError without lists, and
    StorageError where the page cannot be written.
    """
    require_free_place(out, (".html",))
    opened = open_workspace(root)
    logged = read_plan(opened.workspace.root)
    progress("lists", 0.0)
    store = open_review_store(opened.workspace)
    notices = store.take_notices(audit.today() + timedelta(days=1))
    comparison = Comparison(opened, opened.recipe(logged.plan.recipe), logged, notices)
    progress("lists", 1.0)
    reviews = store.take_snapshot(date.max).reviews
    found = judge_site(comparison, logged, reviews)
    page = render_figures_page(build_impact_page(found))
    told = {"look": found.day.isoformat(), "page": compute_digest(page)}
    audit.log_looking(opened.workspace.root, logged.number, told)
    write_bytes(page, out)
    return Report(describe_found(found) | {"file": str(out)}, (*list_summary(found), str(out)))
