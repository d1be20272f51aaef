"""The verb `identity crosswalk`: other pseudonyms of the same people into the store."""

from __future__ import annotations

from pathlib import Path

from riskstrat import identity
from riskstrat.identity import describe_left_out
from riskstrat.storage import require_plain
from riskstrat.verbs.report import Report


def crosswalk(root: Path | None, source: Path, user: str | None = None) -> Report:
    """Other pseudonyms of the same people into the store."""
    require_plain(source)
    done = identity.add_crosswalk(identity.open_folder(identity.find(root)), source, user)
    line = f"the store: {done.used:,} of {done.rows:,} pseudonyms"
    summary = {"rows": done.rows, "used": done.used, "quarantined": dict(done.quarantined)}
    return Report(summary, (line, *describe_left_out(done.quarantined, done.quarantine)))
