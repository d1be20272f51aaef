"""Proving a log whole, or naming the first line that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from riskstrat.audit.lines import BEGINNING, Line, parsed
from riskstrat.audit.log import FOLDER, HEAD, LOG, Head, read_head
from riskstrat.errors import StorageError


@dataclass(frozen=True)
class Verified:
    """What was found: `lines` is how many stand, `head` the hash of the last, `problems` is empty for a whole log."""

    lines: int
    head: str
    problems: tuple[str, ...] = ()
    read: tuple[Line, ...] = field(default=(), repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    folder: Path, published: Mapping[str, str] | None = None, remembered: tuple[int, str] | None = None
) -> Verified:
    """Walk the chain of `folder`/audit/log.jsonl and hold it against its head.

    `published` maps the date of each list that stands to the sha256 of its manifest: each must be logged so, and no
    other may be. `remembered` is a count and hash that an earlier proof gave and somebody kept elsewhere: it shows a
    log that was written anew from some line on. Raises StorageError when the log is there but cannot be read.
    """
    place = folder / FOLDER
    raws = _read_raw_lines(place / LOG)
    problems, lines = _walk(raws)
    head = read_head(place)
    if not problems:
        problems += _check_against_head(lines, raws, head, (place / HEAD).exists())
    if remembered:
        problems += _check_against_memory(lines, *remembered)
    if published is not None:
        problems += _check_against_lists(lines, published)
    return Verified(len(raws), lines[-1].hash if lines else BEGINNING, tuple(problems), tuple(lines))


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


def _check_against_lists(lines: list[Line], published: Mapping[str, str]) -> list[str]:
    """Each list that stands was logged as it stands, and each that was logged and not withdrawn stands."""
    standing = lists_logged(lines)
    problems = []
    for when in sorted({*published, *standing}):
        if when not in standing:
            problems.append(f'the list of {when} stands but the log has no "list published" for it')
        elif when not in published:
            problems.append(f"line {standing[when].number} says the list of {when} was published; it does not stand")
        elif standing[when].details.get("manifest") != published[when]:
            problems.append(f"the list of {when} has another manifest than line {standing[when].number} says")
    return problems


def lists_logged(lines: list[Line]) -> dict[str, Line]:
    """For each list date that should stand, the line that published it."""
    standing: dict[str, Line] = {}
    for line in lines:
        when = str(line.details.get("list_date", ""))
        if line.action == "list published":
            standing[when] = line
        elif line.action == "list withdrawn":
            standing.pop(when, None)
    return standing
