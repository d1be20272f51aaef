"""Nothing that came later, or was told later, moves a feature: the same past with another future gives the same bits.

One example is many random people, each with a day up to which the past is fixed: an index date for some, their own
discharge for others. Three landings go through the real ingest and the real engine: the whole record, the record as a
site would have landed it on that day, and that record continued at random. Late values are such as validation accepts:
a row with a broken one is quarantined whole.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from other_futures import another_future, as_it_stood
from plain_features import IndexDate
from random_records import Tables, random_tables
from random_shape import Shape, shape_of
from real_engine import calendar, cohort_frame, discharges, engine_for, ingested, matrix_of, same

from riskstrat.definitions import attribute
from riskstrat.definitions.expressions import columns_of
from riskstrat.definitions.features import Feature
from riskstrat.definitions.settings import EngineSettings
from riskstrat.errors import DefinitionError
from riskstrat.sources import streams
from riskstrat.sources.store import Store
from riskstrat.sources.tables import people
from riskstrat.workspace import Workspace, load
from tests.suite.properties import population_settings

ROOT = Path(__file__).resolve().parents[2]
TOLD_AGAIN = ("duplicate", "spell id used again", "spell quarantined")
"""Rules that later rows may break without moving what stood before."""


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


@dataclass(frozen=True)
class Example:
    """What Hypothesis chooses; the people follow from the seed."""

    seed: int
    day: date


@st.composite
def examples(draw: st.DrawFn) -> Example:
    return Example(draw(st.integers(0, 10**9)), draw(st.dates(date(2019, 1, 1), date(2023, 12, 31))))


@dataclass(frozen=True)
class Fixed:
    """One example with its people: the record, whose past is fixed up to which day, and the cohort to compute."""

    tables: Tables
    shape: Shape
    days: Mapping[str, IndexDate]
    cohort: list[IndexDate]


def fixed(workspace: Workspace, features: Mapping[str, Feature], example: Example, number: int) -> Fixed:
    """Half of the people with a discharge are fixed at it, everybody else at the index date."""
    rng = random.Random(example.seed)
    shape = shape_of([example.day], features, workspace.codelists)
    tables = random_tables(shape, example.seed, number)
    days = {row["patient_id"]: IndexDate(row["patient_id"], example.day) for row in tables["people"]}
    for asked in discharges(tables):
        if asked.day < shape.as_at and rng.random() < 0.3:
            days[asked.patient] = asked
    earlier = [
        IndexDate(asked.patient, asked.day - timedelta(days=back))
        for asked in days.values()
        if asked.spell is None
        for back in (1, 100)
    ]
    return Fixed(tables, shape, days, [*days.values(), *earlier])


OF_EVERYTHING, OF_WHAT_MAY_BE_PRINTED = False, True
Values = tuple[npt.NDArray[np.float32], npt.NDArray[np.datetime64]]


def land_futures(folder: Path, given: Fixed, seed: int) -> Iterator[Store]:
    """The stores of the whole record, of the past as it stood, and of that past with another future."""
    another = another_future(given.tables, given.days, given.shape, seed)
    for number, tables in enumerate((given.tables, as_it_stood(given.tables, given.days), another)):
        yield ingested(folder / str(number), tables, given.shape.as_at, refused=TOLD_AGAIN)


def compute_values(
    workspace: Workspace, features: Mapping[str, Feature], given: Fixed, store: Store, engines: Sequence[bool]
) -> list[Values]:
    """For each engine, printable or not, the cohort's features and the date of the latest row behind each.

    Both are ordered by patient and index date.
    """
    frame = cohort_frame(store, given.cohort)
    order = frame.sort_values(["patient_id", "index_date"]).index.to_numpy()
    made = [engine_for(store, workspace, features, printable=printable) for printable in engines]
    return [(one.matrix(frame).values[order], one.evidence(frame)[order]) for one in made]


def look_ahead(
    workspace: Workspace,
    features: Mapping[str, Feature],
    given: Fixed,
    stores: Sequence[Store],
    engines: Sequence[bool] = (OF_EVERYTHING,),
) -> Counter[str]:
    """For each feature, the number of rows in which another future moved its value or its date."""
    whole, *changed = (compute_values(workspace, features, given, store, engines) for store in stores)
    found: Counter[str] = Counter()
    for other in changed:
        for (values, dates), (others, other_dates) in zip(whole, other, strict=True):
            moved = ~same(values, others) | ~((dates == other_dates) | (np.isnat(dates) & np.isnat(other_dates)))
            found.update(dict(zip(features, moved.sum(axis=0).tolist(), strict=True)))
    return +found


Landed = tuple[Fixed, list[Store]]


@pytest.fixture(scope="module")
def landed(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, date], Landed]:
    """240 people of a seed, fixed at a day, and their three stores: enough for most of what is planted."""

    @cache
    def land(seed: int, day: date) -> Landed:
        given_people = fixed(workspace, workspace.features, Example(seed, day), 240)
        return given_people, list(land_futures(tmp_path_factory.mktemp("landed"), given_people, seed))

    return land


BOTH = (OF_EVERYTHING, OF_WHAT_MAY_BE_PRINTED)
FIRST = (1, date(2021, 3, 1))


def test_another_future_leaves_every_shipped_feature_as_it_was_also_of_what_may_be_printed(
    workspace: Workspace, landed: Callable[[int, date], Landed]
) -> None:
    """Of the people among whom a planted look-ahead is found."""
    assert look_ahead(workspace, workspace.features, *landed(*FIRST), BOTH) == {}


@pytest.mark.exhaustive
def test_another_future_leaves_every_shipped_feature_as_it_was_of_other_people_on_other_days(
    workspace: Workspace,
) -> None:
    @population_settings(1, drawn=3)
    @given(examples())
    def holds(example: Example) -> None:
        given_people = fixed(workspace, workspace.features, example, 100)
        with TemporaryDirectory() as folder:
            stores = list(land_futures(Path(folder), given_people, example.seed))
            assert look_ahead(workspace, workspace.features, given_people, stores, BOTH) == {}

    holds()


# ---- That it can fail: planted look-aheads ----

Views = Callable[..., Iterator[str]]
_LATE = ("discharged_on", "discharge_method", "destination", "specialty", "ended_by")
PLANTS = {
    "every row is known from the beginning": (None, "* REPLACE (DATE '1800-01-01' AS valid_from)"),
    "every row is known a day early": (None, "* REPLACE (valid_from - 1 AS valid_from)"),
    "how a stay ends is told when it begins": (
        "admissions",
        f"* REPLACE ({', '.join(f'max({c}) OVER (PARTITION BY spell) AS {c}' for c in _LATE)})",
    ),
}
"""What goes wrong: the stream it goes wrong in (None: all of them), and the columns that it then has."""


def planted(views: Views, wrong: str | None, columns: str) -> Views:
    """The views of the streams, with the columns of `wrong` changed."""

    def changed(*given: Any) -> Iterator[str]:
        for statement in views(*given):
            head, query = statement.split(" AS ", 1)
            hit = wrong is None or head == f"CREATE VIEW {wrong}"
            yield f"{head} AS SELECT {columns} FROM ({query})" if hit else statement

    return changed


def dated(feature: Feature, features: Mapping[str, Feature]) -> bool:
    """Whether the value rests on rows that become known one day; what stands in people does so from the beginning."""
    if feature.rows is not None:
        return feature.rows.stream != "people"
    inputs: Sequence[Feature] = [features[g] if isinstance(g, str) else g for g in feature.inputs.values()]
    return any(dated(given, features) for given in inputs)


def exposed(workspace: Workspace, wrong: str | None) -> list[str]:
    """The features that a plant should move: those of dated rows, or those that read how a stay ends."""
    if wrong is None:
        return [name for name, feature in workspace.features.items() if dated(feature, workspace.features)]
    ending = set(_LATE) - {"specialty"}
    return [name for name, feature in workspace.features.items() if read_by(feature) & ending]


def read_by(feature: Feature) -> frozenset[str]:
    """Columns that the feature itself reads."""
    conditions = feature.rows.conditions if feature.rows else ()
    parts = [part for part in (feature.day, feature.value, feature.until) if part is not None]
    return frozenset().union(*(columns_of(part) for part in (*conditions, *parts)))


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_look_ahead_is_found(
    workspace: Workspace, plant: str, landed: Callable[[int, date], Landed], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is planted lies in how a store is read, so stores that stand are looked at again.
    wrong, columns = PLANTS[plant]
    monkeypatch.setattr(streams, "views", planted(streams.views, wrong, columns))
    expected = exposed(workspace, wrong)
    assert len(expected) > 5
    missed = expected
    for seed, day in (FIRST, (2, date(2022, 6, 30)), (3, date(2020, 9, 15))):
        given_people, (whole, _, another) = landed(seed, day)
        found = look_ahead(workspace, workspace.features, given_people, (whole, another))
        missed = [name for name in missed if not found[name]]
        if len(missed) <= max(1, len(expected) // 10):
            return
    pytest.fail(f"not found in {missed}")


def test_a_feature_that_reads_a_death_is_refused_and_would_be_found(
    workspace: Workspace, landed: Callable[[int, date], Landed], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {"theme": "age and area", "unit": "x", "says": "x", "why": "x", "sensitive": False}
    (dies,) = attribute(people.date_of_death.notnull(), missing=0, **said)
    given_people, (whole, _, another) = landed(*FIRST)
    people_and_stores = given_people, (whole, another)
    with pytest.raises(DefinitionError, match=r"people\.date_of_death, which is learned later"):
        look_ahead(workspace, {"dies": dies}, *people_and_stores)
    monkeypatch.setattr("riskstrat.features.plan._refuse_unsettled", lambda feature: None)
    assert look_ahead(workspace, {"dies": dies}, *people_and_stores)["dies"] > 0


# ---- What must not matter ----


def values_of(
    store: Store, workspace: Workspace, cohort: Sequence[IndexDate], **engine: int
) -> npt.NDArray[np.float32]:
    return matrix_of(engine_for(store, workspace, workspace.features, EngineSettings(**engine)), cohort).values


@pytest.fixture(scope="module")
def record(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Tables, list[date]]:
    days = [date(2020, 2, 29), date(2020, 3, 1), date(2021, 8, 31)]
    shape = shape_of(days, workspace.features, workspace.codelists)
    tables = random_tables(shape, 7, 60)
    return ingested(tmp_path_factory.mktemp("record"), tables, shape.as_at), tables, days


def test_the_order_of_landed_rows_does_not_matter(
    workspace: Workspace, record: tuple[Store, Tables, list[date]], tmp_path: Path
) -> None:
    store, tables, days = record
    turned = {name: rows[::-1] for name, rows in tables.items()}
    again = ingested(tmp_path, turned, store.data_as_at)
    assert again.fingerprint == store.fingerprint
    cohort = calendar([row["patient_id"] for row in tables["people"]], days)
    assert same(values_of(store, workspace, cohort), values_of(again, workspace, cohort)).all()


@pytest.mark.parametrize("engine", [{"partition_people": 1}, {"partition_people": 7, "threads": 2}, {"threads": 2}])
def test_partitions_and_threads_do_not_matter(
    workspace: Workspace, record: tuple[Store, Tables, list[date]], engine: dict[str, int]
) -> None:
    store, tables, days = record
    some = sorted(row["patient_id"] for row in tables["people"])[::4]
    cohort = calendar(some, days) + [asked for asked in discharges(tables) if asked.patient in some]
    whole = values_of(store, workspace, cohort, partition_people=1000, threads=1)
    assert same(whole, values_of(store, workspace, cohort, **engine)).all()


def test_a_packed_matrix_has_the_same_numbers_whatever_the_partitions(
    workspace: Workspace, record: tuple[Store, Tables, list[date]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskstrat.features.assembly.USUAL_DATES", 1)
    store, tables, days = record
    cohort = calendar(sorted(row["patient_id"] for row in tables["people"]), days)
    settings = EngineSettings(partition_people=20, threads=2)
    packed = engine_for(store, workspace, workspace.features, settings).packed_matrix(cohort_frame(store, cohort))
    whole = values_of(store, workspace, cohort, partition_people=1000, threads=1)
    assert same(whole, packed.values).all()
    assert sum(column.nbytes for column in packed.packed.columns) < whole.nbytes / 2


def test_several_index_dates_at_once_are_each_of_them_alone(
    workspace: Workspace, record: tuple[Store, Tables, list[date]]
) -> None:
    store, tables, days = record
    patients = [row["patient_id"] for row in tables["people"]]
    at_once = values_of(store, workspace, calendar(patients, days)).reshape(len(patients), len(days), -1)
    for place, day in enumerate(days):
        alone = values_of(store, workspace, calendar(patients, [day]))
        assert same(np.ascontiguousarray(at_once[:, place]), alone).all()


def test_dates_of_their_own_for_each_person_are_the_same_dates_for_everybody(
    workspace: Workspace, record: tuple[Store, Tables, list[date]]
) -> None:
    store, tables, days = record
    patients = sorted(row["patient_id"] for row in tables["people"])
    own = [IndexDate(patient, days[number % len(days)]) for number, patient in enumerate(patients)]
    frame = cohort_frame(store, own)
    mixed = values_of(store, workspace, own)
    for day in days:
        everybody = cohort_frame(store, calendar(patients, [day]))
        values = values_of(store, workspace, calendar(patients, [day]))
        mine = (frame["index_date"] == everybody["index_date"]).to_numpy()
        assert mine.any()
        assert same(mixed[mine], values[mine]).all()
