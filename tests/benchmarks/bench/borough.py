"""The borough that the bench measures on, and its floor: DuckDB to Arrow of exactly the stored columns read."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.expressions import columns_of
from riskstrat.features import FeatureEngine, engine
from riskstrat.features.plan import ScanPlan
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store
from riskstrat.sources.store_versions import read_facts
from riskstrat.workspace import Workspace, find, load

SEED = 7

_BEHIND = {
    "recorded_conditions": {
        "diagnoses": {"code", "system", "admitted_on"},
        "conditions": {"code", "system", "recorded_on"},
    },
    "all_falls": {
        "falls": {"fell_on", "source", "injury", "treated", "loss_of_consciousness", "unable_to_get_up"},
        "diagnoses": {"code", "system", "position", "method", "patient_class", "admitted_on"},
        "attendances": {"complaint", "diagnosis", "attended_on"},
    },
}
"""Stored columns behind the merged streams."""


def make_store(folder: Path, people: int) -> Path:
    """The store of a simulated borough in the folder, made once and used again."""
    target = folder / f"store-{people}"
    # An ingest that was broken off leaves the folder too, and no version in it.
    if read_facts(target) is None:
        source = folder / f"borough-{people}"
        if not source.exists():
            simulate(people, SEED, source)
        ingest(source, target, load(find(None)).settings)
    return target


def make_engine(store: Store, names: frozenset[str] | None = None) -> FeatureEngine:
    """The engine of the shipped features, or of those named."""
    workspace: Workspace = load(find(None))
    features = {name: one for name, one in workspace.features.items() if names is None or name in names}
    prints = {name: workspace.fingerprints[name] for name in features}
    return engine(store, features, prints, workspace.codelists, workspace.settings.engine, printable=False)


def find_columns_read(made: FeatureEngine) -> dict[str, set[str]]:
    """The stored columns that the plan reads, by stored table."""
    read: dict[str, set[str]] = {}
    for scan in made.plan.scans:
        if scan.stream.name in _BEHIND:
            for table, columns in _BEHIND[scan.stream.name].items():
                read.setdefault(table, set()).update(columns)
        else:
            read.setdefault(scan.stream.name, set()).update(_columns_of(scan))
    return {table: columns | {"person", "valid_from", "valid_to"} for table, columns in read.items()}


def _columns_of(scan: ScanPlan) -> set[str]:
    parts = [*scan.days.values(), *scan.values.values(), *scan.untils.values(), *scan.codes.values()]
    parts += [condition for conditions in scan.filters.values() for condition in conditions]
    return {column for part in parts for column in columns_of(part)}


def read_floor(store: Store, columns: dict[str, set[str]]) -> None:
    """Read the stored columns once, and keep nothing."""
    with store.connect() as connection:
        for table, names in columns.items():
            connection.execute(f"SELECT {', '.join(sorted(names))} FROM '{store.file(table)}'").to_arrow_table()
