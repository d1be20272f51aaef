"""A matrix of features that workers made and keep: what is read of it comes to this machine, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskstrat.cluster import SpreadTable, open_session, spread_work
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import Progress
from riskstrat.errors import ClusterError
from riskstrat.features import FeatureEngine
from riskstrat.scoring import RiskModel
from riskstrat.site.workers import MARGIN, ROW, VALUES, PartWork, write_cohort
from riskstrat.workspace import Workspace


class SpreadMatrix(FeatureMatrix):
    """The same as any FeatureMatrix, its values on a cluster: `select` fetches some columns, `values` all of them."""

    _table: SpreadTable

    def __init__(self, keys: pd.DataFrame, table: SpreadTable, engine: FeatureEngine) -> None:
        columns = engine.plan.names
        given = {"columns": columns, "fingerprints": {name: engine.fingerprints[name] for name in columns}}
        # The fields of a frozen dataclass; the values are no field here, they are fetched.
        self.__dict__.update(given, keys=keys.reset_index(drop=True), _table=table)

    @cached_property
    def values(self) -> npt.NDArray[np.float32]:
        """Every column, fetched once. Raises ClusterError where the cluster gives up."""
        row, fetched = self._fetch([VALUES])
        values = np.empty((len(self), len(self.columns)), np.float32)
        values[row] = fetched[VALUES].combine_chunks().flatten().to_numpy().reshape(values.shape)
        return values

    def select(self, columns: Sequence[str]) -> npt.NDArray[np.float32]:
        """The values of `columns`, in that order. Raises ClusterError where the cluster gives up."""
        if "values" in self.__dict__ or tuple(columns) == self.columns:
            return super().select(columns)
        place = {name: position for position, name in enumerate(self.columns)}
        row, fetched = self._fetch([f"{VALUES}[{place[name]}]" for name in columns])
        values = np.empty((len(self), len(columns)), np.float32)
        for number, column in enumerate(fetched.columns[1:]):
            values[row, number] = column.to_numpy()
        return values

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> FeatureMatrix:
        """The same columns for some of the rows; none of them fetches nothing."""
        if len(rows):
            return super().take(rows)
        empty = np.empty((0, len(self.columns)), np.float32)
        return FeatureMatrix(self.keys.iloc[:0], empty, self.columns, self.fingerprints)

    def compute(self, done: Callable[[float], None]) -> None:
        """Have the workers make it now, and keep it; `done` is told the share of parts that are finished."""
        self._fetch([], done)

    def compute_margins(self, done: Callable[[float], None]) -> npt.NDArray[np.float64]:
        """One margin per row, of a matrix that was made with a model; the values stay where they are."""
        row, fetched = self._fetch([MARGIN], done)
        margins = np.empty(len(self))
        margins[row] = fetched[MARGIN].to_numpy()
        return margins

    def _fetch(
        self, columns: Sequence[str], done: Callable[[float], None] = lambda share: None
    ) -> tuple[npt.NDArray[np.int32], pa.Table]:
        """Columns of what the workers made behind that of the row, and the row of the keys that each of it is."""
        fetched = self._table.fetch([ROW, *columns], done)
        row = fetched[ROW].to_numpy()
        if not np.array_equal(np.sort(row), np.arange(len(self))):
            raise ClusterError(f"the workers gave {len(row):,} rows and not one for each of {len(self):,}; run again")
        return row, fetched


def spread_matrix(
    workspace: Workspace, engine: FeatureEngine, cohort: pd.DataFrame, progress: Progress
) -> FeatureMatrix:
    """The matrix of a cohort that is not empty, made and kept by the workers. Raises ClusterError."""
    matrix = _spread(workspace, engine, cohort, None)
    matrix.compute(partial(progress, "features"))
    return matrix


def spread_scores(
    workspace: Workspace, engine: FeatureEngine, cohort: pd.DataFrame, model: RiskModel, progress: Progress
) -> tuple[FeatureMatrix, npt.NDArray[np.float64]]:
    """The same, and the margin of each row, made where the row's features are. Raises ClusterError and ModelError."""
    matrix = _spread(workspace, engine, cohort, model)
    return matrix, matrix.compute_margins(partial(progress, "features"))


def _spread(workspace: Workspace, engine: FeatureEngine, cohort: pd.DataFrame, model: RiskModel | None) -> SpreadMatrix:
    settings = workspace.settings.engine
    rows, parts = write_cohort(cohort, settings.partition_people)
    fingerprints = {name: engine.fingerprints[name] for name in engine.plan.names}
    # A store holds its version by a lock of this process, and a model the booster that it has read: neither is sent.
    store, sent = replace(engine.store, reading=None), None if model is None else replace(model)
    work = PartWork(workspace.root.resolve(), store, fingerprints, engine.printable, sent)
    table = spread_work(open_session(settings.master), rows, parts, work, work.schema)
    return SpreadMatrix(cohort, table, engine)
