"""What teams decided: a review as a record, its validation against the edition it is about, and where reviews stand."""

from riskstrat.reviews.cells import clean_text, fold
from riskstrat.reviews.files import FileReviewStore
from riskstrat.reviews.filled import REFERENCE, TITLES, Filled, FilledRow, ListMark, read_filled, read_sheet
from riskstrat.reviews.filling import Entries, fill_in
from riskstrat.reviews.grids import Grid, name_column, parse_workbook
from riskstrat.reviews.judging import DECIDED_WITHIN, DUE_WITHIN, Judged, Problem, Terms, is_numbered, judge
from riskstrat.reviews.record import Correction, Edition, Review, build_taking_back
from riskstrat.reviews.store import (
    COLUMNS,
    ReviewStore,
    Snapshot,
    StandingReviews,
    count_changes,
    parse_snapshot,
)

__all__ = [
    "COLUMNS",
    "DECIDED_WITHIN",
    "DUE_WITHIN",
    "REFERENCE",
    "TITLES",
    "Correction",
    "Edition",
    "Entries",
    "FileReviewStore",
    "Filled",
    "FilledRow",
    "Grid",
    "Judged",
    "ListMark",
    "Problem",
    "Review",
    "ReviewStore",
    "Snapshot",
    "StandingReviews",
    "Terms",
    "build_taking_back",
    "clean_text",
    "count_changes",
    "fill_in",
    "fold",
    "is_numbered",
    "judge",
    "name_column",
    "parse_snapshot",
    "parse_workbook",
    "read_filled",
    "read_sheet",
]
