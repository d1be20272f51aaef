"""Who said no stays out however their patient_id is written in the table that says so, and nobody else with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.audit import BARE_KEY, IS_BARE_KEY, find_breaks, reduce_key
from riskstrat.cohort.eligibility import mark_opted_out
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.errors import SourceError
from riskstrat.sources.dressed import build_resolved_query
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.store import Store, open_store
from tests.suite.properties import population_settings, pure_settings
from tests.suite.stores import find_version

AROUND: tuple[Callable[[str], str], ...] = (
    str,
    lambda key: f" {key}\u00a0",
    lambda key: f'="{key}"',
    lambda key: f"'{key}",
    lambda key: f"{{{key}}}",
    lambda key: key.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
    lambda key: key.translate({ord("0") + n: 0x0660 + n for n in range(10)}),
)
"""Dresses that leave a key whole and are worn with any other."""

PARTED: tuple[Callable[[str], str], ...] = (
    str.upper,
    lambda key: f"{key[:2]}-{key[2:5]}-{key[5:]}",
    lambda key: " ".join(key),
    lambda key: f"{key[:3]}\u200b{key[3:]}",
    lambda key: f"{key[:4]}.{key[4:]}",
)

NUMBER_DRESSES: tuple[Callable[[str], str], ...] = (
    lambda key: f"000{key}",
    lambda key: key.lstrip("0"),
    lambda key: f"{key}.0",
    lambda key: f'="{key}.00"',
    lambda key: f"{key},0",
    lambda key: f"{int(key):.{len(key.lstrip('0')) - 1}E}",
    lambda key: f"{int(key):,}",
    lambda key: f"patient_id: {key}",
)
"""Those that only a number can have."""

NUMBERS = st.from_regex(r"[0-9]{2}[1-9]{5,6}", fullmatch=True)
WORDS = st.from_regex(r"[a-f][0-9a-f]{6}[a-f]", fullmatch=True) | st.from_regex(r"k[0-9]{6}x[0-9]", fullmatch=True)


@st.composite
def dressed(draw: st.DrawFn) -> tuple[str, str]:
    """A key and the same key in two dresses."""
    number = draw(st.booleans())
    key = draw(NUMBERS if number else WORDS)
    worn = draw(st.sampled_from((*PARTED, *(NUMBER_DRESSES if number else ()))))
    return key, draw(st.sampled_from(AROUND))(worn(key))


@pure_settings(60)
@given(dressed())
def test_a_key_in_any_dress_is_reduced_to_the_same(pair: tuple[str, str]) -> None:
    key, written = pair
    assert reduce_key(written) == reduce_key(key) != ""
    assert find_breaks(key) == ""


@pytest.mark.parametrize(
    ("written", "key"),
    [("a000.0e0a", "a0000e0a"), ("f12.5E1", "f125e1"), ("1.5e2b", "15e2b"), ("\u00e97,0E3", "\u00e970e3")],
)
def test_the_letter_e_between_figures_of_a_key_with_other_letters_is_no_power_of_ten(written: str, key: str) -> None:
    assert reduce_key(written) == reduce_key(key)
    assert reduce_key(f"patient id: {written}") == reduce_key(key)


@pure_settings(50)
@given(st.from_regex(r"[1-9][0-9]{3,8}", fullmatch=True), st.integers(1, 8), st.integers(1, 8), st.sampled_from("-/: "))
def test_groups_of_digits_are_told_apart_whatever_the_sign_and_the_zeros_in_front(
    key: str, one: int, other: int, sign: str
) -> None:
    first, second = (f"{key[: n % len(key)]}{sign}{key[n % len(key) :]}" for n in (one, other))
    assert (find_breaks(first) == find_breaks(f"00{second}".replace(sign, "_"))) is (one % len(key) == other % len(key))


@pytest.mark.parametrize(("written", "key"), [("ID7", "7"), ("Patient007", "7"), ("nhs7", "07"), ("CHI-7", "7")])
def test_letters_that_touch_a_number_are_part_of_the_key(written: str, key: str) -> None:
    assert reduce_key(written) != reduce_key(key)
    assert reduce_key(f"patient id: {written}") == reduce_key(written)


@pure_settings(50)
@given(st.text(st.sampled_from("00123aBnhsidNOpatcl."), max_size=9) | st.text(max_size=6))
def test_what_sql_reduces_it_reduces_as_python_does(key: str) -> None:
    asked = f"SELECT {IS_BARE_KEY.format('k')}, {BARE_KEY.format('k')} FROM (SELECT ?::VARCHAR AS k)"
    with duckdb.connect(config={"threads": 1}) as connection:
        bare, reduced = connection.execute(asked, [key]).fetchone() or (None, None)
    assert not bare or reduced == reduce_key(key)


def run(
    folder: Path,
    people: pd.DataFrame,
    leave_out: tuple[str, ...] = (),
    *,
    limit: float = 1,
    **tables: pd.DataFrame,
) -> IngestReport:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    rest = pd.DataFrame({"patient_id": people["patient_id"][:1], "spell_id": "s1", "admitted_on": "2026-09-30"})
    for name, table in ({"people": people, "admissions": rest.assign(method="21")} | tables).items():
        table.astype(str).to_csv(source / f"{name}.csv", index=False)
    settings = Settings.model_validate({"data": {"quarantine_limit": limit}})
    return ingest(source, folder / "store", settings, as_at=date(2026, 9, 30), leave_out=leave_out)


def make_people(keys: list[str], **columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": keys, "date_of_birth": "1950-01-01", "sex": "F"} | columns)


def list_out(store: Store) -> set[str]:
    return set(store.people()["patient_id"].to_numpy()[np.flatnonzero(mark_opted_out(store, OPT_OUT_KINDS))])


@population_settings(3)
@given(st.lists(dressed(), min_size=30, max_size=60, unique_by=lambda pair: reduce_key(pair[0])))
def test_an_opt_out_in_any_dress_is_that_of_its_person_and_of_nobody_else(pairs: list[tuple[str, str]]) -> None:
    kept = [key for key, _ in pairs[::2]]
    said = pairs[1::2]
    with TemporaryDirectory() as folder:
        people = make_people([*kept, *(key for key, _ in said)])
        report = run(Path(folder), people, opt_outs=pd.DataFrame({"patient_id": [written for _, written in said]}))
        assert list_out(open_store(Path(folder) / "store")) == {key for key, _ in said}
        assert report.tables["opt_outs"].accepted == len(said)


KEEPING_OFF = {
    "statuses": {"as_at": "2026-09-30", "died": "true"},
    "caseload": {"team": "North", "status": "declined", "from_on": "2026-01-01"},
    "reviews": {"list_date": "2026-09-28", "team": "North", "outcome": "moved"},
    "registrations": {"practice": "N83001", "registered_from": "2020-01-01", "registered_to": "2026-02-01"},
}


def test_every_table_that_keeps_people_off_lists_finds_them(tmp_path: Path) -> None:
    tables = {name: pd.DataFrame({"patient_id": ["7-7-1", "K 9"]} | columns) for name, columns in KEEPING_OFF.items()}
    report = run(tmp_path, make_people(["00771", "k9", "8"]), **tables)
    store = open_store(tmp_path / "store")
    for table in KEEPING_OFF:
        assert (report.tables[table].accepted, report.tables[table].recoded) == (2, {"patient_id": 2}), table
        assert sorted(store.read(table)["patient_id"].unique()) == ["00771", "k9"], table
        assert f"{table}: 2 rows whose patient_id is written otherwise than in people" in report.notes


def test_a_registration_that_has_not_ended_is_nobodys_but_whose_key_it_has(tmp_path: Path) -> None:
    rows = pd.DataFrame({"patient_id": ["771"], "practice": ["N83001"], "registered_from": ["2020-01-01"]})
    assert run(tmp_path, make_people(["00771", "8"]), registrations=rows).quarantined == {
        "registrations": {"unknown person": 1}
    }


@pytest.mark.parametrize("table", ["opt_outs", "statuses"])
def test_a_key_that_could_be_that_of_several_stops_the_run(table: str, tmp_path: Path) -> None:
    rows = pd.DataFrame({"patient_id": ["0-12", "8"], "as_at": "2026-09-30", "died": "true"})
    people = make_people(["12", "012", "8"])
    with pytest.raises(SourceError, match=rf"1 row of {table} \(row 1; .*more than one person there\)"):
        run(tmp_path, people, **{table: rows})
    assert run(tmp_path, people, (table,), **{table: rows}).tables[table].accepted == 1


def test_a_key_that_people_have_is_that_persons_whatever_others_look_like_it(tmp_path: Path) -> None:
    run(tmp_path, make_people(["12", "012", "8"]), opt_outs=pd.DataFrame({"patient_id": ["12"]}))
    assert list_out(open_store(tmp_path / "store")) == {"12"}


@pytest.mark.parametrize(
    ("said", "keys", "out"),
    [("1-23", ["12-3", "8"], ""), ("1 23", ["1-23", "12-3"], "1-23"), ("1-2-3", ["123", "8"], "123")],
)
def test_digits_that_signs_part_elsewhere_are_another_persons(
    said: str, keys: list[str], out: str, tmp_path: Path
) -> None:
    run(tmp_path, make_people(keys), opt_outs=pd.DataFrame({"patient_id": [said]}))
    assert list_out(open_store(tmp_path / "store")) == ({out} if out else set())


@pytest.mark.parametrize(
    ("dead", "alive", "columns"),
    [
        ("0123", "123", {"date_of_birth": ["1950-01-01", "1950-01-02"]}),
        ("0123", "123", {"sex": ["F", "M"]}),
        ("1-23", "12-3", {}),
        ("7", "ID7", {}),
        ("Patient007", "7", {}),
    ],
)
def test_a_death_is_nobodys_who_was_born_another_day_or_has_another_key(
    dead: str, alive: str, columns: dict[str, list[str]], tmp_path: Path
) -> None:
    report = run(tmp_path, make_people([dead, alive], date_of_death=["2026-03-01", ""], **columns))
    assert report.quarantined == {}


def test_a_death_is_that_of_everybody_whose_key_differs_in_dress_alone(tmp_path: Path) -> None:
    people = make_people(
        ["0042", "42", "A-1", "a1", "K7", "8"], date_of_death=["", "2026-03-01", "some day", "", "", ""]
    )
    report = run(tmp_path, people, opt_outs=pd.DataFrame({"patient_id": ["8"]}))
    store = open_store(tmp_path / "store")
    assert sorted(store.people()["patient_id"]) == ["42", "8", "K7"]
    assert report.quarantined["people"] == {"dead by another row": 2, "unparseable date": 1}
    said = "people: 2 rows taken out by a death in a row of the same date of birth and sex whose patient_id is written"
    assert f"{said} otherwise" in report.notes
    found = pd.read_parquet(find_version(tmp_path / "store") / "quarantine.parquet")
    assert set(found.loc[found["rule"] == "dead by another row", "row"]) == {1, 4}


def test_one_person_under_two_spellings_is_said(tmp_path: Path) -> None:
    keys = ["0042", "42", "A-1", "a1", "1-23", "12-3", "8", "08"]
    people = make_people(keys, sex=["F"] * 7 + ["M"], date_of_birth=["1950-01-01"] * 3 + ["1951-01-01"] * 5)
    (said,) = [note for note in run(tmp_path, people).notes if note.startswith("people: ")]
    assert said.startswith("people: 2 rows have the date of birth and sex of another")


def test_the_person_meant_is_looked_up_and_not_compared_with_every_row() -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE TABLE persons AS SELECT 'k' || i AS known_as FROM range(9) t(i)")
        connection.execute(
            "CREATE TABLE clean_people AS SELECT known_as AS patient_id, known_as AS reduced, '' AS breaks FROM persons"
        )
        query = build_resolved_query(
            connection, "registrations", "SELECT 'K1' AS patient_id, 1 AS ended", "(ended = 1)"
        )
        (plan,) = [row[1] for row in connection.execute(f"EXPLAIN {query}").fetchall()]
    assert "HASH_JOIN" in plan
    assert "NESTED_LOOP_JOIN" not in plan
    assert "BLOCKWISE_NL_JOIN" not in plan


@pytest.mark.parametrize(
    "table",
    ["opt_outs", "statuses", *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ("caseload", "reviews"))],
)
def test_a_table_of_other_pseudonyms_stops_the_run_whatever_the_limit(table: str, tmp_path: Path) -> None:
    rows = pd.DataFrame({"patient_id": [f"x{n}" for n in range(10)], "as_at": "2026-09-30", "team": "North"})
    rows = rows.assign(status="active", from_on="2026-01-01", list_date="2026-09-28", outcome="monitor", died="no")
    people = make_people([f"k{n}" for n in range(20)])
    with pytest.raises(SourceError, match=f"none of the 10 rows of {table} names anybody") as refused:
        run(tmp_path, people, **{table: rows})
    assert f"--leave-out {table}" in str(refused.value)
    assert run(tmp_path, people, (table,), **{table: rows}).tables[table].accepted == 0


def test_few_rows_that_name_nobody_and_faulty_rows_about_them_stop_nothing(tmp_path: Path) -> None:
    people = make_people([f"k{n}" for n in range(20)], date_of_birth=[*["1950-01-01"] * 19, "1890-01-01"])
    rows = pd.DataFrame({"patient_id": ["k19", *(f"x{n}" for n in range(8))], "as_at": "some day", "died": "perhaps"})
    report = run(tmp_path, people, limit=0.06, opt_outs=rows[["patient_id"]][1:], statuses=rows[1:])
    assert report.quarantined["statuses"] == {"unknown person": 8}
    assert sum("8 of 8 rows (100%) name nobody in people; that is many" in note for note in report.notes) == 2
    assert run(tmp_path, people, statuses=rows).quarantined["statuses"] == {
        "unknown person": 8,
        "person quarantined": 1,
    }
    with pytest.raises(SourceError, match=r"1 row of statuses \(row 1; "):
        run(tmp_path, people, statuses=rows.assign(patient_id=["k1", *rows["patient_id"][1:]]))


def test_an_end_that_could_be_that_of_several_people_stops_the_run(tmp_path: Path) -> None:
    rows = pd.DataFrame({"patient_id": ["0-12", "8"], "practice": ["N8300", "N83001"], "registered_from": "2020-01-01"})
    rows = rows.assign(registered_to="2026-02-01")
    people = make_people(["12", "012", "8"])
    with pytest.raises(SourceError, match=r"1 row of registrations \(row 1; .*more than one person there\)"):
        run(tmp_path, people, registrations=rows)
    report = run(tmp_path, people, ("registrations",), registrations=rows)
    assert "registrations left out and so without effect: 1; mend them before lists are made" in report.notes


@pytest.mark.parametrize(("unknown", "many"), [(1, False), (2, False), (3, True)])
def test_how_many_rows_name_nobody_is_said_and_many_are_a_warning(unknown: int, many: bool, tmp_path: Path) -> None:
    keys = [f"k{n}" for n in range(20)]
    rows = pd.DataFrame({"patient_id": [*keys[unknown:], *(f"x{n}" for n in range(unknown))]})
    (said,) = [note for note in run(tmp_path, make_people(keys), opt_outs=rows).notes if "nobody in people" in note]
    assert said.startswith(f"opt_outs: {unknown} of 20 rows ({unknown / 20:.0%}) name nobody in people")
    assert ("check that it has the pseudonyms" in said) is many
