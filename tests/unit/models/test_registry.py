"""registry: versions, the champion, refusals, and a folder that can be moved. No pickle, nothing printed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from riskstrat import registry as room
from riskstrat.errors import ModelError, StorageError
from riskstrat.registry import ModelVersion, champion, log_model, told
from riskstrat.registry.pyfunc import _load_pyfunc
from riskstrat.registry.store import opened
from riskstrat.registry.told import TOLD_FILE
from riskstrat.registry.versions import COLUMNS
from tests.suite.unlogged import do_unlogged

NAME = "emergency_admission_12m"
MODEL_FILES = ("booster.txt", "model.json")


VERDICT = "LightGBM does not beat logistic regression: AUROC 0.7100 against 0.7000."
EVIDENCE = {
    "verdict": VERDICT,
    "as_at": "2026-11-16",
    "store": "a" * 64,
    "test_dates": ["2025-09-02"],
    "registered": {
        "train_dates": ["2024-06-19"],
        "calibration_dates": ["2025-03-04"],
        "rows": {"train": 1000, "calibration": 200},
        "events": {"train": 100, "calibration": 20},
    },
    "models": {"lightgbm": {"auroc": 0.71, "yields": [{"label": "2%", "ppv": 0.5}]}, "charlson": {"auroc": 0.6}},
    "origins": [
        {
            "test_date": "2025-09-02",
            "made_on": "2025-06-30",
            "rows": {"test": 300},
            "events": {"test": 30},
            "models": {"lightgbm": {"auroc": 0.72, "ici": None}, "logistic_regression": {"auroc": 0.7}},
        }
    ],
}


def models(registry: Path) -> pd.DataFrame:
    """The rows of the registry as a table."""
    return pd.DataFrame(room.models(registry), columns=list(COLUMNS))


def keep(registry: Path, fitted, name: str = NAME, **changes) -> ModelVersion:
    given = {
        "metrics": {"auroc": 0.71, "ppv at 0.5%": 0.31, "slope": None, "ici": float("nan")},
        "params": {"rounds": 40, "note": "x" * 2000, "learner": {"leaves": 8}},
        "evidence": EVIDENCE,
        "origins": {"2025-06-30": fitted.model},
        "logging": do_unlogged,
        "papers": lambda number: {"card.md": f"# Version {number}\n", "charts/curve.png": b"\x89PNG"},
    }
    return log_model(registry, name, fitted.model, **(given | changes))


def promote(registry: Path, name: str, version: int | None = None) -> ModelVersion:
    """Promotion of a version by its number, as the verb does it once the gates are passed."""
    chosen = room.kept(registry, name, version)
    room.promote(registry, chosen)
    return chosen.version


def client_of(registry: Path):
    """MLflow's own client of a registry's database."""
    from mlflow import MlflowClient

    database = f"sqlite:///{registry.resolve().as_posix()}/mlflow.db"
    return MlflowClient(tracking_uri=database, registry_uri=database)


@contextmanager
def served(registry: Path) -> Iterator[str]:
    """The address of MLflow's own server on a registry, as registry/README.md starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", "sqlite:///mlflow.db"]
    command += ["--artifacts-destination", "artifacts", "--port", str(port), "--workers", "1"]
    # The consumers of its job queues are processes of their own, dearer than the server, and no page here asks them.
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=registry, env=environment, start_new_session=True, **quiet)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _wait_until_healthy(address: str, server: subprocess.Popen) -> None:
    for _ in range(3000):
        assert server.poll() is None, "the server ended"
        with suppress(OSError), urllib.request.urlopen(f"{address}/health") as answer:
            assert answer.status == 200
            return
        time.sleep(0.2)
    raise AssertionError("the server did not answer within ten minutes")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, fitted) -> Path:
    """A registry with two versions, none of them champion. Tests only read it."""
    registry = tmp_path_factory.mktemp("a site's workspace") / "registry"
    keep(registry, fitted)
    keep(registry, fitted, metrics={})
    return registry


def copy_of(kept: Path, to: Path) -> Path:
    """A registry of its own at a place that MLflow does not know of."""
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
    run_id = models(kept)["run_id"][0]
    run = client_of(kept).get_run(run_id)
    assert run.data.metrics == {
        "auroc": 0.71,
        "ppv at 0.5 percent": 0.31,
        "ppv at 2 percent": 0.5,
        "auroc/charlson": 0.6,
    }
    assert (run.data.params["rounds"], run.data.params["learner.leaves"]) == ("40", "8")
    assert len(run.data.params["note"]) == 500
    folder = kept / "artifacts" / NAME / run_id / "artifacts"
    assert json.loads((folder / "evidence.json").read_text()) == EVIDENCE
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
    assert found.evidence == EVIDENCE
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
    registry = copy_of(kept, tmp_path)
    room.promote(registry, room.kept(registry, NAME, 2), "by A. Analyst: a provider moved same-day care")
    tags = client_of(registry).get_model_version(NAME, "2").tags
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
    address = "mlflow-artifacts:/" + NAME
    assert {run.info.artifact_uri.rpartition("/")[0].rpartition("/")[0] for run in _runs(after)} == {address}


@pytest.mark.exhaustive
def test_in_its_own_server_mlflow_shows_and_loads_the_champion_of_a_folder_that_was_moved(
    kept: Path, tmp_path: Path, fitted, borough
) -> None:
    import mlflow

    (tmp_path / "new place").mkdir()
    registry = copy_of(kept, tmp_path / "old place").rename(tmp_path / "new place" / "registry")
    promote(registry, NAME)
    frame = borough.matrix.frame()[list(reversed(fitted.model.columns))]
    with served(registry) as address:
        mlflow.set_tracking_uri(address)
        mlflow.set_registry_uri(address)
        loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
        card = mlflow.artifacts.load_text(f"runs:/{models(registry)['run_id'][1]}/files/card.md")
    assert (loaded.predict(frame) == fitted.model.risk(borough.matrix)).all()
    assert (loaded.predict(frame.astype("Float64")) == fitted.model.risk(borough.matrix)).all()
    assert [column.name for column in loaded.metadata.signature.inputs] == list(fitted.model.columns)
    assert [column.name for column in loaded.metadata.signature.outputs] == ["risk"]
    assert card == "# Version 2\n"
    assert len(loaded.input_example) == 1


def _runs(registry: Path) -> list:
    client = client_of(registry)
    return list(client.search_runs([client.get_experiment_by_name(NAME).experiment_id]))


def test_each_test_date_has_a_run_of_its_own_below_the_versions(kept: Path) -> None:
    run_id = models(kept)["run_id"][0]
    (child,) = [run for run in _runs(kept) if run.data.tags.get("mlflow.parentRunId") == run_id]
    assert child.info.run_name == "test date 2025-09-02"
    assert child.data.metrics == {"auroc": 0.72, "auroc/logistic_regression": 0.7}
    assert child.data.params == {"test_date": "2025-09-02", "made_on": "2025-06-30"}
    (data,) = child.inputs.dataset_inputs
    assert data.tags[0].value == "test"
    assert json.loads(data.dataset.profile) == {"num_rows": 300, "num_events": 30}


def test_the_verdict_and_the_data_it_was_made_from_stand_with_the_version(kept: Path) -> None:
    client, runs = client_of(kept), models(kept)["run_id"]
    assert client.get_model_version(NAME, "1").description == VERDICT
    one, two = (client.get_run(run_id) for run_id in runs)
    assert VERDICT in one.data.tags["mlflow.note.content"]
    said = {each.tags[0].value: each.dataset for each in one.inputs.dataset_inputs}
    assert set(said) == {"training", "calibration"}
    assert said["training"].name == "training rows"
    assert json.loads(said["training"].source)["index_dates"] == ["2024-06-19"]
    digests = [{each.dataset.digest for each in run.inputs.dataset_inputs} for run in (one, two)]
    assert digests[0] == digests[1], "the same rows have the same digest"
    assert len(digests[0]) == 2


def test_the_example_is_one_made_up_row_halfway_between_the_ends_of_each_column(kept: Path, fitted) -> None:
    folder = room.kept(kept, NAME, 1).folder
    example = json.loads((folder / "model/input_example.json").read_text())
    assert example["columns"] == list(fitted.model.columns)
    (row,) = example["data"]
    assert all(value == int(value) for value in row)


def test_nothing_logged_names_a_place_of_this_machine(kept: Path) -> None:
    """Not the database either: an address of MLflow starts below the folder, wherever that lies."""
    places = [str(kept).encode(), str(Path.cwd()).encode(), str(Path.home()).encode() + b"/", b"file:///"]
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert [(path.name, place) for path in files for place in places if place in path.read_bytes()] == []


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
    registry = copy_of(kept, tmp_path)
    copied = shutil.copytree

    def full_disk(src, dst, *others, **options) -> None:
        copied(src, dst, *others, **options)
        if Path(dst).is_relative_to(registry):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("riskstrat.registry.recording.shutil.copytree", full_disk)
    with pytest.raises(StorageError, match=r"No space left on device.*; make room"):
        keep(registry, fitted)
    assert models(registry)["version"].tolist() == [1, 2]
    assert {path.name for path in (registry / "artifacts" / NAME).iterdir()} == {"versions", *models(kept)["run_id"]}
    assert len(_runs(registry)) == 4, "the two versions and their test dates"


def test_a_run_that_fails_at_its_last_step_leaves_none_either(
    kept: Path, tmp_path: Path, fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    def locked(*given, **named) -> None:
        raise OSError(28, "No space left on device")

    registry = copy_of(kept, tmp_path)
    monkeypatch.setattr(MlflowClient, "create_model_version", locked)
    with pytest.raises(StorageError, match="make room"):
        keep(registry, fitted)
    monkeypatch.undo()
    assert len(_runs(registry)) == 4, "nor the run of a test date"
    assert keep(registry, fitted).version == 3


def test_a_version_that_was_registered_but_not_recorded_is_recorded_later(
    kept: Path, tmp_path: Path, fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*given) -> None:
        raise OSError(28, "No space left on device")

    registry = copy_of(kept, tmp_path)
    monkeypatch.setattr("riskstrat.registry.records.Written.write", full_disk)
    with pytest.raises(StorageError, match="make room"):
        keep(registry, fitted)
    monkeypatch.undo()
    client_of(registry).set_registered_model_alias(NAME, "champion", "3")
    assert len(room.reconcile(registry)) == 1, "an alias alone makes it no champion"
    assert room.kept(registry, NAME).version.version == 3
    assert room.champion_version(registry, NAME) is None


@contextmanager
def _without_mlflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where nobody may open MLflow."""

    def refuse(registry: Path) -> None:
        raise AssertionError("MLflow is opened")

    with monkeypatch.context() as patched:
        patched.setattr("riskstrat.registry.told.opened", refuse)
        yield


def test_mlflow_is_not_asked_again_while_its_database_is_as_it_was(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    first = (room.models(registry), room.reconcile(registry))
    with _without_mlflow(monkeypatch):
        assert (room.models(registry), room.reconcile(registry)) == first
        promoted = room.kept(registry, NAME, 2).champion_record(registry)
        promoted.write()
        assert models(registry)["alias"].tolist() == ["", "champion"], "records are read, and never kept"


def test_what_is_registered_while_mlflow_is_asked_is_not_missed_afterwards(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = copy_of(kept, tmp_path)
    (registry / TOLD_FILE).unlink(missing_ok=True)
    tell = told._tell_aliases

    def tell_and_register(client: MlflowClient) -> Mapping[str, int]:
        found = tell(client)
        client_of(registry).set_model_version_tag(NAME, "1", "trained_as_at", "2020-02-02")
        return found

    monkeypatch.setattr(told, "_tell_aliases", tell_and_register)
    told.ask_mlflow(registry)
    assert not (registry / TOLD_FILE).exists()


def test_mlflow_is_asked_again_after_any_change_of_its_database(kept: Path, tmp_path: Path) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    assert room.reconcile(registry) == ()
    client = client_of(registry)
    client.set_registered_model_alias(NAME, "champion", "2")
    assert "version 2" in room.reconcile(registry)[0]
    client.set_model_version_tag(NAME, "2", "trained_as_at", "2020-02-02")
    assert models(registry)["trained_as_at"].tolist() == ["2026-11-01", "2020-02-02"]
    client.log_metric(models(registry)["run_id"][0], "auroc", 0.5)
    assert models(registry)["auroc"][0] == 0.5
    client.delete_model_version(NAME, "1")
    assert models(registry)["version"].tolist() == [2]


@pytest.mark.parametrize("damage", ["{}", "[", '{"format": 1}', None])
def test_what_is_kept_of_mlflow_and_was_damaged_is_made_again(kept: Path, tmp_path: Path, damage: str | None) -> None:
    registry = copy_of(kept, tmp_path)
    right = room.models(registry)
    file = registry / TOLD_FILE
    text = file.read_text()
    file.write_text(text.replace("0.71", "0.99") if damage is None else damage)
    assert room.models(registry) == right
    assert file.read_text() == text


@pytest.mark.parametrize("end", ["-journal", "-wal"])
def test_a_database_that_is_being_written_is_always_asked(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    registry = copy_of(kept, tmp_path)
    room.models(registry)
    (registry / f"mlflow.db{end}").touch()
    with _without_mlflow(monkeypatch), pytest.raises(AssertionError, match="MLflow is opened"):
        room.models(registry)


def test_the_number_of_a_version_that_was_deleted_in_mlflow_is_not_given_again(
    kept: Path, tmp_path: Path, fitted
) -> None:
    registry = copy_of(kept, tmp_path)
    client_of(registry).delete_model_version(NAME, "2")
    made = keep(registry, fitted)
    assert made.version == 3
    assert room.kept(registry, NAME, 3).papers["card.md"] == b"# Version 3\n"


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("a spreadsheet, say" * 100)
    with pytest.raises(StorageError, match="is not a registry's database, or is damaged; restore it"):
        models(tmp_path)


def test_a_first_run_that_is_killed_leaves_no_half_made_database(tmp_path: Path, monkeypatch) -> None:
    import riskstrat.registry.store as store

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_bytes", killed)
    with pytest.raises(KeyboardInterrupt), store.opened(tmp_path):
        pass
    assert not (tmp_path / "mlflow.db").exists()


def test_the_registry_prints_nothing_and_sets_no_telemetry_and_no_pickle(kept: Path, tmp_path: Path) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    script = (
        "import sys, os; from pathlib import Path; from riskstrat.registry import champion, kept, promote\n"
        f"registry = Path(sys.argv[1]); champion(registry, '{NAME}'); version = kept(registry, '{NAME}')\n"
        "assert 'mlflow' not in sys.modules\n"
        "promote(registry, version)\n"
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


def as_an_earlier_riskstrat_left_it(kept: Path, to: Path, champion: int | None) -> Path:
    """A registry without records, whose versions do not say that they have any; the alias is all there is."""
    registry = copy_of(kept, to)
    shutil.rmtree(registry / "artifacts" / NAME / "versions")
    client = client_of(registry)
    for number in ("1", "2"):
        client.delete_model_version_tag(NAME, number, "recorded")
    if champion:
        client.set_registered_model_alias(NAME, "champion", str(champion))
    return registry


def test_a_registry_of_before_there_were_records_is_refused_until_models_has_written_them(
    kept: Path, tmp_path: Path, fitted
) -> None:
    registry = as_an_earlier_riskstrat_left_it(kept, tmp_path, champion=1)
    for asked in (champion, room.kept):
        with pytest.raises(ModelError, match=f'no version of {NAME} is recorded; run "riskstrat models", which'):
            asked(registry, NAME)
    assert room.reconcile(registry) == ()
    assert champion(registry, NAME) == (fitted.model, ModelVersion(NAME, 1, models(kept)["run_id"][0]))
    assert room.kept(registry, NAME, 2).evidence == EVIDENCE
    assert models(registry)["alias"].tolist() == ["champion", ""]


def test_the_next_version_of_such_a_registry_can_be_moved(kept: Path, tmp_path: Path, fitted) -> None:
    """An earlier riskstrat tied an experiment to one place; it keeps its runs under another name."""
    registry = tmp_path / "registry"
    registry.mkdir()
    with opened(registry) as client:
        old = client.create_experiment(NAME, artifact_location=(registry / "artifacts" / NAME).as_uri())
    keep(registry, fitted)
    assert client_of(registry).get_experiment(old).name == f"{NAME} until version 0"
    assert {run.info.artifact_uri.partition(":")[0] for run in _runs(registry)} == {"mlflow-artifacts"}


def test_an_alias_set_in_mlflow_changes_no_list_and_is_named_with_what_to_do(
    kept: Path, tmp_path: Path, fitted
) -> None:
    registry = copy_of(kept, tmp_path)
    client = client_of(registry)
    client.set_registered_model_alias(NAME, "champion", "2")
    assert room.reconcile(registry) == (
        f"MLflow's alias names {NAME} version 2 champion, but nobody promoted it here, so no list is made with it; run "
        f'"riskstrat promote {NAME} 2" to hold it against its gates and use it',
    )
    with pytest.raises(ModelError, match=f"no champion for {NAME}"):
        champion(registry, NAME)
    promote(registry, NAME, 1)
    assert room.reconcile(registry) == ()
    client.set_registered_model_alias(NAME, "champion", "2")
    (line,) = room.reconcile(registry)
    assert line.startswith(
        f"lists of {NAME} are made with version 1, but MLflow's alias names version 2 champion; run "
    )
    assert champion(registry, NAME)[1].version == 1
    client.delete_registered_model_alias(NAME, "champion")
    (line,) = room.reconcile(registry)
    assert line.endswith(
        f'but MLflow\'s alias names no champion; run "riskstrat promote {NAME} 1" to set the alias back'
    )
    promote(registry, NAME, 1)
    assert room.reconcile(registry) == ()


def test_a_champion_that_was_deleted_in_mlflow_is_named_and_not_promoted_again(kept: Path, tmp_path: Path) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    client_of(registry).delete_model_version(NAME, "1")
    assert room.reconcile(registry) == (
        f"lists of {NAME} are made with version 1, which MLflow no longer has; promote one that it has: 2",
    )
    with pytest.raises(ModelError, match=f"MLflow no longer has {NAME} version 1; it has: 2"):
        promote(registry, NAME, 1)


def _damage(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"2", b"3"))


def test_a_damaged_record_is_refused_and_models_writes_it_again(kept: Path, tmp_path: Path, fitted) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    _damage(registry / "artifacts" / NAME / "versions" / "1.json")
    with pytest.raises(ModelError, match=f"the record of {NAME} version 1 is damaged; restore 1.json, or run"):
        champion(registry, NAME)
    room.reconcile(registry)
    assert champion(registry, NAME)[0] == fitted.model
    _damage(registry / "artifacts" / NAME / "champion.json")
    with pytest.raises(ModelError, match=f'damaged; restore champion.json, or run "riskstrat promote {NAME}" again'):
        champion(registry, NAME)
    promote(registry, NAME, 1)
    assert champion(registry, NAME)[0] == fitted.model


@pytest.mark.parametrize("name", ["versions/1.json", "champion.json"])
def test_a_record_of_another_format_is_refused(kept: Path, tmp_path: Path, name: str) -> None:
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    path = registry / "artifacts" / NAME / name
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(ModelError, match="is of format 2, this version of riskstrat reads 1; run"):
        champion(registry, NAME)


def test_files_changed_since_they_were_registered_are_refused(kept: Path, tmp_path: Path, fitted) -> None:
    """Also a model whose own digests are in order: the record knows which model was promoted."""
    registry = copy_of(kept, tmp_path)
    promote(registry, NAME, 1)
    version = room.kept(registry, NAME, 1)
    (version.folder / "files/card.md").write_text("# Version 99\n")
    with pytest.raises(ModelError, match=r"card\.md of .* version 1 is missing or was changed since it was registered"):
        _ = version.papers
    other = replace(fitted.model, trained={**fitted.model.trained, "as_at": "1999-01-01"})
    other.save(version.folder / "model/data/riskstrat_model")
    with pytest.raises(ModelError, match=r"is damaged; restore its files from a backup"):
        champion(registry, NAME)
    # Recording it anew does not make it what was promoted.
    (registry / "artifacts" / NAME / "versions/1.json").unlink()
    (line,) = room.reconcile(registry)
    assert line.startswith(f"{NAME} version 1 is no longer what was promoted: its record has changed since; restore it")
    assert models(registry)["alias"].tolist() == ["", ""]
    with pytest.raises(ModelError, match=f"{NAME} version 1 is no longer what was promoted"):
        champion(registry, NAME)
