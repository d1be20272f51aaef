"""The workers of a cluster give what one machine gives, to the last bit, and a worker that is lost changes nothing.

One example is random landed tables through the real ingest, with every shipped feature. The cluster is a master and
workers as processes of this machine.
"""

from __future__ import annotations

import os
import random
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_features import IndexDate
from random_records import random_tables
from random_shape import shape_of
from real_engine import calendar, cohort_frame, discharges, ingested, same

from riskstrat.cluster import open_session
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import silent
from riskstrat.definitions.settings import EngineSettings
from riskstrat.errors import ClusterError
from riskstrat.features import FeatureEngine
from riskstrat.scoring import Platt, RiskModel
from riskstrat.site.opening import engine_of
from riskstrat.site.spread_matrix import spread_matrix, spread_scores
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS
from riskstrat.workspace import Workspace, load
from tests.suite.properties import population_settings
from tests.suite.spark import Cluster, start_cluster

ROOT = Path(__file__).resolve().parents[2]
DAYS = (date(2022, 3, 1), date(2022, 3, 2), date(2023, 3, 1))
PEOPLE = 60

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master with one worker, or with two where it is tried that one is lost: each takes half a minute to start."""
    loses_one = any(
        item.path == request.path and item.get_closest_marker("exhaustive") for item in request.session.items
    )
    with start_cluster(tmp_path_factory.mktemp("cluster"), workers=2 if loses_one else 1) as started:
        yield started


@pytest.fixture(scope="module")
def workspace(cluster: Cluster) -> Workspace:
    """The shipped decisions, with features made on the cluster, twenty people to a part."""
    loaded = load(ROOT)
    engine = EngineSettings(kind="spark", master=cluster.master, partition_people=20)
    return replace(loaded, settings=loaded.settings.model_copy(update={"engine": engine}))


@pytest.fixture(scope="module")
def store(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(workspace, 7, tmp_path_factory.mktemp("store"))


def make_store(workspace: Workspace, seed: int, folder: Path) -> Store:
    shape = shape_of(DAYS, workspace.features, workspace.codelists)
    return ingested(folder, random_tables(shape, seed, PEOPLE), shape.as_at)


def cohort_of(store: Store, days: tuple[date, ...]) -> pd.DataFrame:
    return cohort_frame(store, calendar(sorted(store.people()["patient_id"]), days))


def spread(workspace: Workspace, engine: FeatureEngine, cohort: pd.DataFrame) -> FeatureMatrix:
    return spread_matrix(workspace, engine, cohort, silent)


def list_streams(engine: FeatureEngine) -> set[str]:
    return {scan.stream.name for scan in engine.plan.scans}


def assert_equal(made: FeatureMatrix, expected: FeatureMatrix) -> None:
    """Bit by bit, and not by there being nothing in it."""
    assert made.columns == expected.columns
    assert made.fingerprints == expected.fingerprints
    assert made.keys.equals(expected.keys)
    assert same(made.values, expected.values).all()
    assert (~np.isnan(expected.values) & (expected.values != 0)).any(axis=0).mean() > 0.5


def test_the_workers_give_the_same_on_every_stream_at_one_date(workspace: Workspace, store: Store) -> None:
    engine = engine_of(workspace, store)
    assert list_streams(engine) >= {"admissions", "attendances", "all_falls", "recorded_conditions", "prescriptions"}
    assert list_streams(engine) <= set(STREAMS)
    cohort = cohort_of(store, DAYS[:1])
    assert_equal(spread(workspace, engine, cohort), engine.matrix(cohort))


def make_model(matrix: FeatureMatrix) -> RiskModel:
    """A few trees that learned nothing of use from the features of these people."""
    import lightgbm

    outcome = np.random.default_rng(3).random(len(matrix)) < 0.4
    settings = {"objective": "binary", "min_data_in_leaf": 3, "num_threads": 1, "verbose": -1, "seed": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(matrix.values, outcome.astype(float)), num_boost_round=8)
    text = booster.model_to_string()
    return RiskModel(text, matrix.columns, dict(matrix.fingerprints), Platt(1.0, 0.0), {"name": "paper"}, {})


def test_margins_and_the_columns_that_are_read_are_all_that_is_fetched(workspace: Workspace, store: Store) -> None:
    engine, cohort = engine_of(workspace, store), cohort_of(store, DAYS)
    expected = engine.matrix(cohort)
    model = make_model(expected)
    told: list[float] = []
    made, margin = spread_scores(workspace, engine, cohort, model, lambda stage, share: told.append(share))
    assert np.abs(margin - model.margin(expected)).max() <= 1e-9
    assert len(np.unique(margin)) > 20
    assert told == sorted(told)
    assert told[-1] == 1.0
    wanted = expected.columns[5:0:-2]
    assert same(made.select(wanted), expected.select(wanted)).all()
    assert len(made.take(np.zeros(0, np.int64))) == 0
    assert "values" not in vars(made)


@pytest.mark.exhaustive
def test_a_worker_that_is_killed_in_the_middle_changes_nothing(
    workspace: Workspace, store: Store, cluster: Cluster
) -> None:
    engine = engine_of(workspace, store)
    in_ten = EngineSettings(kind="spark", master=cluster.master, partition_people=6)
    given = replace(workspace, settings=workspace.settings.model_copy(update={"engine": in_ten}))
    killed_at: list[float] = []

    def kill_once(stage: str, share: float) -> None:
        if share > 0 and not killed_at:
            killed_at.append(share)
            cluster.kill_first_worker()

    cohort = cohort_of(store, DAYS)
    made = spread_matrix(given, engine, cohort, kill_once)
    cluster.start_worker()
    assert killed_at[0] < 1.0, "the parts were done before a worker could be killed"
    assert_equal(made, engine.matrix(cohort))


def some_discharges(tables: dict[str, list[dict[str, object]]], seed: int) -> list[IndexDate]:
    every = sorted(discharges(tables), key=lambda asked: (asked.patient, asked.day))
    return random.Random(seed).sample(every, min(40, len(every)))


@pytest.mark.exhaustive
def test_random_records_give_the_same_at_stacked_dates_and_at_each_persons_own(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @population_settings(1)
    @given(st.integers(0, 10**9))
    def agrees(seed: int) -> None:
        shape = shape_of(DAYS, workspace.features, workspace.codelists)
        tables = random_tables(shape, seed, 2 * PEOPLE)
        made = ingested(tmp_path_factory.mktemp("random"), tables, shape.as_at)
        engine = engine_of(workspace, made)
        own = some_discharges(tables, seed)
        assert len(own) > 10
        cohort = cohort_frame(made, calendar([row["patient_id"] for row in tables["people"]], DAYS) + own)
        assert_equal(spread(workspace, engine, cohort), engine.matrix(cohort))

    agrees()


def test_a_worker_with_other_definitions_refuses_in_one_line(workspace: Workspace, store: Store) -> None:
    engine = engine_of(workspace, store)
    name = engine.plan.names[0]
    other = replace(engine, fingerprints={**engine.fingerprints, name: "of another definition"})
    with pytest.raises(ClusterError, match="a worker reads other definitions of features than this machine") as refused:
        spread(workspace, other, cohort_of(store, DAYS[:1]))
    assert "\n" not in str(refused.value)


def test_a_master_that_is_not_there_is_said_at_once(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        master = f"spark://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ClusterError, match=f"no Apache Spark answers at {master}; start its master"):
        open_session(master)


@pytest.mark.skipif(os.name != "posix", reason="an interrupt that a test can send")
def test_an_interrupt_is_one_once_the_session_is_over_too(cluster: Cluster) -> None:
    # A suite that was started in the background ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        open_session(cluster.master).stop()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
