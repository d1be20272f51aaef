"""Adding a line to the log of a folder, and reading its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from riskstrat.audit.clock import now, system_user
from riskstrat.audit.identifiers import holds_nhs_number
from riskstrat.audit.lines import ACTIONS, BEGINNING, Line, parsed
from riskstrat.errors import AuditError
from riskstrat.storage import (
    append_bytes,
    cut_file,
    find_misfit,
    format_canonical_json,
    lock_exclusively,
    make_folder,
    parse_json,
    refuse_in_one_line,
    write_bytes,
)

FOLDER, LOG, HEAD, LOCK = "audit", "log.jsonl", "head.json", "log.lock"
_USUAL_LINE = 65_536
"""Bytes of the end of the log that are read first; the line of a deletion names every file that goes."""


@dataclass(frozen=True)
class Head:
    """How many lines stand, the hash of the last, and the bytes that they take."""

    count: int = 0
    hash: str = BEGINNING
    size: int = 0


@dataclass
class HeldLog:
    """The log of a folder while this run alone may add to it."""

    place: Path
    head: Head

    def add(self, action: str, details: Mapping[str, object], user: str | None = None) -> Line:
        """Add one line and give it; it is on the disk when this returns. Raises as `append` does."""
        fields = _fit_to_log(action, details, user or system_user())
        with refuse_in_one_line(_word_write_failure, self.place):
            line = Line(number=self.head.count + 1, at=now(), previous=self.head.hash, **fields)
            self.head = _add(self.place, self.head, line)
        return line


@contextmanager
def hold_log(folder: Path) -> Iterator[HeldLog]:
    """The log of `folder`, made if need be, for this run alone until the block ends.

    What a killed run left at its end is put right. Raises AuditError for a log that is not as its head says, and
    StorageError when it cannot be written or another run holds it.
    """
    place = folder / FOLDER
    with refuse_in_one_line(_word_write_failure, place):
        make_folder(place)
    with lock_exclusively(place / LOCK, refusal=_word_write_failure):
        with refuse_in_one_line(_word_write_failure, place):
            head = _restore_head(place, read_head(place))
        yield HeldLog(place, head)


def append(folder: Path, action: str, details: Mapping[str, object], user: str | None = None) -> Line:
    """Add one line to `folder`/audit/log.jsonl and give it; `user` is the system's unless given.

    It is on the disk when this returns. Raises AuditError for an unknown action, for details with an NHS number in
    them, and for a log that is not as its head says; StorageError when it cannot be written.
    """
    _fit_to_log(action, details, user or system_user())
    with hold_log(folder) as log:
        return log.add(action, details, user)


def read(folder: Path) -> list[Line]:
    """The lines of the log, oldest first; a line that is not whole ends it. For a proof use `verify`."""
    path = folder / FOLDER / LOG
    if not path.exists():
        return []
    lines: list[Line] = []
    for raw in path.read_bytes().splitlines(keepends=True):
        line = parsed(raw)
        if line is None:
            break
        lines.append(line)
    return lines


def read_head(place: Path) -> Head | None:
    """What the head file says; None if there is none, or it is not one that could have been written."""
    try:
        told = parse_json((place / HEAD).read_bytes())
    except (OSError, ValueError):
        return None
    if find_misfit(told, {"count": int, "hash": str, "size": int}) or min(told["count"], told["size"]) < 0:
        return None
    return Head(told["count"], told["hash"], told["size"])


def _fit_to_log(action: str, details: Mapping[str, object], user: str) -> dict[str, Any]:
    if action not in ACTIONS:
        raise AuditError(f'"{action}" is not an action of the log; the actions are {", ".join(ACTIONS)}')
    try:
        plain = parse_json(format_canonical_json(dict(details)))
    except (TypeError, ValueError):
        raise AuditError(f'the details of "{action}" must be text, numbers, lists and mappings of them') from None
    if holds_nhs_number(plain) or holds_nhs_number(user):
        raise AuditError(f'the details of "{action}" hold an NHS number; the log takes none, leave it out')
    return {"action": action, "details": plain, "user": user}


def _restore_head(place: Path, head: Head | None) -> Head:
    """The head to add to, after what an interrupted run left behind is completed or cut off."""
    log = place / LOG
    size = log.stat().st_size if log.exists() else 0
    if head is None and size:
        raise AuditError(f"{FOLDER}/{HEAD} is lost or cannot be read; {_word_advice()}")
    head = head or Head()
    if size < head.size:
        raise AuditError(f"{FOLDER}/{LOG} is shorter than its head says; {_word_advice()}")
    if not _has_head_hash(log, head):
        raise AuditError(f"{FOLDER}/{LOG} is not as its head says; {_word_advice()}")
    return head if size == head.size else _resolve_tail(place, head)


def _resolve_tail(place: Path, head: Head) -> Head:
    """A line that was written before its head was counts; a part of one was never reported, so it is cut off."""
    with (place / LOG).open("rb") as log:
        log.seek(head.size)
        tail = log.read()
    line = parsed(tail)
    if line is not None and (line.number, line.previous) == (head.count + 1, head.hash):
        completed = Head(line.number, line.hash, head.size + len(tail))
        _write_head(place, completed)
        return completed
    if b"\n" in tail:
        raise AuditError(f"{FOLDER}/{LOG} has lines that its head does not count; {_word_advice()}")
    cut_file(place / LOG, head.size)
    return head


def _has_head_hash(log: Path, head: Head) -> bool:
    """Whether the last line that the head counts has the hash that the head has."""
    if not head.count:
        return head == Head()
    line = parsed(_read_last_line(log, head.size))
    return line is not None and (line.number, line.hash) == (head.count, head.hash)


def _read_last_line(log: Path, size: int) -> bytes:
    """The last line of the first `size` bytes, its end included; a line may be of any length."""
    length = _USUAL_LINE
    with log.open("rb") as file:
        while True:
            length = min(length, size)
            file.seek(size - length)
            tail = file.read(length)
            if length == size or b"\n" in tail[:-1]:
                return tail[tail.rfind(b"\n", 0, -1) + 1 :]
            length *= 8


def _add(place: Path, head: Head, line: Line) -> Head:
    raw = line.written()
    append_bytes(raw, place / LOG)
    counted = Head(line.number, line.hash, head.size + len(raw))
    _write_head(place, counted)
    return counted


def _write_head(place: Path, head: Head) -> None:
    write_bytes(format_canonical_json(asdict(head)) + b"\n", place / HEAD, refusal=_word_write_failure)


def _word_write_failure(path: Path, reason: str) -> str:
    return f"cannot write {FOLDER}/{LOG}: {reason}; nothing may go unlogged, so make room"


def _word_advice() -> str:
    return "nothing is added to a log that is not whole: run riskstrat audit verify"
