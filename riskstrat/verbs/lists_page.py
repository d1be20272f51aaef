"""Pages about lists that verbs write anew: beside the lists, where the audit log must speak of them, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from riskstrat.errors import StorageError
from riskstrat.publication import make_lists_folder
from riskstrat.site.opening import Site
from riskstrat.site.resources import write_alone
from riskstrat.storage import compute_digest, write_bytes
from riskstrat.workspace import Workspace

PageLogging = Callable[[Path, Path, str], AbstractContextManager[None]]
"""Logs around it that a page is written: told the workspace, the page and its sha256."""


def prepare_target(opened: Site, out: Path | None, name: str) -> Path:
    """Where a page is to stand: `out`, or `name` in the lists' folder. Raises StorageError where its folder is not."""
    settings = opened.workspace.settings.lists
    if out is None:
        make_lists_folder(opened.workspace.root / settings.folder, settings.readers)
        return opened.workspace.root / settings.folder / name
    if not out.parent.is_dir():
        raise StorageError(f"cannot write {out.name}: its folder does not exist; make it first")
    return out


def write_page(workspace: Workspace, verb: str, content: bytes, target: Path, logging: PageLogging) -> None:
    """Write the page; where lists stand it is logged, for there nothing may stand of which the log does not speak."""
    lists = (workspace.root / workspace.settings.lists.folder).resolve()
    if not target.resolve().is_relative_to(lists):
        write_bytes(content, target)
        return
    with write_alone(workspace.root, verb, wait=True), logging(workspace.root, target, compute_digest(content)):
        write_bytes(content, target)
