"""Which published list a filled-in file is of: by what it says itself, and by the references that stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from riskstrat import audit
from riskstrat.casefinding import parse_reference
from riskstrat.definitions.phrases import long_date
from riskstrat.errors import PublicationError
from riskstrat.publication import PublishedList, find_folders, find_withdrawn, open_published
from riskstrat.reviews import REFERENCE, Edition, Filled, ListMark, clean_text
from riskstrat.site.dates import written_date


class Returned(NamedTuple):
    """The list that a file is of, as reviews need it and as it was published."""

    edition: Edition
    published: PublishedList


class _Folder(NamedTuple):
    """Where lists are kept, and the name of the file that came back."""

    root: Path
    lists: Path
    file: str


def find_edition(root: Path, lists: Path, filled: Filled, given: str | None, file: str) -> Returned:
    """The published list that the file is of.

    root: the workspace. given: the list's date where the file does not say it. Raises PublicationError if it cannot be
    told, is not published, was withdrawn, or is another than its references are of.
    """
    folder = _Folder(root, lists, file)
    day = _find_date(filled, given, file)
    published = _open_standing(folder, day, filled.mark)
    _require_edition(folder, published, filled.mark)
    teams = published.team_names
    code = filled.mark.team_code if filled.mark else _find_only_team(filled, teams, file)
    if code not in teams:
        raise PublicationError(f"the list of {day} has no team {code}; its teams: {', '.join(sorted(teams))}")
    edition = Edition(code, teams[code], day, published.read_patients(code))
    if filled.mark is None:
        _require_own_references(folder, filled, edition)
    return Returned(edition, published)


def _find_date(filled: Filled, given: str | None, name: str) -> date:
    asked, said = written_date(given, "--list-date") if given else None, filled.mark.list_date if filled.mark else None
    if said and asked and asked != said:
        raise PublicationError(f"{name} is of the list of {said}, not of {asked}; leave out --list-date")
    day = said or asked
    if day is None:
        raise PublicationError(f"{name} does not say which list it is of; give --list-date, such as 2026-11-16")
    return day


def _open_standing(folder: _Folder, day: date, mark: ListMark | None) -> PublishedList:
    """The list that stands for a day. Raises PublicationError, naming the edition that was withdrawn if one was."""
    try:
        return open_published(folder.lists / day.isoformat())
    except PublicationError as refused:
        withdrawn = list(_open_withdrawn(folder.lists, day))
        if withdrawn and not (folder.lists / day.isoformat()).exists():
            number = mark.edition if mark and mark.edition else withdrawn[-1].edition
            raise PublicationError(
                f"nothing was imported from {folder.file}: it is of the list of {day}, which was withdrawn"
                f"{_say_when(folder.root, day, number)}, and none stands for that date; ask for the list that took its "
                "place"
            ) from None
        raise PublicationError(
            f"no list of {day} stands published in {folder.lists.name} ({refused}); check the date, or ask whether it "
            "was withdrawn"
        ) from None


def _require_edition(folder: _Folder, published: PublishedList, mark: ListMark | None) -> None:
    """Raises PublicationError unless the file is of the edition that stands."""
    day = published.list_date
    if published.edition is None:
        raise PublicationError(
            f"the list of {day} was published by an earlier version, whose workbooks have other columns; withdraw it, "
            "publish it again, and fill in the new workbook"
        )
    if mark is None or mark.edition == published.edition:
        return
    if mark.edition and mark.edition > published.edition:
        raise PublicationError(
            f"nothing was imported from {folder.file}: it is of edition {mark.edition} of the list of {day}, and here "
            f"edition {published.edition} is the latest; import it where it was published"
        )
    raise _build_refusal(folder, published, mark.edition)


def _build_refusal(folder: _Folder, stands: PublishedList, edition: int | None) -> PublicationError:
    """What to say of a file of an edition that was withdrawn, where another stands."""
    day, of = stands.list_date, f"edition {edition}" if edition else "an earlier edition"
    return PublicationError(
        f"nothing was imported from {folder.file}: it is of {of} of the list of {day}, which was withdrawn"
        f"{_say_when(folder.root, day, edition)}, and edition {stands.edition} stands, where other people may be "
        "listed; copy what still holds into the workbook of that edition by reference, and import that"
    )


def _say_when(root: Path, day: date, edition: int | None) -> str:
    """The day on which an edition was withdrawn, by the audit log, after "on"; blank where that does not say."""
    lines = (line for line in audit.read(root) if line.action == "list withdrawn")
    days = [line.at[:10] for line in lines if line.details.get("list_date") == day.isoformat()]
    known = days[edition - 1 : edition] if edition else []
    return f" on {long_date(date.fromisoformat(known[0]))}" if known else ""


def _find_references(filled: Filled) -> set[str]:
    return {row.reference for row in filled.rows if row.reference}


def _find_only_team(filled: Filled, teams: Mapping[str, str], name: str) -> str:
    """The team whose references stand in a file that does not say it itself."""
    typed = (parse_reference(clean_text(row[REFERENCE]) or "") for row in filled.rows)
    codes = {reference[:3] for reference in typed if reference}
    found = sorted(codes & set(teams))
    if len(found) != 1:
        which = f"references of {len(found)} teams" if found else "no reference of that list"
        raise PublicationError(f"{name} has {which}; import one team's list at a time, with its references")
    return found[0]


def _require_own_references(folder: _Folder, filled: Filled, edition: Edition) -> None:
    """Raises PublicationError where the references of a file are those of another list or edition.

    A reference is of one case for ever, so one that this edition does not have shows that the file is of another.
    """
    references = _find_references(filled)
    if references <= set(edition.patients):
        return
    day, code = edition.list_date, edition.team_code
    for other in _open_withdrawn(folder.lists, day):
        if references <= _read_references(other, code):
            stands = open_published(folder.lists / day.isoformat())
            raise _build_refusal(folder, stands, other.edition)
    for other_day in sorted(set(find_folders(folder.lists)) - {day}, reverse=True):
        if references <= _read_references(_open_quietly(folder.lists / other_day.isoformat()), code):
            raise PublicationError(
                f"nothing was imported from {folder.file}: its references are those of the list of {other_day}, not of "
                f"{day}; give that date with --list-date"
            )


def _open_withdrawn(lists: Path, day: date) -> Iterator[PublishedList]:
    """The withdrawn editions of a date that can still be read, the first first."""
    opened = map(_open_quietly, find_withdrawn(lists, day))
    yield from (published for published in opened if published)


def _open_quietly(folder: Path) -> PublishedList | None:
    try:
        return open_published(folder)
    except PublicationError:
        return None


def _read_references(published: PublishedList | None, team_code: str) -> set[str]:
    """The references of one team on a list; none where they cannot be read."""
    try:
        return set(published.read_patients(team_code)) if published else set()
    except PublicationError:
        return set()
