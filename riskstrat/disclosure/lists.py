"""What published lists hold of one person: those that stand, and those that were withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.publication import (
    EVERYONE_COLUMNS,
    WITHDRAWN,
    PublishedList,
    TeamList,
    WeeklyList,
    find_folders,
    find_withdrawn,
    open_published,
)


def read_own_entries(lists: Path, patient: str) -> list[dict[str, Any]]:
    """One row per list on which a person stood or was left out, the oldest first: place, reason, estimate, and where
    they were listed or in reserve what the list says of them.

    Raises PublicationError for a list that cannot be read.
    """
    return [entry for folder in _find_every_folder(lists) for entry in _read_list(open_published(folder), patient)]


def _find_every_folder(lists: Path) -> Iterator[Path]:
    yield from find_folders(lists).values()
    yield from (path for path in find_withdrawn(lists) if path.is_dir())


def _read_list(published: PublishedList, patient: str) -> Iterator[dict[str, Any]]:
    everyone = published.read_everyone(EVERYONE_COLUMNS)
    weekly: WeeklyList | None = None
    for row in everyone[everyone["patient_id"] == patient].to_dict("records"):
        entry: dict[str, Any] = {
            "list_date": published.list_date,
            "edition": published.edition,
            "withdrawn": published.folder.parent.name == WITHDRAWN,
            "model": f"{published.model} version {published.version}",
            **{str(name): _write(value) for name, value in row.items()},
        }
        if entry["place"] == "listed":
            weekly = weekly or published.read_list()
            entry["printed"] = _find_printed(weekly.teams, str(entry["reference"]))
            entry |= _find_shown(published, str(entry["reference"]))
        elif reserved := next((one for one in published.read_reserve() if one.patient_id == patient), None):
            weekly = weekly or published.read_list()
            entry["reserve_reference"] = reserved.reference
            entry["in_reserve"] = _find_printed(weekly.teams, reserved.reference)
            entry |= _find_shown(published, reserved.reference)
        yield entry


def _find_shown(published: PublishedList, reference: str) -> dict[str, Any]:
    """What a list holds for clinicians alone about one reference, where it holds anything."""
    shown = published.read_for_clinicians().people.get(reference, ())
    return {"shown_to_clinicians": [asdict(fact) for fact in shown]} if shown else {}


def _write(value: Any) -> Any:
    """A cell as a page has it: no time of day, None for empty."""
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def _find_printed(teams: tuple[TeamList, ...], reference: str) -> dict[str, Any]:
    """What a list's documents say of one reference, and how the person came onto the list."""
    everybody = (person for team in teams for person in (*team.people, *team.reserve))
    people = [asdict(person) for person in everybody if person.reference == reference]
    moves = [asdict(move) for team in teams for move in team.moves if move.reference == reference]
    return {"person": people, "moves": moves}
