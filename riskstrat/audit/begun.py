"""A deed in the log: what is meant stands there before it is done, and that it was done after.

Between the two lines this run alone may add to the log, so whoever finds the first line without the second knows that
the run which wrote it was killed. Which files the deed leaves tells what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from riskstrat.audit.lines import BEGUN, NOT_DONE, Line
from riskstrat.audit.log import FOLDER, HeldLog, hold_log, read
from riskstrat.errors import AuditError, RiskstratError
from riskstrat.storage import compute_file_digest

Leaves = Sequence[Sequence[str]]
"""Each file that a deed leaves: its path below the log's folder (whole where it lies elsewhere), and its sha256.

The first is the one that decides: while it does not stand, the deed was not done.
"""


@dataclass(frozen=True)
class Deed:
    """What is done, as one line of the log says it, and the files that it leaves."""

    action: str
    details: Mapping[str, Any]
    leaves: Leaves = ()

    def build_done(self, number: int) -> dict[str, Any]:
        """The details of the line that says it was done; `number` is that of the line before it."""
        inside = [[path, digest] for path, digest in self.leaves if not PurePath(path).is_absolute()]
        return {**self.details, **({"leaves": inside} if inside else {}), "begun": number}


@contextmanager
def log_deed(folder: Path, deed: Deed, user: str | None = None) -> Iterator[None]:
    """Log what is about to be done, let the block do it, and log that it was done.

    The same deed that a killed run began is carried on: it has one line before it and one after, however often it was
    tried. A block that raises leaves a line that says it was not done, unless its deciding file stands. Raises as
    `append` does.
    """
    with hold_log(folder) as log:
        number = _begin(folder, log, deed, user)
        try:
            yield
        except BaseException:
            if not _is_standing(folder, deed.leaves, first=True):
                # What went wrong is what the caller must hear of.
                with suppress(RiskstratError):
                    log.add(NOT_DONE, {"deed": deed.action, "begun": number}, user)
            raise
        log.add(deed.action, deed.build_done(number), user)


def require_ready(folder: Path) -> None:
    """To be asked before doing what is to be logged: what killed runs left behind in the log is put right.

    A deed that they began and that was done is logged as done, and one of which nothing stands as not done. Raises
    AuditError if the log is not as its head says, so that no line could be added; StorageError if it cannot be written.
    """
    if (folder / FOLDER).exists():
        with hold_log(folder) as log:
            for line in find_open(_read_whole(folder, log)):
                _settle(folder, log, line)


def settle(folder: Path) -> None:
    """Answer what killed runs began, as `require_ready` does; where nothing is open, nothing is asked of the log."""
    if find_open(read(folder)):
        require_ready(folder)


def is_done(folder: Path, deed: Deed) -> bool:
    """Whether the newest line of such a deed says just this one, and every file that it leaves stands."""
    lines = [line for line in read(folder) if line.action == deed.action][-1:]
    logged = any(line.details == deed.build_done(int(line.details.get("begun", 0))) for line in lines)
    return logged and _is_standing(folder, deed.leaves)


def find_open(lines: list[Line]) -> list[Line]:
    """The lines that say a deed was begun and that no later line answers."""
    answered = {line.details.get("begun") for line in lines if line.action != BEGUN}
    return [line for line in lines if line.action == BEGUN and line.number not in answered]


def _read_whole(folder: Path, log: HeldLog) -> list[Line]:
    """Every line that the head counts. Raises AuditError if one before the last is not the line that was written."""
    lines = read(folder)
    if len(lines) != log.head.count:
        raise AuditError(
            f"line {len(lines) + 1} of the audit log was changed; nothing is added to a log that is not whole: run "
            "riskstrat audit verify"
        )
    return lines


def _begin(folder: Path, log: HeldLog, deed: Deed, user: str | None) -> int:
    """The number of the line before the deed: the one that a killed run wrote for it, or a new one."""
    meant = {"deed": deed.action, "details": dict(deed.details), "leaves": [list(leaf) for leaf in deed.leaves]}
    for line in find_open(_read_whole(folder, log)):
        if line.details == meant:
            return line.number
        _settle(folder, log, line, replaced=_name_deciding(deed.leaves))
    return log.add(BEGUN, meant, user).number


def _settle(folder: Path, log: HeldLog, line: Line, replaced: str | None = None) -> None:
    """Answer a deed of a killed run, as its author, from what stands; one that is half done waits to be carried on.

    replaced: the deciding file of a deed that comes after it: what it would write over is not carried on any more.
    """
    leaves: Leaves = line.details["leaves"]
    deed = Deed(str(line.details["deed"]), line.details["details"], leaves)
    if not leaves:
        return
    if not _is_standing(folder, leaves, first=True):
        log.add(NOT_DONE, {"deed": deed.action, "begun": line.number}, line.user)
    elif _is_standing(folder, leaves) or _name_deciding(leaves) == replaced:
        stood = [leaf for leaf in leaves if _is_standing(folder, [leaf])]
        log.add(deed.action, Deed(deed.action, deed.details, stood).build_done(line.number), line.user)


def _name_deciding(leaves: Leaves) -> str | None:
    return leaves[0][0] if leaves else None


def _is_standing(folder: Path, leaves: Leaves, *, first: bool = False) -> bool:
    """Whether the files that a deed leaves stand as it would leave them; first: the deciding one alone."""
    wanted = leaves[: 1 if first else None]
    return bool(wanted) and all(_has_digest(folder / path, digest) for path, digest in wanted)


def _has_digest(path: Path, digest: str) -> bool:
    try:
        return compute_file_digest(path) == digest
    except OSError:
        return False
