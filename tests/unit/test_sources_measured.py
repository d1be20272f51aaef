"""Units, bounds and plausible ranges of measurements."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.measures import FOLDED_FROM, FOLDED_TO, MEASURES, fold_unit
from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import IngestReport, ingest
from tests.suite.properties import property_settings
from tests.suite.stores import find_version

DAY = date(2024, 1, 1)


def ingested(folder: Path, rows: list[tuple[str, Any, str | None]]) -> tuple[IngestReport, list[tuple[str, Any, Any]]]:
    source = folder / "source"
    source.mkdir()
    admission = {"patient_id": ["p1"], "spell_id": ["s1"], "admitted_on": [DAY], "method": ["21"]}
    person = {"patient_id": ["p1"], "date_of_birth": [date(1950, 1, 1)], "sex": ["F"]}
    measures, values, units = zip(*rows, strict=True)
    columns = {"patient_id": ["p1"] * len(rows), "measured_on": [DAY] * len(rows)}
    columns |= {"measure": list(measures), "value": list(values), "unit": list(units)}
    for name, table in {"people": person, "admissions": admission, "measurements": columns}.items():
        pq.write_table(pa.table(table), source / f"{name}.parquet")
    report = ingest(
        source, folder / "store", Settings.model_validate({"data": {"quarantine_limit": 1}}), as_at=date(2024, 12, 31)
    )
    stored = pq.read_table(
        find_version(folder / "store") / "tables" / "measurements.parquet", columns=["measure", "value", "unit"]
    )
    return report, sorted((tuple(row.values()) for row in stored.to_pylist()), key=str)


CONVERTED = [
    ("haemoglobin", 11.2, "g/dL", 112, "g/L"),
    ("haemoglobin", 11.3, "G/DL", 113, "g/L"),
    ("haemoglobin", 7.0, "mmol/L", 113, "g/L"),
    ("hba1c", 6.5, "%", 48, "mmol/mol"),
    ("hba1c", 7.0, "% Hb", 53, "mmol/mol"),
    ("hba1c", 12.0, "%", 108, "mmol/mol"),
    ("creatinine", 1.0, "mg/dL", 88, "umol/L"),
    ("weight", 154.0, "lb", 69.9, "kg"),
    ("weight", 11.0, "stone", 69.9, "kg"),
    ("height", 1.72, "m", 172, "cm"),
    ("height", 68.0, "inches", 172.7, "cm"),
    ("height", 5.5, "ft", 167.6, "cm"),
    ("cholesterol", 193.0, "mg/dl", 5.0, "mmol/L"),
    ("glucose", 100.0, "mg/dL", 5.6, "mmol/L"),
    ("temperature", 98.6, "°F", 37.0, "C"),
    ("albumin", 3.5, "g/dL", 35, "g/L"),
    ("efi", 9.0, "deficits", 0.25, "score"),
    ("efi", 25.0, "%", 0.25, "score"),
]


def test_a_value_in_another_unit_is_one_in_the_measures_own_and_is_counted(tmp_path: Path) -> None:
    report, stored = ingested(tmp_path, [(measure, value, unit) for measure, value, unit, _, _ in CONVERTED])
    assert stored == sorted([(measure, float(value), unit) for measure, _, _, value, unit in CONVERTED], key=str)
    assert report.tables["measurements"].converted == {"unit": len(CONVERTED)}
    assert f"measurements.value: {len(CONVERTED)} values in another unit, converted" in report.notes


OWN = [
    ("egfr", 55.0, "mL/min/1.73 m²"),
    ("egfr", 55.0, "ml/min/1.73m^2"),
    ("egfr", 55.0, "mL/min/{1.73_m2}"),
    ("bmi", 24.55, "kg/m²"),
    ("creatinine", 80.0, "µmol/L"),
    ("creatinine", 80.0, "μmol/l"),
    ("systolic", 120.0, "mm[Hg]"),
    ("haemoglobin", 112.5, "g/L"),
    ("haemoglobin", 112.5, None),
    ("haemoglobin", 112.5, " N/A "),
    ("steps", 11.2, "g/dL"),
]


def test_a_value_in_the_measures_own_unit_stands_as_it_is(tmp_path: Path) -> None:
    report, stored = ingested(tmp_path, list(OWN))
    assert sorted(row[:2] for row in stored) == sorted(row[:2] for row in OWN)
    assert (report.tables["measurements"].converted, report.quarantined) == ({}, {})


def test_a_unit_that_the_measure_is_not_read_in_is_quarantined_by_reason(tmp_path: Path) -> None:
    units = [("haemoglobin", "g"), ("bmi", "lb"), ("egfr", "mmol/L"), ("hba1c", "g/L"), ("weight", "oz")]
    report, stored = ingested(tmp_path, [(measure, 50.0, unit) for measure, unit in units])
    assert (report.tables["measurements"].rules, stored) == ({"unknown unit": len(units)}, [])


def test_every_measure_has_a_range_with_a_source_and_its_ends_are_in_it(tmp_path: Path) -> None:
    assert all(measure.source for measure in MEASURES.values())
    ends = [(name, float(value)) for name, measure in MEASURES.items() for value in (measure.low, measure.high)]
    outside = [(name, value + way) for (name, value), way in zip(ends, [-0.5, 0.5] * len(MEASURES), strict=True)]
    report, stored = ingested(tmp_path, [(name, value, None) for name, value in (*ends, *outside, ("egfr", 9999.0))])
    assert sorted(row[:2] for row in stored) == sorted(ends)
    assert report.tables["measurements"].rules == {"implausible value": len(outside) + 1}


def test_a_value_of_another_unit_that_is_not_named_lies_outside(tmp_path: Path) -> None:
    values = [("haemoglobin", 11.2), ("hba1c", 6.5), ("height", 1.72), ("cholesterol", 193.0), ("albumin", 3.5)]
    report, _ = ingested(tmp_path, [(measure, value, None) for measure, value in (*values, ("efi", 12.0))])
    assert report.tables["measurements"].rules == {"implausible value": len(values) + 1}


def test_a_scale_of_whole_numbers_has_no_halves(tmp_path: Path) -> None:
    scales = ("smoking", "frailty_scale", "audit_c")
    report, _ = ingested(tmp_path, [(measure, 1.5, None) for measure in scales])
    assert report.tables["measurements"].rules == {"implausible value": len(scales)}


def test_a_bound_is_read_as_its_number_and_counted(tmp_path: Path) -> None:
    given = [("egfr", ">90", None), ("crp", "<5", "mg/L"), ("crp", "<0.5", "mg/dL"), ("egfr", "≥ 60", None)]
    report, stored = ingested(tmp_path, [*given, ("egfr", ">=59", None), ("egfr", "61", None)])
    assert sorted(value for _, value, _ in stored) == [5, 5, 59, 60, 61, 90]
    assert report.tables["measurements"].converted == {"bound": 5, "unit": 1}
    assert "measurements.value: 5 values given as more or less than a number, read as that number" in report.notes


def test_what_is_neither_a_number_nor_a_bound_is_quarantined(tmp_path: Path) -> None:
    values = (">", "> ninety", ">>90", "90+", "1,200", "<inf")
    report, _ = ingested(tmp_path, [("ferritin", value, None) for value in values])
    assert report.tables["measurements"].rules == {"unparseable number": len(values)}


@property_settings(200)
@given(st.one_of(st.text(alphabet=FOLDED_FROM + "gGdDlL/%", max_size=12), st.sampled_from(["mL/min/1.73 m²", "°F"])))
def test_units_are_folded_alike_in_python_and_in_sql(unit: str) -> None:
    query = "SELECT translate(lower(?), ?, ?)"
    assert duckdb.execute(query, [unit, FOLDED_FROM, FOLDED_TO]).fetchone() == (fold_unit(unit),)


def test_no_unit_of_a_measure_is_named_twice() -> None:
    for measure in MEASURES.values():
        words = [measure.unit, *measure.same.split(), *(word for words in measure.others for word in words.split())]
        folded = [fold_unit(word) for word in words]
        assert len(folded) == len(set(folded))
