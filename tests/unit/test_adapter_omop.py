"""OMOP in, our tables out: small common data models by hand, and what becomes of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.adapting import land
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import map_format, read_mapping
from riskstrat.sources.store import open_store
from tests.suite.properties import property_settings

EXTRACT = date(2026, 3, 1)
PERSON = "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth\n1,8507,1950,3,15\n2,8532,1941,12,1\n"
VISITS = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date\n"
STAY = f"{VISITS}10,1,262,2026-01-05,2026-01-09\n"
CONDITIONS = (
    "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_end_date,"
    "condition_type_concept_id,condition_status_concept_id,condition_source_value,condition_source_concept_id,"
    "visit_occurrence_id\n"
)
CONCEPTS = (
    "concept_id,vocabulary_id,concept_code\n"
    "101,ICD10,I50.0\n102,ICD10,J44\n103,ICD10CM,K92.2\n104,ICD9CM,428.0\n105,SNOMED,84114007\n106,Read,G58..00\n"
    "107,ICD10,W19.0\n108,SNOMED,13645005\n109,LOINC,4548-4\n110,UCUM,mmol/mol\n111,LOINC,718-7\n112,UCUM,g/dL\n"
    "113,RxNorm,1049630\n114,dm+d,318421004\n115,LOINC,39156-5\n116,LOINC,6299-2\n117,UCUM,kg/m2\n"
)
Rows = list[dict[str, Any]]


def write(folder: Path, *, answers: str = 'emergency = ["262"]', where: str = "cdm", **tables: str) -> Path:
    """A site whose source.toml reads a folder of CSV: two people, and no visit but what `tables` give."""
    (folder / "cdm").mkdir(parents=True, exist_ok=True)
    for name, text in ({"person": PERSON, "visit_occurrence": VISITS} | tables).items():
        (folder / "cdm" / f"{name}.csv").write_text(text, encoding="utf-8")
    file = folder / "source.toml"
    file.write_text(f'[source]\nkind = "omop"\nlocation = "{where}"\n{answers}\n', encoding="utf-8")
    return file


def read(file: Path) -> tuple[dict[str, Rows], dict[str, int]]:
    """The tables as they are landed, without columns that are empty, and what was mapped, guessed and lost."""
    with duckdb.connect(config={"threads": 1}) as connection, land(connection, read_mapping(file)) as landing:
        tables = {name: list_rows(connection, landed.relation) for name, landed in landing.tables.items()}
        return tables, {f"{kind}: {what}": count for kind, what, count in landing.outcomes}


def list_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> Rows:
    found = connection.execute(f"SELECT * EXCLUDE landed_row FROM {relation} ORDER BY ALL")
    names = [column[0] for column in found.description or ()]
    return [
        {name: str(value) for name, value in zip(names, row, strict=True) if value is not None}
        for row in found.fetchall()
    ]


def take(file: Path, **options: Any) -> IngestReport:
    settings = Settings.model_validate({"data": {"quarantine_limit": 1.0}})
    return ingest(read_mapping(file), file.parent / "store", settings, as_at=EXTRACT, **options)


def condition(
    number: int, visit: str = "", *, concept: int = 0, source: int = 0, value: str = "", **given: object
) -> str:
    """A line of condition_occurrence of person 1; `given` may have on, until, type and status."""
    place = {"on": "2026-01-05", "until": "", "type": 32817, "status": 0} | given
    return ",".join(map(str, (number, 1, concept, *place.values(), value, source, visit))) + "\n"


def pick(rows: Iterable[Mapping[str, str]], *columns: str) -> list[tuple[str | None, ...]]:
    return [tuple(row.get(column) for column in columns) for row in rows]


# ---- What an emergency is ----


def test_nothing_is_read_until_the_site_says_which_visits_are_emergencies(tmp_path: Path) -> None:
    file = write(tmp_path, answers="")
    for mapped in (lambda: read_mapping(file), lambda: map_format(tmp_path / "cdm", "omop")):
        with pytest.raises(SourceError, match='write "emergency" under \\[source\\]') as refused:
            mapped()
        assert "\n" not in str(refused.value)
        assert "262" in str(refused.value)


@pytest.mark.parametrize("answer", ['["261"]', '["none"]', '["262", "inpatient"]'])
def test_an_answer_that_names_no_visits_is_refused(tmp_path: Path, answer: str) -> None:
    with pytest.raises(SourceError, match='is no answer to "emergency"'):
        read_mapping(write(tmp_path, answers=f"emergency = {answer}"))


EVERY = (
    "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,admitted_from_concept_id,"
    "visit_source_value\n"
    "1,1,262,2025-01-01,2025-01-03,0,21\n"
    "2,1,9201,2025-02-01,2025-02-03,8870,22\n"
    "3,1,9201,2025-03-01,2025-03-03,0,11\n"
    "4,1,9203,2025-04-01,2025-04-01,0,x\n"
    "5,1,9202,2025-05-01,2025-05-01,0,\n"
)
TOLD = (
    "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_source_value\n"
    "1,1,9203,2025-01-01,2025-01-03,21\n"
    "2,1,9203,2025-02-01,2025-02-03,2d\n"
    "3,1,9203,2025-03-01,2025-03-01,AE\n"
    "4,1,9203,2025-04-01,2025-04-01,99\n"
    "5,1,0,2025-05-01,2025-05-03,24\n"
    "6,1,9202,2025-06-01,2025-06-01,11\n"
)


@pytest.mark.parametrize(
    ("answers", "methods", "attendances"),
    [
        ("emergency = []", {"1": "99", "2": "99", "3": "99"}, 1),
        ('emergency = ["262"]', {"1": "28", "2": "99", "3": "99"}, 1),
        ("emergency = [262]", {"1": "28", "2": "99", "3": "99"}, 1),
        ("emergency = 262", {"1": "28", "2": "99", "3": "99"}, 1),
        ('emergency = ["9203"]', {"1": "99", "2": "99", "3": "99", "4": "28"}, 0),
        ('emergency = ["9201"]', {"1": "99", "2": "28", "3": "28"}, 1),
        ('emergency = ["262", "9203"]\nplanned = ["9201"]', {"1": "28", "2": "13", "3": "13", "4": "28"}, 0),
        ('emergency = ["admitted_from"]\nplanned = ["9201"]', {"1": "99", "2": "28", "3": "13"}, 1),
        ('emergency = ["visit_source_value"]', {"1": "21", "2": "22", "3": "11"}, 1),
    ],
)
def test_the_answer_alone_makes_an_emergency(
    tmp_path: Path, answers: str, methods: dict[str, str], attendances: int
) -> None:
    tables, counts = read(write(tmp_path, answers=answers, visit_occurrence=EVERY))
    assert {row["spell_id"]: row["method"] for row in tables["admissions"]} == methods
    assert len(tables["attendances"]) == attendances
    assert counts["lost: visits of concept 9202 (20.0% of all) as nothing, being neither to hospital nor to A&E"] == 1


def test_a_visit_with_a_method_of_admission_is_an_admission(tmp_path: Path) -> None:
    tables, _ = read(write(tmp_path, answers='emergency = ["visit_source_value"]', visit_occurrence=TOLD))
    assert {row["spell_id"]: row["method"] for row in tables["admissions"]} == {"1": "21", "2": "2D", "5": "24"}
    assert pick(tables["attendances"], "attended_on") == [("2025-03-01",), ("2025-04-01",)]
    tables, _ = read(write(tmp_path, visit_occurrence=TOLD))
    assert (len(tables["admissions"]), len(tables["attendances"])) == (0, 4)


def test_where_the_answer_finds_no_emergency_that_is_said(tmp_path: Path) -> None:
    said = 'lost: admissions, none of which is an emergency by the answer to "emergency"'
    only = f"{VISITS}1,1,9201,2025-01-01,2025-01-03\n2,2,9201,2025-01-01,2025-01-03\n"
    assert read(write(tmp_path, visit_occurrence=only))[1][said] == 2
    assert said not in read(write(tmp_path, visit_occurrence=STAY))[1]


def test_admissions_of_which_nothing_is_known_are_not_understood(tmp_path: Path) -> None:
    days = [f"2025-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(110)]
    visits = "".join(f"{n},1,{262 if n < 20 else 9201},{day},{day}\n" for n, day in enumerate(days))
    with pytest.raises(SourceError, match=r"admissions\.method, system method: 110 of 110 rows"):
        take(write(tmp_path, answers="emergency = []", visit_occurrence=VISITS + visits), known=KnownCodes())
    report = take(write(tmp_path, answers="emergency = [262]", visit_occurrence=VISITS + visits), known=KnownCodes())
    (method,) = (entry for entry in report.codes if entry["column"] == "method")
    assert method["understood"] == round(20 / 110, 4)


def test_a_kind_of_a_visit_is_what_its_nearest_ancestor_is(tmp_path: Path) -> None:
    visits = f"{VISITS}1,1,501,2025-01-01,2025-01-03\n2,1,502,2025-02-01,2025-02-03\n3,1,503,2025-03-01,2025-03-01\n"
    ancestors = (
        "ancestor_concept_id,descendant_concept_id,min_levels_of_separation\n"
        "9201.0,501,1\n9203.0,502,1\n9201.0,502,2\n9201.0,262,1\n9202.0,503,1\n"
    )
    tables, counts = read(write(tmp_path, visit_occurrence=visits + STAY[len(VISITS) :], concept_ancestor=ancestors))
    assert pick(tables["admissions"], "spell_id", "method") == [("1", "99"), ("10", "28")]
    assert pick(tables["attendances"], "attended_on") == [("2025-02-01",)]
    assert counts["mapped: visits of concept 501, a kind of 9201 (25.0% of all) as admissions, emergencies or not"] == 1
    assert counts["lost: visits of concept 503 (25.0% of all) as nothing, being neither to hospital nor to A&E"] == 1


@pytest.mark.parametrize(
    ("concept", "table", "said"),
    [
        (8717, "admissions", "guessed: visits of concept 8717, a kind of 9201 (100.0% of all) as admissions,"),
        (32037, "admissions", "guessed: visits of concept 32037, a kind of 9201"),
        (8870, "attendances", "guessed: visits of concept 8870, a kind of 9203 (100.0% of all) as A&E attendances"),
        (777, None, "lost: visits of concept 777 (100.0% of all) as nothing, though they may be to hospital"),
        (0, None, "lost: visits of concept 0 (100.0% of all) as nothing, though they may be to hospital"),
        (581476, None, "lost: visits of concept 581476 (100.0% of all) as nothing, being neither to hospital nor"),
    ],
)
def test_without_ancestors_a_visit_is_what_its_concept_is_known_to_be_or_said_to_be_lost(
    tmp_path: Path, concept: int, table: str | None, said: str
) -> None:
    file = write(tmp_path, visit_occurrence=f"{VISITS}1,1,{concept},2025-01-01,2025-01-03\n")
    tables, counts = read(file)
    assert {name for name in ("admissions", "attendances") if tables[name]} == ({table} if table else set())
    assert [what for what in counts if what.startswith(said)]


def test_what_ancestors_say_of_a_concept_stands(tmp_path: Path) -> None:
    visits = f"{VISITS}1,1,8717,2025-01-01,2025-01-03\n"
    ancestors = "ancestor_concept_id,descendant_concept_id,min_levels_of_separation\n9202,8717,1\n"
    tables, counts = read(write(tmp_path, visit_occurrence=visits, concept_ancestor=ancestors))
    assert tables["admissions"] == []
    assert counts["lost: visits of concept 8717 (100.0% of all) as nothing, being neither to hospital nor to A&E"] == 1


@given(
    concepts=st.lists(st.sampled_from([262, 9201, 9202, 9203, 581476, 0, None]), min_size=1, max_size=12),
    answer=st.lists(st.sampled_from(["262", "9203", "9201", "admitted_from", "visit_source_value"]), unique=True),
)
@property_settings(5, drawn=10)
def test_every_visit_is_landed_once_or_counted_as_lost(
    tmp_path_factory: pytest.TempPathFactory, concepts: list[int | None], answer: list[str]
) -> None:
    lines = "".join(f"{n},1,{'' if c is None else c},2025-01-01,2025-01-02\n" for n, c in enumerate(concepts))
    file = write(tmp_path_factory.mktemp("cdm"), answers=f"emergency = {answer}", visit_occurrence=VISITS + lines)
    tables, counts = read(file)
    of_visits = Counter({what: n for what, n in counts.items() if ": visits of concept " in what})
    lost = sum(n for what, n in of_visits.items() if what.startswith("lost: "))
    assert of_visits.total() == len(concepts)
    assert len(tables["admissions"]) + len(tables["attendances"]) + lost == len(concepts)


# ---- Stays ----


def test_names_of_5_3_and_5_4_are_read_alike(tmp_path: Path) -> None:
    new = (
        "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,admitted_from_concept_id,"
        "admitted_from_source_value,discharged_to_concept_id,discharged_to_source_value\n"
        "1,1,9201,2025-01-01,2025-01-03,8717,51,8676,85\n2,1,9201,2025-01-03,2025-01-09,0,19,4216643,79\n"
    )
    old = new.replace("admitted_from_concept_id", "ADMITTING_SOURCE_CONCEPT_ID").replace(
        "admitted_from_source_value", "admitting_source_value"
    )
    old = old.replace("discharged_to", "DISCHARGE_TO")
    for answers in ("", 'source_values = "nhs"', 'zero_is_home = "yes"'):
        file = write(tmp_path / "new", answers=f"emergency = []\n{answers}", visit_occurrence=new)
        found = read(file)
        assert read(write(tmp_path / "old", answers=f"emergency = []\n{answers}", visit_occurrence=old)) == found
        home = None if answers == "" else "19"
        assert pick(found[0]["admissions"], "source", "destination", "discharge_method") == [
            ("51", "85", None),
            (home, "79", "4"),
        ]


def test_a_stay_that_was_open_on_the_day_of_the_extract_has_no_discharge(tmp_path: Path) -> None:
    visits = (
        "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,"
        "discharged_to_concept_id\n"
        "1,1,262,2026-02-01,2026-03-01,32220,0\n2,2,262,2026-02-02,2026-03-01,32817,32220\n"
        "3,2,262,2026-01-02,2026-01-03,32817,8717\n"
    )
    tables, counts = read(write(tmp_path, visit_occurrence=visits))
    assert pick(tables["admissions"], "spell_id", "discharged_on", "destination") == [
        ("1", None, None),
        ("2", None, None),
        ("3", "2026-01-03", "51"),
    ]
    assert counts["mapped: stays still open on the day of the extract"] == 2


# ---- Codes ----


def test_icd_of_hospital_visits_are_diagnoses_and_all_else_conditions(tmp_path: Path) -> None:
    lines = (
        condition(1, "10", source=101, value="I50.0", status=32908)
        + condition(2, "10", source=102, value="J44", status=32902)
        + condition(3, "10", source=103, value="K92.2", status=32908)
        + condition(4, "10", source=104, value="428.0", status=32908)
        + condition(5, source=101, value="I50.0", on="2020-05-06", until="2021-05-06")
        + condition(6, source=105, value="some words", on="2020-05-07", until="2020-05-07")
    )
    tables, counts = read(
        write(tmp_path, visit_occurrence=STAY, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS)
    )
    assert pick(tables["diagnoses"], "spell_id", "position", "system", "code") == [
        ("10", "1", "icd10", "J44"),
        ("10", "2", "icd10", "I50.0"),
        ("10", "3", "icd10cm", "K92.2"),
        ("10", "4", "icd9", "428.0"),
    ]
    assert pick(tables["conditions"], "system", "code", "recorded_on", "ended_on") == [
        ("icd10", "I50.0", "2020-05-06", "2021-05-06"),
        ("snomed", "84114007", "2020-05-07", None),
    ]
    assert counts["mapped: conditions coded in ICD10"] == 3


def test_a_hospital_condition_in_snomed_is_recorded_on_the_day_of_discharge(tmp_path: Path) -> None:
    lines = condition(1, "10", source=105, value="84114007", until="2026-01-07")
    tables, counts = read(
        write(tmp_path, visit_occurrence=STAY, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS)
    )
    assert tables["diagnoses"] == []
    assert pick(tables["conditions"], "code", "recorded_on", "ended_on") == [("84114007", "2026-01-09", None)]
    assert counts["guessed: hospital conditions in SNOMED CT, which no diagnosis can hold, as conditions"] == 1


@pytest.mark.parametrize(("without_icd", "kept"), [(0, True), (1, True), (2, False), (40, False)])
def test_hospital_codes_are_diagnoses_only_where_nearly_every_stay_has_any(
    tmp_path: Path, without_icd: int, kept: bool
) -> None:
    stays = range(10, 60 + without_icd)
    visits = "".join(f"{n},1,9201,2025-01-05,2025-01-09\n" for n in stays)
    lines = "".join(condition(n, str(n), source=101 if n < 60 else 105, value="I500") for n in stays)
    lines += condition(1, "10", concept=108, source=104, value="428.0")
    tables, counts = read(
        write(tmp_path, visit_occurrence=VISITS + visits, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS)
    )
    codes = Counter(row["code"] for row in tables["conditions"])
    assert len(tables["diagnoses"]) == (51 if kept else 0)
    assert codes == Counter({"84114007": without_icd} | ({} if kept else {"I500": 50, "13645005": 1}))
    said = [what for what in counts if "coded in SNOMED CT alone" in what]
    assert len(said) == (not kept)


PRIMARY: tuple[tuple[dict[str, int], dict[str, int], list[str]], ...] = (
    ({"status": 32902}, {"status": 32908}, ["1", "2"]),
    ({"status": 32908}, {"status": 32903}, ["2", "1"]),
    ({"type": 38000185}, {"type": 38000184}, ["2", "1"]),
    ({"type": 44818709}, {"type": 38000199}, ["2", "1"]),
    ({}, {}, ["2", "3"]),
    ({"status": 32908}, {"type": 38000186}, ["3", "2"]),
)
"""What is said of two diagnoses of a stay, and the position of each."""


def test_a_diagnosis_is_primary_only_where_the_data_say_so(tmp_path: Path) -> None:
    visits, lines = VISITS, CONDITIONS
    for stay, (first, second, _) in enumerate(PRIMARY, start=10):
        visits += f"{stay},1,262,2026-01-{stay},2026-01-{stay}\n"
        day = f"2026-01-{stay}"
        lines += condition(2 * stay, str(stay), source=101, value="I500", on=day, **first)
        lines += condition(2 * stay + 1, str(stay), source=102, value="J44", on=day, **second)
    tables, counts = read(write(tmp_path, visit_occurrence=visits, condition_occurrence=lines, concept=CONCEPTS))
    found = {(row["spell_id"], row["code"]): row["position"] for row in tables["diagnoses"]}
    assert [[found[str(stay), code] for code in ("I500", "J44")] for stay in range(10, 10 + len(PRIMARY))] == [
        positions for *_, positions in PRIMARY
    ]
    assert counts["lost: hospital stays of which no diagnosis is said to be the primary one"] == 2


def test_where_every_stay_has_a_primary_diagnosis_none_is_said_to_lack_it(tmp_path: Path) -> None:
    lines = CONDITIONS + condition(1, "10", source=101, value="I500", status=32902)
    _, counts = read(write(tmp_path, visit_occurrence=STAY, condition_occurrence=lines, concept=CONCEPTS))
    assert "lost: hospital stays of which no diagnosis is said to be the primary one" not in counts


def test_a_code_with_several_standard_concepts_counts_once(tmp_path: Path) -> None:
    lines = condition(1, "10", concept=105, source=101, value="I50.0") + condition(
        2, "10", concept=108, source=101, value="I50.0"
    )
    tables, _ = read(write(tmp_path, visit_occurrence=STAY, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS))
    assert pick(tables["diagnoses"], "code") == [("I50.0",)]


def test_what_was_written_stands_where_the_concept_is_its_parent(tmp_path: Path) -> None:
    written = {"J441": "J441", "J44.1": "J44.1", "COPD": "J44", "J44 chronic disease": "J44"}
    lines = "".join(
        condition(number, source=102, value=value, on=f"2020-01-0{number}")
        for number, value in enumerate(written, start=1)
    )
    tables, _ = read(write(tmp_path, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS))
    found = sorted(pick(tables["conditions"], "recorded_on", "system", "code"))
    assert found == [(f"2020-01-0{number}", "icd10", code) for number, code in enumerate(written.values(), start=1)]


def test_codes_of_no_system_of_ours_are_read_by_their_standard_concept_or_lost(tmp_path: Path) -> None:
    lines = (
        condition(1, concept=105, source=106, value="G58..00")
        + condition(2, concept=0, source=106, value="H3...00")
        + condition(3, concept=108, source=104, value="428.0")
        + condition(4, concept=0, source=0, value="E11")
    )
    tables, counts = read(write(tmp_path, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS))
    assert pick(tables["conditions"], "system", "code") == [("snomed", "13645005"), ("snomed", "84114007")]
    assert counts["guessed: conditions coded in Read, read by the SNOMED CT concept that they map to"] == 1
    assert counts["guessed: conditions coded in ICD9CM, read by the SNOMED CT concept that they map to"] == 1
    assert counts["lost: conditions coded in Read, which nothing here reads"] == 1
    assert counts["lost: conditions coded in no vocabulary, which nothing here reads"] == 1


def test_codes_without_a_vocabulary_are_read_as_the_site_declares_them(tmp_path: Path) -> None:
    answers = 'emergency = ["262"]\nunnamed_codes = "icd10"'
    lines = condition(1, value="E11.9") + condition(2, "10", value="I21")
    tables, _ = read(write(tmp_path, answers=answers, visit_occurrence=STAY, condition_occurrence=CONDITIONS + lines))
    assert pick(tables["conditions"], "system", "code") == [("icd10", "E11.9")]
    assert pick(tables["diagnoses"], "system", "code") == [("icd10", "I21")]


@pytest.mark.parametrize("table", ["observation", "procedure", "measurement"])
def test_icd_codes_that_omop_moved_to_another_table_are_diagnoses_too(tmp_path: Path, table: str) -> None:
    name = "procedure_occurrence" if table == "procedure" else table
    header = f"{name}_id,person_id,{table}_date,{table}_source_value,{table}_source_concept_id,visit_occurrence_id\n"
    moved = {name: f"{header}1,1,2026-01-05,W19.0,107,10\n2,1,2026-01-05,words,105,10\n"}
    tables, counts = read(write(tmp_path, visit_occurrence=STAY, concept=CONCEPTS, **moved))
    assert pick(tables["diagnoses"], "system", "code") == [("icd10", "W19.0")]
    assert counts[f"mapped: ICD codes in {name} coded in ICD10"] == 1


@pytest.mark.parametrize("status", [32890, 32899, 32905])
def test_what_was_only_suspected_is_counted_and_not_landed(tmp_path: Path, status: int) -> None:
    lines = condition(1, "10", source=101, value="I50.0", status=status)
    tables, counts = read(
        write(tmp_path, visit_occurrence=STAY, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS)
    )
    assert (tables["diagnoses"], tables["conditions"]) == ([], [])
    assert counts["lost: conditions coded in ICD10, only suspected or at admission"] == 1


def test_medicines_are_never_landed_as_bnf(tmp_path: Path) -> None:
    header = "person_id,drug_concept_id,drug_source_concept_id,drug_exposure_start_date\n"
    drugs = f"{header}1,113,0,2025-01-01\n1,113,114,2025-01-01\n2,0,0,2025-01-01\n"
    tables, counts = read(write(tmp_path, drug_exposure=drugs, concept=CONCEPTS))
    assert "prescriptions" not in tables
    assert [counts[f"lost: medicines coded in {name}, none of which is BNF"] for name in ("RxNorm", "dm+d")] == [1, 1]
    assert counts["lost: medicines coded in no vocabulary, none of which is BNF"] == 1


# ---- Measurements ----

MEASURED = (
    "measurement_id,person_id,measurement_concept_id,measurement_date,operator_concept_id,value_as_number,"
    "unit_concept_id,unit_source_value\n"
)


def test_a_measurement_needs_a_measure_that_is_known_a_number_and_a_unit(tmp_path: Path) -> None:
    lines = (
        "1,1,109,2025-01-01,0,48,110,\n"
        "2,1,111,2025-01-02,0,13.2,112,\n"
        "3,1,111,2025-01-03,0,132,0,g/L\n"
        "4,1,111,2025-01-04,0,132,0,\n"
        "5,1,115,2025-01-05,0,24.5,0,\n"
        "6,1,109,2025-01-06,4172704,130,110,\n"
        "7,1,109,2025-01-07,0,,110,\n"
        "8,1,116,2025-01-08,0,5,0,mmol/L\n"
        "9,1,3004249,2025-01-09,0,141,8876,\n"
    )
    tables, counts = read(write(tmp_path, measurement=MEASURED + lines, concept=CONCEPTS))
    assert pick(tables["measurements"], "measured_on", "measure", "value", "unit") == [
        ("2025-01-01", "hba1c", "48.0", "mmol/mol"),
        ("2025-01-02", "haemoglobin", "13.2", "g/dL"),
        ("2025-01-03", "haemoglobin", "132.0", "g/L"),
        ("2025-01-05", "bmi", "24.5", None),
        ("2025-01-06", "hba1c", ">130.0", "mmol/mol"),
        ("2025-01-09", "systolic", "141.0", "mm[Hg]"),
    ]
    assert counts["lost: measurements of haemoglobin without a unit"] == 1
    assert counts["guessed: measurements of bmi without a unit, read in the usual one"] == 1
    assert counts["lost: measurements of hba1c without a number"] == 1
    assert counts["lost: measurements of anything else"] == 1


def test_units_of_the_vocabulary_are_units_that_ingest_reads(tmp_path: Path) -> None:
    lines = "1,1,111,2025-01-02,0,13.2,112,\n2,1,3004249,2025-01-09,0,141,8876,\n3,1,115,2025-01-05,0,24.5,117,\n"
    report = take(write(tmp_path, visit_occurrence=STAY, measurement=MEASURED + lines, concept=CONCEPTS))
    assert report.tables["measurements"].rules == {}
    stored = open_store(tmp_path / "store").read("measurements")
    assert dict(zip(stored["measure"], stored["value"], strict=True)) == {
        "haemoglobin": 132,
        "systolic": 141,
        "bmi": 24.5,
    }


# ---- People ----


def test_people_are_born_on_the_day_that_is_known_or_guessed(tmp_path: Path) -> None:
    people = (
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,race_source_value,location_id\n"
        "1,8507,1950,3,15,,A,7\n2,8532,1941,12,,,99,\n3,8570,1960,,,,white,8\n4,0,1970,,,1970-02-03T00:00:00,,\n"
    )
    places = "location_id,location_source_value\n7,E01006412\n8,Huyton\n"
    tables, counts = read(write(tmp_path, person=people, location=places))
    assert pick(tables["people"], "patient_id", "date_of_birth", "sex", "lsoa", "ethnicity") == [
        ("1", "1950-03-15", "M", "E01006412", None),
        ("2", "1941-12-01", "F", None, None),
        ("3", "1960-07-01", "I", None, None),
        ("4", "1970-02-03", "U", None, None),
    ]
    assert counts["guessed: people without a month of birth, born on 1 July"] == 1
    file = write(tmp_path, answers='emergency = []\nsource_values = "nhs"', person=people)
    assert [row.get("ethnicity") for row in read(file)[0]["people"]] == ["A", "99", "white", None]


def test_somebody_recorded_dead_is_never_landed_as_alive(tmp_path: Path) -> None:
    deaths = "person_id,death_date\n1,2026-01-20\n2,not known\n9,2020-01-01\n"
    file = write(tmp_path, visit_occurrence=STAY, death=deaths)
    counts = read(file)[1]
    assert counts["lost: people recorded dead without a day, who are left out"] == 1
    assert counts["lost: deaths of people who are not in person"] == 1
    take(file)
    people = open_store(tmp_path / "store").people()
    assert pick(
        people[["patient_id", "date_of_death"]].astype(str).to_dict("records"), "patient_id", "date_of_death"
    ) == [("1", "2026-01-20")]


@pytest.mark.parametrize("header", ["person,death_date", "person,died", "death_date"])
def test_deaths_of_which_none_names_its_person_stop_the_run(tmp_path: Path, header: str) -> None:
    row = ",".join("1" if "person" in name else "2026-01-20" for name in header.split(","))
    file = write(tmp_path, visit_occurrence=STAY, death=f"{header}\n{row}\n{row}\n")
    with pytest.raises(SourceError, match="no row of people is accepted; of 2 most often column date_of_death"):
        ingest(read_mapping(file), tmp_path / "store", Settings(), as_at=EXTRACT)


def test_a_death_whose_day_has_another_name_takes_its_person_out(tmp_path: Path) -> None:
    take(write(tmp_path, visit_occurrence=STAY, death="person_id,died\n2,2026-01-20\n"))
    assert list(open_store(tmp_path / "store").people()["patient_id"]) == ["1"]


@pytest.mark.parametrize(
    ("answers", "went", "died"),
    [
        ("", "4216643,", "2026-01-09"),
        ("", "434489,", "2026-01-09"),
        ("", "0,79", None),
        ('source_values = "nhs"', "0,79", "2026-01-09"),
        ("", "581476,", None),
    ],
)
def test_a_stay_that_ended_with_death_says_it_where_no_row_of_death_does(
    tmp_path: Path, answers: str, went: str, died: str | None
) -> None:
    visits = (
        f"{STAY.splitlines()[0]},discharged_to_concept_id,discharged_to_source_value\n{STAY.splitlines()[1]},{went}\n"
    )
    answers = f'emergency = ["262"]\n{answers}'
    tables, counts = read(write(tmp_path, answers=answers, visit_occurrence=visits))
    assert pick(tables["people"], "date_of_death") == [(died,), (None,)]
    assert ("guessed: deaths that only a stay which ended with them tells" in counts) == (died is not None)
    recorded = "person_id,death_date\n1,2026-01-08\n"
    tables, _ = read(write(tmp_path, answers=answers, visit_occurrence=visits, death=recorded))
    assert pick(tables["people"], "date_of_death") == [("2026-01-08",), (None,)]


def test_rows_of_strangers_are_quarantined_as_theirs(tmp_path: Path) -> None:
    visits = f"{STAY}11,77,262,2026-01-05,2026-01-06\n"
    lines = (
        CONDITIONS
        + condition(1, source=101, value="I50.0")
        + condition(2, source=101, value="I50.0").replace("2,1,", "2,77,", 1)
    )
    report = take(write(tmp_path, visit_occurrence=visits, condition_occurrence=lines, concept=CONCEPTS))
    assert report.quarantined == {"admissions": {"unknown person": 1}, "conditions": {"unknown person": 1}}


def test_periods_of_observation_become_no_registrations(tmp_path: Path) -> None:
    periods = "person_id,observation_period_start_date,observation_period_end_date\n1,2000-01-01,2026-01-01\n"
    tables, counts = read(write(tmp_path, observation_period=periods))
    assert "registrations" not in tables
    assert counts["lost: observation periods, which are activity and no registration"] == 1


# ---- As common data models lie about ----


def test_an_empty_table_whose_only_row_is_its_header_holds_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, where="cdm.duckdb")
    with duckdb.connect(str(tmp_path / "cdm.duckdb")) as cdm:
        cdm.execute(
            "CREATE TABLE person AS SELECT 1::BIGINT AS PERSON_ID, 8507 AS GENDER_CONCEPT_ID, 1950 AS YEAR_OF_BIRTH"
        )
        cdm.execute(
            "CREATE TABLE visit_occurrence AS SELECT 5::DOUBLE AS VISIT_OCCURRENCE_ID, 1::DOUBLE AS PERSON_ID, "
            "9201::DOUBLE AS VISIT_CONCEPT_ID, DATE '2025-01-01' AS VISIT_START_DATE"
        )
        for name in ("death", "condition_occurrence", "measurement", "location", "care_site", "concept", "observation"):
            cdm.execute(f"CREATE TABLE {name} AS SELECT 'PERSON_ID' AS column0, 'X_DATE' AS column1")
        cdm.execute(
            "CREATE TABLE drug_exposure AS SELECT 'PERSON_ID' AS person_id, 'DRUG_CONCEPT_ID' AS drug_concept_id"
        )
    tables, counts = read(file)
    assert {name: len(rows) for name, rows in tables.items()} == {
        **dict.fromkeys(tables, 0),
        "people": 1,
        "admissions": 1,
    }
    assert not [what for what in counts if "medicines" in what or "measurements" in what or "deaths" in what]


def test_long_identifiers_and_those_with_a_point_find_their_rows(tmp_path: Path) -> None:
    long = 2026010512345678
    visits = f"{VISITS}{long},1,262,2026-01-05,2026-01-09\n"
    lines = condition(1, f"{long}.0", source=101, value="I50.0")
    tables, _ = read(
        write(tmp_path, visit_occurrence=visits, condition_occurrence=CONDITIONS + lines, concept=CONCEPTS)
    )
    assert pick(tables["diagnoses"], "spell_id", "code") == [(str(long), "I50.0")]


def test_a_model_without_people_or_visits_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path)
    (tmp_path / "cdm" / "visit_occurrence.csv").unlink()
    with pytest.raises(SourceError, match="has no table visit_occurrence"):
        read(file)


def test_a_table_of_ours_beside_the_model_wins(tmp_path: Path) -> None:
    file = write(
        tmp_path, visit_occurrence=STAY, conditions="patient_id,system,code,recorded_on\n1,snomed,84114007,2020-01-01\n"
    )
    assert pick(read(file)[0]["conditions"], "code") == [("84114007",)]
