"""The registry's two halves: mlflow.db and artifacts/. Both lie in one folder, which may be moved as a whole."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from riskstrat.errors import RiskstratError, StorageError

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"
_SQLITE = b"SQLite format 3\0"

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
        address = _build_address(registry / DATABASE)
        yield MlflowClient(tracking_uri=address, registry_uri=address)
    except RiskstratError:
        raise
    except (MlflowException, SQLAlchemyError, OSError) as failed:
        reason = str(failed).strip().partition("\n")[0]
        raise StorageError(
            f"the registry in {registry} cannot be used ({reason}); make room or allow writing there, and run again"
        ) from None


def exists(registry: Path) -> bool:
    """Whether anything was ever registered there."""
    return (registry / DATABASE).is_file()


def _make_database(path: Path) -> None:
    """An empty registry. MLflow builds it in some fifty steps, so it is built elsewhere and put in place whole."""
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        built = Path(scratch) / DATABASE
        client = MlflowClient(tracking_uri=_build_address(built), registry_uri=_build_address(built))
        # Nothing is ever logged to it, and MLflow's page would open on it.
        client.delete_experiment("0")
        part = path.with_name(path.name + ".part")
        shutil.copyfile(built, part)
        os.replace(part, path)


def _build_address(database: Path) -> str:
    return f"sqlite:///{database.resolve().as_posix()}"


def _refuse_another_file(path: Path) -> None:
    """Say at once that a file is no database; MLflow would try again and again."""
    with path.open("rb") as database:
        begins = database.read(len(_SQLITE))
    if begins != _SQLITE:
        raise StorageError(
            f"{path} is not a registry's database; restore it from a backup, or move it away and train again"
        )
