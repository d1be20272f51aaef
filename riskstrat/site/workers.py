"""What a worker of a cluster does for its part of a cohort: what one machine does for everybody, on fewer people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskstrat.definitions.matrix import hash_of
from riskstrat.definitions.settings import EngineSettings
from riskstrat.errors import ClusterError
from riskstrat.features import FeatureEngine, engine
from riskstrat.scoring import RiskModel
from riskstrat.sources.store import Store
from riskstrat.workspace import load

ROW, VALUES, MARGIN = "row", "features", "margin"
"""Columns of what a worker gives: the place in the cohort, all features in the order of the plan, and the margin."""


@dataclass(frozen=True)
class PartWork:
    """Features of the rows of one part, and their margins where there is a model.

    root: the workspace, and store: a version of its data, both at a path that every worker reads. fingerprints: of the
    features that were asked for, which the workspace must have there too. printable: as of the engine that asks.
    """

    root: Path
    store: Store
    fingerprints: Mapping[str, str]
    printable: bool
    model: RiskModel | None = None

    @property
    def schema(self) -> pa.Schema:
        """Of what it gives; the features are one column, for Spark compiles code for each."""
        margin = [] if self.model is None else [pa.field(MARGIN, pa.float64())]
        return pa.schema([pa.field(ROW, pa.int32()), pa.field(VALUES, pa.list_(pa.float32())), *margin])

    def __call__(self, part: pa.Table) -> pa.Table:
        """One row per row of the part. Raises ClusterError where the definitions on the worker are other ones."""
        rows = part.sort_by(ROW)
        matrix = self._open_engine(rows["person"].to_numpy()).matrix(_read_cohort(rows))
        ends = np.arange(len(matrix) + 1, dtype=np.int32) * len(matrix.columns)
        given = [rows[ROW].combine_chunks(), pa.ListArray.from_arrays(ends, matrix.values.ravel())]
        if self.model is not None:
            given.append(pa.array(self.model.margin(matrix)))
        return pa.table(given, schema=self.schema)

    def _open_engine(self, person: npt.NDArray[np.int32]) -> FeatureEngine:
        """The engine over the rows of the persons in this range alone: whatever it prepares is as large as the part."""
        asked = _Asked(self.root, self.store.version, hash_of(self.fingerprints), self.printable, self.store)
        made = _open_once(asked)
        if {name: made.fingerprints[name] for name in made.plan.names} != dict(self.fingerprints):
            raise ClusterError(
                "a worker reads other definitions of features than this machine; give every worker the same workspace, "
                "and the same version of riskstrat"
            )
        return replace(made, store=replace(self.store, only_persons=(int(person.min()), int(person.max()))))


@dataclass(frozen=True)
class _Asked:
    """Which engine is wanted, by its definitions and the version of the data."""

    root: Path
    version: str
    definitions: str
    printable: bool
    store: Store = field(compare=False)


@lru_cache(maxsize=2)
def _open_once(asked: _Asked) -> FeatureEngine:
    """The engine, planned and compiled once in a worker's process, of one thread: Spark says how many work at once."""
    workspace, store = load(asked.root), asked.store
    return engine(
        store,
        workspace.features,
        workspace.fingerprints,
        workspace.codelists,
        EngineSettings(partition_people=store.people_count + 1, threads=1),
        printable=asked.printable,
    )


def write_cohort(cohort: pd.DataFrame, partition_people: int) -> tuple[pa.Table, int]:
    """What workers need of a cohort, each row with its place and the part that its person is of; and how many parts."""
    person = cohort["person"].to_numpy()
    numbers, part = np.unique(person // partition_people, return_inverse=True)
    columns = {
        "part": part.astype(np.int32),
        ROW: np.arange(len(cohort), dtype=np.int32),
        "person": person.astype(np.int32),
        "day": cohort["index_date"].to_numpy().astype("datetime64[D]").astype(np.int32),
    }
    if "spell" in cohort:
        columns["spell"] = cohort["spell"].to_numpy(np.int32)
    return pa.table(columns), len(numbers)


def _read_cohort(rows: pa.Table) -> pd.DataFrame:
    """A part of a cohort as the engine takes it, from what `write_cohort` wrote."""
    cohort = rows.to_pandas()
    days = cohort.pop("day").to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    return cohort.assign(index_date=days)
