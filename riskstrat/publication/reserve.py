"""Who stands in reserve below the line of a published list: pseudonyms in a file of its own, in no team's folder."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskstrat.casefinding import RESERVE_COLUMNS
from riskstrat.errors import PublicationError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Reserved:
    """One person in reserve: of which team, after which rank, and the reference that a case of theirs would have.

    `arrival` is how they would have come to the list.
    """

    team_code: str
    rank: int
    reference: str
    patient_id: str
    arrival: str

    @property
    def number(self) -> int:
        """The number of the case that it would be."""
        return int(self.reference.split("-")[1])

    @property
    def key(self) -> tuple[str, str, int]:
        """Whose case it would be, of which team and under which number: what is told of whoever is taken up."""
        return self.patient_id, self.team_code, self.number


def dump_reserve(rows: pd.DataFrame) -> bytes:
    """The reserve as CSV, one row per person: `RESERVE_COLUMNS`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(RESERVE_COLUMNS)
    writer.writerows(rows[list(RESERVE_COLUMNS)].itertuples(index=False, name=None))
    return text.getvalue().encode("utf-8")


def parse_reserve(content: bytes) -> tuple[Reserved, ...]:
    """The reserve that `dump_reserve` wrote. Raises PublicationError, which names no value, for anything else."""
    found = []
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        if tuple(rows.fieldnames or ()) != RESERVE_COLUMNS:
            raise ValueError
        for row in rows:
            code, rank, reference, patient, arrival = (row[name] for name in RESERVE_COLUMNS)
            one = Reserved(code, int(rank), reference, patient, arrival)
            if not patient or one.number < 1:
                raise ValueError
            found.append(one)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, csv.Error):
        raise PublicationError("cannot be read; restore the folder of that list from a backup") from None
    return tuple(found)
