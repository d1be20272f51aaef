"""Temporary names beside the file or folder they are for, and removing those that killed runs left.

A name is `TARGET.ROLE-PROCESS`, with a number at its end where one process uses several at once. On the same file
system as its target, it can be renamed into place.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

INCOMING, PREVIOUS = "incoming", "previous"
"""What is being written, and the folder that gives way to it."""

_TEMPORARY = re.compile(r".+\.(?:incoming|previous|spill(?:-[a-z]+)?)-(\d+)(?:-\d+)?", re.ASCII | re.DOTALL)
_IN_USE: set[str] = set()
_GUARD = threading.Lock()


def name_beside(target: Path, role: str) -> Path:
    """The first name beside `target` that this process may use for `role`."""
    return target.with_name(f"{target.name}.{role}-{os.getpid()}")


@contextmanager
def reserve_beside(target: Path, role: str) -> Iterator[Path]:
    """A name beside `target` that no other thread or process uses and at which nothing stands."""
    first = name_beside(target, role)
    with _GUARD:
        names = (first if not number else first.with_name(f"{first.name}-{number}") for number in count())
        name = next(each for each in names if os.path.abspath(each) not in _IN_USE and not os.path.lexists(each))
        _IN_USE.add(os.path.abspath(name))
    try:
        yield name
    finally:
        with _GUARD:
            _IN_USE.discard(os.path.abspath(name))


def clear_leftovers(target: Path, *roles: str) -> None:
    """Remove what killed runs left beside `target`: what was incoming, what gave way, and what stands for `roles`.

    A run that was killed after the old folder gave way and before the new one came gets its old folder back.
    """
    for previous in _find_leftovers(target, PREVIOUS):
        if not os.path.lexists(target):
            with suppress(OSError):
                os.replace(previous, target)
        remove(previous)
    for role in (INCOMING, *roles):
        for path in _find_leftovers(target, role):
            remove(path)


def clear_abandoned(folder: Path) -> None:
    """Remove from a folder every temporary name that a killed run left, whatever it was for.

    A folder that gave way is kept: it may be the only one there is, and `clear_leftovers` knows. Nothing is removed on
    Windows, where whose run has ended is not known.
    """
    if os.name == "nt":
        return
    with suppress(OSError):
        for name in sorted(os.listdir(folder)):
            process = _parse_process(name)
            if process is not None and f".{PREVIOUS}-" not in name and not _is_used(folder / name, process):
                remove(folder / name)


def is_leftover_in_use(path: Path) -> bool:
    """Whether a file is, or lies in, a temporary name of a run that has not ended."""
    for part in (path, *path.parents):
        process = _parse_process(part.name)
        if process is not None and _is_used(part, process):
            return True
    return False


def _parse_process(name: str) -> int | None:
    """The process of a temporary name; None for any other name."""
    found = _TEMPORARY.fullmatch(name)
    return int(found[1]) if found else None


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, as far as the system lets it; nothing is raised."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _find_leftovers(target: Path, role: str) -> list[Path]:
    name = re.compile(rf"{re.escape(f'{target.name}.{role}')}-(\d+)(?:-\d+)?", re.ASCII)
    try:
        found = sorted(os.listdir(target.parent))
    except OSError:
        # A folder that may be written but not listed keeps its leftovers: they do no harm.
        return []
    matched = [(target.with_name(each), match) for each in found if (match := name.fullmatch(each))]
    return [path for path, match in matched if not _is_used(path, int(match[1]))]


def _is_used(path: Path, process: int) -> bool:
    """Whether a run that has not ended uses the name; not known on Windows, where os.kill would end it."""
    if process == os.getpid():
        return os.path.abspath(path) in _IN_USE
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
