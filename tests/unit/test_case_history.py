"""What is told of a case's past: when the person was known and what came of it, and what the team last decided."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.vocabulary import OUTCOMES
from riskstrat.publication import CaseAction, CaseDecision, Rise
from riskstrat.reviews import Review, Snapshot
from riskstrat.weekly.case_history import (
    describe_known_before,
    find_last_decision,
    find_rise,
    gather_latest_reviews,
)
from riskstrat.weekly.choosing import reviews_by

COLUMNS = ["patient_id", "team", "list_date", "outcome", "decided_on", "due_on", "reason", "owner"]
NOTHING = dict.fromkeys(("held_by", "held_since", "left_team", "left_on", "listed_before"))


def reviews_of(*rows: tuple[Any, ...]) -> pd.DataFrame | None:
    """The reviews of patient p, as a list gathers them."""
    table = pd.DataFrame([("p", *row, *[None] * (7 - len(row))) for row in rows], columns=COLUMNS)
    return gather_latest_reviews(table, {"p"}).get("p")


@pytest.mark.parametrize(
    ("row", "reviews", "said"),
    [
        ({}, [], ""),
        (
            {},
            [("K", "2026-10-05", "monitor", "2026-10-07"), ("K", "2026-11-02", "falls_service", "2026-11-12")],
            "Reviewed on 12 November 2026: falls service",
        ),
        (
            {},
            [("K", "2026-11-02", "telecare", "2026-11-12"), ("H", "2026-11-09", "falls_service", "2026-11-12")],
            "Reviewed on 12 November 2026: falls service, telecare",
        ),
        ({}, [("K", "2026-11-02", "safeguarding", "2026-11-05")], "Reviewed on 5 November 2026"),
        ({}, [("K", "2026-11-02", "own_word")], "Reviewed on 2 November 2026: own word"),
        (
            {"left_team": "K", "left_on": "2026-05-01"},
            [("K", "2026-11-02", "declined")],
            "Reviewed on 2 November 2026: declined. On the caseload of K until 1 May 2026",
        ),
        (
            {"held_by": "K", "held_since": "2024-03-04"},
            [],
            "On the caseload of K since 4 March 2024; no contact for 12 months or more, other than with a GP or as an "
            "outpatient",
        ),
        ({"listed_before": "2026-03-09"}, [], "On the list of 9 March 2026, without a decision on record"),
        ({"listed_before": "2026-03-09"}, [("K", "2026-03-09", "monitor")], "Reviewed on 9 March 2026: monitor"),
    ],
)
def test_what_was_known_before_is_told_with_its_date_and_what_came_of_it(
    row: dict[str, Any], reviews: list[tuple[Any, ...]], said: str
) -> None:
    assert describe_known_before(NOTHING | row, reviews_of(*reviews), 12) == said


def test_a_caseload_without_ends_holds_nobody_since_a_day() -> None:
    held = NOTHING | {"held_by": "K", "held_since": "2024-03-04"}
    said = describe_known_before(held, None, 12, ends_told=False)
    assert said.startswith(
        "On the caseload of K from 4 March 2024; these data do not say whether it has ended; no contact"
    )
    left = NOTHING | {"left_team": "K", "left_on": "2025-06-09"}
    told = describe_known_before(left, None, 12, ends_told=False)
    assert told == "Was on the caseload of K; these data do not say from when to when"


def test_the_last_decision_is_this_teams_with_each_action_in_the_order_of_the_drop_down() -> None:
    reviews = reviews_of(
        ("K", "2026-10-05", "monitor", "2026-10-07", None, "older", "X"),
        ("K", "2026-11-02", "telecare", "2026-11-04", "2026-12-01", "likes mornings", "AB"),
        ("K", "2026-11-02", "falls_service", "2026-11-04", None, "likes mornings", None),
        ("H", "2026-11-09", "declined", "2026-11-10", None, "another team's words", "Y"),
    )
    assert find_last_decision(reviews, "K") == CaseDecision(
        date(2026, 11, 4),
        (CaseAction("Falls service"), CaseAction("Telecare", "AB", date(2026, 12, 1))),
        "likes mornings",
    )
    assert find_last_decision(reviews, "Z") is None
    assert find_last_decision(None, "K") is None


def test_an_outcome_that_no_page_repeats_takes_its_note_along() -> None:
    reviews = reviews_of(
        ("K", "2026-11-02", "safeguarding", None, None, "it tells why", "AB"),
        ("K", "2026-11-02", "monitor", None, None, "it tells why", "CD"),
    )
    assert find_last_decision(reviews, "K") == CaseDecision(date(2026, 11, 2), (CaseAction("Monitor", "CD"),), "")


def test_every_outcome_has_words_of_its_own() -> None:
    for outcome in OUTCOMES:
        found = find_last_decision(reviews_of(("K", "2026-11-02", outcome)), "K")
        assert found is not None
        assert not any("_" in action.outcome or action.outcome[:1].islower() for action in found.actions)


def test_a_rise_has_its_date_and_the_risk_it_rose_from() -> None:
    assert find_rise({"rising_since": pd.NaT, "risk_before": float("nan")}) is None
    rows = {"rising_since": pd.Timestamp("2026-08-24"), "risk_before": 0.25}
    assert find_rise(rows) == Rise(date(2026, 8, 24), 0.25)


def test_a_landed_review_brings_no_note_and_one_that_was_imported_as_well_counts_once() -> None:
    landed = pd.DataFrame(
        [(0, "p", "2026-11-02", "K", "monitor", "not looked at"), (0, "p", "2026-10-05", "K", "telecare", "nor this")],
        columns=["person", "patient_id", "list_date", "team", "outcome", "reason"],
    ).assign(decided_on=None, due_on=None)
    store = SimpleNamespace(
        landed={"reviews"},
        read=lambda table: landed.assign(list_date=pd.to_datetime(landed["list_date"])),
        people=lambda: pd.DataFrame({"patient_id": ["p"]}),
        people_count=1,
    )
    imported = Review("p", date(2026, 11, 2), "K", "monitor", "calls welcome", None, None, None, None, "AB")
    rows = reviews_by(SimpleNamespace(store=store), date(2026, 11, 16), Snapshot((imported,)))  # type: ignore[arg-type]
    told = rows[["person", "outcome", "reason", "owner"]].astype(object)
    assert told.where(told.notna(), None).values.tolist() == [
        [0, "monitor", "calls welcome", "AB"],
        [0, "telecare", None, None],
    ]


@pytest.mark.parametrize("days", [("2026-11-03", "2026-11-10"), ("2026-11-10", "2026-11-03"), (None, None)])
def test_the_same_decision_of_two_teams_is_two_whatever_their_order(days: tuple[str | None, str | None]) -> None:
    landed = pd.DataFrame(
        {"person": 0, "patient_id": "p", "list_date": pd.Timestamp("2026-11-02"), "team": ["K", "H"]}
    ).assign(outcome="deferred", decided_on=pd.to_datetime(list(days)), due_on=pd.NaT)
    store = SimpleNamespace(landed={"reviews"}, read=lambda table: landed, people_count=1)
    site = SimpleNamespace(store=store)
    rows = reviews_by(site, date(2026, 11, 16), Snapshot(()))  # type: ignore[arg-type]
    assert rows["team"].tolist() == ["K", "H"]
    assert reviews_by(site, date(2026, 11, 1), Snapshot(())).empty  # type: ignore[arg-type]
