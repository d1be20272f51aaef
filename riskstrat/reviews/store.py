"""What a store of reviews offers, whatever keeps them, and what one run reads of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from riskstrat.errors import PublicationError
from riskstrat.reviews.notices import Notices
from riskstrat.reviews.record import Correction, Review

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = tuple(field.name for field in fields(Review))

_YES_OR_NO = {True: "yes", False: "no", None: ""}

StandingReviews = Mapping[str, tuple[Review, ...]]
"""The reviews of each person on one list, by patient_id."""


ReviewLogging = Callable[[Path, str], AbstractContextManager[None]]
"""Logs a deed around it, told which file it leaves and the sha256 of that."""


class ReviewStore(Protocol):
    """Reviews by list; what was put right stands beside what it puts right, and nothing is overwritten.

    Whoever adds reviews keeps other runs from writing any, from reading what stands on.
    """

    def read_standing(self, list_date: date, team_code: str) -> StandingReviews:
        """The reviews of one list as they stand: of each person those that came last."""

    def add(
        self,
        edition: tuple[date, str],
        reviews: Sequence[Review],
        correction: Correction | None,
        logging: ReviewLogging,
    ) -> str:
        """Keep more reviews of one list (date, team code), and who put right which; gives the name they stand under.

        A person's reviews take the place of those on record; one that takes back leaves the person with none.
        `logging` is entered before they are kept and left after.
        """

    def take_snapshot(self, cut_off: date) -> Snapshot:
        """Every review that stands and was decided before a day."""

    def take_notices(self, cut_off: date) -> Notices:
        """What was put forward before a day, and what is in question on it."""


@dataclass(frozen=True)
class Snapshot:
    """The reviews that one list reads: those decided before its date, in stable order."""

    reviews: tuple[Review, ...]

    def dump(self) -> bytes:
        """The snapshot as CSV, one row per outcome under the names of `Review`."""
        return dump_reviews(self.reviews)

    def to_frame(self) -> pd.DataFrame:
        """One row per outcome: the columns of the `reviews` table, dates as datetime64, `agrees` nullable boolean."""
        import pandas as pd

        frame = pd.DataFrame([vars(review) for review in self.reviews], columns=list(COLUMNS))
        names = ("list_date", "decided_on", "due_on")
        days = {name: pd.to_datetime(frame[name]).astype("datetime64[s]") for name in names}
        return frame.assign(**days, agrees=frame["agrees"].astype("boolean"))


def cut_snapshot(reviews: Iterable[Review], cut_off: date) -> Snapshot:
    """Those decided before a day (on the day of the list, where no other is given), by list, team and person."""
    before = [review for review in reviews if (review.decided_on or review.list_date) < cut_off]
    return Snapshot(tuple(sorted(before, key=lambda review: (review.list_date, review.team, *review.sort_key()))))


def count_changes(read: Snapshot, now: Snapshot) -> tuple[int, int]:
    """How many outcomes came since a snapshot was read, and how many of it stand no more."""
    before, after = set(read.reviews), set(now.reviews)
    return len(after - before), len(before - after)


def parse_snapshot(content: bytes) -> Snapshot:
    """The snapshot that `Snapshot.dump` wrote. Raises PublicationError for anything else."""
    refusal = PublicationError("the reviews kept with the list cannot be read; restore it, or withdraw it")
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        snapshot = Snapshot(tuple(map(parse_review, rows)))
    except (ValueError, KeyError, TypeError, csv.Error):
        raise refusal from None
    # What it does not hold word for word was changed.
    if snapshot.dump() != content:
        raise refusal
    return snapshot


def dump_reviews(reviews: Iterable[Review], more: Mapping[str, Mapping[str, str]] | None = None) -> bytes:
    """CSV with one row per outcome. `more`: further columns by name, each by patient_id; empty for everybody else."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    further = more or {}
    writer.writerow([*COLUMNS, *further])
    for review in reviews:
        cells = [_format_cell(getattr(review, name)) for name in COLUMNS]
        writer.writerow([*cells, *(column.get(review.patient_id, "") for column in further.values())])
    return text.getvalue().encode("utf-8")


def parse_review(row: Mapping[str, str]) -> Review:
    """One row of such a CSV. Raises ValueError or KeyError if it is not one.

    A row of an earlier version has no column `owner`: who owned what was decided stood under `decided_by`.
    """
    decided_by, owner = (row["decided_by"], row["owner"]) if "owner" in row else ("", row["decided_by"])
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("decided_on", "due_on")}
    return Review(
        row["patient_id"],
        date.fromisoformat(row["list_date"]),
        row["team"],
        row["outcome"],
        row["reason"] or None,
        {said: agrees for agrees, said in _YES_OR_NO.items()}[row["agrees"]],
        days["decided_on"],
        decided_by or None,
        days["due_on"],
        owner or None,
    )


def _format_cell(value: object) -> str:
    return _YES_OR_NO[value] if value is None or isinstance(value, bool) else str(value)
