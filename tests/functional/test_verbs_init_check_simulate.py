"""`init`, `check` and `simulate`: what can be done before any data are there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.schemas import SCHEMAS

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def fresh(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh") / "workspace"
    assert verb("init", folder).returncode == 0
    return folder


def test_init_says_in_json_which_files_it_made(verb: Verb, tmp_path: Path, tree: Tree) -> None:
    done = verb("init", tmp_path / "new", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    made = {name for name, digest in tree(tmp_path / "new").items() if digest}
    assert set(json.loads(done.stdout)["files"]) == made
    assert {"riskstrat.toml", "features/admissions.py", "training/outcomes.py", ".gitignore"} <= made


def test_init_refuses_a_folder_that_holds_anything(verb: Verb, tmp_path: Path, tree: Tree, refused: Callable) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    before = tree(tmp_path)
    assert "not empty" in refused(verb("init", tmp_path), 3)
    assert tree(tmp_path) == before


def test_a_new_workspace_is_well_formed(verb: Verb, fresh: Path) -> None:
    done = verb("check", "-w", fresh, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    counts = json.loads(done.stdout)
    assert set(counts) == {"features", "codelists", "recipes", "outcomes", "teams", "gates", "hazards"}
    assert counts["features"] >= 120


def test_check_finds_the_workspace_around_the_folder_it_is_run_in(verb: Verb, fresh: Path) -> None:
    done = verb("check", cwd=fresh / "features")
    assert done.returncode == 0
    assert done.stdout.startswith("all well: ")


def test_check_changes_nothing(verb: Verb, fresh: Path, tree: Tree) -> None:
    before = tree(fresh)
    assert verb("check", "-w", fresh).returncode == 0
    assert tree(fresh) == before


def test_simulate_writes_tables_of_the_schemas_and_keeps_the_truth_apart(verb: Verb, tmp_path: Path) -> None:
    done = verb("simulate", "--people", 150, "--seed", 5, "--out", tmp_path / "borough", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["people"] == 150
    found = {path.stem: pq.read_schema(path).names for path in (tmp_path / "borough").glob("*.parquet")}
    assert {"people", "admissions"} <= set(found) <= set(SCHEMAS)
    assert all(set(columns) <= set(SCHEMAS[name].names) for name, columns in found.items())
    assert not any("truth" in path.name for path in (tmp_path / "borough").iterdir())


def test_the_same_seed_simulates_the_same_bytes(verb: Verb, tmp_path: Path, tree: Tree) -> None:
    for name, seed in (("one", 5), ("again", 5), ("other", 6)):
        assert verb("simulate", "--people", 150, "--seed", seed, "--out", tmp_path / name).returncode == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "again")
    assert tree(tmp_path / "one") != tree(tmp_path / "other")


def test_simulating_nobody_is_refused(verb: Verb, tmp_path: Path, refused: Callable) -> None:
    said = refused(verb("simulate", "--people", 0, "--seed", 1, "--out", tmp_path / "borough"), 5)
    assert "people" in said
    assert not (tmp_path / "borough").exists()
