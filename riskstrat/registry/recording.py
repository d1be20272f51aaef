"""Keeping a trained model: its files, its MLflow runs, and the model's next version, registered and recorded."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from riskstrat import __version__
from riskstrat.errors import StorageError
from riskstrat.registry.records import RECORDED, build_version, find_recorded_versions
from riskstrat.registry.runs import Logged, log_run, log_test_dates, model_signature
from riskstrat.registry.store import ARTIFACTS, ARTIFACTS_ADDRESS, ModelVersion, opened
from riskstrat.scoring import RiskModel

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

MODEL, DATA, FILES, ORIGINS, EVIDENCE = "model", "riskstrat_model", "files", "origins", "evidence.json"
LOADER = "riskstrat.registry.pyfunc"
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens MLflow's page of a recipe on its runs; without it the page takes it for a chat."""

Logging = Callable[[str, Path, str], AbstractContextManager[None]]
"""Logs a deed around it, told the version, where its record will stand and the sha256 of that."""

NEEDED = ("lightgbm", "numpy", "pandas", "scipy")
"""What the loader imports besides riskstrat itself, in the versions at hand."""


def log_model(
    registry: Path,
    recipe_name: str,
    model: RiskModel,
    *,
    metrics: Mapping[str, float | None],
    params: Mapping[str, object],
    evidence: Mapping[str, object],
    origins: Mapping[str, RiskModel],
    papers: Callable[[int], Mapping[str, bytes | str]],
    logging: Logging,
) -> ModelVersion:
    """Keep `model` as the next version of `recipe_name`, and give that version.

    metrics without a value are left out. evidence is written whole to evidence.json, and what MLflow's pages show of it
    is logged beside. origins: the model of each tested origin by the day it was made on. papers: the files kept below
    files/, made once the number of the version is known. A version exists only once everything is written; `logging`
    is entered before it is registered and left when it is recorded. Raises StorageError if the registry cannot be
    written.
    """
    logged = Logged(recipe_name, model, metrics, params, evidence)
    with opened(registry) as client, tempfile.TemporaryDirectory() as scratch:
        _stage(Path(scratch), logged, origins)
        number = _find_next_version(client, registry, recipe_name)
        _write(Path(scratch) / FILES, papers(number))
        run = client.create_run(_open_experiment(client, registry, recipe_name), run_name=recipe_name)
        runs, folder = [run.info.run_id], registry / ARTIFACTS / recipe_name / run.info.run_id / "artifacts"
        with _undo_if_interrupted(client, runs, folder):
            # The place of MLflow's address below its artifacts destination; only its server could copy there itself.
            shutil.copytree(scratch, folder)
            log_run(client, run, logged)
            runs.extend(log_test_dates(client, run, logged))
            record = build_version(registry, ModelVersion(recipe_name, number, run.info.run_id), folder)
        with logging(f"{recipe_name} {number}", record.path, record.digest):
            with _undo_if_interrupted(client, runs, folder):
                version = _register(client, logged, run, number)
            # The version stands by now: should this fail, `reconcile` writes it next time.
            record.write()
        return version


@contextmanager
def _undo_if_interrupted(client: MlflowClient, runs: list[str], folder: Path) -> Iterator[None]:
    """What is interrupted in the block leaves no half-written model behind."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder.parent, ignore_errors=True)
        for each in runs:
            with suppress(Exception):
                client.delete_run(each)
        raise


def _stage(scratch: Path, logged: Logged, origins: Mapping[str, RiskModel]) -> None:
    """Write what the run keeps below one folder: the model as MLflow loads it, its evidence, the origins' models."""
    import mlflow

    logged.model.save(scratch / DATA)
    mlflow.pyfunc.save_model(
        path=str(scratch / MODEL),
        loader_module=LOADER,
        data_path=str(scratch / DATA),
        pip_requirements=[f"riskstrat=={__version__}", *(f"{name}=={metadata.version(name)}" for name in NEEDED)],
        signature=model_signature(logged.model),
        input_example=logged.example,
    )
    shutil.rmtree(scratch / DATA)
    text = json.dumps(logged.evidence, sort_keys=True, indent=1, ensure_ascii=False, default=str)
    (scratch / EVIDENCE).write_text(text + "\n", "utf-8")
    for name, one in origins.items():
        one.save(scratch / ORIGINS / name)


def _write(folder: Path, files: Mapping[str, bytes | str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _find_next_version(client: MlflowClient, registry: Path, recipe_name: str) -> int:
    """The number that MLflow will give the next version: versions count on, also after one that was deleted there."""
    if not client.search_registered_models(f"name = '{recipe_name}'"):
        return 1
    found = client.search_model_versions(f"name = '{recipe_name}'", max_results=1, order_by=["version_number DESC"])
    return max([0, *(int(each.version) for each in found), *find_recorded_versions(registry, recipe_name)]) + 1


def _open_experiment(client: MlflowClient, registry: Path, recipe_name: str) -> str:
    """The experiment of a recipe, made on first use; its artifacts have no path of this machine."""
    location = f"{ARTIFACTS_ADDRESS}{quote(recipe_name)}"
    found = client.get_experiment_by_name(recipe_name)
    if found is not None and found.artifact_location == location:
        return str(found.experiment_id)
    if found is not None:
        # An earlier riskstrat tied it to one place, which MLflow cannot change; its runs stay under another name.
        last = _find_next_version(client, registry, recipe_name) - 1
        client.rename_experiment(found.experiment_id, f"{recipe_name} until version {last}")
    return str(client.create_experiment(recipe_name, artifact_location=location, tags=KIND))


def _register(client: MlflowClient, logged: Logged, run: Run, number: int) -> ModelVersion:
    name, model, evidence = logged.name, logged.model, logged.evidence
    client.set_terminated(run.info.run_id, "FINISHED")
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=str(model.recipe.get("sentence", "")))
    tags = {
        "folder": "/".join((ARTIFACTS, name, run.info.run_id, "artifacts", MODEL, "data", DATA)),
        "definitions": model.definitions_hash,
        "trained_as_at": str(model.trained.get("as_at", "")),
        RECORDED: "yes",
    }
    made = client.create_model_version(
        name,
        f"{run.info.artifact_uri}/{MODEL}",
        run.info.run_id,
        tags=tags,
        description=str(evidence.get("verdict", "")),
        await_creation_for=0,
    )
    if int(made.version) != number:
        client.delete_model_version(name, made.version)
        raise StorageError(f"another run registered a version of {name} meanwhile; train again")
    return ModelVersion(name, number, run.info.run_id)
