"""A source is exactly the files that were named: no pattern, no guess, nothing that is not a file, nothing outside."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import ingest
from riskstrat.sources.literal import read_literally
from riskstrat.sources.store import open_store
from tests.suite.stores import find_version

TABLES = {
    "people": pd.DataFrame({"patient_id": ["p1", "p2"], "date_of_birth": ["1950-01-01"] * 2, "sex": ["F", "M"]}),
    "admissions": pd.DataFrame(
        {"patient_id": ["p1"], "provider": ["R"], "spell_id": ["s"], "admitted_on": ["2023-03-01"], "method": ["21"]}
    ),
}
OTHERS = {"people": TABLES["people"].assign(patient_id=["q1", "q2"]), "admissions": TABLES["admissions"]}
NAMES = ("imd_decile=3", "wee?", "week*", "[ab]c", 'it\'s 50%20 "of" them', "café ☃", "a;b{c}$d", "**")

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def land(folder: Path, tables: dict[str, pd.DataFrame] = TABLES, ending: str = "parquet") -> Path:
    folder.mkdir(parents=True)
    for name, frame in tables.items():
        file = folder / f"{name}.{ending}"
        frame.to_parquet(file) if ending == "parquet" else frame.to_csv(file, index=False)
    return folder


def read_version(source: Path, store: Path) -> dict[str, bytes]:
    """The bytes of what was ingested, also read again by way of the store."""
    ingest(source, store, Settings())
    opened = open_store(store)
    with opened.connect() as backend:
        assert backend.execute("SELECT count(*) FROM admissions").fetchall() == [(1,)]
    now = find_version(store)
    return {path.relative_to(now).as_posix(): path.read_bytes() for path in now.rglob("*") if path.is_file()}


@posix
@pytest.mark.parametrize(
    ("ending", "names"),
    [("parquet", NAMES), ("csv", NAMES[:3]), pytest.param("csv", NAMES[3:], marks=pytest.mark.exhaustive)],
)
def test_a_folder_of_any_name_gives_the_bytes_of_a_plain_one(
    tmp_path: Path, ending: str, names: tuple[str, ...]
) -> None:
    plain = read_version(land(tmp_path / "plain", ending=ending), tmp_path / "store")
    for name in names:
        # What the name would match as a pattern holds other people.
        for trap in ("week", "weex", "ac", "bc"):
            if not (tmp_path / name / trap).exists():
                land(tmp_path / name / trap, OTHERS, ending)
        source = land(tmp_path / name / name, ending=ending)
        assert read_version(source, tmp_path / name / f"store {name}") == plain, name


@posix
@example(name="[\\")
@given(name=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_no_path_is_a_pattern_or_a_column(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    if name in (".", "..") or len(name.encode()) > 100:
        return
    folder = tmp_path_factory.mktemp("any")
    for each, value in ((name, "meant"), (f"{name}x", "not meant"), ("x", "not meant"), ("year=7", "not meant")):
        (folder / each).mkdir(exist_ok=True)
        pd.DataFrame({"value": [value]}).to_parquet(folder / each / "t.parquet")
    (folder / name / "t.parquet").unlink()
    pd.DataFrame({"value": ["meant"]}).to_parquet(folder / name / "t.parquet")
    read = duckdb.sql(f"SELECT * FROM {read_literally(folder / name / 't.parquet')}")
    assert (read.columns, read.fetchall()) == (["value"], [("meant",)])


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


STRANGE = {
    "a folder": Path.mkdir,
    "a named pipe": make_pipe,
    "a socket": make_socket,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "a link that leads nowhere": lambda path: path.symlink_to("nowhere"),
}


@posix
@pytest.mark.parametrize("name", ["falls.csv", "contacts.parquet", "Areas.CSV.GZ"])
@pytest.mark.parametrize("what", STRANGE)
def test_what_is_named_as_a_table_and_is_no_file_is_refused_by_name(tmp_path: Path, what: str, name: str) -> None:
    source = land(tmp_path / "source")
    STRANGE[what](source / name)
    with pytest.raises(SourceError, match=f"{name} is {what}, not a file that can be read"):
        ingest(source, tmp_path / "store", Settings())
    assert not (tmp_path / "store").exists()


@posix
@pytest.mark.parametrize("what", sorted(set(STRANGE) - {"a folder"}))
def test_a_source_that_is_neither_file_nor_folder_is_refused_at_once(tmp_path: Path, what: str) -> None:
    STRANGE[what](tmp_path / "source")
    with pytest.raises(SourceError, match=f"source is {what}; give a folder of tables, or a DuckDB file"):
        ingest(tmp_path / "source", tmp_path / "store", Settings())


def make_database(file: Path, *statements: str) -> Path:
    with duckdb.connect(str(file)) as connection:
        for name, frame in TABLES.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM frame")
        for statement in statements:
            connection.execute(statement)
    return file


@pytest.mark.parametrize("reads", ["read_text('{}')", "read_csv('{}', header = false)", "glob('{}')"])
def test_a_view_that_reads_this_machine_is_refused_and_one_that_reads_its_own_tables_is_not(
    tmp_path: Path, reads: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("p1", encoding="utf-8")
    rows = "SELECT patient_id, admitted_on AS fell_on FROM admissions"
    own = make_database(tmp_path / "own.duckdb", f"CREATE VIEW falls AS {rows}")
    assert ingest(own, tmp_path / "store", Settings()).tables["falls"].accepted == 1
    outside = f"{rows} WHERE (SELECT count(*) FROM {reads.format(secret)}) > 0"
    file = make_database(tmp_path / "source.duckdb", f"CREATE VIEW falls AS {outside}")
    with pytest.raises(SourceError, match=r"falls in .*source\.duckdb cannot be read .*a view there may read"):
        ingest(file, tmp_path / "store", Settings())


def test_names_in_a_database_are_names_and_not_sql(tmp_path: Path) -> None:
    name = 'odd" ; DROP TABLE x; --'
    quoted = name.replace('"', '""')
    file = make_database(
        tmp_path / "it's.duckdb",
        f'CREATE SCHEMA "{quoted}"',
        f'CREATE TABLE "{quoted}".falls AS SELECT patient_id, admitted_on AS fell_on FROM admissions',
    )
    assert ingest(file, tmp_path / "store", Settings()).tables["falls"].accepted == 1
