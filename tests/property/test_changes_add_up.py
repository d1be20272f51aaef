"""A store cut at a day reads as the site's own landing would have read: known by the day, or happened by it.

One example is many random people and two list dates. What an excerpt gives is compared, bit for bit, with the real
ingest of landed rows that plain Python has cut; and what a change of score is split into adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from other_futures import as_it_stood
from plain_features import IndexDate
from random_records import Tables, random_tables
from random_shape import Shape, shape_of
from real_engine import calendar, cohort_frame, discharges, engine_for, ingested, same

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.scoring import RiskModel
from riskstrat.site.opening import Site, engine_of
from riskstrat.sources.excerpt import excerpt
from riskstrat.sources.store import Store
from riskstrat.weekly.changes import KINDS, Before, causes
from riskstrat.workspace import Workspace, load
from tests.suite.properties import population_settings

ROOT = Path(__file__).resolve().parents[2]
TOLD_AGAIN = ("duplicate", "spell id used again", "spell quarantined")
PEOPLE = 80


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


@dataclass(frozen=True)
class Example:
    """What Hypothesis chooses: the earlier and the later list date; the people follow from the seed."""

    seed: int
    before: date
    now: date


@st.composite
def examples(draw: st.DrawFn) -> Example:
    before = draw(st.dates(date(2019, 1, 1), date(2023, 12, 31)))
    return Example(draw(st.integers(0, 10**9)), before, before + timedelta(days=draw(st.sampled_from((1, 7, 60)))))


class Borough:
    """The random people of an example, landed and ingested; their features at each list date and discharge."""

    def __init__(self, workspace: Workspace, example: Example, folder: Path) -> None:
        self.workspace, self.folder = workspace, folder
        self.shape: Shape = shape_of([example.before, example.now], workspace.features, workspace.codelists)
        self.tables = random_tables(self.shape, example.seed, PEOPLE)
        self.store = self.landed(self.tables, "whole")
        self.patients = [row["patient_id"] for row in self.tables["people"]]

    def landed(self, tables: Tables, name: str) -> Store:
        return ingested(self.folder / name, tables, self.shape.as_at, refused=TOLD_AGAIN)

    def some(self) -> list[int]:
        """Every third person."""
        return list(range(0, PEOPLE, 3))

    def features(self, store: Store, cohort: list[IndexDate]) -> npt.NDArray[np.float32]:
        """One row per row of the cohort among the people of `some`, of the order of the whole store."""
        frame = cohort_frame(self.store, cohort)
        frame = frame[frame["person"].isin(self.some())].reset_index(drop=True)
        return engine_for(store, self.workspace, self.workspace.features).matrix(frame).values


@pytest.fixture
def boroughs(workspace: Workspace) -> Iterator[Any]:
    with TemporaryDirectory() as scratch:
        number = iter(range(100))
        yield lambda example: Borough(workspace, example, Path(scratch) / str(next(number)))


def happened_by(tables: Tables, day: date) -> Tables:
    """The landed tables as if nothing had happened after `day`, whatever was told later about what had."""
    cut: Tables = {"people": [_living(row, day) for row in tables["people"]]}
    for name, rows in tables.items():
        schema = SCHEMAS[name]
        if schema.event is not None:
            cut[name] = [_open(schema.settles, row, day) for row in rows if row[schema.event] <= day]
    ended = {row["spell_id"] for row in cut["admissions"] if row["discharged_on"] is not None}
    cut["diagnoses"] = [row for row in tables["diagnoses"] if row["spell_id"] in ended]
    return cut


def _living(row: Mapping[str, Any], day: date) -> dict[str, Any]:
    died, moved = row["date_of_death"] or row["died_known_on"], row["care_home_from"]
    said = {"date_of_death": None, "died_known_on": None} if died is not None and died > day else {}
    return dict(row) | said | ({"care_home_from": None} if moved is not None and moved > day else {})


def _open(settles: Any, row: Mapping[str, Any], day: date) -> dict[str, Any]:
    if settles is None or row[settles.date] is None or row[settles.date] <= day:
        return dict(row)
    late = (*settles.columns, *((settles.known,) if settles.known else ()))
    return {name: None if name in late else value for name, value in row.items()}


def differences(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32], names: tuple[str, ...]) -> set[str]:
    return {names[column] for column in np.flatnonzero(~same(left, right).all(axis=0))}


def test_a_store_of_some_people_reads_as_the_whole_store_does(workspace: Workspace, boroughs: Any) -> None:
    @population_settings(3)
    @given(examples())
    def holds(example: Example) -> None:
        made = boroughs(example)
        cohort = [*calendar(made.patients, [example.before, example.now]), *discharges(made.tables)]
        part = excerpt(made.store, made.some(), made.folder / "part")
        whole, few = made.features(made.store, cohort), made.features(part, cohort)
        assert differences(whole, few, tuple(workspace.features)) == set()

    holds()


def test_what_was_known_by_a_day_reads_as_it_was_landed_on_that_day(workspace: Workspace, boroughs: Any) -> None:
    @population_settings(3)
    @given(examples())
    def holds(example: Example) -> None:
        made = boroughs(example)
        part = excerpt(made.store, made.some(), made.folder / "part", known_by=example.before)
        days = {patient: IndexDate(patient, example.before) for patient in made.patients}
        then = made.landed(as_it_stood(made.tables, days), "then")
        for day in (example.before, example.now):
            landed, cut = (made.features(store, calendar(made.patients, [day])) for store in (then, part))
            assert differences(landed, cut, tuple(workspace.features)) == set()
        earlier = calendar(made.patients, [example.before - timedelta(days=back) for back in (0, 1, 100)])
        whole, cut = made.features(made.store, earlier), made.features(part, earlier)
        assert differences(whole, cut, tuple(workspace.features)) == set()

    holds()


def test_what_happened_by_a_day_reads_as_if_nothing_had_happened_since(workspace: Workspace, boroughs: Any) -> None:
    @population_settings(3)
    @given(examples())
    def holds(example: Example) -> None:
        made = boroughs(example)
        part = excerpt(made.store, made.some(), made.folder / "part", happened_by=example.before)
        quiet = made.landed(happened_by(made.tables, example.before), "quiet")
        for day in (example.before, example.now, made.shape.as_at):
            landed, cut = (made.features(store, calendar(made.patients, [day])) for store in (quiet, part))
            assert differences(landed, cut, tuple(workspace.features)) == set()

    holds()


# ---- What a change of score is split into ----


def model_on(matrix: FeatureMatrix, seed: int) -> RiskModel:
    """A small model of a random outcome, so that any feature may move a margin."""
    outcome = np.random.default_rng(seed).random(len(matrix)) < 0.4
    settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 3, "num_threads": 1, "seed": seed}
    booster = lightgbm.train(settings, lightgbm.Dataset(matrix.values, outcome.astype(float)), num_boost_round=20)
    fingerprints = {name: matrix.fingerprints[name] for name in matrix.columns}
    unused: Any = None
    return RiskModel(booster.model_to_string(), matrix.columns, fingerprints, unused, {"name": "random"}, {})


def scored(opened: Site, model: RiskModel, patients: list[str], day: date) -> Any:
    """Everybody at a list date with their margin, as `Scored` has them."""
    cohort = cohort_frame(opened.store, calendar(patients, [day]))
    matrix = opened.engine.matrix(cohort)
    rows = cohort.assign(margin=model.margin(matrix))
    return SimpleNamespace(rows=rows, cohort=SimpleNamespace(rows=cohort), matrix=matrix, model=model)


def models(opened: Site, made: Borough, example: Example, *seeds: int) -> list[RiskModel]:
    """A model of each seed."""
    matrix = opened.engine.matrix(cohort_frame(opened.store, calendar(made.patients, [example.before, example.now])))
    return [model_on(matrix, seed) for seed in seeds]


def split(opened: Site, made: Borough, example: Example, old: RiskModel, new: RiskModel) -> pd.DataFrame:
    """The causes for everybody between the two lists of an example, made by the models `old` and `new`."""
    earlier = scored(opened, old, made.patients, example.before)
    now = scored(opened, new, made.patients, example.now)
    before = Before(example.before, old, earlier.rows.set_index("patient_id")["margin"])
    return causes(opened, made.workspace.recipes["emergency_admission_12m"], before, now, made.patients)


def test_the_four_parts_add_up_to_the_change_and_their_themes_to_each_part(workspace: Workspace, boroughs: Any) -> None:
    moved = dict.fromkeys(KINDS, 0)

    @population_settings(2)
    @given(examples())
    def holds(example: Example) -> None:
        made = boroughs(example)
        opened = Site(workspace, made.store, engine_of(workspace, made.store))
        found = split(opened, made, example, *models(opened, made, example, 1, 2))
        assert found["patient_id"].tolist() == made.patients
        change = (found["margin_now"] - found["margin_before"]).to_numpy()
        parts = found[[f"part_{kind}" for kind in KINDS]].astype(float)
        assert np.abs(parts.sum(axis=1).to_numpy() - change).max() <= 1e-6
        for kind in KINDS:
            sums = [sum(part for _, part in themes) for themes in found[f"themes_{kind}"]]
            assert np.abs(np.array(sums) - parts[f"part_{kind}"].to_numpy()).max() <= 1e-6
            moved[kind] += int((parts[f"part_{kind}"] != 0).sum())

    holds()
    assert min(moved.values()) > 0, moved


def test_a_part_that_nothing_can_have_moved_is_exactly_0(workspace: Workspace, boroughs: Any) -> None:
    @population_settings(2)
    @given(examples())
    def holds(example: Example) -> None:
        made = boroughs(example)
        everybody = list(range(PEOPLE))
        for cut, still in (
            ({"known_by": example.before}, ("new_events", "late_data", "model_change")),
            ({"happened_by": example.before}, ("new_events", "model_change")),
        ):
            store = excerpt(made.store, everybody, made.folder / "-".join(cut), **cut)
            opened = Site(workspace, store, engine_of(workspace, store))
            found = split(opened, made, example, *models(opened, made, example, 1, 1))
            for kind in still:
                assert set(found[f"part_{kind}"]) == {0.0}
                assert {part for themes in found[f"themes_{kind}"] for _, part in themes} == {0.0}

    holds()


def test_themes_are_those_of_the_records_without_a_trace_of_what_is_sensitive(
    workspace: Workspace, boroughs: Any
) -> None:
    hidden = []

    @population_settings(2)
    @given(examples())
    def holds(example: Example) -> None:
        made = boroughs(example)
        printable = engine_of(workspace, made.store)
        assert printable.printable
        engines = (replace(printable, printable=False), printable)
        opened = [Site(workspace, made.store, each) for each in engines]
        pair = models(opened[0], made, example, 1, 2)
        whole, alone = (split(each, made, example, *pair) for each in opened)
        for kind in KINDS:
            told, shown = (found[f"themes_{kind}"].map(lambda themes: themes[:-1]) for found in (whole, alone))
            assert told.tolist() == shown.tolist()
        hidden.append(any((whole[f"part_{kind}"] != alone[f"part_{kind}"]).any() for kind in KINDS))

    holds()
    assert any(hidden)
