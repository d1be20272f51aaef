"""Publishing a list whole and once, holding what stands against what would be written, and taking a list back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.errors import PublicationError
from riskstrat.publication.layout import LIST, MANIFEST, WITHDRAWAL, WITHDRAWN
from riskstrat.publication.published import open_published
from riskstrat.publication.weekly_list import FORMAT, WeeklyList, dump_list
from riskstrat.storage import (
    cannot_write,
    compute_folder_digests,
    make_folder,
    move_folder,
    refuse_in_one_line,
    write_bytes,
    write_folder_atomically,
    write_json,
)


@contextmanager
def publish(folder: Path, weekly: WeeklyList, facts: Mapping[str, Any]) -> Iterator[Path]:
    """A folder to write documents into; it becomes `folder`, with the list as data and the manifest, once all is there.

    `facts` go into the manifest beside the format number and the sha256 of every file.
    """
    with write_folder_atomically(folder) as part:
        yield part
        write_bytes(dump_list(weekly), part / LIST)
        write_json({**facts, "format": FORMAT, "files": compute_folder_digests(part)}, part / MANIFEST)


def count_editions(lists: Path, day: date) -> int:
    """How many lists of a date were withdrawn."""
    return len(list((lists / WITHDRAWN).glob(f"{day.isoformat()}-*")))


def require_same(folder: Path, inputs: Mapping[str, str]) -> None:
    """Raises PublicationError if the list in `folder` was changed, or was published from other inputs."""
    advice = f'withdraw it first: riskstrat withdraw {folder.name} --reason "..."'
    try:
        published = open_published(folder)
        before = dict(published.manifest["inputs"])
    except (PublicationError, KeyError, TypeError, ValueError):
        raise PublicationError(f"{folder.name} holds files but no manifest that can be read; {advice}") from None
    try:
        published.require_unchanged()
    except PublicationError as changed:
        raise PublicationError(f"{changed}; {advice}") from None
    differ = [name for name, value in inputs.items() if before.get(name) != value]
    if differ:
        raise PublicationError(
            f"a list of {folder.name} is published, and these have changed since: {', '.join(differ)}; {advice}"
        )


def withdraw_list(lists: Path, day: date, reason: str) -> Path:
    """Move the list of a date to `withdrawn/` with the reason; gives its new folder. The date is free again.

    A withdrawal that was cut short after the move, before its note, is finished.
    """
    folder = lists / day.isoformat()
    target = find_unfinished_withdrawal(lists, day)
    if target is None:
        target = lists / WITHDRAWN / f"{day.isoformat()}-{count_editions(lists, day) + 1}"
        with refuse_in_one_line(cannot_write, target):
            make_folder(target.parent)
        move_folder(folder, target)
    write_json({"list_date": day, "reason": reason}, target / WITHDRAWAL)
    return target


def find_unfinished_withdrawal(lists: Path, day: date) -> Path | None:
    """The folder of a list that was moved to `withdrawn/` and has no note of why, where none stands published."""
    if (lists / day.isoformat()).exists():
        return None
    moved = sorted((lists / WITHDRAWN).glob(f"{day.isoformat()}-*"))
    return next((folder for folder in reversed(moved) if not (folder / WITHDRAWAL).is_file()), None)
