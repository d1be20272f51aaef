"""`reviews import` of a worklist's signed export: the record of every list becomes as the export has it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.errors import StorageError, WorkspaceError
from riskstrat.returning import ListChange, find_change, read_editions, require_newer
from riskstrat.reviews import ExportedDecisions, FileReviewStore, parse_export, require_sealed
from riskstrat.site.resources import write_alone
from riskstrat.storage import compute_digest
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import is_in_database
from riskstrat.workspace import Workspace, find, load


def import_export(root: Path | None, file: Path, *, wait: bool = False) -> Report:
    """Take in an export; the same one again changes nothing, and a run that was killed is completed by the next.

    Raises PublicationError, writing nothing, for one that was altered, is signed by a workspace that riskstrat.toml
    does not name, is older than the last or dated ahead, or is about people who are not on the lists here; AuditError
    where those lists are not as they were logged; WorkspaceError where this workspace has a worklist of its own;
    BusyError while another run imports, unless it is to wait.
    """
    workspace = load(find(root))
    if is_in_database(workspace):
        raise WorkspaceError(
            "this workspace has a worklist of its own, which keeps its reviews; import the export where lists are made"
        )
    content = _read(file)
    exported = parse_export(content, file.name)
    require_sealed(exported, workspace.settings.reviews.exports_from, file.name)
    with write_alone(workspace.root, "reviews import", wait=wait):
        audit.require_ready(workspace.root)
        require_newer(workspace.root, exported, compute_digest(content), file.name)
        changes = _find_changes(workspace, exported, file.name)
        return _report(exported, _keep(workspace, exported, changes))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as refused:
        raise StorageError(f"{file.name} cannot be read: {refused.strerror}; check the path and its rights") from None


def _find_changes(workspace: Workspace, exported: ExportedDecisions, name: str) -> list[ListChange]:
    store, lists = FileReviewStore(workspace.root), workspace.root / workspace.settings.lists.folder
    first = audit.find_first_kept(workspace.root)
    kept = max(first.get("decisions", date.min), first.get("lists", date.min))
    changes = (
        find_change(one, store.read_standing(one.list_date, one.team_code), exported.made_at)
        for one in read_editions(workspace.root, lists, exported, kept, name)
    )
    return [change for change in changes if change is not None]


def _keep(workspace: Workspace, exported: ExportedDecisions, changes: list[ListChange]) -> list[str]:
    """Write a file for each list that changes, then the export itself, which says that all of it was taken in."""
    store, written = FileReviewStore(workspace.root), []
    for change in changes:
        correction = change.correction
        details: dict[str, Any] = {
            "list_date": change.edition[0].isoformat(),
            "team": change.edition[1],
            "reviews": sum(not review.takes_back for review in change.written),
            "correction": f"by {correction.by}: {correction.reason}" if correction else None,
        }
        written.append(store.add(change.edition, change.written, correction, _log(workspace.root, details)))
    digest = compute_digest(exported.dump())
    if audit.find_last_export(workspace.root, exported.key) != (exported.made_at, digest):
        last = {"key": exported.key, "made_at": exported.made_at, "export": digest}
        store.keep_export(exported, _log(workspace.root, last))
    return written


def _log(root: Path, details: dict[str, Any]) -> Any:
    def logging(target: Path, digest: str) -> AbstractContextManager[None]:
        return audit.log_importing(root, target, digest, details)

    return logging


def _report(exported: ExportedDecisions, written: list[str]) -> Report:
    summary = {
        "made_at": exported.made_at,
        "files": written,
        "put_forward": len(exported.notices.put_forward),
        "in_question": len(exported.notices.in_question),
    }
    changed = f"{len(written)} list{'' if len(written) == 1 else 's'} changed" if written else "nothing new was decided"
    said = f"the worklist's export of {exported.made_at}: {changed}"
    waiting = f"put forward: {summary['put_forward']}; in question: {summary['in_question']}"
    return Report(summary, (said, waiting, *written))
