"""The deeds of a workspace as lines of its log: lists published and withdrawn, versions promoted, reviews imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskstrat.audit.identifiers import holds_nhs_number
from riskstrat.audit.log import append, read
from riskstrat.audit.verifying import lists_logged
from riskstrat.errors import AuditError


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


def require_loggable(text: str, what: str) -> None:
    """Raises AuditError if `text`, given as `what`, holds an NHS number; ask before doing what is to be logged."""
    if holds_nhs_number(text):
        raise AuditError(f"{what} holds an NHS number; say it without, for the audit log takes no identifier")
