"""The verb `ingest`: landed tables to clean ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.documents.codes import describe_entry, write_codes_page
from riskstrat.errors import WorkspaceError
from riskstrat.simulation import MARK
from riskstrat.site.resources import Resource, list_places, write_alone
from riskstrat.sources import SOURCE_FILE
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.coverage import read_coverage
from riskstrat.sources.doubts import find_doubts
from riskstrat.sources.extracts import Manner
from riskstrat.sources.ingest import CODES_PAGE
from riskstrat.sources.ingest import ingest as ingest_into
from riskstrat.sources.mapping import SourceMapping, choose_mapping
from riskstrat.sources.refusals import list_columns
from riskstrat.sources.store import open_store
from riskstrat.sources.unread import report_unread_parts
from riskstrat.verbs.report import Report
from riskstrat.workspace import Workspace, find, find_compared_words, load


def ingest(
    root: Path | None,
    source: Path | None,
    format: str = "canonical",
    as_at: date | None = None,
    progress: Progress = silent,
    *,
    keep: bool = False,
    add: bool = False,
    leave_out: Collection[str] = (),
    wait: bool = False,
) -> Report:
    """Check and clean the tables of `source` into the workspace's store; nothing is written unless all can be.

    Without a source the workspace's own source.toml says what is read. keep: with the landed rows, so that extracts can
    be added; add: to those that were kept, and everything is judged anew as if it had been landed together.

    Raises SourceError where riskstrat.toml states no legal basis for a table (simulated ones need none); WorkspaceError
    where `leave_out` names a table that keeps nobody off lists; BusyError while another run ingests, unless it is to
    wait.
    """
    check_left_out(leave_out)
    workspace = load(find(root))
    mapping = choose_mapping(source, format, workspace.root / SOURCE_FILE)
    store = list_places(workspace)[Resource.STORE]
    manner = Manner.ADDED if add else Manner.KEPT if keep else Manner.WHOLE
    with write_alone(workspace.root, "ingest", wait=wait):
        summary = _ingest(workspace, mapping, store, as_at, progress, leave_out, manner)
    return _report(summary, store)


def _ingest(
    workspace: Workspace,
    mapping: SourceMapping,
    store: Path,
    as_at: date | None,
    progress: Progress,
    leave_out: Collection[str],
    manner: Manner,
) -> Mapping[str, Any]:
    basis = find_legal_basis(mapping, workspace.settings)
    known = KnownCodes(workspace.codelists, find_compared_words(workspace))
    made = ingest_into(
        mapping,
        store,
        workspace.settings,
        as_at=as_at,
        legal_basis=basis,
        known=known,
        leave_out=leave_out,
        manner=manner,
        progress=progress,
    )
    summary = made.to_dict()
    write_codes_page(summary, store / CODES_PAGE)
    placed = open_store(store)
    doubts = find_doubts(placed, read_coverage(placed, workspace.settings.data.coverage))
    return summary | {"doubts": list(doubts)}


def find_legal_basis(mapping: SourceMapping, settings: Settings) -> Mapping[str, str] | None:
    """The basis that the site states for each table; None where the people are made up, who need none."""
    simulated = mapping.location is not None and (mapping.location / MARK).is_file()
    return None if simulated else settings.data.legal_basis


def tabulate_tables(summary: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """By table the rows landed, accepted and quarantined, below a row of headings."""
    rows = [("table", "landed", "accepted", "quarantined", "as at")]
    for name, table in summary["tables"].items():
        counts = (f"{table[column]:,}" for column in ("landed", "accepted", "quarantined"))
        rows.append((name, *counts, str(table["data_as_at"] or "")))
    return tuple(rows)


def _report(summary: Mapping[str, Any], store: Path) -> Report:
    tables = summary["tables"]
    landed = sum(table["landed"] for table in tables.values())
    lines = (f"{landed:,} rows in {len(tables)} tables, data as at {summary['data_as_at']}: {store}",)
    doubts = (f"check the sources: {doubt}" for doubt in summary["doubts"])
    notes = (
        *_report_extracts(summary),
        *report_unread(summary),
        *summary["notes"],
        *report_outcomes(summary),
        *report_ignored(summary),
        *doubts,
        *_report_codes(summary, store),
    )
    return Report(summary, (*lines, *notes), tabulate_tables(summary))


def _report_extracts(summary: Mapping[str, Any]) -> Iterator[str]:
    """Which extracts the store rests on, where it keeps them."""
    kept = summary["extracts"]
    if kept:
        names = ", ".join(f"{extract['name']} ({sum(extract['rows'].values()):,} rows)" for extract in kept)
        yield f"of {len(kept)} extract{'s' * (len(kept) != 1)}: {names}"


def report_unread(summary: Mapping[str, Any]) -> Iterator[str]:
    """What was not read and looks like a part of what was."""
    parts = [(other, read) for other, read in summary["unread_parts"]]
    return (f"check the sources: {said}" for said in report_unread_parts(parts))


def report_ignored(summary: Mapping[str, Any]) -> Iterator[str]:
    """What of the source was not read, as no table or column of ours has its name."""
    if summary["ignored_tables"]:
        yield f"not read, as no table has the name: {list_columns(summary['ignored_tables'])}"
    for name, columns in summary["ignored_columns"].items():
        yield f"{name}: not read, as no column has the name: {list_columns(columns)}"


def report_outcomes(summary: Mapping[str, Any]) -> Iterator[str]:
    """What the mapping made of the source's own rows, each with its count: mapped, guessed, then lost."""
    for outcome in ("mapped", "guessed", "lost"):
        for kind, what, rows in summary["outcomes"]:
            if kind == outcome:
                yield f"{outcome}: {what}: {rows:,}"


def check_left_out(tables: Collection[str]) -> None:
    """Raises WorkspaceError where `tables` names one that keeps nobody off lists."""
    allowed = [name for name, schema in SCHEMAS.items() if schema.must_have_effect]
    for name in tables:
        if name not in allowed:
            raise WorkspaceError(f'--leave-out is for rows of {" or ".join(allowed)}, not of "{name}"')


def _report_codes(summary: Mapping[str, Any], store: Path) -> Iterator[str]:
    """A line for each column and system of which not every row is understood, the least understood first."""
    codes = summary["codes"]
    for entry in sorted(codes, key=lambda entry: entry["understood"]):
        if entry["understood"] < 1:
            yield describe_entry(entry)
    if codes:
        yield f"codes of {len(codes)} columns and systems, with what each codelist names: {store / CODES_PAGE}"
