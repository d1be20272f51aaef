"""The verb `ingest`: landed tables to clean ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.definitions.progress import Progress, silent
from riskstrat.documents.codes import describe_entry, write_codes_page
from riskstrat.simulation import MARK
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.ingest import CODES_PAGE
from riskstrat.sources.ingest import ingest as ingest_into
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, find_compared_words, load


def ingest(
    root: Path | None, source: Path, format: str = "canonical", as_at: date | None = None, progress: Progress = silent
) -> Report:
    """Check and clean the tables of `source` into the workspace's store; nothing is written unless all can be.

    Raises SourceError where riskstrat.toml states no legal basis for a table; simulated ones need none.
    """
    workspace = load(find(root))
    store = workspace.root / workspace.settings.data.store
    basis = None if (source / MARK).is_file() else workspace.settings.data.legal_basis
    known = KnownCodes(workspace.codelists, find_compared_words(workspace))
    made = ingest_into(
        source,
        store,
        workspace.settings,
        format=format,
        as_at=as_at,
        legal_basis=basis,
        known=known,
        progress=progress,
    )
    summary = made.to_dict()
    write_codes_page(summary, store / CODES_PAGE)
    tables = summary["tables"]
    rows = [("table", "landed", "accepted", "quarantined", "as at")]
    for name, table in tables.items():
        counts = (f"{table[column]:,}" for column in ("landed", "accepted", "quarantined"))
        rows.append((name, *counts, str(table["data_as_at"] or "")))
    landed = sum(table["landed"] for table in tables.values())
    lines = (f"{landed:,} rows in {len(tables)} tables, data as at {summary['data_as_at']}: {store}",)
    return Report(summary, (*lines, *summary["notes"], *_report_codes(summary, store)), tuple(rows))


def _report_codes(summary: Mapping[str, Any], store: Path) -> Iterator[str]:
    """A line for each column and system of which not every row is understood, the least understood first."""
    codes = summary["codes"]
    for entry in sorted(codes, key=lambda entry: entry["understood"]):
        if entry["understood"] < 1:
            yield describe_entry(entry)
    if codes:
        yield f"codes of {len(codes)} columns and systems, with what each codelist names: {store / CODES_PAGE}"
