"""One writer at a time, and who it is; on Linux, macOS and Windows."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from riskstrat.errors import BusyError
from riskstrat.storage.refusals import Refusal, cannot_write, refuse_in_one_line

WAIT_SECONDS = 30.0
FOR_EVER = -1.0
"""As seconds to wait: until the other run has ended."""

_HOLDER = ".holder"
"""Ending of the note that says who holds a lock: Windows lets nobody read a file that is locked."""

_UNKNOWN = "another run"


Busy = Callable[[Path, str], str]
"""Gives the message for the lock that is held, and by whom as far as that is known."""


def name_lock(path: Path, holder: str) -> str:
    """The message of a lock that is held where a caller has no better advice."""
    return f"{path.parent.name}/{path.name} is held by {holder}; wait until that has ended"


@contextmanager
def lock_exclusively(
    path: Path,
    wait: float = WAIT_SECONDS,
    *,
    holder: str | None = None,
    keep: bool = True,
    busy: Busy = name_lock,
    refusal: Refusal = cannot_write,
) -> Iterator[None]:
    """Hold the lock file `path`, made if need be, readable by its owner alone; a killed run holds it no longer.

    holder: what others are told who has it, such as "weekly (process 7)". keep: whether the file stays. Raises
    BusyError with the message of `busy` when another has it for more than `wait` seconds, StorageError with that of
    `refusal` when the file cannot be made.
    """
    from filelock import FileLock, Timeout

    note = path.with_name(path.name + _HOLDER)
    with refuse_in_one_line(refusal, path):
        if not path.parent.is_dir():
            # FileLock would make the folder: a lock beside a store that was lost must not look like a store.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        lock = FileLock(path, timeout=wait, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise BusyError(busy(path, _read_holder(note))) from None
    try:
        _write_holder(note, holder)
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)
            if not keep:
                # Whoever waits for a file that is gone by then takes a new one. Windows removes none that is open.
                path.unlink(missing_ok=True)
        lock.release()


def _write_holder(note: Path, holder: str | None) -> None:
    """Say who holds a lock; what a killed run said of itself goes. Where that cannot be written nobody is named."""
    with suppress(OSError):
        note.unlink(missing_ok=True)
        if holder is not None:
            with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(holder)


def _read_holder(note: Path) -> str:
    try:
        return " ".join(note.read_text(encoding="utf-8").split()) or _UNKNOWN
    except (OSError, ValueError):
        return _UNKNOWN
