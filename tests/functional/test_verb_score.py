"""`score`: one row per patient eligible at the index date, with the champion's risk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

Verb = Callable[..., subprocess.CompletedProcess[str]]

DATED = ("--index-date", "2026-11-16")


@pytest.fixture(scope="module")
def scored(verb: Verb, demo_workspace: Path, monday: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("score") / "score.parquet"
    done = verb("score", "-w", demo_workspace, "--index-date", monday, "--out", file, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["model"], said["version"], said["index_date"]) == ("emergency_admission_12m", 1, monday)
    assert said["rows"] == said["cohort"]["eligible"] == pq.read_metadata(file).num_rows
    return file


def test_the_table_is_patient_index_date_and_risk(scored: Path, monday: str) -> None:
    frame = pq.read_table(scored).to_pandas()
    assert list(frame.columns) == ["patient_id", "index_date", "risk", "risk_low", "risk_high"]
    assert frame["patient_id"].is_unique
    assert {str(day) for day in frame["index_date"]} == {monday}
    assert frame["risk"].between(0, 1).all()
    assert (frame["risk_low"].between(0, frame["risk"]) & frame["risk_high"].between(frame["risk"], 1)).all()
    assert frame["risk"].nunique() > len(frame) / 10


def test_csv_holds_what_parquet_holds(
    verb: Verb, demo_workspace: Path, monday: str, scored: Path, tmp_path: Path
) -> None:
    file = tmp_path / "score.csv"
    assert verb("score", "-w", demo_workspace, "--index-date", monday, "--out", file).returncode == 0
    whole = pq.read_table(scored).to_pandas(date_as_object=False)
    from_csv = pd.read_csv(file, dtype={"patient_id": str}, parse_dates=["index_date"])
    pd.testing.assert_frame_equal(from_csv, whole, check_dtype=False, rtol=1e-12)


def test_scoring_again_gives_the_same_bytes(
    verb: Verb, demo_workspace: Path, monday: str, scored: Path, tmp_path: Path
) -> None:
    file = tmp_path / "again.parquet"
    assert verb("score", "-w", demo_workspace, "--index-date", monday, "--out", file).returncode == 0
    assert file.read_bytes() == scored.read_bytes()


def test_an_earlier_index_date_scores_other_people_otherwise(
    verb: Verb, demo_workspace: Path, scored: Path, tmp_path: Path
) -> None:
    file = tmp_path / "earlier.parquet"
    done = verb("score", "-w", demo_workspace, "--index-date", "2026-02-02", "--out", file)
    assert done.returncode == 0
    now = pq.read_table(scored).to_pandas().set_index("patient_id")["risk"]
    then = pq.read_table(file).to_pandas().set_index("patient_id")["risk"]
    both = now.index.intersection(then.index)
    assert len(both) > 1000
    assert (now[both] != then[both]).any()


@pytest.mark.parametrize("name", ["score.xlsx", "score", "score.parquet.gz", "score.CSV"])
@pytest.mark.parametrize(
    "given",
    [("score", *DATED), ("features", *DATED), ("compare", "emergency_admission_12m", 1, 2)],
    ids=lambda given: given[0],
)
def test_another_ending_is_refused_before_any_work(
    given: tuple[object, ...], name: str, verb: Verb, refused: Callable, tmp_path: Path
) -> None:
    """There is no workspace, so that anything done before would have been refused first."""
    done = verb(*given, "-w", tmp_path, "--out", tmp_path / name)
    assert refused(done, 11) == f'cannot write "{name}": the ending must be .parquet or .csv'
    assert list(tmp_path.iterdir()) == []


def test_a_replay_in_another_ending_is_refused_before_any_work(verb: Verb, refused: Callable, tmp_path: Path) -> None:
    done = verb("replay", "-w", tmp_path, "--out", tmp_path / "replay.pdf")
    assert refused(done, 11) == 'cannot write "replay.pdf": the ending must be .html'
    assert list(tmp_path.iterdir()) == []
