"""The engine gives what a plain-Python reckoning of the declarations gives, bit for bit, on random landed tables.

One example is many independent random people through the real ingest and the real engine, at several index dates at
once and at every discharge. The oracle stands in tests/oracle.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_features import IndexDate, plain_matrix
from random_records import Tables, random_tables
from random_shape import shape_of
from real_engine import calendar, discharges, engine_for, in_order, ingested, matrix_of, same

from riskstrat.definitions import (
    active,
    attribute,
    count,
    days_in,
    days_since,
    derive,
    distinct,
    episodes,
    exists,
    latest,
    slope,
    total,
)
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Columns, Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import DefinitionError
from riskstrat.sources import tables as streams
from riskstrat.workspace import Workspace, load
from tests.suite.properties import population_settings

ROOT = Path(__file__).resolve().parents[2]
NO_DATES = (date(1800, 1, 1), date(1801, 1, 1), date(1600, 1, 1), date(1582, 10, 15))


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


@dataclass(frozen=True)
class Example:
    """What Hypothesis chooses; the people follow from the seed."""

    seed: int
    index_dates: tuple[date, ...]
    csv: bool = False
    lags: tuple[tuple[str, int], ...] = ()
    continuous_stays: str = "three_days"


LAGS = (("attendances", 0), ("diagnoses", 12), ("admissions", 3))
WAYS: tuple[dict[str, Any], ...] = (
    {"csv": False, "lags": (), "continuous_stays": "three_days"},
    {"csv": True, "lags": LAGS, "continuous_stays": "hscic_2014"},
    {"csv": False, "lags": LAGS, "continuous_stays": "off"},
)
"""Ways to land, of which few examples meet each in turn: either kind of file, with and without lags, and every rule."""

LOOKS_AT_NEW = settings.get_current_profile_name() == "random"
"""Whether the examples are others in every run, so that each can draw its own way to land."""


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Index dates of our time or of shifted records, some of them on neighbouring days."""
    first = draw(st.dates(date(2019, 1, 1), date(2023, 12, 31)) | st.dates(date(2110, 1, 1), date(2190, 12, 31)))
    gaps = draw(st.tuples(*(st.sampled_from((1, 2, 30, 182, 365)) for _ in range(2))))
    days = (first, first + timedelta(days=gaps[0]), first + timedelta(days=sum(gaps)))
    lags = draw(st.sampled_from(((), LAGS)))
    rule = draw(st.sampled_from(("three_days", "hscic_2014", "off")))
    return Example(draw(st.integers(0, 10**9)), days, draw(st.booleans()), lags, rule)


@dataclass(frozen=True)
class Reckoned:
    """The oracle's and the engine's values of one example, one row per row of the cohort."""

    cohort: list[IndexDate]
    expected: npt.NDArray[np.float32]
    matrix: FeatureMatrix

    def first_difference(self) -> str | None:
        """The first value that is not the same, in words, and how many there are; None if there is none."""
        wrong = np.argwhere(~same(self.expected, self.matrix.values))
        if not len(wrong):
            return None
        row, column = wrong[0]
        return (
            f"{len(wrong)} values differ, first {self.matrix.columns[column]} of {self.cohort[row]}: "
            f"oracle {self.expected[row, column]!r}, engine {self.matrix.values[row, column]!r}"
        )


def compute_features(
    workspace: Workspace, features: Mapping[str, Feature], tables: Tables, example: Example
) -> Reckoned:
    shape = shape_of(example.index_dates, features, workspace.codelists)
    with TemporaryDirectory() as folder:
        rule = example.continuous_stays
        store = ingested(
            Path(folder), tables, shape.as_at, csv=example.csv, lags=dict(example.lags), continuous_stays=rule
        )
        patients = [row["patient_id"] for row in tables["people"]]
        cohort = in_order(store, calendar(patients, example.index_dates) + some_discharges(tables, example.seed))
        matrix = matrix_of(engine_for(store, workspace, features), cohort)
    plain = plain_matrix(tables, features, workspace.codelists, cohort, dict(example.lags), rule)
    assert tuple(plain) == matrix.columns
    expected = np.array([plain[name] for name in matrix.columns], np.float32).T
    return Reckoned(cohort, np.ascontiguousarray(expected), matrix)


def some_discharges(tables: Tables, seed: int) -> list[IndexDate]:
    every = sorted(discharges(tables), key=lambda asked: (asked.patient, asked.day, asked.spell))
    return random.Random(seed).sample(every, min(60 if LOOKS_AT_NEW else 30, len(every)))


def with_dates_that_mean_none(tables: Tables, seed: int) -> Tables:
    """The same tables, where some missing dates are written as HES extracts write them."""
    rng = random.Random(seed)

    def written(table: str, row: dict[str, Any]) -> dict[str, Any]:
        dates = [c.name for c in SCHEMAS[table].columns if c.type == "date" and c.name in row]
        unsaid = [name for name in dates if row[name] is None and rng.random() < 0.1]
        return row | {name: rng.choice(NO_DATES) for name in unsaid}

    return {name: [written(name, row) for row in rows] for name, rows in tables.items()}


def test_every_shipped_feature_equals_the_plain_reckoning(workspace: Workspace) -> None:
    features, told = workspace.features, Counter[str]()
    rows: list[int] = []

    @population_settings(3, drawn=6)
    @given(examples())
    def agrees(drawn: Example) -> None:
        # Where new ones are looked at, each draws its own way.
        example = drawn if LOOKS_AT_NEW else replace(drawn, **WAYS[len(rows) % len(WAYS)])
        shape = shape_of(example.index_dates, features, workspace.codelists)
        tables = with_dates_that_mean_none(
            random_tables(shape, example.seed, 150 if LOOKS_AT_NEW else 70), example.seed
        )
        reckoned = compute_features(workspace, features, tables, example)
        assert (difference := reckoned.first_difference()) is None, difference
        values = reckoned.matrix.values
        told.update(dict(zip(reckoned.matrix.columns, telling(values), strict=True)))
        rows.append(len(values))

    agrees()
    assert len(rows) >= len(WAYS)
    print(f"rows with a value that is neither missing nor zero, of {sum(rows)}:")
    print("\n".join(f"{told[name]:6} {name}" for name in features))
    assert [name for name in features if not told[name]] == [], "never put to the test; the random people need more"


def telling(values: npt.NDArray[np.float32]) -> list[int]:
    """For each column, the number of rows that are neither unknown nor zero."""
    return [int(number) for number in (~np.isnan(values) & (values != 0)).sum(axis=0)]


# ---- What no shipped feature asks for ----


def half(columns: Columns) -> npt.NDArray[np.float64]:
    """Not known where there is nothing to halve."""
    return np.where(columns["n"] > 0, columns["n"] / 2, np.nan)


def more_features(workspace: Workspace) -> dict[str, Feature]:
    """Verbs, options and expressions that the shipped definitions do not use."""
    said: dict[str, Any] = {"theme": "urgent care", "unit": "x", "says": "x", "why": "x", "sensitive": False}
    lists = workspace.codelists
    stays = streams.admissions.filter(streams.admissions.discharged_on.notnull())
    nights = stays.discharged_on.delta(stays.admitted_on, unit="day")
    read = streams.measurements
    bnf = streams.prescriptions.bnf
    began, ended = streams.social_care.started_on, streams.social_care.ended_on
    coded = streams.conditions
    cases = ibis.cases((read.measure == "bmi", read.value * 2), (read.value > 100, 1.5), else_=None)
    sick = lists["long_term_conditions"]
    found = {
        "all_nights": total(nights, lookback=("365d", "ever"), missing=None, **said),
        "sum_of_values": total(read.value, lookback="730d", missing=-1, scale=1000, **said),
        "sum_of_cases": total(cases, lookback="730d", missing=0, scale=2000, **said),
        "nights_for_conditions": total(streams.diagnoses.position, codes=sick, lookback="730d", missing=None, **said),
        "unknown_count": count(coded, lookback="90d", missing=None, **said),
        "one_day": count(streams.contacts, lookback="1d", missing=0, **said),
        "entries": distinct(streams.recorded_conditions, "entry", codes=sick, lookback="730d", missing=None, **said),
        "charlson_weights": distinct(
            coded, "group", codes=lists["charlson"], weighted=True, lookback="365d", missing=-1, **said
        ),
        "substances": distinct(
            streams.prescriptions.filter(bnf.startswith("02") | (bnf.length() < 10)),
            bnf.substr(2, 2).lower(),
            lookback="365d",
            missing=0,
            **said,
        ),
        "complaints": distinct(
            streams.attendances,
            streams.attendances.complaint.fill_null("none"),
            lookback="365d",
            missing=0,
            **said,
        ),
        "first_discharge": days_since(
            stays.discharged_on, codes=None, lookback="1095d", first=True, missing=-1, **said
        ),
        "discharged": exists(stays.discharged_on, lookback=("30d", "ever"), missing=0, **said),
        "ended_condition": days_since(coded.ended_on, codes=sick, lookback="ever", missing=None, **said),
        "latest_value": latest(read.value, lookback="730d", missing=0, scale=10000, **said),
        "slope_of_all": slope(read.value, lookback="ever", at_least="1d", missing=0, scale=1, **said),
        "runs": episodes(stays, within="1d", lookback=("30d", "ever"), missing=None, **said),
        "service_days": days_in(began, ended, lookback=("1d", "90d", "ever"), missing=None, **said),
        "any_service": active(began, ended, missing=None, **said),
        "registered": active(
            streams.registrations.registered_from, streams.registrations.registered_to, missing=0, **said
        ),
        "is_poor": attribute(streams.people.imd_decile <= 2, missing=-1, **said),
        "decile_between": attribute(streams.people.imd_decile.between(2, 5).ifelse(3, 4), missing=None, **said),
        "contacts_not_known": count(
            streams.contacts.filter(~(streams.contacts.attended & (streams.contacts.service == "gp"))),
            lookback="365d",
            missing=0,
            **said,
        ),
        "unlike": count(
            coded.filter((coded.ended_on.year() > 2020) | (coded.system != "icd10")), lookback="ever", missing=0, **said
        ),
        "halved": derive({"n": count(read, lookback="90d", missing=0, **said)}, half, missing=7, **said),
        "halved_again": derive({"n": "halved"}, half, missing=None, **said),
    }
    return {
        f"{name}{feature.suffix}": replace(feature, name=f"{name}{feature.suffix}")
        for name, declared in found.items()
        for feature in declared
    }


def test_what_no_shipped_feature_asks_for_equals_the_plain_reckoning(workspace: Workspace) -> None:
    features, told = more_features(workspace), Counter[str]()

    @population_settings(1, drawn=3)
    @given(examples())
    def agrees(example: Example) -> None:
        shape = shape_of(example.index_dates, features, workspace.codelists)
        reckoned = compute_features(
            workspace, features, random_tables(shape, example.seed, 120 if LOOKS_AT_NEW else 100), example
        )
        assert (difference := reckoned.first_difference()) is None, difference
        told.update(dict(zip(reckoned.matrix.columns, telling(reckoned.matrix.values), strict=True)))

    agrees()
    assert [name for name in features if not told[name]] == []


def test_codes_of_a_stream_with_two_coded_columns_are_refused(workspace: Workspace) -> None:
    said: dict[str, Any] = {"theme": "urgent care", "unit": "x", "says": "x", "why": "x", "sensitive": False}
    codes = workspace.codelists["falls_attendance"]
    (ambiguous,) = count(streams.attendances, codes=codes, lookback="365d", missing=0, **said)
    example = Example(0, (date(2021, 3, 1),))
    tables = random_tables(shape_of(example.index_dates, workspace.features, workspace.codelists), 0, 2)
    with pytest.raises(DefinitionError, match="one coded column"):
        compute_features(workspace, {"ambiguous": ambiguous}, tables, example)


# ---- What was not landed ----

SPARED = ("people", "admissions", "attendances", "falls", "contacts", "social_care")
OPTIONAL = (
    *((table, column.name) for table in SPARED for column in SCHEMAS[table].columns if not column.required),
    ("diagnoses", "known_on"),
    ("conditions", "known_on"),
    ("measurements", "value"),
)


def test_what_was_not_landed_is_left_out_as_in_the_plain_reckoning(workspace: Workspace) -> None:
    features, built = workspace.features, Counter[str]()

    @population_settings(3, drawn=4)
    @given(
        examples(),
        st.sets(st.sampled_from(sorted(set(SCHEMAS) - {"people", "admissions"})), min_size=1, max_size=5),
        st.sets(st.sampled_from(OPTIONAL), min_size=3, max_size=12),
    )
    def agrees(example: Example, gone: set[str], without: set[tuple[str, str]]) -> None:
        shape = shape_of(example.index_dates, features, workspace.codelists)
        whole = random_tables(shape, example.seed, 50 if LOOKS_AT_NEW else 40)
        tables = {
            name: [{c: value for c, value in row.items() if (name, c) not in without} for row in rows]
            for name, rows in whole.items()
            if name not in gone
        }
        reckoned = compute_features(workspace, features, tables, example)
        assert (difference := reckoned.first_difference()) is None, difference
        built.update(reckoned.matrix.columns)

    agrees()
    assert min(built[name] for name in features) < max(built.values()), "something should have been left out"


# ---- That these tests can fail ----


def moved(feature: Feature, days: int) -> Feature:
    """The same feature with every finite lookback so many days longer."""
    inputs = {
        name: moved(given, days) if isinstance(given, Feature) else given for name, given in feature.inputs.items()
    }
    lookback = feature.lookback + days if feature.lookback < EVER else feature.lookback
    return replace(feature, lookback=lookback, inputs=inputs)


def looks_back(feature: Feature, features: Mapping[str, Feature]) -> bool:
    """Whether the value rests on a lookback that is shorter than the whole record."""
    inputs: Sequence[Feature] = [features[g] if isinstance(g, str) else g for g in feature.inputs.values()]
    undated = feature.verb in ("age", "attribute", "active", "derive")
    return (not undated and feature.lookback < EVER) or any(looks_back(given, features) for given in inputs)


def test_the_random_people_tell_every_lookback_from_one_a_day_longer_or_shorter(workspace: Workspace) -> None:
    features, changed = workspace.features, Counter[str]()

    @population_settings(1, drawn=3)
    @given(examples())
    def moves(example: Example) -> None:
        shape = shape_of(example.index_dates, features, workspace.codelists)
        tables = random_tables(shape, example.seed, 450)
        with TemporaryDirectory() as folder:
            store = ingested(Path(folder), tables, shape.as_at)
            cohort = calendar([row["patient_id"] for row in tables["people"]], example.index_dates)
            right = matrix_of(engine_for(store, workspace, features), cohort)
            for days in (-1, 1):
                wrong = {name: moved(feature, days) for name, feature in features.items()}
                values = matrix_of(engine_for(store, workspace, wrong), cohort).values
                changed.update(
                    dict(zip(right.columns, (~same(right.values, values)).sum(axis=0).tolist(), strict=True))
                )

    moves()
    windowed = [name for name, feature in features.items() if looks_back(feature, features)]
    assert len(windowed) > 50
    assert [name for name in windowed if not changed[name]] == []
