"""The verb `refresh`: who died, left, objected or went into hospital since the last whole ingest, within the day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.casefinding import KeptOff, name_state, read_every_kept_off
from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import IndexDateError
from riskstrat.publication import read_case_register
from riskstrat.site.opening import Site, open_data
from riskstrat.site.resources import Resource, list_places, write_alone
from riskstrat.sources import SOURCE_FILE
from riskstrat.sources.mapping import SourceMapping, choose_mapping
from riskstrat.sources.refreshed import Refreshed, add_rows, describe_refresh, locate_refreshed, read_refreshed
from riskstrat.sources.refreshing import LandedRefresh, land_refresh
from riskstrat.storage import compute_digest, format_json, write_bytes
from riskstrat.verbs.ingest import check_left_out
from riskstrat.verbs.report import Report
from riskstrat.weekly.kept_off import find_kept_off
from riskstrat.workspace import find, load

AHEAD = timedelta(days=7)
"""How far the day of the rows may lie ahead of the data, of the last refresh and of today's clock."""


def refresh(
    root: Path | None,
    source: Path | None,
    format: str = "canonical",
    as_at: date | None = None,
    progress: Progress = silent,
    *,
    leave_out: Collection[str] = (),
    wait: bool = False,
) -> Report:
    """Read new rows of the tables that keep people off lists, and write who with a case is kept off since.

    as_at: the day of the rows, today unless given. Raises SourceError as ingest does, IndexDateError for a day before
    the data, before the last refresh or in the future, BusyError while another refresh runs, unless it is to wait.
    """
    check_left_out(leave_out)
    workspace = load(find(root))
    mapping = choose_mapping(source, format, workspace.root / SOURCE_FILE)
    with write_alone(workspace.root, "refresh", wait=wait):
        opened, before = open_data(workspace), read_refreshed(workspace.root)
        day = _choose_day(as_at, opened, before)
        progress("rows", 0.0)
        landed = _land(mapping, opened, day, leave_out)
        refreshed = add_rows(before, landed.rows, day, opened.store.data_as_at)
        opened = replace(opened, store=replace(opened.store, refreshed=refreshed))
        progress("cases", 0.5)
        lists = list_places(workspace)[Resource.LISTS]
        earlier = read_every_kept_off(workspace.root)
        found = find_kept_off(opened, day, read_case_register(lists), earlier)
        written = _write(workspace.root, before, refreshed, landed, found)
    return _report(refreshed, landed, found, earlier, written=written)


def _choose_day(given: date | None, opened: Site, before: Refreshed | None) -> date:
    """The day of the rows: not before that of the data or of the last refresh, whose rows would be later than it.

    Nor far ahead, for no refresh could be of a day before it any more.
    """
    least = max(opened.store.data_as_at, before.as_at if before is not None else date.min)
    latest = max(least, audit.today()) + AHEAD
    if given is not None and given > latest:
        raise IndexDateError(f"--as-at {given} is in the future; give the day of the rows, {latest - AHEAD} at most")
    if given is not None and given < least:
        raise IndexDateError(
            f"--as-at {given} lies before {least}, up to which all is known; give that day or a later one"
        )
    return given or max(least, audit.today())


def _land(mapping: SourceMapping, opened: Site, day: date, leave_out: Collection[str]) -> LandedRefresh:
    settings = opened.workspace.settings
    basis = None if opened.store.simulated else settings.data.legal_basis
    return land_refresh(mapping, opened.store, settings, day, legal_basis=basis, leave_out=leave_out)


def _write(
    root: Path, before: Refreshed | None, refreshed: Refreshed, landed: LandedRefresh, found: Sequence[KeptOff]
) -> bool:
    """Write what came and who is kept off, logged; False where just that stands already."""
    place = locate_refreshed(root)
    tables = {name: asdict(table) for name, table in landed.tables.items()}

    def spell(number: int) -> bytes:
        told = describe_refresh(replace(refreshed, number=number), tables)
        return format_json(told | {"kept_off": [each.describe() for each in found]}, strict=True).encode("utf-8")

    if before is not None and place.read_bytes() == spell(before.number):
        # A run that was killed may have written it and not said so.
        audit.settle(root)
        return False
    content = spell(refreshed.number)
    audit.require_ready(root)
    details = {"number": refreshed.number, "as_at": f"{refreshed.as_at}", "kept_off": len(found)}
    with audit.log_refreshing(root, place, compute_digest(content), details):
        write_bytes(content, place, parents=True)
    return True


def _report(
    refreshed: Refreshed,
    landed: LandedRefresh,
    found: Sequence[KeptOff],
    earlier: Sequence[KeptOff],
    *,
    written: bool,
) -> Report:
    before = {_name_news(each) for each in earlier}
    new = [each for each in found if _name_news(each) not in before]
    summary: dict[str, Any] = {
        "as_at": refreshed.as_at,
        "number": refreshed.number if written else refreshed.number - 1,
        "written": written,
        "tables": {name: asdict(table) for name, table in landed.tables.items()},
        "notes": landed.notes,
        "cases_kept_off": [_describe_case(each) for each in found if each.reference],
        "new": sum(each.reference is not None for each in new),
        "without_a_case": sum(each.reference is None for each in found),
    }
    return Report(summary, tuple(_word(summary)), _tabulate(found))


def _name_news(kept_off: KeptOff) -> tuple[str, str | None, str]:
    """What two refreshes say alike of a person's case."""
    return kept_off.patient_id, kept_off.reference, name_state(kept_off.what)


def _describe_case(kept_off: KeptOff) -> dict[str, Any]:
    """A case as its team knows it, without the pseudonym."""
    return {name: value for name, value in kept_off.describe().items() if name != "patient_id"}


def _word(summary: dict[str, Any]) -> Iterator[str]:
    landed = sum(table["landed"] for table in summary["tables"].values())
    cases = len(summary["cases_kept_off"])
    done = "" if summary["written"] else "; nothing changed"
    yield f"{landed:,} rows of {', '.join(summary['tables'])}, as at {summary['as_at']}{done}"
    yield f"open cases and people in reserve who are kept off lists: {cases:,}, of them new: {summary['new']:,}"
    if summary["without_a_case"]:
        yield f"people with neither who are kept off: {summary['without_a_case']:,}"
    for name, table in summary["tables"].items():
        if table["quarantined"]:
            rules = ", ".join(f"{rule}: {count:,}" for rule, count in table["rules"].items())
            yield f"{name}: {table['quarantined']:,} rows left out ({rules})"
    yield from summary["notes"]


def _tabulate(found: Sequence[KeptOff]) -> tuple[tuple[str, ...], ...]:
    rows = [
        (each.reference, each.team or "", each.what, str(each.since or ""), str(each.known_on))
        for each in found
        if each.reference
    ]
    return (("reference", "team", "what", "since", "known on"), *rows) if rows else ()
