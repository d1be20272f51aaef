"""The verb `identity pseudonymise`: identified rows to rows under patient_id."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.identity import describe_leaving, describe_left_out, summarise_leaving
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import require_plain
from riskstrat.storage.tables import TABLE_ENDINGS
from riskstrat.verbs.report import Report


def pseudonymise(
    root: Path | None,
    source: Path,
    out: Path,
    column: str,
    birth_month: bool = False,
    user: str | None = None,
    table: str | None = None,
) -> Report:
    """Identified rows to rows under patient_id."""
    require_free_place(out, TABLE_ENDINGS, identified=True)
    require_plain(source)
    folder = identity.open_folder(identity.find(root))
    done = identity.pseudonymise(folder, source, out, column, birth_month, user, table)
    lines = [
        f"{out}: {done.written:,} of {done.rows:,} rows, {done.people:,} people",
        f"the store: new or changed for {done.new_or_changed:,} people",
        *(
            [f"{done.two_names:,} people stand under two names; the last is kept: look at the file"]
            * bool(done.two_names)
        ),
        *_report_columns(done.kept, "kept in the store and not put out"),
        *describe_leaving(done.leaving),
        *[f"date of birth not read in {done.births_not_read:,} rows: kept as written"] * bool(done.births_not_read),
        *describe_left_out(done.quarantined, done.quarantine),
    ]
    summary = {
        "out": str(out),
        "rows": done.rows,
        "written": done.written,
        "people": done.people,
        "new_or_changed": done.new_or_changed,
        "two_names": done.two_names,
        "kept": list(done.kept),
        **summarise_leaving(done.leaving),
        "births_not_read": done.births_not_read,
        "quarantined": dict(done.quarantined),
        "quarantine": str(done.quarantine),
    }
    return Report(summary, tuple(lines))


def _report_columns(columns: tuple[str, ...], what: str) -> list[str]:
    return [f"{what}: {', '.join(columns)}"] if columns else []
