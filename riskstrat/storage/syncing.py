"""Getting what was written onto the disk, and renaming it there."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)
_BINARY = getattr(os, "O_BINARY", 0)


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on the disk. Raises OSError, also for writes that the system put off."""
    # Windows syncs only what is open for writing.
    _sync(path, os.O_RDWR | _BINARY)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can: Windows and some network shares can't."""
    if os.name == "nt":
        return
    try:
        _sync(folder, os.O_RDONLY)
    except OSError as refused:
        if refused.errno not in _CANNOT_SYNC:
            raise


def sync_tree(folder: Path) -> None:
    """Wait until every file of a folder, and every name, is on the disk; files before the folder that names them."""
    for root, _, files in os.walk(folder, topdown=False):
        for name in sorted(files):
            sync_file(Path(root, name))
        sync_folder(Path(root))


def rename(source: Path, target: Path) -> None:
    """Rename at once, over a file that stands. Raises OSError.

    Windows refuses while another program has a file open; as scanners and previews soon let go, it is tried for
    1.5 seconds.
    """
    for pause in _PAUSES:
        try:
            os.replace(source, target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    os.replace(source, target)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
