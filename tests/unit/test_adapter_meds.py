"""MEDS events of any data set in, canonical tables out, by what a site says of its codes in source.toml."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import map_format, read_mapping
from riskstrat.sources.store import open_store
from tests.suite.stores import find_version

EXTRACT = date(2024, 6, 30)
TOML = """
[source]
kind = "meds"
location = "extract"
dates = "true"
[[source.events]]
event = "birth"
code = "MEDS_BIRTH"
[[source.events]]
event = "death"
code = "MEDS_DEATH"
[[source.events]]
event = "sex"
begins = "Gender/"
[[source.events]]
event = "sex"
code = "Gender/FEMALE"
value = "F"
[[source.events]]
event = "admission"
begins = "VISIT//IN"
[[source.events]]
event = "admission"
begins = "VISIT//IN//ER"
method = "21"
source = "19"
[[source.events]]
event = "attendance"
begins = "VISIT//IN//ER"
department_type = "01"
[[source.events]]
event = "discharge"
begins = "VISIT//OUT//"
destination = "19"
[[source.events]]
event = "diagnosis"
begins = "ICD10CM//"
system = "icd10cm"
[[source.events]]
event = "condition"
begins = "SNOMED/"
system = "snomed"
[[source.events]]
event = "contact"
code = "CLINIC"
service = "outpatient"
[[source.events]]
event = "measurement"
begins = "LOINC//2160-0"
measure = "creatinine"
unit = "mg/dL"
"""

Event = tuple[int, datetime | None, str, float | None, str | None, int | None]


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, month, day, hour, minute)


def event(
    subject: int,
    time: datetime | None,
    code: str,
    value: float | None = None,
    stay: str | None = None,
    seq: int | None = None,
) -> Event:
    return subject, time, code, value, stay, seq


PERSON = (event(1, datetime(1950, 2, 3), "MEDS_BIRTH"), event(1, None, "Gender/FEMALE"))
OTHER = (event(2, datetime(1960, 2, 3), "MEDS_BIRTH"), event(2, None, "Gender/M"))


def write(folder: Path, *events: Event, name: str = "extract/events.parquet") -> Path:
    columns = list(zip(*events, strict=True))
    types = (pa.int64(), pa.timestamp("us"), pa.string(), pa.float32(), pa.string(), pa.int64())
    names = ("subject_id", "time", "code", "numeric_value", "hadm_id", "seq_num")
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays, names=names), file)
    return folder


def read(folder: Path, *events: Event, toml: str = TOML) -> IngestReport:
    write(folder, *events)
    (folder / "source.toml").write_text(toml, encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1.0}})
    return ingest(read_mapping(folder / "source.toml"), folder / "store", settings, as_at=EXTRACT)


def rows(folder: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    found = pq.read_table(find_version(folder / "store") / "tables" / f"{table}.parquet").to_pylist()
    cells = [tuple(str(row[c]) if isinstance(row[c], date) else row[c] for c in columns.split()) for row in found]
    return sorted(cells, key=str)


SPELL = "patient_id spell_id admitted_on method source discharged_on destination"


def test_people_have_what_is_told_of_them(tmp_path: Path) -> None:
    read(
        tmp_path,
        *PERSON,
        *OTHER,
        event(2, at(5, 6, 23, 59), "MEDS_DEATH"),
        event(3, datetime(1970, 1, 2), "MEDS_BIRTH"),
        event(3, None, "Gender/M"),
        event(3, None, "Gender/FEMALE"),
        event(1, at(1, 1), "VISIT//IN//ER"),
    )
    assert rows(tmp_path, "people", "patient_id date_of_birth sex date_of_death") == [
        ("1", "1950-02-03", "F", None),
        ("2", "1960-02-03", "M", "2024-05-06"),
        ("3", "1970-01-02", "U", None),
    ]


def test_a_death_without_a_time_takes_its_subject_out(tmp_path: Path) -> None:
    death = event(2, None, "MEDS_DEATH")
    report = read(tmp_path, *PERSON, *OTHER, death, event(1, at(1, 1), "VISIT//IN//ER"))
    assert rows(tmp_path, "people", "patient_id date_of_death") == [("1", None)]
    assert ("lost", "people recorded dead without a day, who are left out", 1) in report.outcomes
    report = read(tmp_path / "dated", *PERSON, *OTHER, death, event(2, at(5, 6), "MEDS_DEATH"))
    assert rows(tmp_path / "dated", "people", "patient_id date_of_death") == [("1", None), ("2", "2024-05-06")]


@pytest.mark.parametrize("said", ['discharge_method = "4"', 'destination = "79"'])
def test_a_stay_that_ended_with_death_says_it_where_no_event_does(said: str, tmp_path: Path) -> None:
    toml = TOML + f'[[source.events]]\nevent = "discharge"\ncode = "VISIT//OUT//DIED"\n{said}\n'
    stays = [
        (subject, at(3, day), f"VISIT//{what}", None, None, None)
        for subject in (1, 2)
        for day, what in ((1, "IN//ER"), (4, "OUT//DIED" if subject == 1 else "OUT//HOME"))
    ]
    read(tmp_path, *PERSON, *OTHER, *stays, toml=toml)
    assert rows(tmp_path, "people", "patient_id date_of_death") == [("1", "2024-03-04"), ("2", None)]


def test_the_most_exact_entry_holds_and_one_event_may_be_of_two_kinds(tmp_path: Path) -> None:
    read(
        tmp_path,
        *PERSON,
        event(1, at(1, 1, 9), "VISIT//IN//ER//AMBULANCE"),
        event(1, at(1, 4, 9), "VISIT//OUT//HOME"),
        event(1, at(2, 1, 9), "VISIT//IN//PLANNED"),
    )
    assert rows(tmp_path, "spells", SPELL) == [
        ("1", "1-20240101090000", "2024-01-01", "21", "19", "2024-01-04", "19"),
        ("1", "1-20240201090000", "2024-02-01", "99", None, None, None),
    ]
    assert rows(tmp_path, "attendances", "patient_id attended_on department_type") == [("1", "2024-01-01", "01")]


WITHOUT_IDENTIFIERS = {
    "moved at a minute": (((1, "IN"), (5, "OUT"), (5, "IN"), (8, "OUT")), ["2024-03-05", "2024-03-08"]),
    "no end": (((1, "IN"), (5, "IN"), (8, "OUT")), [None, "2024-03-08"]),
    "no time": (((1, "IN"), (1, "OUT"), (5, "IN")), ["2024-03-01", None]),
    "end of none": (((1, "OUT"), (5, "IN"), (8, "OUT")), ["2024-03-08"]),
    "two ends": (((1, "IN"), (3, "OUT"), (5, "OUT")), ["2024-03-03"]),
    "the second takes no time": (
        ((1, "IN"), (3, "OUT"), (5, "IN"), (5, "OUT")),
        ["2024-03-03", "2024-03-05"],
    ),
}
"""Days and kinds of the events of a subject, and when each stay ended."""


def test_without_identifiers_a_discharge_ends_the_stay_before_it(tmp_path: Path) -> None:
    codes = {"IN": "VISIT//IN//ER", "OUT": "VISIT//OUT//HOME"}
    events = [event(one, datetime(1950, 2, 3), "MEDS_BIRTH") for one in range(len(WITHOUT_IDENTIFIERS))]
    for one, (times, _) in enumerate(WITHOUT_IDENTIFIERS.values()):
        events += [event(one, None, "Gender/FEMALE"), *(event(one, at(3, day, 9), codes[what]) for day, what in times)]
    read(tmp_path, *events)
    found: dict[str, list[str | None]] = {}
    for row in rows(tmp_path, "spells", SPELL):
        found.setdefault(row[0], []).append(row[5])
    ends = {what: found[str(one)] for one, what in enumerate(WITHOUT_IDENTIFIERS)}
    assert ends == {what: expected for what, (_, expected) in WITHOUT_IDENTIFIERS.items()}


def test_with_identifiers_stays_may_lie_across_each_other(tmp_path: Path) -> None:
    read(
        tmp_path,
        *PERSON,
        event(1, at(3, 1), "VISIT//IN//ER", stay="a"),
        event(1, at(3, 2), "VISIT//IN//PLANNED", stay="b"),
        event(1, at(3, 3), "VISIT//OUT//HOME", stay="b"),
        event(1, at(3, 9), "VISIT//OUT//HOME", stay="a"),
        event(1, at(3, 2), "ICD10CM//I10", stay="a", seq=2),
        event(1, at(3, 2), "ICD10CM//E11.9", stay="a", seq=1),
    )
    assert [row[1:3] + row[5:6] for row in rows(tmp_path, "spells", SPELL)] == [
        ("a", "2024-03-01", "2024-03-09"),
        ("b", "2024-03-02", "2024-03-03"),
    ]
    found = rows(tmp_path, "diagnoses", "position system code")
    assert sorted(set(found)) == [(1, "icd10cm", "E119"), (2, "icd10cm", "I10")]


def test_diagnoses_without_an_order_have_none_in_first_place(tmp_path: Path) -> None:
    report = read(
        tmp_path,
        *PERSON,
        event(1, at(3, 1), "VISIT//IN//ER"),
        event(1, at(3, 3), "VISIT//OUT//HOME"),
        event(1, at(3, 3), "ICD10CM//I10"),
        event(1, at(3, 2), "ICD10CM//E11.9"),
        event(1, at(4, 2), "ICD10CM//I50"),
    )
    assert sorted(set(rows(tmp_path, "diagnoses", "position code"))) == [(2, "E119"), (3, "I10")]
    assert ("guessed", "diagnoses in the order of their codes, none of them the first", 2) in report.outcomes
    assert ("lost", "diagnoses of no known spell", 1) in report.outcomes


@pytest.mark.parametrize("is_ordered", [True, False])
def test_diagnoses_after_the_last_position_are_counted_as_lost(is_ordered: bool, tmp_path: Path) -> None:
    codes = [f"ICD10CM//{letter}{number:02}" for letter in "ABC" for number in range(40)]
    report = read(
        tmp_path,
        *PERSON,
        event(1, at(3, 1), "VISIT//IN//ER"),
        event(1, at(3, 3), "VISIT//OUT//HOME"),
        *(event(1, at(3, 2), code, seq=n if is_ordered else None) for n, code in enumerate(codes, start=1)),
    )
    assert "diagnoses" not in report.quarantined
    lost = 21 if is_ordered else 22
    assert report.tables["diagnoses"].accepted == len(codes) - lost
    assert ("lost", "diagnoses after the 99th of a spell", lost) in report.outcomes


def test_other_events_are_conditions_contacts_and_measurements(tmp_path: Path) -> None:
    read(
        tmp_path,
        *PERSON,
        event(1, at(1, 1), "VISIT//IN//ER"),
        event(1, at(1, 2), "SNOMED/38341003"),
        event(1, at(1, 3), "CLINIC"),
        event(1, at(1, 4), "LOINC//2160-0//x", 1.0),
        event(1, at(1, 5), "LOINC//2160-0"),
        event(1, at(1, 6), "CLINIC//OTHER"),
    )
    assert rows(tmp_path, "conditions", "system code recorded_on") == [("snomed", "38341003", "2024-01-02")]
    assert rows(tmp_path, "contacts", "service contacted_on") == [("outpatient", "2024-01-03")]
    assert rows(tmp_path, "measurements", "measure value unit") == [("creatinine", 88.0, "umol/L")]


def test_every_event_is_mapped_or_lost_in_counts(tmp_path: Path) -> None:
    report = read(
        tmp_path,
        *PERSON,
        *OTHER,
        event(1, at(1, 1), "VISIT//IN//ER"),
        event(1, at(1, 2), "VISIT//OUT//HOME"),
        event(1, at(1, 3), "VISIT//OUT//HOME"),
        event(1, at(1, 4), "LOINC//2160-0"),
        event(1, at(1, 5), "RXNORM//314076"),
        event(3, at(1, 5), "RXNORM//314076"),
    )
    assert set(report.outcomes) == {
        ("mapped", "events as admission", 1),
        ("mapped", "events as attendance", 1),
        ("mapped", "events as birth", 2),
        ("mapped", "events as discharge", 2),
        ("mapped", "events as measurement", 1),
        ("mapped", "events as sex", 2),
        ("guessed", "discharges that were found by time, since they have no stay_id", 1),
        ("lost", "discharges of no admission", 1),
        ("lost", "events whose code no [[source.events]] names", 2),
        ("lost", "measurements without a number", 1),
        ("lost", "subjects whose sex is not told, or told in two ways", 1),
    }
    assert "prescriptions" not in report.tables


def test_shards_are_read_as_one_file_is(tmp_path: Path) -> None:
    events = (*PERSON, *OTHER, event(1, at(1, 1), "VISIT//IN//ER"), event(2, at(1, 2), "VISIT//IN//ER"))
    read(tmp_path / "whole", *events)
    write(tmp_path, *(e for e in events if e[0] == 1), name="extract/data/train/0.parquet")
    write(tmp_path, *(e for e in events if e[0] == 2), name="extract/data/tuning/0.parquet")
    (tmp_path / "source.toml").write_text(TOML, encoding="utf-8")
    ingest(read_mapping(tmp_path / "source.toml"), tmp_path / "store", Settings(), as_at=EXTRACT)
    assert rows(tmp_path, "spells", SPELL) == rows(tmp_path / "whole", "spells", SPELL)


@pytest.mark.parametrize(("answer", "comparable"), [("true", True), ("shifted", False)])
def test_dates_are_comparable_only_where_the_site_says_so(answer: str, comparable: bool, tmp_path: Path) -> None:
    toml = TOML.replace('dates = "true"', f'dates = "{answer}"')
    read(tmp_path, *PERSON, event(1, at(1, 1), "VISIT//IN//ER"), toml=toml)
    assert open_store(tmp_path / "store").comparable_dates is comparable


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('dates = "true"', "", 'write "dates" under [source] of source.toml'),
        ('event = "birth"', 'event = "berth"', 'did you mean "birth"?'),
        (
            'begins = "Gender/"',
            'begin = "Gender/"',
            'row 3 of [[source.events]]: unknown key "begin"; did you mean "begins"?',
        ),
        ('code = "MEDS_DEATH"', "", "row 2 of [[source.events]]: write one of code, begins"),
        (
            'code = "MEDS_DEATH"',
            'code = "MEDS_DEATH"\nbegins = "MEDS"',
            "row 2 of [[source.events]]: write one of code, begins",
        ),
        ('event = "contact"\n', "", 'row 11 of [[source.events]]: key "event" is missing'),
        ('value = "F"', "value = 1.5", 'row 4 of [[source.events]]: "value" takes a text'),
    ],
)
def test_what_a_site_says_wrongly_is_named_by_its_number(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in TOML
    with pytest.raises(SourceError) as caught:
        read(tmp_path, *PERSON, toml=TOML.replace(old, new, 1))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "store").exists()


def test_without_what_the_codes_mean_nothing_is_read(tmp_path: Path) -> None:
    write(tmp_path, *PERSON)
    with pytest.raises(SourceError, match=r'--format meds: write "dates" under \[source\] of source.toml'):
        map_format(tmp_path / "extract", "meds")
    with pytest.raises(SourceError, match=r"write \[\[source.events\]\] in source.toml: which codes are births"):
        read(tmp_path, *PERSON, toml=TOML[: TOML.index("[[")])
