"""Features by parts of a cohort, without a cluster: what a worker is sent, and what it does for its part."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from random_records import random_tables
from random_shape import shape_of
from real_engine import calendar, cohort_frame, ingested, same

from riskstrat.errors import ClusterError
from riskstrat.features import FeatureEngine
from riskstrat.site.opening import engine_of
from riskstrat.site.workers import PartWork, write_cohort
from riskstrat.sources.store import Store
from riskstrat.workspace import Workspace, load

ROOT = Path(__file__).resolve().parents[2]
DAYS = (date(2022, 3, 1), date(2023, 3, 1))
SOME = 8


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


@pytest.fixture(scope="module")
def store(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Store:
    shape = shape_of(DAYS, workspace.features, workspace.codelists)
    return ingested(tmp_path_factory.mktemp("store"), random_tables(shape, 5, 30), shape.as_at)


@pytest.fixture(scope="module")
def engine(workspace: Workspace, store: Store) -> FeatureEngine:
    return engine_of(workspace, store)


@pytest.fixture(scope="module")
def cohort(store: Store) -> pd.DataFrame:
    """Some of the people at both dates: a worker opens the store anew for each part."""
    first = store.people().nsmallest(SOME, "person")
    return cohort_frame(store, calendar(sorted(first["patient_id"]), DAYS))


def make_work(engine: FeatureEngine, **other: str) -> PartWork:
    """Sent by pickle, as to a worker; `other` definitions in place of those of these features."""
    asked = {name: engine.fingerprints[name] for name in engine.plan.names} | other
    work: PartWork = pickle.loads(
        pickle.dumps(PartWork(ROOT, replace(engine.store, reading=None), asked, engine.printable))
    )
    return work


@pytest.mark.parametrize("people", [1, 3, 1000])
def test_the_parts_together_are_what_one_machine_gives(
    engine: FeatureEngine, cohort: pd.DataFrame, people: int
) -> None:
    rows, parts = write_cohort(cohort, people)
    assert parts == -(-SOME // people)
    turned = rows.take(pa.array(np.arange(len(rows))[::-1]))
    work = make_work(engine)
    made = pa.concat_tables(work(turned.filter(pc.equal(turned["part"], part))) for part in range(parts))
    expected = engine.matrix(cohort).values
    values = np.empty_like(expected)
    values[made["row"].to_numpy()] = made["features"].combine_chunks().flatten().to_numpy().reshape(values.shape)
    assert made.schema == work.schema
    assert same(values, expected).all()
    assert (expected > 0).any(axis=0).mean() > 0.5


def test_the_streams_of_some_persons_hold_their_rows_and_no_others(workspace: Workspace, store: Store) -> None:
    for printable in (False, True):
        with store.connect(workspace.codelists, printable=printable) as connection:
            backend = ibis.duckdb.from_connection(connection)
            whole = {name: backend.to_pyarrow(backend.table(name)).to_pylist() for name in backend.list_tables()}
        with replace(store, only_persons=(9, 12)).connect(workspace.codelists, printable=printable) as connection:
            backend = ibis.duckdb.from_connection(connection)
            some = {name: backend.to_pyarrow(backend.table(name)).to_pylist() for name in backend.list_tables()}
        assert set(some) == set(whole) >= {"people", "admissions", "recorded_conditions"}
        for name, rows in whole.items():
            kept = [row for row in rows if 9 <= row["person"] <= 12]
            assert sorted(map(str, some[name])) == sorted(map(str, kept)), name


def test_a_worker_refuses_definitions_that_are_not_those_asked_for(engine: FeatureEngine, cohort: pd.DataFrame) -> None:
    rows, _ = write_cohort(cohort, 1000)
    work = make_work(engine, **{engine.plan.names[0]: "of another definition"})
    with pytest.raises(ClusterError, match="a worker reads other definitions of features than this machine"):
        work(rows)
