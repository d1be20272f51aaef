"""The verb `identity pseudonymise`: identified rows to rows under patient_id."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.identity import describe_left_out
from riskstrat.verbs.report import Report


def pseudonymise(
    root: Path | None, source: Path, out: Path, column: str, birth_month: bool = False, user: str | None = None
) -> Report:
    """Identified rows to rows under patient_id."""
    done = identity.pseudonymise(identity.open_folder(identity.find(root)), source, out, column, birth_month, user)
    lines = [
        f"{out}: {done.written:,} of {done.rows:,} rows, {done.people:,} people",
        f"the store: new or changed for {done.new_or_changed:,} people",
        *(
            [f"{done.two_names:,} people stand under two names; the last is kept: look at the file"]
            * bool(done.two_names)
        ),
        *_report_columns(done.kept, "kept in the store and not put out"),
        *_report_columns(done.dropped, "neither kept nor put out"),
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
        "dropped": list(done.dropped),
        "quarantined": dict(done.quarantined),
        "quarantine": str(done.quarantine),
    }
    return Report(summary, tuple(lines))


def _report_columns(columns: tuple[str, ...], what: str) -> list[str]:
    return [f"{what}: {', '.join(columns)}"] if columns else []
