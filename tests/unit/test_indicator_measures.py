"""What each measure of the board counts: small tables in, whole small tables out, at the edges of each rule."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.indicators import Indicator
from riskstrat.indicators.measures import count_indicator

JANUARY, FEBRUARY, MARCH = (f"2025-{month:02}-01" for month in (1, 2, 3))
MONTHS = (JANUARY, FEBRUARY, MARCH)


class Records:
    """The tables of the store as a test writes them."""

    def __init__(self, **tables: pd.DataFrame) -> None:
        self.tables = tables
        self.every_stay = tables.get("every_stay")
        self.attendances = tables.get("attendances")
        self.social_care = tables.get("social_care")
        self.caseload = tables.get("caseload")

    def stays(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def spells_coded(self, indicator: Indicator) -> set[int]:
        return {2}


def table(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """Columns that end in _on are days."""
    made = pd.DataFrame(rows, columns=columns.split())
    return made.astype({name: "datetime64[s]" for name in made if str(name).endswith("_on")})


def members(*ages: int) -> pd.DataFrame:
    """Person 0, 1, ... of these ages in each of three months."""
    rows = [(person, pd.Timestamp(month), age) for person, age in enumerate(ages) for month in MONTHS]
    return pd.DataFrame(rows, columns=["person", "month", "years_old"])


def indicator(measure: str, **facts: Any) -> Indicator:
    return Indicator.model_construct(
        **{
            "name": "K01", "measure": measure, "rows": "emergency", "discharges": "discharged", "codelist": "",
            "min_age": 0, "max_age": 120, "codes": (), "left_out": (),
        } | facts
    )  # fmt: skip


def counts(asked: Indicator, who: pd.DataFrame, records: Records) -> tuple[list[list[int]], list[list[int]]]:
    """Numerator and denominator: for each person one number a month."""
    found = count_indicator(asked, who, records)  # type: ignore[arg-type]
    people = who["person"].nunique()
    return tuple(part.to_numpy().reshape(people, len(MONTHS)).tolist() for part in (found.numerator, found.denominator))  # type: ignore[return-value]


STAYS = table(
    "person spell admitted_on discharged_on",
    (0, 1, "2025-01-31", "2025-02-02"),
    (0, 2, "2025-02-01", "2025-02-01"),
    (0, 3, "2025-02-28", None),
    (1, 4, "2024-12-31", "2025-03-01"),
    (2, 5, "2025-01-15", "2025-01-20"),
)


def test_stays_count_in_the_month_of_their_admission() -> None:
    asked = indicator("stays")
    assert counts(asked, members(70, 70), Records(emergency=STAYS)) == ([[1, 2, 0], [0, 0, 0]], [[1, 1, 1]] * 2)


def test_stays_of_a_codelist_are_those_of_its_spells() -> None:
    asked = indicator("stays", codelist="acute")
    assert counts(asked, members(70), Records(emergency=STAYS))[0] == [[0, 1, 0]]


@pytest.mark.parametrize(("age", "counted"), [(64, 0), (65, 1), (74, 1), (75, 0)])
def test_both_ends_of_an_age_range_count_and_nobody_beyond_them(age: int, counted: int) -> None:
    found = counts(indicator("stays", min_age=65, max_age=74), members(age), Records(emergency=STAYS))
    assert found == ([[counted, 2 * counted, 0]], [[counted] * 3])


def test_bed_days_are_nights_in_the_month_of_the_discharge() -> None:
    asked = indicator("bed_days")
    found = count_indicator(asked, members(70, 70), Records(emergency=STAYS))  # type: ignore[arg-type]
    assert found.numerator.tolist() == [0, 2, 0, 0, 0, 60]
    assert found.events is not None
    assert found.events.tolist() == [0, 2, 0, 0, 0, 1]


@pytest.mark.parametrize(("days", "counted"), [(-1, 0), (0, 1), (14, 1), (15, 1), (29, 1), (30, 0)])
def test_a_readmission_is_an_emergency_on_day_0_to_29_after_a_discharge(days: int, counted: int) -> None:
    left = pd.Timestamp("2025-01-20")
    again = table("person spell admitted_on", (0, 9, left + pd.Timedelta(days=days)))
    discharged = table("person spell discharged_on", (0, 1, left))
    found = count_indicator(indicator("readmissions"), members(70), Records(emergency=again, discharged=discharged))  # type: ignore[arg-type]
    assert (found.numerator.tolist(), found.denominator.tolist()) == ([counted, 0, 0], [1, 0, 0])
    assert found.follow_days == 29


def test_a_stay_is_no_readmission_of_itself_nor_of_another_person_and_two_of_one_discharge_count_once() -> None:
    discharged = table("person spell discharged_on", (0, 1, "2025-02-01"), (1, 2, "2025-02-01"), (2, 3, "2025-02-01"))
    again = table(
        "person spell admitted_on",
        (0, 1, "2025-02-01"),
        (1, 8, "2025-02-03"),
        (1, 9, "2025-02-09"),
        (3, 7, "2025-02-02"),
    )
    found = counts(indicator("readmissions"), members(70, 70, 70), Records(emergency=again, discharged=discharged))
    assert found == ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 1, 0]] * 3)


def test_back_in_the_usual_place_counts_ordinary_stays_that_ended_alive() -> None:
    stays = table(
        "person discharged_on destination discharge_method patient_class",
        (0, "2025-01-05", "19", "1", "1"),
        (0, "2025-01-09", "54", "1", None),
        (0, "2025-01-20", "19", "4", "1"),
        (0, "2025-02-20", "19", "1", "2"),
        (0, None, "19", None, "1"),
        (0, "2025-03-02", None, "1", "1"),
        (0, "2025-03-04", "98", "1", "1"),
        (0, "2025-03-06", "99", "1", "1"),
        (0, "2025-03-08", "L7", "1", "1"),
    )
    asked = indicator("usual_place", codes=("19", "29"), left_out=("4", "5"))
    assert counts(asked, members(70), Records(every_stay=stays)) == ([[1, 0, 0]], [[2, 0, 1]])


CASELOAD = table(
    "person team status from_on to_on",
    (0, "North", "active", "2025-01-31", "2025-02-28"),
    (0, "North", "active", "2025-01-02", "2025-01-31"),
    (1, "North", "monitored", "2025-02-01", None),
    (2, "North", "active", "2025-03-31", "2025-04-01"),
)


def test_somebody_is_on_the_caseload_from_the_first_day_and_no_longer_on_the_last() -> None:
    found = counts(indicator("register"), members(70, 70, 70), Records(caseload=CASELOAD))
    assert found == ([[1, 0, 0], [0, 1, 1], [0, 0, 1]], [[1, 1, 1]] * 3)
    active = counts(indicator("register", codes=("active",)), members(70, 70), Records(caseload=CASELOAD))
    assert active[0] == [[1, 0, 0], [0, 0, 0]]


def test_a_row_that_closes_a_case_or_declines_ends_it_though_the_row_before_has_no_end() -> None:
    rows = table(
        "person team status from_on to_on",
        (0, "North", "active", "2025-01-02", None),
        (0, "North", "closed", "2025-02-10", None),
        (1, "North", "Active", "2025-01-02", None),
        (1, "South", "closed", "2025-02-10", None),
        (2, "North", "assessed", "2025-01-02", None),
        (2, "North", "declined", "2025-03-31", None),
    )
    asked = indicator("register", codes=("active", "assessed"))
    assert counts(asked, members(70, 70, 70), Records(caseload=rows))[0] == [[1, 0, 0], [1, 1, 1], [1, 1, 0]]
    seen = table("person attended_on category", (0, "2025-03-03", "1"), (1, "2025-03-03", "1"))
    asked = indicator("register_attendances", codes=("1",))
    found = counts(asked, members(70, 70, 70), Records(attendances=seen, caseload=rows))
    assert found == ([[0, 0, 0], [0, 0, 1], [0, 0, 0]], [[0, 1, 0], [0, 1, 1], [0, 1, 1]])


def test_unplanned_attendances_of_people_who_were_on_the_caseload_when_the_month_began() -> None:
    seen = table(
        "person attended_on category",
        (0, "2025-02-01", "1"),
        (0, "2025-02-28", None),
        (0, "2025-02-10", "2"),
        (1, "2025-01-31", "1"),
        (1, "2025-02-03", "1"),
    )
    asked = indicator("register_attendances", codes=("1", "3"))
    found = counts(asked, members(70, 70), Records(attendances=seen, caseload=CASELOAD))
    assert found == ([[0, 2, 0], [0, 1, 0]], [[0, 1, 0], [0, 1, 1]])


def test_a_move_into_a_care_home_counts_once_and_at_the_age_asked() -> None:
    services = table(
        "person service started_on ended_on",
        (0, "nursing", "2025-03-01", None),
        (0, "residential", "2025-02-28", "2025-03-01"),
        (1, "home_care", "2025-02-01", None),
        (2, "residential", "2025-01-01", None),
    )
    asked = indicator("care_home_moves", codes=("residential", "nursing"), min_age=65)
    found = counts(asked, members(65, 80, 64), Records(social_care=services))
    assert found == ([[0, 1, 0], [0, 0, 0], [0, 0, 0]], [[1, 1, 1], [1, 1, 1], [0, 0, 0]])


def test_somebody_is_helped_at_home_on_the_last_day_of_a_month() -> None:
    services = table(
        "person service started_on ended_on",
        (0, "home_care", "2025-01-31", "2025-03-31"),
        (1, "day_centre", "2025-01-01", None),
    )
    found = counts(indicator("helped_at_home", codes=("home_care",)), members(70, 70), Records(social_care=services))
    assert found == ([[1, 1, 0], [0, 0, 0]], [[1, 1, 1]] * 2)
