"""Holding what a verb is about to read back against what the log says of it, so that nothing else is believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath

from riskstrat.audit.begun import find_open
from riskstrat.audit.deeds import DELETED, PUBLISHED, REFRESHED, WITHDRAWN, lists_logged
from riskstrat.audit.lines import BEGUN, NOT_DONE, Line
from riskstrat.audit.log import FOLDER, LOG, read
from riskstrat.errors import AuditError
from riskstrat.storage import compute_file_digest


def require_as_logged(root: Path, folder: str) -> None:
    """Raises AuditError where a file below `folder` is gone, or another than the log says, by its newest line of it.

    A file of which the log says nothing, as of an earlier riskstrat, is for `audit verify` to name. What a killed run
    left undone may stand or not.
    """
    if not _speaks_of(root, folder):
        return
    lines = read(root)
    expected: dict[str, tuple[str, int]] = {}
    for line in lines:
        for path, digest in _list_leaves(line, folder):
            expected[path] = (digest, line.number)
        if line.action == DELETED:
            expected = _drop(expected, line.details["gone"])
    begun = find_open(lines)
    for line in begun:
        if line.details["deed"] == DELETED:
            expected = _drop(expected, line.details["details"]["gone"])
    undone = [(str(path), str(digest)) for line in begun for path, digest in line.details["leaves"]]
    for path, (digest, number) in expected.items():
        _require_file(root, path, {digest, *(found for name, found in undone if name == path)}, number)


def require_refreshed_as_logged(root: Path, folder: str, data_as_at: date) -> None:
    """The same of what refreshes brought, unless data of a later day than the last of them have taken over."""
    if not _speaks_of(root, folder):
        return
    days = [str(line.details.get("as_at")) for line in read(root) if line.action == REFRESHED]
    if days and days[-1] >= data_as_at.isoformat():
        require_as_logged(root, folder)


def require_lists_as_logged(root: Path, standing: Mapping[str, Callable[[], str]]) -> None:
    """Raises AuditError where a published list has another manifest than was logged.

    standing: by the date of each list that stands what computes the digest of its manifest. A list of which the log
    does not say that it stands is for `audit verify` to name.
    """
    for when, line in lists_logged(read(root)).items():
        logged = line.details.get("manifest")
        if when in standing and logged is not None and standing[when]() != logged:
            raise AuditError(
                f"the list of {when} is not as line {line.number} of the audit log has it: run riskstrat audit verify, "
                "then restore the list from a backup, or withdraw it"
            )


def require_list_as_logged(lines: Iterable[Line], when: str, standing: str, withdrawn: Collection[str]) -> None:
    """Raises AuditError where a list of a date is gone, is another than was logged, or is of no line of the log.

    lines: those of the log, oldest first. standing: the sha256 of the manifest of the one that stands, "" for none;
    withdrawn: of those that were withdrawn.
    """
    known, taken_back, number = _read_manifests(lines, when)
    if known != "" and not standing:
        _refuse_list(
            when, f"is gone, and line {number} of the audit log says that it stands", "restore it from a backup"
        )
    if standing and known not in (standing, None):
        said = f"is not as line {number} has it" if known else "stands, and no line says that it was published"
        _refuse_list(when, f"{said} in the audit log", "restore the one that was published, or take this one away")
    if None not in taken_back and sorted(withdrawn) != sorted(map(str, taken_back)):
        _refuse_list(when, "was withdrawn, and what is kept of that is not as the audit log has it", "restore it")


def _refuse_list(when: str, what: str, advice: str) -> None:
    raise AuditError(f"the list of {when} {what}: run riskstrat audit verify, and {advice}")


def _read_manifests(lines: Iterable[Line], when: str) -> tuple[str | None, list[str | None], int]:
    """Of the lists of a date the manifest of the one that stands ("" for none), of those withdrawn, and its line.

    None for one that an earlier riskstrat logged without its manifest.
    """
    standing: str | None = ""
    withdrawn: list[str | None] = []
    number = 0
    for line in lines:
        if line.action == DELETED:
            gone = [PurePosixPath(str(path)) for path, _ in line.details["gone"]]
            standing = "" if any(path.name == when for path in gone) else standing
            # The names of other files that go, such as a backup's, begin with dates too.
            taken = any(path.parent.name == "withdrawn" and path.name.startswith(f"{when}-") for path in gone)
            withdrawn = [] if taken else withdrawn
        elif line.details.get("list_date") == when and line.action == PUBLISHED:
            standing, number = line.details.get("manifest"), line.number
        elif line.details.get("list_date") == when and line.action == WITHDRAWN:
            standing, withdrawn = "", [*withdrawn, standing]
    return standing, withdrawn, number


def _speaks_of(root: Path, folder: str) -> bool:
    """Whether any line names a file below a folder; most logs are long, and few do."""
    log = root / FOLDER / LOG
    return log.is_file() and f'"{folder}/'.encode() in log.read_bytes()


def _list_leaves(line: Line, folder: str) -> Iterator[tuple[str, str]]:
    if line.action not in (BEGUN, NOT_DONE):
        for path, digest in line.details.get("leaves", ()):
            if str(path).startswith(f"{folder}/"):
                yield str(path), str(digest)


def _drop(expected: dict[str, tuple[str, int]], gone: Iterable[Sequence[str]]) -> dict[str, tuple[str, int]]:
    paths = {str(path) for path, _ in gone}
    return {path: found for path, found in expected.items() if path not in paths}


def _require_file(root: Path, path: str, digests: Collection[str], number: int) -> None:
    file = root / path
    advice = "restore it from a backup, and run riskstrat audit verify"
    if not file.is_file():
        raise AuditError(f"{path} is gone, and line {number} of the audit log says that it stands; {advice}")
    if compute_file_digest(file) not in digests:
        raise AuditError(f"{path} was changed since line {number} of the audit log says how it stands; {advice}")
