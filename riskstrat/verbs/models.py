"""The verb `models`: which versions there are."""

from __future__ import annotations

from pathlib import Path

from riskstrat import registry
from riskstrat.verbs.report import Report
from riskstrat.workspace import find


def models(root: Path | None) -> Report:
    """Every registered version, with which one is champion."""
    folder = find(root) / "registry"
    disagreements = registry.reconcile(folder)
    known = registry.models(folder)
    rows = [
        tuple(known.columns),
        *(tuple("" if v is None else str(v) for v in row) for row in known.itertuples(index=False)),
    ]
    records = known.astype(object).where(known.notna(), None).to_dict("records")
    line = f"{len(known)} registered versions" if len(known) else 'no model yet; run "riskstrat train RECIPE"'
    summary = {"models": records} | ({"disagreements": disagreements} if disagreements else {})
    return Report(summary, (line, *disagreements), tuple(rows) if len(known) else ())
