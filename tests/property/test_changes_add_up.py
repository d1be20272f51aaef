"""A store cut at a day reads as the site's own landing would have read: known by the day, or happened by it.

One example is many random people and two list dates, ingested once for all laws. What an excerpt gives is compared, bit
for bit, with the real ingest of landed rows that plain Python has cut; and what a score's change is split into adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
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
PEOPLE = 120


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
    return Example(draw(st.integers(0, 10**9)), before, before + timedelta(days=draw(st.sampled_from((60, 7, 1)))))


class Borough:
    """The random people of an example, landed and ingested; their features at each list date and discharge."""

    def __init__(self, workspace: Workspace, example: Example, folder: Path) -> None:
        self.workspace, self.example, self.folder = workspace, example, folder
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


@pytest.fixture(scope="module")
def boroughs(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> list[Borough]:
    """The boroughs of the examples that Hypothesis chose; which one broke a law stands in the message."""
    chosen: list[Example] = []

    @population_settings(1, drawn=3)
    @given(examples())
    def choose(example: Example) -> None:
        chosen.append(example)

    choose()
    assert chosen
    return [Borough(workspace, example, tmp_path_factory.mktemp("borough")) for example in chosen]


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


def test_a_store_of_some_people_reads_as_the_whole_store_does(workspace: Workspace, boroughs: list[Borough]) -> None:
    for made in boroughs:
        cohort = [*calendar(made.patients, [made.example.before, made.example.now]), *discharges(made.tables)]
        part = excerpt(made.store, made.some(), made.folder / "part")
        whole, few = made.features(made.store, cohort), made.features(part, cohort)
        assert differences(whole, few, tuple(workspace.features)) == set(), made.example


def test_what_was_known_by_a_day_reads_as_it_was_landed_on_that_day(
    workspace: Workspace, boroughs: list[Borough]
) -> None:
    for made in boroughs:
        before, now = made.example.before, made.example.now
        part = excerpt(made.store, made.some(), made.folder / "known", known_by=before)
        days = {patient: IndexDate(patient, before) for patient in made.patients}
        then = made.landed(as_it_stood(made.tables, days), "then")
        cohort = calendar(made.patients, [before, now])
        landed, cut = (made.features(store, cohort) for store in (then, part))
        assert differences(landed, cut, tuple(workspace.features)) == set(), made.example
        earlier = calendar(made.patients, [before - timedelta(days=back) for back in (0, 1, 100)])
        whole, cut = made.features(made.store, earlier), made.features(part, earlier)
        assert differences(whole, cut, tuple(workspace.features)) == set(), made.example


def test_what_happened_by_a_day_reads_as_if_nothing_had_happened_since(
    workspace: Workspace, boroughs: list[Borough]
) -> None:
    for made in boroughs:
        part = excerpt(made.store, made.some(), made.folder / "happened", happened_by=made.example.before)
        quiet = made.landed(happened_by(made.tables, made.example.before), "quiet")
        cohort = calendar(made.patients, [made.example.before, made.example.now, made.shape.as_at])
        landed, cut = (made.features(store, cohort) for store in (quiet, part))
        assert differences(landed, cut, tuple(workspace.features)) == set(), made.example


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


def models(opened: Site, made: Borough, *seeds: int) -> list[RiskModel]:
    """A model of each seed."""
    days = [made.example.before, made.example.now]
    matrix = opened.engine.matrix(cohort_frame(opened.store, calendar(made.patients, days)))
    return [model_on(matrix, seed) for seed in seeds]


def split(opened: Site, made: Borough, old: RiskModel, new: RiskModel) -> pd.DataFrame:
    """The causes for everybody between the two lists of a borough, made by the models `old` and `new`."""
    example = made.example
    earlier = scored(opened, old, made.patients, example.before)
    now = scored(opened, new, made.patients, example.now)
    before = Before(example.before, old, earlier.rows.set_index("patient_id")["margin"])
    return causes(opened, made.workspace.recipes["emergency_admission_12m"], before, now, made.patients)


@pytest.fixture(scope="module")
def splits(workspace: Workspace, boroughs: list[Borough]) -> list[tuple[Borough, pd.DataFrame, pd.DataFrame]]:
    """Some boroughs with the causes of their changes, from whole records and from what may be printed of them."""
    return [(made, *split_both_ways(workspace, made)) for made in boroughs[::2]]


def split_both_ways(workspace: Workspace, made: Borough) -> Iterator[pd.DataFrame]:
    printable = engine_of(workspace, made.store)
    assert printable.printable
    opened = [Site(workspace, made.store, each) for each in (replace(printable, printable=False), printable)]
    pair = models(opened[0], made, 1, 2)
    return (split(each, made, *pair) for each in opened)


def test_the_four_parts_add_up_to_the_change_and_their_themes_to_each_part(
    splits: list[tuple[Borough, pd.DataFrame, pd.DataFrame]],
) -> None:
    moved = dict.fromkeys(KINDS, 0)
    for made, found in ((made, found) for made, *both in splits for found in both):
        assert found["patient_id"].tolist() == made.patients
        change = (found["margin_now"] - found["margin_before"]).to_numpy()
        parts = found[[f"part_{kind}" for kind in KINDS]].astype(float)
        assert np.abs(parts.sum(axis=1).to_numpy() - change).max() <= 1e-6, made.example
        for kind in KINDS:
            sums = [sum(part for _, part in themes) for themes in found[f"themes_{kind}"]]
            assert np.abs(np.array(sums) - parts[f"part_{kind}"].to_numpy()).max() <= 1e-6, (kind, made.example)
            moved[kind] += int((parts[f"part_{kind}"] != 0).sum())
    assert min(moved.values()) > 0, moved


def test_a_part_that_nothing_can_have_moved_is_exactly_0(workspace: Workspace, boroughs: list[Borough]) -> None:
    everybody = list(range(PEOPLE))
    for made in boroughs[::2]:
        for cut, still in (
            ({"known_by": made.example.before}, ("new_events", "late_data", "model_change")),
            ({"happened_by": made.example.before}, ("new_events", "model_change")),
        ):
            store = excerpt(made.store, everybody, made.folder / "-".join(cut), **cut)
            opened = Site(workspace, store, engine_of(workspace, store))
            found = split(opened, made, *models(opened, made, 1, 1))
            for kind in still:
                assert set(found[f"part_{kind}"]) == {0.0}, (kind, made.example)
                assert {part for themes in found[f"themes_{kind}"] for _, part in themes} == {0.0}, (kind, made.example)


def test_themes_are_those_of_the_records_without_a_trace_of_what_is_sensitive(
    splits: list[tuple[Borough, pd.DataFrame, pd.DataFrame]],
) -> None:
    hidden = []
    for made, whole, alone in splits:
        for kind in KINDS:
            told, shown = (found[f"themes_{kind}"].map(lambda themes: themes[:-1]) for found in (whole, alone))
            assert told.tolist() == shown.tolist(), (kind, made.example)
        hidden.append(any((whole[f"part_{kind}"] != alone[f"part_{kind}"]).any() for kind in KINDS))
    assert any(hidden)
