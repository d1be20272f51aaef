"""What is the matter with a registry's database, in one sentence each, with what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from riskstrat.errors import StorageError
from riskstrat.storage import find_reason

WAIT_SECONDS = 5.0
"""How long a look at the database waits for a run that writes to it."""

_LISTS_GO_ON = "lists do not need it and go on being made with the champion"
_SCHEMA = "SELECT version_num FROM alembic_version"


def require_usable(database: Path) -> None:
    """Raises StorageError, saying why, for a file that MLflow could not use; it would try again and again."""
    try:
        revision = _read_revision(database)
    except (sqlite3.Error, OSError) as failed:
        raise StorageError(explain_failure(database, failed)) from None
    if revision != find_own_revision():
        raise StorageError(_describe_revision(database, revision))


def explain_failure(database: Path, failed: Exception) -> str:
    """What to say of a failure of MLflow, of SQLite or of the system while the database was used."""
    where, words = f"{database.parent.name}/{database.name}", str(failed).lower()
    if "is locked" in words or "is busy" in words:
        return f"{where} is in use by another run; wait until that has ended and run again"
    if any(sign in words for sign in ("malformed", "not a database", "no such table", "no such column")):
        return (
            f"{where} is not a registry's database, or is damaged; restore it from a backup, or move it away and train "
            f"again; {_LISTS_GO_ON}"
        )
    if "not found" in words or "does not exist" in words:
        return (
            f"{where} has lost something that was registered; run riskstrat models to see what it has, and restore it "
            f"from a backup; {_LISTS_GO_ON}"
        )
    if "readonly" in words or "unable to open" in words:
        return f"{where} cannot be opened or written; allow reading and writing it and the folder around it"
    if isinstance(failed, OSError) or "disk" in words:
        return f"{where} cannot be written: {find_reason(failed)}; make room or allow writing there, and run again"
    return (
        f"{where} cannot be used ({type(failed).__name__}); run riskstrat audit verify, and compare it with the last "
        f"backup; {_LISTS_GO_ON}"
    )


@cache
def find_own_revision() -> str:
    """The revision of MLflow's tables that the installed MLflow reads: the end of the chain of its migrations.

    Asked once of a process, since all of the migrations are imported for it.
    """
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory(str(_locate_migrations())).get_current_head())


def _is_known(revision: str) -> bool:
    """Whether the installed MLflow has a migration from that revision."""
    return any(f'revision = "{revision}"' in path.read_text("utf-8") for path in _locate_migrations().rglob("*.py"))


def _locate_migrations() -> Path:
    import mlflow.store.db_migrations

    return Path(str(mlflow.store.db_migrations.__file__)).parent


def _describe_revision(database: Path, revision: str) -> str:
    where = f"{database.parent.name}/{database.name}"
    if _is_known(revision):
        return (
            f"{where} was made by an earlier MLflow than is installed: keep a copy, then bring it up to date by "
            f'"mlflow db upgrade sqlite:///{database.name}" in that folder; {_LISTS_GO_ON}'
        )
    return (
        f"{where} was made by a later riskstrat, with tables that this one does not know; upgrade riskstrat, "
        f"or restore the copy that was made before; {_LISTS_GO_ON}"
    )


def _read_revision(database: Path) -> str:
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as opened:
        row = opened.execute(_SCHEMA).fetchone()
    if row is None:
        raise sqlite3.DatabaseError("no such table")
    return str(row[0])
