"""What MLflow's pages show of a version: signature and example, figures beside the baselines', test dates, data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from riskstrat.definitions.baselines import find_own
from riskstrat.scoring import RiskModel
from riskstrat.storage import compute_digest

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run
    from mlflow.models import ModelSignature

AT_ONCE = 100
"""Figures that MLflow takes in one call."""

LONGEST = 500
"""Characters of a parameter that are kept; evidence.json holds the whole."""

DIGEST_LENGTH = 32
"""Characters of a digest of data; MLflow takes 36."""

SHOWN = (
    *("auroc", "auprc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope"),
    *("calibration_intercept", "ici", "e90"),
)
"""Figures of a test date, and of a baseline beside the model's own; evidence.json holds the rest."""

SLICES = {"train": "training", "calibration": "calibration", "test": "test"}
"""What MLflow's pages call the use of a slice of rows."""

Each = TypeVar("Each")
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Logged:
    """A trained model on its way into the registry: its name, figures, settings and evidence."""

    name: str
    model: RiskModel
    metrics: Figures
    params: Mapping[str, Any]
    evidence: Mapping[str, Any]

    @property
    def example(self) -> pd.DataFrame:
        """One made-up row: of each column the whole number halfway between the least and greatest trained on."""
        import pandas as pd

        ends = re.search(r"^feature_infos=(.*)$", self.model.booster_text, re.MULTILINE)
        infos = ends[1].split(" ") if ends else []
        halfway = dict(zip(self.model.columns, map(_compute_midpoint, infos), strict=False))
        return pd.DataFrame([{name: halfway.get(name, 0.0) for name in self.model.columns}])


def _compute_midpoint(info: str) -> float:
    """Of LightGBM's own `[least:greatest]` of a column; 0 for one that no tree can use."""
    found = re.fullmatch(r"\[([^:]+):([^:]+)\]", info)
    return float(math.floor((float(found[1]) + float(found[2])) / 2)) if found else 0.0


def model_signature(model: RiskModel) -> ModelSignature:
    """A number for each column of the model, in its order; a risk (0 to 1) for each row."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("double", name) for name in model.columns])
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double", "risk")]))


def log_run(client: MlflowClient, run: Run, logged: Logged) -> None:
    """Log the version's own run: figures of all test dates together, settings, the data it was made from."""
    evidence = logged.evidence
    every = evidence.get("models", {})
    figures = _add_baseline_figures({**logged.metrics, **_collect_yields(every.get(find_own(every), {}))}, every)
    tags = {
        "mlflow.note.content": _format_note(logged),
        "mlflow.source.name": f"riskstrat train {logged.name}",
        "definitions": logged.model.definitions_hash,
    }
    _log(client, run, figures, dict(_flatten_params(logged.params)), tags)
    made_from = evidence.get("registered", {})
    slices = [name for name in ("train", "calibration") if made_from.get("rows", {}).get(name)]
    client.log_inputs(run.info.run_id, [_build_dataset_input(logged, name, made_from) for name in slices])


def log_test_dates(client: MlflowClient, run: Run, logged: Logged) -> Iterator[str]:
    """Log a run below the version's own for each test date: figures, data; give the id of each before it is filled."""
    for one in logged.evidence.get("origins", ()):
        name = str(one["test_date"])
        tags = {"mlflow.parentRunId": run.info.run_id}
        child = client.create_run(run.info.experiment_id, run.info.start_time, tags, run_name=f"test date {name}")
        yield child.info.run_id
        every = one.get("models", {})
        figures = _add_baseline_figures(_select_figures(every.get(find_own(every), {})), every)
        _log(client, child, figures, {"test_date": name, "made_on": one.get("made_on")}, {})
        client.log_inputs(child.info.run_id, [_build_dataset_input(logged, "test", one)])
        client.set_terminated(child.info.run_id, "FINISHED")


def _format_note(logged: Logged) -> str:
    """The verdict, and what the figures of the run are figures of, for the head of its page."""
    evidence = logged.evidence
    dates = ", ".join(evidence.get("test_dates", ())) or "people held out"
    parts = (evidence.get("verdict", ""), f"Figures: all test dates together ({dates}); a run below for each.")
    return "\n\n".join(part for part in parts if part)


def _select_figures(figures: Mapping[str, Any]) -> Figures:
    return {**{name: figures.get(name) for name in SHOWN}, **_collect_yields(figures)}


def _collect_yields(figures: Mapping[str, Any]) -> Figures:
    """The PPV of lists of each length."""
    return {f"ppv at {one['label']}": one["ppv"] for one in figures.get("yields", ())}


def _add_baseline_figures(own: Figures, every: Mapping[str, Mapping[str, object]]) -> Figures:
    """The model's figures, each followed by the same figure of each baseline, such as auroc and auroc/charlson."""
    baselines = {name: _select_figures(found) for name, found in every.items() if name != find_own(every)}
    beside: dict[str, float | None] = {}
    for figure, value in own.items():
        beside[figure] = value
        beside |= {f"{figure}/{name}": found[figure] for name, found in baselines.items() if figure in found}
    return beside


def _build_dataset_input(logged: Logged, name: str, made: Mapping[str, Any]) -> DatasetInput:
    """The rows of one slice as MLflow keeps them: how many, on which index dates, out of which state of the store."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    evidence = logged.evidence
    dates = [made["test_date"]] if name == "test" else made.get(f"{name}_dates", [])
    source = {
        "store": evidence.get("store"),
        "as_at": made.get("made_on", evidence.get("as_at")),
        "index_dates": dates,
        "definitions": logged.model.definitions_hash,
    }
    profile = {"num_rows": made["rows"][name], "num_events": made["events"][name]}
    signature = model_signature(logged.model)
    dataset = Dataset(
        name=f"{SLICES[name]} rows",
        digest=compute_digest(json.dumps([name, source], sort_keys=True).encode())[:DIGEST_LENGTH],
        source_type="riskstrat",
        source=json.dumps(source),
        schema=json.dumps({"mlflow_colspec": signature.inputs.to_dict()}),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", SLICES[name])])


def _flatten_params(params: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Settings of a group by themselves, such as learner.rounds, so that MLflow can set versions side by side."""
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value


def _log(
    client: MlflowClient, run: Run, figures: Figures, settings: Mapping[str, object], tags: Mapping[str, str]
) -> None:
    from mlflow.entities import Metric, Param, RunTag

    at = run.info.start_time
    kept = {_clean_name(name): value for name, value in figures.items() if value is not None and math.isfinite(value)}
    for some in _split_into_batches([Metric(name, float(value), at, 0) for name, value in kept.items()]):
        client.log_batch(run.info.run_id, metrics=some)
    for few in _split_into_batches(
        [Param(_clean_name(name), str(value)[:LONGEST]) for name, value in settings.items()]
    ):
        client.log_batch(run.info.run_id, params=few)
    if tags:
        client.log_batch(run.info.run_id, tags=[RunTag(name, value) for name, value in tags.items()])


def _clean_name(name: str) -> str:
    """The name as MLflow allows it."""
    return re.sub(r"[^\w\-. :/]", "_", name.replace("%", " percent"))


def _split_into_batches(whole: list[Each]) -> Iterator[list[Each]]:
    for first in range(0, len(whole), AT_ONCE):
        yield whole[first : first + AT_ONCE]
