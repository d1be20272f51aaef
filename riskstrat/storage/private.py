"""Who may open what is about people: the account that made it, and nobody else, unless a setting says otherwise."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
OPEN_FILE = 0o666
"""For what is about nobody: as the system gives a new file, less what it holds back."""


def make_private(path: Path) -> None:
    """Take from everybody but the owner what they may do with a file or folder; its own files when they are made.

    Nothing is done on Windows, where the rights of the folder around it are those of a file, nor to what belongs to
    somebody else.
    """
    if os.name == "nt":
        return
    with suppress(PermissionError):
        path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
