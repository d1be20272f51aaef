"""Days, moments and placeholders, whichever file they come in; and codes that passed through a number format."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.placeholders import NEVER_BEGUN, NEVER_ENDED, NULL_DATES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.sources.dates import build_date_sql, build_moment_sql
from riskstrat.sources.ingest import IngestReport, ingest
from tests.suite.properties import property_settings
from tests.suite.stores import find_version

DAY = date(2024, 1, 1)


def ingested(folder: Path, **tables: dict[str, Any]) -> IngestReport:
    """Ingest these columns, as parquet, beside two people and one admission s1."""
    source = folder / "source"
    source.mkdir()
    admission = {"patient_id": ["p1"], "spell_id": ["s1"], "admitted_on": [DAY], "method": ["21"]}
    people = {"patient_id": ["p1", "p2"], "date_of_birth": [date(1950, 1, 1), date(1970, 1, 1)], "sex": ["F", "M"]}
    for name, columns in ({"people": people, "admissions": admission} | tables).items():
        pq.write_table(pa.table(columns), source / f"{name}.parquet")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    return ingest(source, folder / "store", settings, as_at=date(2024, 12, 31))


def stored(folder: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    rows = pq.read_table(
        find_version(folder / "store") / "tables" / f"{table}.parquet", columns=list(columns)
    ).to_pylist()
    return [tuple(row.values()) for row in rows]


def read(text: str) -> date | None:
    row = duckdb.execute(f"SELECT {build_date_sql('t', 'VARCHAR', 't')} FROM (SELECT ? AS t)", [text]).fetchone()
    return row[0] if row else None


def read_moment(text: str) -> datetime | None:
    row = duckdb.execute(f"SELECT {build_moment_sql('t', 'VARCHAR', 't')} FROM (SELECT ? AS t)", [text]).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-09T23:00:00Z", date(2026, 6, 10)),
        ("2026-06-09 23:00", date(2026, 6, 9)),
        ("09/06/2026 23:30:00 UTC", date(2026, 6, 10)),
        ("2026-06-09 23:30 BST", date(2026, 6, 9)),
        ("2026-06-09T18:30:00-05", date(2026, 6, 10)),
        ("2026-12-09T23:59:59.999Z", date(2026, 12, 9)),
        ("2026-06-09 11:30 PM", date(2026, 6, 9)),
        ("20240304.0", date(2024, 3, 4)),
        ("04-MAR-2024", date(2024, 3, 4)),
        ("2024/3/4", date(2024, 3, 4)),
        ("2024-03-04 00:00:00 EST", None),
        ("2024-02-30T10:00:00Z", None),
        ("04/03/26", None),
        ("45355", None),
        ("45355.0", None),
    ],
)
def test_a_day_is_what_is_written_and_a_moment_with_a_zone_the_day_in_london(text: str, day: date | None) -> None:
    assert read(text) == day


def test_the_commonest_form_is_read_as_its_calendar_says_and_a_day_that_is_none_as_none() -> None:
    """Every day of ten years far apart, and what the same form writes beyond its months and days."""
    read_here = build_date_sql("t", "VARCHAR", "t")
    numbers = "range(1, 10000, 1111) y(year), range(14) m(month), range(33) d(day)"
    written = f"SELECT format('{{:04d}}-{{:02d}}-{{:02d}}', year, month, day) AS t FROM {numbers}"
    for text, day in duckdb.execute(f"SELECT t, {read_here} FROM ({written})").fetchall():
        try:
            meant = date.fromisoformat(text)
        except ValueError:
            meant = None
        assert day == meant, text


@property_settings(40, drawn=100)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["T", " "]),
    st.sampled_from([":", ""]),
)
def test_every_moment_with_an_offset_is_the_day_that_it_was_in_london(
    moment: datetime, offset: int, between: str, colon: str
) -> None:
    zone = timezone(timedelta(minutes=offset))
    local = moment.replace(microsecond=0, tzinfo=UTC).astimezone(zone)
    hours, minutes = divmod(abs(offset), 60)
    written = f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{'-' if offset < 0 else '+'}{hours:02}{colon}{minutes:02}"
    assert read(written) == local.astimezone(ZoneInfo("Europe/London")).date()


def test_placeholders_are_no_dates_in_every_column_that_may_be_empty(tmp_path: Path) -> None:
    days = [*NULL_DATES, *NEVER_BEGUN, *NEVER_ENDED, "2999-12-31", "3000-01-01", "9999-12-31", "4712-12-31"]
    count = len(days)
    report = ingested(
        tmp_path,
        people={
            "patient_id": [f"p{number}" for number in range(count)],
            "date_of_birth": [date(1950, 1, 1)] * count,
            "sex": ["F"] * count,
            "date_of_death": days,
        },
        registrations={
            "patient_id": [f"p{number}" for number in range(count)],
            "practice": ["N83001"] * count,
            "registered_from": ["2020-01-01"] * count,
            "registered_to": days,
        },
    )
    assert report.quarantined == {}
    assert stored(tmp_path, "people", "date_of_death") == [(None,)] * count
    assert stored(tmp_path, "registrations", "registered_to") == [(None,)] * count
    assert report.tables["people"].null_dates == report.tables["registrations"].null_dates == count


def test_a_slip_of_the_year_is_no_placeholder(tmp_path: Path) -> None:
    ids = ["p1", "p2", "p3"]
    people = {"patient_id": ids, "date_of_birth": [date(1950, 1, 1)] * 3, "sex": ["F"] * 3}
    report = ingested(tmp_path, people=people | {"date_of_death": ["", "0026-03-04", "2926-03-04"]})
    assert report.tables["people"].rules == {"impossible date": 2}


def test_a_beginning_long_ago_stays_where_it_says_since_ever_and_a_birth_may_be_at_the_zero_of_unix(
    tmp_path: Path,
) -> None:
    caseload = {"patient_id": ["p1"], "team": ["North"], "status": ["active"], "from_on": ["1900-01-01"]}
    report = ingested(tmp_path, caseload=caseload)
    assert report.quarantined == {}
    assert sorted(stored(tmp_path, "people", "date_of_birth")) == [(date(1950, 1, 1),), (date(1970, 1, 1),)]


def test_a_birth_that_is_a_placeholder_is_said_to_be_none(tmp_path: Path) -> None:
    births = {"patient_id": ["p1", "p2"], "date_of_birth": [date(1950, 1, 1), date(1900, 1, 1)], "sex": ["F", "M"]}
    assert ingested(tmp_path, people=births).tables["people"].rules == {"missing value": 1}


DOUBLE, SINGLE, DECIMAL, WHOLE, TEXT = pa.float64(), pa.float32(), pa.decimal128(20, 1), pa.int64(), pa.string()


NUMBERED = [
    (TEXT, ["1.064891000000107E15", "1.064891000000107e+15", "1064891000000107.0"], ["1064891000000107"] * 3),
    (TEXT, ["1.06489E+15", "1.06489100000011e+15", "5E+8"], [None] * 3),
    (TEXT, ["FALL", "W19.X", "5E8"], ["FALL", "W19X", "5E8"]),
    (DOUBLE, [1064891000000107.0, 99999999999999999.0, 2.5], ["1064891000000107", None, None]),
    (SINGLE, [16777216.0, 161898004.0, 0.1], ["16777216", None, None]),
    (DECIMAL, [Decimal("161898004.0"), Decimal("161898004.5"), Decimal(1)], ["161898004", None, "1"]),
    (WHOLE, [999000000000000107, 1, 0], ["999000000000000107", "1", "0"]),
]


@pytest.mark.parametrize(("kind", "values", "codes"), NUMBERED, ids=str)
def test_a_code_that_was_a_number_has_all_its_digits_or_is_read_as_empty_and_counted(
    kind: pa.DataType, values: list[Any], codes: list[str | None], tmp_path: Path
) -> None:
    days = [date(2024, 1, day) for day in (1, 2, 3)]
    rows = {"patient_id": ["p1"] * 3, "attended_on": days, "complaint": pa.array(values, kind)}
    report = ingested(tmp_path, attendances=rows)
    assert [code for (code,) in stored(tmp_path, "attendances", "complaint")] == codes
    lost = codes.count(None)
    assert report.tables["attendances"].emptied == ({"complaint": lost} if lost else {})


def test_where_a_code_is_required_lost_digits_take_the_row_by_name(tmp_path: Path) -> None:
    days = {"patient_id": ["p1"] * 4, "issued_on": [DAY] * 4}
    stays = {"patient_id": ["p1"] * 4, "spell_id": ["s1"] * 4, "position": [1, 2, 3, 4], "system": ["icd9"] * 4}
    report = ingested(
        tmp_path,
        prescriptions=days | {"bnf": ["4.29E+10", "212000.0", "0212000B0AAAAAA", "1.06E+15"]},
        diagnoses=stays | {"code": pa.array([389.0, 250.1, 4280.0, 2500.0])},
        conditions={
            "patient_id": ["p1"] * 3,
            "system": ["snomed"] * 3,
            "code": pa.array([38341003.0, 99999999999999999.0, 44054006.0]),
            "recorded_on": [DAY, date(2024, 1, 2), date(2024, 1, 3)],
        },
    )
    assert report.quarantined == {
        "diagnoses": {"code as a number": 4},
        "conditions": {"code as a number": 1},
        "prescriptions": {"code as a number": 3},
    }
    assert stored(tmp_path, "conditions", "code") == [("38341003",), ("44054006",)]


def test_an_icd9_code_has_its_zero_back_and_keeps_its_point_and_snomed_loses_it(tmp_path: Path) -> None:
    systems = ["icd9", "icd9", "icd9"]
    stays = {"patient_id": ["p1"] * 3, "spell_id": ["s1"] * 3, "position": [1, 2, 3], "system": systems}
    conditions = {"patient_id": ["p1"], "system": ["snomed"], "code": ["38341003.0"], "recorded_on": [DAY]}
    ingested(tmp_path, diagnoses=stays | {"code": ["38.9", "250.0", "038.9"]}, conditions=conditions)
    assert stored(tmp_path, "diagnoses", "code") == [("0389",), ("2500",), ("0389",)]
    assert stored(tmp_path, "conditions", "code") == [("38341003",)]


def test_identifiers_that_were_numbers_are_whole_and_two_people_never_become_one(tmp_path: Path) -> None:
    people = {"patient_id": ["1.0", "2.0", "1.23E+09", "12E4567"], "date_of_birth": [DAY] * 4, "sex": ["F"] * 4}
    admissions = {"patient_id": pa.array([1.0, 2.0]), "spell_id": ["11.0", "12"], "admitted_on": [DAY] * 2}
    report = ingested(tmp_path, people=people, admissions=admissions | {"method": ["21.0", "11"]})
    assert report.quarantined == {"people": {"code as a number": 1}}
    assert {row[0] for row in stored(tmp_path, "people", "patient_id")} == {"1", "12E4567", "2"}
    assert stored(tmp_path, "spells", "spell_id", "method") == [("11", "21"), ("12", "11")]


def test_the_columns_that_a_row_hangs_on_though_they_may_be_empty_are_these() -> None:
    hangs = {f"{t.name}.{c.name}" for t in SCHEMAS.values() for c in t.columns if not c.required and t.hangs_on(c)}
    assert {name for name in hangs if not name.endswith("known_on")} == {
        *("people.date_of_death", "measurements.value", "measurements.unit", "registrations.registered_to"),
        *("admissions.discharged_on", "conditions.ended_on", "social_care.ended_on", "caseload.to_on"),
        *("areas.from_on", "areas.to_on", "statuses.inpatient", "statuses.died", "statuses.moved"),
        *("statuses.palliative_register", "care_plans.ended_on"),
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("13/02/2024 09:10", datetime(2024, 2, 13, 9, 10)),
        ("13/02/2024 22:40:30", datetime(2024, 2, 13, 22, 40, 30)),
        ("13-Feb-2024 9:05 pm", datetime(2024, 2, 13, 21, 5)),
        ("20240213 12:30AM", datetime(2024, 2, 13, 0, 30)),
        ("2024/02/13 12:30 PM", datetime(2024, 2, 13, 12, 30)),
        ("13/02/2024 22:40 PM", datetime(2024, 2, 13, 22, 40)),
        ("09/06/2026 23:30:00 UTC", datetime(2026, 6, 10, 0, 30)),
        ("09/06/2026 23:30 BST", datetime(2026, 6, 9, 23, 30)),
        ("09-Jun-2026 10:00 GMT", datetime(2026, 6, 9, 11, 0)),
        ("09/06/2026T18:30:00-05:30", datetime(2026, 6, 10, 1, 0)),
        ("2026-12-09T23:59:59.125Z", datetime(2026, 12, 9, 23, 59, 59, 125000)),
        ("2024-02-13 10:15:00,5", datetime(2024, 2, 13, 10, 15, 0, 500000)),
        ("13/02/2024", datetime(2024, 2, 13)),
        ("20240213.0", datetime(2024, 2, 13)),
        ("13/02/2024 25:10", None),
        ("30/02/2024 10:10", None),
        ("13/02/24 10:10", None),
        ("2024-03-04 00:00:00 EST", None),
        ("10:15", None),
    ],
)
def test_a_moment_has_the_day_and_the_time_that_are_written_in_whatever_form(
    text: str, moment: datetime | None
) -> None:
    assert read_moment(text) == moment


@property_settings(40, drawn=100)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2047, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%Y/%m/%d", "%d-%b-%Y"]),
    st.sampled_from(["%H:%M:%S.%f", "%I:%M:%S.%f %p", "%I:%M:%S.%f%p"]),
)
def test_a_moment_is_read_back_and_its_day_is_that_of_the_date(moment: datetime, day: str, clock: str) -> None:
    text = moment.strftime(f"{day} {clock}")
    assert (read_moment(text), read(text)) == (moment, moment.date())
