"""A model holds to the definitions and the tables it was trained on, and to nothing more than them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.workspace import load
from tests.suite.stores import find_version

Verb = Callable[..., subprocess.CompletedProcess[str]]

MODEL = "emergency_admission_12m"
LATER = "2026-11-09"


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


def ingest_without(verb: Verb, demo_workspace: Path, workspace: Path, folder: Path, table: str) -> None:
    source = shutil.copytree(demo_workspace / "demo" / "borough", folder)
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


def test_a_new_feature_is_in_the_next_model(verb: Verb, workspace: Path, quick_recipe: Callable) -> None:
    quick_recipe(workspace)
    path = workspace / "features" / "admissions.py"
    path.write_text(path.read_text(encoding="utf-8") + NEW_FEATURE, encoding="utf-8")
    assert verb("check", "-w", workspace).returncode == 0
    features = json.loads(verb("train", MODEL, "-w", workspace, "--json").stdout)["features"]
    described = json.loads(verb("features", "-w", workspace, "--describe", "--json").stdout)["features"]
    recipe = tomllib.loads((workspace / "training" / f"{MODEL}.toml").read_text(encoding="utf-8"))
    hidden = {name for name, feature in load(workspace).features.items() if feature.wording.sensitive}
    assert hidden
    assert len(described) == features + len(hidden | set(recipe["exclude_features"]))
    assert "very_long_emergency_stays_1095d" in {row["feature"] for row in described}


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


@pytest.fixture(scope="module", params=["falls", "prescriptions"])
def lacking(
    request: pytest.FixtureRequest,
    verb: Verb,
    demo_workspace: Path,
    copy: Callable,
    quick_recipe: Callable,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path]:
    """The table that was absent, and a workspace whose champion was trained without it."""
    folder = tmp_path_factory.mktemp("lacking")
    workspace: Path = copy(demo_workspace, folder / "workspace")
    quick_recipe(workspace)
    ingest_without(verb, demo_workspace, workspace, folder / "source", request.param)
    assert verb("train", MODEL, "-w", workspace).returncode == 0
    assert verb("promote", MODEL, "-w", workspace).returncode == 0
    return request.param, workspace


def test_a_model_trained_without_an_optional_table_scores_and_lists(
    verb: Verb, score: Callable, lacking: tuple[str, Path]
) -> None:
    table, workspace = lacking
    assert score(workspace).returncode == 0
    assert verb("weekly", "-w", workspace, "--index-date", LATER).returncode == 0
    notes = json.loads((workspace / "lists" / LATER / "manifest.json").read_text(encoding="utf-8"))["notes"]
    assert any(note.startswith(f"no {table} table") for note in notes)


def test_a_table_that_came_back_leaves_such_a_model_usable(
    verb: Verb, score: Callable, demo_workspace: Path, lacking: tuple[str, Path], tmp_path: Path
) -> None:
    """Falls are counted from every source that tells of them, so whoever has a row there may be scored otherwise."""
    table, workspace = lacking
    source = demo_workspace / "demo" / "borough"
    assert score(workspace).returncode == 0
    before = (tmp_path / "score.csv").read_text(encoding="utf-8").splitlines()
    assert verb("ingest", source, "-w", workspace).returncode == 0
    assert score(workspace).returncode == 0
    after = (tmp_path / "score.csv").read_text(encoding="utf-8").splitlines()
    rows = pd.read_parquet(source / f"{table}.parquet")["patient_id"] if table == "falls" else ()
    told = {f'"{patient}"' for patient in rows}
    others = [place for place, row in enumerate(before) if row.partition(",")[0] not in told]
    assert len(others) > len(before) / 2
    assert [after[place] for place in others] == [before[place] for place in others]
    assert [row.partition(",")[0] for row in after] == [row.partition(",")[0] for row in before]


def test_the_registry_works_after_the_workspace_was_moved(
    verb: Verb, score: Callable, workspace: Path, tmp_path: Path, quick_recipe: Callable
) -> None:
    moved = shutil.move(workspace, tmp_path / "moved")
    quick_recipe(Path(moved))
    assert score(Path(moved)).returncode == 0
    assert verb("train", MODEL, "-w", moved).returncode == 0
    assert all((tmp_path / "moved") in path.parents for path in tmp_path.rglob("booster.txt"))
    assert pq.read_table(find_version(Path(moved) / "data") / "tables" / "people.parquet").num_rows
