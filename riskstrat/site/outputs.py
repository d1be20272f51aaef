"""Where `--out` may lead: never into what a workspace or an identity folder keeps, whatever it is called there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from riskstrat.definitions.settings import Settings
from riskstrat.errors import RiskstratError, StorageError
from riskstrat.sources.store import is_ingested
from riskstrat.storage import describe_strange
from riskstrat.storage.tables import require_ending
from riskstrat.workspace import SETTINGS_FILE, read_settings

IDENTITY_FILE = "identity.toml"
_KEPT = {
    "features": "the decisions",
    "training": "the decisions",
    "registry": "the registry",
    "reviews": "the reviews",
    "refreshed": "what refreshes brought",
    "audit": "the audit log",
    "trial": "the silent trial",
    SETTINGS_FILE: "the settings",
}
"""What a workspace keeps under names that no setting changes, beside its store and its lists."""


def require_free_place(out: Path, endings: Sequence[str] = (), *, identified: bool = False) -> None:
    """Ask of a file or folder that a verb will write, before it works, whether it may stand there.

    endings: those that a file may have. identified: the verb is one of an identity folder, and no workspace may hold
    what it writes. Raises StorageError for another ending, for what is no plain file, and for a place in a store, in
    what a workspace keeps, or in an identity folder.
    """
    if endings:
        require_ending(out, endings)
        strange = describe_strange(out)
        if strange:
            raise StorageError(f"cannot write {out.name}: {strange} of that name stands there; choose another name")
    whole = out.resolve()
    for folder in (whole, *whole.parents):
        what = _name_owner(folder, whole, identified)
        if what:
            raise StorageError(f"cannot write {out.name}: it would stand in {what}; choose a folder of your own")


def require_new_file(out: Path) -> None:
    """Raises StorageError where anything of that name stands."""
    if out.exists():
        raise StorageError(f'"{out.name}" stands already and is not written over; give another name')


def require_new_folder(out: Path) -> None:
    """Raises StorageError where a file of that name stands, or a folder that holds anything."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StorageError(f'"{out.name}" stands already and is not written over; give a new or an empty folder')


def _name_owner(folder: Path, whole: Path, identified: bool) -> str | None:
    """What keeps `whole` for itself, where `folder` is that or something above it."""
    if (folder / IDENTITY_FILE).is_file():
        return "an identity folder"
    if _is_store(folder):
        return "the ingested data"
    if not (folder / SETTINGS_FILE).is_file():
        return None
    if identified or folder == whole:
        return "an analytics workspace"
    around = (whole, *whole.parents)
    return next((what for place, what in _list_kept(folder) if any(_is_same(place, each) for each in around)), None)


def _is_store(folder: Path) -> bool:
    """Whether a folder is a store that was ingested into, wherever it stands."""
    return (folder / "versions").is_dir() and is_ingested(folder)


def _list_kept(root: Path) -> Iterator[tuple[Path, str]]:
    for name, what in _KEPT.items():
        yield root / name, what
    settings = _read_settings(root)
    yield root / settings.data.store, "the ingested data"
    yield root / settings.lists.folder, "the published lists"
    yield root / settings.worklist.folder, "the worklist"


def _read_settings(root: Path) -> Settings:
    """The settings of any workspace; those of a new one where they cannot be read."""
    try:
        return read_settings(root)
    except RiskstratError:
        return Settings()


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one place; also where letters differ in case only, on a system that does not tell them."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.abspath(one) == os.path.abspath(other)
