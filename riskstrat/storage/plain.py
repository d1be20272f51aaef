"""What may be read as a file: a plain one, under exactly the name that was given."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from riskstrat.errors import StorageError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def describe_strange(path: Path) -> str | None:
    """What stands at a path instead of a file that can be read, such as "a named pipe"; None for a file, or nothing.

    A link counts as what it leads to. Nothing is opened: to open a pipe is to wait.
    """
    if not os.path.lexists(path):
        return None
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError:
        return "a link that leads nowhere"
    return None if kind == stat.S_IFREG else _KINDS.get(kind, "no file")


def require_plain(path: Path) -> None:
    """Raises StorageError where something else than a file that can be read stands at a path; nothing is opened."""
    strange = describe_strange(path)
    if strange:
        raise StorageError(f'cannot read "{path.name}": it is {strange}; give a file')
