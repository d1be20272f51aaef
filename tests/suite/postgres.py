"""A PostgreSQL server for one run of the tests: in a folder of its own, on a socket alone, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

OWNER, PASSWORD = "site_owner", "Quillfeather-7"
LONGEST_SECONDS = 30
SETTINGS = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", "max_connections": "20"}


@dataclass(frozen=True)
class Server:
    """A running server with one database, whose owner may do everything."""

    folder: Path

    def address(self, user: str = OWNER, password: str = PASSWORD, database: str = "postgres") -> str:
        """How libpq reaches it."""
        return f"host={self.folder} user={user} password={password} dbname={database}"

    def read_process(self) -> int:
        """The number of its first process, which started all others."""
        return int((self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Each statement in a transaction of its own; the rows of the last if it is a SELECT."""
        from adbc_driver_postgresql import dbapi

        rows: list[tuple[Any, ...]] = []
        with dbapi.connect(self.address(), autocommit=True) as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    rows = cursor.fetchall() if statement.lstrip().startswith("SELECT") else []
        return rows

    def load(self, table: str, rows: pa.Table, schema: str = "public") -> None:
        """Make a table of these rows."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.address()) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="create", db_schema_name=schema)
            connection.commit()


def find_programs() -> Path | None:
    """The folder with initdb and postgres, the newest where Debian keeps several; None where there is no server."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    return next((path for path in folders if (path / "initdb").is_file() and (path / "postgres").is_file()), None)


@contextmanager
def start_server(settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """A server while the block runs. A test that needs one skips where its programs are not installed."""
    programs = find_programs()
    if programs is None or os.name != "posix":
        pytest.skip("no PostgreSQL server on this machine: initdb and postgres are not there")
    # A socket's path has a hundred characters at most, which a test's own folder may exceed.
    folder = Path(tempfile.mkdtemp(prefix="rs-pg-")).resolve()
    process = None
    try:
        _make_cluster(programs, folder)
        process = _start(programs, folder, settings)
        yield Server(folder)
    finally:
        if process is not None:
            process.terminate()
            process.wait(LONGEST_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _choose_user() -> dict[str, Any]:
    """As whom the server runs: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _make_cluster(programs: Path, folder: Path) -> None:
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    account = _choose_user()
    for path in (folder, folder / "password") if account else ():
        os.chown(path, account["user"], account["group"])
    done = subprocess.run(
        [
            *(programs / "initdb", "--pgdata", folder / "data", "--username", OWNER, "--pwfile", folder / "password"),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **account,
    )
    assert done.returncode == 0, f"initdb failed: {done.stderr}"


def _start(programs: Path, folder: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", "-k", folder, *given],
        cwd=folder,
        stdout=log,
        stderr=log,
        **_choose_user(),
    )
    log.close()
    until = time.monotonic() + LONGEST_SECONDS
    while not _answers(folder):
        said = (folder / "log").read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, f"postgres ended: {said}"
        assert time.monotonic() < until, f"postgres does not answer: {said}"
        time.sleep(0.05)
    return process


def _answers(folder: Path) -> bool:
    try:
        return Server(folder).run("SELECT 1") == [(1,)]
    except Exception:
        return False
