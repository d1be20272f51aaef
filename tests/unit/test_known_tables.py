"""Hand-made landed rows in, whole tables as known on a day out: what `table` writes."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from riskstrat.simulation import MARK
from riskstrat.sources.known_tables import KNOWN_TABLES
from riskstrat.sources.tables import STREAMS
from tests.suite.verbs import Verb

THREE_FEATURES = Path(__file__).resolve().parents[1] / "three_features"

PEOPLE = """
patient_id , date_of_birth , sex , care_home_from , date_of_death , died_known_on
p1         , 1950-03-15    , F   , 2024-04-02     ,               ,
p2         , 1940-07-01    , M   ,                , 2024-03-10    , 2024-04-20
p3         , 1930-01-01    , M   ,                ,               ,
"""
ADMISSIONS = """
patient_id, spell_id, admitted_on, method, source, known_on  , discharged_on, destination, specialty, settled_known_on
p1        , a       , 2024-03-01 , 21    , 19    , 2024-03-02, 2024-03-05   , 51         , 300      , 2024-03-07
p1        , b       , 2024-03-05 , 81    , 51    , 2024-03-09, 2024-03-20   , 51         , 430      , 2024-03-22
p1        , c       , 2024-03-20 , 81    , 51    , 2024-03-21,              ,            ,          ,
p1        , d       , 2024-04-28 , 11    , 19    , 2024-04-29,              ,            ,          ,
p2        , e       , 2024-03-03 , 21    , 19    , 2024-03-04, 2024-03-10   , 79         , 300      , 2024-03-11
p3        , f       , 2024-03-03 , 21    , 19    , 2024-03-04, 2024-03-10   , 19         , 300      , 2024-03-11
"""
CONDITIONS = """
patient_id , system , code  , recorded_on , ended_on   , known_on
p1         , icd10  , I50   , 2024-03-01  , 2024-04-01 , 2024-03-10
p2         , icd10  , F101  , 2024-03-01  ,            , 2024-03-10
"""
MEASUREMENTS = """
patient_id , measured_on , measure , value , unit  , known_on
p1         , 2024-03-01  , bmi     , 31.5  , kg/m2 ,
p2         , 2024-03-01  , bmi     , 22    , kg/m2 , 2024-04-30
"""
OPT_OUTS = """
patient_id , kind                , from_on
p3         , risk_stratification , 2023-05-01
"""
LANDED = {
    "people": PEOPLE,
    "admissions": ADMISSIONS,
    "conditions": CONDITIONS,
    "measurements": MEASUREMENTS,
    "opt_outs": OPT_OUTS,
}


@pytest.fixture(scope="module")
def site(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with these tables, data as at 30 April 2024."""
    root = tmp_path_factory.mktemp("table") / "site"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    source = root / "source"
    source.mkdir()
    (source / MARK).touch()
    for name, text in LANDED.items():
        (source / f"{name}.csv").write_text(text.strip().replace(" ", "") + "\n", encoding="utf-8")
    done = verb("ingest", source, "--as-at", "2024-04-30", "-w", root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def told(verb: Verb, site: Path, tmp_path: Path) -> Callable[[str, str], list[dict[str, Any]]]:
    """The rows of a table as known on a day, as the verb wrote them."""

    def read(name: str, day: str) -> list[dict[str, Any]]:
        out = tmp_path / "told.parquet"
        done = verb("table", name, "--as-at", day, "--out", out, "-w", site)
        assert (done.returncode, done.stderr) == (0, "")
        found: list[dict[str, Any]] = pq.read_table(out).to_pylist()
        return found

    return read


def spells_of(rows: list[dict[str, Any]], patient: str) -> list[tuple[Any, ...]]:
    """Spell, end, place it ended in, and the spell_id of the first spell of its stay."""
    names = {row["spell"]: row["spell_id"] for row in rows}
    return [
        (row["spell_id"], str(row["discharged_on"]), row["destination"], names[row["continuous_stay"]])
        for row in rows
        if row["patient_id"] == patient
    ]


@pytest.mark.parametrize(
    ("day", "spells"),
    [
        ("2024-03-01", []),
        ("2024-03-02", [("a", "None", None, "a")]),
        ("2024-03-06", [("a", "None", None, "a")]),
        ("2024-03-07", [("a", "2024-03-05", "51", "a")]),
        ("2024-03-09", [("a", "2024-03-05", "51", "a"), ("b", "None", None, "a")]),
        ("2024-03-21", [("a", "2024-03-05", "51", "a"), ("b", "None", None, "a"), ("c", "None", None, "a")]),
        ("2024-03-22", [("a", "2024-03-05", "51", "a"), ("b", "2024-03-20", "51", "a"), ("c", "None", None, "a")]),
        (
            "2024-04-30",
            [
                ("a", "2024-03-05", "51", "a"),
                ("b", "2024-03-20", "51", "a"),
                ("c", "None", None, "a"),
                ("d", "None", None, "d"),
            ],
        ),
    ],
)
def test_a_spell_reads_as_it_did_and_is_in_the_stay_that_was_known(
    day: str, spells: list[tuple[Any, ...]], told: Callable
) -> None:
    assert spells_of(told("admissions", day), "p1") == spells


def test_what_an_end_tells_is_not_told_before_it(told: Callable) -> None:
    open_, ended = (
        next(row for row in told("admissions", day) if row["spell_id"] == "a") for day in ("2024-03-06", "2024-03-07")
    )
    late = ("discharged_on", "discharge_method", "destination", "specialty", "settled_known_on")
    assert {name: open_[name] for name in late} == dict.fromkeys(late)
    assert (ended["specialty"], ended["settled_known_on"]) == ("300", date(2024, 3, 7))
    assert {name: value for name, value in open_.items() if name not in late} == {
        name: value for name, value in ended.items() if name not in late
    }


def test_stays_are_one_row_for_the_spells_that_share_their_number(told: Callable) -> None:
    spells, stays = told("admissions", "2024-04-30"), told("continuous_stays", "2024-04-30")
    assert [row["spell"] for row in stays] == sorted({row["continuous_stay"] for row in spells})
    first = next(row for row in stays if row["spell_id"] == "a")
    assert (first["method"], first["discharged_on"], str(first["last_admitted_on"])) == ("21", None, "2024-03-20")


@pytest.mark.parametrize(
    ("day", "home", "died"),
    [
        ("2024-04-01", "None", "None"),
        ("2024-04-02", "2024-04-02", "None"),
        ("2024-04-19", "2024-04-02", "None"),
        ("2024-04-20", "2024-04-02", "2024-03-10"),
    ],
)
def test_people_are_told_without_what_came_or_was_told_later(day: str, home: str, died: str, told: Callable) -> None:
    people = {row["patient_id"]: row for row in told("people", day)}
    assert [str(people["p1"]["care_home_from"]), str(people["p2"]["date_of_death"])] == [home, died]
    assert (people["p2"]["died_known_on"] is None) == (died == "None")


@pytest.mark.parametrize(
    ("day", "rows"),
    [("2024-03-09", []), ("2024-03-10", ["None"]), ("2024-03-31", ["None"]), ("2024-04-01", ["2024-04-01"])],
)
def test_a_condition_is_there_once_known_and_ended_once_over(day: str, rows: list[str], told: Callable) -> None:
    assert [str(row["ended_on"]) for row in told("conditions", day)] == rows


def test_what_is_sensitive_is_there_only_where_the_engine_may_read_it(
    told: Callable, verb: Verb, site: Path, tmp_path: Path
) -> None:
    assert [row["code"] for row in told("recorded_conditions", "2024-04-30")] == ["I50"]
    approved, out = tmp_path / "approved", tmp_path / "approved.csv"
    shutil.copytree(site, approved)
    with (approved / "riskstrat.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[sensitive]\nin_score = true\napproval = 'a test'\n")
    done = verb("table", "recorded_conditions", "--as-at", "2024-04-30", "--out", out, "-w", approved)
    assert "without what is sensitive" not in done.stdout
    assert out.read_text(encoding="utf-8").count("F101") == 1


def test_a_table_without_a_day_of_knowing_has_its_lag(told: Callable) -> None:
    assert [len(told("measurements", day)) for day in ("2024-03-07", "2024-03-08", "2024-04-29", "2024-04-30")] == [
        *(0, 1),
        *(1, 2),
    ]


def test_nobody_who_opted_out_is_in_a_table(told: Callable, verb: Verb, site: Path, tmp_path: Path) -> None:
    assert {row["patient_id"] for row in told("people", "2024-04-30")} == {"p1", "p2"}
    done = verb("table", "admissions", "--as-at", "2024-04-30", "--out", tmp_path / "a.csv", "-w", site)
    assert "rows of people who opted out, left out: 1" in done.stdout


def test_csv_holds_what_parquet_holds(told: Callable, verb: Verb, site: Path, tmp_path: Path) -> None:
    file = tmp_path / "admissions.csv"
    assert verb("table", "admissions", "--as-at", "2024-03-21", "--out", file, "-w", site).returncode == 0
    with file.open(encoding="utf-8", newline="") as opened:
        read = list(csv.DictReader(opened))
    as_text = [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in told("admissions", "2024-03-21")
    ]
    assert read == as_text


def test_the_same_day_gives_the_same_bytes(verb: Verb, site: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for file in files:
        assert verb("table", "admissions", "--as-at", "2024-04-01", "--out", file, "-w", site).returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_every_stream_is_a_table_and_stays_are_one_more() -> None:
    assert set(KNOWN_TABLES) == {*STREAMS, "continuous_stays"}


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (("admisions", "--as-at", "2024-04-01"), 4, 'did you mean "admissions"?'),
        (("falls", "--as-at", "2024-04-01"), 5, "nothing of falls was landed"),
        (("people", "--as-at", "2024-05-01"), 6, "--as-at 2024-05-01 is in the future"),
        (("people", "--as-at", "1 May"), 6, "--as-at"),
    ],
)
def test_what_cannot_be_told_is_refused_in_one_line(
    given: tuple[str, ...], code: int, says: str, verb: Verb, refused: Callable, site: Path, tmp_path: Path
) -> None:
    out = tmp_path / "refused.csv"
    assert says in refused(verb("table", *given, "--out", out, "-w", site), code)
    assert not out.exists()
