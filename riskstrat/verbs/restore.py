"""The verb `restore`: a workspace out of its backup, every file proved."""

from __future__ import annotations

from pathlib import Path

from riskstrat.storage import require_plain
from riskstrat.storage.archives import restore_archive
from riskstrat.verbs.report import Report


def restore(file: Path, target: Path) -> Report:
    """Unpack a backup into a new or empty folder: all of it as it was backed up, or nothing. Raises StorageError."""
    require_plain(file)
    facts = restore_archive(file, target)
    lines = (
        f"{target}: every file is as it was backed up, and for your account alone",
        f"Prove the log, and compare its head with one that was kept: riskstrat audit verify -w {target}",
    )
    return Report({"workspace": str(target), **facts}, lines)
