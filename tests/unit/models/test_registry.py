"""registry: versions, the champion, refusals, and a folder that can be moved. No pickle, nothing printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from riskstrat import registry as room
from riskstrat.errors import ModelError, StorageError
from riskstrat.registry import ModelVersion, champion, log_model, models
from riskstrat.registry.pyfunc import _load_pyfunc

NAME = "emergency_admission_12m"
MODEL_FILES = ("booster.txt", "model.json")


def keep(registry: Path, fitted, name: str = NAME, **changes) -> ModelVersion:
    given = {
        "metrics": {"auroc": 0.71, "ppv at 0.5%": 0.31, "slope": None, "ici": float("nan")},
        "params": {"rounds": 40, "note": "x" * 2000},
        "evidence": {"rows": {"train": 1000}},
        "origins": {"2025-06-30": fitted.model},
        "papers": lambda number: {"card.md": f"# Version {number}\n", "charts/curve.png": b"\x89PNG"},
    }
    return log_model(registry, name, fitted.model, **(given | changes))


def promote(registry: Path, name: str, version: int | None = None) -> ModelVersion:
    """Promotion of a version by its number, as the verb does it once the gates are passed."""
    chosen = room.kept(registry, name, version)
    room.promote(registry, chosen)
    return chosen.version


def pyfunc_of(registry: Path, address: str):
    """The model as another program that knows only MLflow would load it."""
    import mlflow

    database = f"sqlite:///{registry.resolve().as_posix()}/mlflow.db"
    mlflow.set_tracking_uri(database)
    mlflow.set_registry_uri(database)
    return mlflow.pyfunc.load_model(address)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, fitted) -> Path:
    """A registry with two versions, none of them champion. Tests only read it."""
    registry = tmp_path_factory.mktemp("a site's workspace") / "registry"
    keep(registry, fitted)
    keep(registry, fitted, metrics={})
    return registry


def copy_of(kept: Path, to: Path) -> Path:
    """A registry of its own at a place that MLflow does not know of."""
    import shutil

    return Path(shutil.copytree(kept, to / "registry"))


def test_each_version_has_one_row(kept: Path, fitted) -> None:
    table = models(kept)
    assert table.drop(columns="run_id").to_dict("records") == [
        {
            "model": NAME,
            "version": number,
            "alias": "",
            "trained_as_at": "2026-11-01",
            "auroc": pytest.approx(auroc, nan_ok=True),
            "definitions": fitted.model.definitions_hash[:12],
        }
        for number, auroc in ((1, 0.71), (2, np.nan))
    ]
    assert table["run_id"].nunique() == 2


def test_nothing_trained_gives_no_rows_and_makes_nothing(tmp_path: Path) -> None:
    assert models(tmp_path / "registry").empty
    assert list(tmp_path.iterdir()) == []


def test_the_run_keeps_figures_settings_evidence_and_papers(kept: Path) -> None:
    from mlflow import MlflowClient

    run_id = models(kept)["run_id"][0]
    run = MlflowClient(tracking_uri=f"sqlite:///{kept.as_posix()}/mlflow.db").get_run(run_id)
    assert run.data.metrics == {"auroc": 0.71, "ppv at 0.5 percent": 0.31}
    assert run.data.params["rounds"] == "40"
    assert len(run.data.params["note"]) == 500
    folder = kept / "artifacts" / NAME / run_id / "artifacts"
    assert json.loads((folder / "evidence.json").read_text()) == {"rows": {"train": 1000}}
    assert (folder / "files/charts/curve.png").read_bytes() == b"\x89PNG"
    assert [
        (kept / "artifacts" / NAME / each / "artifacts/files/card.md").read_text() for each in models(kept)["run_id"]
    ] == [
        "# Version 1\n",
        "# Version 2\n",
    ]


def test_what_is_kept_of_a_version_is_given_back(kept: Path, fitted) -> None:
    found = room.kept(kept, NAME, 1)
    assert found.version == ModelVersion(NAME, 1, models(kept)["run_id"][0])
    assert found.evidence == {"rows": {"train": 1000}}
    assert found.papers == {"card.md": b"# Version 1\n", "charts/curve.png": b"\x89PNG"}
    assert found.origins() == {"2025-06-30": fitted.model}
    assert room.kept(kept, NAME).version.version == 2


def test_evidence_that_cannot_be_read_is_refused(kept: Path, tmp_path: Path) -> None:
    registry = copy_of(kept, tmp_path)
    (room.kept(registry, NAME, 1).folder / "evidence.json").write_text("{")
    with pytest.raises(ModelError, match=r"the evidence of .* version 1 is missing or damaged; restore evidence\.json"):
        room.kept(registry, NAME, 1)


def test_the_number_of_the_champion_is_none_before_there_is_one(kept: Path, tmp_path: Path) -> None:
    assert room.champion_version(tmp_path / "nothing", NAME) is None
    registry = copy_of(kept, tmp_path)
    assert room.champion_version(registry, NAME) is None
    promote(registry, NAME, 1)
    assert room.champion_version(registry, NAME) == 1


def test_an_override_is_kept_with_the_version(kept: Path, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    registry = copy_of(kept, tmp_path)
    room.promote(registry, room.kept(registry, NAME, 2), "by A. Analyst: a provider moved same-day care")
    client = MlflowClient(registry_uri=f"sqlite:///{registry.as_posix()}/mlflow.db")
    tags = client.get_model_version(NAME, "2").tags
    assert tags["promoted_over_gates"] == "by A. Analyst: a provider moved same-day care"


def test_the_same_model_is_kept_with_the_same_bytes_and_no_pickle(kept: Path) -> None:
    one, two = (kept / "artifacts" / NAME / run_id / "artifacts/model" for run_id in models(kept)["run_id"])
    for name in MODEL_FILES:
        assert (one / "data/riskstrat_model" / name).read_bytes() == (two / "data/riskstrat_model" / name).read_bytes()
    assert [path for path in kept.rglob("*") if path.suffix in (".pkl", ".pickle", ".cloudpickle")] == []
    assert "loader_module: riskstrat.registry.pyfunc" in (one / "MLmodel").read_text()
    requirements = (one / "requirements.txt").read_text().split()
    assert all("==" in line for line in requirements)
    assert {line.split("==")[0] for line in requirements} >= {"riskstrat", "lightgbm", "numpy", "pandas"}


def test_there_is_no_champion_before_promotion(kept: Path) -> None:
    with pytest.raises(ModelError) as refused:
        champion(kept, NAME)
    assert str(refused.value) == f'no champion for {NAME}; run "riskstrat promote {NAME}"'


def test_promotion_takes_the_latest_version_or_the_one_named(kept: Path, tmp_path: Path, fitted) -> None:
    registry = copy_of(kept, tmp_path)
    runs = models(registry)["run_id"]
    assert promote(registry, NAME) == ModelVersion(NAME, 2, runs[1])
    assert promote(registry, NAME, 1) == ModelVersion(NAME, 1, runs[0])
    model, version = champion(registry, NAME)
    assert model == fitted.model
    assert version == ModelVersion(NAME, 1, runs[0])
    assert models(registry)["alias"].tolist() == ["champion", ""]


def test_a_version_or_model_that_does_not_exist_is_refused_by_naming_those_that_do(kept: Path) -> None:
    with pytest.raises(ModelError, match=f"{NAME} has no version 7; it has: 1, 2"):
        promote(kept, NAME, 7)
    with pytest.raises(ModelError) as refused:
        champion(kept, "emergency_admision_12m")
    assert str(refused.value) == (
        f'no model named "emergency_admision_12m"; the registry has {NAME}; did you mean "{NAME}"? '
        'Or run "riskstrat train emergency_admision_12m" to make one'
    )
    with pytest.raises(ModelError, match='run "riskstrat train falls" to make one'):
        promote(kept, "falls")


@pytest.mark.parametrize("asked", [champion, promote])
def test_before_anything_was_trained_the_two_next_commands_are_named(tmp_path: Path, asked) -> None:
    with pytest.raises(ModelError, match=f'run "riskstrat train {NAME}", then "riskstrat promote {NAME}"'):
        asked(tmp_path / "registry", NAME)
    assert list(tmp_path.iterdir()) == []


def test_models_of_two_recipes_have_versions_and_champions_of_their_own(kept: Path, tmp_path: Path, fitted) -> None:
    registry = copy_of(kept, tmp_path)
    other = replace(fitted.model, recipe={**fitted.model.recipe, "name": "emergency_readmission_30d"})
    made = keep(registry, replace(fitted, model=other), "emergency_readmission_30d")
    assert made.version == 1
    promote(registry, NAME)
    promote(registry, "emergency_readmission_30d")
    assert models(registry)[["model", "version", "alias"]].values.tolist() == [
        [NAME, 1, ""],
        [NAME, 2, "champion"],
        ["emergency_readmission_30d", 1, "champion"],
    ]
    assert champion(registry, "emergency_readmission_30d")[0].name == "emergency_readmission_30d"


def test_a_moved_folder_keeps_its_champion_and_takes_new_versions(kept: Path, tmp_path: Path, fitted, borough) -> None:
    before = copy_of(kept, tmp_path / "old place")
    promote(before, NAME, 1)
    (tmp_path / "new place").mkdir()
    after = before.rename(tmp_path / "new place" / "registry")
    assert champion(after, NAME)[0] == fitted.model
    assert keep(after, fitted).version == 3
    assert promote(after, NAME).version == 3
    assert not before.exists()
    assert models(after)["version"].tolist() == [1, 2, 3]
    for number in (1, 3):
        loaded = pyfunc_of(after, f"models:/{NAME}/{number}")
        assert (loaded.predict(borough.matrix.frame()) == fitted.model.risk(borough.matrix)).all()


def test_mlflow_alone_loads_the_champion_and_predicts_the_risk(kept: Path, tmp_path: Path, fitted, borough) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME)
    loaded = pyfunc_of(registry, f"models:/{NAME}@champion")
    frame = borough.matrix.frame()[list(reversed(fitted.model.columns))]
    assert (loaded.predict(frame) == fitted.model.risk(borough.matrix)).all()
    assert (loaded.predict(frame.astype("Float64")) == fitted.model.risk(borough.matrix)).all()


def test_the_plain_function_refuses_absent_and_wordy_columns(fitted, borough, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    scorer, frame = _load_pyfunc(str(tmp_path)), borough.matrix.frame()
    with pytest.raises(ModelError, match="the matrix lacks falls_365d that"):
        scorer.predict(frame.drop(columns="falls_365d"))
    with pytest.raises(ModelError, match="takes numbers"):
        scorer.predict(frame.assign(age="old"))


def test_a_version_whose_files_are_gone_is_neither_promoted_nor_used(kept: Path, tmp_path: Path) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    runs = models(registry)["run_id"]
    for run_id in runs:
        (registry / "artifacts" / NAME / run_id / "artifacts/model/data/riskstrat_model/model.json").unlink()
    with pytest.raises(ModelError, match=r"has no model\.json; restore"):
        promote(registry, NAME, 2)
    with pytest.raises(ModelError, match=r"has no model\.json; restore"):
        champion(registry, NAME)
    assert models(registry)["alias"].tolist() == ["champion", ""]


def test_a_run_that_fails_leaves_no_version_and_no_files(
    kept: Path, tmp_path: Path, fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    registry = copy_of(kept, tmp_path)
    copied = MlflowClient.log_artifacts

    def full_disk(self, *given) -> None:
        copied(self, *given)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MlflowClient, "log_artifacts", full_disk)
    with pytest.raises(StorageError, match=r"No space left on device.*; make room"):
        keep(registry, fitted)
    assert models(registry)["version"].tolist() == [1, 2]
    assert len(list((registry / "artifacts" / NAME).iterdir())) == 2


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("a spreadsheet, say" * 100)
    with pytest.raises(StorageError, match="is not a registry's database; restore it"):
        models(tmp_path)


def test_a_first_run_that_is_killed_leaves_no_half_made_database(tmp_path: Path, monkeypatch) -> None:
    import riskstrat.registry.store as store

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.shutil, "copyfile", killed)
    with pytest.raises(KeyboardInterrupt), store.opened(tmp_path):
        pass
    assert not (tmp_path / "mlflow.db").exists()


def test_the_registry_prints_nothing_and_sets_no_telemetry_and_no_pickle(kept: Path, tmp_path: Path) -> None:
    registry = copy_of(kept, tmp_path)
    script = (
        "import sys, os; from pathlib import Path; from riskstrat.registry import champion, kept, promote\n"
        "assert 'mlflow' not in sys.modules\n"
        f"promote(Path(sys.argv[1]), kept(Path(sys.argv[1]), '{NAME}')); champion(Path(sys.argv[1]), '{NAME}')\n"
        "assert os.environ['MLFLOW_DISABLE_TELEMETRY'] == 'true'\n"
        "assert os.environ['MLFLOW_ALLOW_PICKLE_DESERIALIZATION'] == 'false'\n"
        "from mlflow.telemetry import get_telemetry_client; assert get_telemetry_client() is None\n"
    )
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", script, str(registry)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["registry"]
