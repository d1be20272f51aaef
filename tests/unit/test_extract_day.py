"""The day up to which a source goes: what rows show together, and that a few wrong dates do not move it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.extract_day import FEW, SHORTEST, Arrivals, follow_arrivals
from riskstrat.sources.ingest import IngestReport, ingest
from tests.suite.properties import population_settings, pure_settings

LAST = date(2026, 9, 30).toordinal()
PEOPLE = "patient_id,date_of_birth,sex\n" + "".join(f"P0{n},1950-06-15,F\n" for n in range(1, 9))
ANCHOR = "patient_id,spell_id,admitted_on,method,discharged_on\nP01,ANCHOR,2026-09-30,11,2026-09-30\n"
KIDNEY = "patient_id,measured_on,measure,value\nP02,2026-08-01,egfr,55\n"


def run(folder: Path, limit: float = 1, as_at: date | None = None, **tables: str) -> IngestReport:
    source = folder / "source"
    source.mkdir()
    for name, text in ({"people": PEOPLE, "admissions": ANCHOR} | tables).items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": limit}})
    return ingest(source, folder / "store", settings, as_at=as_at)


def arrive(seed: int, rate: float, weekend: float) -> Arrivals:
    """Three years of days that end on a full day, with `rate` rows on weekdays and a share of it at weekends."""
    rng = np.random.default_rng(seed)
    days = np.arange(LAST - 1095, LAST + 1)
    rows = rng.poisson(np.where((days - 1) % 7 >= 5, rate * weekend, rate))
    rows[-1] = max(rows[-1], int(rate))
    return Arrivals(days[rows > 0], rows[rows > 0])


def move(arrivals: Arrivals, moved: list[tuple[int, int]]) -> Arrivals:
    """Rows taken from the places of the first numbers and put on the day so many days after the last."""
    rows = dict(zip(arrivals.days.tolist(), arrivals.rows.tolist(), strict=True))
    for place, ahead in moved:
        day = int(arrivals.days[place % (len(arrivals.days) - 1)])
        if rows[day] > 1:
            rows[day] -= 1
            rows[LAST + ahead] = rows.get(LAST + ahead, 0) + 1
    days = sorted(rows)
    return Arrivals(np.array(days), np.array([rows[day] for day in days]))


@pure_settings(200)
@given(
    st.integers(0, 10_000),
    st.sampled_from([12, 40, 400, 5000]),
    st.sampled_from([1, 0.3, 0.05]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 10_950)), max_size=40, unique_by=lambda each: each[1]),
)
def test_rows_strewn_ahead_of_the_last_day_do_not_move_it(
    seed: int, rate: float, weekend: float, moved: list[tuple[int, int]]
) -> None:
    clean = arrive(seed, rate, weekend)
    assert follow_arrivals(clean).last == LAST
    reach = follow_arrivals(move(clean, moved))
    assert (reach.last, reach.next) == (LAST, None)


@pytest.mark.parametrize("ahead", [30, 366, 4000])
def test_an_ordinary_day_after_a_silence_is_told_and_not_believed(ahead: int) -> None:
    clean = arrive(1, 40, 1)
    wrong = Arrivals(np.append(clean.days, LAST + ahead), np.append(clean.rows, 35))
    assert follow_arrivals(wrong) == (LAST, LAST + ahead)


def test_what_is_loaded_once_a_month_goes_to_the_last_load() -> None:
    loads = np.array([date(2020 + month // 12, month % 12 + 1, 1).toordinal() for month in range(60)])
    clean = Arrivals(loads, np.full(60, 1000))
    assert follow_arrivals(clean).last == loads[-1]
    assert follow_arrivals(Arrivals(np.append(loads, loads[-1] + 9), np.append(clean.rows, 3))).last == loads[-1]


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        (
            {"measurements": KIDNEY + "P03,2027-11-01,egfr,60\n"},
            "measurements.measured_on (1 row, the latest 2027-11-01",
        ),
        ({"measurements": KIDNEY, "falls": "patient_id,fell_on\nP02,2031-01-01\n"}, "falls.fell_on (1 row"),
        (
            {"contacts": "patient_id,contacted_on,service,known_on\nP02,2026-08-01,gp,2062-08-01\n"},
            "contacts.known_on (1 row",
        ),
        ({"admissions": ANCHOR + "P02,S2,2026-08-01,21,\nP03,S3,2036-08-01,21,\n"}, "admissions.admitted_on (1 row"),
        (
            {
                "people": PEOPLE.replace("\n", ",\n").replace("sex,", "sex,date_of_death")
                + "P09,1950-06-15,F,2046-01-01\n"
            },
            "people.date_of_death (1 row",
        ),
    ],
)
def test_a_lone_row_far_ahead_in_a_small_source_is_refused_by_its_column(
    tables: dict[str, str], named: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as refused:
        run(tmp_path, **tables)
    assert named in str(refused.value)
    assert str(refused.value).endswith("mend those dates, or give the date of the extract with --as-at")
    assert not (tmp_path / "store").exists()


def test_the_date_of_the_extract_is_the_way_through_and_later_rows_are_quarantined(tmp_path: Path) -> None:
    late = KIDNEY + "P03,2027-11-01,egfr,60\n"
    report = run(tmp_path, as_at=date(2026, 9, 30), measurements=late)
    assert report.data_as_at == "2026-09-30"
    assert report.quarantined == {"measurements": {"event after the extract": 1}}


def test_ends_that_are_planned_and_old_records_say_nothing_of_the_day_of_the_extract(tmp_path: Path) -> None:
    report = run(
        tmp_path,
        limit=0,
        admissions=ANCHOR + "P02,S2,2026-06-01,21,2062-03-04\nP03,S3,2026-06-01,21,2026-06-04\n",
        registrations="patient_id,practice,registered_from,registered_to\nP02,N83001,2001-01-01,2031-01-01\n",
        social_care="patient_id,service,started_on,ended_on\nP02,home_care,2026-06-01,2030-01-01\n",
        conditions="patient_id,system,code,recorded_on\nP02,register,AF,1999-01-01\nP03,register,AF,1999-03-01\n",
        measurements=KIDNEY,
    )
    assert (report.data_as_at, report.quarantined) == ("2026-09-30", {})


ROWS_A_DAY = 35
"""Of both tables of a feed."""


def make_feed(ends: dict[str, int]) -> dict[str, str]:
    """Contacts and measurements with 20 and 15 rows a day for 200 days, each to so many days before LAST."""
    made = {}
    for name, (column, rows) in {"contacts": ("contacted_on", 20), "measurements": ("measured_on", 15)}.items():
        last = date.fromordinal(LAST - ends.get(name, 0))
        days = [last - timedelta(days=back) for back in range(200)]
        what = "service" if name == "contacts" else "measure"
        lines = [f"P0{n % 8 + 1},{day},gp\n" for day in days for n in range(rows)]
        made[name] = f"patient_id,{column},{what}\n" + "".join(lines)
    return made


def move_rows(table: str, count: int, ahead: int) -> dict[str, str]:
    """A feed of which the first `count` rows of one table are dated `ahead` days after the last day of all others."""
    feed = make_feed({})
    lines = feed[table].splitlines(keepends=True)
    wrong = date.fromordinal(min(LAST + ahead, date(2060, 1, 1).toordinal()))
    for number in range(1, count + 1):
        cells = lines[number].rstrip("\n").split(",")
        cells[1] = str(wrong)
        lines[number] = ",".join(cells) + "\n"
    feed[table] = "".join(lines)
    return feed


def test_tables_that_end_far_apart_are_refused_by_name_and_day(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        run(tmp_path, **make_feed({"contacts": 365}))
    said = str(refused.value)
    assert "measurements 2026-09-30" in said
    assert "contacts 2025-09-30" in said
    assert said.endswith("with --as-at")


def test_a_table_that_is_a_month_behind_is_none_the_worse(tmp_path: Path) -> None:
    report = run(tmp_path, **make_feed({"contacts": 30}))
    assert (report.data_as_at, report.quarantined) == ("2026-09-30", {})


@population_settings(3)
@given(st.sampled_from(["contacts", "measurements"]), st.integers(1, 12), st.integers(1, 10_950))
def test_wrong_dates_in_a_large_source_are_quarantined_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, table: str, count: int, ahead: int
) -> None:
    assume(ahead > SHORTEST or count < FEW * ROWS_A_DAY)
    feed = move_rows(table, count, ahead)
    settled = "2026-09-30", {table: {"event after the extract": count}}
    assert table in say_what_became(tmp_path_factory.mktemp("feed"), feed, settled)


@pytest.mark.parametrize(("count", "ahead"), [(4, SHORTEST), (4, 1), (12, 3)])
def test_a_tenth_of_a_days_rows_within_five_days_are_taken_for_the_day_of_the_extract(
    tmp_path: Path, count: int, ahead: int
) -> None:
    """Days without rows may have been a bank holiday, and a day's rows may have come only until the extract."""
    report = run(tmp_path, **move_rows("contacts", count, ahead))
    assert (report.data_as_at, report.quarantined) == (str(date.fromordinal(LAST + ahead)), {})


@pytest.mark.parametrize(("count", "ahead"), [(3, SHORTEST), (3, 1), (4, SHORTEST + 1), (12, SHORTEST + 1)])
def test_fewer_or_later_ones_are_not(tmp_path: Path, count: int, ahead: int) -> None:
    settled = "2026-09-30", {"contacts": {"event after the extract": count}}
    assert "contacts" in say_what_became(tmp_path, move_rows("contacts", count, ahead), settled)


def say_what_became(folder: Path, feed: dict[str, str], wanted: tuple[str, dict[str, dict[str, int]]]) -> str:
    """The refusal of a feed, or the quarantined tables of one that was taken as wanted."""
    try:
        report = run(folder, **feed)
    except SourceError as refused:
        return str(refused)
    assert (report.data_as_at, report.quarantined) == wanted
    return ", ".join(report.quarantined)
