"""The verb `ingest`: landed tables to clean ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.simulation import MARK
from riskstrat.sources.ingest import ingest as ingest_into
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load


def ingest(
    root: Path | None, source: Path, format: str = "canonical", as_at: date | None = None, progress: Progress = silent
) -> Report:
    """Check and clean the tables of `source` into the workspace's store; nothing is written unless all can be.

    Raises SourceError where riskstrat.toml states no legal basis for a table; simulated ones need none.
    """
    workspace = load(find(root))
    store = workspace.root / workspace.settings.data.store
    basis = None if (source / MARK).is_file() else workspace.settings.data.legal_basis
    made = ingest_into(
        source, store, workspace.settings, format=format, as_at=as_at, legal_basis=basis, progress=progress
    )
    summary = made.to_dict()
    tables = summary["tables"]
    rows = [("table", "landed", "accepted", "quarantined", "as at")]
    for name, table in tables.items():
        counts = (f"{table[column]:,}" for column in ("landed", "accepted", "quarantined"))
        rows.append((name, *counts, str(table["data_as_at"] or "")))
    landed = sum(table["landed"] for table in tables.values())
    lines = (f"{landed:,} rows in {len(tables)} tables, data as at {summary['data_as_at']}: {store}",)
    return Report(summary, lines + tuple(summary.get("notes", ())), tuple(rows))
