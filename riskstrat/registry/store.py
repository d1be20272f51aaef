"""The registry's two halves: mlflow.db and artifacts/. Both lie in one folder, which may be moved as a whole."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from riskstrat.errors import RiskstratError, StorageError
from riskstrat.registry.diagnosis import explain_failure, require_usable
from riskstrat.storage import make_folder, write_bytes

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"

ARTIFACTS_ADDRESS = "mlflow-artifacts:/"
"""The artifacts folder as MLflow keeps it: relative to the `--artifacts-destination` of its server, never a path."""

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_TERMINAL": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
    # Otherwise the default experiment of a new database keeps the folder that the process happens to run in.
    "_MLFLOW_SERVER_ARTIFACT_ROOT": ARTIFACTS_ADDRESS,
}


class ModelVersion(NamedTuple):
    """One registered version of a model; versions count from 1."""

    name: str
    version: int
    run_id: str


def prepare() -> None:
    """Set what MLflow reads while it is imported: no telemetry, no pickle, no words of its own.

    What goes wrong is said in one line by whoever asked; MLflow would log it again, with a traceback.
    """
    os.environ.update(_ENVIRONMENT)
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def opened(registry: Path) -> Iterator[MlflowClient]:
    """A client of the registry in that folder, made on first use.

    What goes wrong in it raises StorageError that names the case and what to do, in words of riskstrat's own: what
    MLflow and SQLite advise is for those who run them by hand.
    """
    prepare()
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        make_folder(registry / ARTIFACTS)
        if exists(registry):
            require_usable(registry / DATABASE)
        else:
            _make_database(registry / DATABASE)
        address = _build_address(registry / DATABASE)
        yield MlflowClient(tracking_uri=address, registry_uri=address)
    except RiskstratError:
        raise
    except (MlflowException, SQLAlchemyError, OSError) as failed:
        raise StorageError(explain_failure(registry / DATABASE, failed)) from None


def exists(registry: Path) -> bool:
    """Whether anything was ever registered there."""
    return (registry / DATABASE).is_file()


def copy_database(registry: Path) -> bytes:
    """The registry's database as of one moment, also while another program writes it. Raises StorageError."""
    address = f"{(registry / DATABASE).resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as found, closing(sqlite3.connect(":memory:")) as copy:
            found.backup(copy)
            return copy.serialize()
    except sqlite3.Error as failed:
        raise StorageError(f"the registry in {registry} cannot be read ({failed}); restore it from a backup") from None


def _make_database(path: Path) -> None:
    """An empty registry, put in place whole."""
    write_bytes(_build_database(), path)


@cache
def _build_database() -> bytes:
    """An empty registry. MLflow builds it in some fifty steps that take seconds, so it is built elsewhere, and once."""
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        built = Path(scratch) / DATABASE
        client = MlflowClient(tracking_uri=_build_address(built), registry_uri=_build_address(built))
        # Nothing is ever logged to it, and MLflow's page would open on it.
        client.delete_experiment("0")
        return built.read_bytes()


def _build_address(database: Path) -> str:
    """The address of a database; what would mean something in an address, such as ? and %, is escaped."""
    from sqlalchemy import URL

    # Without the driver's name MLflow makes a folder of the path as it is escaped.
    return URL.create("sqlite+pysqlite", database=database.resolve().as_posix()).render_as_string()
