"""`train`: a version of a model from what was known at a date; the same rows give the same model."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.store import open_store

pytestmark = pytest.mark.usefixtures("without_pictures")

Verb = Callable[..., subprocess.CompletedProcess[str]]
Training = Callable[[int], dict[str, Any]]

MODEL = "emergency_admission_12m"
EARLIER = date(2026, 6, 1)


@pytest.fixture(scope="module")
def trained(quick_training: Training) -> dict[str, Any]:
    return quick_training(2)


@pytest.fixture(scope="module")
def trained_earlier(quick_training: Training) -> dict[str, Any]:
    return quick_training(4)


def booster(workspace: Path, version: int) -> str:
    """The text of the booster of the version that was registered so many-th."""
    found = sorted(
        workspace.glob("registry/artifacts/**/riskstrat_model/booster.txt"), key=lambda path: path.stat().st_mtime_ns
    )
    return found[version - 1].read_text(encoding="utf-8")


def without_data_and_models(workspace: Path, target: Path) -> Path:
    return shutil.copytree(workspace, target, ignore=shutil.ignore_patterns("data", "mlflow.db", "artifacts", "cards"))


def figures(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("rows", "cohort", "labels", "evaluation", "at_capacity", "verdict")}


def test_the_report_has_the_figures_of_the_model_and_of_every_baseline(trained: dict[str, Any]) -> None:
    assert (trained["model"], trained["version"]) == (MODEL, 2)
    assert set(trained["evaluation"]) == {
        *(
            "stack",
            "lightgbm",
            "logistic_regression",
            "age_and_sex",
            "emergency_admissions_last_year",
            "hfrs",
            "charlson",
        ),
        "champion",
    }
    assert set(trained["left_out"]) == {"parr30", "ae_attendances_last_year"}
    for one in trained["evaluation"].values():
        assert 0.5 < one["auroc"] < 1
        assert 0 < one["brier"] < 0.25
    assert trained["rows"]["train"] > trained["rows"]["calibration"] > 0
    assert trained["rows"]["test"] == 0, "the registered version is made from the newest labels"
    assert all(origin["rows"]["test"] for origin in trained["origins"])


def test_every_row_of_the_cohort_has_a_reason(trained: dict[str, Any]) -> None:
    cohort = dict(trained["cohort"])
    candidates, eligible = cohort.pop("candidates"), cohort.pop("eligible")
    assert candidates - sum(cohort.values()) == eligible
    assert sum(trained["labels"].values()) == eligible


def test_training_again_gives_the_same_booster_and_figures(
    quick_workspace: Path, quick_training: Training, trained: dict[str, Any]
) -> None:
    again = quick_training(3)
    assert again["version"] == 3
    assert booster(quick_workspace, 3) == booster(quick_workspace, 2)
    assert figures(again) == figures(trained)


def test_what_sensitive_records_are_worth_is_measured_on_the_same_rows_where_asked(
    quick_training: Training, trained: dict[str, Any]
) -> None:
    assert "sensitive" not in trained
    found = quick_training(3)["sensitive"]
    assert found["in_score"] is False
    assert found["auroc_without"] == pytest.approx(trained["evaluation"]["stack"]["auroc"])
    assert found["auroc_with"] != found["auroc_without"], "sensitive records were not there the other way"
    assert found["difference"] == pytest.approx(found["auroc_with"] - found["auroc_without"])
    assert found["low"] <= found["difference"] <= found["high"]
    assert found["rows"] == trained["evaluation"]["stack"]["n"]
    assert set(found["at_capacity"]) == {"with", "without"}


def test_as_at_an_earlier_date_another_model_is_made(quick_workspace: Path, trained_earlier: dict[str, Any]) -> None:
    assert trained_earlier["as_at"] == EARLIER.isoformat()
    assert booster(quick_workspace, 4) != booster(quick_workspace, 2)


def test_as_at_an_earlier_date_only_what_was_known_then_counts(
    verb: Verb,
    quick_workspace: Path,
    trained_earlier: dict[str, Any],
    demo_workspace: Path,
    state_basis: Callable[[Path], None],
    tmp_path: Path,
) -> None:
    """A source from which everything known later was removed, or not yet settled, gives the same model bytes."""
    source = tmp_path / "as_it_was"
    assert _as_it_was(demo_workspace / "demo" / "borough", source) > 1000
    workspace = without_data_and_models(quick_workspace, tmp_path / "workspace")
    state_basis(workspace)
    done = verb("ingest", source, "-w", workspace, "--as-at", EARLIER)
    assert done.returncode == 0, done.stderr
    said = json.loads(verb("train", MODEL, "-w", workspace, "--json").stdout)
    assert said["labels"] == trained_earlier["labels"]
    before = trained_earlier["evaluation"]
    assert said["evaluation"] == {name: before[name] for name in before if name != "champion"}
    assert booster(workspace, 1) == booster(quick_workspace, 4)


def _as_it_was(source: Path, target: Path) -> int:
    """Writes the tables that a model is made from as they were known at EARLIER; gives the rows that this changed.

    Opt-outs stay as they are now: one that stands now removes a person from every index date, one that ended does not.
    """
    target.mkdir()
    people = pq.read_table(source / "people.parquet")
    unborn = people.filter(pc.greater(people["date_of_birth"], CUT))["patient_id"]
    changed = 0
    for name, schema in SCHEMAS.items():
        if name in ("caseload", "reviews", "statuses") or not (source / f"{name}.parquet").exists():
            continue
        table = pq.read_table(source / f"{name}.parquet")
        if name == "opt_outs":
            table = table.filter(pc.is_null(table["to_on"]))
        kept = table.filter(_known(table, schema.known, schema.event))
        if "patient_id" in kept.column_names:
            kept = kept.filter(pc.invert(pc.is_in(kept["patient_id"], unborn.combine_chunks())))
        if name == "people":
            kept = _unsettled(kept, "died_known_on", ("died_known_on", "date_of_death"))
            kept = _unsettled(kept, "care_home_from", ("care_home_from",))
        elif schema.settles:
            told = schema.settles.known if schema.settles.known in kept.column_names else schema.settles.date
            kept = _unsettled(kept, told, {told, *schema.settles.columns} & set(kept.column_names))
        pq.write_table(kept, target / f"{name}.parquet")
        changed += table.num_rows - kept.num_rows
    return changed


CUT = pa.scalar(EARLIER)


def _known(table: pa.Table, *dates: str | None) -> pa.ChunkedArray | pa.Array:
    """For each row whether it had happened and was known at EARLIER."""
    found = pa.array([True] * table.num_rows)
    for column in {*dates} & set(table.column_names):
        found = pc.and_(found, pc.fill_null(pc.less_equal(table[column], CUT), True))
    return found


def _unsettled(table: pa.Table, told: str, columns: Iterable[str]) -> pa.Table:
    """The table with `columns` empty in the rows in which `told` lies after EARLIER."""
    later = pc.fill_null(pc.greater(table[told], CUT), False)
    for column in columns:
        emptied = pc.if_else(later, pa.scalar(None, table[column].type), table[column])
        table = table.set_column(table.column_names.index(column), column, emptied)
    return table


@pytest.mark.exhaustive
def test_three_years_of_records_train_and_what_they_allow_is_said_in_numbers(
    verb: Verb, refused: Callable, quick_workspace: Path, tmp_path: Path
) -> None:
    workspace = shutil.copytree(quick_workspace, tmp_path / "workspace")
    begin = open_store(workspace / "data").records_from
    assert begin is not None
    done = verb("train", MODEL, "-w", workspace, "--as-at", begin + timedelta(days=1095))
    assert done.returncode == 0, done.stderr
    assert f"records from {begin} to {begin + timedelta(days=1095)} (1,095 days) are too short to keep" in done.stdout
    assert "tested on 1 of the 1 test dates asked for, trained on 2 of 2" in done.stdout
    assert "the newest training rows calibrate too, out of their folds" in done.stdout
    assert "each by a model that had not seen the person" in done.stdout
    shorter = verb("train", MODEL, "-w", workspace, "--as-at", begin + timedelta(days=800))
    assert "at least 880 days" in refused(shorter, 6)
    assert "a horizon of at most 325 days under [label]" in shorter.stderr


def test_too_few_people_to_learn_from_are_refused(
    verb: Verb, refused: Callable, quick_workspace: Path, tmp_path: Path
) -> None:
    assert verb("simulate", "--people", 100, "--seed", 8, "--out", tmp_path / "few").returncode == 0
    workspace = without_data_and_models(quick_workspace, tmp_path / "workspace")
    recipe = workspace / "training" / f"{MODEL}.toml"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("min_age = 18", "min_age = 95"), encoding="utf-8")
    assert verb("ingest", tmp_path / "few", "-w", workspace).returncode == 0
    assert "training rows" in refused(verb("train", MODEL, "-w", workspace), 8)
    assert json.loads(verb("models", "-w", workspace, "--json").stdout) == {"models": []}
