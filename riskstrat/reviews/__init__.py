"""What teams decided: a review as a record, its validation against the edition it is about, and where reviews stand."""

from riskstrat.reviews.files import FileReviewStore
from riskstrat.reviews.filled import REFERENCE, Filled, ListMark, read_filled
from riskstrat.reviews.judging import Judged, is_numbered, judge
from riskstrat.reviews.record import Correction, Edition, Review
from riskstrat.reviews.store import COLUMNS, ReviewStore, Snapshot, StandingReviews, parse_snapshot

__all__ = [
    "COLUMNS",
    "REFERENCE",
    "Correction",
    "Edition",
    "FileReviewStore",
    "Filled",
    "Judged",
    "ListMark",
    "Review",
    "ReviewStore",
    "Snapshot",
    "StandingReviews",
    "is_numbered",
    "judge",
    "parse_snapshot",
    "read_filled",
]
