"""No row of conditions that names a person and a palliative code loses its effect, whatever else is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.settings import Settings
from riskstrat.people.palliative import CODELIST, IN_CARE, find_palliative
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.validation import (
    AFTER_EXTRACT,
    CODE_NOT_MAPPED,
    DUPLICATE,
    EMPTY_ROW,
    HARMLESS,
    KNOWN_AFTER_EXTRACT,
    NO_DIAGNOSIS,
    RULES,
)
from riskstrat.workspace.codelists import read_codelists
from tests.suite.properties import population_settings

ROOT = Path(__file__).resolve().parents[2]
CODELISTS = read_codelists(ROOT)[0]
PEOPLE = 60
AS_AT, MONDAY = date(2026, 9, 30), date(2026, 9, 28)
HEAD = "patient_id,system,code,recorded_on,ended_on,known_on"
IN_CARE_ENTRIES = [(one.system, one.code) for one in CODELISTS[CODELIST].entries if one.group == IN_CARE]


def build_store(folder: Path, rows: list[str]) -> Store:
    (folder / "source").mkdir(parents=True)
    people = "".join(f"p{n},1950-01-01,F\n" for n in range(PEOPLE))
    (folder / "source" / "people.csv").write_text(f"patient_id,date_of_birth,sex\n{people}", "utf-8")
    admitted = "patient_id,spell_id,admitted_on,method\np0,s1,2026-09-01,21\n"
    (folder / "source" / "admissions.csv").write_text(admitted, "utf-8")
    # One accepted row, so that the table is never refused whole.
    table = "\n".join([HEAD, "p59,icd10,I10,2020-01-01,,", *rows, ""])
    (folder / "source" / "conditions.csv").write_text(table, "utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    ingest(folder / "source", folder / "store", settings, as_at=AS_AT)
    return open_store(folder / "store")


def list_in_care(store: Store, at: date = MONDAY) -> set[str]:
    found = find_palliative(store, CODELISTS, at) or frozenset()
    return set(store.people()["patient_id"].iloc[sorted(found)])


FAULTS = {
    "unparseable date": "register,PALLIATIVE_CARE,soon,,",
    "impossible date": "register,PALLIATIVE_CARE,1066-10-14,,",
    "missing value": "register,PALLIATIVE_CARE,,,",
    "unknown code": "read_v2,PALLIATIVE_CARE,2024-01-01,,",
    "event before birth": "register,PALLIATIVE_CARE,1944-01-01,,",
    "ends before it starts": "register,PALLIATIVE_CARE,2024-01-01,2020-01-01,",
    AFTER_EXTRACT: "register,PALLIATIVE_CARE,2027-01-01,,",
    KNOWN_AFTER_EXTRACT: "register,PALLIATIVE_CARE,2024-01-01,,2027-01-01",
}
"""By the rule that quarantines it, a row of a person with a palliative code."""

WITHOUT_A_CODE = {CODE_NOT_MAPPED, NO_DIAGNOSIS, EMPTY_ROW, "code as a number"}
"""Rules of rows whose code is none, or cannot be read."""


def test_every_cause_of_quarantine_that_leaves_a_person_and_a_code_is_tried() -> None:
    assert {rule.name for rule in RULES["conditions"]} - WITHOUT_A_CODE == FAULTS.keys() - {
        AFTER_EXTRACT,
        KNOWN_AFTER_EXTRACT,
    }
    assert not FAULTS.keys() & set(HARMLESS)


def test_whatever_quarantines_it_a_palliative_code_keeps_its_person_off_lists(tmp_path: Path) -> None:
    rows = [f"p{number},{row}" for number, row in enumerate(FAULTS.values())]
    store = build_store(tmp_path, rows)
    rules = pq.read_table(store.folder / "quarantine.parquet").to_pylist()
    assert [one["rule"] for one in rules] == list(FAULTS)
    assert list_in_care(store) == {f"p{number}" for number in range(len(FAULTS))}


STANDING: tuple[tuple[list[str], date, bool], ...] = (
    # Until an end of its own that is past, and nothing else that is said takes the person off.
    (["read_v2,PALLIATIVE_CARE,2024-01-01,2026-09-28,"], MONDAY, False),
    (["read_v2,PALLIATIVE_CARE,2024-01-01,2026-09-29,"], MONDAY, True),
    (["read_v2,PALLIATIVE_CARE,soon,2026-09-28,"], MONDAY, False),
    (["register,PALLIATIVE_CARE,2024-01-01,2023-01-01,"], MONDAY, True),
    # A day on which nobody lived is no end.
    (["register,PALLIATIVE_CARE,soon,1066-10-14,"], MONDAY, True),
    (["register,PALLIATIVE_CARE,soon,,", "register,NO_LONGER_PALLIATIVE,2026-01-01,,"], MONDAY, True),
    # What takes somebody off has no effect from such a row.
    (["register,PALLIATIVE_CARE,2024-01-01,,", "register,NO_LONGER_PALLIATIVE,soon,,"], MONDAY, True),
    (["register,NO_LONGER_PALLIATIVE,soon,,"], MONDAY, False),
    # Another row of the same says the same, or what came later: the one that is read decides.
    (["register,PALLIATIVE_CARE,2024-01-01,,", "register,PALLIATIVE_CARE,2024-01-01,2025-01-01,"], MONDAY, False),
    # A list of a past day knows nothing of what came later.
    (["read_v2,PALLIATIVE_CARE,2026-08-01,,"], date(2026, 7, 31), False),
    (["read_v2,PALLIATIVE_CARE,2026-08-01,,"], date(2026, 8, 1), True),
    (["read_v2,PALLIATIVE_CARE,2026-07-01,,2026-08-01"], date(2026, 7, 31), False),
    (["register,PALLIATIVE_CARE,soon,,"], date(2020, 1, 6), True),
    # Codes that say something else say nothing here.
    (["register,DIABETES,soon,,", "icd10,Z511,soon,,"], MONDAY, False),
)
"""Rows of one person, the day of a list, and whether they keep that person off it."""


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with each of these cases, told of a person of its own: an ingest costs the same for one as for all."""
    rows = [f"p{person},{row}" for person, (rows, *_) in enumerate(STANDING) for row in rows]
    return build_store(tmp_path_factory.mktemp("standing"), rows)


@pytest.mark.parametrize("person", range(len(STANDING)))
def test_such_a_row_stands_until_its_end_and_no_other_row_ends_it(person: int, standing: Store) -> None:
    rows, at, in_care = STANDING[person]
    assert (f"p{person}" in list_in_care(standing, at)) is in_care, rows


def test_it_counts_where_nothing_else_of_the_codelist_was_landed_and_not_of_a_stranger(tmp_path: Path) -> None:
    store = build_store(tmp_path, ["p3,register,PALLIATIVE_CARE,soon,,", "nobody,register,PALLIATIVE_CARE,soon,,"])
    assert list_in_care(store) == {"p3"}
    assert find_palliative(store, CODELISTS, MONDAY) == frozenset(
        store.people().loc[lambda people: people["patient_id"] == "p3", "person"]
    )


SYSTEMS = st.sampled_from(["", "snomed", "SNOMED-CT", "icd10", "icd10cm", "register", "read", "?"])
DATES = st.sampled_from(
    ["", "2024-01-01", "01/02/2024", "2024-13-45", "2999-12-31", "1800-01-01", "1949-01-01", "soon"]
)
ENDS = st.sampled_from(["", "2024-13-45", "2027-01-01", "9999-12-31", "until further notice", "0", "1800-01-01"])
ROWS = st.lists(
    st.tuples(st.integers(0, PEOPLE - 2), st.sampled_from(IN_CARE_ENTRIES), st.none() | SYSTEMS, DATES, ENDS, DATES),
    min_size=20,
    max_size=50,
)


@population_settings(3)
@given(ROWS)
def test_everybody_whom_a_row_with_a_palliative_code_names_is_off_lists(rows) -> None:  # type: ignore[no-untyped-def]
    lines, judged = [], set()
    for person, (system, code), other, *dates in rows:
        written = system if other is None else other
        lines.append(",".join([f"p{person}", written, code, *dates]))
        judged.add((f"p{person}", written, code))
    with TemporaryDirectory() as folder:
        store = build_store(Path(folder), lines)
        rules = {one["rule"] for one in pq.read_table(store.folder / "quarantine.parquet").to_pylist()}
        # An accepted row says a condition of its own system; the codelist may know the code in another alone.
        accepted = store.read("conditions")[["person", "system", "code"]].itertuples(index=False, name=None)
        names = store.people()["patient_id"]
        kept = {
            names[person]
            for person, system, code in accepted
            if not any(
                CODELISTS[CODELIST].entries[number].group == IN_CARE
                for number in CODELISTS[CODELIST].find(code, system)
            )
        }
        assert {name for name, *_ in judged} - kept <= list_in_care(store)
        assert rules - {DUPLICATE}
