"""The matrix of features for a cohort: partitions of people, each scanned and reckoned on its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.features import AGE, Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.settings import EngineSettings
from riskstrat.features import kernel
from riskstrat.features.facts import facts_of
from riskstrat.features.plan import Plan, ScanPlan, as_evidence, plan
from riskstrat.sources.scan import Scan
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS

Progress = Callable[[str, float], None]


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
        values = self.compute_values(self.plan, cohort, progress)
        _fill_derived(self.plan, values)
        kept = np.ascontiguousarray(values[:, : len(self.plan.names)])
        fingerprints = {name: self.fingerprints[name] for name in self.plan.names}
        return FeatureMatrix(cohort.reset_index(drop=True), kept, self.plan.names, fingerprints)

    def evidence(self, cohort: pd.DataFrame) -> npt.NDArray[np.datetime64]:
        """One row per row of `cohort`, one date per feature: the latest row behind it, or NaT."""
        plan = as_evidence(self.plan)
        ago = self.compute_values(replace(plan, attributes=()), cohort)
        for column, _, inputs in plan.derived:
            ago[:, column] = np.fmin.reduce(ago[:, list(inputs.values())], axis=1)
        days = cohort["index_date"].to_numpy().astype("datetime64[D]")[:, None]
        known = ~np.isnan(ago)
        dates = days - np.where(known, ago, 0).astype("timedelta64[D]")
        return np.where(known, dates, np.datetime64("NaT"))[:, : len(self.plan.names)]

    def compute_values(
        self, plan: Plan, cohort: pd.DataFrame, progress: Progress | None = None
    ) -> npt.NDArray[np.float32]:
        """One row per row of `cohort`, one column per column of a plan; derived columns are left missing."""
        values = np.full((len(cohort), len(plan.columns)), np.nan, np.float32)
        self._fill_attributes(plan, cohort, values)
        scans = [(scan, scan.compiled) for scan in plan.scans]
        local = threading.local()
        parts = list(_iterate_partitions(cohort["person"].to_numpy(), self.settings.partition_people))
        # The pool ends first, and then the connection of each of its threads.
        with ExitStack() as connections, ThreadPoolExecutor(self.settings.threads) as pool:

            def compute_partition(part: tuple[int, int, slice]) -> None:
                if not hasattr(local, "connection"):
                    local.connection = connections.enter_context(self._connect())
                _fill_partition(local.connection, scans, cohort, part, values)

            for done, future in enumerate(
                as_completed([pool.submit(compute_partition, part) for part in parts]), start=1
            ):
                future.result()
                if progress:
                    progress("features", done / len(parts))
        return values

    def _connect(self) -> Any:
        return self.store.connect(self.codelists, printable=self.printable)

    def _fill_attributes(self, plan: Plan, cohort: pd.DataFrame, values: npt.NDArray[np.float32]) -> None:
        person = cohort["person"].to_numpy()
        dates = cohort["index_date"].to_numpy()
        attributes = {column: feature.value for column, feature in plan.attributes if feature.verb == "attribute"}
        read = self._read_people_values(attributes)
        for column, feature in plan.attributes:
            if feature.verb == AGE:
                given = age_in_years(self.store.people()["date_of_birth"].to_numpy()[person], dates)
            else:
                given = read[column][person]
            values[:, column] = _fill_missing(given, feature.missing)

    def _read_people_values(self, wanted: Mapping[int, Any]) -> dict[int, npt.NDArray[np.float64]]:
        """For each wanted expression on `people`, one value per person in the store's order."""
        people = STREAMS["people"].table
        columns = {f"a{number}": value.cast("float64") for number, value in wanted.items()}
        with self.store.connect(self.codelists) as backend:
            rows = backend.to_pyarrow(people.select(person=people.person, **columns))
        given = {}
        for number in wanted:
            given[number] = np.full(self.store.people_count, np.nan)
            given[number][rows["person"].to_numpy()] = rows[f"a{number}"].to_numpy(zero_copy_only=False)
        return given


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


def _iterate_partitions(person: npt.NDArray[np.int32], size: int) -> Iterator[tuple[int, int, slice]]:
    """First and last person of each partition that the cohort has rows in, and those rows."""
    if not len(person):
        return
    for first in range(int(person[0]) // size * size, int(person[-1]) + 1, size):
        begin, end = np.searchsorted(person, [first, first + size])
        if end > begin:
            yield int(person[begin]), int(person[end - 1]), slice(int(begin), int(end))


def _fill_partition(
    connection: Any,
    scans: Sequence[tuple[ScanPlan, Scan]],
    cohort: pd.DataFrame,
    part: tuple[int, int, slice],
    values: npt.NDArray[np.float32],
) -> None:
    first, last, rows = part
    people = _build_cohort(cohort.iloc[rows], first, last)
    for scan, compiled in scans:
        read = compiled.read(connection, first, last, **_find_date_bounds(scan, people))
        facts, measures, links, keys = facts_of(scan, read, first, last)
        state, seen = kernel.state_for(measures), np.full(keys, -1, np.int64)
        kernel.fill_values(people, facts, measures, links, state, seen, values[rows])


def _find_date_bounds(scan: ScanPlan, people: kernel.CohortArrays) -> dict[str, date | None]:
    """Days outside which no row of the scan can count for this cohort; an index spell counts whenever it was known."""
    earliest, latest = (np.datetime64(int(day), "D").item() for day in (people.day.min(), people.day.max()))
    after = None if scan.reach is None else earliest - timedelta(days=scan.reach)
    return {"after": after, "known_by": None if (people.spell >= 0).any() else latest}


def _build_cohort(rows: pd.DataFrame, first: int, last: int) -> kernel.CohortArrays:
    start = np.searchsorted(rows["person"].to_numpy(), np.arange(first, last + 2)).astype(np.int64)
    index = rows["index_date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    spell = rows["spell"].to_numpy(np.int32) if "spell" in rows else np.full(len(rows), -1, np.int32)
    return kernel.CohortArrays(start, index, spell)


def _fill_derived(made: Plan, values: npt.NDArray[np.float32]) -> None:
    for column, feature, inputs in made.derived:
        assert feature.formula is not None
        given = feature.formula({name: values[:, number].astype(np.float64) for name, number in inputs.items()})
        values[:, column] = _fill_missing(np.asarray(given, np.float64), feature.missing)


def _fill_missing(given: npt.NDArray[np.float64], missing: float | None) -> npt.NDArray[np.float64]:
    return given if missing is None else np.where(np.isnan(given), missing, given)
