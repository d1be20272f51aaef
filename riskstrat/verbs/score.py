"""The verb `score`: the risk of everybody eligible at one index date."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.site.opening import counts_in_words, index_date, open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.site.scored import score_cohort
from riskstrat.storage.tables import TABLE_ENDINGS, write_table
from riskstrat.trial.standing import require_readable
from riskstrat.verbs.report import Report


def score(root: Path | None, when: str, out: Path, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Write `patient_id, index_date, risk, risk_low, risk_high` for everybody eligible, by the recipe's champion."""
    require_free_place(out, TABLE_ENDINGS)
    opened = open_workspace(root)
    chosen = opened.recipe(recipe)
    require_readable(opened.workspace.root, index_date(when, chosen, opened.store))
    scored = score_cohort(opened, chosen, when, progress)
    write_table(scored.rows[["patient_id", "index_date", "risk", "risk_low", "risk_high"]], out)
    summary = {
        "index_date": when,
        "rows": len(scored.rows),
        "model": scored.version.name,
        "version": scored.version.version,
        "mean_risk": round(float(scored.rows["risk"].mean()), 6),
        "cohort": dict(scored.cohort.counts),
        "notes": list(opened.engine.notes),
        "file": str(out),
    }
    line = (
        f"{len(scored.rows):,} people scored at {when} by {scored.version.name} version {scored.version.version}: {out}"
    )
    return Report(summary, (line, counts_in_words(scored.cohort)))
