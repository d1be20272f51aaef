"""Which store keeps the reviews of a workspace: files, or the worklist's database once that has been started."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import WorkspaceError
from riskstrat.publication import compute_manifest_digest, find_folders
from riskstrat.reviews import FileReviewStore, ReviewStore
from riskstrat.worklist import is_started, point_at
from riskstrat.worklist.folder import require_same_database
from riskstrat.workspace import Workspace, find, load


def open_review_store(workspace: Workspace) -> ReviewStore:
    """The store of a workspace's reviews; never the files where a database keeps them.

    Raises WorkspaceError, StorageError where the database cannot be had: a list that did not read what teams decided
    would list people again; AuditError where a file of reviews is gone, or it or a published
    list is not as it was logged.
    """
    lists = find_folders(workspace.root / workspace.settings.lists.folder)
    digests = {f"{day}": partial(compute_manifest_digest, folder) for day, folder in lists.items()}
    audit.require_lists_as_logged(workspace.root, digests)
    audit.require_as_logged(workspace.root, FileReviewStore(workspace.root).folder.name)
    if not is_in_database(workspace):
        return FileReviewStore(workspace.root)
    require_same_database(workspace.root, workspace.settings.worklist)
    require_installed()
    point_at(workspace)
    from riskstrat.worklist.store import DatabaseReviewStore, require_reachable

    require_reachable()
    return DatabaseReviewStore(workspace)


def open_started_worklist(root: Path | None, what: str) -> Workspace:
    """The workspace of a worklist that was started, its database reached and its packages loaded.

    what: "export from", said where none was started. Raises WorkspaceError then, and what `open_review_store` does.
    """
    workspace = load(find(root))
    if not is_in_database(workspace):
        raise WorkspaceError(f"there is no worklist to {what}: riskstrat worklist serve makes it")
    open_review_store(workspace)
    return workspace


def is_in_database(workspace: Workspace) -> bool:
    """Whether the worklist has been started, so that its database keeps the reviews."""
    return is_started(workspace.root, workspace.settings.worklist)


def require_installed() -> None:
    """Raises WorkspaceError where the worklist's packages are not installed."""
    try:
        import django  # noqa: F401
        import waitress  # noqa: F401
    except ModuleNotFoundError:
        raise WorkspaceError(
            'the worklist needs packages of its own, which are not installed: pip install "riskstrat[worklist]"'
        ) from None
