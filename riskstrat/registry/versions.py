"""The versions there are, and which of them is the champion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskstrat.definitions.codelists import near
from riskstrat.errors import ModelError
from riskstrat.registry.store import ModelVersion, exists, follow_the_folder, opened
from riskstrat.scoring import RiskModel, load

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
COLUMNS = ("model", "version", "alias", "trained_as_at", "auroc", "definitions", "run_id")


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


def promote(registry: Path, name: str, version: int | None = None) -> ModelVersion:
    """Make `version` (None: the latest) the champion of `name`, and give it.

    Raises ModelError if the model or version does not exist, or if its files are not whole.
    """
    _refuse_empty(registry, name)
    with opened(registry) as client:
        follow_the_folder(registry)
        found = {int(each.version): each for each in _of(client, name)}
        chosen = max(found) if version is None else version
        if chosen not in found:
            there = ", ".join(str(number) for number in sorted(found))
            raise ModelError(f"{name} has no version {chosen}; it has: {there}")
        _model(registry, found[chosen])
        client.set_registered_model_alias(name, CHAMPION, str(chosen))
        return _as_version(found[chosen])


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
