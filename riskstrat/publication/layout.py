"""Where each part of a published list stands below its folder `<lists>/<date>/`."""

from __future__ import annotations

import re

from riskstrat.errors import PublicationError

MANIFEST = "manifest.json"
LIST = "list.json"
REFERENCES = "references.csv"
"""One row per listed person: the key from references back to the pseudonyms of the source."""

EVERYONE = "internal/everyone.parquet"
"""One row per eligible person with a team, as `EVERYONE_COLUMNS`."""

REVIEWS = "internal/reviews.csv"
"""The imported reviews that the list read, one row per outcome, so that a rerun reads the same."""

INDEX, NAMING = "index.html", "naming.html"
WITHDRAWN, WITHDRAWAL = "withdrawn", "withdrawal.json"
"""The folder that withdrawn lists move to, and the note in each."""

EVERYONE_COLUMNS = (
    *("patient_id", "team", "place", "reason", "order", "margin", "risk"),
    *("reference", "rank", "status", "listed_since", "weeks_on_list"),
)

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
