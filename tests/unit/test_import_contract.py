"""The floors of the house hold: `[tool.importlinter]` in pyproject.toml says which room may import which."""

import os
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from grimp import ImportGraph

ROOT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the engine in `folder`, in a process that has imported no other copy of it."""
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def circle_of_imports(graph: ImportGraph) -> list[str]:
    """The modules of one circle of imports, in order, or nothing; an import inside a function counts."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the engine's modules and of the contracts, for a test to break."""
    for module in [*(ROOT / "riskstrat").rglob("*.py"), ROOT / "pyproject.toml"]:
        copy = tmp_path / module.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(module.read_bytes())
    return tmp_path


def add_to_room(house: Path, room: str, statement: str) -> None:
    """Write one more statement at the end of the room's own module."""
    package = house / "riskstrat" / room / "__init__.py"
    module = package if package.exists() else house / "riskstrat" / f"{room}.py"
    with module.open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")


def test_every_contract_is_kept() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle_of_imports(grimp.build_graph("riskstrat", cache_dir=None)) == []


def test_a_circle_through_three_modules_is_found() -> None:
    graph = ImportGraph()
    for importer, imported in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]:
        graph.add_import(importer=importer, imported=imported)
    assert set(circle_of_imports(graph)) == {"a", "b", "c"}


AGAINST_THE_FLOORS = {
    "errors": ("import riskstrat.definitions", "riskstrat.definitions"),
    "storage": ("import riskstrat.audit", "riskstrat.audit"),
    "labels": ("import riskstrat.features", "riskstrat.features"),
    "scoring": ("def late():\n    import riskstrat.training", "riskstrat.training"),
}
"""By room an import that runs up, and what it imports."""

OF_A_PACKAGE = {
    "features": ("import duckdb", "duckdb", "Database engines: only sources"),
    "site": ("from pyspark.sql import SparkSession", "pyspark", "Spark: only cluster"),
    "evaluation": ("import lightgbm", "lightgbm", "LightGBM: only training and scoring"),
    "casefinding": ("import shap", "shap", "SHAP: only explanation"),
    "weekly": ("from mlflow import tracking", "mlflow", "MLflow: only registry"),
    "workspace": ("import features", "features", "The engine never imports a site's decisions by name"),
}
"""By room an import of a package that is another room's alone, and the contract that says so."""


def test_an_import_against_the_floors_breaks_its_contract(house: Path) -> None:
    """All in one copy: the contract of each is broken, and each import is named."""
    for room, (statement, *_) in (AGAINST_THE_FLOORS | OF_A_PACKAGE).items():
        add_to_room(house, room, statement)
    result = lint(house)
    assert result.returncode == 1
    for room, (_, imported) in AGAINST_THE_FLOORS.items():
        assert f"riskstrat.{room} -> {imported}" in result.stdout, result.stdout
    for room, (_, imported, contract) in OF_A_PACKAGE.items():
        assert f"{contract} BROKEN" in result.stdout, result.stdout
        assert f"riskstrat.{room} -> {imported}" in result.stdout, result.stdout
    assert "Imports run down the floors BROKEN" in result.stdout, result.stdout


def test_a_new_room_must_choose_its_floor(house: Path) -> None:
    (house / "riskstrat" / "letters.py").write_text('"""A room that no floor names."""\n', encoding="utf-8")
    result = lint(house)
    assert result.returncode == 1
    assert "letters" in result.stdout
