"""Where each part of a published list stands below its folder `<lists>/<date>/`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from riskstrat.errors import PublicationError

MANIFEST = "manifest.json"
LIST = "list.json"
REFERENCES = "references.csv"
"""In a team's folder. One row per person on its list: the key from references back to the pseudonyms of the source."""

EVERYONE = "internal/everyone.parquet"
"""One row per eligible person with a team, as `EVERYONE_COLUMNS`."""

REVIEWS = "internal/reviews.csv"
"""The imported reviews that the list read, one row per outcome, so that a rerun reads the same."""

NOTICES = "internal/notices.json"
"""Whom clinicians put forward and who was in question when the list was made; only where there was anybody."""

FOR_CLINICIANS = "clinicians/facts.json"
"""Sensitive facts that clinicians alone are shown; only where the site has recorded that they may be."""

CASES = "internal/cases.csv"
"""Every case that this list and those before it opened, so that no number is given twice; the next list carries on."""

RESERVE = "internal/reserve.csv"
"""Whom each team may take up when a case falls through; only where a reserve is kept. Nobody in it is listed."""

INDEX = "index.html"
NAMING = "naming.html"
"""In each team's folder: the page on which a practice names that team's list."""

WITHDRAWN, WITHDRAWAL = "withdrawn", "withdrawal.json"
"""The folder that withdrawn lists move to, and the note in each."""

EVERYONE_COLUMNS = (
    *("patient_id", "team", "place", "reason", "order", "margin", "risk"),
    *("reference", "rank", "arrival", "listed_since", "weeks_on_list"),
)

Readers = Literal["owner", "group"]
"""Who may open what a team gets: the account that published it alone, or its group as well."""

_FOLDER_MODES: dict[Readers, int] = {"owner": 0o700, "group": 0o750}
_FILE_MODES: dict[Readers, int] = {"owner": 0o600, "group": 0o640}
CLINICIANS = "clinicians"
"""The folder of what clinicians alone are shown, with a folder for each team."""

_OF_ALL_TEAMS = (MANIFEST, LIST, "internal", CLINICIANS)
"""What no team's folder may hold: for the account that published it, whoever else may read."""

_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def name_files(team_code: str) -> str:
    """The name, without ending, of a team's files: its code in lower case.

    Raises PublicationError if the code could not be a file name on every system.
    """
    stem = team_code.lower()
    if not _SAFE.fullmatch(stem):
        raise PublicationError(
            "a team code may hold up to 64 letters, digits, '-' and '_', starting with a letter or digit; "
            f"change team code '{team_code}' in riskstrat.toml"
        )
    return stem


def name_references(team_code: str) -> str:
    """Where the references of one team stand. Raises PublicationError as `name_files` does."""
    return f"{name_files(team_code)}/{REFERENCES}"


def choose_folder_mode(readers: Readers) -> int:
    """The permission bits of a folder on the way to what teams get."""
    return _FOLDER_MODES[readers]


def choose_mode(path: Path, readers: Readers) -> int:
    """The permission bits of a file (it has an ending) or folder of a published list, by its path below `<date>/`."""
    allowed: Readers = "owner" if path.parts[:1] and path.parts[0] in _OF_ALL_TEAMS else readers
    return (_FILE_MODES if path.suffix else _FOLDER_MODES)[allowed]
