"""The verb `worklist restore`: the worklist's database out of its backup, every byte proved."""

from __future__ import annotations

from pathlib import Path

from riskstrat.storage import require_plain
from riskstrat.verbs.report import Report
from riskstrat.worklist.backing_up import require_in_file, restore_backup
from riskstrat.workspace import find, load


def restore(file: Path, root: Path | None) -> Report:
    """Put a backup back into a workspace that has no worklist: all of it, or nothing. Raises StorageError."""
    workspace = load(find(root))
    rules = workspace.settings.worklist
    require_in_file(rules)
    require_plain(file)
    facts = restore_backup(file, workspace.root, rules)
    lines = (
        f"{workspace.root / rules.folder}: as it was backed up; everybody signs in again",
        f"See which days of its log came after the backup: riskstrat audit verify -w {workspace.root}",
    )
    return Report({"worklist": str(workspace.root / rules.folder), **facts}, lines)
