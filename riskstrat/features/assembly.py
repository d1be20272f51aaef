"""The matrix of features for a cohort: partitions of people, each scanned and reckoned on its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.features import AGE, Feature
from riskstrat.definitions.matrix import FeatureMatrix, Numbers32
from riskstrat.definitions.packed_matrix import Packed, PackedMatrix, join_packed, pack_column
from riskstrat.definitions.settings import EngineSettings
from riskstrat.features.plan import Plan, as_evidence, plan
from riskstrat.sources.scan import compile_scan
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS

Progress = Callable[[str, float], None]
Part = TypeVar("Part")

_ROWS_TURNED = 256

USUAL_DATES = 4
"""Index dates of a person up to which partitions hold as many people as the settings say."""


@dataclass(frozen=True)
class _Columns:
    """The columns of a plan for some rows: those of the matrix, and behind them what only derived features read."""

    asked: Numbers32
    behind: Numbers32

    def find(self, number: int) -> Numbers32:
        """A view of one column by its number in the plan."""
        width = self.asked.shape[1]
        return self.asked[:, number] if number < width else self.behind[:, number - width]


@dataclass(frozen=True)
class _Attribute:
    """A column of a plan that comes from `people`, with one value per person, beginning with person `first`."""

    column: int
    feature: Feature
    first: int
    by_person: npt.NDArray[Any]


Derive = Callable[[Plan, _Columns], None]


@dataclass(frozen=True)
class FeatureEngine:
    """Builds matrices from one store with one set of definitions.

    `declared` has every feature, also those that the store cannot serve; `fingerprints` names the definition behind
    each one; `notes` say what was left out, and why. printable: from the records without what is sensitive.
    """

    store: Store
    declared: Mapping[str, Feature]
    codelists: Mapping[str, Codelist]
    settings: EngineSettings
    plan: Plan
    fingerprints: Mapping[str, str]
    printable: bool

    @property
    def notes(self) -> tuple[str, ...]:
        return self.plan.notes

    def matrix(self, cohort: pd.DataFrame, progress: Progress | None = None) -> FeatureMatrix:
        """One row per patient and index date of `cohort` (which is sorted by person and index date), every feature."""
        values = self._compute_values(self.plan, cohort, _fill_derived, progress)
        return FeatureMatrix(cohort.reset_index(drop=True), values, self.plan.names, self._own_fingerprints)

    def packed_matrix(self, cohort: pd.DataFrame, progress: Progress | None = None) -> PackedMatrix:
        """The same for many people, in a quarter of the memory."""
        width = len(self.plan.names)
        parts = self._compute_parts(
            self.plan,
            cohort,
            _fill_derived,
            lambda rows: _make_values(rows.stop - rows.start, width),
            _pack_columns,
            progress,
        )
        packed = _join_packed_parts(parts, width)
        return PackedMatrix(cohort.reset_index(drop=True), packed, self.plan.names, self._own_fingerprints)

    @property
    def _own_fingerprints(self) -> dict[str, str]:
        return {name: self.fingerprints[name] for name in self.plan.names}

    def evidence(self, cohort: pd.DataFrame) -> npt.NDArray[np.datetime64]:
        """One row per row of `cohort`, one date per feature: the latest row behind it, or NaT."""
        ago = self.compute_days_ago(cohort)
        days = cohort["index_date"].to_numpy().astype("datetime64[D]")[:, None]
        known = ~np.isnan(ago)
        dates = days - np.where(known, ago, 0).astype("timedelta64[D]")
        return np.where(known, dates, np.datetime64("NaT"))

    def compute_days_ago(self, cohort: pd.DataFrame) -> Numbers32:
        """One row per row of `cohort`, one number per feature: days since the latest row behind it, or NaN."""
        made = replace(as_evidence(self.plan), attributes=())
        return self._compute_values(made, cohort, _fill_latest)

    def _compute_values(
        self, plan: Plan, cohort: pd.DataFrame, derive: Derive, progress: Progress | None = None
    ) -> Numbers32:
        """The features of a plan for a cohort, one row per row of it: every partition writes where its rows stay."""
        values = _make_values(len(cohort), len(plan.names))
        self._compute_parts(plan, cohort, derive, values.__getitem__, lambda _: None, progress)
        return values

    def _compute_parts(
        self,
        plan: Plan,
        cohort: pd.DataFrame,
        derive: Derive,
        place: Callable[[slice], Numbers32],
        finish: Callable[[Numbers32], Part],
        progress: Progress | None = None,
    ) -> list[Part]:
        """The features of a plan for a cohort by partitions, in its order: what `finish` makes of the values of each.

        `place` gives the array that some rows are written into, `derive` fills the derived columns of a partition.
        """
        if not len(cohort):
            return []
        # Loads the compiler, which nobody needs who only asks what a workspace can build.
        from riskstrat.features.partition import fill_partition

        attributes = self._read_attributes(plan, *(int(cohort["person"].iloc[end]) for end in (0, -1)))
        scans = [(scan, scan.compiled) for scan in plan.scans]
        local = threading.local()
        person = cohort["person"].to_numpy()
        bounds = list(_iterate_partitions(person, _choose_size(person, self.settings.partition_people)))
        # The pool ends first, and then the connection of each of its threads.
        with ExitStack() as connections, ThreadPoolExecutor(self.settings.threads) as pool:

            def compute_partition(part: tuple[int, int, slice]) -> Part:
                if not hasattr(local, "connection"):
                    local.connection = connections.enter_context(self._connect())
                columns = _make_columns(plan, place(part[2]))
                _fill_attributes(attributes, cohort.iloc[part[2]], columns)
                fill_partition(local.connection, scans, cohort, part, columns.asked, columns.behind)
                derive(plan, columns)
                return finish(columns.asked)

            futures = [pool.submit(compute_partition, part) for part in bounds]
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if progress:
                    progress("features", done / len(futures))
        return [future.result() for future in futures]

    def _connect(self) -> Any:
        return self.store.connect(self.codelists, printable=self.printable)

    def _read_attributes(self, plan: Plan, first: int, last: int) -> list[_Attribute]:
        """Each attribute of a plan with one value per person from `first` to `last`; for an age, the date of birth."""
        if not plan.attributes:
            return []
        people = STREAMS["people"].table
        wanted: dict[str, Any] = {
            f"a{column}": people.date_of_birth if feature.value is None else feature.value.cast("float64")
            for column, feature in plan.attributes
        }
        with self.store.connect(self.codelists) as connection:
            rows = compile_scan(people.select(person=people.person, **wanted)).read(connection, first, last)
        place = rows["person"].to_numpy() - first
        return [
            _Attribute(column, feature, first, _place_values(rows[f"a{column}"], place, last - first + 1))
            for column, feature in plan.attributes
        ]


def engine(
    store: Store,
    features: Mapping[str, Feature],
    fingerprints: Mapping[str, str],
    codelists: Mapping[str, Codelist],
    settings: EngineSettings,
    *,
    printable: bool,
) -> FeatureEngine:
    """The engine for the features that can be built from what the store holds.

    Whether from the records without what is sensitive has to be said each time: nothing is read whole by default.
    """
    made = plan(features, store.landed, store.absent_columns)
    return FeatureEngine(store, features, codelists, settings, made, fingerprints, printable)


def narrow_engine(whole: FeatureEngine, names: Iterable[str], *, printable: bool) -> FeatureEngine:
    """The engine of a few features, and of those that they are derived from, over the same store.

    Raises KeyError for a name that is not declared.
    """
    wanted: dict[str, Feature] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted[name] = whole.declared[name]
            waiting += [given for given in wanted[name].inputs.values() if isinstance(given, str)]
    few = {name: feature for name, feature in whole.declared.items() if name in wanted}
    made = plan(few, whole.store.landed, whole.store.absent_columns)
    return replace(whole, plan=made, printable=printable)


def _iterate_partitions(person: npt.NDArray[np.int32], size: int) -> Iterator[tuple[int, int, slice]]:
    """First and last person of each partition that the cohort has rows in, and those rows."""
    if not len(person):
        return
    for first in range(int(person[0]) // size * size, int(person[-1]) + 1, size):
        begin, end = np.searchsorted(person, [first, first + size])
        if end > begin:
            yield int(person[begin]), int(person[end - 1]), slice(int(begin), int(end))


def _choose_size(person: npt.NDArray[np.int32], people: int) -> int:
    """People of a partition: fewer where each has more index dates than usual."""
    dates = -(-len(person) // len(np.unique(person)))
    return max(1, people * USUAL_DATES // max(dates, USUAL_DATES))


def _make_columns(plan: Plan, asked: Numbers32) -> _Columns:
    """The columns of a plan around those that are asked for, the others without values."""
    return _Columns(asked, _make_values(len(asked), len(plan.columns) - len(plan.names)))


def _make_values(rows: int, width: int) -> Numbers32:
    """Room for numbers, each row's side by side as the kernel writes them: none is known yet."""
    return np.full((rows, width), np.nan, np.float32)


def _pack_columns(values: Numbers32) -> list[Packed]:
    """Each column packed, all of them turned over some rows at a time: a processor holds so many, but no partition."""
    columns = np.empty(values.shape[::-1], np.float32)
    for first in range(0, len(values), _ROWS_TURNED):
        columns[:, first : first + _ROWS_TURNED] = values[first : first + _ROWS_TURNED].T
    return [pack_column(column) for column in columns]


def _join_packed_parts(parts: Sequence[list[Packed]], width: int) -> list[Packed]:
    """Each column whole; those of the parts go as they are joined."""
    joined = []
    for place in range(width):
        joined.append(join_packed([part[place] for part in parts]) if parts else np.empty(0, np.float32))
        for part in parts:
            part[place] = np.empty(0, np.float32)
    return joined


def _place_values(given: pa.ChunkedArray, place: npt.NDArray[np.int32], people: int) -> npt.NDArray[Any]:
    """One number or day for each of some people, from rows of those whose places these are; NaN or NaT for others."""
    days = pa.types.is_date(given.type)
    values = np.full(people, np.datetime64("NaT") if days else np.nan, "datetime64[D]" if days else np.float64)
    values[place] = given.to_numpy(zero_copy_only=False)
    return values


def _fill_attributes(attributes: Sequence[_Attribute], rows: pd.DataFrame, columns: _Columns) -> None:
    person, dates = rows["person"].to_numpy(), rows["index_date"].to_numpy()
    for each in attributes:
        given = each.by_person[person - each.first]
        given = age_in_years(given, dates) if each.feature.verb == AGE else given
        columns.find(each.column)[:] = _fill_missing(given, each.feature.missing)


def _fill_derived(made: Plan, columns: _Columns) -> None:
    for column, feature, inputs in made.derived:
        assert feature.formula is not None
        given = feature.formula({name: columns.find(number).astype(np.float64) for name, number in inputs.items()})
        columns.find(column)[:] = _fill_missing(np.asarray(given, np.float64), feature.missing)


def _fill_latest(made: Plan, columns: _Columns) -> None:
    for column, _, inputs in made.derived:
        columns.find(column)[:] = np.fmin.reduce(np.stack([columns.find(number) for number in inputs.values()]))


def _fill_missing(given: npt.NDArray[np.float64], missing: float | None) -> npt.NDArray[np.float64]:
    return given if missing is None else np.where(np.isnan(given), missing, given)
