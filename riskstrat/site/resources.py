"""What one run at a time may write in a workspace, which verb writes what, and who is said to be writing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from riskstrat import audit
from riskstrat.errors import BusyError, StorageError
from riskstrat.sources.refreshed import locate_refreshed
from riskstrat.storage import FOR_EVER, lock_exclusively

if TYPE_CHECKING:
    from riskstrat.workspace import Workspace


class Resource(StrEnum):
    """A folder that one run at a time writes. The audit log has a lock of its own, for as long as a line takes."""

    STORE = "the ingested data"
    LISTS = "the published lists"
    REVIEWS = "the reviews"
    REGISTRY = "the registry"
    REFRESHED = "the statuses of the day"
    TRIAL = "the silent trial"


WRITTEN_BY: Mapping[str, tuple[Resource, ...]] = {
    "ingest": (Resource.STORE,),
    "refresh": (Resource.REFRESHED,),
    "train": (Resource.REGISTRY,),
    "models": (Resource.REGISTRY,),
    "promote": (Resource.REGISTRY,),
    "weekly": (Resource.LISTS, Resource.TRIAL),
    "withdraw": (Resource.LISTS,),
    "replay": (Resource.LISTS,),
    "monitor": (Resource.LISTS,),
    "reviews import": (Resource.REVIEWS,),
    "retention": (Resource.STORE, Resource.LISTS, Resource.REVIEWS, Resource.TRIAL),
    "trial start": (Resource.TRIAL,),
    "trial close": (Resource.TRIAL,),
    "trial unseal": (Resource.TRIAL,),
    "backup": (Resource.LISTS, Resource.REVIEWS, Resource.REGISTRY, Resource.REFRESHED, Resource.TRIAL),
}
"""What each verb writes, or must not see half written. Those of one verb are taken in the order of `Resource`."""


def list_places(workspace: Workspace) -> dict[Resource, Path]:
    """The folder of each resource of a workspace."""
    root, settings = workspace.root, workspace.settings
    return {
        Resource.STORE: root / settings.data.store,
        Resource.LISTS: root / settings.lists.folder,
        Resource.REVIEWS: root / "reviews",
        Resource.REGISTRY: root / "registry",
        Resource.REFRESHED: locate_refreshed(root).parent,
        Resource.TRIAL: root / "trial",
    }


@contextmanager
def write_alone(root: Path, verb: str, *, wait: bool) -> Iterator[None]:
    """Keep every other run from writing what `verb` writes. Raises BusyError if one does, or waits until it has ended.

    root: the folder of the workspace. Whoever only reads never asks, and is never kept waiting.
    """
    holder = f'"riskstrat {verb}" (process {os.getpid()}, since {audit.now()})'
    with ExitStack() as held:
        for resource in sorted(WRITTEN_BY[verb], key=list(Resource).index):
            held.enter_context(_lock(root, resource, holder, wait))
        yield


def list_running(root: Path) -> tuple[str, ...]:
    """Who writes what in a workspace now, a sentence for each; nobody where that cannot be seen."""
    found = []
    for resource in Resource:
        lock = _locate_lock(root, resource)
        if not lock.exists():
            continue
        try:
            with lock_exclusively(lock, 0.0, keep=False, busy=lambda _, other: other):
                pass
        except BusyError as busy:
            found.append(f"{busy} writes {resource}")
        except StorageError:
            continue
    return tuple(found)


def _locate_lock(root: Path, resource: Resource) -> Path:
    # Beside the folder and not in it: a run that is refused leaves no folder behind.
    return root / f".{resource.name.lower()}.lock"


@contextmanager
def _lock(root: Path, resource: Resource, holder: str, wait: bool) -> Iterator[None]:
    def describe(_: Path, other: str) -> str:
        return f"{other} writes {resource}; try again when that has ended, or add --wait"

    seconds = FOR_EVER if wait else 0.0
    with lock_exclusively(_locate_lock(root, resource), seconds, holder=holder, keep=False, busy=describe):
        yield
