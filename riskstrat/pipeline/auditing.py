"""The verb `audit verify`, and what publishing and withdrawing a list write into the log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.pipeline.reports import Report
from riskstrat.storage import compute_file_digest

MANIFEST = "manifest.json"
IDENTITY_SETTINGS = "identity.toml"
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_KEPT = re.compile(r"\s*([1-9]\d*)\s*:\s*([0-9a-f]{64})\s*", re.ASCII)


def verify(root: Path | None, remembered: str | None = None) -> Report:
    """Prove the log of a workspace or of an identity folder whole. Raises AuditError naming the first wrong line.

    `remembered` is COUNT:HASH as an earlier proof printed it.
    """
    folder, lists = _folder_and_lists(root)
    published = None if lists is None else manifests(lists)
    found = audit.verify(folder, published, _remembered(remembered))
    if not found.whole:
        more = len(found.problems) - 1
        others = f" (and {more} more: {'; '.join(found.problems[1:])})" if more else ""
        raise AuditError(
            f"the audit log is not whole: {found.problems[0]}{others}; keep the folder as it is, tell the IG lead and "
            "compare it with the last backup"
        )
    summary = {"folder": str(folder), "lines": found.lines, "head": found.head, "whole": True}
    return Report(summary, (f"the audit log is whole: {_lines(found.lines)}", f"head {found.lines}:{found.head}"))


def log_published(root: Path, lists: Path, when: str) -> None:
    """Log the list of a date as it stands in `lists`; does nothing when it is logged so already.

    So a run that was interrupted between publishing and logging is put right by the next.
    """
    digest = _digest(lists / when / MANIFEST)
    logged = audit.lists_logged(audit.read(root)).get(when)
    if logged is None or logged.details.get("manifest") != digest:
        audit.append(root, "list published", {"list_date": when, "manifest": digest})


def log_withdrawn(root: Path, when: str, reason: str) -> None:
    """Log that the list of a date was taken back, and why."""
    audit.append(root, "list withdrawn", {"list_date": when, "reason": reason})


def log_promoted(root: Path, version: str, failed: Sequence[str], by: str | None, reason: str | None) -> None:
    """Log that a version was promoted, and over which gates, by whom and why, where it was."""
    if failed:
        details = {"version": version, "gates": list(failed), "by": by, "reason": reason}
        audit.append(root, "override", details)
    audit.append(root, "promoted", {"version": version})


def log_imported(root: Path, list_date: str, team: str, file: str, reviews: int, correction: str | None) -> None:
    """Log that reviews of one team's list were taken in, as which file, and whether they put earlier ones right."""
    details = {"list_date": list_date, "team": team, "file": file, "reviews": reviews, "correction": correction}
    audit.append(root, "reviews imported", details)


def require_loggable(text: str, what: str) -> None:
    """Raises AuditError if `text`, given as `what`, holds an NHS number; ask before doing what is to be logged."""
    if audit.holds_nhs_number(text):
        raise AuditError(f"{what} holds an NHS number; say it without, for the audit log takes no identifier")


def manifests(lists: Path) -> dict[str, str]:
    """For each list that stands in a folder, by its date: the sha256 of its manifest, "" if it has none."""
    folders = [path for path in sorted(lists.glob("*")) if path.is_dir() and _DATED.fullmatch(path.name)]
    return {path.name: _digest(path / MANIFEST) for path in folders}


def _folder_and_lists(root: Path | None) -> tuple[Path, Path | None]:
    """The folder whose log is meant, and where its lists are; an identity folder has none."""
    if root is not None and (root / IDENTITY_SETTINGS).is_file():
        return root.resolve(), None
    from riskstrat.workspace import find, load

    workspace = load(find(root))
    return workspace.root, workspace.root / workspace.settings.lists.folder


def _remembered(given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    written = _KEPT.fullmatch(given)
    if not written:
        raise AuditError("--head must be COUNT:HASH as an earlier riskstrat audit verify printed it")
    return int(written[1]), written[2]


def _digest(path: Path) -> str:
    return compute_file_digest(path) if path.is_file() else ""


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number:,} lines"
