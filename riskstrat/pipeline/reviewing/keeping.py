"""Imported reviews in the workspace: one file an import, never changed; what is put right has a file of its own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from riskstrat.errors import PublicationError, StorageError
from riskstrat.pipeline.reviewing.judging import Review
from riskstrat.storage import cannot_write, lock_exclusively, make_folder, refuse_in_one_line, write_text

if TYPE_CHECKING:
    import pandas as pd

FOLDER, LOCK = "reviews", ".lock"
COLUMNS = Review._fields
CORRECTED_BY, CORRECTION_REASON = "corrected_by", "correction_reason"

_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})-([A-Z]{3})-(\d+)\.csv", re.ASCII)
_YES_OR_NO = {True: "yes", False: "no", None: ""}


class Correction(NamedTuple):
    """Whose reviews are put right, who decided so, and why."""

    patients: frozenset[str]
    by: str
    reason: str


Reviews = dict[str, tuple[Review, ...]]
"""The reviews of each person, by patient_id."""


def imported_reviews(root: Path) -> pd.DataFrame:
    """One row per MDT decision that was imported and stands: the columns of the `reviews` table, in stable order.

    Where a review was put right, the later one alone. Dates as datetime64, `agrees` as nullable boolean. Empty where
    nothing was imported. Raises StorageError if a file cannot be read.
    """
    import pandas as pd

    lists = sorted({(day, code) for day, code, _, _ in _files(root)})
    rows = [one for day, code in lists for reviews in standing(root, day, code).values() for one in reviews]
    frame = pd.DataFrame(
        sorted(rows, key=lambda row: (row.list_date, row.team, row.patient_id, row.outcome)), columns=list(COLUMNS)
    )
    days = {name: pd.to_datetime(frame[name]).astype("datetime64[s]") for name in ("list_date", "decided_on", "due_on")}
    return frame.assign(**days, agrees=frame["agrees"].astype("boolean"))


def standing(root: Path, list_date: date, team_code: str) -> Reviews:
    """The reviews of one list as they stand: of each person those of the latest file."""
    found: Reviews = {}
    for day, code, _, path in _files(root):
        if (day, code) == (list_date, team_code):
            found |= _read(path)
    return found


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Keeps two imports apart, so that neither misses what the other writes."""
    with refuse_in_one_line(cannot_write, root / FOLDER):
        make_folder(root / FOLDER)
    with lock_exclusively(root / FOLDER / LOCK):
        yield


def keep(root: Path, list_date: date, team_code: str, reviews: Sequence[Review], correction: Correction | None) -> Path:
    """Write one more file of a list's reviews, and with those that put right what stands who decided so and why."""
    numbers = [number for day, code, number, _ in _files(root) if (day, code) == (list_date, team_code)]
    target = root / FOLDER / f"{list_date}-{team_code}-{max(numbers, default=0) + 1}.csv"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, CORRECTED_BY, CORRECTION_REASON])
    for review in sorted(reviews, key=lambda review: (review.patient_id, review.outcome)):
        cells = [_YES_OR_NO[each] if each is None or isinstance(each, bool) else str(each) for each in review]
        corrects = correction is not None and review.patient_id in correction.patients
        writer.writerow([*cells, *((correction.by, correction.reason) if correction and corrects else ("", ""))])
    write_text(text.getvalue(), target)
    return target


def _files(root: Path) -> list[tuple[date, str, int, Path]]:
    """List date, team code, number and path of each file, in the order in which they were imported."""
    found = []
    for path in (root / FOLDER).glob("*.csv"):
        name = _FILE.fullmatch(path.name)
        if name:
            found.append((date.fromisoformat(name[1]), name[2], int(name[3]), path))
    return sorted(found)


def _read(path: Path) -> Reviews:
    found: Reviews = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                review = _review(row)
                found[review.patient_id] = (*found.get(review.patient_id, ()), review)
    except OSError as refused:
        raise StorageError(f"cannot read {FOLDER}/{path.name}: {refused.strerror}; check its permissions") from None
    except (ValueError, KeyError, csv.Error):
        raise PublicationError(
            f"{FOLDER}/{path.name} was changed after it was imported and cannot be read; restore it from a backup"
        ) from None
    return found


def _review(row: Mapping[str, str]) -> Review:
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("decided_on", "due_on")}
    return Review(
        row["patient_id"],
        date.fromisoformat(row["list_date"]),
        row["team"],
        row["outcome"],
        row["reason"] or None,
        {said: agrees for agrees, said in _YES_OR_NO.items()}[row["agrees"]],
        days["decided_on"],
        row["decided_by"] or None,
        days["due_on"],
    )
