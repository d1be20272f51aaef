"""`models` and `promote`: which versions there are, and which one makes the lists."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat.registry.told import TOLD_FILE

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

MODEL = "emergency_admission_12m"
NUMBERS = (1, 2, 3, 4, 5)


@pytest.fixture(scope="module")
def versions(quick_workspace: Path, copy: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's workspace with four more versions, trained from a quicker recipe and not promoted."""
    workspace: Path = copy(quick_workspace, tmp_path_factory.mktemp("versions") / "workspace")
    return workspace


def champions(verb: Verb, workspace: Path) -> dict[int, str]:
    listed = json.loads(verb("models", "-w", workspace, "--json").stdout)["models"]
    return {row["version"]: row["alias"] for row in listed}


def test_models_lists_every_version_with_its_figures(verb: Verb, versions: Path) -> None:
    done = verb("models", "-w", versions, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads(done.stdout)["models"]
    assert [(row["model"], row["version"]) for row in rows] == [(MODEL, number) for number in NUMBERS]
    assert all(0.5 < row["auroc"] < 1 for row in rows)
    assert all(len(row["definitions"]) == 12 for row in rows)


def test_training_does_not_promote_and_promoting_does(verb: Verb, versions: Path) -> None:
    none = dict.fromkeys(NUMBERS, "")
    assert champions(verb, versions) == none | {1: "champion"}
    assert verb("promote", MODEL, "-w", versions).stdout.startswith(f"{MODEL} version 5 is champion\n")
    assert champions(verb, versions) == none | {5: "champion"}
    said = json.loads(verb("promote", MODEL, 1, "-w", versions, "--json").stdout)
    assert (said["model"], said["version"], said["overridden"]) == (MODEL, 1, None)
    assert champions(verb, versions) == none | {1: "champion"}


def test_an_alias_set_in_mlflow_is_named_in_a_line_and_no_list_is_made_with_it(verb: Verb, versions: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(registry_uri=f"sqlite:///{versions.as_posix()}/registry/mlflow.db")
    client.set_registered_model_alias(MODEL, "champion", "2")
    line = f"lists of {MODEL} are made with version 1, but MLflow's alias names version 2 champion"
    assert line in verb("models", "-w", versions).stdout
    (said,) = json.loads(verb("models", "-w", versions, "--json").stdout)["disagreements"]
    assert said.startswith(line)
    assert champions(verb, versions) == dict.fromkeys(NUMBERS, "") | {1: "champion"}
    assert verb("promote", MODEL, 1, "-w", versions).returncode == 0
    assert "disagreements" not in json.loads(verb("models", "-w", versions, "--json").stdout)
    assert client.get_model_version_by_alias(MODEL, "champion").version in (1, "1")


def test_a_version_that_is_not_there_is_refused(verb: Verb, refused: Callable, versions: Path) -> None:
    assert refused(verb("promote", MODEL, 7, "-w", versions), 9) == f"{MODEL} has no version 7; it has: 1, 2, 3, 4, 5"


def test_a_misspelled_model_is_refused_with_the_nearest(verb: Verb, refused: Callable, versions: Path) -> None:
    assert MODEL in refused(verb("promote", "emergency_admision_12m", "-w", versions), 9)


def test_listing_models_where_none_was_trained_makes_no_registry(verb: Verb, tmp_path: Path, tree: Tree) -> None:
    assert verb("init", tmp_path / "fresh").returncode == 0
    before = tree(tmp_path)
    done = verb("models", "-w", tmp_path / "fresh")
    assert (done.returncode, done.stdout) == (0, 'no model yet; run "riskstrat train RECIPE"\n')
    assert tree(tmp_path) == before


def test_what_libraries_warn_of_stays_out_of_the_json(command: Verb, verb: Verb, versions: Path) -> None:
    # What was told before would be told again without loading the library that warns.
    (versions / "registry" / TOLD_FILE).unlink(missing_ok=True)
    done = command("models", "-w", versions, "--json", env={"PYTHONWARNINGS": "always"})
    assert json.loads(done.stdout) == json.loads(verb("models", "-w", versions, "--json").stdout)
    assert "Warning" in done.stderr, "no library warned, so nothing was shown"
