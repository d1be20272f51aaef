"""The verb `table`: a clean table as it was known on one day, so that an analyst sees what the engine sees."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskstrat.cohort import mark_opted_out
from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import IndexDateError
from riskstrat.site.opening import open_workspace, require_not_future
from riskstrat.site.outputs import require_free_place
from riskstrat.sources.known_tables import read_known_table, require_known_table
from riskstrat.sources.store import Store
from riskstrat.storage.tables import TABLE_ENDINGS, write_arrow_table
from riskstrat.verbs.report import Report


def table(root: Path | None, name: str, as_at: date, out: Path, progress: Progress = silent) -> Report:
    """Write the rows of one clean table as known on `as_at`, without those of people who opted out.

    Raises DefinitionError for a name that is no table, SourceError for one that was not landed, IndexDateError for a
    day after the data or where days of two people are no days of one calendar.
    """
    require_free_place(out, TABLE_ENDINGS)
    opened = open_workspace(root)
    require_known_table(name, opened.store)
    _require_calendar(as_at, opened.store)
    progress(name, 0.0)
    workspace, out_of_it = opened.workspace, mark_opted_out(opened.store, opened.opt_outs)
    printable = not workspace.settings.sensitive.in_score
    rows = read_known_table(opened.store, name, as_at, workspace.codelists, printable=printable)
    person = rows["person"].to_numpy()
    kept = rows.filter(~out_of_it[person]).drop_columns("person")
    write_arrow_table(kept, out)
    summary = {
        "table": name,
        "as_at": as_at.isoformat(),
        "rows": kept.num_rows,
        "columns": kept.column_names,
        "rows_of_people_opted_out": rows.num_rows - kept.num_rows,
        "sensitive": not printable,
        "file": str(out),
    }
    lines = [f"{kept.num_rows:,} rows of {name} as known on {as_at}: {out}"]
    if rows.num_rows > kept.num_rows:
        lines.append(f"rows of people who opted out, left out: {rows.num_rows - kept.num_rows:,}")
    if printable:
        lines.append("without what is sensitive, as the engine reads it here")
    return Report(summary, tuple(lines))


def _require_calendar(as_at: date, store: Store) -> None:
    require_not_future(as_at, store, "--as-at")
    if not store.comparable_dates:
        raise IndexDateError(
            "the dates of this source are shifted from person to person, so no table of it is known on one day; read "
            "the tables of a source with true dates"
        )
