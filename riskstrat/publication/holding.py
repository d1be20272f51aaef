"""What a log must speak of among published lists: the files that their manifests name, and those that stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from riskstrat.errors import PublicationError
from riskstrat.publication.layout import MANIFEST, WITHDRAWAL, WITHDRAWN
from riskstrat.publication.published import find_folders, find_withdrawn, open_published
from riskstrat.storage import list_files


def state_list_files(lists: Path) -> dict[Path, str]:
    """The sha256 of each file of every list that stands or was withdrawn, as its manifest has it.

    Of a list whose manifest cannot be read none is given; the manifest itself is for the log to hold.
    """
    stated: dict[Path, str] = {}
    for _, folder in find_every_list(lists):
        try:
            files = open_published(folder).manifest["files"]
        except PublicationError:
            continue
        stated |= {folder / name: str(digest) for name, digest in files.items()}
    return stated


def find_list_files(lists: Path) -> Iterator[Path]:
    """Every file below the folder of lists, and the manifest of each list, also of one that has none."""
    yield from list_files(lists)
    yield from (folder / MANIFEST for folder in find_folders(lists).values() if not (folder / MANIFEST).exists())


def locate_manifest(lists: Path, when: str) -> Path:
    """Where the manifest of the list of a date stands."""
    return lists / when / MANIFEST


def locate_withdrawn(lists: Path, when: str, number: int) -> tuple[Path, Path]:
    """Where the manifest and the note of the list of a date stand that was the so manieth to be withdrawn, from 1."""
    folder = lists / WITHDRAWN / f"{date.fromisoformat(when)}-{number}"
    return folder / MANIFEST, folder / WITHDRAWAL


def find_every_list(lists: Path) -> Iterator[tuple[date, Path]]:
    """Date and folder of each list that stands, then of each that was withdrawn."""
    yield from find_folders(lists).items()
    for path in find_withdrawn(lists):
        try:
            day = date.fromisoformat(path.name[:10])
        except ValueError:
            continue
        if path.is_dir():
            yield day, path
