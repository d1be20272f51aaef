"""The versions there are, and which of them is the champion."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskstrat.definitions.codelists import near
from riskstrat.errors import ModelError
from riskstrat.registry.recording import DATA, EVIDENCE, FILES, MODEL, ORIGINS
from riskstrat.registry.store import ModelVersion, exists, follow_the_folder, opened
from riskstrat.scoring import RiskModel, load

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, OVERRIDDEN = "champion", "promoted_over_gates"
COLUMNS = ("model", "version", "alias", "trained_as_at", "auroc", "definitions", "run_id")


@dataclass(frozen=True)
class Kept:
    """A version as it is kept: its folder below artifacts/, and its evidence."""

    version: ModelVersion
    folder: Path
    evidence: Mapping[str, Any]

    @property
    def papers(self) -> dict[str, bytes]:
        """The files made for people to read, by their name."""
        root = self.folder / FILES
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}

    def model(self) -> RiskModel:
        """The version's own model. Raises ModelError if its files are not whole."""
        return load(self.folder / MODEL / "data" / DATA)

    def origins(self) -> dict[str, RiskModel]:
        """The model of each tested origin, by the day it was made on as 2025-08-31, the oldest first."""
        folders = sorted(path for path in (self.folder / ORIGINS).glob("*") if path.is_dir())
        return {path.name: load(path) for path in folders}


def models(registry: Path) -> pd.DataFrame:
    """One row per model and version, sorted by both.

    Columns: model, version, alias ("champion" or ""), trained_as_at, auroc (test slice; missing if not measured),
    definitions (first 12 digits of the hash) and run_id. Empty where nothing was trained yet.
    """
    if not exists(registry):
        return pd.DataFrame(columns=list(COLUMNS))
    with opened(registry) as client:
        champions = _champions(client)
        rows = [_row(client, found, champions) for found in _versions(client)]
    return pd.DataFrame(sorted(rows), columns=list(COLUMNS))


def promote(registry: Path, kept: Kept, overridden: str | None = None) -> None:
    """Make a kept version the champion of its name. overridden: who promoted it over its gates and why, kept with it.

    Raises ModelError if its files are not whole.
    """
    kept.model()
    with opened(registry) as client:
        follow_the_folder(registry)
        name, number = kept.version.name, str(kept.version.version)
        if overridden:
            client.set_model_version_tag(name, number, OVERRIDDEN, overridden)
        client.set_registered_model_alias(name, CHAMPION, number)


def kept(registry: Path, name: str, version: int | None = None) -> Kept:
    """What the registry keeps of a version (None: the latest).

    Raises ModelError if the model or version does not exist, or its evidence cannot be read.
    """
    _refuse_empty(registry, name)
    with opened(registry) as client:
        found = {int(each.version): each for each in _of(client, name)}
    chosen = max(found) if version is None else version
    if chosen not in found:
        there = ", ".join(str(number) for number in sorted(found))
        raise ModelError(f"{name} has no version {chosen}; it has: {there}")
    folder = (registry / found[chosen].tags["folder"]).parents[2]
    return Kept(_as_version(found[chosen]), folder, _evidence(folder, name, chosen))


def champion_version(registry: Path, name: str) -> int | None:
    """The number of the champion of `name`, None where there is none."""
    if not exists(registry):
        return None
    with opened(registry) as client:
        return _champions(client).get(name)


def champion(registry: Path, name: str) -> tuple[RiskModel, ModelVersion]:
    """The champion of `name` with its version. Raises ModelError if there is none, or if its files are not whole."""
    _refuse_empty(registry, name)
    with opened(registry) as client:
        versions = _of(client, name)
        chosen = _champions(client).get(name)
    for found in versions:
        if int(found.version) == chosen:
            return _model(registry, found), _as_version(found)
    raise ModelError(f'no champion for {name}; run "riskstrat promote {name}"')


def _evidence(folder: Path, name: str, version: int) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((folder / EVIDENCE).read_text("utf-8"))
    except (OSError, ValueError):
        raise ModelError(
            f"the evidence of {name} version {version} is missing or damaged; restore {EVIDENCE}, or train again"
        ) from None
    return found


def _of(client: MlflowClient, name: str) -> list[Any]:
    """The versions of `name`. Raises ModelError, naming what exists, if there are none."""
    every = list(_versions(client))
    versions = [each for each in every if each.name == name]
    if not versions:
        known = tuple(sorted({str(each.name) for each in every}))
        there = f"the registry has {', '.join(known)}" if known else "the registry is empty"
        advice = f'run "riskstrat train {name}" to make one'
        raise ModelError(f'no model named "{name}"; {there}{near(name, known)}; {advice}'.replace("?;", "? Or"))
    return versions


def _refuse_empty(registry: Path, name: str) -> None:
    if not exists(registry):
        raise ModelError(f'no model was trained yet; run "riskstrat train {name}", then "riskstrat promote {name}"')


def _versions(client: MlflowClient) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_model_versions(max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _champions(client: MlflowClient) -> dict[str, int]:
    """The champion's version of each model that has one."""
    known = client.search_registered_models(max_results=1000)
    return {each.name: int(each.aliases[CHAMPION]) for each in known if CHAMPION in each.aliases}


def _model(registry: Path, found: Any) -> RiskModel:
    return load(registry / found.tags["folder"])


def _row(client: MlflowClient, found: Any, champions: dict[str, int]) -> tuple[Any, ...]:
    version, tags = int(found.version), found.tags
    auroc = client.get_run(found.run_id).data.metrics.get("auroc")
    alias = CHAMPION if champions.get(found.name) == version else ""
    return (found.name, version, alias, tags["trained_as_at"], auroc, tags["definitions"][:12], found.run_id)


def _as_version(found: Any) -> ModelVersion:
    return ModelVersion(found.name, int(found.version), found.run_id)
