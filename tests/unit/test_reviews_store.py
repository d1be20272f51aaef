"""What a list reads of the reviews: those decided before its date, in stable order, equal when read again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.errors import PublicationError, StorageError
from riskstrat.reviews import Correction, FileReviewStore, Review, Snapshot, parse_snapshot
from tests.suite.unlogged import do_unlogged

MONDAY, NEXT = date(2026, 11, 16), date(2026, 11, 23)
EDITION = (MONDAY, "NHU")


def review(patient: str = "p1", outcome: str = "monitor", decided: date | None = date(2026, 11, 19)) -> Review:
    return Review(patient, MONDAY, "North Huyton", outcome, "Said, with a comma", True, decided, "Ann", None)


texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
reviews = st.builds(
    Review,
    patient_id=texts,
    list_date=days,
    team=texts,
    outcome=texts,
    reason=st.none() | texts,
    agrees=st.none() | st.booleans(),
    decided_on=st.none() | days,
    decided_by=st.none() | texts,
    due_on=st.none() | days,
    owner=st.none() | texts,
)


@given(st.lists(reviews, max_size=6))
def test_a_snapshot_is_read_back_equal(found: list[Review]) -> None:
    snapshot = Snapshot(tuple(found))
    assert parse_snapshot(snapshot.dump()) == snapshot
    assert parse_snapshot(snapshot.dump()).dump() == snapshot.dump()


def test_a_snapshot_holds_what_was_decided_before_a_day_whatever_the_order_of_imports(tmp_path: Path) -> None:
    early, late = review("p2"), review("p1", decided=NEXT)
    undated = review("p3", decided=None)
    one, other = FileReviewStore(tmp_path / "one"), FileReviewStore(tmp_path / "other")
    for store, order in ((one, (early, late, undated)), (other, (undated, late, early))):
        store.folder.parent.mkdir()
        for each in order:
            store.add(EDITION, [each], None, do_unlogged)
    assert one.take_snapshot(NEXT).reviews == (early, undated)
    assert one.take_snapshot(MONDAY).reviews == ()
    assert one.take_snapshot(date(2027, 1, 1)) == other.take_snapshot(date(2027, 1, 1))


def test_what_was_put_right_takes_the_place_of_what_stood(tmp_path: Path) -> None:
    store = FileReviewStore(tmp_path)
    store.add(EDITION, [review(), review(outcome="falls_service"), review("p2")], None, do_unlogged)
    store.add(EDITION, [review(outcome="died")], Correction(frozenset({"p1"}), "Ann", "wrong row"), do_unlogged)
    assert store.take_snapshot(NEXT).reviews == (review(outcome="died"), review("p2"))
    assert store.read_standing(*EDITION)["p1"] == (review(outcome="died"),)
    assert list(store.take_snapshot(NEXT).to_frame()["outcome"]) == ["died", "monitor"]


@pytest.mark.parametrize("content", [b"", b"patient_id\np1\n", b"\xff"])
def test_anything_but_a_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(PublicationError, match="reviews kept with the list cannot be read"):
        parse_snapshot(content)


def test_a_file_of_an_earlier_version_had_the_owner_under_another_name(tmp_path: Path) -> None:
    store = FileReviewStore(tmp_path)
    store.folder.mkdir()
    (store.folder / "2026-11-16-NHU-1.csv").write_text(
        "patient_id,list_date,team,outcome,reason,agrees,decided_on,decided_by,due_on\n"
        "p1,2026-11-16,North Huyton,monitor,,yes,2026-11-19,Falls nurse,\n",
        encoding="utf-8",
    )
    (found,) = store.take_snapshot(NEXT).reviews
    assert (found.owner, found.decided_by) == ("Falls nurse", None)


def test_a_file_of_a_day_that_is_in_no_calendar_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    store = FileReviewStore(tmp_path)
    store.add(EDITION, [review()], None, do_unlogged)
    (tmp_path / "reviews" / "2026-02-30-NHU-1.csv").write_text("patient_id\n", "utf-8")
    with pytest.raises(StorageError, match=r"2026-02-30-NHU-1\.csv is named after a day that is in no calendar"):
        store.read_standing(*EDITION)
