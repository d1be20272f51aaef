"""The verb `worklist backup`: the worklist's database as one file, while it is in use."""

from __future__ import annotations

from pathlib import Path

from riskstrat.site.outputs import require_free_place, require_new_file
from riskstrat.verbs.report import Report
from riskstrat.worklist.backing_up import require_in_file, write_backup
from riskstrat.workspace import find, load


def backup(root: Path | None, out: Path) -> Report:
    """Write decisions, notes, accounts and logs of the worklist to `out`, as of one moment.

    Raises StorageError where a file of that name stands, and WorkspaceError for PostgreSQL.
    """
    require_free_place(out, (".zip",))
    workspace = load(find(root))
    require_in_file(workspace.settings.worklist)
    require_new_file(out)
    size = write_backup(workspace.root, workspace.settings.worklist, out)
    line = f"{out}: {size / 1e6:,.1f} MB; it holds decisions about patients and is not encrypted"
    return Report({"out": str(out), "bytes": size}, (line,))
