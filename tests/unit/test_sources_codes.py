"""What landed codes are understood by: landed rows in, the table of codes out, or one line and nothing written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.coded_columns import CODED_COLUMNS, suggest
from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.ingest import IngestReport, ingest
from tests.suite.stores import find_version, read_facts

LISTS = {
    "heart": Codelist(
        "heart",
        (
            Entry("I50", "failure", "Heart failure", "a book"),
            Entry("84114007", "failure", "Heart failure", "a book", "snomed"),
            Entry("HEART_FAILURE", "failure", "Heart failure", "a book", "register"),
        ),
        "a book",
    ),
    "lungs": Codelist("lungs", (Entry("J44", "COPD", "COPD", "a book"), Entry("I50", "both", "Both", "a book")), "x"),
}
KNOWN = KnownCodes(LISTS, {("measurements", "measure"): frozenset({"bmi", "grip_strength"})})


def land(folder: Path, people: int = 10, **tables: str) -> Path:
    """People p0, p1 ... with one admission each, beside tables given as lines without a header of their columns."""
    folder.mkdir(exist_ok=True)
    headers = {
        "conditions": "patient_id,system,code,recorded_on",
        "prescriptions": "patient_id,issued_on,bnf",
        "attendances": "patient_id,attended_on,acuity,complaint",
        "contacts": "patient_id,contacted_on,service",
        "measurements": "patient_id,measured_on,measure",
    }
    numbers = range(people)
    given = {
        "people": "patient_id,date_of_birth,sex\n" + "".join(f"p{n},1950-01-01,F\n" for n in numbers),
        "admissions": "patient_id,spell_id,admitted_on,method,source\n"
        + "".join(f"p{n},s{n},2024-01-10,21,19\n" for n in numbers),
    }
    given |= {name: f"{headers[name]}\n{text}" for name, text in tables.items() if name in headers}
    given |= {name: text for name, text in tables.items() if name not in headers}
    for name, text in given.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(
    folder: Path, known: KnownCodes | None = KNOWN, data: dict[str, Any] | None = None, **tables: str
) -> IngestReport:
    settings = Settings.model_validate({"data": data or {}})
    return ingest(land(folder / "source", **tables), folder / "store", settings, known=known)


def repeat(line: str, times: int) -> str:
    """The line for p0, p1 ... in turn."""
    return "".join(line.format(n % 10) + "\n" for n in range(times))


def entries(report: IngestReport, column: str) -> list[dict[str, Any]]:
    return [entry for entry in report.codes if f"{entry['table']}.{entry['column']}" == column]


def entry_of(
    system: str, rows: int, distinct: int, understood: float, lists: dict[str, float], *unknown: dict[str, Any]
) -> dict[str, Any]:
    """The whole entry of conditions.code at a first load."""
    return {
        "table": "conditions",
        "column": "code",
        "system": system,
        "rows": rows,
        "distinct": distinct,
        "understood": understood,
        "before": None,
        "lists": lists,
        "commonest_unknown": list(unknown),
    }


def test_each_system_of_a_column_has_its_rows_codes_share_lists_and_what_nothing_names(tmp_path: Path) -> None:
    conditions = (
        repeat("p{},icd10,I50.1,2024-01-01", 4)
        + repeat("p{},icd10,J449,2024-01-02", 3)
        + repeat("p{},icd10cm,I5023,2024-01-03", 2)
        + repeat("p{},icd10,H259,2024-01-04", 9)
        + repeat("p{},snomed,84114007,2024-01-05", 5)
        + repeat("p{},snomed,84114008,2024-01-05", 1)
        + repeat("p{},register,HART_FAILURE,2024-01-06", 2)
    )
    report = run(tmp_path, conditions=conditions)
    rare = {"code": "HART_FAILURE", "rows": None, "near": "HEART_FAILURE"}
    assert entries(report, "conditions.code") == [
        entry_of("icd10", 16, 3, 0.4375, {"heart": 0.25, "lungs": 0.4375}, {"code": "H259", "rows": 9, "near": None}),
        entry_of("icd10cm", 2, 1, 1.0, {"heart": 1.0, "lungs": 1.0}),
        entry_of("register", 2, 1, 0.0, {}, rare),
        entry_of("snomed", 6, 2, 0.8333, {"heart": 0.8333}),
    ]
    assert read_facts(tmp_path / "store")["codes"] == report.codes


WORDS = {
    "contacts": {
        "General Practice": (0.5, ("general_practice", 20, "gp")),
        "District Nursing": (0.5, None),
    },
    "measurements": {
        "Body mass index": (0.5, ("body_mass_index", 20, "bmi")),
        "Grip strength": (0.5, None),
    },
    "prescriptions": {
        "0212000B0AAABAB": (0.375, None),
        "020802": (0.375, None),
        "20010100101": (0.375, None),
        "212033": (0.375, ("212033", 20, None)),
        "1049221": (0.375, ("1049221", 20, None)),
        "407010F0AAABAB": (0.375, ("407010F0AAABAB", 20, None)),
        "314076": (0.375, ("314076", 20, None)),
        "319775007": (0.375, ("319775007", 20, None)),
    },
    "attendances": {
        "Red,161898004": (0.5, ("RED", 20, None)),
        "1064891000000107,161898004": (0.5, None),
    },
}
"""By table each word or shape, what share of all rows of the table is understood, and how it is named if it is not."""


def test_a_word_or_a_shape_that_is_not_the_columns_is_named_with_its_count(tmp_path: Path) -> None:
    landed = {
        table: "".join(repeat(f"p{{}},2024-01-{day:02},{word}", 20) for day, word in enumerate(words, start=1))
        for table, words in WORDS.items()
    }
    report = run(tmp_path, **landed)
    for table, words in WORDS.items():
        found = next(entry for entry in report.codes if entry["table"] == table)
        assert {found["understood"]} == {share for share, _ in words.values()}, table
        named = [(one["code"], one["rows"], one["near"]) for one in found["commonest_unknown"]]
        assert sorted(named) == sorted(name for _, name in words.values() if name), table


def test_a_method_of_admission_that_no_dictionary_has_is_named_however_rare(tmp_path: Path) -> None:
    admissions = "patient_id,spell_id,admitted_on,method,source\np0,s1,2024-01-01,77,19\np1,s2,2024-01-01,66,-1\n"
    report = run(tmp_path, admissions=admissions)
    (method,), (source,) = entries(report, "admissions.method"), entries(report, "admissions.source")
    assert (method["understood"], method["commonest_unknown"]) == (0.5, [{"code": "77", "rows": None, "near": None}])
    assert (source["understood"], source["commonest_unknown"]) == (0.5, [{"code": "-1", "rows": None, "near": None}])


def test_a_code_that_few_people_have_is_not_shown_even_if_it_has_many_rows(tmp_path: Path) -> None:
    """A column may hold something else than codes, such as a name or a number of one person."""
    report = run(tmp_path, prescriptions="p1,2024-01-01,JONES-1950\n" * 50)
    (found,) = entries(report, "prescriptions.bnf")
    assert (found["understood"], found["commonest_unknown"]) == (0.0, [])


def test_a_column_that_nothing_understands_stops_the_run_in_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    conditions = repeat("p{},snomed,444814009,2024-01-01", 95) + repeat("p{},snomed,84114007,2024-01-02", 5)
    shifted = "".join(f"{line[:-2]}{1 + n // 10:02}\n" for n, line in enumerate(conditions.splitlines()))
    with pytest.raises(SourceError) as caught:
        run(tmp_path, conditions=shifted)
    assert str(caught.value) == (
        "conditions.code, system snomed: 95 of 100 rows (95.0%) have a code that no codelist or word of this workspace "
        "names, above the limit of 90%; translate them, name them in features/codelists, or accept it by "
        'conditions = "partly" under [data.understood] in riskstrat.toml: what rests on them then cannot be told'
    )
    assert not (tmp_path / "store").exists()
    for accepted in ({"understood": {"conditions": "partly"}}, {"understood": {"conditions.code": "partly"}}):
        report = run(tmp_path, data=accepted, conditions=shifted)
        assert report.understood == accepted["understood"]
        assert entries(report, "conditions.code")[0]["understood"] == 0.05
    assert run(tmp_path, data={"unmatched_limit": 0.95}, conditions=shifted).understood == {}
    assert run(tmp_path, known=None, conditions=shifted).codes == []


def test_few_rows_stop_no_run(tmp_path: Path) -> None:
    report = run(tmp_path, contacts=repeat("p{},2024-01-01,General Practice", 99))
    assert entries(report, "contacts.service")[0]["understood"] == 0.0


def test_the_change_since_the_last_load_is_kept_until_other_rows_are_landed(tmp_path: Path) -> None:
    first = "p0,icd10,I50,2024-01-01\n"
    second = first + "p1,icd10,H259,2024-01-01\n"

    def share(conditions: str) -> tuple[float, float | None]:
        (found,) = entries(run(tmp_path, conditions=conditions), "conditions.code")
        return found["understood"], found["before"]

    assert share(first) == (1.0, None)
    assert share(first) == (1.0, None)
    assert share(second) == (0.5, 1.0)
    assert share(second) == (0.5, 1.0)
    assert share(first) == (1.0, 0.5)


def test_a_manifest_of_before_that_cannot_be_read_is_no_load_before(tmp_path: Path) -> None:
    run(tmp_path)
    (find_version(tmp_path / "store") / "manifest.json").write_text("{", encoding="utf-8")
    assert {entry["before"] for entry in run(tmp_path).codes} == {None}


@pytest.mark.parametrize(
    ("name", "says"),
    [("conditons", 'did you mean "conditions"?'), ("people", "is no table or column of codes")],
)
def test_only_tables_and_columns_of_codes_can_be_accepted_partly(name: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        Settings.model_validate({"data": {"understood": {name: "partly"}}})


def test_every_coded_column_stands_in_its_schema_and_knows_what_the_schema_allows() -> None:
    for coded in CODED_COLUMNS:
        column = SCHEMAS[coded.table].names[coded.column]
        assert [value for value in column.allowed if not coded.knows(value)] == []
        assert coded.system is not None or "system" in SCHEMAS[coded.table].names


@given(st.integers(1, 10**15))
def test_a_plain_number_of_another_system_seldom_has_the_shape_of_a_bnf_code(number: int) -> None:
    """RxNorm and dm+d have no leading zero; what passes begins with 10 to 23 and goes on as a section of a chapter."""
    bnf = next(column for column in CODED_COLUMNS if column.column == "bnf")
    assert not bnf.knows(str(number)) or 10 <= int(str(number)[:2]) <= 23


@pytest.mark.parametrize(
    ("value", "words", "meant"),
    [
        ("ASTMA", ["ASTHMA", "COPD"], "ASTHMA"),
        ("general_practice", ["gp"], "gp"),
        ("general_practice", ["outpatient"], None),
        ("77", ["22", "2A"], None),
        ("12345", ["12346"], None),
        ("wholly_other", ["gp", "mental_health"], None),
    ],
)
def test_only_a_word_that_is_likely_meant_is_suggested(value: str, words: list[str], meant: str | None) -> None:
    assert suggest(value, words) == meant
