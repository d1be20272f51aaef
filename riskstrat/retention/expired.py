"""The files and folders of a workspace that have stood for longer than its settings say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from riskstrat.definitions.retention_settings import RetentionSettings
from riskstrat.publication import compute_manifest_digest, find_every_list, find_folders, find_last_numbers
from riskstrat.reviews import FileReviewStore
from riskstrat.site.resources import Resource, list_places
from riskstrat.sources.store_versions import MANIFEST, list_earlier_versions
from riskstrat.storage import compute_file_digest, list_folder, refuse_in_one_line
from riskstrat.storage.archives import read_archive_facts

if TYPE_CHECKING:
    from riskstrat.workspace import Workspace

Kind = Literal["lists", "decisions", "cases", "looks", "versions", "backups"]
"""What is kept for a time of its own; cases and looks are rows of the worklist alone."""


_Finder = Callable[["Workspace", date], Iterator[tuple[Path, str]]]


@dataclass(frozen=True)
class Expired:
    """A file or folder whose time is up: its path below the workspace, and its digest.

    Of a list the digest is that of its manifest, of a version of the data its name, of a file that of its bytes.
    """

    kind: Kind
    path: str
    digest: str


def compute_first_days(rules: RetentionSettings, today: date) -> dict[Kind, date]:
    """By what has a time the first day of which everything is kept."""
    kept: dict[Kind, int | None] = {
        "lists": rules.lists_days,
        "decisions": rules.decisions_days,
        "cases": rules.cases_days,
        "looks": rules.looks_days,
        "versions": rules.versions_days,
        "backups": rules.backups_days,
    }
    return {kind: today - timedelta(days=days) for kind, days in kept.items() if days is not None}


def find_expired(workspace: Workspace, before: Mapping[Kind, date]) -> list[Expired]:
    """What is of before the first day that is kept of its kind, by kind and path."""
    finders: dict[Kind, _Finder] = {
        "lists": _find_lists,
        "decisions": _find_imports,
        "versions": _find_versions,
        "backups": _find_backups,
    }
    found: list[Expired] = []
    for kind, find in finders.items():
        if kind in before:
            found += [
                Expired(kind, _name_below(workspace.root, path), digest)
                for path, digest in find(workspace, before[kind])
            ]
    return found


def _find_lists(workspace: Workspace, first: date) -> Iterator[tuple[Path, str]]:
    """Lists of before a day, those withdrawn with those that stand; never any of the newest date that stands.

    Nor one that alone knows the last number of a team's cases: without it a reference might be given to another person.
    """
    lists = workspace.root / workspace.settings.lists.folder
    standing = find_folders(lists)
    newest = max(standing, default=None)
    handed_on = find_last_numbers(standing[newest]) if newest else {}
    for day, folder in find_every_list(lists):
        numbers = find_last_numbers(folder) if day < first and day != newest else None
        if numbers is not None and all(number <= handed_on.get(key, 0) for key, number in numbers.items()):
            yield folder, compute_manifest_digest(folder)


def _find_imports(workspace: Workspace, first: date) -> Iterator[tuple[Path, str]]:
    for path in FileReviewStore(workspace.root).find_before(first):
        yield path, compute_file_digest(path)


def _find_versions(workspace: Workspace, first: date) -> Iterator[tuple[Path, str]]:
    for folder in list_earlier_versions(list_places(workspace)[Resource.STORE]):
        if _find_day(folder / MANIFEST) < first:
            yield folder, folder.name


def _find_backups(workspace: Workspace, first: date) -> Iterator[tuple[Path, str]]:
    """Backups of before a day; never the newest of a workspace, nor of a worklist alone."""
    folder = workspace.root / workspace.settings.retention.backups_folder
    facts = {path: read_archive_facts(path) for path in list_folder(folder, ".zip")}
    of_kind: dict[object, list[Path]] = {}
    for path, told in facts.items():
        if told is not None and "riskstrat" in told:
            of_kind.setdefault(told.get("holds"), []).append(path)
    for paths in of_kind.values():
        *older, _ = sorted(paths, key=lambda path: (path.stat().st_mtime, path.name))
        yield from ((path, compute_file_digest(path)) for path in older if _find_day(path) < first)


def _find_day(path: Path) -> date:
    """The day on which a file was written."""
    with refuse_in_one_line(lambda at, reason: f"{at.name} cannot be read: {reason}; allow reading it", path):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()


def _name_below(root: Path, path: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
