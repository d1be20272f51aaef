"""The worklist's database of an earlier version is brought up to this one, every row as it was, on both databases."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from riskstrat.errors import WorkspaceError
from riskstrat.worklist.folder import SQLITE, make_secrets, mark_started
from riskstrat.workspace import Workspace, load
from tests.suite.postgres import OWNER, PASSWORD, start_server
from tests.suite.worklists import SETTINGS, make_site

EARLIER = sorted(Path(__file__).parent.glob("worklist-*.sql"))
VARIABLE = "WORKLIST_OF_AN_EARLIER_VERSION"
KINDS = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"

Rows = dict[str, list[tuple[Any, ...]]]


def read_tables(dump: Path) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Columns and rows of each table of the worklist in a dump."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(dump.read_text("utf-8"))
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'worklist_%'")]
        tables = {}
        for name in names:
            if not re.fullmatch(r"worklist_[a-z]+", name):
                continue  # an index
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            tables[name] = (columns, database.execute(f"SELECT * FROM {name}").fetchall())
    return tables


def read_rows(columns_of: dict[str, list[str]]) -> Rows:
    """What stands in the database that Django points at, in the columns of before, as text, in any order."""
    from django.db import connection

    found: Rows = {}
    with connection.cursor() as cursor:
        for table, columns in columns_of.items():
            chosen = ", ".join(f'CAST("{column}" AS TEXT)' for column in columns)
            cursor.execute(f"SELECT {chosen} FROM {table}")
            found[table] = sorted(cursor.fetchall(), key=str)
    return found


@pytest.fixture(scope="module")
def unstarted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("earlier") / "site").root


@pytest.fixture
def with_dump(
    unstarted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Path, str], Workspace]]:
    """A function that gives a workspace whose worklist is that of a dump, on a kind of database."""
    from contextlib import ExitStack

    from django.db import connections

    with ExitStack() as running:

        def make(dump: Path, kind: str) -> Workspace:
            shutil.copytree(unstarted, tmp_path / "site")
            root = tmp_path / "site"
            if kind == "postgresql":
                server = running.enter_context(start_server())
                host = quote(str(server.folder), safe="")
                monkeypatch.setenv(VARIABLE, f"postgresql://{OWNER}:{PASSWORD}@/postgres?host={host}")
                chosen = SETTINGS.replace("[worklist]", f'[worklist]\ndatabase = "${VARIABLE}"')
                (root / "riskstrat.toml").write_text(chosen, encoding="utf-8")
            workspace = load(root)
            make_secrets(root, workspace.settings.worklist)
            mark_started(root, workspace.settings.worklist)
            (_bring_to_postgres if kind == "postgresql" else _bring_to_sqlite)(workspace, dump)
            return workspace

        yield make
        connections.close_all()


def _bring_to_sqlite(workspace: Workspace, dump: Path) -> None:
    from riskstrat.worklist import point_at

    with closing(sqlite3.connect(workspace.root / "worklist" / SQLITE)) as database:
        database.executescript(dump.read_text("utf-8"))
    point_at(workspace)


def _bring_to_postgres(workspace: Workspace, dump: Path) -> None:
    """The rows of a dump in the tables that the migration of its name makes."""
    from riskstrat.worklist import point_at

    point_at(workspace)
    from django.core.management import call_command
    from django.db import connection, transaction

    number = dump.stem.removeprefix("worklist-")
    call_command("migrate", "worklist", number, verbosity=0, stdout=StringIO())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, (columns, rows) in read_tables(dump).items():
            cursor.execute(KINDS, [table])
            kinds = dict(cursor.fetchall())
            places = ", ".join(f"CAST(CAST(%s AS TEXT) AS {kinds[column]})" for column in columns)
            named = ", ".join(f'"{column}"' for column in columns)
            for row in rows:
                cursor.execute(f"INSERT INTO {table} ({named}) VALUES ({places})", list(row))


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
@pytest.mark.parametrize("dump", EARLIER, ids=lambda path: path.stem)
def test_every_row_of_before_is_there_after(with_dump, dump: Path, kind: str) -> None:
    workspace = with_dump(dump, kind)
    from riskstrat.worklist.starting import start
    from riskstrat.worklist.store import require_reachable

    tables = read_tables(dump)
    columns = {name: each for name, (each, _) in tables.items()}
    before = read_rows(columns)
    assert {name: len(rows) for name, rows in before.items()} == {name: len(rows) for name, (_, rows) in tables.items()}
    assert min(map(len, before.values())) >= 2
    with pytest.raises(WorkspaceError, match="of an earlier version; start the worklist once"):
        require_reachable()
    assert start(workspace, demo=False).credentials == ()
    require_reachable()
    assert read_rows(columns) == before
    start(workspace, demo=False)
    assert read_rows(columns) == before


def test_the_tables_have_no_change_that_no_migration_makes(with_dump) -> None:
    with_dump(EARLIER[-1], "sqlite")
    from django.core.management import call_command

    call_command("makemigrations", "worklist", check=True, dry_run=True, verbosity=0, stdout=StringIO())
