"""A model holds to the definitions and the tables it was trained on, and to nothing more than them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.workspace import load
from tests.suite.stores import find_version

pytestmark = pytest.mark.usefixtures("without_pictures")

Verb = Callable[..., subprocess.CompletedProcess[str]]

MODEL = "emergency_admission_12m"
LATER = "2026-11-09"
LACKING = ("falls", "prescriptions")
"""Optional tables that a model is trained without: of falls other sources tell too, of prescriptions none does."""


@pytest.fixture
def score(verb: Verb, tmp_path: Path) -> Callable[[Path], subprocess.CompletedProcess[str]]:
    def run(workspace: Path) -> subprocess.CompletedProcess[str]:
        return verb("score", "-w", workspace, "--index-date", LATER, "--out", tmp_path / "score.csv")

    return run


def edit(workspace: Path, name: str, before: str, after: str) -> None:
    path = workspace / name
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{name} has no {before}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def ingest_without(verb: Verb, demo_workspace: Path, workspace: Path, folder: Path, *tables: str) -> None:
    source = shutil.copytree(demo_workspace / "demo" / "borough", folder)
    for table in tables:
        (source / f"{table}.parquet").unlink()
    assert verb("ingest", source, "-w", workspace).returncode == 0


def test_a_feature_defined_otherwise_is_refused_by_name(
    score: Callable, refused: Callable, workspace: Path, tmp_path: Path
) -> None:
    edit(workspace, "features/admissions.py", "nights >= 14", "nights >= 21")
    said = refused(score(workspace), 9)
    assert said == (
        "long_emergency_stays_730d was defined otherwise when this model was trained; "
        "retrain, or restore the definition"
    )
    assert not (tmp_path / "score.csv").exists()


def test_nothing_is_listed_or_published_from_other_definitions(verb: Verb, refused: Callable, workspace: Path) -> None:
    edit(workspace, "features/admissions.py", "nights >= 14", "nights >= 21")
    for given in (("list",), ("weekly",), ("explain", "P1")):
        assert "long_emergency_stays_730d" in refused(verb(*given, "-w", workspace, "--index-date", LATER), 9)
    assert not (workspace / "lists" / LATER).exists()


def test_a_changed_codelist_is_refused_too(score: Callable, refused: Callable, workspace: Path) -> None:
    path = workspace / "features" / "codelists" / "acsc_chronic.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    assert "were defined otherwise when this model was trained" in refused(score(workspace), 9)


def test_a_feature_that_was_deleted_is_refused_by_name(score: Callable, refused: Callable, workspace: Path) -> None:
    edit(workspace, "features/admissions.py", "own_discharges = count(", "_own_discharges = count(")
    assert refused(score(workspace), 9).startswith(f"the matrix lacks own_discharges_730d that {MODEL} was trained on")


def test_a_new_feature_leaves_the_champion_usable(score: Callable, workspace: Path, tmp_path: Path) -> None:
    assert score(workspace).returncode == 0
    before = (tmp_path / "score.csv").read_bytes()
    path = workspace / "features" / "admissions.py"
    path.write_text(path.read_text(encoding="utf-8") + NEW_FEATURE, encoding="utf-8")
    assert score(workspace).returncode == 0
    assert (tmp_path / "score.csv").read_bytes() == before


NEW_FEATURE = """

very_long_emergency_stays = count(
    emergency.filter(nights >= 60),
    lookback=("1095d",),
    missing=0,
    theme="hospital use",
    unit="admissions",
    says="{n} emergency stay{s} of 60 nights or more in the last {lookback}",
    absent="No emergency stay of 60 nights or more in the last {lookback}",
    why="Very long stays mark very severe illness",
    sensitive=False,
)
"""


@pytest.fixture(scope="module")
def moved(
    demo_workspace: Path, copy: Callable, verb: Verb, quick_recipe: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A workspace that was moved to another place after its champion was trained, and declares one feature more."""
    folder = tmp_path_factory.mktemp("moved")
    workspace = Path(shutil.move(copy(demo_workspace, folder / "workspace"), folder / "moved"))
    quick_recipe(workspace)
    path = workspace / "features" / "admissions.py"
    path.write_text(path.read_text(encoding="utf-8") + NEW_FEATURE, encoding="utf-8")
    assert verb("check", "-w", workspace).returncode == 0
    return workspace


@pytest.fixture(scope="module")
def trained_there(moved: Path, verb: Verb) -> dict[str, Any]:
    """What `train` said in that workspace."""
    done = verb("train", MODEL, "-w", moved, "--json")
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_a_new_feature_is_in_the_next_model(verb: Verb, moved: Path, trained_there: dict[str, Any]) -> None:
    described = json.loads(verb("features", "-w", moved, "--describe", "--json").stdout)["features"]
    recipe = tomllib.loads((moved / "training" / f"{MODEL}.toml").read_text(encoding="utf-8"))
    hidden = {name for name, feature in load(moved).features.items() if feature.wording.sensitive}
    assert hidden
    assert len(described) == trained_there["features"] + len(hidden | set(recipe["exclude_features"]))
    assert "very_long_emergency_stays_1095d" in {row["feature"] for row in described}


def test_the_registry_works_after_the_workspace_was_moved(
    score: Callable, moved: Path, trained_there: dict[str, Any]
) -> None:
    """The champion, trained before the move, scores, and what was trained after it stands in the new place alone."""
    assert score(moved).returncode == 0
    assert trained_there["version"] == 2
    assert len(list(moved.rglob("booster.txt"))) > 1
    assert all(moved in path.parents for path in moved.parent.rglob("booster.txt"))
    assert pq.read_table(find_version(moved / "data") / "tables" / "people.parquet").num_rows


def test_rewording_a_sentence_leaves_the_champion_usable_but_not_the_published_list(
    verb: Verb, score: Callable, refused: Callable, workspace: Path, monday: str
) -> None:
    """The estimate is the same; what the pages say is not, so the list that stands must be withdrawn first."""
    edit(
        workspace, "features/admissions.py", "Last emergency admission {ago}", "The last emergency admission was {ago}"
    )
    assert score(workspace).returncode == 0
    said = refused(verb("weekly", "-w", workspace, "--index-date", monday), 10)
    assert "these have changed since: wording;" in said


def test_a_table_that_is_gone_is_named(
    verb: Verb, score: Callable, refused: Callable, demo_workspace: Path, workspace: Path, tmp_path: Path
) -> None:
    ingest_without(verb, demo_workspace, workspace, tmp_path / "source", "prescriptions")
    said = refused(score(workspace), 9)
    assert "probably the prescriptions table is absent: land what is missing, or train again without it" in said
    assert not (tmp_path / "score.csv").exists()


@pytest.fixture(scope="module")
def lacking(
    verb: Verb,
    demo_workspace: Path,
    copy: Callable,
    quick_recipe: Callable,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A workspace whose champion was trained without the optional tables of LACKING."""
    folder = tmp_path_factory.mktemp("lacking")
    workspace: Path = copy(demo_workspace, folder / "workspace")
    quick_recipe(workspace)
    ingest_without(verb, demo_workspace, workspace, folder / "source", *LACKING)
    assert verb("train", MODEL, "-w", workspace).returncode == 0
    assert verb("promote", MODEL, "-w", workspace).returncode == 0
    return workspace


def test_a_model_trained_without_optional_tables_scores_and_lists(verb: Verb, score: Callable, lacking: Path) -> None:
    assert score(lacking).returncode == 0
    assert verb("weekly", "-w", lacking, "--index-date", LATER).returncode == 0
    notes = json.loads((lacking / "lists" / LATER / "manifest.json").read_text(encoding="utf-8"))["notes"]
    for table in LACKING:
        assert any(note.startswith(f"no {table} table") for note in notes), table


def test_tables_that_came_back_leave_such_a_model_usable(
    verb: Verb, score: Callable, demo_workspace: Path, lacking: Path, tmp_path: Path
) -> None:
    """Falls are counted from every source that tells of them, so whoever has a row there may be scored otherwise."""
    source = demo_workspace / "demo" / "borough"
    assert score(lacking).returncode == 0
    before = (tmp_path / "score.csv").read_text(encoding="utf-8").splitlines()
    assert verb("ingest", source, "-w", lacking).returncode == 0
    assert score(lacking).returncode == 0
    after = (tmp_path / "score.csv").read_text(encoding="utf-8").splitlines()
    told = {f'"{patient}"' for patient in pd.read_parquet(source / "falls.parquet")["patient_id"]}
    others = [place for place, row in enumerate(before) if row.partition(",")[0] not in told]
    assert len(others) > len(before) / 2
    assert [after[place] for place in others] == [before[place] for place in others]
    assert [row.partition(",")[0] for row in after] == [row.partition(",")[0] for row in before]
