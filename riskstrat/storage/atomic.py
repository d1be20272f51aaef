"""A file written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.storage.beside import INCOMING, clear_leftovers, remove, reserve_beside
from riskstrat.storage.folders import make_folder
from riskstrat.storage.private import OPEN_FILE, PRIVATE_FILE
from riskstrat.storage.refusals import Refusal, cannot_write, refuse_in_one_line
from riskstrat.storage.syncing import rename, sync_file, sync_folder


@contextmanager
def write_atomically(
    target: Path,
    *,
    mode: int = PRIVATE_FILE,
    parents: bool = False,
    refusal: Refusal = cannot_write,
) -> Iterator[Path]:
    """Give an empty file beside `target` to write to; it takes the place of `target` when the block ends well.

    When this returns the content and its name are on the disk; when it raises, `target` is as it was. mode: permission
    bits, by default for the owner alone; OPEN_FILE for those that the system gives a new file. parents: make folders
    that are missing, for whoever may read the file. Raises StorageError with the message of `refusal`.
    """
    with refuse_in_one_line(refusal, target):
        if parents:
            make_folder(target.parent, mode=mode | (mode & 0o444) >> 2)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        clear_leftovers(target)
        with reserve_beside(target, INCOMING) as incoming:
            try:
                _create(incoming, mode)
                yield incoming
                if mode != OPEN_FILE:
                    os.chmod(incoming, mode)
                sync_file(incoming)
                rename(incoming, target)
            finally:
                remove(incoming)
        sync_folder(target.parent)


def write_bytes(
    content: bytes,
    target: Path,
    *,
    mode: int = PRIVATE_FILE,
    parents: bool = False,
    refusal: Refusal = cannot_write,
) -> None:
    """Write the whole content or leave `target` as it was; arguments and errors as for `write_atomically`."""
    with write_atomically(target, mode=mode, parents=parents, refusal=refusal) as incoming:
        incoming.write_bytes(content)


def write_text(
    text: str, target: Path, *, mode: int = PRIVATE_FILE, parents: bool = False, refusal: Refusal = cannot_write
) -> None:
    """Write the whole text in UTF-8, line endings as they are in it, or leave `target` as it was."""
    write_bytes(text.encode("utf-8"), target, mode=mode, parents=parents, refusal=refusal)


def _create(path: Path, mode: int) -> None:
    """Make an empty file that nobody else can open before it has its permissions. Raises OSError if one stands."""

    def open_with_mode(name: str, flags: int) -> int:
        return os.open(name, flags, mode)

    with open(path, "xb", opener=open_with_mode):
        pass
