"""A folder written whole or not at all, made, or moved."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.storage.beside import INCOMING, PREVIOUS, clear_leftovers, remove, reserve_beside
from riskstrat.storage.refusals import Refusal, cannot_write, refuse_in_one_line
from riskstrat.storage.syncing import rename, sync_folder, sync_tree


@contextmanager
def write_folder_atomically(
    target: Path, *, replace: bool = False, mode: int = 0o777, refusal: Refusal = cannot_write
) -> Iterator[Path]:
    """Give an empty folder beside `target` to fill; it becomes `target` when the block ends well.

    When this returns every file in it and its name are on the disk; when it raises, `target` is as it was. Folders
    around it are made. replace: a folder that stands gives way; it is put aside, never mixed with the new one, and a
    run killed between gets it back by `clear_leftovers`. Otherwise only an empty folder gives way. mode: permission
    bits of the folder, less those that the system holds back. Raises StorageError with the message of `refusal`.
    """
    with refuse_in_one_line(refusal, target):
        make_folder(target.parent)
        clear_leftovers(target)
        with reserve_beside(target, INCOMING) as incoming:
            try:
                incoming.mkdir(mode=mode)
                yield incoming
                sync_tree(incoming)
                _put_in_place(incoming, target, replace)
            finally:
                remove(incoming)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those around it, with their names on the disk; nothing if it stands. Raises OSError.

    mode: permission bits of what is made, less those that the system holds back.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=mode, exist_ok=True)
        sync_folder(each.parent)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def move_folder(source: Path, target: Path, *, refusal: Refusal = cannot_write) -> None:
    """Rename a folder to a place where none stands, its new name on the disk. Raises StorageError."""
    with refuse_in_one_line(refusal, target):
        make_folder(target.parent)
        rename(source, target)
        sync_folder(target.parent)
        sync_folder(source.parent)


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
