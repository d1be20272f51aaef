"""No row of opt-outs that names a person is without effect, whatever else stands in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.cohort.eligibility import mark_opted_out
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from tests.suite.properties import population_settings

PEOPLE = 40
AS_AT = date(2026, 9, 30)
WORDS = st.sampled_from(
    [
        "",
        "type1",
        "Type 1",
        "Type 1 objection",
        "national",
        "risk-stratification",
        "?",
        "1",
        "0",
        "NULL",
        "n/a",
        "é",
        "1e9",
    ]
)
DATES = st.sampled_from(
    [
        "",
        "2020-01-01",
        "01/02/2020",
        "2020-13-45",
        "2999-12-31",
        "9999-12-31",
        "1800-01-01",
        "2030-01-01",
        "soon",
        "0",
        "-",
    ]
)
ENDS = st.sampled_from(
    ["", "2999-12-31", "9999-12-31", "1800-01-01", "2030-01-01", "2020-13-45", "until further notice", "0"]
)
ROWS = st.lists(st.tuples(st.integers(0, PEOPLE - 1), WORDS, DATES, ENDS), min_size=30, max_size=60)


def build_store(folder: Path, opt_outs: str) -> Store:
    (folder / "source").mkdir(parents=True)
    people = "".join(f"p{n},1950-01-01,F\n" for n in range(PEOPLE))
    (folder / "source" / "people.csv").write_text(f"patient_id,date_of_birth,sex\n{people}", "utf-8")
    admitted = "patient_id,spell_id,admitted_on,method\np0,s1,2026-09-30,21\n"
    (folder / "source" / "admissions.csv").write_text(admitted, "utf-8")
    (folder / "source" / "opt_outs.csv").write_text(opt_outs, "utf-8")
    ingest(folder / "source", folder / "store", Settings())
    return open_store(folder / "store")


def list_out(store: Store, kinds: tuple[str, ...] = OPT_OUT_KINDS) -> set[str]:
    return set(store.people()["patient_id"].to_numpy()[np.flatnonzero(mark_opted_out(store, kinds))])


@population_settings(3)
@given(ROWS)
def test_everybody_whom_a_row_names_is_out_unless_it_has_ended(rows: list[tuple[int, str, str, str]]) -> None:
    lines = "".join(f"p{person},{kind},{begins},{ends}\n" for person, kind, begins, ends in rows)
    with TemporaryDirectory() as folder:
        store = build_store(Path(folder), f"patient_id,kind,from_on,to_on\n{lines}")
        assert list_out(store) == {f"p{person}" for person, *_ in rows}


STANDING = (
    ("type1,2020-01-01,2026-09-30", False),
    ("type1,2020-01-01,2026-10-01", True),
    ("type1,2026-12-01,", True),
    ("type1,soon,2021-01-01", False),
    ("type1,2022-01-01,2021-01-01", True),
    ("Type 1 objection,2020-01-01,", True),
    ("national,2020-01-01,", False),
)
"""A person's row, and whether it takes them out where Type 1 is asked about."""


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with each of these rows, told of a person of its own: an ingest costs the same for one as for all."""
    lines = "".join(f"p{person},{row}\n" for person, (row, _) in enumerate(STANDING))
    return build_store(tmp_path_factory.mktemp("standing"), f"patient_id,kind,from_on,to_on\n{lines}")


@pytest.mark.parametrize("person", range(len(STANDING)))
def test_an_opt_out_stands_until_an_end_that_is_past_and_one_of_no_known_kind_needs_no_approval_to_be_applied(
    person: int, standing: Store
) -> None:
    row, out = STANDING[person]
    assert (f"p{person}" in list_out(standing, ("type1",))) is out, row


def test_a_table_that_names_people_alone_takes_them_out(tmp_path: Path) -> None:
    assert list_out(build_store(tmp_path, "patient_id\np3\np5\n"), ("type1",)) == {"p3", "p5"}


def test_an_open_row_stands_beside_one_of_the_same_kind_that_has_ended(tmp_path: Path) -> None:
    rows = "p3,type1,2020-01-01,2021-01-01\np3,type1,2020-01-01,\n"
    assert list_out(build_store(tmp_path, f"patient_id,kind,from_on,to_on\n{rows}")) == {"p3"}


def test_a_death_that_any_row_of_a_person_records_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    people = (
        "patient_id,date_of_birth,sex,date_of_death\n"
        "p1,1950-01-01,F,\np1,1950-01-01,F,2026-08-01\np2,1950-01-01,F,\np2,1950-01-01,?,2026-08-01\np3,1950-01-01,M,\n"
    )
    (tmp_path / "source" / "people.csv").write_text(people)
    admitted = "patient_id,spell_id,admitted_on,method\np3,s1,2026-09-30,21\n"
    (tmp_path / "source" / "admissions.csv").write_text(admitted)
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    ingest(tmp_path / "source", tmp_path / "store", settings)
    stored = open_store(tmp_path / "store").people()
    assert dict(zip(stored["patient_id"], stored["date_of_death"].notna(), strict=True)) == {"p1": True, "p3": False}


def test_what_any_row_of_a_status_says_takes_the_person_out(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "people.csv").write_text("patient_id,date_of_birth,sex\np1,1950-01-01,F\n")
    admitted = "patient_id,spell_id,admitted_on,method\np1,s1,2026-09-30,21\n"
    (tmp_path / "source" / "admissions.csv").write_text(admitted)
    rows = "p1,2026-09-30,false,,true\np1,2026-09-30,true,false,\n"
    (tmp_path / "source" / "statuses.csv").write_text(f"patient_id,as_at,died,moved,inpatient\n{rows}")
    ingest(tmp_path / "source", tmp_path / "store", Settings())
    (status,) = open_store(tmp_path / "store").read("statuses")[["died", "moved", "inpatient"]].to_dict("records")
    assert status == {"died": True, "moved": False, "inpatient": True}
