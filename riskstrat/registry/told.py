"""What MLflow says of a registry, kept beside its database until a byte of that changes: MLflow takes seconds to load.

Nothing of it is decided by: records are, and MLflow itself is asked wherever the file is not of this very database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from riskstrat.errors import StorageError
from riskstrat.registry.store import DATABASE, exists, opened
from riskstrat.storage import (
    EACH,
    Shape,
    compute_digest,
    compute_file_digest,
    find_misfit,
    format_canonical_json,
    format_json,
    parse_json,
    write_text,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
TOLD_FILE = f"{DATABASE}.json"
FORMAT = 1

_UNFINISHED = ("-journal", "-wal")
"""What SQLite writes beside a database whose own file does not yet say everything."""

_VERSION: Mapping[str, Shape] = {
    "name": str,
    "version": int,
    "run_id": str,
    "tags": {EACH: str},
    "auroc": (float, NoneType),
    "run_is_lost": bool,
}
_TOLD: Shape = {"format": int, "of": str, "versions": [_VERSION], "aliases": {EACH: int}, "sha256": str}


@dataclass(frozen=True)
class ToldVersion:
    """A version as MLflow has it; `auroc` is its run's, None where that was not measured or the run is lost."""

    name: str
    version: int
    run_id: str
    tags: Mapping[str, str]
    auroc: float | None
    run_is_lost: bool


@dataclass(frozen=True)
class Told:
    """Every version of every model, as MLflow lists them, and which each model's alias names champion."""

    versions: tuple[ToldVersion, ...]
    aliases: Mapping[str, int]


def ask_mlflow(registry: Path) -> Told:
    """What MLflow says, or what it said of the very same database. Raises StorageError."""
    known = _identify(registry)
    told = None if known is None else _read(registry, known)
    if told is not None:
        return told
    with opened(registry) as client:
        # Opening may bring the database up to date; what is written while it is asked belongs to no answer of now.
        before = _identify(registry)
        told = Told(tuple(_tell_versions(client)), _tell_aliases(client))
        after = _identify(registry)
    if after is not None and after == before:
        # A registry that may only be read has nothing written to it.
        with suppress(StorageError):
            write_text(_format(told, after), registry / TOLD_FILE)
    return told


def list_versions(client: MlflowClient) -> Iterator[Any]:
    """Every version of every model as MLflow's own objects."""
    token = None
    while True:
        page = client.search_model_versions(max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _identify(registry: Path) -> str | None:
    """sha256 of the database and of what reads it; None while it is written, or where it cannot be read."""
    database = registry / DATABASE
    if not exists(registry) or any(database.with_name(DATABASE + end).exists() for end in _UNFINISHED):
        return None
    try:
        return compute_digest(f"mlflow {metadata.version('mlflow')} {compute_file_digest(database)}")
    except OSError:
        return None


def _tell_versions(client: MlflowClient) -> Iterator[ToldVersion]:
    for found in list_versions(client):
        auroc, is_lost = _find_auroc(client, found.run_id)
        yield ToldVersion(found.name, int(found.version), found.run_id, dict(found.tags), auroc, is_lost)


def _find_auroc(client: MlflowClient, run_id: str) -> tuple[float | None, bool]:
    """The AUROC of a run, and whether MLflow has lost it."""
    from mlflow.exceptions import MlflowException

    try:
        figure = client.get_run(run_id).data.metrics.get("auroc")
    except MlflowException:
        return None, True
    return None if figure is None else float(figure), False


def _tell_aliases(client: MlflowClient) -> dict[str, int]:
    known = client.search_registered_models(max_results=1000)
    return {each.name: int(each.aliases[CHAMPION]) for each in known if CHAMPION in each.aliases}


def _format(told: Told, of: str) -> str:
    facts = {"format": FORMAT, "of": of, **asdict(told)}
    return format_json({**facts, "sha256": compute_digest(format_canonical_json(facts))}, indent=1, strict=True)


def _read(registry: Path, of: str) -> Told | None:
    """What `_format` made of the same database; None for anything else, however damaged."""
    try:
        facts = parse_json((registry / TOLD_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    bare = {name: value for name, value in facts.items() if name != "sha256"}
    if find_misfit(facts, _TOLD) or facts["sha256"] != compute_digest(format_canonical_json(bare)):
        return None
    if (facts["format"], facts["of"]) != (FORMAT, of):
        return None
    versions = (ToldVersion(**{name: each[name] for name in _VERSION}) for each in facts["versions"])
    return Told(tuple(versions), facts["aliases"])
