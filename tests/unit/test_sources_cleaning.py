"""Landed values in, values of the schema's types out."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.cleaning import build_text_sql, cleaned
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.store import open_store
from tests.suite.properties import property_settings
from tests.suite.stores import find_version

DAY = date(2024, 1, 1)


def ingested(folder: Path, **tables: dict[str, Any]) -> IngestReport:
    """Ingest these columns, as parquet, beside one person p1 with one admission s1."""
    source = folder / "source"
    source.mkdir()
    admission = {"patient_id": ["p1"], "spell_id": ["s1"], "admitted_on": [DAY], "method": ["21"]}
    person = {"patient_id": ["p1"], "date_of_birth": [date(1950, 1, 1)], "sex": ["F"]}
    for name, columns in ({"people": person, "admissions": admission} | tables).items():
        pq.write_table(pa.table(columns), source / f"{name}.parquet")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    return ingest(source, folder / "store", settings, as_at=date(2024, 12, 31))


def stored(folder: Path, table: str, columns: list[str]) -> list[list[Any]]:
    frame = pq.read_table(find_version(folder / "store") / "tables" / f"{table}.parquet", columns=columns).to_pandas()
    return frame.astype(object).where(frame.notna(), None).values.tolist()


def test_codes_are_trimmed_upper_case_and_lose_dots_and_the_hes_pad(tmp_path: Path) -> None:
    codes = ["I10X", " i10 ", "i25.1", "E11-", "M05XX", "T36X1XA", "W010XXA", "K35XX-"]
    ingested(
        tmp_path,
        conditions={
            "patient_id": ["p1"] * 8,
            "system": ["icd10", "ICD10", " icd10"] + ["icd10"] * 5,
            "code": codes,
            "recorded_on": [date(2024, 1, day) for day in range(1, 9)],
        },
    )
    assert stored(tmp_path, "conditions", ["code", "system"]) == [
        [code, "icd10"] for code in ("I10", "I10", "I251", "E11", "M05", "T36X1XA", "W010XXA", "K35")
    ]


MARKED = {
    "E103-D": "E103",
    "H360-A": "H360",
    "E103 D": "E103",
    "G632 A": "G632",
    "E10.3D": "E103",
    "I10XD": "I10",
    "M0730D": "M0730",
    "F00.1*": "F001",
    "F00*": "F00",
    "A18.0†": "A180",
    "M01.1+": "M011",
    "M0730*": "M0730",
    "C7A": "C7A",
    "S72001D": "S72001D",
    "T391X2A": "T391X2A",
}


def test_dagger_and_asterisk_with_their_filler_are_no_part_of_an_icd10_code(tmp_path: Path) -> None:
    days = [date(2024, 1, day) for day in range(1, 1 + len(MARKED))]
    report = ingested(
        tmp_path,
        conditions={
            "patient_id": ["p1"] * len(MARKED),
            "system": ["icd10"] * len(MARKED),
            "code": list(MARKED),
            "recorded_on": days,
        },
        diagnoses={"patient_id": ["p1"], "spell_id": ["s1"], "position": [1], "system": ["icd10"], "code": ["E10.3D"]},
    )
    assert report.quarantined == {}
    assert stored(tmp_path, "conditions", ["recorded_on", "code"]) == [
        [day, code] for day, code in zip(days, MARKED.values(), strict=True)
    ]
    assert stored(tmp_path, "diagnoses", ["code"]) == [["E103"]]


def test_an_american_code_keeps_its_placeholders_and_its_ending(tmp_path: Path) -> None:
    codes = ["T39.1X2A", "O30.03X", "S52.5D"]
    rows = {"patient_id": ["p1"] * 3, "spell_id": ["s1"] * 3, "position": [1, 2, 3], "system": ["icd10cm"] * 3}
    ingested(tmp_path, diagnoses=rows | {"code": codes})
    assert stored(tmp_path, "diagnoses", ["code"]) == [["T391X2A"], ["O3003X"], ["S525D"]]


def test_methods_that_hes_cleaning_renumbered_are_read_back_and_counted(tmp_path: Path) -> None:
    methods = ["66", "67", "68", "69", "77", "2a", None]
    ids = [f"s{number}" for number in range(7)]
    days = [date(2024, 1, day) for day in range(1, 8)]
    rows = {"patient_id": ["p1"] * 7, "spell_id": ids, "admitted_on": days, "method": methods}
    report = ingested(tmp_path, admissions=rows)
    assert stored(tmp_path, "spells", ["method"]) == [["2A"], ["2B"], ["2C"], ["2D"], ["77"], ["2A"]]
    assert report.tables["admissions"].recoded == {"method": 4}
    assert report.tables["admissions"].rules == {"missing value": 1}
    said = "admissions.method: 4 values renumbered by HES cleaning, read back (66 as 2A, 67 as 2B, 68 as 2C, 69 as 2D)"
    assert said in report.notes


@pytest.mark.parametrize("wide", [True, False], ids=["float", "text"])
def test_identifiers_of_sixteen_digits_in_a_floating_column_keep_every_digit(wide: bool, tmp_path: Path) -> None:
    codes = ["1064891000000107.0", None, "1048031000000100.0"]
    values = pa.array([None if code is None else float(code) for code in codes]) if wide else pa.array(codes)
    days = [date(2024, 1, day) for day in (1, 2, 3)]
    ingested(tmp_path, attendances={"patient_id": ["p1"] * 3, "attended_on": days, "acuity": values})
    assert stored(tmp_path, "attendances", ["acuity"]) == [["1064891000000107"], [None], ["1048031000000100"]]


def test_words_are_read_with_blanks_hyphens_and_capitals(tmp_path: Path) -> None:
    days = [date(2024, 1, day) for day in (1, 2)]
    ingested(
        tmp_path,
        contacts={"patient_id": ["p1"] * 2, "contacted_on": days, "service": ["Mental Health", "walk-in"]},
        social_care={"patient_id": ["p1"] * 2, "service": ["Home care", "DAY-CARE"], "started_on": days},
    )
    assert stored(tmp_path, "contacts", ["service"]) == [["mental_health"], ["walk_in"]]
    assert stored(tmp_path, "social_care", ["service"]) == [["home_care"], ["day_care"]]


BLANKS = " \t\r\n\u00a0"
WRITTEN = st.text(f"{BLANKS}\x0b!~aZ0é\u1680\u2003\U0001f600", max_size=5)


@property_settings(200)
@given(values=st.lists(WRITTEN, min_size=1, max_size=30))
def test_text_loses_the_blanks_at_its_ends_alone_and_is_null_when_nothing_is_left(values: list[str]) -> None:
    query = f"SELECT {build_text_sql('given', 'VARCHAR')} FROM (SELECT unnest(?::VARCHAR[]) AS given)"
    read = [row[0] for row in duckdb.execute(query, [values]).fetchall()]
    assert read == [value.strip(BLANKS) or None for value in values]


CODES = [
    "0301",
    "abc",
    "a.b",
    " 0301",
    "0301\u00a0",
    ".",
    "...",
    "0_1",
    "É1",
    "1.0E+3",
    "ß",
    "A-B",
    "a\nb",
    "",
    " ",
    "Z9",
]
WORDS = ["gp", "GP", "a b", "a-b", "\tgp", "gp\u00a0", "é", "A1", "a_1", "a\nb", "", "-", "a.b"]


@pytest.mark.parametrize("file", ["parquet", "flat"])
@pytest.mark.parametrize(("table", "name", "values"), [("prescriptions", "bnf", CODES), ("contacts", "service", WORDS)])
def test_codes_and_words_are_read_alike_whether_they_stand_as_they_are_read_or_not(
    file: str, table: str, name: str, values: list[str], tmp_path: Path
) -> None:
    # Often each: of a column with few different values, as of one with many, and beside empty ones.
    given = pa.table({name: [*values, None] * 50, "landed_row": range(50 * (len(values) + 1))})
    pq.write_table(given, tmp_path / "given.parquet", use_dictionary=file == "parquet")
    query = cleaned(SCHEMAS[table], {name: (name, "VARCHAR")}, f"'{tmp_path / 'given.parquet'}'", "landed_row")
    flag = f"unread_{name}" if table == "prescriptions" else "false"
    read = duckdb.sql(f"SELECT {name}, {flag} FROM ({query}) ORDER BY landed_row").fetchall()

    def tell(value: str | None) -> tuple[str | None, bool]:
        text = (value or "").strip(BLANKS)
        if table == "contacts":
            return text.lower().replace(" ", "_").replace("-", "_") or None, False
        # DuckDB knows one letter for each letter: the capital of a sharp s is another.
        folded = text.replace("ß", "ẞ").upper().replace(".", "")
        return ("10E+3" if value == "1.0E+3" else folded) or None, value == "1.0E+3"

    assert read == [tell(value) for value in given[name].to_pylist()]


def test_an_x_is_kept_in_codes_of_other_systems(tmp_path: Path) -> None:
    ingested(
        tmp_path,
        conditions={"patient_id": ["p1"], "system": ["register"], "code": ["afx"], "recorded_on": [DAY]},
    )
    assert stored(tmp_path, "conditions", ["code"]) == [["AFX"]]


def test_whole_numbers_in_a_floating_column_are_codes_without_a_point(tmp_path: Path) -> None:
    admissions = {
        "patient_id": ["p1", "p1"],
        "spell_id": [1, 2],
        "admitted_on": [DAY, date(2024, 1, 2)],
        "method": [21.0, 11.0],
        "patient_class": [1.0, None],
    }
    ingested(tmp_path, admissions=admissions)
    columns = ["spell_id", "method", "patient_class"]
    assert stored(tmp_path, "spells", columns) == [["1", "21", "1"], ["2", "11", None]]


WRITTEN = {
    "2024-03-04": date(2024, 3, 4),
    " 2024-03-05 ": date(2024, 3, 5),
    "2024-03-06T10:30:00": date(2024, 3, 6),
    "2024-03-07 00:00:00.000": date(2024, 3, 7),
    "20240308": date(2024, 3, 8),
    "09/03/2024": date(2024, 3, 9),
    "2024-04": date(2024, 4, 1),
}
UNREADABLE = ("2024-02-30", "31/02/2024", "yesterday", "03/2024", "4", "2024-13-01")


def test_a_date_is_read_in_the_usual_ways_of_writing_it_and_else_quarantined(tmp_path: Path) -> None:
    landed = [*WRITTEN, *UNREADABLE]
    report = ingested(tmp_path, falls={"patient_id": ["p1"] * len(landed), "fell_on": landed})
    assert stored(tmp_path, "falls", ["fell_on"]) == [[day] for day in WRITTEN.values()]
    assert report.tables["falls"].rules == {"unparseable date": len(UNREADABLE)}
    quarantined = pq.read_table(find_version(tmp_path / "store") / "quarantine.parquet").to_pydict()
    assert sorted(quarantined["row"]) == list(range(1 + len(WRITTEN), 1 + len(landed)))


@pytest.mark.parametrize("landed", [20240304, datetime(2024, 3, 4, 23, 59)])
def test_a_number_or_a_moment_is_its_day(tmp_path: Path, landed: Any) -> None:
    ingested(tmp_path, falls={"patient_id": ["p1"], "fell_on": [landed]})
    assert stored(tmp_path, "falls", ["fell_on"]) == [[date(2024, 3, 4)]]


def test_a_moment_with_a_time_zone_is_the_day_it_was_in_england(tmp_path: Path) -> None:
    moments = pa.array([datetime(2024, 6, 30, 23, 30), datetime(2024, 1, 31, 23, 30)], pa.timestamp("us", tz="UTC"))
    ingested(tmp_path, falls={"patient_id": ["p1", "p1"], "fell_on": moments})
    assert stored(tmp_path, "falls", ["fell_on"]) == [[date(2024, 1, 31)], [date(2024, 7, 1)]]


@pytest.mark.parametrize("column", ["fell_on", "known_on"])
@pytest.mark.parametrize("time", ["", " 00:00:00"])
def test_a_column_of_american_dates_stops_the_run_before_most_are_read_as_other_days(
    column: str, time: str, tmp_path: Path
) -> None:
    days = [f"{day}{time}" for day in ("03/04/2024", "04/05/2024", "4/25/2024")]
    with pytest.raises(SourceError, match=rf"^falls\.{column}: 1 dates can only be month/day/year, and 0 only"):
        ingested(tmp_path, falls={"patient_id": ["p1"] * 3, "fell_on": [DAY] * 3} | {column: days})


def test_one_date_with_the_month_first_among_english_ones_stops_the_run(tmp_path: Path) -> None:
    days = ["25/04/2024", "26/04/2024", "04/25/2024", "03/04/2024"]
    with pytest.raises(SourceError, match=r"^falls\.fell_on: 1 dates can only be month/day/year, and 2 only day/month"):
        ingested(tmp_path, falls={"patient_id": ["p1"] * 4, "fell_on": days})


def test_dates_that_mean_no_date_are_nulls_and_counted(tmp_path: Path) -> None:
    ends = ["1800-01-01", "1801-01-01", "1600-01-01", "1582-10-15", "9999-12-31", None, "2024-05-01"]
    days = len(ends)
    report = ingested(
        tmp_path,
        social_care={
            "patient_id": ["p1"] * days,
            "service": [" Home_Care"] * days,
            "started_on": [date(2024, 1, day + 1) for day in range(days)],
            "ended_on": ends,
        },
    )
    assert report.tables["social_care"].null_dates == report.null_dates == 5
    assert report.quarantined == {}
    assert stored(tmp_path, "social_care", ["service", "started_on", "ended_on"]) == [
        *(["home_care", date(2024, 1, day), None] for day in range(1, 7)),
        ["home_care", date(2024, 1, 7), date(2024, 5, 1)],
        ["home_care", date(2024, 1, 7), None],
    ]


def test_numbers_and_booleans_are_read_from_text(tmp_path: Path) -> None:
    days = [date(2024, 1, day) for day in range(1, 7)]
    words = ["true", "Y", "0", "No", "", None]
    report = ingested(
        tmp_path,
        contacts={"patient_id": ["p1"] * 6, "contacted_on": days, "service": ["GP"] * 6, "attended": words},
        measurements={
            "patient_id": ["p1"] * 6,
            "measured_on": days,
            "measure": ["BMI"] * 6,
            "value": ["24.5", " 30 ", "", None, "3e1", "nan"],
        },
    )
    assert report.tables["measurements"].rules == {"unparseable number": 1}
    assert stored(tmp_path, "contacts", ["service", "attended"]) == [
        ["gp", value] for value in (True, True, False, False, None, None)
    ]
    measures = stored(tmp_path, "measurements", ["measure", "value"])
    assert measures == [["bmi", value] for value in (24.5, 30.0, None, None, 30.0)]


def test_a_value_that_is_not_of_its_type_is_quarantined(tmp_path: Path) -> None:
    report = ingested(
        tmp_path,
        diagnoses={
            "patient_id": ["p1"],
            "spell_id": ["s1"],
            "system": ["icd10"],
            "code": ["I10"],
            "position": ["3.5"],
        },
        measurements={
            "patient_id": ["p1"] * 2,
            "measured_on": [DAY, date(2024, 1, 2)],
            "measure": ["efi"] * 2,
            "value": ["about 20", "infinity"],
        },
    )
    assert report.tables["diagnoses"].rules == {"unparseable integer": 1}
    assert report.tables["measurements"].rules == {"unparseable number": 2}


def test_stored_columns_have_the_types_of_the_schema_whatever_was_landed(tmp_path: Path) -> None:
    ingested(tmp_path, falls={"patient_id": pd.Categorical(["p1"]), "fell_on": ["2024-01-01"], "injury": [1]})
    schema = pq.read_schema(open_store(tmp_path / "store").file("falls"))
    assert {field.name: str(field.type) for field in schema} == {
        "patient_id": "string",
        "fell_on": "date32[day]",
        "source": "string",
        "injury": "bool",
        "treated": "bool",
        "loss_of_consciousness": "bool",
        "unable_to_get_up": "bool",
        "known_on": "date32[day]",
        "person": "int32",
        "valid_from": "date32[day]",
        "valid_to": "date32[day]",
    }
