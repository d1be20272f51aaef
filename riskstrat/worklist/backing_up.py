"""The worklist's database as one file that proves itself, taken while it is in use, and put back.

Django is not needed: a backup is also taken and put back where the server is not installed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from riskstrat import __version__
from riskstrat.definitions.worklist_settings import WorklistSettings
from riskstrat.errors import StorageError, WorkspaceError
from riskstrat.storage.archives import Source, restore_archive, write_archive
from riskstrat.worklist.folder import MARK, SQLITE, is_started, make_secrets

KIND = {"holds": "worklist"}


def is_in_file(rules: WorklistSettings) -> bool:
    """Whether the database is a file of the workspace, not a server of the site's."""
    return rules.database == "sqlite"


def require_in_file(rules: WorklistSettings) -> None:
    """Raises WorkspaceError for a database that has a server, which has means of its own."""
    if not is_in_file(rules):
        raise WorkspaceError(
            "the worklist's database is PostgreSQL, which riskstrat does not copy: back it up with pg_dump and put it "
            "back with pg_restore, as the page on the worklist shows"
        )


def list_sources(root: Path, rules: WorklistSettings) -> dict[str, Source]:
    """What a backup has of the worklist, by path below the workspace; nothing where none was started in a file.

    The secret key is not in it: whoever finds a backup cannot make sessions, and the next start makes another.
    """
    if not is_started(root, rules) or not is_in_file(rules):
        return {}
    return {f"{rules.folder}/{name}": source for name, source in _list_own(root, rules).items()}


def write_backup(root: Path, rules: WorklistSettings, out: Path) -> int:
    """Write the worklist alone to `out`; gives its size in bytes. Raises StorageError where it was never started."""
    require_in_file(rules)
    if not is_started(root, rules):
        raise StorageError("there is no worklist to back up: riskstrat worklist serve makes it")
    write_archive(_list_own(root, rules), {**KIND, "riskstrat": __version__}, out)
    return out.stat().st_size


def restore_backup(file: Path, root: Path, rules: WorklistSettings) -> Mapping[str, Any]:
    """Put a worklist back where none stands, every byte proved, with a new secret key. Raises StorageError."""
    require_in_file(rules)
    facts = restore_archive(file, root / rules.folder, KIND)
    make_secrets(root, rules)
    return facts


def copy_database(path: Path) -> bytes:
    """The database as of one moment, also while the server writes it. Raises StorageError if it cannot be read."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as found, closing(sqlite3.connect(":memory:")) as copy:
            found.backup(copy)
            return copy.serialize()
    except sqlite3.Error:
        raise StorageError(f"{path.name} cannot be read as a database; restore it from an earlier backup") from None


def _list_own(root: Path, rules: WorklistSettings) -> dict[str, Source]:
    folder = root / rules.folder
    return {SQLITE: partial(copy_database, folder / SQLITE), MARK: folder / MARK}
