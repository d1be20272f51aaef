"""Holding what stands on disk against what the log, and the lists of files that it names, say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from riskstrat.audit.lines import Line
from riskstrat.storage import compute_file_digest, is_leftover_in_use

_LOCK = re.compile(r"\.lock(?:\..+)?")
"""What keeps two runs apart, and who holds it."""

Located = tuple[Iterable[tuple[str, str | None]], Iterable[str]]
"""Files that a line says stand (path, and sha256 where it was logged), and files and folders that it says are gone."""


@dataclass(frozen=True)
class Found:
    """A file that must stand: its sha256 (None where an earlier riskstrat logged none), and who says so."""

    digest: str | None
    by: str


@dataclass(frozen=True)
class Holdings:
    """What a workspace keeps of which the log must speak.

    locate: what a line says of files, asked of every line in order. stated: the sha256 of each file that a manifest or
    a record names. present: every file there is. Paths are below the workspace.
    """

    locate: Callable[[Line], Located]
    stated: Mapping[str, str]
    present: Iterable[str]


def hold_files(root: Path, lines: Iterable[Line], holdings: Holdings) -> tuple[list[str], int]:
    """A sentence for each file that is missing, was changed, or of which nothing speaks; how many have no digest."""
    expected = _collect_expected(lines, holdings)
    unlogged = (path for path in sorted({*holdings.present} - {*expected}) if not _LOCK.fullmatch(Path(path).name))
    problems = [said for path, found in sorted(expected.items()) if (said := _judge(root, path, found))]
    unknown = [
        f"{path} stands, but no line of the log speaks of it: move it away, or run again the verb that wrote it"
        for path in unlogged
        if not is_leftover_in_use(root / path)
    ]
    return problems + unknown, sum(found.digest is None for found in expected.values())


def describe_clock(lines: Iterable[Line]) -> Iterator[str]:
    """A sentence where a line is earlier than the one before it, for the first; the chain still proves their order."""
    last: Line | None = None
    for line in lines:
        if last is not None and line.at < last.at:
            yield (
                f"line {line.number} is of {line.at}, earlier than line {last.number} of {last.at}: the clock of the "
                "machine was set back, so look at who was at it; the order of the lines is proved"
            )
            return
        last = line


def _collect_expected(lines: Iterable[Line], holdings: Holdings) -> dict[str, Found]:
    logged: dict[str, Found] = {}
    for line in lines:
        stands, gone = holdings.locate(line)
        for each in gone:
            logged = {path: found for path, found in logged.items() if not f"{path}/".startswith(f"{each}/")}
        logged |= {path: Found(digest, f"line {line.number} of the log") for path, digest in stands}
    stated = {path: Found(digest, "the list of files beside it") for path, digest in holdings.stated.items()}
    # What a line says counts, but for one without a digest.
    return stated | {path: found for path, found in logged.items() if found.digest is not None or path not in stated}


def _judge(root: Path, path: str, found: Found) -> str | None:
    file = root / path
    if not file.is_file():
        return f"{path} is missing: {found.by} says that it stands"
    try:
        changed = found.digest is not None and compute_file_digest(file) != found.digest
    except OSError as refused:
        return f"{path} cannot be read: {refused.strerror}"
    return f"{path} was changed: it is not as {found.by} has it" if changed else None
