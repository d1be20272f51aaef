"""Keeping a trained model: one MLflow run with its figures and files, registered as the model's next version."""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from riskstrat import __version__
from riskstrat.registry.store import ARTIFACTS, ModelVersion, artifacts_address, follow_the_folder, opened
from riskstrat.scoring import RiskModel

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

MODEL, DATA, FILES, ORIGINS, EVIDENCE = "model", "riskstrat_model", "files", "origins", "evidence.json"
LOADER = "riskstrat.registry.pyfunc"
NEEDED = ("lightgbm", "numpy", "pandas", "scipy")
"""What the loader imports besides riskstrat itself, in the versions at hand."""

AT_ONCE = 100
"""Figures that MLflow takes in one call."""

LONGEST = 500
"""Characters of a parameter that are kept; evidence.json holds the whole."""

Each = TypeVar("Each")


def log_model(
    registry: Path,
    recipe_name: str,
    model: RiskModel,
    *,
    metrics: Mapping[str, float | None],
    params: Mapping[str, Any],
    evidence: Mapping[str, Any],
    origins: Mapping[str, RiskModel],
    papers: Callable[[int], Mapping[str, bytes | str]],
) -> ModelVersion:
    """Keep `model` as the next version of `recipe_name`, and give that version.

    metrics without a value are left out. evidence is written whole to evidence.json. origins: the model of each tested
    origin by the day it was made on. papers: the files kept below files/, made once the number of the version is
    known. A version exists only once everything is written. Raises StorageError if the registry cannot be written.
    """
    with opened(registry) as client, tempfile.TemporaryDirectory() as scratch:
        follow_the_folder(registry)
        _stage(Path(scratch), model, evidence, origins)
        _write(Path(scratch) / FILES, papers(_next(client, recipe_name)))
        run = client.create_run(_experiment(client, registry, recipe_name), run_name=recipe_name)
        try:
            _log_figures(client, run, metrics, params)
            client.log_artifacts(run.info.run_id, scratch)
            return _register(client, recipe_name, model, run)
        except BaseException:
            # What was interrupted leaves no half-written model behind.
            shutil.rmtree(registry / ARTIFACTS / recipe_name / run.info.run_id, ignore_errors=True)
            with suppress(Exception):
                client.delete_run(run.info.run_id)
            raise


def _stage(scratch: Path, model: RiskModel, evidence: Mapping[str, Any], origins: Mapping[str, RiskModel]) -> None:
    """Write what the run keeps below one folder: the model as MLflow loads it, its evidence, the origins' models."""
    import mlflow

    model.save(scratch / DATA)
    mlflow.pyfunc.save_model(
        path=str(scratch / MODEL),
        loader_module=LOADER,
        data_path=str(scratch / DATA),
        pip_requirements=[f"riskstrat=={__version__}", *(f"{name}=={metadata.version(name)}" for name in NEEDED)],
    )
    shutil.rmtree(scratch / DATA)
    text = json.dumps(evidence, sort_keys=True, indent=1, ensure_ascii=False, default=str)
    (scratch / EVIDENCE).write_text(text + "\n", "utf-8")
    for name, one in origins.items():
        one.save(scratch / ORIGINS / name)


def _write(folder: Path, files: Mapping[str, bytes | str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _next(client: MlflowClient, recipe_name: str) -> int:
    """The number that MLflow will give the next version: versions count on, whatever was deleted."""
    if not client.search_registered_models(f"name = '{recipe_name}'"):
        return 1
    found = client.search_model_versions(f"name = '{recipe_name}'", max_results=1, order_by=["version_number DESC"])
    return int(found[0].version) + 1 if found else 1


def _experiment(client: MlflowClient, registry: Path, recipe_name: str) -> str:
    found = client.get_experiment_by_name(recipe_name)
    if found is not None:
        return str(found.experiment_id)
    location = f"{artifacts_address(registry)}/{quote(recipe_name)}"
    return str(client.create_experiment(recipe_name, artifact_location=location))


def _log_figures(
    client: MlflowClient, run: Run, metrics: Mapping[str, float | None], params: Mapping[str, Any]
) -> None:
    from mlflow.entities import Metric, Param

    at = run.info.start_time
    kept = {_allowed(name): value for name, value in metrics.items() if value is not None and math.isfinite(value)}
    for some in _parts([Metric(name, float(value), at, 0) for name, value in kept.items()]):
        client.log_batch(run.info.run_id, metrics=some)
    for few in _parts([Param(_allowed(name), str(value)[:LONGEST]) for name, value in params.items()]):
        client.log_batch(run.info.run_id, params=few)


def _register(client: MlflowClient, recipe_name: str, model: RiskModel, run: Run) -> ModelVersion:
    client.set_terminated(run.info.run_id, "FINISHED")
    if not client.search_registered_models(f"name = '{recipe_name}'"):
        client.create_registered_model(recipe_name)
    tags = {
        "folder": "/".join((ARTIFACTS, recipe_name, run.info.run_id, "artifacts", MODEL, "data", DATA)),
        "definitions": model.definitions_hash,
        "trained_as_at": str(model.trained.get("as_at", "")),
    }
    source = f"{run.info.artifact_uri}/{MODEL}"
    made = client.create_model_version(recipe_name, source, run.info.run_id, tags=tags, await_creation_for=0)
    return ModelVersion(recipe_name, int(made.version), run.info.run_id)


def _allowed(name: str) -> str:
    """The name as MLflow allows it."""
    return re.sub(r"[^\w\-. :/]", "_", name.replace("%", " percent"))


def _parts(whole: list[Each]) -> Iterator[list[Each]]:
    for first in range(0, len(whole), AT_ONCE):
        yield whole[first : first + AT_ONCE]
