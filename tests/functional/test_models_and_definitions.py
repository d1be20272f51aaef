"""A model holds to the definitions and the tables it was trained on, and to nothing more than them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.workspace import load
from tests.suite.quick import take_one_learner
from tests.suite.stores import find_version

pytestmark = pytest.mark.usefixtures("without_pictures")

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]

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


class Moved(NamedTuple):
    """A workspace that was moved to another place after its champion was trained, and declares one feature more.

    In the new place its tables were landed again without those of LACKING, a model was trained and became champion.
    scored, refused: what `score` said by the first champion, before and after the tables were gone. trained: what
    `train` said.
    """

    workspace: Path
    scored: Done
    refused: Done
    wrote: bool
    trained: dict[str, Any]


@pytest.fixture(scope="module")
def moved(
    demo_workspace: Path, copy: Callable, verb: Verb, quick_recipe: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Moved:
    folder = tmp_path_factory.mktemp("moved")
    workspace = Path(shutil.move(copy(demo_workspace, folder / "workspace"), folder / "moved"))
    quick_recipe(workspace)
    take_one_learner(workspace)
    path = workspace / "features" / "admissions.py"
    path.write_text(path.read_text(encoding="utf-8") + NEW_FEATURE, encoding="utf-8")
    assert verb("check", "-w", workspace).returncode == 0
    given, out = ("score", "-w", workspace, "--index-date", LATER, "--out"), folder / "refused.csv"
    scored = verb(*given, folder / "score.csv")
    ingest_without(verb, demo_workspace, workspace, folder / "source", *LACKING)
    refused = verb(*given, out)
    done = verb("train", MODEL, "-w", workspace, "--json")
    assert done.returncode == 0, done.stderr
    assert verb("promote", MODEL, "-w", workspace).returncode == 0
    return Moved(workspace, scored, refused, out.exists(), json.loads(done.stdout))


def test_a_new_feature_is_in_the_next_model(verb: Verb, moved: Moved) -> None:
    described = json.loads(verb("features", "-w", moved.workspace, "--describe", "--json").stdout)["features"]
    recipe = tomllib.loads((moved.workspace / "training" / f"{MODEL}.toml").read_text(encoding="utf-8"))
    hidden = {name for name, feature in load(moved.workspace).features.items() if feature.wording.sensitive}
    names = {row["feature"] for row in described}
    assert hidden & names
    assert len(described) == moved.trained["features"] + len(names & (hidden | set(recipe["exclude_features"])))
    assert "very_long_emergency_stays_1095d" in names


def test_the_registry_works_after_the_workspace_was_moved(moved: Moved) -> None:
    """The champion, trained before the move, scores, and what was trained after it stands in the new place alone."""
    assert moved.scored.returncode == 0
    assert moved.trained["version"] == 2
    workspace = moved.workspace
    assert len(list(workspace.rglob("booster.txt"))) > 1
    assert all(workspace in path.parents for path in workspace.parent.rglob("booster.txt"))
    assert pq.read_table(find_version(workspace / "data") / "tables" / "people.parquet").num_rows


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


def test_a_table_that_is_gone_is_named(refused: Callable, moved: Moved) -> None:
    said = refused(moved.refused, 9)
    assert "probably the prescriptions table is absent: land what is missing, or train again without it" in said
    assert not moved.wrote


def test_a_model_trained_without_optional_tables_scores_and_lists(verb: Verb, score: Callable, moved: Moved) -> None:
    workspace = moved.workspace
    assert score(workspace).returncode == 0
    assert verb("weekly", "-w", workspace, "--index-date", LATER).returncode == 0
    notes = json.loads((workspace / "lists" / LATER / "manifest.json").read_text(encoding="utf-8"))["notes"]
    for table in LACKING:
        assert any(note.startswith(f"no {table} table") for note in notes), table


def test_tables_that_came_back_leave_such_a_model_usable(
    verb: Verb, score: Callable, demo_workspace: Path, moved: Moved, copy: Callable, tmp_path: Path
) -> None:
    """Falls are counted from every source that tells of them, so whoever has a row there may be scored otherwise."""
    source, lacking = demo_workspace / "demo" / "borough", copy(moved.workspace, tmp_path / "workspace")
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
