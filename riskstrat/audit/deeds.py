"""The deeds of a workspace and of an identity folder as lines of its log, and each look at one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.audit.begun import Deed, find_open, log_deed
from riskstrat.audit.identifiers import holds_nhs_number
from riskstrat.audit.lines import Line
from riskstrat.audit.log import append, read
from riskstrat.audit.reasons import require_purpose
from riskstrat.errors import AuditError
from riskstrat.storage import compute_digest, compute_file_digest

PUBLISHED, WITHDRAWN, IMPORTED = "list published", "list withdrawn", "reviews imported"
TRAINED, PROMOTED, REPLAYED, REFRESHED = "trained", "promoted", "replayed", "refreshed"
MONITORED = "monitored"
PACKED = "evidence pack made"
EXPORTED, RECORDS_EXPORTED = "decisions exported", "records exported"
TRIAL_STARTED, SEALED = "trial started", "list sealed"
TRIAL_UNSEALED, TRIAL_CLOSED = "trial unsealed", "trial closed"
MODEL_EXPORTED = "model exported"
ANCHORED = "worklist anchored"
"""The head of one day of the worklist's own log of looks and edits."""

DELETED = "deleted"
"""What a site no longer keeps: details say which files and folders, how many rows, and the days anchored anew."""


def log_publishing(
    root: Path, manifest: Path, when: str, digest: str, hold_out: Mapping[str, object] | None = None
) -> AbstractContextManager[None]:
    """Log that the list of a date is published: its manifest will stand at `manifest` with this sha256.

    hold_out: the terms of a lot and by team how many it left off, where there was one.
    """
    details = {"list_date": when, "manifest": digest, **({"hold_out": dict(hold_out)} if hold_out else {})}
    return log_deed(root, Deed(PUBLISHED, details, [_describe_leaf(root, manifest, digest)]))


def require_published(root: Path, when: str, digest: str) -> None:
    """Raises AuditError unless the log says that the list of a date was published with this manifest."""
    logged = lists_logged(read(root)).get(when)
    if logged is None or logged.details.get("manifest") != digest:
        raise AuditError(
            f"the list of {when} stands, but the audit log does not say that it was published as it stands; run "
            f'riskstrat audit verify, then withdraw it: riskstrat withdraw {when} --reason "..."'
        )


def log_withdrawing(root: Path, when: str, reason: str, leaves: Mapping[Path, str]) -> AbstractContextManager[None]:
    """Log that the list of a date is taken back, and why. leaves: where its manifest and the note will stand."""
    details = {"list_date": when, "reason": reason}
    return log_deed(root, Deed(WITHDRAWN, details, [_describe_leaf(root, *leaf) for leaf in leaves.items()]))


def find_begun_reason(root: Path, when: str) -> str | None:
    """The reason of a withdrawal of the list of a date that a killed run began and nobody finished."""
    begun = (line.details for line in find_open(read(root)) if line.details["deed"] == WITHDRAWN)
    return next((str(each["details"]["reason"]) for each in begun if each["details"]["list_date"] == when), None)


def is_withdrawn_so(root: Path, when: str, reason: str) -> bool:
    """Whether the last that the log says of the list of a date is that it was withdrawn for this reason."""
    told = [line for line in read(root) if line.details.get("list_date") == when]
    last = [line for line in told if line.action in (PUBLISHED, WITHDRAWN)][-1:]
    return any(line.action == WITHDRAWN and line.details.get("reason") == reason for line in last)


def log_training(root: Path, version: str, record: Path, digest: str) -> AbstractContextManager[None]:
    """Log that a version is registered: its record, which holds the digest of each file, will stand so."""
    return log_deed(root, Deed(TRAINED, {"version": version}, [_describe_leaf(root, record, digest)]))


def require_trained(root: Path, version: str, record: Path) -> None:
    """Raises AuditError if the record of a version is not the one that was logged when it was trained.

    A version of an earlier riskstrat was not logged.
    """
    lines = [line for line in read(root) if (line.action, line.details.get("version")) == (TRAINED, version)]
    if lines and [_name_inside(root, record), compute_file_digest(record)] not in lines[-1].details["leaves"]:
        raise AuditError(
            f"{version} is not what was registered: line {lines[-1].number} of the audit log gives another record; "
            "restore its files from a backup, or train again"
        )


def build_promoting(root: Path, version: str, over: Mapping[str, object] | None, leaves: Mapping[Path, str]) -> Deed:
    """The promotion of a version. over: the gates that it did not pass, who decided so and why, where there are any.

    leaves: the champion's record, then the version's papers.
    """
    details = {"version": version, **({"override": dict(over)} if over else {})}
    return Deed(PROMOTED, details, [_describe_leaf(root, *leaf) for leaf in leaves.items()])


def log_importing(root: Path, file: Path, digest: str, details: Mapping[str, object]) -> AbstractContextManager[None]:
    """Log that reviews of one team's list are taken in, as which file, and whether they put earlier ones right.

    details: list_date, team, reviews (how many) and correction (by whom and why, or None).
    """
    return log_deed(root, Deed(IMPORTED, {**details, "file": file.name}, [_describe_leaf(root, file, digest)]))


def find_last_export(root: Path, key: str) -> tuple[str, str] | None:
    """When the last export that was imported of the worklist with that public key was made, and its sha256."""
    told = [line.details for line in read(root) if line.action == IMPORTED and line.details.get("key") == key]
    return (str(told[-1]["made_at"]), str(told[-1]["export"])) if told else None


def log_refreshing(root: Path, file: Path, digest: str, details: Mapping[str, object]) -> AbstractContextManager[None]:
    """Log that who is kept off lists since is written anew. details: number, as_at and how many are kept off."""
    return log_deed(root, Deed(REFRESHED, details, [_describe_leaf(root, file, digest)]))


def log_replaying(root: Path, page: Path, digest: str) -> AbstractContextManager[None]:
    """Log that the page of a replay is written where lists stand."""
    return log_deed(root, Deed(REPLAYED, {"file": page.name}, [_describe_leaf(root, page, digest)]))


def log_monitoring(root: Path, page: Path, digest: str) -> AbstractContextManager[None]:
    """Log that the page on lists in use is written where lists stand."""
    return log_deed(root, Deed(MONITORED, {"file": page.name}, [_describe_leaf(root, page, digest)]))


def log_packing(root: Path, version: str, manifest: Path, digest: str) -> AbstractContextManager[None]:
    """Log that an evidence pack of a version is made: its manifest will stand outside with this sha256."""
    leaves = [[manifest.resolve().as_posix(), digest]]
    return log_deed(root, Deed(PACKED, {"version": version, "manifest": digest}, leaves))


def log_deleting(root: Path, details: Mapping[str, object], leaves: Mapping[Path, str]) -> AbstractContextManager[None]:
    """Log that what is no longer kept goes. leaves: the record of what goes, then the note that all of it has gone.

    details: gone (path below the workspace and digest of each), rows, before (the first day that stays, by what it is
    of) and heads of days of the worklist's log.
    """
    return log_deed(root, Deed(DELETED, details, [_describe_leaf(root, *leaf) for leaf in leaves.items()]))


def find_begun_deletion(root: Path) -> Mapping[str, Any] | None:
    """The details of a deletion that a killed run began and nobody finished; None without one."""
    begun = [line.details for line in find_open(read(root)) if line.details["deed"] == DELETED]
    return begun[0]["details"] if begun else None


def find_first_kept(root: Path) -> dict[str, date]:
    """By what was deleted so far ("lists", "decisions", "cases", "looks") the first day of which nothing was."""
    first: dict[str, date] = {}
    for line in read(root):
        if line.action == DELETED:
            days = {name: date.fromisoformat(str(day)) for name, day in line.details["before"].items()}
            first |= {name: max(day, first.get(name, day)) for name, day in days.items()}
    return first


def log_exporting(root: Path, out: Path, content: bytes, details: Mapping[str, object]) -> AbstractContextManager[None]:
    """Log that a model leaves for another site in a file with this content.

    details: version, licence, given_by and taken_by, the references of both controllers' approvals.
    """
    digest = compute_digest(content)
    return log_deed(root, Deed(MODEL_EXPORTED, {**details, "sha256": digest}, [[out.resolve().as_posix(), digest]]))


def log_writing_out(
    root: Path, action: str, details: Mapping[str, object], out: Path, content: bytes, user: str | None = None
) -> AbstractContextManager[None]:
    """Log that an identity folder puts out a file with this content."""
    deed = Deed(action, details, [[out.resolve().as_posix(), compute_digest(content)]])
    return log_deed(root, deed, user)


def log_look(root: Path, verb: str, patient: str, when: str, purpose: str | None, *, simulated: bool) -> None:
    """Log that somebody asks about one person, before they are answered: by which verb, at which date, and for what.

    The person stands there as the sha256 of the patient_id; an NHS number, which is none, could be found from it.
    Raises AuditError as `require_purpose` does.
    """
    purpose = require_purpose(purpose, simulated)
    person = None if holds_nhs_number(patient) else compute_digest(patient)
    append(root, "looked at", {"verb": verb, "person": person, "index_date": when, "purpose": purpose})


def lists_logged(lines: Sequence[Line]) -> dict[str, Line]:
    """For each list date that should stand, the line that published it."""
    standing: dict[str, Line] = {}
    for line in lines:
        when = str(line.details.get("list_date", ""))
        if line.action == PUBLISHED:
            standing[when] = line
        elif line.action == WITHDRAWN:
            standing.pop(when, None)
        elif line.action == DELETED:
            gone = {Path(str(path)).name for path, _ in line.details["gone"]}
            standing = {day: each for day, each in standing.items() if day not in gone}
    return standing


def _describe_leaf(root: Path, path: Path, digest: str) -> list[str]:
    return [_name_inside(root, path), digest]


def _name_inside(root: Path, path: Path) -> str:
    """The path below the log's folder; whole for one that lies elsewhere."""
    inside = path.resolve().is_relative_to(root.resolve())
    return (path.resolve().relative_to(root.resolve()) if inside else path.resolve()).as_posix()
