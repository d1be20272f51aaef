"""Days and references as people and spreadsheets write them: read where they can be told, otherwise not at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import is_sound, list_readings, parse_reference, reference
from riskstrat.definitions.phrases import MONTHS
from riskstrat.reviews.cells import DayBounds, clean_text, fold, is_month_first, read_day

LIST_DATE = date(2026, 11, 16)
PERIOD = DayBounds(LIST_DATE, LIST_DATE + timedelta(weeks=104), date(1899, 12, 30))
MARCH, NOVEMBER = date(2027, 3, 4), date(2026, 11, 19)

# ---- Days ----


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2026, 11, 19, 14, 30), NOVEMBER),
        (NOVEMBER, NOVEMBER),
        (46345, NOVEMBER),
        (46345.6, NOVEMBER),
        ("46345", NOVEMBER),
        ("19/11/2026", NOVEMBER),
        ("19/11/26", NOVEMBER),
        ("19.11.2026", NOVEMBER),
        ("19 11 26", NOVEMBER),
        ("2026-11-19", NOVEMBER),
        ("20261119", NOVEMBER),
        ("2026-11-19T00:00:00", NOVEMBER),
        ("2026-11-19 00:00:00.000", NOVEMBER),
        ("19/11/2026 2:30 pm", NOVEMBER),
        ("19th November 2026", NOVEMBER),
        ("Thursday 19 November", NOVEMBER),
        ("Thurs, 19 Nov 2026", NOVEMBER),
        ("19\u2011Nov\u201126", NOVEMBER),
        ("November 19, 2026", NOVEMBER),
        ("Nov 19th", NOVEMBER),
        ("4/3/27", MARCH),
        ("4 March", MARCH),
        ("the 4th of March", MARCH),
        ("4\u00a0Mar.\u200b", MARCH),
        ("29 February", date(2028, 2, 29)),
        ("3 Sept", date(2027, 9, 3)),
    ],
)
def test_a_day_that_can_be_told_is_read(cell: Any, day: date) -> None:
    assert read_day(cell, PERIOD) == day


@pytest.mark.parametrize(
    "cell",
    [
        *("soon", "next Tuesday", "tbc", "-", "?", "March", "Nov 2026", "2026", "12", "31/02/2027", "11/19/2026"),
        *(
            "Nov-26",
            "Nov 27",
            "Friday 19 November 2026",
            "4 Marchh",
            "45 November",
            "1/2/3/2027",
            "19/11-2026",
            "\u0661",
        ),
        *(46000, "46000", 99999, -1, 0, True, 1e300, float("nan"), float("inf"), "10/2027", "4 Q", "00/00/0000"),
    ],
)
def test_what_could_be_another_day_or_none_is_not_read(cell: Any) -> None:
    assert read_day(cell, PERIOD) is None


@given(st.dates(LIST_DATE, LIST_DATE + timedelta(weeks=52) - timedelta(days=1)))
def test_every_day_of_the_year_after_a_list_is_read_from_each_way_of_writing_it(day: date) -> None:
    month = MONTHS[day.month - 1]
    serial = (day - PERIOD.first_day).days
    for written in (
        *(f"{day:%d/%m/%Y}", f"{day:%d.%m.%y}", f"{day.day}/{day.month}/{day.year}", f"{day:%Y-%m-%d}", str(serial)),
        *(f"{day.day} {month} {day.year}", f"{day.day} {month}", f"{day.day}-{month[:3]}-{day:%y}", serial),
        *(f"{month} {day.day}, {day.year}", f"{day:%d %B} ".upper(), datetime(day.year, day.month, day.day)),
    ):
        assert read_day(written, PERIOD) == day, written


@given(st.text(max_size=12) | st.integers() | st.floats() | st.from_regex(r"[\d/.\- a-z]{1,12}", fullmatch=True))
def test_no_cell_makes_the_reader_of_days_stumble(cell: Any) -> None:
    found = read_day(cell, PERIOD)
    assert found is None or isinstance(found, date)
    assert isinstance(is_month_first(cell), bool)


@pytest.mark.parametrize(("cell", "turned"), [("11/17/2026", True), ("1-31-27", True), ("12/11/2026", False)])
def test_a_date_that_fits_month_before_day_alone_is_seen(cell: str, turned: bool) -> None:
    assert is_month_first(cell) is turned


def test_a_workbook_that_counts_from_1904_has_other_numbers() -> None:
    assert read_day(44883, DayBounds(PERIOD.since, PERIOD.until, date(1904, 1, 1))) == NOVEMBER
    assert read_day(44883, PERIOD) is None


# ---- Text ----


def test_a_cell_of_nothing_but_blanks_holds_nothing() -> None:
    assert [clean_text(cell) for cell in (None, "", " \n\t", "\u200b\ufeff ", "\u00a0")] == [None] * 5
    assert [clean_text(cell) for cell in (12.0, 1.5, " a\n b ", datetime(2026, 11, 19))] == [
        *("12", "1.5", "a b", "2026-11-19"),
    ]
    assert fold("\uff34elecare\u2013A\u00adB \u00a0c") == "telecare-ab c"


# ---- References ----

numbers = st.integers(1, 99_999)
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)
dashes = st.sampled_from(("-", " - ", "\u2013", "\u2014", "\u2011", "\u2212", " ", "\u00a0", "_", ".", "/", "\uff0d"))


@given(codes, numbers, dashes, dashes, st.booleans())
def test_a_reference_is_read_however_it_was_typed(code: str, number: int, one: str, other: str, small: bool) -> None:
    printed = reference(code, number)
    team, figures, last = printed.split("-")
    typed = f" {team}{one}{figures.replace('0', 'O')}{other}{last}\u200b"
    found = parse_reference(typed.lower() if small else typed)
    assert found == printed
    assert is_sound(printed)


@given(codes, numbers, st.data())
def test_a_slip_of_one_character_is_never_read_as_another_case(code: str, number: int, data: st.DataObject) -> None:
    printed = reference(code, number)
    at = data.draw(st.sampled_from([place for place, one in enumerate(printed) if one != "-"]))
    slip = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    found = parse_reference(printed[:at] + slip + printed[at + 1 :])
    assert found is None or not is_sound(found) or found == printed


@pytest.mark.parametrize(("code", "step"), [("NKI", 1), ("OIL", 9)])
def test_what_is_written_of_a_reference_opens_its_own_case_or_is_asked(code: str, step: int) -> None:
    for number in range(1, 1010, step):
        printed = reference(code, number)
        figures, last = printed[4:-2], printed[-1]
        sure = (printed, f"{figures}-{last}", f"{number} {last}", f"{code}-{figures}{last}", f"{code}{figures}{last}")
        for typed in (*sure, f"{figures}{last}".lower()):
            assert list_readings(typed.lower(), code, lambda _: False) == [printed], typed
        alone = (f"{code}{figures}", figures, f"{code} {number}", str(number)) if number < 1000 else ()
        for typed in (*alone, f"{number}{last}", f"{code}{number}{last}", f"{figures}{last}"):
            assert printed in list_readings(typed, code, lambda _: True), typed


@pytest.mark.parametrize("typed", ["nki12l", "nki-0126", "NKI012O", "1013", "99999", "OIL12", "huy124", "NKI", "L", ""])
def test_what_is_no_reference_and_no_number_opens_nothing(typed: str) -> None:
    assert not [one for one in list_readings(typed, "NKI", lambda _: True) if is_sound(one)]


@pytest.mark.parametrize(
    "typed", ["", "NKI", "NKI-12", "NKI-01-4", "NKI0124", "NKI-0124", "see NKI-012-4", "NKI-012-44"]
)
def test_what_lacks_a_part_of_a_reference_is_none(typed: str) -> None:
    assert parse_reference(typed) is None
