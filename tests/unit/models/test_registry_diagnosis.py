"""What is the matter with a registry's database is said in riskstrat's own words; a lost run hides no version."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from riskstrat import registry as room
from riskstrat.errors import StorageError
from riskstrat.registry import models
from tests.unit.models.test_registry import NAME, keep

ADVICE_OF_OTHERS = ("mlflow.exceptions", "database_uri", "sqlalche", "Traceback", "Run with id", "https://")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, fitted) -> Path:
    """A registry with one version. Tests only read it."""
    registry = tmp_path_factory.mktemp("site") / "registry"
    keep(registry, fitted)
    return registry


@pytest.fixture
def registry(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "registry"))


def change(registry: Path, *statements: str) -> None:
    with closing(sqlite3.connect(registry / "mlflow.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def overwrite(registry: Path, place: int, content: bytes) -> None:
    with (registry / "mlflow.db").open("rb+") as file:
        file.seek(place)
        file.write(content)


EARLIER, LATER = "728d730b5ebd", "ffffffffffff"
CASES: dict[str, tuple[Callable[[Path], None], str]] = {
    "earlier": (
        lambda registry: change(registry, f"UPDATE alembic_version SET version_num = '{EARLIER}'"),
        "made by an earlier MLflow than is installed: keep a copy",
    ),
    "later": (
        lambda registry: change(registry, f"UPDATE alembic_version SET version_num = '{LATER}'"),
        "made by a later riskstrat",
    ),
    "no version": (lambda registry: change(registry, "DELETE FROM alembic_version"), "not a registry's database"),
    "of something else": (
        lambda registry: change(registry, "DROP TABLE alembic_version"),
        "not a registry's database",
    ),
    "a table gone": (lambda registry: change(registry, "DROP TABLE model_versions"), "lists do not need it"),
    "no database": (lambda registry: (registry / "mlflow.db").write_bytes(b"x" * 5000) and None, "is damaged; restore"),
    "empty": (lambda registry: (registry / "mlflow.db").write_bytes(b"") and None, "is damaged; restore"),
    "cut": (lambda registry: overwrite(registry, 100, b"\xff" * 4096), "is damaged; restore"),
}


@pytest.mark.parametrize(("damage", "said"), CASES.values(), ids=CASES.keys())
def test_each_case_is_named_with_what_to_do(damage: Callable, said: str, registry: Path) -> None:
    damage(registry)
    with pytest.raises(StorageError) as refused:
        models(registry)
    message = str(refused.value)
    assert said in message
    assert "registry/mlflow.db" in message
    assert [words for words in ADVICE_OF_OTHERS if words in message] == []
    assert "make room" not in message


def test_a_database_that_another_run_holds_is_named_so(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskstrat.registry.diagnosis.WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(registry / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="in use by another run; wait until that has ended"):
            models(registry)


def test_a_lost_run_hides_no_version_and_its_figure_comes_from_the_evidence(registry: Path) -> None:
    before = models(registry)
    lost = before[0]["run_id"]
    change(
        registry,
        f"DELETE FROM metrics WHERE run_uuid = '{lost}'",
        f"DELETE FROM latest_metrics WHERE run_uuid = '{lost}'",
        f"DELETE FROM runs WHERE run_uuid = '{lost}'",
    )
    assert models(registry) == before


def test_a_lost_run_whose_evidence_is_damaged_has_a_row_without_a_figure(registry: Path) -> None:
    lost = models(registry)[0]["run_id"]
    change(registry, f"DELETE FROM runs WHERE run_uuid = '{lost}'")
    (room.kept(registry, NAME, 1).folder / "evidence.json").write_text("[]")
    assert [row["auroc"] for row in models(registry)] == [None]


def test_a_version_without_our_tags_is_shown(registry: Path) -> None:
    change(registry, "DELETE FROM model_version_tags WHERE version = 1")
    assert [row["version"] for row in models(registry)] == [1]
    assert room.reconcile(registry) == ()
