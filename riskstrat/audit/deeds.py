"""The deeds of a workspace as lines of its log: lists published and withdrawn, versions promoted, reviews imported,
and each look at one person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskstrat.audit.identifiers import holds_nhs_number
from riskstrat.audit.log import append, read
from riskstrat.audit.reasons import require_purpose
from riskstrat.audit.verifying import lists_logged
from riskstrat.storage import compute_digest


def log_published(root: Path, when: str, digest: str) -> None:
    """Log the list of a date, whose manifest has this sha256; does nothing when it is logged so already.

    So a run that was interrupted between publishing and logging is put right by the next.
    """
    logged = lists_logged(read(root)).get(when)
    if logged is None or logged.details.get("manifest") != digest:
        append(root, "list published", {"list_date": when, "manifest": digest})


def log_withdrawn(root: Path, when: str, reason: str) -> None:
    """Log that the list of a date was taken back, and why."""
    append(root, "list withdrawn", {"list_date": when, "reason": reason})


def log_promoted(root: Path, version: str, failed: Sequence[str], by: str | None, reason: str | None) -> None:
    """Log that a version was promoted, and over which gates, by whom and why, where it was."""
    if failed:
        details = {"version": version, "gates": list(failed), "by": by, "reason": reason}
        append(root, "override", details)
    append(root, "promoted", {"version": version})


def log_imported(root: Path, list_date: str, team: str, file: str, reviews: int, correction: str | None) -> None:
    """Log that reviews of one team's list were taken in, as which file, and whether they put earlier ones right."""
    details = {"list_date": list_date, "team": team, "file": file, "reviews": reviews, "correction": correction}
    append(root, "reviews imported", details)


def log_look(root: Path, verb: str, patient: str, when: str, purpose: str | None, *, simulated: bool) -> None:
    """Log that somebody asks about one person, before they are answered: by which verb, at which date, and for what.

    The person stands there as the sha256 of the patient_id; an NHS number, which is none, could be found from it.
    Raises AuditError as `require_purpose` does.
    """
    purpose = require_purpose(purpose, simulated)
    person = None if holds_nhs_number(patient) else compute_digest(patient)
    append(root, "looked at", {"verb": verb, "person": person, "index_date": when, "purpose": purpose})
