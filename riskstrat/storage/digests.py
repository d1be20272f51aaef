"""sha256 of what is in memory, of a file and of a folder's files, as 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
from pathlib import Path

from riskstrat.storage.folders import list_files


def compute_digest(content: bytes | str) -> str:
    """sha256 of bytes, or of text in UTF-8."""
    return hashlib.sha256(content.encode("utf-8") if isinstance(content, str) else content).hexdigest()


def compute_file_digest(path: Path) -> str:
    """sha256 of a file, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compute_folder_digests(folder: Path) -> dict[str, str]:
    """sha256 of each file below a folder, by its path from there with forward slashes, in order.

    Raises OSError, and StorageError for a folder that cannot be read.
    """
    return {path.relative_to(folder).as_posix(): compute_file_digest(path) for path in list_files(folder)}
