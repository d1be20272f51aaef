"""Names of files and the one way in which they are written: whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

from riskstrat import storage
from riskstrat.documents.content import TeamList
from riskstrat.errors import PublicationError

_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def file_stem(team: TeamList) -> str:
    """The name, without ending, of a team's three files: its code in lower case.

    Raises PublicationError if the code could not be a file name on every system.
    """
    stem = team.team_code.lower()
    if not _SAFE.fullmatch(stem):
        raise PublicationError(
            "a team code may hold up to 64 letters, digits, '-' and '_', starting with a letter or digit; "
            f"change team code '{team.team_code}' in riskstrat.toml"
        )
    return stem


def write_bytes(content: bytes, path: Path) -> None:
    """Write the whole content or leave the path as it was.

    Raises StorageError if the folder is missing, full or not writable.
    """
    storage.write_bytes(content, path, refusal=_cannot_write)


def _cannot_write(path: Path, reason: str) -> str:
    return f"cannot write {path}: {reason}; free space or choose a folder that exists"
