"""A folder written whole or not at all, made, or moved."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from riskstrat.storage.beside import INCOMING, PREVIOUS, clear_leftovers, remove, reserve_beside
from riskstrat.storage.private import PRIVATE_FILE, PRIVATE_FOLDER
from riskstrat.storage.refusals import Refusal, cannot_read_folder, cannot_write, refuse_in_one_line
from riskstrat.storage.syncing import rename, sync_folder, sync_tree


@contextmanager
def write_folder_atomically(
    target: Path, *, replace: bool = False, mode: int = PRIVATE_FOLDER, refusal: Refusal = cannot_write
) -> Iterator[Path]:
    """Give an empty folder beside `target` to fill; it becomes `target` when the block ends well.

    When this returns every file in it and its name are on the disk; when it raises, `target` is as it was. Folders
    around it are made. replace: a folder that stands gives way; it is put aside, never mixed with the new one, and a
    run killed between gets it back by `clear_leftovers`. Otherwise only an empty folder gives way. mode: permission
    bits of the folder and of those made around it, less those that the system holds back. Raises StorageError with the
    message of `refusal`.
    """
    with refuse_in_one_line(refusal, target):
        make_folder(target.parent, mode)
        clear_leftovers(target)
        with reserve_beside(target, INCOMING) as incoming:
            try:
                incoming.mkdir(mode=mode)
                yield incoming
                sync_tree(incoming)
                _put_in_place(incoming, target, replace)
            finally:
                remove(incoming)


@contextmanager
def write_folder_by_content(
    place: Path, name: Callable[[Path], str], stands: Callable[[Path], bool], *, refusal: Refusal = cannot_write
) -> Iterator[Path]:
    """Give an empty folder in `place` to fill; when the block ends well it gets the name that `name` gives for it.

    For names that are digests of what is in them: a folder of that name of which `stands` says that it is whole stays,
    and what was filled goes; one that is damaged gives way. Its files are for the owner alone. Everything else as for
    `write_folder_atomically`.
    """
    unnamed = place / "new"
    with refuse_in_one_line(refusal, place), _make_for_now(place):
        clear_leftovers(unnamed)
        with reserve_beside(unnamed, INCOMING) as incoming:
            try:
                incoming.mkdir(mode=PRIVATE_FOLDER)
                yield incoming
                set_permissions(incoming, lambda path: PRIVATE_FOLDER if (incoming / path).is_dir() else PRIVATE_FILE)
                sync_tree(incoming)
                target = place / name(incoming)
                if not stands(target):
                    _put_in_place(incoming, target, replace=True)
            finally:
                remove(incoming)


@contextmanager
def _make_for_now(folder: Path) -> Iterator[None]:
    """Make a folder and those around it; what was made, and is empty when the block ends, goes. Raises OSError."""
    missing = _list_missing(folder)
    make_folder(folder)
    try:
        yield
    finally:
        for made in missing:
            # What holds anything by now refuses to go.
            with suppress(OSError):
                made.rmdir()


def make_folder(folder: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Make a folder and those around it, with their names on the disk; nothing if it stands. Raises OSError.

    mode: permission bits of what is made, less those that the system holds back.
    """
    for each in reversed(_list_missing(folder)):
        each.mkdir(mode=mode, exist_ok=True)
        sync_folder(each.parent)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def _list_missing(folder: Path) -> list[Path]:
    """The folder and those around it that do not exist, the innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def move_folder(source: Path, target: Path, *, refusal: Refusal = cannot_write) -> None:
    """Rename a folder to a place where none stands, its new name on the disk. Raises StorageError."""
    with refuse_in_one_line(refusal, target):
        make_folder(target.parent)
        rename(source, target)
        sync_folder(target.parent)
        sync_folder(source.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it as far as the system lets it; what is open on Windows stays. Nothing is raised."""
    remove(folder)


def discard(path: Path) -> None:
    """Take a file or a folder away: out of sight at once, then gone, with what killed runs left of it.

    Nothing where none stands. Raises StorageError for what the system does not let go.
    """
    with refuse_in_one_line(_cannot_remove, path):
        clear_leftovers(path)
        with reserve_beside(path, INCOMING) as aside:
            if os.path.lexists(path):
                rename(path, aside)
                sync_folder(path.parent)
            remove(aside)
            if os.path.lexists(aside):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _cannot_remove(path: Path, reason: str) -> str:
    return f"cannot remove {path.name}: {reason}; close what has it open, or allow it, and run again"


def set_permissions(folder: Path, choose: Callable[[Path], int]) -> None:
    """Give each file and folder in `folder`, and itself, the permission bits that `choose` gives for its path in it.

    Nothing is done on Windows, where the rights of the folder around it are those of a file. Raises OSError.
    """
    if os.name == "nt":
        return
    for path in (*folder.rglob("*"), folder):
        path.chmod(choose(path.relative_to(folder)))


def _put_in_place(incoming: Path, target: Path, replace: bool) -> None:
    if replace and target.exists():
        _swap(incoming, target)
        return
    if target.exists():
        # Windows renames over no folder, not even an empty one; a folder with anything in it refuses to go.
        target.rmdir()
    rename(incoming, target)
    sync_folder(target.parent)


def _swap(incoming: Path, target: Path) -> None:
    with reserve_beside(target, PREVIOUS) as previous:
        rename(target, previous)
        try:
            rename(incoming, target)
        except BaseException:
            rename(previous, target)
            raise
        sync_folder(target.parent)
        remove(previous)


def list_folder(folder: Path, suffix: str = "") -> list[Path]:
    """What stands in a folder, in order, of names that end in `suffix`; nothing where there is no folder.

    Raises StorageError for one that cannot be read: `Path.glob` takes it for an empty one.
    """
    with refuse_in_one_line(cannot_read_folder, folder):
        try:
            return sorted(path for path in folder.iterdir() if not suffix or path.suffix == suffix)
        except (FileNotFoundError, NotADirectoryError):
            return []


def list_below(folder: Path) -> list[Path]:
    """Everything below a folder, itself aside, each folder before what is in it; a link to a folder is not followed.

    Raises StorageError for a folder that cannot be read: `Path.rglob` passes over it.
    """
    found = []
    for path in list_folder(folder):
        found.append(path)
        with refuse_in_one_line(cannot_read_folder, folder):
            is_folder = path.is_dir() and not path.is_symlink()
        if is_folder:
            found += list_below(path)
    return found


def list_files(folder: Path) -> list[Path]:
    """Every file below a folder, in order; nothing where there is none. Raises StorageError as `list_below` does."""
    return [path for path in list_below(folder) if path.is_file()]
