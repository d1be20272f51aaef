"""A plan is made once for the same definitions over the same tables, and anew for any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pytest

from riskstrat.definitions import count, derive
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Columns, Feature
from riskstrat.features.plan import plan
from riskstrat.sources.scan import Scan
from riskstrat.sources.tables import admissions, prescriptions

WORDS: dict[str, Any] = {
    "theme": "hospital use",
    "unit": "stays",
    "says": "{n} stays",
    "absent": "No stays",
    "why": "x",
    "sensitive": False,
}
LANDED = frozenset({"people", "admissions", "prescriptions"})


def declare(days: int) -> Feature:
    (made,) = count(admissions, lookback=(f"{days}d",), missing=0, **WORDS)
    return made


def test_the_same_features_over_the_same_tables_have_one_plan_and_one_compiled_scan() -> None:
    feature = declare(30)
    first, again = plan({"stays": feature}, LANDED, {}), plan({"stays": feature}, LANDED, {})
    assert first is again
    assert first.scans[0].compiled is again.scans[0].compiled


@pytest.mark.parametrize(("name", "days"), [("stays", 31), ("stays", 30), ("nights", 30)])
def test_a_feature_that_was_declared_again_has_a_plan_of_its_own(name: str, days: int) -> None:
    before = plan({"stays": declare(30)}, LANDED, {})
    found = plan({name: declare(days)}, LANDED, {})
    assert found is not before
    assert [(one.name, one.lookback) for one in found.columns] == [(name, days)]


def compile_scan_of(table: ir.Table, **how: Any) -> Scan:
    (feature,) = count(table, lookback=("30d",), missing=0, **WORDS)
    return plan({"stays": replace(feature, **how)}, LANDED, {}).scans[0].compiled


def test_a_scan_of_the_same_rows_is_compiled_once_for_all_features() -> None:
    again = compile_scan_of(
        admissions.filter(admissions.method == "21"), lookback=EVER, verb="days_since", missing=None
    )
    assert compile_scan_of(admissions.filter(admissions.method == "21")) is again


@pytest.mark.parametrize(
    "other",
    [
        admissions.filter(admissions.method == "22"),
        admissions.filter(admissions.method != "21"),
        admissions.filter(admissions.specialty == "21"),
        admissions.filter(admissions.method == "21", admissions.specialty == "21"),
        admissions,
    ],
)
def test_a_scan_of_other_rows_is_compiled_apart(other: ir.Table) -> None:
    assert compile_scan_of(other).sql != compile_scan_of(admissions.filter(admissions.method == "21")).sql


def test_a_scan_that_reads_another_day_or_value_is_compiled_apart() -> None:
    made = [
        compile_scan_of(admissions),
        compile_scan_of(admissions, day=admissions.discharged_on),
        compile_scan_of(admissions, verb="total", value=admissions.last_spell),
        compile_scan_of(admissions, verb="total", value=admissions.last_spell + 1),
        compile_scan_of(admissions, verb="active", until=admissions.discharged_on),
    ]
    assert len({scan.sql for scan in made}) == len(made)


def test_other_tables_or_columns_have_a_plan_of_their_own() -> None:
    (coded,) = count(prescriptions.filter(prescriptions.bnf.notnull()), lookback=("30d",), missing=0, **WORDS)
    features = {"stays": declare(30), "coded": coded}
    assert plan(features, LANDED, {}).names == ("stays", "coded")
    assert plan(features, LANDED - {"prescriptions"}, {}).names == ("stays",)
    assert plan(features, LANDED, {"prescriptions": ("bnf",)}).names == ("stays",)


def take_given(columns: Columns) -> npt.NDArray[np.float64]:
    return columns["given"]


def test_what_is_made_of_features_that_are_left_out_is_left_out_too_and_named_in_a_plain_note() -> None:
    (items,) = count(prescriptions, lookback=("30d",), missing=0, **WORDS)
    (made,) = derive({"given": "items"}, take_given, missing=0, **WORDS)
    (again,) = derive({"given": "made"}, take_given, missing=0, **WORDS)
    found = plan({"items": items, "made": made, "again": again}, LANDED - {"prescriptions"}, {})
    assert found.names == ()
    assert found.notes == (
        "no prescriptions table: feature items is left out",
        "2 features (made ... again) are left out too, made of what is left out",
    )
