"""The one way in which documents are written: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from riskstrat.errors import StorageError


def write_bytes(content: bytes, path: Path) -> None:
    """Write the whole content or leave the path as it was.

    Raises StorageError if the folder is missing, full or not writable.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        reason = problem.strerror or type(problem).__name__
        raise StorageError(f"cannot write {path}: {reason}; free space or choose a folder that exists") from problem
