"""Reviews as files in the workspace: one file an import, never changed; what is put right has a file of its own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from riskstrat.errors import PublicationError, StorageError
from riskstrat.reviews.exported import EXPORTED, ExportedDecisions, parse_export
from riskstrat.reviews.notices import Notices
from riskstrat.reviews.record import Correction, Review
from riskstrat.reviews.store import ReviewLogging, Snapshot, StandingReviews, cut_snapshot, dump_reviews, parse_review
from riskstrat.storage import (
    cannot_write,
    compute_digest,
    list_files,
    list_folder,
    make_folder,
    refuse_in_one_line,
    write_bytes,
)

FOLDER = "reviews"
CORRECTED_BY, CORRECTION_REASON = "corrected_by", "correction_reason"

_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})-([A-Z]{3})-(\d+)\.csv", re.ASCII)


class ImportedFile(NamedTuple):
    """One file of reviews: its name, which team's list it is of, its reviews by patient_id, and what it put right."""

    name: str
    list_date: date
    team_code: str
    reviews: StandingReviews
    correction: Correction | None


class FileReviewStore:
    """The store of reviews below a workspace's folder. Raises StorageError if a file cannot be read."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER

    def read_standing(self, list_date: date, team_code: str) -> StandingReviews:
        """The reviews of one list as they stand: of each person those of the latest file, unless it takes them back."""
        latest: dict[str, tuple[Review, ...]] = {}
        for day, code, _, path in self._find_files():
            if (day, code) == (list_date, team_code):
                latest |= _read_file(path)
        return {patient: reviews for patient, reviews in latest.items() if not any(one.takes_back for one in reviews)}

    def add(
        self,
        edition: tuple[date, str],
        reviews: Sequence[Review],
        correction: Correction | None,
        logging: ReviewLogging,
    ) -> str:
        """Write one more file of a list's reviews, and with those that put right what stands who decided so and why.

        `logging` logs the deed around it, told where the file will stand and its sha256.
        """
        with refuse_in_one_line(cannot_write, self.folder):
            make_folder(self.folder)
        day, code = edition
        numbers = [number for *known, number, _ in self._find_files() if tuple(known) == edition]
        target = self.folder / f"{day}-{code}-{max(numbers, default=0) + 1}.csv"
        corrected = correction.patients if correction else frozenset()
        by, reason = (correction.by, correction.reason) if correction else ("", "")
        more = {CORRECTED_BY: dict.fromkeys(corrected, by), CORRECTION_REASON: dict.fromkeys(corrected, reason)}
        content = dump_reviews(sorted(reviews, key=Review.sort_key), more)
        with logging(target, compute_digest(content)):
            write_bytes(content, target)
        return f"{FOLDER}/{target.name}"

    def take_snapshot(self, cut_off: date) -> Snapshot:
        """Every review that stands and was decided before a day; the later one alone where a review was put right."""
        editions = sorted({(day, code) for day, code, _, _ in self._find_files()})
        standing = (self.read_standing(day, code) for day, code in editions)
        return cut_snapshot((one for each in standing for reviews in each.values() for one in reviews), cut_off)

    def take_notices(self, cut_off: date) -> Notices:
        """What the last export of a worklist that was imported says; a workbook that comes back holds decisions alone.

        Raises PublicationError if the export cannot be read.
        """
        path = self.folder / EXPORTED
        if not path.is_file():
            return Notices()
        with refuse_in_one_line(_cannot_read, path):
            told = parse_export(path.read_bytes(), f"{FOLDER}/{EXPORTED}").notices
        return Notices(
            tuple(one for one in told.put_forward if one.put_on < cut_off),
            tuple(one for one in told.in_question if one.since < cut_off <= one.until),
            tuple(one for one in told.taken_up if one.taken_on < cut_off),
        )

    def keep_export(self, exported: ExportedDecisions, logging: ReviewLogging) -> None:
        """Keep an export whose decisions have been taken in, in place of the last; `logging` as for `add`."""
        with refuse_in_one_line(cannot_write, self.folder):
            make_folder(self.folder)
        target, content = self.folder / EXPORTED, exported.dump()
        with logging(target, compute_digest(content)):
            write_bytes(content, target)

    def read_imports(self) -> Iterator[ImportedFile]:
        """Every file as it was imported, in the order of lists and imports."""
        for day, code, _, path in self._find_files():
            yield ImportedFile(path.name, day, code, _read_file(path), _read_correction(path))

    def find_kept_files(self) -> list[Path]:
        """Every file below the folder of reviews, whatever it is."""
        return list_files(self.folder)

    def find_before(self, first: date) -> list[Path]:
        """The files of lists of before a day, in the order in which they were imported."""
        return [path for day, _, _, path in self._find_files() if day < first]

    def _find_files(self) -> list[tuple[date, str, int, Path]]:
        """List date, team code, number and path of each file, in the order in which they were imported."""
        found = []
        for path in list_folder(self.folder):
            name = _FILE.fullmatch(path.name)
            if name:
                found.append((_read_date(path, name[1]), name[2], int(name[3]), path))
        return sorted(found)


def _read_date(path: Path, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StorageError(
            f"{FOLDER}/{path.name} is named after a day that is in no calendar, so nobody can tell whose reviews these "
            "are; bring it back from a backup, or move it elsewhere"
        ) from None


def _cannot_read(path: Path, reason: str) -> str:
    return f"cannot read {FOLDER}/{path.name}: {reason}; check its permissions"


def _read_correction(path: Path) -> Correction | None:
    """Whose reviews a file that was read put right, by whom and why; None where it put none right."""
    rows = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline=""), strict=True)
    corrected = {row["patient_id"]: row for row in rows if row.get(CORRECTED_BY)}
    said = next(iter(corrected.values()), None)
    return Correction(frozenset(corrected), said[CORRECTED_BY], said[CORRECTION_REASON]) if said else None


def _read_file(path: Path) -> dict[str, tuple[Review, ...]]:
    found: dict[str, tuple[Review, ...]] = {}
    try:
        text = path.read_bytes().decode("utf-8")
        for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
            review = parse_review(row)
            found[review.patient_id] = (*found.get(review.patient_id, ()), review)
    except OSError as refused:
        raise StorageError(f"cannot read {FOLDER}/{path.name}: {refused.strerror}; check its permissions") from None
    except (ValueError, KeyError, TypeError, csv.Error):
        raise PublicationError(
            f"{FOLDER}/{path.name} was changed after it was imported and cannot be read; restore it from a backup"
        ) from None
    return found
