"""Databases of a site: what is read of every type, as it stood at one moment; and what is said where it cannot be."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.errors import SourceError
from riskstrat.sources.database_rows import find_name, read_batches, strip_end
from riskstrat.sources.databases import Database, open_database, read_connection
from tests.suite.postgres import Server, start_server

# ---- What every kind shares ----

NOTHING = st.sampled_from([" ", "\n", "\t", ";", "-- a; 'note\n", "/* more; -- '\n */"])
PARTS = st.sampled_from(
    ["SELECT 1", "'a;b'", "'--'", "'it''s /*'", '"a--b"', "`c;`", "$$ ; -- $$", "$x$ '$$ ; $x$", ";", "/"]
)


@given(st.lists(PARTS), st.lists(NOTHING), st.sampled_from(["", "-- the end", "/* the end */"]))
def test_what_stands_behind_a_statement_is_taken_off_and_nothing_within(
    parts: list[str], behind: list[str], last: str
) -> None:
    statement = " ".join([*parts, "x"])
    assert strip_end(statement + " " + "".join(behind) + last) == statement


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Visits", "Visits"),
        ("vISITS", "schema x has VISITS and Visits; write the table"),
        ("people", "People"),
        ("peple", 'schema x has no table "peple"; did you mean'),
        ("zzz", 'schema x has no table "zzz"; it has People, VISITS, Visits'),
    ],
)
def test_a_name_is_found_in_any_case_unless_two_are_alike(asked: str, told: str) -> None:
    names = ("People", "Visits", "VISITS")
    if told in names:
        assert find_name(asked, names, "table", "schema x") == told
        return
    with pytest.raises(SourceError) as caught:
        find_name(asked, names, "table", "schema x")
    assert told in str(caught.value)


def read(*columns: tuple[str, pa.Array]) -> pa.Table:
    """The rows of a database that gives one batch with those columns."""
    batch = pa.RecordBatch.from_arrays([values for _, values in columns], names=[name for name, _ in columns])
    return read_batches(batch.schema, [batch], (), SourceError, "spells").read_all()  # type: ignore[arg-type]


def test_a_clock_of_billionths_of_a_second_is_read_to_the_millionth() -> None:
    """As sysdatetime() and every datetime2(7) of SQL Server are."""
    finest = 1_790_000_000_123_456_700
    for zone in (None, "UTC"):
        (when,) = read(("loaded", pa.array([finest, None], pa.timestamp("ns", zone)))).columns
        assert when.type == pa.timestamp("us", zone)
        assert when.cast(pa.int64()).to_pylist() == [finest // 1000, None]


@pytest.mark.parametrize("second", ["who", "Who", "WHO"])
def test_two_columns_of_one_name_in_any_case_are_refused(second: str) -> None:
    with pytest.raises(SourceError, match='spells gives two columns called "who"; give each a name of its own'):
        read(("who", pa.array(["A"])), ("no", pa.array(["1"])), (second, pa.array(["B"])))


def test_the_connection_is_read_where_source_toml_points_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_DSN", " host=secret ")
    (tmp_path / "dsn").write_text("host=secret\n", encoding="utf-8")
    assert read_connection("$SITE_DSN", tmp_path) == read_connection("file:dsn", tmp_path) == "host=secret"


@pytest.mark.parametrize("written", ["$UNSET", "file:absent", "file:empty", "file:", "file:bytes"])
def test_where_there_is_no_connection_one_line_says_where_it_was_looked_for(written: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xffhost=secret")
    with pytest.raises(SourceError, match=r"UNSET|absent|empty|folder|bytes") as caught:
        read_connection(written, tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "sqlserver", "databricks", "snowflake", "oracle"])
def test_a_kind_without_its_place_or_unknown_is_refused(kind: str) -> None:
    with pytest.raises(SourceError, match=r"needs|not a kind"):
        open_database(kind, location=None, connection="x" if kind == "oracle" else None, schema=None)


@pytest.mark.parametrize(
    ("kind", "driver", "address"),
    [
        ("postgres", "adbc_driver_postgresql", "host=x"),
        ("sqlserver", "mssql_python", "Server=x"),
        ("databricks", "databricks.sql", "databricks://token:t@h?http_path=/p"),
        ("snowflake", "snowflake.connector", "snowflake://u:p@a/d"),
    ],
)
def test_a_driver_that_is_not_installed_is_named_with_its_extra(
    kind: str, driver: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(SourceError, match=rf'pip install "riskstrat\[{kind}\]"'):
        open_database(kind, location=None, connection=address, schema=None)


# ---- SQLite ----


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file below a folder whose name is odd in an address."""
    folder = tmp_path / "a ?#%20 b"
    folder.mkdir()
    with sqlite3.connect(folder / "site.db") as made:
        made.executescript(
            """CREATE TABLE "Odd ""table" (whole INTEGER, mixed INTEGER, real REAL, said, empty, "a ""b" TEXT,
                bytes BLOB);
            INSERT INTO "Odd ""table" VALUES (9007199254740993, 2, 2, 'x', NULL, 'y', x'00'),
                (2, 'two', 2.5, 7, NULL, '', NULL);
            CREATE TABLE damaged (name TEXT);
            INSERT INTO damaged VALUES ('fine'), (CAST(x'517569ff6c6c' AS TEXT));
            CREATE VIEW broken AS SELECT * FROM dropped;
            CREATE VIEW failing AS SELECT json_extract(name, '$') AS name FROM damaged;"""
        )
    made.close()
    return folder / "site.db"


@pytest.fixture
def lite(file: Path) -> Iterator[Database]:
    with open_database("sqlite", location=file, connection=None, schema=None) as database:
        yield database


def test_a_sqlite_column_is_a_number_only_where_every_row_is(lite: Database) -> None:
    assert lite.list_tables() == ('Odd "table', "broken", "damaged", "failing")
    assert lite.describe_columns('odd "TABLE')[:3] == (("whole", "INTEGER"), ("mixed", "INTEGER"), ("real", "REAL"))
    read = lite.read_table('Odd "table').read_all()
    assert read.to_pylist() == [
        {"whole": 9007199254740993, "mixed": "2", "real": 2.0, "said": "x", "empty": None, 'a "b': "y"},
        {"whole": 2, "mixed": "two", "real": 2.5, "said": "7", "empty": None, 'a "b': ""},
    ]
    assert lite.read_table('Odd "table', ["REAL", "whole"], rows=1).read_all().to_pylist() == [
        {"real": 2.0, "whole": 9007199254740993}
    ]


VALUES = (
    st.none()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("a1 é", max_size=3)
)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=6), st.integers(0, 6))
def test_the_types_of_sqlite_columns_do_not_hang_on_how_many_rows_are_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, Any]], few: int
) -> None:
    file = tmp_path_factory.mktemp("lite") / "x.db"
    with sqlite3.connect(file) as made:
        made.execute("PRAGMA synchronous = OFF")
        made.execute("CREATE TABLE t (a, b)")
        made.executemany("INSERT INTO t VALUES (?, ?)", rows)
        texts = made.execute("SELECT CAST(a AS TEXT), CAST(b AS TEXT) FROM t").fetchall()
    made.close()
    with open_database("sqlite", location=file, connection=None, schema=None) as database:
        every = database.read_table("t").read_all()
        assert database.read_table("t", rows=few).read_all().to_pylist() == every.to_pylist()[:few]
        assert database.read_table("t", rows=0).schema == every.schema == database.read_query("SELECT * FROM t").schema
    for number, name in enumerate("ab"):
        kind, values = every.schema.field(name).type, every.column(name).to_pylist()
        given_types = {type(row[number]) for row in rows} - {type(None)}
        assert kind == {frozenset({int}): pa.int64(), frozenset({float}): pa.float64()}.get(
            frozenset(given_types), pa.string()
        )
        assert values == ([row[number] for row in rows] if kind != pa.string() else [text[number] for text in texts])


def test_a_sqlite_file_is_read_as_it_stood_and_stays_as_it_is(file: Path) -> None:
    with sqlite3.connect(file) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        with open_database("sqlite", location=file, connection=None, schema="main") as database:
            before = database.read_table("damaged", rows=1).read_all()
            writer.execute("DELETE FROM damaged")
            writer.commit()
            assert database.read_table("damaged", rows=1).read_all() == before
    writer.close()


SQLITE_FAULTS: dict[str, tuple[Callable[[Database], Any], str]] = {
    "a table": (lambda db: db.read_table("damagd"), 'site.db has no table "damagd"; did you mean "damaged"?'),
    "a column": (lambda db: db.read_table("damaged", ["nam"]), 'no column "nam"; did you mean "name"?'),
    "bytes": (
        lambda db: db.read_table('Odd "table', ["bytes"]),
        'the column "bytes" of Odd "table of site.db is of the',
    ),
    "a broken view": (lambda db: db.read_table("broken"), "broken of site.db cannot be read: there is no table"),
    "text that is not UTF-8": (
        lambda db: db.read_table("damaged"),
        'the column "name" of damaged of site.db holds text',
    ),
    "a row that fails": (
        lambda db: db.read_table("failing"),
        "failing of site.db cannot be read: SQLite cannot work it",
    ),
    "two statements": (lambda db: db.read_query("SELECT 1; SELECT 2"), "it is no single SELECT"),
    "a statement that writes": (lambda db: db.read_query("DELETE FROM damaged"), "it is no single SELECT"),
    "another file": (lambda db: db.read_query("ATTACH 'x.db' AS x"), "it is no single SELECT"),
    "an unknown table": (lambda db: db.read_query("SELECT * FROM gone"), 'there is no table "gone" that it names'),
    "an unknown column": (
        lambda db: db.read_query("SELECT who FROM damaged"),
        'there is no column "who" that it names',
    ),
    "an unknown function": (lambda db: db.read_query("SELECT readfile('x')"), 'there is no function "readfile"'),
    "a text without an end": (lambda db: db.read_query("SELECT 'Quill"), "it is no single SELECT"),
    "nothing": (lambda db: db.read_query(";"), "it is no single SELECT"),
}


@pytest.mark.parametrize("name", SQLITE_FAULTS)
def test_what_sqlite_cannot_give_is_one_line_without_a_value(name: str, lite: Database) -> None:
    ask, reason = SQLITE_FAULTS[name]
    with pytest.raises(SourceError) as caught:
        ask(lite).read_all()
    assert reason in str(caught.value)
    assert "Qui" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"patient_id\nQuillfeather\n", b"SQLite format 3\0" + bytes(200)])
def test_a_file_that_is_no_sqlite_database_is_one_line(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "site.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SourceError, match=r"site\.db (is not there|cannot be read)") as caught:
        open_database("sqlite", location=file, connection=None, schema=None).list_tables()
    assert "Quillfeather" not in str(caught.value)


def test_a_sqlite_file_has_no_schemas(file: Path) -> None:
    with pytest.raises(SourceError, match='has no schema "bi"'):
        open_database("sqlite", location=file, connection=None, schema="bi")


# ---- PostgreSQL ----


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start_server() as running:
        running.run(
            "CREATE TYPE colour AS ENUM ('red', 'green')",
            "CREATE DOMAIN pseudo AS char(8)",
            "CREATE DOMAIN admitted AS date",
            """CREATE TABLE "Every ""type" (padded char(4), "domain of it" pseudo, exact numeric(10, 3), loose numeric,
                yes boolean, colour colour, id uuid, moment timestamp, zoned timestamptz, day date, of_day admitted,
                small smallint, whole integer, large bigint, half real, double double precision, money money,
                bits bit(2), clock time, words text, bytes bytea, doc jsonb, list integer[], span interval,
                network inet)""",
            """INSERT INTO "Every ""type" VALUES ('ab', 'p1', 1.5, 'NaN', true, 'green',
                '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '2025-06-30 23:30', '2025-06-30 23:30+00', 'infinity',
                '-infinity', 1, 2, 9007199254740993, 4.5, 5.25, '1234.50', B'10', '10:00', ' as it is ', '\\x00',
                '{}', '{1}', '1 day', '10.0.0.1')""",
            'INSERT INTO "Every ""type" DEFAULT VALUES',
            "CREATE TABLE first AS SELECT 1 AS n",
            "CREATE TABLE second AS SELECT 1 AS n",
            "CREATE TABLE parted (n integer) PARTITION BY LIST (n)",
            "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1)",
            "CREATE TABLE many AS SELECT n, md5(n::text) AS words FROM generate_series(1, 200000) n",
        )
        yield running


@pytest.fixture
def postgres(server: Server) -> Iterator[Database]:
    with open_database("postgres", location=None, connection=server.address(), schema=None) as database:
        yield database


@pytest.mark.server
def test_every_type_of_postgresql_comes_as_a_csv_would_write_it(postgres: Database) -> None:
    assert postgres.list_tables() == ('Every "type', "first", "many", "parted", "second")
    assert postgres.describe_columns('EVERY "type')[:3] == (
        ("padded", "character(4)"),
        ("domain of it", "pseudo"),
        ("exact", "numeric(10,3)"),
    )
    full, empty = postgres.read_table('Every "type').read_all().to_pylist()
    assert set(empty.values()) == {None}
    zone = full.pop("zoned")
    assert (zone.utcoffset().total_seconds(), zone.replace(tzinfo=None)) == (0, datetime(2025, 6, 30, 23, 30))
    assert full == {
        "padded": "ab",
        "domain of it": "p1",
        "exact": "1.500",
        "loose": "NaN",
        "yes": True,
        "colour": "green",
        "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "moment": datetime(2025, 6, 30, 23, 30),
        "day": date(9999, 12, 31),
        "of_day": date(1, 1, 1),
        "small": 1,
        "whole": 2,
        "large": 9007199254740993,
        "half": 4.5,
        "double": 5.25,
        "money": "1234.50",
        "bits": "10",
        "clock": "10:00:00",
        "words": " as it is ",
    }


@pytest.mark.server
@pytest.mark.parametrize("column", ["bytes", "doc", "list", "span", "network"])
def test_a_postgresql_column_of_which_nothing_can_be_made_is_refused_by_name(column: str, postgres: Database) -> None:
    with pytest.raises(SourceError, match=f'the column "{column}" of public.Every "type is of the type'):
        postgres.read_table('Every "type', ["words", column])
    with pytest.raises(SourceError, match=f'the column "{column}" of the query is of the type'):
        postgres.read_query(f'SELECT {column} FROM "Every ""type"')


@pytest.mark.server
def test_all_tables_are_as_they_stood_at_one_moment(server: Server, postgres: Database) -> None:
    assert postgres.read_table("first").read_all().num_rows == 1
    server.run("INSERT INTO second VALUES (2)")
    try:
        assert postgres.read_table("second").read_all().num_rows == 1
    finally:
        server.run("DELETE FROM second WHERE n = 2")


@pytest.mark.server
def test_rows_come_in_batches_in_their_order_and_may_be_left_unread(postgres: Database) -> None:
    with postgres.read_table("many") as batches:
        assert batches.read_next_batch().num_rows > 0
    with postgres.read_query("SELECT n FROM many -- all", rows=2) as batches:
        assert batches.read_all().to_pylist() == [{"n": 1}, {"n": 2}]
    assert postgres.read_table("many", ["N"]).read_all()["n"].to_pylist() == list(range(1, 200001))


# ---- SQL Server, Databricks and Snowflake, by what their drivers document ----


class FakeServer:
    """A driver and its server: it keeps what it is asked, and answers by the beginning of the statement."""

    def __init__(self, answers: dict[str, list[tuple[Any, ...]]], table: pa.Table) -> None:
        self.answers, self.table = answers, table
        self.asked: list[str] = []
        self.closed = 0
        self.connected: tuple[Any, ...] = ()
        self.settings: dict[str, Any] = {}
        self.rest: list[pa.Table] = []
        self.fails: Exception | None = None

    def connect(self, *given: Any, **settings: Any) -> FakeServer:
        self.connected, self.settings = given, settings
        if self.fails is not None:
            raise self.fails
        return self

    def cursor(self) -> FakeServer:
        return self

    def close(self) -> None:
        self.closed += 1

    def execute(self, statement: str) -> None:
        self.asked.append(statement)
        if self.fails is not None:
            raise self.fails
        self.rest = [self.table[:2], self.table[2:], self.table[:0]]

    def fetchall(self) -> list[tuple[Any, ...]]:
        found = [rows for beginning, rows in self.answers.items() if self.asked[-1].startswith(beginning)]
        return found[0] if found else []

    def describe(self, statement: str) -> list[SimpleNamespace | tuple[Any, ...]]:
        self.asked.append(statement)
        return [("ID", 2), ("N", 0), ("AT", 8)]

    def arrow_reader(self, batch_size: int) -> pa.RecordBatchReader:
        assert batch_size > 1000
        return self.table.to_reader(max_chunksize=2)

    def fetchmany_arrow(self, size: int) -> pa.Table:
        assert size > 1000
        return self.rest.pop(0)

    def fetch_arrow_batches(self) -> Iterator[pa.Table]:
        return iter([part for part in self.rest if part.num_rows])

    def fetch_arrow_all(self, force_return_table: bool) -> pa.Table:
        assert force_return_table
        return self.table[:0]


ROWS = pa.table(
    {"ID": ["a", "b", "c"], "N": pa.array([Decimal("1.50"), None, Decimal("2.00")]), "AT": [date(2026, 3, 4)] * 3}
)
READ = [{"ID": "a", "N": "1.50"}, {"ID": "b", "N": None}, {"ID": "c", "N": "2.00"}]
CATALOGUE = {
    "SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA": [("BI",), ("dbo",)],
    "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES": [("Visits",), ("O'Hara",)],
    "SELECT snapshot_isolation_state": [(1, False)],
}
ADDRESSES = {
    "sqlserver": "Server=secret-host;Database=d;UID=u;PWD=secret",
    "databricks": "databricks://token:secret@secret-host?http_path=/sql/1.0/warehouses/7&catalog=main",
    "snowflake": "snowflake://u:secr%40et@secret-account/DB?warehouse=W&role=R",
}
MODULES = {"sqlserver": "mssql_python", "databricks": "databricks.sql", "snowflake": "snowflake.connector"}
TYPES = {
    "sqlserver": [("ID", "char"), ("N", "decimal"), ("AT", "date"), ("photo", "varbinary")],
    "databricks": [("ID", "STRING"), ("N", "DECIMAL"), ("AT", "DATE"), ("photo", "BINARY")],
    "snowflake": [("ID", "TEXT"), ("N", "NUMBER"), ("AT", "DATE"), ("photo", "VARIANT")],
}
TABLE_SQL = {
    "sqlserver": 'SELECT TOP (9) RTRIM("ID") AS "ID", "N" FROM "BI"."Visits"',
    "databricks": "SELECT `ID`, `N` FROM `BI`.`Visits` LIMIT 9",
    "snowflake": 'SELECT "ID", TO_VARCHAR("N") AS "N" FROM "BI"."Visits" LIMIT 9',
}
CLOCK = "'YYYY-MM-DD\"T\"HH24:MI:SS.FF6'"
QUERY_SQL = {
    "sqlserver": "WITH v AS (SELECT 1 AS x) SELECT x FROM v",
    "databricks": "SELECT * FROM (\nWITH v AS (SELECT 1 AS x) SELECT x FROM v\n) AS of_site",
    "snowflake": f'SELECT "ID", TO_VARCHAR("N") AS "N", TO_VARCHAR("AT", {CLOCK}) AS "AT" FROM (\n'
    "WITH v AS (SELECT 1 AS x) SELECT x FROM v\n) AS of_site",
}
KINDS = pytest.mark.parametrize("kind", MODULES)


@pytest.fixture
def fake(kind: str, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    columns = {"SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS": TYPES[kind]}
    made = FakeServer({**CATALOGUE, **columns}, ROWS)
    parent, _, child = MODULES[kind].partition(".")
    module = ModuleType(MODULES[kind])
    module.connect = made.connect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULES[kind], module)
    if child:
        package = ModuleType(parent)
        setattr(package, child, module)
        monkeypatch.setitem(sys.modules, parent, package)
    return made


def open_fake(kind: str, schema: str | None = "bi") -> Database:
    return open_database(kind, location=None, connection=ADDRESSES[kind], schema=schema)


@KINDS
def test_a_table_is_asked_for_by_quoted_names_and_read_in_batches(kind: str, fake: FakeServer) -> None:
    fake.table = ROWS.drop_columns("AT")
    with open_fake(kind) as database:
        assert database.list_tables() == ("O'Hara", "Visits")
        assert database.describe_columns("visits") == tuple(TYPES[kind])
        assert database.read_table("visits", ["id", "n"], rows=9).read_all().to_pylist() == READ
        assert fake.asked[-1] == TABLE_SQL[kind]
        database.read_table("VISITS")
        assert "photo" not in fake.asked[-1]
        with pytest.raises(SourceError, match=r'the column "photo" of BI\.VISITS is of the type'):
            database.read_table("VISITS", ["photo"])
        database.describe_columns("o'hara")
        escaped = {"sqlserver": "N'O''Hara'", "databricks": r"'O\'Hara'", "snowflake": "'O''Hara'"}
        assert f"TABLE_NAME = {escaped[kind]} ORDER BY ORDINAL_POSITION" in fake.asked[-1]
        before = fake.closed
    assert fake.closed == before + 1


@KINDS
def test_a_query_is_asked_for_in_the_dialect_of_the_server(kind: str, fake: FakeServer) -> None:
    with open_fake(kind) as database:
        read = database.read_query("WITH v AS (SELECT 1 AS x) SELECT x FROM v; -- all").read_all()
        assert fake.asked[-1] == QUERY_SQL[kind]
        assert read["N"].to_pylist() == ["1.50", None, "2.00"]
        assert database.read_query("SELECT x FROM v", rows=3).read_all().num_rows == 3


@KINDS
def test_an_empty_answer_has_its_columns(kind: str, fake: FakeServer) -> None:
    fake.table = ROWS[:0]
    with open_fake(kind) as database:
        read = database.read_table("visits").read_all()
    assert (read.num_rows, read.column_names) == (0, ["ID", "N", "AT"])


@KINDS
def test_what_a_driver_says_is_not_repeated(kind: str, fake: FakeServer) -> None:
    with open_fake(kind) as database:
        fake.fails = RuntimeError("secret-host refused Quillfeather")
        for ask in (database.list_tables, lambda: database.read_query("SELECT 1 AS x")):
            with pytest.raises(SourceError) as caught:
                ask()
            assert "cannot be read" in str(caught.value)
            assert not {"secret-host", "Quillfeather"} & set(str(caught.value).split())
    with pytest.raises(SourceError, match=r"cannot be reached \(RuntimeError\)") as caught:
        open_fake(kind)
    assert "secret" not in str(caught.value)


@KINDS
def test_a_schema_is_looked_up_or_the_servers_own(kind: str, fake: FakeServer) -> None:
    with pytest.raises(SourceError, match='the database has no schema "bii"; did you mean "BI"'):
        open_fake(kind, "bii")
    asks = {"sqlserver": "SELECT SCHEMA_NAME()", "databricks": "SELECT current_schema()"}.get(
        kind, "SELECT CURRENT_SCHEMA()"
    )
    fake.answers = {asks: [("dbo",)], **fake.answers}
    open_fake(kind, None).list_tables()
    assert fake.asked[-1].endswith("'dbo'")


@pytest.mark.parametrize("kind", ["sqlserver"])
def test_sql_server_is_read_in_one_snapshot_or_not_at_all(kind: str, fake: FakeServer) -> None:
    open_fake(kind)
    assert fake.connected == (ADDRESSES[kind],)
    assert fake.settings == {"autocommit": True}
    begun = [each for each in fake.asked if each.startswith(("SET", "BEGIN"))]
    assert begun == ["SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "BEGIN TRANSACTION"]
    fake.answers["SELECT snapshot_isolation_state"] = [(0, True)]
    open_fake(kind)
    fake.answers["SELECT snapshot_isolation_state"] = [(0, False)]
    with pytest.raises(SourceError, match="ALLOW_SNAPSHOT_ISOLATION"):
        open_fake(kind)


@pytest.mark.parametrize("kind", ["sqlserver"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS x; SELECT 2 AS x",
        "DELETE FROM Visits",
        "SELECT * INTO Copy FROM Visits",
        "WITH v AS (SELECT 1 AS x) DELETE FROM v",
        "EXEC sp_who",
        "SELECT * FROM OPENROWSET(BULK 'c:\\x.txt', SINGLE_CLOB) AS x",
        "SELECT * FROM OPENQUERY(other, 'DELETE FROM x') AS x",
        "SELEC 1",
        "SELECT 'a",
        "",
    ],
)
def test_t_sql_that_is_no_select_is_not_sent(kind: str, fake: FakeServer, sql: str) -> None:
    with open_fake(kind) as database:
        before = list(fake.asked)
        with pytest.raises(SourceError, match="the query cannot be read"):
            database.read_query(sql)
        assert fake.asked == before


@pytest.mark.parametrize("kind", ["databricks"])
def test_databricks_is_reached_by_its_address_and_tells_nobody(kind: str, fake: FakeServer) -> None:
    open_fake(kind)
    assert fake.connected == ("secret-host", "/sql/1.0/warehouses/7", "secret")
    assert fake.settings == {"catalog": "main", "user_agent_entry": "riskstrat", "enable_telemetry": False}


@pytest.mark.parametrize("kind", ["snowflake"])
def test_snowflake_is_reached_by_its_address_and_tells_nobody(kind: str, fake: FakeServer) -> None:
    open_fake(kind)
    assert fake.settings == {
        "account": "secret-account",
        "user": "u",
        "password": "secr@et",
        "database": "DB",
        "warehouse": "W",
        "role": "R",
        "application": "riskstrat",
        "session_parameters": {"CLIENT_TELEMETRY_ENABLED": False},
    }


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("databricks", "secret"),
        ("databricks", "https://secret-host"),
        ("databricks", "databricks://token:secret@secret-host"),
        ("databricks", "databricks://token:secret@secret-host?http_path=/p&catlog=secret"),
        ("snowflake", "snowflake://u:secret@secret-account"),
        ("snowflake", "snowflake://u:secret@secret-account/DB?warehose=secret"),
        ("snowflake", "snowflake://u:secret@[secret"),
    ],
)
def test_an_address_of_another_form_is_refused_without_it(kind: str, address: str) -> None:
    with pytest.raises(SourceError, match=f"the connection is no address of {kind}; write it as {kind}://") as caught:
        open_database(kind, location=None, connection=address, schema=None)
    assert "secret" not in str(caught.value)
