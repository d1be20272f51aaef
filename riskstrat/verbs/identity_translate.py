"""The verb `identity translate`: rows under another pseudonym to rows under this site's patient_id."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.identity import describe_leaving, describe_left_out, summarise_leaving
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import require_plain
from riskstrat.storage.tables import TABLE_ENDINGS
from riskstrat.verbs.report import Report


def translate(
    root: Path | None,
    source: Path,
    name: str,
    out: Path,
    column: str,
    user: str | None = None,
    table: str | None = None,
) -> Report:
    """Rows under another pseudonym to rows under this site's patient_id."""
    require_free_place(out, TABLE_ENDINGS, identified=True)
    require_plain(source)
    done = identity.translate(identity.open_folder(identity.find(root)), source, name, out, column, user, table)
    line = f"{out}: {done.used:,} of {done.rows:,} rows"
    assert done.leaving is not None
    summary = {"out": str(out), "rows": done.rows, "used": done.used, "quarantined": dict(done.quarantined)}
    lines = (line, *describe_leaving(done.leaving), *describe_left_out(done.quarantined, done.quarantine))
    return Report(summary | summarise_leaving(done.leaving), lines)
