"""A file that only grows: adding to its end, and cutting off what a killed run left half-written."""

from __future__ import annotations

import os
from pathlib import Path

from riskstrat.storage.private import PRIVATE_FILE
from riskstrat.storage.syncing import sync_folder


def append_bytes(content: bytes, path: Path) -> None:
    """Add to the end of a file, made for its owner alone if need be; on the disk when this returns. Raises OSError."""
    new = not path.exists()
    with open(path, "ab", opener=lambda name, flags: os.open(name, flags, PRIVATE_FILE)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if new:
        sync_folder(path.parent)


def cut_file(path: Path, size: int) -> None:
    """Cut a file to `size` bytes, on the disk when this returns. Raises OSError."""
    with path.open("rb+") as file:
        file.truncate(size)
        os.fsync(file.fileno())
