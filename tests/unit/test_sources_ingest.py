"""Ingest as a whole: what it counts and says, that it repeats itself, and that it is all or nothing."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError, StorageError
from riskstrat.sources import ingest as module
from riskstrat.sources import writing
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import open_store
from riskstrat.storage import compute_file_digest
from tests.suite.stores import find_version, read_facts

PEOPLE = "patient_id,date_of_birth,sex\np1,1950-03-15,F\np2,1940-07-01,M\n"
ADMISSIONS = "patient_id,spell_id,admitted_on,method\np1,s1,2024-01-10,21\np2,s2,2024-01-11,21\n"


def land(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in ({"people": PEOPLE, "admissions": ADMISSIONS} | tables).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def bytes_of(store: Path) -> dict[str, bytes]:
    return {str(file.relative_to(store)): file.read_bytes() for file in sorted(store.rglob("*")) if file.is_file()}


def limited(limit: float = 0.05, **engine: int) -> Settings:
    return Settings.model_validate({"data": {"quarantine_limit": limit}, "engine": engine})


def test_the_report_counts_every_row_and_is_the_manifest(tmp_path: Path) -> None:
    falls = "patient_id,fell_on,colour\np1,2024-01-01,red\np9,2024-01-01,red\np1,1800-01-01,red\n"
    report = ingest(land(tmp_path / "source", falls=falls), tmp_path / "store", limited(1)).to_dict()
    assert report.items() <= read_facts(tmp_path / "store").items()
    tables = report.pop("tables")
    notes = report.pop("notes")
    assert report == {
        "format": "canonical",
        "mapping": "",
        "outcomes": [],
        "continuous_stays": "three_days",
        "simulated": True,
        "extracts": [],
        "unread_parts": [],
        "comparable_dates": True,
        "data_as_at": "2024-01-11",
        "records_from": "2024-01-10",
        "people": 2,
        "absent_tables": [
            "registrations",
            "diagnoses",
            "conditions",
            "attendances",
            "prescriptions",
            "contacts",
            "measurements",
            "social_care",
            "opt_outs",
            "areas",
            "caseload",
            "reviews",
            "statuses",
            "care_plans",
            "circumstances",
        ],
        "absent_columns": {
            "people": [
                "ethnicity",
                "lsoa",
                "imd_decile",
                "imd_year",
                "care_home_from",
                "died_known_on",
                "date_of_death",
            ],
            "admissions": [
                "source",
                "patient_class",
                "provider",
                "known_on",
                "discharged_on",
                "discharge_method",
                "destination",
                "specialty",
                "settled_known_on",
            ],
            "falls": ["source", "injury", "treated", "loss_of_consciousness", "unable_to_get_up", "known_on"],
        },
        "ignored_tables": [],
        "ignored_columns": {"falls": ["colour"]},
        "null_dates": 1,
        "quarantined": {"falls": {"missing value": 1, "unknown person": 1}},
        "codes": [],
        "understood": {},
    }
    counts = ("landed", "accepted", "quarantined", "stored")
    assert {name: [table[count] for count in counts] for name, table in tables.items()} == {
        "people": [2, 2, 0, 2],
        "admissions": [2, 2, 0, 2],
        "falls": [3, 1, 2, 1],
    }
    for name, table in tables.items():
        assert table["sha256"] == compute_file_digest(find_version(tmp_path / "store") / "tables" / f"{name}.parquet")
    assert "no registrations table: everybody in people counts as registered" in notes
    assert str(tmp_path) not in (find_version(tmp_path / "store") / "manifest.json").read_text()


def test_a_missing_falls_table_is_said_once(tmp_path: Path) -> None:
    report = ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    assert report.notes.count("no falls table: falls features use hospital records only") == 1


def test_a_table_that_keeps_people_off_lists_and_has_no_row_is_said(tmp_path: Path) -> None:
    empty = {name: ",".join(SCHEMAS[name].names) for name, schema in SCHEMAS.items() if schema.takes_out}
    report = ingest(land(tmp_path / "source", **empty), tmp_path / "store", limited())
    assert [note for note in report.notes if " has no row: " in note] == [
        "opt_outs has no row: nobody counts as opted out",
        "caseload has no row: nobody counts as already known to a team",
        "reviews has no row: no decision is carried over",
        "statuses has no row: listed people are not checked for being in hospital, moved or dead that day",
    ]


@pytest.mark.parametrize(("columns", "as_at"), [("", None), (",known_on", "2023-12-20")])
def test_how_fresh_registrations_are_is_told_by_the_day_they_were_known_and_by_no_other(
    columns: str, as_at: str | None, tmp_path: Path
) -> None:
    known = ",2023-12-20" if columns else ""
    registrations = f"patient_id,practice,registered_from{columns}\np1,N83001,1986-11-03{known}\n"
    report = ingest(land(tmp_path / "source", registrations=registrations), tmp_path / "store", limited())
    assert report.tables["registrations"].data_as_at == as_at
    assert report.data_as_at == "2024-01-11"


@pytest.mark.parametrize(
    ("column", "values", "unplaced"),
    [(",destination", (",19", ","), 1), (",destination", (",19", ",51"), 0), ("", ("", ""), 2)],
)
def test_discharges_without_a_known_destination_are_counted(
    column: str, values: tuple[str, str], unplaced: int, tmp_path: Path
) -> None:
    admissions = (
        f"patient_id,spell_id,admitted_on,method,discharged_on{column}\n"
        f"p1,s1,2024-01-10,21,2024-01-12{values[0]}\np2,s2,2024-01-11,21,2024-01-12{values[1]}\n"
    )
    report = ingest(land(tmp_path / "source", admissions=admissions), tmp_path / "store", limited())
    said = [note for note in report.notes if "no known destination" in note]
    assert [note.split(" discharges")[0] for note in said] == [f"admissions: {unplaced} of 2"][: bool(unplaced)]


@pytest.mark.parametrize(
    ("table", "rows", "said"),
    [
        ("opt_outs", "patient_id,kind\n,type1\n", "1 row of opt_outs (row 1; most often: column patient_id is empty"),
        ("opt_outs", "patient_id,kind\n9434765919,type1\n", "1 row of opt_outs (row 1; most often: column patient_id"),
        ("opt_outs", "patient_id,kind\np1,type1\np1,a,b\n", "1 row of opt_outs (row 2; most often: the row does not"),
        ("statuses", "patient_id,as_at,died\np1,2024-01-01,deceased\n", "1 row of statuses (row 1; most often: column"),
        ("statuses", "patient_id,as_at,moved\np1,today,true\n", "1 row of statuses (row 1; most often: column as_at"),
    ],
)
def test_a_row_that_would_take_nobody_out_stops_the_run_unless_such_rows_are_left_out(
    table: str, rows: str, said: str, tmp_path: Path
) -> None:
    source = land(tmp_path / "source", **{table: rows})
    with pytest.raises(SourceError, match=re.escape(said)) as refused:
        ingest(source, tmp_path / "store", limited(1))
    assert f"--leave-out {table}" in str(refused.value)
    report = ingest(source, tmp_path / "store", limited(1), leave_out=[table])
    assert f"{table} left out and so without effect: 1; mend them before lists are made" in report.notes


def test_the_same_source_gives_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    people = "patient_id,date_of_birth,sex\n" + "".join(f"p{n},1950-01-01,F\n" for n in range(3000))
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    falls = "patient_id,fell_on\n" + "".join(f"p{n * 7 % 3100},{days[n * 11 % 336]}\n" for n in range(150_000))
    source = land(tmp_path / "source", people=people, falls=falls)
    for threads in (1, 2, 4):
        ingest(source, tmp_path / str(threads), limited(1, threads=threads))
    first = bytes_of(tmp_path / "1")
    assert bytes_of(tmp_path / "2") == first
    assert bytes_of(tmp_path / "4") == first
    groups = pq.ParquetFile(find_version(tmp_path / "1") / "tables" / "falls.parquet").metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [
        writing.ROW_GROUP,
        groups.num_rows - writing.ROW_GROUP,
    ]


def test_progress_rises_to_one(tmp_path: Path) -> None:
    said: list[tuple[str, float]] = []
    ingest(land(tmp_path / "source"), tmp_path / "store", limited(), progress=lambda *step: said.append(step))
    assert [step for step, _ in said] == [
        "reading people",
        "reading admissions",
        "writing people",
        "writing admissions",
        "done",
    ]
    assert [share for _, share in said] == [0, 0.25, 0.5, 0.75, 1]


def test_too_many_quarantined_rows_stop_the_run_before_anything_is_written(tmp_path: Path) -> None:
    falls = "patient_id,fell_on\n" + "p1,2024-01-01\n" * 8 + "p9,2024-01-01\n" + "p1,someday\n" + "p1,never\n"
    source = land(tmp_path / "source", falls=falls)
    with pytest.raises(SourceError) as caught:
        ingest(source, tmp_path / "store", limited(0.25))
    assert str(caught.value) == (
        "3 of 11 rows of falls would be quarantined (unparseable date: 2, unknown person: 1; most often: "
        "column fell_on cannot be read as date; write 2026-03-04: days counted by a spreadsheet and years of two "
        "figures are not read), above the limit of 25% (data as at 2024-01-11); mend the source, or raise "
        "quarantine_limit under [data] in riskstrat.toml"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]
    ingest(source, tmp_path / "store", limited(0.28))


def test_a_source_without_anybody_is_refused(tmp_path: Path) -> None:
    source = land(tmp_path / "source", people="patient_id,date_of_birth,sex\n")
    with pytest.raises(SourceError, match="no row of people is accepted"):
        ingest(source, tmp_path / "store", limited(1))


def test_a_source_without_a_date_is_refused(tmp_path: Path) -> None:
    source = land(tmp_path / "source", admissions="patient_id,spell_id,admitted_on,method\n")
    with pytest.raises(SourceError, match=r"^no row has a date, so data-as-at is unknown; "):
        ingest(source, tmp_path / "store", limited(1))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("p1,s1,2024-01-10,2\np2,s2,2024-01-11,E\n", r"2 most often column method does not have the shape"),
        (
            "p1,s1,soon,21\np2,s2,2024-01-11,E\np1,s3,never,21\n",
            "3 most often column admitted_on cannot be read as date",
        ),
    ],
)
def test_a_source_whose_admissions_are_all_refused_is_told_by_which_rule(rows: str, why: str, tmp_path: Path) -> None:
    source = land(tmp_path / "source", admissions=f"patient_id,spell_id,admitted_on,method\n{rows}")
    with pytest.raises(SourceError, match=f"^no row of admissions is accepted; of {why}"):
        ingest(source, tmp_path / "store", limited(1))


def full_disk(*arguments: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def out_of_temporary_space(*arguments: Any) -> Any:
    raise duckdb.OutOfMemoryException("failed to offload data block: max_temp_directory_size")


def broken_arrow(*arguments: Any) -> Any:
    raise pa.ArrowInvalid("stream broke")


@pytest.mark.parametrize("failure", [full_disk, out_of_temporary_space, broken_arrow])
def test_a_disk_that_refuses_leaves_the_old_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    before = bytes_of(tmp_path / "store")
    land(tmp_path / "source", falls="patient_id,fell_on\np1,2024-01-01\n")
    monkeypatch.setattr(module, "write_parquet", failure)
    with pytest.raises(StorageError, match="free disk space or mend its permissions, then ingest again"):
        ingest(tmp_path / "source", tmp_path / "store", limited())
    assert bytes_of(tmp_path / "store") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "store"]


def test_a_refused_source_leaves_the_old_store_as_it_was(tmp_path: Path) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    before = bytes_of(tmp_path / "store")
    land(tmp_path / "source", falls="patient_id,fell_on\np9,2024-01-01\n")
    with pytest.raises(SourceError):
        ingest(tmp_path / "source", tmp_path / "store", limited())
    assert bytes_of(tmp_path / "store") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "store"]


@pytest.mark.parametrize("refused", ["new.incoming-", "current.json.incoming-"])
def test_a_swap_that_fails_half_way_leaves_the_old_version_as_the_one_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    source, store = land(tmp_path / "source"), tmp_path / "store"
    ingest(source, store, limited())
    before = bytes_of(store)
    land(source, falls="patient_id,fell_on\np1,2024-01-01\n")
    rename = os.replace

    def refuse_incoming(renamed: Path, target: Path) -> None:
        full_disk() if renamed.name.startswith(refused) else rename(renamed, target)

    monkeypatch.setattr(os, "replace", refuse_incoming)
    with pytest.raises(StorageError, match="No space left on device"):
        ingest(source, store, limited())
    assert bytes_of(store).items() >= before.items()
    assert open_store(store).landed == {"people", "admissions"}


def run_in_a_process(tmp_path: Path, before: str, progress: str = "None") -> "subprocess.CompletedProcess[str]":
    """Ingest `source` into `store` in a process of its own, after the statements of `before`."""
    program = f"""
import os, signal
from pathlib import Path
from riskstrat.definitions.settings import Settings
from riskstrat.errors import StorageError
from riskstrat.sources.ingest import ingest
{before}
try:
    ingest(Path("source"), Path("store"), Settings(), progress={progress})
except StorageError as error:
    print(error)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize(
    ("limit", "people"), [pytest.param(4_000, 1_000, marks=pytest.mark.exhaustive), (400_000, 100_000)]
)
def test_a_file_that_cannot_grow_leaves_the_old_store_as_it_was(tmp_path: Path, limit: int, people: int) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    before = bytes_of(tmp_path / "store")
    land(tmp_path / "source", people=PEOPLE + "".join(f"q{n},1950-01-01,F\n" for n in range(people)))
    small = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    ran = run_in_a_process(tmp_path, small)
    assert "store cannot be written (File too large); free disk space" in ran.stdout, ran.stderr
    assert bytes_of(tmp_path / "store") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "store"]


@pytest.mark.exhaustive
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_run_killed_while_it_writes_leaves_the_old_store_and_the_next_run_clears_up(tmp_path: Path) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    before = bytes_of(tmp_path / "store")
    land(tmp_path / "source", falls="patient_id,fell_on\np1,2024-01-01\n")
    at_falls = 'lambda step, share: step == "writing falls" and os.kill(os.getpid(), signal.SIGKILL)'
    assert run_in_a_process(tmp_path, "", at_falls).returncode == -9
    assert bytes_of(tmp_path / "store").items() >= before.items()
    versions = tmp_path / "store" / "versions"
    assert len(list(versions.glob("new.incoming-*"))) == 1
    ingest(tmp_path / "source", tmp_path / "store", limited())
    assert len(list(versions.iterdir())) == 2
    assert "falls" in open_store(tmp_path / "store").landed


def number_of_a_process_that_has_ended() -> int:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return int(ended.stdout)


def test_what_killed_runs_left_behind_is_cleared(tmp_path: Path) -> None:
    killed, running = number_of_a_process_that_has_ended(), os.getppid()
    versions = tmp_path / "store" / "versions"
    for process in (killed, running):
        (versions / f"new.incoming-{process}").mkdir(parents=True)
    (versions / f"new.incoming-{killed}" / "half.parquet").write_bytes(b"half")
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    now = find_version(tmp_path / "store")
    assert {path.name for path in versions.iterdir()} == {now.name, f"new.incoming-{running}"}


def test_a_source_inside_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    source = land(tmp_path / "store" / "source")
    with pytest.raises(SourceError, match="lies inside the store"):
        ingest(source, tmp_path / "store", limited())
    assert source.is_dir()


def test_files_that_ingest_did_not_write_are_not_removed(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "letter.txt").write_text("Dear")
    with pytest.raises(SourceError, match=r"holds letter.txt, which ingest did not write"):
        ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    assert (tmp_path / "store" / "letter.txt").read_text() == "Dear"


def test_a_folder_kept_by_a_dot_file_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / ".gitignore").write_text("*\n")
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    assert (tmp_path / "store" / ".gitignore").read_text() == "*\n"


def test_opening_a_folder_without_a_store_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        open_store(tmp_path / "data")
    assert str(caught.value) == 'no ingested data in data/; run "riskstrat ingest SOURCE" first'


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[" * 99_999, '{"format": 2, "version": "../../x", "earlier": []}', '{"format": "2"}']
)
def test_a_pointer_that_cannot_be_read_says_what_to_run(tmp_path: Path, text: str) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "data", limited())
    (tmp_path / "data" / "current.json").write_text(text)
    with pytest.raises(SourceError, match=r'data/current\.json cannot be read; run "riskstrat ingest SOURCE" again'):
        open_store(tmp_path / "data")


def test_the_fingerprint_changes_with_the_rows_and_with_nothing_else(tmp_path: Path) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "first", limited())
    ingest(land(tmp_path / "source"), tmp_path / "second", limited())
    ingest(land(tmp_path / "source", people=PEOPLE.replace("M", "F")), tmp_path / "third", limited())
    first, second, third = (open_store(tmp_path / name).fingerprint for name in ("first", "second", "third"))
    assert first == second != third


def test_a_table_that_was_not_landed_is_refused_by_name(tmp_path: Path) -> None:
    ingest(land(tmp_path / "source"), tmp_path / "store", limited())
    with pytest.raises(SourceError, match="no areas table was landed; the store has admissions, people"):
        open_store(tmp_path / "store").read("areas")
