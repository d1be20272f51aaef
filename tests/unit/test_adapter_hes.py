"""HES episodes and ECDS as they arrive give people, provider spells, their diagnoses and A&E visits."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.adapting import land
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import map_format, read_mapping
from riskstrat.sources.selection import known_rows
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import admissions
from riskstrat.workspace import Workspace, load
from tests.suite.adapters import land_tables, write
from tests.suite.stores import find_version

Row = Mapping[str, str]

AS_AT = date(2025, 12, 31)
COLUMNS = (
    "patient_id provider admitted_on method source patient_class discharged_on discharge_method destination specialty"
)
SPELL = tuple(COLUMNS.split())

EPISODE = {
    "EPIKEY": "1",
    "TOKEN_PERSON_ID": "A",
    "SEX": "2",
    "MYDOB": "041948",
    "PROCODE3": "RQ1",
    "EPIORDER": "1",
    "EPISTAT": "3",
    "CLASSPAT": "1",
    "ADMIDATE": "2024-03-01",
    "ADMIMETH": "21",
    "ADMISORC": "19",
    "EPISTART": "2024-03-01",
    "EPIEND": "2024-03-05",
    "DISDATE": "2024-03-05",
    "DISMETH": "1",
    "DISDEST": "19",
    "MAINSPEF": "300",
    "DIAG_01": "J440",
    "SUBDATE": "2024-04-12",
}
GOES_ON = {"DISDATE": "1800-01-01", "DISMETH": "8", "DISDEST": "98"}
RUNNING = {**GOES_ON, "EPISTAT": "1", "EPIEND": "1800-01-01"}


def make_episodes(*changes: Row) -> list[Row]:
    """Episodes that differ from EPISODE as said, with keys 1, 2, 3, ..."""
    return [EPISODE | {"EPIKEY": str(number)} | change for number, change in enumerate(changes, start=1)]


def land_episodes(folder: Path, *changes: Row) -> dict[str, list[dict[str, str]]]:
    return land_tables(map_format(write(folder, "apc.csv", make_episodes(*changes)), "hes"))


def pick(rows: Sequence[Row], columns: str) -> list[str]:
    return [" ".join(row[column] or "-" for column in columns.split()) for row in rows]


def take_in(folder: Path, store: Path, rule: str = "three_days") -> tuple[IngestReport, Store]:
    settings = Settings.model_validate({"admissions": {"continuous_stays": rule}})
    report = ingest(map_format(folder, "hes"), store, settings, as_at=AS_AT)
    return report, open_store(store)


# ---- The hand-made extract ----


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(__file__).resolve().parents[2])


@pytest.fixture
def hand_made(real_data: Path) -> Path:
    return real_data / "hes_hand_made"


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def read_stored_spells(store: Path) -> dict[str, dict[str, str]]:
    """The stored spells as text, by spell id."""
    frame = pd.read_parquet(find_version(store) / "tables" / "spells.parquet").astype(object)
    rows = frame.where(frame.notna(), "").astype(str).to_dict("records")
    return {row["spell_id"]: row for row in rows}


def name_spells(hand_made: Path, store: Path) -> dict[str, str]:
    """The name that expected_spells.csv gives each spell, by the stored spell id."""
    key = ("patient_id", "provider", "admitted_on")
    names = {
        (row["person"], row["provider"], row["admitted_on"]): row["spell"]
        for row in read_rows(hand_made / "expected_spells.csv")
    }
    return {spell_id: names[tuple(row[c] for c in key)] for spell_id, row in read_stored_spells(store).items()}


@pytest.mark.real_data
def test_the_hand_made_episodes_become_the_spells_diagnoses_and_refusals_worked_out_by_hand(
    hand_made: Path, tmp_path: Path
) -> None:
    report, _ = take_in(hand_made, tmp_path / "store")
    stored = read_stored_spells(tmp_path / "store").values()
    expected = read_rows(hand_made / "expected_spells.csv")
    assert sorted(tuple(row[c] for c in SPELL) for row in stored) == sorted(
        (row["person"], *(row[c] for c in SPELL[1:])) for row in expected
    )
    names = name_spells(hand_made, tmp_path / "store")
    codes = pd.read_parquet(find_version(tmp_path / "store") / "tables" / "diagnoses.parquet")
    assert sorted({(names[s], str(p), c) for s, p, c in codes[["spell_id", "position", "code"]].to_numpy()}) == sorted(
        (row["spell"], row["position"], row["code"]) for row in read_rows(hand_made / "expected_diagnoses.csv")
    )
    assert report.quarantined == {"admissions": {"missing value": 1, "ends before it starts": 1}}
    said = {what: rows for kind, what, rows in report.outcomes if kind == "lost"}
    assert said == {
        "episodes superseded: an unfinished record whose finished one is here": 1,
        "episodes sent again later: the latest SUBDATE stays": 1,
        "episodes without a person, in quarantine": 1,
        "episodes with EPIEND before EPISTART, in quarantine": 1,
        "diagnosis codes of episodes that make no spell": 4,
    }


@pytest.mark.real_data
@pytest.mark.parametrize("rule", ["three_days", "hscic_2014"])
def test_the_hand_made_episodes_become_the_continuous_stays_worked_out_by_hand(
    hand_made: Path, tmp_path: Path, workspace: Workspace, rule: str
) -> None:
    _, store = take_in(hand_made, tmp_path / "store", rule)
    expected = [row for row in read_rows(hand_made / "expected_cips.csv") if row["rule"] == rule]
    names = name_spells(hand_made, tmp_path / "store")
    columns = ("patient_id", "admitted_on", "method", "source", "spell_id", "discharged_on", "destination")
    found, _ = known_rows(store, admissions, columns, AS_AT)
    frame = pd.DataFrame({name: pd.Series(values).astype(object) for name, values in found.items()})
    frame["spell_id"] = [names[spell_id] for spell_id in frame["spell_id"]]
    rows = [["" if pd.isna(cell) else str(cell).split()[0] for cell in row] for row in frame.to_numpy()]
    wanted = ("person", "admitted_on", "method", "source", "spells", "discharged_on", "destination")
    assert sorted(rows) == sorted([(row[c].split() or [""])[0] for c in wanted] for row in expected)
    emergencies, _ = known_rows(store, workspace.outcomes["emergency_admission"], ("spell_id",), AS_AT)
    first = sorted(row["spells"].split()[0] for row in expected if row["emergency_events"] == "1")
    assert sorted(names[spell_id] for spell_id in emergencies["spell_id"]) == first
    assert len(first) == 20


# ---- Each rule by itself, on episodes made here ----

SPELLS = {
    "a later episode of the same ADMIDATE, though days lie between": (
        [{"EPIEND": "2024-03-02", "DISMETH": "1"}, {"EPISTART": "2024-03-04", "EPIORDER": "2", "MAINSPEF": "430"}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "the same EPISTART, though ADMIDATE differs": (
        [{"EPIEND": "2024-03-01", "DISMETH": "1"}, {"ADMIDATE": "2024-02-29", "EPIORDER": "2"}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "one goes on with 9 and the other starts on that day": (
        [GOES_ON | {"DISMETH": "9"}, {"ADMIDATE": "1801-01-01", "EPIORDER": "98", "EPISTART": "2024-03-05"}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "one went home and the other starts on that day": (
        [{}, {"ADMIDATE": "2024-03-05", "EPISTART": "2024-03-05", "EPIEND": "2024-03-07", "DISDATE": "2024-03-07"}],
        ["2024-03-01 21 1 2024-03-05 1 300", "2024-03-05 21 1 2024-03-07 1 300"],
    ),
    "another provider with the same days": (
        [{}, {"PROCODE3": "rq2"}],
        ["2024-03-01 21 1 2024-03-05 1 300", "2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "a night attender in the middle of a stay, which goes on": (
        [
            GOES_ON | {"EPIEND": "2024-03-03"},
            {"CLASSPAT": "4", "ADMIMETH": "13", "EPISTART": "2024-03-02", "EPIEND": "2024-03-02"},
            {"EPISTART": "2024-03-03", "EPIORDER": "2"},
        ],
        ["2024-03-01 13 4 2024-03-05 1 300", "2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "an unfinished record whose finished one was sent before it": (
        [RUNNING | {"SUBDATE": "2024-06-01"}, {}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "an unfinished record beside a finished one that cannot be": (
        [RUNNING, {"EPIEND": "2024-02-01", "DISDATE": "2024-02-01"}],
        ["2024-03-01 21 1 - - -", "2024-03-01 21 1 2024-02-01 1 300"],
    ),
    "an unfinished second episode on the day of the first": (
        [GOES_ON | {"EPIEND": "2024-03-01"}, RUNNING | {"EPIORDER": "2", "MAINSPEF": "430"}],
        ["2024-03-01 21 1 - - -"],
    ),
    "a transfer without ADMIDATE has no day of admission": (
        [{"ADMIDATE": "1582-10-15", "ADMIMETH": "67"}, {"TOKEN_PERSON_ID": "B"}],
        ["- 67 1 2024-03-05 1 300", "2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "no DISDATE, though the last episode is finished with a method of discharge": (
        [{"DISDATE": "1801-01-01"}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "the end is not in the extract": ([GOES_ON], ["2024-03-01 21 1 - - -"]),
    "a later episode says what the first does not, where a stay would be lost": (
        [GOES_ON | {"ADMIMETH": "", "CLASSPAT": ""}, {"EPISTART": "2024-03-05", "EPIORDER": "2", "ADMIMETH": "2a"}],
        ["2024-03-01 2A - 2024-03-05 1 300"],
    ),
    "a later episode says the method that the first does not know": (
        [GOES_ON | {"ADMIMETH": "99"}, {"EPISTART": "2024-03-05", "EPIORDER": "2", "ADMIMETH": "21"}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
    "a method that no episode knows": (
        [GOES_ON | {"ADMIMETH": "98"}, {"EPISTART": "2024-03-05", "EPIORDER": "2", "ADMIMETH": "99"}],
        ["2024-03-01 98 1 2024-03-05 1 300"],
    ),
    "dialysis in the morning and an emergency that went home the same day": (
        [
            {"CLASSPAT": "3", "ADMIMETH": "13", "EPIEND": "2024-03-01", "DISDATE": "2024-03-01"},
            {"EPIEND": "2024-03-01", "DISDATE": "2024-03-01", "SUBDATE": "2024-03-30"},
        ],
        ["2024-03-01 13 3 2024-03-01 1 300", "2024-03-01 21 1 2024-03-01 1 300"],
    ),
    "numbers that passed through a spreadsheet": (
        [{"EPIORDER": "1.0", "EPISTAT": "3.0", "CLASSPAT": "1.0", "ADMIMETH": "21.0", "DISMETH": "1.0"}],
        ["2024-03-01 21 1 2024-03-05 1 300"],
    ),
}


@pytest.fixture(scope="module")
def spells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """The admissions of each case, from one extract of them all; whoever is of a case has its number in their name."""
    episodes = [
        change | {"TOKEN_PERSON_ID": f"{change.get('TOKEN_PERSON_ID', 'A')}{number}"}
        for number, (changes, _) in enumerate(SPELLS.values())
        for change in changes
    ]
    made = make_whole(land_episodes(tmp_path_factory.mktemp("spells"), *episodes)["admissions"])
    return {case: [row for row in made if row["patient_id"][1:] == str(n)] for n, case in enumerate(SPELLS)}


@pytest.mark.parametrize("case", SPELLS)
def test_episodes_become_provider_spells(spells: dict[str, list[Row]], case: str) -> None:
    columns = "admitted_on method patient_class discharged_on discharge_method specialty"
    assert sorted(pick(spells[case], columns)) == sorted(SPELLS[case][1])


def make_whole(rows: Sequence[Row]) -> list[Row]:
    """Rows of admissions with every column: one that is empty in every row is not landed."""
    return [dict.fromkeys(SPELL, "") | row for row in rows]


def test_a_spell_keeps_its_id_when_a_later_extract_ends_it_or_sends_an_episode_again(tmp_path: Path) -> None:
    first = land_episodes(tmp_path / "first", RUNNING)["admissions"]
    again = {"EPIKEY": "77", "EPIEND": "2024-03-09", "SUBDATE": "2024-05-01"}
    second = {
        "EPIKEY": "78",
        "EPISTART": "2024-03-09",
        "EPIORDER": "2",
        "EPIEND": "2024-03-11",
        "SUBDATE": "2024-05-01",
    }
    later = land_episodes(tmp_path / "later", GOES_ON | again, second)["admissions"]
    assert [row["spell_id"] for row in first] == [row["spell_id"] for row in later]
    ids = land_episodes(
        tmp_path / "apart", {}, {"PROCODE3": "RQ2"}, {"TOKEN_PERSON_ID": "B"}, {"CLASSPAT": "3", "EPIORDER": "2"}
    )["admissions"]
    assert len({row["spell_id"] for row in ids}) == 4


CODES = {
    "fillers and marks go, and a code stands once": (
        [{"DIAG_01": "I10X", "DIAG_02": "i10", "DIAG_03": "E103-D", "DIAG_04": "H360 A", "DIAG_05": "E10.3"}],
        ["1 I10", "2 E103", "3 H360"],
    ),
    "the first coded DIAG_01 is the primary one, of whichever episode": (
        [GOES_ON | {"DIAG_01": "&", "DIAG_02": "F171"}, {"EPISTART": "2024-03-05", "EPIORDER": "2", "DIAG_02": "F171"}],
        ["1 J440", "2 F171"],
    ),
    "without a coded DIAG_01 nothing is in the first position": (
        [{"DIAG_01": "", "DIAG_02": "F171", "DIAG_24": "I10X"}],
        ["2 F171", "3 I10"],
    ),
    "R69X says nothing in an unfinished record": ([RUNNING | {"DIAG_01": "R69X", "DIAG_02": "I10X"}], ["2 I10"]),
    "R69X is a diagnosis in a finished one": ([{"DIAG_01": "R69X"}], ["1 R69"]),
}


@pytest.mark.parametrize("case", CODES)
def test_a_spell_has_each_code_once_with_the_primary_first(tmp_path: Path, case: str) -> None:
    changes, expected = CODES[case]
    made = land_episodes(tmp_path, *changes)
    assert sorted(pick(made["diagnoses"], "position code")) == expected
    assert {row["spell_id"] for row in made["diagnoses"]} == {row["spell_id"] for row in made["admissions"]}


def test_codes_after_the_last_position_are_counted_as_lost(tmp_path: Path) -> None:
    days = [
        {"EPISTART": f"2024-03-0{day}", "EPIORDER": str(day), "DIAG_01": f"J{day}00"}
        | {f"DIAG_{field:02}": f"A{day}{field:02}" for field in range(2, 25)}
        for day in range(1, 6)
    ]
    folder = write(tmp_path / "extract", "apc.csv", make_episodes(*days))
    report, _ = take_in(folder, tmp_path / "store")
    assert (report.tables["diagnoses"].accepted, report.quarantined) == (99, {})
    assert ("lost", "diagnosis codes after the 99th of a spell", 21) in report.outcomes


# ---- People ----


def test_people_are_those_with_an_episode_as_the_latest_one_tells_them(tmp_path: Path) -> None:
    latest = {"EPISTART": "2024-06-01", "EPIEND": "2024-06-02", "ADMIDATE": "2024-06-01", "DISDATE": "2024-06-02"}
    made = land_episodes(
        tmp_path,
        {"ETHNOS": "A", "LSOA11": "E01000001", "IMD04_DECILE": "More deprived 20-30%", "MYDOB": "41948"},
        latest | {"SEX": "0", "ETHNOS": "Z", "LSOA11": "E01000002", "DISMETH": "4"},
        {"TOKEN_PERSON_ID": "B", "SEX": "9", "MYDOB": "", "STARTAGE": "70", "IMD04_DECILE": "Least deprived 10%"},
        {"TOKEN_PERSON_ID": "C", "SEX": "", "EPIEND": "2024-01-01", "STARTAGE": "7003", "MYDOB": ""},
    )
    columns = "patient_id date_of_birth sex ethnicity lsoa imd_decile date_of_death"
    assert pick(made["people"], columns) == [
        "A 1948-04-01 F A E01000002 3 2024-06-02",
        "B 1953-08-01 I - - 10 -",
        "C 2023-08-01 U - - - -",
    ]


def test_a_table_of_people_beside_the_episodes_wins_and_strangers_are_counted(tmp_path: Path) -> None:
    folder = write(tmp_path / "extract", "apc.csv", make_episodes({}, {"TOKEN_PERSON_ID": "B"}))
    write(folder, "people.csv", [{"patient_id": "A", "date_of_birth": "1948-04-02", "sex": "F"}])
    settings = Settings.model_validate({"data": {"quarantine_limit": 0.5}})
    report = ingest(map_format(folder, "hes"), tmp_path / "store", settings, as_at=AS_AT)
    assert report.people == 1
    assert report.quarantined["admissions"] == {"unknown person": 1}
    assert not any("people were made" in note for note in report.notes)


NO_END = {"EPIEND": "", "DISDATE": ""}
DEATHS = {
    "finished, and no day is said": (NO_END | {"DISMETH": "4"}, None),
    "unfinished, and no day is said": (NO_END | {"DISMETH": "5", "EPISTAT": "1"}, None),
    "unfinished, with a day": ({"DISMETH": "4", "EPISTAT": "1"}, "2024-03-05"),
    "at a provider that is not known": ({"DISMETH": "4", "PROCODE3": "89999"}, "2024-03-05"),
    "in an episode that ends before it starts": ({"DISMETH": "4", "EPIEND": "2024-02-01", "DISDATE": ""}, None),
    "in one whose discharge is in order though its end is not": (
        {"DISMETH": "4", "EPIEND": "2024-02-01"},
        "2024-03-05",
    ),
    "in an episode without a start": ({"DISMETH": "4", "EPISTART": ""}, "2024-03-05"),
    "in words": ({"DISMETH": "Patient died"}, "2024-03-05"),
    "in other words": ({"DISMETH": "5 - Stillbirth"}, "2024-03-05"),
    "by the destination alone": ({"DISMETH": "", "DISDEST": "79"}, "2024-03-05"),
    "by the destination in words": ({"DISMETH": "9", "DISDEST": "Not applicable - patient died"}, "2024-03-05"),
    "with a day that cannot be read": ({"DISMETH": "4", "EPIEND": "", "DISDATE": "05.03.24"}, None),
}


def test_whoever_an_episode_says_died_is_dead_or_left_out(tmp_path: Path) -> None:
    """Each case is a person of its own, beside three who are alive."""
    dying = {f"A{number}": case for number, case in enumerate(DEATHS)}
    changes = [DEATHS[case][0] | {"TOKEN_PERSON_ID": name} for name, case in dying.items()]
    alive = [{"TOKEN_PERSON_ID": f"B{number}"} for number in range(3)]
    folder = write(tmp_path / "extract", "apc.csv", make_episodes(*changes, *alive))
    settings = Settings.model_validate({"data": {"quarantine_limit": 1.0}})
    report = ingest(map_format(folder, "hes"), tmp_path / "store", settings, as_at=AS_AT)
    people = open_store(tmp_path / "store").people()[["patient_id", "date_of_death"]].to_numpy()
    died = {name: "" if pd.isna(died_on) else str(died_on)[:10] for name, died_on in people}
    assert {case: died.pop(name, None) for name, case in dying.items()} == {
        case: day for case, (_, day) in DEATHS.items()
    }
    assert died == {f"B{number}": "" for number in range(3)}
    left_out = [day for _, day in DEATHS.values()].count(None)
    assert ("lost", "people recorded dead without a day, who are left out", left_out) in report.outcomes


@pytest.mark.parametrize("change", [{"DISMETH": "1", "DISDEST": "79"}, {"DISMETH": "discharged"}, {"DISDEST": "98"}])
def test_nobody_is_dead_by_an_end_that_does_not_say_so(tmp_path: Path, change: Row) -> None:
    assert "date_of_death" not in land_episodes(tmp_path, change)["people"][0]


def test_a_death_that_was_sent_again_as_a_discharge_is_none(tmp_path: Path) -> None:
    made = land_episodes(tmp_path, {"DISMETH": "4", "SUBDATE": "2024-04-01"}, {"SUBDATE": "2024-05-01"})
    assert "date_of_death" not in made["people"][0]
    undated = land_episodes(tmp_path / "undated", {"DISMETH": "4", "SUBDATE": ""}, {"SUBDATE": ""})
    assert pick(undated["people"], "date_of_death") == ["2024-03-05"]


def test_words_of_an_end_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    folder = write(tmp_path / "extract", "apc.csv", make_episodes({"DISMETH": "left", "DISDEST": "home"}))
    report, _ = take_in(folder, tmp_path / "store")
    assert {
        ("lost", f"values of {name} that are no number and do not say that somebody died", 1)
        for name in ("DISMETH", "DISDEST")
    } <= set(report.outcomes)


def test_deaths_that_a_table_of_people_beside_does_not_know_are_counted(tmp_path: Path) -> None:
    changes = [{"TOKEN_PERSON_ID": name, "DISMETH": "4"} for name in "ABC"]
    folder = write(tmp_path / "extract", "apc.csv", make_episodes(*changes, {"TOKEN_PERSON_ID": "D"}))
    person = {"date_of_birth": "1948-04-02", "sex": "F"}
    dead = {"A": "", "B": "2024-03-05", "D": ""}
    write(folder, "people.csv", [{"patient_id": k, "date_of_death": v} | person for k, v in dead.items()])
    settings = Settings.model_validate({"data": {"quarantine_limit": 0.5}})
    report = ingest(map_format(folder, "hes"), tmp_path / "store", settings, as_at=AS_AT)
    said = "people who died by the episodes and are alive by the table people beside, which wins"
    assert ("lost", said, 1) in report.outcomes


# ---- How it arrives ----


@pytest.mark.parametrize(
    "name",
    [
        "apc.csv.gz",
        "HES_APC.parquet",
        pytest.param("apc.parquet", marks=pytest.mark.exhaustive),
        pytest.param("Episodes.csv", marks=pytest.mark.exhaustive),
    ],
)
def test_the_same_episodes_in_other_files_are_the_same(tmp_path: Path, name: str) -> None:
    episodes = make_episodes({}, {"TOKEN_PERSON_ID": "B", "ADMIMETH": "2D"})
    expected = land_tables(map_format(write(tmp_path / "csv", "apc.csv", episodes), "hes"))
    folder = write(tmp_path / "other", "made", episodes)
    given = folder / "made"
    if name.endswith(".gz"):
        (folder / name).write_bytes(gzip.compress(given.read_bytes()))
    elif name.endswith(".parquet"):
        frame = pd.DataFrame(episodes).rename(columns={"TOKEN_PERSON_ID": "ENCRYPTED_HESID", "PROCODE3": "PROCODE5"})
        frame["EPISTART"] = pd.to_datetime(frame["EPISTART"])
        frame.astype({"EPIORDER": int, "DISMETH": float}).to_parquet(folder / name)
    else:
        given.rename(folder / name)
    assert land_tables(map_format(folder, "hes")) == expected


def test_without_episodes_or_a_column_that_spells_need_nothing_is_read(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty", "ecds.csv", [{"TOKEN_PERSON_ID": "A"}])
    with pytest.raises(SourceError, match="has no table apc; it holds ecds"):
        land_tables(map_format(empty, "hes"))
    short = write(tmp_path / "short", "apc.csv", [{k: v for k, v in EPISODE.items() if k != "PROCODE3"}])
    with pytest.raises(SourceError, match="procode3"):
        land_tables(map_format(short, "hes"))


def test_numbers_that_stand_for_methods_with_a_letter_are_read_back_and_counted(tmp_path: Path) -> None:
    changes = [{"TOKEN_PERSON_ID": name, "ADMIMETH": name} for name in ("66", "67", "68", "69")]
    report, _ = take_in(write(tmp_path / "extract", "apc.csv", make_episodes(*changes)), tmp_path / "store")
    spells = read_stored_spells(tmp_path / "store").values()
    assert {row["patient_id"]: row["method"] for row in spells} == {"66": "2A", "67": "2B", "68": "2C", "69": "2D"}
    assert report.tables["admissions"].recoded == {"method": 4}


def test_refused_episodes_are_a_share_of_the_episodes_and_stop_the_run_above_the_limit(tmp_path: Path) -> None:
    spell = [
        {"EPIORDER": str(number), "EPISTART": f"2024-03-{number:02}", "EPIEND": "2024-03-31"} for number in range(1, 20)
    ]
    good = write(tmp_path / "good", "apc.csv", make_episodes(*spell, {"TOKEN_PERSON_ID": ""}))
    report, _ = take_in(good, tmp_path / "store")
    assert (report.tables["admissions"].accepted, report.quarantined) == (1, {"admissions": {"missing value": 1}})
    bad = write(tmp_path / "bad", "apc.csv", make_episodes(*spell[:8], {"TOKEN_PERSON_ID": ""}))
    with pytest.raises(SourceError, match="1 of 9 rows of apc would be quarantined"):
        take_in(bad, tmp_path / "no store")


def test_what_was_guessed_and_what_was_lost_is_counted(tmp_path: Path) -> None:
    filled = {"TOKEN_PERSON_ID": "D", "EPIEND": "2024-03-03"}
    folder = write(
        tmp_path / "extract",
        "apc.csv",
        make_episodes(
            {"ADMIDATE": "1801-01-01", "DISDATE": "", "GPPRAC": "N85001"},
            {"TOKEN_PERSON_ID": "B", "PROCODE3": "89999", "DIAG_02": "I10X"},
            {"TOKEN_PERSON_ID": "C", "EPISTART": ""},
            filled | GOES_ON | {"ADMIMETH": "", "EPIORDER": "98"},
            filled | GOES_ON | {"EPIORDER": "99"},
            {"TOKEN_PERSON_ID": "E", "MYDOB": "", "STARTAGE": "40"},
        ),
    )
    with duckdb.connect(config={"threads": 1}) as connection, land(connection, map_format(folder, "hes")) as landing:
        said = {(kind, what): rows for kind, what, rows in landing.outcomes}
    assert said == {
        ("mapped", "episodes read"): 6,
        ("mapped", "episodes that make spells"): 4,
        ("mapped", "provider spells made of them"): 3,
        ("mapped", "people of whom there is an episode"): 5,
        ("guessed", "spells that began with EPISTART, as ADMIDATE is not there"): 1,
        ("guessed", "spells whose ADMIDATE or ADMIMETH a later episode says"): 1,
        ("guessed", "spells that ended with EPIEND, as DISDATE is not there"): 1,
        ("guessed", "spells whose episodes only TRANSIT or EPIKEY puts in order"): 1,
        ("guessed", "people whose month of birth is worked out from STARTAGE"): 1,
        ("guessed", "admissions that count as known by the lag, not by SUBDATE"): 3,
        ("lost", "episodes without EPISTART, in quarantine"): 1,
        ("lost", "episodes without a provider"): 1,
        ("lost", "diagnosis codes of episodes that make no spell"): 3,
        ("lost", "spells whose last episode is finished and says no end"): 1,
        ("lost", "practices (GPPRAC): without a period they make no registration"): 1,
    }


# ---- When it was known ----


def test_by_submission_nothing_is_known_before_it_was_sent(tmp_path: Path) -> None:
    """The stay was first sent unfinished on 12 April, its end on 14 May, a code more on 12 June."""
    episodes = make_episodes(
        RUNNING, {"SUBDATE": "2024-05-14"}, {"SUBDATE": "2024-06-12", "DIAG_02": "F171"}, {"PROCODE3": "RQ2"}
    )
    write(tmp_path / "extract", "apc.csv", episodes)
    toml = '[source]\nkind = "hes"\nlocation = "extract"\nknown = "submission"\n'
    (tmp_path / "source.toml").write_text(toml, encoding="utf-8")
    made = land_tables(read_mapping(tmp_path / "source.toml"))
    assert sorted(pick(made["admissions"], "provider known_on discharged_on settled_known_on")) == [
        "RQ1 2024-04-12 2024-03-05 2024-06-12",
        "RQ2 2024-04-12 2024-03-05 2024-04-12",
    ]
    assert {(row["code"], row["known_on"]) for row in made["diagnoses"] if row["provider"] == "RQ1"} == {
        ("J440", "2024-06-12"),
        ("F171", "2024-06-12"),
    }
    lagged = land_tables(map_format(tmp_path / "extract", "hes"))
    assert not {"known_on", "settled_known_on"} & set(lagged["admissions"][0])
    (tmp_path / "source.toml").write_text(toml.replace("submission", "load"), encoding="utf-8")
    with pytest.raises(SourceError, match="lag, submission"):
        read_mapping(tmp_path / "source.toml")


# ---- ECDS ----


def test_visits_come_from_ecds_and_one_that_came_again_is_one(tmp_path: Path) -> None:
    visit = {
        "TOKEN_PERSON_ID": "A",
        "PROCODE3": "RQ1",
        "ARRIVAL_DATE": "2024-03-01",
        "ARRIVAL_TIME": "10:15",
        "EC_Department_Type": "01",
        "EC_Arrival_Mode_SNOMED_CT": "1048031000000100",
        "EC_Acuity_SNOMED_CT": "1064911000000105",
        "EC_AttendanceCategory": "1",
        "EC_Chief_Complaint_SNOMED_CT": "267036007",
        "EC_Diagnosis_01": "195967001",
        "Discharge_Destination_SNOMED_CT": "306706006",
        "EC_Discharge_Status_SNOMED_CT": "1077021000000100",
    }
    left = {"ARRIVAL_TIME": "18:40", "EC_Discharge_Status_SNOMED_CT": "1066311000000101"}
    home = {"ARRIVAL_TIME": "", "Discharge_Destination_SNOMED_CT": ""}
    folder = write(tmp_path / "extract", "apc.csv", make_episodes({}))
    write(folder, "ecds.csv", [visit, visit, visit | left, visit | home, visit | home])
    made = land_tables(map_format(folder, "hes"))["attendances"]
    assert pick(made, "patient_id attended_on complaint diagnosis disposal") == [
        "A 2024-03-01 267036007 195967001 1066311000000101",
        "A 2024-03-01 267036007 195967001 1077021000000100",
        "A 2024-03-01 267036007 195967001 1077021000000100",
        "A 2024-03-01 267036007 195967001 306706006",
    ]
    assert pick(made[:1], "department_type arrival_mode acuity category") == ["01 1048031000000100 1064911000000105 1"]
    report, _ = take_in(folder, tmp_path / "store")
    assert ("lost", "records of A&E visits that came again", 1) in report.outcomes


@pytest.mark.parametrize(
    ("arrivals", "visits"),
    [
        (["13/02/2024 09:10", "13/02/2024 22:40"], 2),
        (["13/02/2024 09:10 AM", "13/02/2024 09:10 PM"], 2),
        (["13-Feb-2024 09:10", "13-Feb-2024 09:10:00"], 1),
        (["13/02/2024", "13/02/2024"], 2),
        (["13/02/2024 00:00|09:10", "13/02/2024|22:40"], 2),
        (["2024-02-13|09:10", "2024-02-13|09:10"], 1),
    ],
)
def test_visits_of_one_day_are_told_apart_by_their_time(tmp_path: Path, arrivals: list[str], visits: int) -> None:
    folder = write(tmp_path / "extract", "apc.csv", make_episodes({}))
    columns = ("Der_EC_Arrival_Date_Time", "EC_Arrival_Time")
    rows = [dict(zip(columns, [*arrival.split("|"), ""], strict=False)) for arrival in arrivals]
    write(folder, "ecds.csv", [{"TOKEN_PERSON_ID": "A", "Der_Provider_Code": "RQ1"} | row for row in rows])
    made = land_tables(map_format(folder, "hes"))["attendances"]
    assert pick(made, "attended_on") == ["2024-02-13"] * visits


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_visit_that_came_again_the_record_that_says_most_counts(tmp_path: Path, turned: bool) -> None:
    first = {"TOKEN_PERSON_ID": "A", "Der_Provider_Code": "RQ1", "Der_EC_Arrival_Date_Time": "2024-02-13 09:10"}
    records = [
        visit
        for minute in range(6)
        for uncoded in [first | {"Der_EC_Arrival_Date_Time": f"2024-02-13 09:1{minute}", "EC_Acuity_SNOMED_CT": "1"}]
        for visit in (uncoded, uncoded | {"EC_Diagnosis_01": "195967001"})
    ]
    folder = write(tmp_path / "extract", "apc.csv", make_episodes({}))
    write(folder, "ecds.csv", records[::-1] if turned else records)
    assert pick(land_tables(map_format(folder, "hes"))["attendances"], "diagnosis") == ["195967001"] * 6


def test_a_decile_in_words_that_are_not_known_takes_nobody_out(tmp_path: Path) -> None:
    words = {"A": "Less deprived 10-20%", "B": "More deprived 40-50%", "C": "More deprived", "D": "Less deprived: n/k"}
    people = [{"TOKEN_PERSON_ID": who, "IMD04_DECILE": said} for who, said in words.items()]
    report, store = take_in(write(tmp_path / "extract", "apc.csv", make_episodes(*people)), tmp_path / "store")
    assert report.tables["people"].accepted == 4
    deciles = store.people().set_index("patient_id")["imd_decile"].sort_index()
    assert deciles.dropna().astype(int).to_dict() == {"A": 9, "B": 5}


def test_without_ecds_there_is_no_table_of_visits_rather_than_an_empty_one(tmp_path: Path) -> None:
    report, _ = take_in(write(tmp_path / "extract", "apc.csv", make_episodes({})), tmp_path / "store")
    assert "attendances" in report.absent_tables
