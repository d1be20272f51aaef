"""Publishing a list whole and once, holding what stands against what would be written, and taking a list back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from pathlib import Path

from riskstrat.errors import PublicationError
from riskstrat.publication.layout import (
    LIST,
    MANIFEST,
    WITHDRAWAL,
    WITHDRAWN,
    Readers,
    choose_folder_mode,
    choose_mode,
    name_files,
)
from riskstrat.publication.published import SEAL, compute_manifest_digest, find_withdrawn, format_sealed, open_published
from riskstrat.publication.weekly_list import FORMAT, WeeklyList, dump_list
from riskstrat.storage import (
    cannot_write,
    clear_abandoned,
    compute_digest,
    compute_folder_digests,
    format_json,
    make_folder,
    move_folder,
    refuse_in_one_line,
    set_permissions,
    write_bytes,
    write_folder_atomically,
    write_json,
)

_OWNER_ALONE = 0o700

Logging = Callable[[Path, str], AbstractContextManager[None]]
"""Logs a deed around it, told where its manifest will stand and the manifest's sha256."""


@contextmanager
def publish(
    folder: Path,
    weekly: WeeklyList,
    facts: Mapping[str, object],
    logging: Logging,
    readers: Readers = "owner",
    seal: Callable[[bytes], Mapping[str, str]] | None = None,
) -> Iterator[Path]:
    """A folder to write documents into; it becomes `folder`, with the list as data and the manifest, once all is there.

    It has a folder for each team by `name_files`. `facts` go into the manifest beside format number, edition and the
    sha256 of every file. `logging` is entered when every file is written and left when the folder has its name.
    `readers`: who may open a team's folder; what is of all teams is for the account alone. `seal` makes the seal that
    stands in the manifest; nobody can be named from a list without one. The caller keeps other runs from writing lists,
    so that no two give the same references.
    """
    make_lists_folder(folder.parent, readers)
    with ExitStack() as logged:
        clear_abandoned(folder.parent)
        with write_folder_atomically(folder, mode=_OWNER_ALONE) as part:
            for team in weekly.teams:
                make_folder(part / name_files(team.team_code), mode=_OWNER_ALONE)
            yield part
            write_bytes(dump_list(weekly), part / LIST)
            manifest = {**facts, "format": FORMAT, "edition": weekly.edition, "files": compute_folder_digests(part)}
            if seal:
                manifest[SEAL] = seal(format_sealed(manifest))
            write_json(manifest, part / MANIFEST)
            set_permissions(part, lambda path: choose_mode(path, readers))
            logged.enter_context(logging(folder / MANIFEST, compute_digest(format_json(manifest))))


def make_lists_folder(lists: Path, readers: Readers) -> None:
    """Make the folder of all lists, if none stands, for nobody but those who may read. Raises StorageError."""
    with refuse_in_one_line(cannot_write, lists):
        make_folder(lists, mode=choose_folder_mode(readers))


def count_editions(lists: Path, day: date) -> int:
    """How many lists of a date were withdrawn."""
    return len(find_withdrawn(lists, day))


def require_same(folder: Path, inputs: Mapping[str, str]) -> None:
    """Raises PublicationError if the list in `folder` was changed, or was published from other inputs."""
    before = require_unchanged(folder)
    differ = [name for name, value in inputs.items() if before.get(name) != value]
    if differ:
        raise PublicationError(
            f"a list of {folder.name} is published, and these have changed since: {', '.join(differ)}; "
            f"{_advise(folder)}"
        )


def require_unchanged(folder: Path) -> dict[str, str]:
    """What the list in `folder` was published from. Raises PublicationError if the list was changed since."""
    advice = _advise(folder)
    try:
        published = open_published(folder)
        before = dict(published.manifest["inputs"])
    except (PublicationError, KeyError, TypeError, ValueError):
        raise PublicationError(f"{folder.name} holds files but no manifest that can be read; {advice}") from None
    try:
        published.require_unchanged()
    except PublicationError as changed:
        raise PublicationError(f"{changed}; {advice}") from None
    return before


def _advise(folder: Path) -> str:
    return f'withdraw it first: riskstrat withdraw {folder.name} --reason "..."'


def withdraw_list(
    lists: Path, day: date, reason: str, logging: Callable[[Mapping[Path, str]], AbstractContextManager[None]]
) -> Path:
    """Move the list of a date to `withdrawn/` with the reason; gives its new folder. The date is free again.

    A withdrawal that was cut short after the move, before its note, is finished. `logging` logs the deed around it,
    told the sha256 of the manifest and of the note by where they will stand.
    """
    folder = lists / day.isoformat()
    target = find_unfinished_withdrawal(lists, day)
    moved = target is not None
    target = target or lists / WITHDRAWN / f"{day.isoformat()}-{count_editions(lists, day) + 1}"
    note = {"list_date": day, "reason": reason}
    manifest = compute_manifest_digest(target if moved else folder)
    # A list that lost its manifest is known by the note alone.
    leaves = {target / MANIFEST: manifest} if manifest else {}
    with logging({**leaves, target / WITHDRAWAL: compute_digest(format_json(note))}):
        if not moved:
            with refuse_in_one_line(cannot_write, target):
                make_folder(target.parent, mode=_OWNER_ALONE)
            move_folder(folder, target)
        write_json(note, target / WITHDRAWAL)
    return target


def find_unfinished_withdrawal(lists: Path, day: date) -> Path | None:
    """The folder of a list that was moved to `withdrawn/` and has no note of why, where none stands published."""
    if (lists / day.isoformat()).exists():
        return None
    moved = reversed(find_withdrawn(lists, day))
    return next((folder for folder in moved if not (folder / WITHDRAWAL).is_file()), None)
