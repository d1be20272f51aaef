"""The verb `identity translate`: rows under another pseudonym to rows under this site's patient_id."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.identity import describe_left_out
from riskstrat.verbs.report import Report


def translate(root: Path | None, source: Path, name: str, out: Path, column: str, user: str | None = None) -> Report:
    """Rows under another pseudonym to rows under this site's patient_id."""
    done = identity.translate(identity.open_folder(identity.find(root)), source, name, out, column, user)
    line = f"{out}: {done.used:,} of {done.rows:,} rows"
    summary = {"out": str(out), "rows": done.rows, "used": done.used, "quarantined": dict(done.quarantined)}
    return Report(summary, (line, *describe_left_out(done.quarantined, done.quarantine)))
