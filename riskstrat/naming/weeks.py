"""The published list that somebody asks to name, copied over from the analytics workspace."""

from __future__ import annotations

from pathlib import Path

from riskstrat.errors import IdentityError, PublicationError
from riskstrat.publication import WITHDRAWAL, PublishedList, find_folders, open_published


def open_week(path: Path, latest: bool = False) -> PublishedList:
    """The published list in `path`; with `latest`, `path` may hold lists by date and the last is taken.

    Raises IdentityError for a folder without a manifest, a list of a format that is not known, or a withdrawn one.
    """
    folder = path.resolve()
    if latest and not (folders := find_folders(folder)):
        latest = False
    if latest:
        folder = folders[max(folders)]
    if (folder / WITHDRAWAL).exists():
        raise IdentityError("this list was withdrawn; nobody is named from it")
    try:
        return open_published(folder)
    except PublicationError as refused:
        raise IdentityError(f"{refused}; give the folder of one published list, copied whole") from None
