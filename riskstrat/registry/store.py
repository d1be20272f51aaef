"""The registry's two halves: mlflow.db and artifacts/. Both lie in one folder, which may be moved as a whole."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from riskstrat.errors import RiskstratError, StorageError

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_TERMINAL": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
}

_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Where MLflow 3.17 keeps the place of an artifact, always as a whole address."""


class ModelVersion(NamedTuple):
    """One registered version of a model; versions count from 1."""

    name: str
    version: int
    run_id: str


def prepare() -> None:
    """Set what MLflow reads while it is imported: no telemetry, no pickle, no chatter."""
    os.environ.update(_ENVIRONMENT)
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def opened(registry: Path) -> Iterator[MlflowClient]:
    """A client of the registry in that folder, made on first use. What goes wrong in it raises StorageError."""
    prepare()
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        (registry / ARTIFACTS).mkdir(parents=True, exist_ok=True)
        if exists(registry):
            _refuse_another_file(registry / DATABASE)
        else:
            _make_database(registry / DATABASE)
        address = _address(registry / DATABASE)
        yield MlflowClient(tracking_uri=address, registry_uri=address)
    except RiskstratError:
        raise
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as failed:
        reason = str(failed).strip().partition("\n")[0]
        raise StorageError(
            f"the registry in {registry} cannot be used ({reason}); make room or allow writing there, and run again"
        ) from None


def exists(registry: Path) -> bool:
    """Whether anything was ever registered there."""
    return (registry / DATABASE).is_file()


def follow_the_folder(registry: Path) -> None:
    """Where the folder has been moved, let MLflow's addresses point to where it now lies."""
    if not exists(registry):
        return
    here = artifacts_address(registry)
    with closing(sqlite3.connect(registry / DATABASE)) as database, database:
        rows = database.execute("SELECT name, artifact_location FROM experiments WHERE experiment_id > 0")
        ends = [(location, f"/{ARTIFACTS}/{name}") for name, location in rows]
        before = {location.removesuffix(end) + f"/{ARTIFACTS}" for location, end in ends if location.endswith(end)}
        for there in sorted(before - {here}):
            for table, column in _ADDRESSES:
                database.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                    (here, len(there) + 1, len(there) + 1, there + "/"),
                )


def artifacts_address(registry: Path) -> str:
    """The artifacts folder as MLflow writes an address."""
    return (registry.resolve() / ARTIFACTS).as_uri()


def _make_database(path: Path) -> None:
    """An empty registry. MLflow builds it in some fifty steps, so it is built elsewhere and put in place whole."""
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        built = Path(scratch) / DATABASE
        MlflowClient(tracking_uri=_address(built), registry_uri=_address(built)).search_experiments()
        part = path.with_name(path.name + ".part")
        shutil.copyfile(built, part)
        os.replace(part, path)


def _address(database: Path) -> str:
    return f"sqlite:///{database.resolve().as_posix()}"


def _refuse_another_file(path: Path) -> None:
    """Say at once that a file is no database; MLflow would try again and again."""
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError:
        raise StorageError(
            f"{path} is not a registry's database; restore it from a backup, or move it away and train again"
        ) from None
