"""A workspace as one archive, taken while it is in use: one version of the data, every list, review and model, the log.

Whoever takes it keeps other runs from writing lists, reviews and the registry meanwhile (resources.py); the data are
pinned, and the log is read up to a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from riskstrat import __version__, registry
from riskstrat.audit.log import FOLDER as AUDIT
from riskstrat.audit.log import LOCK as AUDIT_LOCK
from riskstrat.errors import StorageError
from riskstrat.site.resources import Resource, list_places
from riskstrat.sources.store import Store
from riskstrat.sources.store_versions import write_pointer
from riskstrat.storage import describe_strange, list_below, lock_exclusively
from riskstrat.storage.archives import Source, write_archive
from riskstrat.workspace import SETTINGS_FILE, Workspace

DECISIONS = ("features", "training", "notebooks")
DELETIONS = "retention"
"""The records of what was deleted."""

_NOT_KEPT = re.compile(
    r".*\.(lock|holder|pyc)|mlflow\.db(-(wal|shm|journal)|\.json)"
    r"|.*\.(incoming|previous|spill|spill-excerpts|reader)-\d+(-\d+)?"
)
"""Names of locks, of what a run has not finished, and of what belongs to a database that is copied whole or is made
of it again."""


def write_backup(workspace: Workspace, store: Store | None, target: Path, more: Mapping[str, Source]) -> int:
    """Write the archive of a workspace with this version of its data, if it has any; gives how many files it has.

    more: what else it holds, by path below the workspace. Raises StorageError where store or lists stand outside the
    workspace, and for what is no file.
    """
    sources: dict[str, Source] = dict(more)
    for path in _list_files(workspace):
        sources[path.relative_to(workspace.root).as_posix()] = path
    if store is not None:
        sources |= _list_store(workspace, store)
    database = f"registry/{registry.DATABASE}"
    if database in sources:
        sources[database] = partial(registry.copy_database, workspace.root / "registry")
    facts = {"riskstrat": __version__, "data": store.version if store else None}
    log = workspace.root / AUDIT
    if not log.is_dir():
        write_archive(sources, facts, target)
        return len(sources)
    with lock_exclusively(log / AUDIT_LOCK):
        lines = {f"{AUDIT}/{path.name}": partial(bytes, path.read_bytes()) for path in _list_below(log)}
    write_archive(sources | lines, facts, target)
    return len(sources | lines)


def _list_files(workspace: Workspace) -> Iterator[Path]:
    """The files of a workspace but those of its data and its log."""
    places = list_places(workspace)
    for resource, place in places.items():
        if workspace.root not in place.resolve().parents:
            raise StorageError(f"{resource} stand outside the workspace ({place}): back them up there, by other means")
    yield from (path for name in (SETTINGS_FILE, ".gitignore") if (path := workspace.root / name).is_file())
    folders = [workspace.root / name for name in (*DECISIONS, DELETIONS)]
    for folder in (*folders, *(place for resource, place in places.items() if resource is not Resource.STORE)):
        yield from _list_below(folder)


def _list_store(workspace: Workspace, store: Store) -> dict[str, Source]:
    """The files of one version, and what says that it is the one that is read."""
    place = list_places(workspace)[Resource.STORE]
    here = place.relative_to(workspace.root).as_posix()
    files: dict[str, Source] = {
        f"{here}/versions/{store.version}/{path.relative_to(store.folder).as_posix()}": path
        for path in _list_below(store.folder)
    }
    return files | {f"{here}/current.json": partial(write_pointer, [store.version])}


def _list_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in order. Raises StorageError for what is no file."""
    for path in list_below(folder):
        passed_over = any(_NOT_KEPT.fullmatch(part) for part in path.relative_to(folder).parts)
        if passed_over or (path.is_dir() and not path.is_symlink()):
            continue
        strange = "a link to a folder" if path.is_dir() else describe_strange(path)
        if strange:
            raise StorageError(f"{path} is {strange}, which no backup can hold; move it away, and run again")
        yield path
