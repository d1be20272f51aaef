"""The verb `impact demonstrate`: how far admissions fall after a list that does nothing, on simulated people."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.impact.demonstrating import build_demonstration, describe_demonstration, run_many
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import write_bytes
from riskstrat.verbs.report import Report


def demonstrate(out: Path, runs: int = 20, progress: Progress = silent) -> Report:
    """Write the page. It needs no workspace. Raises StorageError where it cannot be written."""
    require_free_place(out, (".html",))
    made = run_many(runs, progress)
    page = build_demonstration(made)
    write_bytes(render_figures_page(page), out)
    return Report(describe_demonstration(made) | {"file": str(out)}, (*page.summary, str(out)))
