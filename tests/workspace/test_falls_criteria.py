"""The shipped criteria of NG249 for a falls assessment: met, not met, cannot tell, and the sentence beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskstrat.casefinding import FallsCriteria, FallsGuideline, falls_criteria
from riskstrat.workspace import load

SHIPPED = load(Path(__file__).resolve().parents[2])
GUIDELINE = FallsGuideline(SHIPPED.falls_rules, {score.name: score for score in SHIPPED.frailty}, SHIPPED.roles.age)
COLUMNS = GUIDELINE.columns
OLDER = {"age": 80, "falls_365d": 1, "falls_1095d": 1}
FIT = {"efi_latest": 0.12}
NO_DETAIL = {"treated": False, "loss_of_consciousness": False, "unable_to_get_up": False}
ALL_UNKNOWN = (
    "Aged 65 or over: 1 recorded fall in the last 12 months; not recorded: frailty, whether an injury needed "
    "treatment, whether consciousness was lost, whether the person could get up."
)


def judged(values: dict[str, float], *reports: dict[str, bool | None]) -> FallsCriteria:
    rows = pd.DataFrame([{**dict.fromkeys(COLUMNS, 0.0), "efi_latest": np.nan, **values}], index=["p1"])
    told = pd.DataFrame([{"patient_id": "p1", **report} for report in reports]) if reports else None
    return falls_criteria(rows, GUIDELINE, told).iloc[0]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"falls_365d": 2, "falls_1095d": 2}, "2 recorded falls in the last 12 months."),
        ({"falls_treated_365d": 1}, "1 recorded fall in the last 12 months; an injury needed treatment."),
        ({"fell_and_lost_consciousness": 1}, "1 recorded fall in the last 12 months; lost consciousness."),
        ({"fell_and_could_not_get_up": 1}, "1 recorded fall in the last 12 months; could not get up."),
        (
            {"efi_latest": 0.25},
            "1 recorded fall in the last 12 months; moderate or severe frailty by the electronic frailty index.",
        ),
        ({"hfrs_730d": 15.1}, "1 recorded fall in the last 12 months; high Hospital Frailty Risk Score."),
    ],
)
def test_a_fall_and_any_further_criterion_meet_them(values: dict[str, float], why: str) -> None:
    assert judged({**OLDER, **values}) == FallsCriteria("met", f"Aged 65 or over: {why}")


@pytest.mark.parametrize(
    ("values", "band"),
    [
        ({"efi_latest": 0.24}, "mild"),
        ({"efi_latest": float(np.float32(0.24))}, "mild"),
        ({"hfrs_730d": 15.0}, "intermediate"),
    ],
)
def test_a_frailty_that_these_criteria_leave_open_is_not_said_to_be_unrecorded(
    values: dict[str, float], band: str
) -> None:
    weighed = f"; frailty is recorded as {band}, which is for a clinician to weigh."
    said = f"{ALL_UNKNOWN.replace('frailty, ', '').removesuffix('.')}{weighed}"
    assert judged({**OLDER, **values}) == FallsCriteria("cannot tell", said)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"age": 74, "hfrs_730d": 20.0},
        {"falls_1095d": 2, "fell_and_lost_consciousness": 1, "fell_and_could_not_get_up": 1},
    ],
)
def test_one_fall_of_which_nothing_further_is_recorded_leaves_it_open(values: dict[str, float]) -> None:
    assert judged({**OLDER, **values}) == FallsCriteria("cannot tell", ALL_UNKNOWN)


def test_reports_that_say_no_to_everything_and_a_fit_index_do_not_meet_them() -> None:
    assert judged({**OLDER, **FIT}, NO_DETAIL) == FallsCriteria(
        "not met",
        "Aged 65 or over: 1 recorded fall in the last 12 months; none of the further criteria is recorded.",
    )


@pytest.mark.parametrize(
    ("reports", "answer", "said"),
    [
        ([{**NO_DETAIL, "unable_to_get_up": True}], "met", "could not get up"),
        ([{**NO_DETAIL, "treated": None}], "cannot tell", "not recorded: whether an injury needed treatment."),
        (
            [NO_DETAIL, {**NO_DETAIL, "treated": None}],
            "cannot tell",
            "not recorded: whether an injury needed treatment.",
        ),
        ([{"treated": True}], "met", "an injury needed treatment"),
        ([{"treated": False}], "cannot tell", "whether consciousness was lost, whether the person could get up"),
    ],
)
def test_what_the_reports_of_the_year_say_decides(
    reports: list[dict[str, bool | None]], answer: str, said: str
) -> None:
    found = judged({**OLDER, **FIT}, *reports)
    assert found.answer == answer
    assert said in found.why


def test_reports_of_another_person_tell_nothing() -> None:
    rows = pd.DataFrame([{**dict.fromkeys(COLUMNS, 0.0), **OLDER, **FIT}], index=["p1"])
    others = pd.DataFrame([{"patient_id": "p2", **NO_DETAIL}])
    assert falls_criteria(rows, GUIDELINE, others)["p1"].answer == "cannot tell"


def test_without_a_recorded_fall_they_are_not_met_and_the_page_asks() -> None:
    said = "No fall is recorded in the last 12 months; ask whether the person has fallen."
    assert judged({"age": 80, "falls_1095d": 1, "efi_latest": 0.5}) == FallsCriteria("not met", said)
    assert judged({"age": 80, "falls_365d": np.nan}) == FallsCriteria(
        "cannot tell", "No record of falls is in the data."
    )


@pytest.mark.parametrize(
    ("values", "answer", "why"),
    [
        ({"age": 64, "has_dementia": 1, "has_diabetes": 1}, "met",
         "Aged 50 to 64 with dementia and diabetes: 3 recorded falls in the last 12 months."),
        ({"age": 50, "has_stroke_or_tia": 1}, "met",
         "Aged 50 to 64 with stroke or TIA: 3 recorded falls in the last 12 months."),
        ({"age": 64}, "not met", "Aged 50 to 64, and none of the factors that raise the risk of falls is recorded."),
        ({"age": 64, "has_dementia": np.nan}, "cannot tell",
         "Aged 50 to 64, and not every factor that raises the risk of falls is in the data."),
        ({"age": 64, "has_dementia": np.nan, "has_diabetes": 1}, "met",
         "Aged 50 to 64 with diabetes: 3 recorded falls in the last 12 months."),
        ({"age": 49, "has_dementia": 1}, "not met",
         "Under 50: the criteria are for people aged 65 or over, or 50 to 64 with a factor such as dementia."),
        ({"age": 65}, "met", "Aged 65 or over: 3 recorded falls in the last 12 months."),
        ({"age": np.nan}, "cannot tell", "Age is not recorded."),
    ],
)  # fmt: skip
def test_age_and_factors_decide_whether_the_guideline_covers_a_person(
    values: dict[str, float], answer: str, why: str
) -> None:
    found = judged({"falls_365d": 3, "falls_1095d": 3, **values})
    assert (found.answer, found.why) == (answer, why)


def test_an_index_that_is_not_valid_below_65_says_nothing_there() -> None:
    younger = {"age": 64, "has_dementia": 1, "falls_365d": 1, "falls_1095d": 1}
    assert judged({**younger, "efi_latest": 0.5}, NO_DETAIL).answer == "cannot tell"


def test_columns_that_could_not_be_built_count_as_not_recorded() -> None:
    rows = pd.DataFrame({"age": [80.0, 80.0], "falls_365d": [1.0, 2.0]}, index=["p1", "p2"])
    assert [found.answer for found in falls_criteria(rows, GUIDELINE)] == ["cannot tell", "met"]
    assert falls_criteria(pd.DataFrame({"age": [80.0]}, index=["p1"]), GUIDELINE)["p1"].answer == "cannot tell"
    assert falls_criteria(rows.iloc[:0], GUIDELINE).empty


def test_every_column_it_reads_is_a_feature_that_may_be_printed() -> None:
    assert set(COLUMNS) <= set(SHIPPED.features)
    assert not [name for name in COLUMNS if SHIPPED.features[name].wording.sensitive]
    assert {factor.feature for factor in SHIPPED.falls_rules.factor} <= set(COLUMNS)
