"""The published list that somebody asks to name, copied over from the analytics workspace."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import IdentityError, PublicationError
from riskstrat.publication import (
    RESERVE,
    WITHDRAWAL,
    PublishedList,
    find_folders,
    name_references,
    open_published,
    open_sent,
)


def open_week(path: Path, publishers: Collection[str], latest: bool = False) -> PublishedList:
    """The published list in `path`; with `latest`, `path` may hold lists by date and the last is taken.

    publishers: the public keys of the workspaces whose lists may be named. Raises IdentityError for a folder without a
    manifest, a list of a format that is not known, a withdrawn one, or one that none of them sealed as it stands.
    """
    folder = path.resolve()
    if latest and not (folders := find_folders(folder)):
        latest = False
    if latest:
        folder = folders[max(folders)]
    if (folder / WITHDRAWAL).exists():
        raise IdentityError("this list was withdrawn; nobody is named from it")
    try:
        week = open_published(folder)
    except PublicationError as refused:
        raise IdentityError(f"{refused}; give the folder of one published list, copied whole") from None
    return _require_sealed(week, publishers)


def open_sent_week(
    manifest: str, references: str, team: str, publishers: Collection[str], reserve: str = ""
) -> PublishedList:
    """The published list of which a server sent the manifest, one team's references, and its reserve if it is needed.

    They are sent as they stand in their files.

    Raises IdentityError as `open_week` does, but for a withdrawn one, which nothing of this can show.
    """
    try:
        sent = {name_references(team): references.encode()} | ({RESERVE: reserve.encode()} if reserve else {})
        week = open_sent(manifest.encode(), sent)
    except PublicationError as refused:
        raise IdentityError(f"{refused}; send the manifest of one published list as it stands") from None
    return _require_sealed(week, publishers)


def _require_sealed(week: PublishedList, publishers: Collection[str]) -> PublishedList:
    if not audit.is_sealed_by(publishers, week.sealed_bytes(), week.seal):
        raise IdentityError(
            f"{_describe_lack(week, publishers)}; nobody is named from a list that is not known to be published"
        )
    return week


def _describe_lack(week: PublishedList, publishers: Collection[str]) -> str:
    if not publishers:
        return "identity.toml has no publishers: write audit/publisher.pub of the workspace in"
    if week.seal is None:
        return "the list has no seal: an earlier riskstrat published it, so withdraw it and publish it again"
    return "the list was not sealed as it stands by a workspace that identity.toml has among its publishers"
