"""Proving a log whole, or naming the first line that is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from riskstrat.audit.begun import find_open
from riskstrat.audit.holding import Holdings, describe_clock, hold_files
from riskstrat.audit.lines import BEGINNING, Line, parsed
from riskstrat.audit.log import FOLDER, HEAD, LOCK, LOG, Head, read, read_head
from riskstrat.errors import StorageError
from riskstrat.storage import lock_exclusively


@dataclass(frozen=True)
class Verified:
    """What was found: `lines` is how many stand, `head` the hash of the last, `problems` is empty for a whole log.

    `notes` are what somebody should know of a log that is whole all the same.
    """

    lines: int
    head: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    read: tuple[Line, ...] = field(default=(), repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


Gather = Callable[[], Holdings]
"""Lists what is kept; asked while nothing is being logged, so that no deed lies between the list and the log."""


def verify(folder: Path, gather: Gather | None = None, remembered: tuple[int, str] | None = None) -> Verified:
    """Walk the chain of `folder`/audit/log.jsonl and hold it against its head, and what stands against it.

    `remembered` is a count and hash that an earlier proof gave and somebody kept elsewhere: it shows a log that was
    written anew from some line on. Raises StorageError when the log is there but cannot be read, or a run that has not
    ended holds it.
    """
    place = folder / FOLDER
    if place.is_dir() and os.access(place, os.W_OK):
        # Between the two lines of a deed that is being done the log would look broken.
        with lock_exclusively(place / LOCK):
            return _prove(folder, gather, remembered)
    return _prove(folder, gather, remembered)


def _prove(folder: Path, gather: Gather | None, remembered: tuple[int, str] | None) -> Verified:
    place = folder / FOLDER
    raws = _read_raw_lines(place / LOG)
    problems, lines = _walk(raws)
    head = read_head(place)
    if not problems:
        problems += _check_against_head(lines, raws, head, (place / HEAD).exists())
    if remembered:
        problems += _check_against_memory(lines, *remembered)
    problems += [_describe_open_deed(line) for line in find_open(lines)]
    notes = list(describe_clock(lines))
    if gather is not None:
        wrong, undigested = hold_files(folder, lines, gather())
        problems += wrong
        notes += _describe_undigested(undigested)
    return Verified(len(raws), lines[-1].hash if lines else BEGINNING, tuple(problems), tuple(notes), tuple(lines))


_FINISHED_BY = {
    "list published": "riskstrat weekly for that date",
    "list withdrawn": "riskstrat withdraw for that date",
    "trained": "riskstrat models",
    "promoted": "riskstrat promote for that version",
    "reviews imported": "riskstrat reviews import of that file",
    "replayed": "riskstrat replay",
    "monitored": "riskstrat monitor",
    "model exported": "riskstrat models export",
    "refreshed": "riskstrat refresh",
    "deleted": "riskstrat retention --delete",
    "trial started": "riskstrat trial start",
    "list sealed": "riskstrat weekly for that date",
    "trial closed": "riskstrat trial close",
}


def describe_open_deeds(folder: Path) -> tuple[str, ...]:
    """A sentence for each deed that a killed run began and nobody finished; quick, and no proof of anything else."""
    return tuple(map(_describe_open_deed, find_open(read(folder))))


def _describe_open_deed(line: Line) -> str:
    deed = str(line.details["deed"])
    again = _FINISHED_BY.get(deed, "the verb that wrote it")
    return (
        f'line {line.number} begins "{deed}" and no line says that it was done: the run was killed; run {again} again, '
        "which finishes or undoes it"
    )


def _describe_undigested(number: int) -> list[str]:
    if not number:
        return []
    return [
        f"files that an earlier riskstrat logged without a digest, of which only their being there is held: {number}"
    ]


def _read_raw_lines(log: Path) -> list[bytes]:
    try:
        return log.read_bytes().splitlines(keepends=True) if log.exists() else []
    except OSError as refused:
        raise StorageError(
            f"cannot read {FOLDER}/{LOG}: {refused.strerror or refused}; check its permissions"
        ) from None


def _walk(raws: list[bytes]) -> tuple[list[str], list[Line]]:
    """What is wrong with the first wrong line, and the lines before it."""
    lines: list[Line] = []
    previous = BEGINNING
    for number, raw in enumerate(raws, start=1):
        line = parsed(raw)
        if line is None:
            return [_describe_broken_line(number, raw, number == len(raws))], lines
        if line.number != number:
            return [f"line {number} calls itself {line.number}: lines are missing, added or in another order"], lines
        if line.previous != previous:
            return [f"line {number} does not follow line {number - 1}: one of them was changed or put in"], lines
        lines.append(line)
        previous = line.hash
    return [], lines


def _describe_broken_line(number: int, raw: bytes, last: bool) -> str:
    if last and not raw.endswith(b"\n"):
        return f"line {number} has no end: it was cut, or a run was interrupted while it was written"
    return f"line {number} was changed: its hash is not that of what it says"


def _check_against_head(lines: list[Line], raws: list[bytes], head: Head | None, there: bool) -> list[str]:
    if head is None:
        what = "cannot be read" if there else "is lost"
        return [f"{FOLDER}/{HEAD} {what}, so a cut at the end would not show"] if lines or there else []
    if len(lines) < head.count:
        return [f"line {len(lines) + 1} is missing: the head counts {head.count} lines and {len(lines)} stand"]
    if head.count and lines[head.count - 1].hash != head.hash:
        return [f"line {head.count} is not the one that the head remembers: the log was written anew"]
    if len(lines) > head.count:
        return [f"line {head.count + 1} is not counted by the head: put in, or a run was interrupted after it"]
    if sum(map(len, raws)) != head.size:
        return [f"{FOLDER}/{HEAD} does not give the size of the log"]
    return []


def _check_against_memory(lines: list[Line], count: int, digest: str) -> list[str]:
    if count < 1 or count > len(lines):
        return [f"line {count} is missing: it stood at an earlier proof, and {len(lines)} lines can be read now"]
    if lines[count - 1].hash != digest:
        return [f"line {count} is not the one of the earlier proof: the log was written anew"]
    return []
