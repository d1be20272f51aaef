"""Who is listed, how they came there, for how long, and where everybody else is: small whole tables in and out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.casefinding import (
    CASE_COLUMNS,
    NO_ROOM,
    NOT_DISCHARGED,
    CaseFacts,
    CaseList,
    CaseRegister,
    ListTeam,
    Memory,
    bands_of,
    find_cases,
    reference,
)
from riskstrat.definitions.settings import Settings
from riskstrat.errors import WorkspaceError

MONDAY = date(2026, 11, 16)
SETTINGS = Settings()
CASELOAD = ["person", "team", "status", "from_on", "to_on", "referred_in"]
REVIEWS = ["person", "list_date", "outcome", "decided_on", "due_on"]
STATUSES = ["person", "as_at", "inpatient", "died", "moved", "palliative_register"]
LISTED = ["list_date", "patient_id", "reference", "listed_since"]
KIRKBY, HUYTON = ListTeam("Kirkby", "KIR", 3), ListTeam("Huyton", "HUY", 3)


def people(margins: dict[str, float], team: str | None = "Kirkby", **columns: Any) -> pd.DataFrame:
    """One row per letter; the letter is the patient, its place in the alphabet the person."""
    rows = pd.DataFrame({"patient_id": list(margins), "margin": list(margins.values())})
    rows["person"] = [ord(letter) - ord("a") for letter in margins]
    rows["index_date"], rows["team"] = pd.Timestamp(MONDAY), team
    rows["risk"] = (1 / (1 + np.exp(-rows["margin"]))).round(6)
    return rows.assign(**columns)


def table(columns: list[str], *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame([(*row, *[None] * (len(columns) - len(row))) for row in rows], columns=columns)


def earlier(*rows: tuple[Any, ...]) -> Memory:
    return Memory(listed=table(LISTED, *rows))


def one(
    given: pd.DataFrame,
    facts: CaseFacts | None = None,
    memory: Memory | None = None,
    team: ListTeam = KIRKBY,
    settings: Settings = SETTINGS,
    at: date = MONDAY,
) -> CaseList:
    (case,) = find_cases(given, (team,), facts or CaseFacts(), memory or Memory(), at, settings)
    return case


def listed(case: CaseList) -> str:
    return "".join(case.rows["patient_id"])


def arrivals(case: CaseList) -> dict[str, str]:
    return dict(zip(case.rows["patient_id"], case.rows["arrival"], strict=True))


def reasons(case: CaseList) -> dict[str, str | None]:
    """Of everybody who is not a candidate, the reason; None for known people."""
    rows = case.everyone[case.everyone["place"].isin(["excluded", "known"])]
    return dict(zip(rows["patient_id"], rows["reason"], strict=True))


FIVE = people({"a": 0.5, "b": -2.0, "c": 0.5, "d": 1.5, "e": 0.5})

# ---- Order and accounting ----


def test_a_list_is_its_teams_highest_margins_and_equal_ones_go_by_patient_id() -> None:
    case = one(FIVE)
    assert case.rows[["reference", "rank", "patient_id"]].to_numpy().tolist() == [
        [reference("KIR", 1), 1, "d"],
        [reference("KIR", 2), 2, "a"],
        [reference("KIR", 3), 3, "c"],
    ]
    assert case.everyone.drop(columns=["index_date", "risk"]).to_numpy(dtype=object, na_value=None).tolist() == [
        ["d", 3, 1.5, "listed", None, 1],
        ["a", 0, 0.5, "listed", None, 2],
        ["c", 2, 0.5, "listed", None, 3],
        ["e", 4, 0.5, "below the line", None, 4],
        ["b", 1, -2.0, "below the line", None, 5],
    ]


def test_a_row_keeps_the_scored_columns_and_says_why_it_is_there() -> None:
    case = one(FIVE.assign(practice="A00001"))
    assert list(case.rows.columns) == [
        *("reference", "rank", "patient_id", "margin", "person", "index_date", "team", "risk", "practice"),
        *("number", "opened_on", "arrival", "rising_since", "risk_before", "weeks_on_list", "listed_since", "escalate"),
        *("listed_before", "held_by", "held_since", "left_team", "left_on", "weight", "slot"),
    ]
    first = case.rows.iloc[0]
    assert (first["arrival"], first["weeks_on_list"], first["listed_since"].date()) == ("new", 1, MONDAY)
    assert (first["escalate"], first["weight"], first["slot"]) == (False, 1.0, None)
    assert (first["number"], first["opened_on"], first["held_by"], first["left_team"]) == (1, MONDAY, None, None)


def test_each_team_lists_its_own_people_and_nobody_without_a_team() -> None:
    given = pd.concat([people({"a": 1.0}), people({"b": 2.0}, "Huyton"), people({"c": 9.0}, None)])
    kirkby, huyton = find_cases(given, (KIRKBY, HUYTON), CaseFacts(), Memory(), MONDAY, SETTINGS)
    assert (listed(kirkby), listed(huyton), kirkby.eligible, huyton.eligible) == ("a", "b", 1, 1)


@pytest.mark.parametrize("capacity", [0, 1, 4, 5, 100])
def test_listed_below_the_line_known_and_excluded_make_up_the_eligible(capacity: int) -> None:
    facts = CaseFacts(caseload=table(CASELOAD, (3, "Kirkby", "active", "2026-01-01")), palliative=frozenset({0}))
    case = one(FIVE, facts, team=ListTeam("Kirkby", "KIR", capacity))
    assert len(case.rows) == min(capacity, 3)
    assert (case.known, dict(case.excluded), case.eligible) == (1, {"on the palliative care register": 1}, 5)
    assert len(case.rows) + case.below_the_line + case.known + sum(case.excluded.values()) == 5
    assert case.everyone["patient_id"].tolist() == ["d", "a", "c", "e", "b"]


def test_a_team_of_nobody_has_an_empty_list_with_the_same_columns() -> None:
    empty, full = one(FIVE, team=ListTeam("Nowhere", "NOW", 3)), one(FIVE)
    assert (empty.eligible, empty.known, empty.below_the_line, dict(empty.excluded)) == (0, 0, 0, {})
    assert list(empty.rows.columns) == list(full.rows.columns)
    assert list(empty.everyone.columns) == list(full.everyone.columns)
    assert one(FIVE.iloc[:0]).eligible == 0


def test_where_everybody_is_known_nobody_is_listed() -> None:
    held = table(CASELOAD, *((person, "Huyton", "active", "2026-01-01") for person in range(5)))
    case = one(FIVE, CaseFacts(caseload=held))
    assert (case.known, len(case.rows), case.below_the_line) == (5, 0, 0)
    assert case.everyone["order"].isna().all()


def test_the_order_of_the_scored_rows_does_not_matter() -> None:
    forwards, backwards = one(FIVE), one(FIVE.iloc[::-1])
    pd.testing.assert_frame_equal(forwards.rows, backwards.rows)
    pd.testing.assert_frame_equal(forwards.everyone, backwards.everyone)


# ---- Who is excluded, and for which reason first ----


def status(**said: bool) -> pd.DataFrame:
    return table(STATUSES, (0, MONDAY)).assign(**said)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (CaseFacts(statuses=status(died=True)), "died"),
        (CaseFacts(statuses=status(moved=True)), "moved away"),
        (CaseFacts(statuses=status(inpatient=True)), "in hospital now"),
        (CaseFacts(statuses=status(palliative_register=True)), "on the palliative care register"),
        (CaseFacts(in_hospital=frozenset({0})), NOT_DISCHARGED),
        (CaseFacts(palliative=frozenset({0})), "on the palliative care register"),
        (CaseFacts(statuses=status(died=True, moved=True, inpatient=True)), "died"),
        (CaseFacts(statuses=status(inpatient=True), palliative=frozenset({0})), "in hospital now"),
        (CaseFacts(caseload=table(CASELOAD, (0, "Kirkby", "declined", "2026-01-01"))), "declined"),
    ],
)
def test_a_fact_excludes_with_its_reason(facts: CaseFacts, reason: str) -> None:
    assert reasons(one(people({"a": 1.0}), facts)) == {"a": reason}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([(0, MONDAY, False), (0, MONDAY - timedelta(days=1), True)], None),
        ([(0, MONDAY, True), (0, MONDAY - timedelta(days=1), False)], "in hospital now"),
        ([(0, MONDAY + timedelta(days=1), True)], None),
        ([(0, MONDAY - timedelta(days=6), True)], "in hospital now"),
        ([(0, MONDAY - timedelta(days=7), True)], None),
        ([(0, MONDAY, None)], None),
    ],
)
def test_of_a_persons_statuses_the_latest_by_the_lists_date_counts_for_a_week(
    rows: list[tuple[Any, ...]], reason: str | None
) -> None:
    assert reasons(one(people({"a": 1.0}), CaseFacts(statuses=table(STATUSES, *rows)))).get("a") == reason


def test_a_death_or_a_move_that_a_status_told_of_stays_told() -> None:
    old = table(STATUSES, (0, "2026-06-01", False, True), (1, "2026-06-01", False, False, True))
    assert reasons(one(people({"a": 1.0, "b": 1.0}), CaseFacts(statuses=old))) == {"a": "died", "b": "moved away"}


def test_a_status_of_the_day_outweighs_a_spell_that_is_still_open_and_an_older_one_does_not() -> None:
    given = people({"a": 1.0, "b": 1.0, "c": 1.0})
    said = table(STATUSES, (0, MONDAY, False), (1, MONDAY - timedelta(days=1), False), (2, MONDAY, None))
    case = one(given, CaseFacts(statuses=said, in_hospital=frozenset({0, 1, 2})))
    assert reasons(case) == {"b": NOT_DISCHARGED, "c": NOT_DISCHARGED}


def test_who_lies_in_hospital_by_a_status_is_told_from_whose_discharge_was_not_received() -> None:
    said = table(STATUSES, (0, MONDAY, True), (2, MONDAY - timedelta(days=1), True))
    case = one(people({"a": 1.0, "b": 1.0, "c": 1.0}), CaseFacts(statuses=said, in_hospital=frozenset({0, 1})))
    assert reasons(case) == {"a": "in hospital now", "b": NOT_DISCHARGED, "c": "in hospital now"}
    assert dict(case.routed) == {"hospital discharge team": 3}


def test_a_person_both_known_and_in_hospital_is_counted_once_as_in_hospital() -> None:
    facts = CaseFacts(caseload=table(CASELOAD, (0, "Kirkby", "active", "2026-01-01")), in_hospital=frozenset({0}))
    case = one(people({"a": 1.0}), facts)
    assert (case.known, dict(case.excluded), dict(case.routed)) == (
        0,
        {NOT_DISCHARGED: 1},
        {"hospital discharge team": 1},
    )


def test_known_comes_before_reasons_of_a_team() -> None:
    held = table(CASELOAD, (0, "Kirkby", "active", "2026-01-01"))
    reviewed = table(REVIEWS, (0, "2026-11-02", "declined"))
    case = one(people({"a": 1.0}), CaseFacts(caseload=held, reviews=reviewed))
    assert (case.known, reasons(case)) == (1, {"a": None})


def test_age_limits_and_care_homes_exclude_where_a_team_says_so() -> None:
    given = people(dict.fromkeys("abcde", 1.0), age=[64.0, 65.0, 80.0, 81.0, np.nan], care_home=[1, 0, 1, 0, np.nan])
    team = ListTeam("Kirkby", "KIR", 9, min_age=65, max_age=80, excludes=("care home",))
    assert reasons(one(given, team=team)) == {
        "a": "outside the team's age limits",
        "c": "in a care home",
        "d": "outside the team's age limits",
    }
    assert reasons(one(given)) == {}


@pytest.mark.parametrize(
    ("team", "column"),
    [
        (ListTeam("Kirkby", "KIR", 3, min_age=65), "age"),
        (ListTeam("Kirkby", "KIR", 3, excludes=("care home",)), "care_home"),
    ],
)
def test_a_limit_without_the_column_behind_it_is_refused(team: ListTeam, column: str) -> None:
    with pytest.raises(WorkspaceError, match=f'team "Kirkby" .* no column {column}'):
        one(FIVE, team=team)


# ---- Rest after reviews ----


@pytest.mark.parametrize(
    ("outcome", "weeks", "reason"),
    [
        ("falls_service", 12, "reviewed in the last 12 weeks"),
        ("Falls service", 12, "reviewed in the last 12 weeks"),
        ("monitor", 8, "reviewed in the last 8 weeks"),
        ("could_not_contact", 2, "reviewed in the last 2 weeks"),
        ("declined", 26, "declined"),
        ("moved", 26, "moved away"),
        ("died", 520, "died"),
        ("a word of the site's own", 12, "reviewed in the last 12 weeks"),
    ],
)
def test_a_person_rests_so_many_weeks_after_a_review(outcome: str, weeks: int, reason: str) -> None:
    def reason_after(days: int) -> str | None:
        decided = table(REVIEWS, (0, MONDAY - timedelta(days=days), outcome))
        return reasons(one(people({"a": 1.0}), CaseFacts(reviews=decided))).get("a")

    assert reason_after(7 * weeks - 1) == reason_after(0) == reason
    assert reason_after(7 * weeks) == ("died" if outcome == "died" else None)


def test_a_rest_of_one_week_is_said_in_the_singular_and_the_site_and_the_team_may_change_it() -> None:
    settings = Settings.model_validate({"casefinding": {"rest_weeks": 5, "rest_weeks_after": {"monitor": 1}}})
    decided = table(REVIEWS, (0, MONDAY, "monitor"), (1, MONDAY, "other"), (2, MONDAY, "declined"))
    given = people({"a": 1.0, "b": 1.0, "c": 1.0})
    facts = CaseFacts(reviews=decided)
    own = ListTeam("Kirkby", "KIR", 3, rest_weeks=3)
    assert reasons(one(given, facts, settings=settings)) == {
        "a": "reviewed in the last week",
        "b": "reviewed in the last 5 weeks",
        "c": "declined",
    }
    assert reasons(one(given, facts, settings=settings, team=own))["b"] == "reviewed in the last 3 weeks"


def test_the_latest_day_counts_and_of_its_outcomes_the_longest_rest() -> None:
    decided = table(
        REVIEWS,
        (0, "2026-09-07", "declined"),
        (0, "2026-11-02", "could_not_contact", "2026-11-03"),
        (1, "2026-11-02", "monitor"),
        (1, "2026-11-02", "telecare"),
        (2, "2026-11-09", "monitor", "2026-11-17"),
        (3, "2026-11-09", "monitor", "2026-11-16"),
        (4, "2026-11-02", "telecare"),
        (4, "2026-11-02", "monitor"),
    )
    given = people(dict.fromkeys("abcde", 1.0))
    assert reasons(one(given, CaseFacts(reviews=decided))) == {
        "a": "reviewed in the last 2 weeks",
        "b": "reviewed in the last 12 weeks",
        "d": "reviewed in the last 8 weeks",
        "e": "reviewed in the last 12 weeks",
    }


def test_a_deferred_person_is_back_at_once_or_on_the_day_due() -> None:
    decided = table(
        REVIEWS,
        (0, "2026-11-09", "deferred"),
        (1, "2026-11-09", "deferred", None, "2026-11-16"),
        (2, "2026-11-09", "deferred", None, "2026-11-17"),
    )
    case = one(people({"a": 1.0, "b": 1.0, "c": 1.0}), CaseFacts(reviews=decided))
    assert arrivals(case) == {"a": "new", "b": "new"}
    assert reasons(case) == {"c": "deferred to a later meeting"}


# ---- How a person came to the list, and what is known of them ----

LAST_WEEK = MONDAY - timedelta(days=7)
THREE = people({"a": 3.0, "b": 2.0, "c": 1.0})


def estimates(margins: dict[str, float], on: str = "2026-08-24") -> Memory:
    risk = {name: 1 / (1 + np.exp(-margin)) for name, margin in margins.items()}
    rows = pd.DataFrame({"margin": margins, "risk": risk})
    return Memory(estimates=rows.assign(list_date=pd.Timestamp(on)))


def test_an_estimate_rises_where_the_odds_rose_enough_since_a_list_of_the_same_model() -> None:
    case = one(THREE, memory=estimates({"a": 3.0 - np.log(1.5), "b": 2.0 - np.log(1.5) + 1e-6}))
    assert case.rows["rising_since"].tolist() == [pd.Timestamp("2026-08-24"), pd.NaT, pd.NaT]
    assert case.rows["risk_before"].round(3).tolist()[0] == 0.931
    assert case.rows["risk_before"].isna().tolist() == [False, True, True]
    assert set(arrivals(case).values()) == {"new"}


def test_whoever_is_carried_over_or_referred_in_may_rise_as_well_and_nobody_rises_without_an_estimate() -> None:
    before = Memory(listed=table(LISTED, (LAST_WEEK, "a", "x")), estimates=estimates({"a": 0.0, "b": 0.0}).estimates)
    case = one(THREE, CaseFacts(caseload=nominated(1)), before)
    assert arrivals(case) == {"a": "carried over", "b": "referred in", "c": "new"}
    assert case.rows["rising_since"].notna().tolist() == [True, True, False]
    assert one(THREE).rows["rising_since"].isna().all()


def test_a_listed_person_whom_nobody_discussed_is_carried_over_and_counts_on() -> None:
    memory = earlier(
        ("2026-11-02", "a", "KIR-1102-01-X", "2026-11-02"),
        (LAST_WEEK, "a", "KIR-1109-01-X", "2026-11-02"),
        (LAST_WEEK, "b", "KIR-1109-02-X", None),
    )
    case = one(THREE, memory=memory)
    assert case.rows[["patient_id", "arrival", "weeks_on_list", "escalate"]].values.tolist() == [
        ["a", "carried over", 3, True],
        ["b", "carried over", 2, False],
        ["c", "new", 1, False],
    ]
    assert [day.date() for day in case.rows["listed_since"]] == [date(2026, 11, 2), LAST_WEEK, MONDAY]


def test_carried_over_people_keep_their_places_before_higher_margins_while_near_enough() -> None:
    memory = earlier((LAST_WEEK, "d", "KIR-1109-01-X"), (LAST_WEEK, "e", "KIR-1109-02-X"))
    given = people({"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0, "e": 1.0})
    case = one(given, memory=memory, team=ListTeam("Kirkby", "KIR", 2))
    assert arrivals(case) == {"a": "new", "d": "carried over"}
    assert case.rows["rank"].tolist() == [1, 2]
    assert case.everyone.set_index("patient_id")["place"].to_dict()["e"] == "below the line"
    wider = Settings.model_validate({"casefinding": {"keeps_within": 2.5}})
    assert listed(one(given, memory=memory, team=ListTeam("Kirkby", "KIR", 2), settings=wider)) == "de"


@pytest.mark.parametrize(
    ("listed_on", "reviews", "place"),
    [
        ("2026-11-09", [(3, "2026-11-09", "deferred")], "listed"),
        ("2026-11-09", [(3, "2026-11-09", "Deferred ", None, MONDAY)], "listed"),
        ("2026-11-09", [(3, "2026-11-09", "deferred", None, MONDAY + timedelta(days=1))], "excluded"),
        ("2026-10-19", [(3, "2026-10-19", "deferred", "2026-10-21", MONDAY)], "listed"),
        ("2026-10-19", [(3, "2026-03-02", "telecare"), (3, "2026-10-19", "deferred", None, MONDAY)], "listed"),
        ("2026-08-03", [(3, "2026-08-03", "deferred"), (3, "2026-08-03", "could_not_contact")], "below the line"),
        ("2026-10-19", [(3, "2026-10-12", "deferred")], "below the line"),
        ("2026-10-19", [], "below the line"),
    ],
)
def test_whoever_was_listed_and_has_only_been_put_off_keeps_the_place(
    listed_on: str, reviews: list[tuple[Any, ...]], place: str
) -> None:
    memory = Memory(listed=table(LISTED, (listed_on, "d", "KIR-001-X")), lists=(date(2026, 11, 9),))
    given = people({"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0})
    case = one(given, CaseFacts(reviews=table(REVIEWS, *reviews)), memory, ListTeam("Kirkby", "KIR", 2))
    assert case.everyone.set_index("patient_id")["place"]["d"] == place


@pytest.mark.parametrize(
    ("review", "weeks"),
    [
        ((0, LAST_WEEK, "deferred", None), 1),
        ((0, "2026-11-02", "deferred", LAST_WEEK), 1),
        ((0, LAST_WEEK, "deferred", "2026-11-06"), 1),
        ((0, LAST_WEEK, "deferred", MONDAY), 1),
        ((0, LAST_WEEK, "deferred", MONDAY + timedelta(days=1)), 2),
        ((0, "2026-11-02", "deferred", "2026-11-08"), 2),
    ],
)
def test_a_review_on_or_after_the_lists_date_begins_the_count_of_weeks_again(
    review: tuple[Any, ...], weeks: int
) -> None:
    memory = earlier((LAST_WEEK, "a", "KIR-001-X"))
    case = one(people({"a": 1.0}), CaseFacts(reviews=table(REVIEWS, review)), memory)
    assert (arrivals(case), case.rows["weeks_on_list"].tolist()) == ({"a": "carried over"}, [weeks])


def test_people_seen_before_are_new_on_the_list_and_it_is_known_from_where() -> None:
    given = people({"a": 4.0, "b": 3.0, "c": 2.0})
    facts = CaseFacts(
        caseload=table(CASELOAD, (0, "Kirkby", "closed", "2025-01-01", "2025-06-01")),
        reviews=table(REVIEWS, (1, "2025-06-02", "monitor")),
    )
    memory = Memory(listed=table(LISTED, ("2026-08-03", "c", "KIR-001-X")), lists=(LAST_WEEK,))
    case = one(given, facts, memory)
    assert arrivals(case) == dict.fromkeys("abc", "new")
    assert case.rows["weeks_on_list"].tolist() == [1, 1, 1]
    assert case.rows["left_team"].tolist() == ["Kirkby", None, None]
    assert case.rows["left_on"].tolist() == [pd.Timestamp("2025-06-01"), pd.NaT, pd.NaT]
    assert case.rows["listed_before"].tolist() == [pd.NaT, pd.NaT, pd.Timestamp("2026-08-03")]


def test_a_list_on_which_nobody_stood_was_still_a_list() -> None:
    listed_once = table(LISTED, ("2026-11-02", "a", "KIR-001-X"))
    given = people({"a": 1.0})
    assert arrivals(one(given, memory=Memory(listed=listed_once))) == {"a": "carried over"}
    assert arrivals(one(given, memory=Memory(listed=listed_once, lists=(LAST_WEEK,)))) == {"a": "new"}


def test_a_caseload_without_a_contact_for_long_keeps_nobody_off_the_list_and_is_named() -> None:
    held = table(CASELOAD, *((person, "Kirkby", "active", "2024-05-01") for person in range(3)))
    case = one(THREE, CaseFacts(caseload=held, contacted=frozenset({0, 1})))
    assert (listed(case), case.known) == ("c", 2)
    assert case.rows[["held_by", "held_since"]].values.tolist() == [["Kirkby", pd.Timestamp("2024-05-01")]]
    later = Settings.model_validate({"casefinding": {"caseload_quiet_months": 40}})
    assert one(THREE, CaseFacts(caseload=held, contacted=frozenset({0, 1})), settings=later).known == 3
    assert one(THREE, CaseFacts(caseload=held)).known == 3


# ---- Cases and their numbers ----


def register(*rows: tuple[Any, ...]) -> Memory:
    return Memory(cases=CaseRegister(pd.DataFrame(rows, columns=list(CASE_COLUMNS))))


def test_a_case_keeps_its_reference_whatever_its_rank_and_new_cases_are_numbered_on() -> None:
    memory = register(("KIR", 7, "c", date(2026, 11, 2), LAST_WEEK), ("HUY", 30, "a", LAST_WEEK, LAST_WEEK))
    case = one(THREE, memory=memory)
    assert case.rows[["rank", "patient_id", "reference", "opened_on"]].values.tolist() == [
        [1, "a", reference("KIR", 8), MONDAY],
        [2, "b", reference("KIR", 9), MONDAY],
        [3, "c", reference("KIR", 7), date(2026, 11, 2)],
    ]


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        (CaseFacts(), 7),
        (CaseFacts(reviews=table(REVIEWS, (0, "2026-03-02", "monitor"))), 7),
        (CaseFacts(reviews=table(REVIEWS, (0, "2026-03-02", "data_error"))), 8),
        (CaseFacts(reviews=table(REVIEWS, (0, "2026-02-23", "data_error", "2026-02-25"))), 7),
        (CaseFacts(caseload=table(CASELOAD, (0, "Kirkby", "closed", "2026-03-04", "2026-06-01"))), 8),
        (CaseFacts(caseload=table(CASELOAD, (0, "Kirkby", "closed", "2025-03-04", "2025-06-01"))), 7),
    ],
)
def test_a_case_ends_where_a_review_or_a_caseload_closed_it_since_it_was_listed(facts: CaseFacts, number: int) -> None:
    memory = register(("KIR", 7, "a", date(2026, 3, 2), date(2026, 3, 2)))
    assert one(people({"a": 1.0}), facts, memory).rows["number"].tolist() == [number]


@pytest.mark.parametrize(("last_listed", "number"), [(date(2025, 11, 17), 8), (date(2025, 11, 18), 7)])
def test_a_case_that_no_list_has_held_for_a_year_is_left_for_good(last_listed: date, number: int) -> None:
    memory = register(("KIR", 7, "a", last_listed, last_listed))
    assert one(people({"a": 1.0}), memory=memory).rows["number"].tolist() == [number]


def test_a_list_made_late_takes_the_references_of_the_lists_after_it() -> None:
    later = MONDAY + timedelta(weeks=2)
    rows = one(THREE, memory=register(("KIR", 7, "b", later, later))).rows
    assert rows[["patient_id", "number", "opened_on"]].values.tolist() == [
        ["a", 8, MONDAY],
        ["b", 7, MONDAY],
        ["c", 9, MONDAY],
    ]
    closed = CaseFacts(reviews=table(REVIEWS, (1, "2026-03-02", "data_error")))
    memory = register(("KIR", 7, "b", date(2026, 3, 2), date(2026, 3, 2)), ("KIR", 7, "b", date(2026, 3, 2), later))
    assert one(THREE, closed, memory).rows["number"].tolist() == [8, 9, 10]


def test_an_edition_made_again_gives_the_same_people_the_same_references() -> None:
    first = one(THREE, memory=register(("KIR", 7, "z", LAST_WEEK, LAST_WEEK)))
    told = [("KIR", number, who, MONDAY, MONDAY) for number, who in zip((8, 9, 10), "abc", strict=True)]
    assert first.rows["number"].tolist() == [8, 9, 10]
    again = one(people({"c": 5.0, "d": 4.0, "b": 3.0}), memory=register(*told))
    assert dict(zip(again.rows["patient_id"], again.rows["number"], strict=True)) == {"c": 10, "d": 11, "b": 9}


def test_lists_of_the_day_and_later_are_not_remembered() -> None:
    memory = earlier((MONDAY, "a", "KIR-1116-01-X"), (MONDAY + timedelta(days=7), "a", "KIR-1123-01-X"))
    assert arrivals(one(people({"a": 1.0}), memory=memory)) == {"a": "new"}


# ---- Nominated people ----


def nominated(*persons: int, on: str = "2026-11-10") -> pd.DataFrame:
    return table(CASELOAD, *((person, "Kirkby", "identified", on, None, True) for person in persons))


def test_a_nominated_person_comes_first_and_shares_the_capacity() -> None:
    given = people({"a": 5.0, "b": 4.0, "c": 3.0, "d": -9.0})
    memory = earlier((LAST_WEEK, "b", "KIR-1109-01-X"))
    case = one(given, CaseFacts(caseload=nominated(3)), memory, team=ListTeam("Kirkby", "KIR", 2))
    assert arrivals(case) == {"b": "carried over", "d": "referred in"}
    assert case.known == 0
    only = one(given, CaseFacts(caseload=nominated(3)), memory, team=ListTeam("Kirkby", "KIR", 1))
    assert arrivals(only) == {"d": "referred in"}


@pytest.mark.parametrize(
    ("capacity", "on_it", "squeezed"), [(1, "e", "bcd"), (2, "be", "cd"), (3, "bce", "d"), (4, "bcde", "")]
)
def test_whoever_keeps_a_place_for_which_there_is_no_room_is_first_in_reserve_and_it_is_said(
    capacity: int, on_it: str, squeezed: str
) -> None:
    memory = earlier(*((LAST_WEEK, who, f"KIR-110{place}-01-X") for place, who in enumerate("bcd")))
    given = people({"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0, "e": -9.0})
    wide = Settings.model_validate({"casefinding": {"keeps_within": 5.0}, "lists": {"reserve": 2}})
    team = ListTeam("Kirkby", "KIR", capacity)
    case = one(given, CaseFacts(caseload=nominated(4)), memory, team=team, settings=wide)
    assert listed(case) == on_it
    told = case.everyone[case.everyone["reason"].notna()]
    assert ("".join(told["patient_id"]), set(told["reason"])) == (squeezed, {NO_ROOM} if squeezed else set())
    assert set(told["place"]) <= {"below the line"}
    assert "".join(case.reserve["patient_id"]) == (squeezed + "a")[:2]


def test_a_nominated_person_waits_counting_on_and_escalates() -> None:
    memory = earlier((LAST_WEEK, "a", "KIR-1109-01-X", "2026-11-02"))
    case = one(people({"a": 1.0}), CaseFacts(caseload=nominated(0, on="2026-10-30")), memory)
    assert case.rows[["arrival", "weeks_on_list", "escalate"]].values.tolist() == [["referred in", 3, True]]


def test_a_nominated_person_in_hospital_is_routed_and_not_listed() -> None:
    case = one(people({"a": 1.0}), CaseFacts(caseload=nominated(0), in_hospital=frozenset({0})))
    assert (len(case.rows), dict(case.excluded), dict(case.routed)) == (
        0,
        {NOT_DISCHARGED: 1},
        {"hospital discharge team": 1},
    )


def test_limits_and_reviews_before_the_nomination_do_not_hold_it_back_and_a_review_after_it_does() -> None:
    team = ListTeam("Kirkby", "KIR", 3, min_age=65, excludes=("care home",))
    given = people({"a": 3.0, "b": 2.0, "c": 1.0}, age=40.0, care_home=True)
    decided = table(REVIEWS, (0, "2026-11-09", "declined"), (1, "2026-11-09", "monitor", "2026-11-10"))
    case = one(given, CaseFacts(caseload=nominated(0, 1), reviews=decided), team=team)
    assert arrivals(case) == {"a": "referred in"}
    assert reasons(case) == {"b": "reviewed in the last 8 weeks", "c": "outside the team's age limits"}


# ---- Weights ----


def test_bands_reach_from_their_lower_end_up_to_the_next() -> None:
    risk = pd.Series([0.0, 0.0999, 0.1, 0.2, 0.3999, 0.4, 1.0])
    assert bands_of(risk, SETTINGS.lists.bands).tolist() == [
        *("lower", "lower", "moderate", "high", "high", "very high", "very high"),
    ]


def test_cases_take_capacity_by_band_and_complexity_and_the_next_that_fits_is_taken() -> None:
    settings = Settings.model_validate(
        {"casefinding": {"case_weights": {"very high": 1.5}, "complex_from": 4, "complex_weight": 2.0}}
    )
    given = people({"a": 2.0, "b": 1.5, "c": -1.2, "d": -1.3, "e": -1.4}, conditions=[3.0, 4.0, 0.0, np.nan, 4.0])
    case = one(given, team=ListTeam("Kirkby", "KIR", 3), settings=settings)
    assert case.rows[["patient_id", "weight"]].values.tolist() == [["a", 1.5], ["c", 1.0]]
    case = one(given, team=ListTeam("Kirkby", "KIR", 6), settings=settings)
    assert case.rows[["patient_id", "weight"]].values.tolist() == [["a", 1.5], ["b", 3.0], ["c", 1.0]]


def test_a_case_heavier_than_the_capacity_never_fits() -> None:
    settings = Settings.model_validate({"casefinding": {"case_weights": {"very high": 5.0}}})
    case = one(people({"a": 2.0, "b": -1.2}), team=ListTeam("Kirkby", "KIR", 3), settings=settings)
    assert (listed(case), case.below_the_line) == ("b", 1)


@pytest.mark.parametrize(
    "weights", [{"case_weights": {"very high": 0.0004}}, {"complex_from": 0, "complex_weight": 1e-9}]
)
def test_no_case_is_so_light_that_any_number_of_them_fits(weights: dict[str, Any]) -> None:
    settings = Settings.model_validate({"casefinding": weights})
    given = people({"a": 4.0, "b": 3.0}, conditions=[5.0, 5.0])
    case = one(given, team=ListTeam("Kirkby", "KIR", 0), settings=settings)
    assert (listed(case), case.below_the_line) == ("", 2)
