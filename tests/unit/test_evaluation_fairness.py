"""Who is listed against who is admitted, by group, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.evaluation import EvaluationError, fairness

COUNTS = {
    # group: listed with the event, listed without, not listed with, not listed without
    "north": (30, 30, 70, 270),
    "south": (40, 20, 160, 180),
    "west": (0, 0, 50, 350),
}


def borough() -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.DataFrame]:
    """Outcome, person, listed and place of 1,200 people, each with one row."""
    kinds = [(1, 1), (0, 1), (1, 0), (0, 0)]
    rows = [
        (*kind, place)
        for place, sizes in COUNTS.items()
        for kind, size in zip(kinds, sizes, strict=True)
        for _ in range(size)
    ]
    table = pd.DataFrame(rows, columns=["outcome", "listed", "place"])
    return table.outcome.to_numpy(), np.arange(len(table)), table.listed.to_numpy(), table[["place"]]


def test_three_groups_have_the_shares_worked_out_by_hand():
    outcome, person, listed, groups = borough()
    found, differences = fairness(outcome, person, groups, listed, rounds=50, seed=1)
    found = found.set_index("group")
    columns = ["people", "rows", "events", "listed", "selection_rate", "sensitivity", "false_positive_rate"]
    columns += ["share_of_list", "share_of_admissions", "list_over_admissions"]
    expected = [
        [400, 400, 100, 60, 0.15, 0.3, 0.1, 1 / 2, 100 / 350, 1.75],
        [400, 400, 200, 60, 0.15, 0.2, 0.1, 1 / 2, 200 / 350, 0.875],
        [400, 400, 50, 0, 0.0, 0.0, 0.0, 0.0, 50 / 350, 0.0],
    ]
    assert found[columns].astype(float).to_numpy() == pytest.approx(np.array(expected))
    assert found.ppv.tolist() == pytest.approx([0.5, 2 / 3, np.nan], nan_ok=True)
    assert found.reason_at_capacity.tolist() == [None, None, "fewer than 50 people or 8 events on the list"]
    expected = pd.DataFrame(
        [
            ("place", "selection_rate", 0.15, 0.0),
            ("place", "sensitivity", 0.3, 0.0),
            ("place", "false_positive_rate", 0.1, 0.0),
            ("place", "ppv", 2 / 3 - 1 / 2, 0.75),
        ],
        columns=["dimension", "measure", "difference", "ratio"],
    )
    pd.testing.assert_frame_equal(differences, expected)


def test_intervals_hold_the_share_and_a_group_never_listed_has_an_upper_end():
    outcome, person, listed, groups = borough()
    found, _ = fairness(outcome, person, groups, listed, rounds=200, seed=1)
    found = found.set_index("group")
    for name in ("selection_rate", "sensitivity", "share_of_list", "share_of_admissions", "list_over_admissions"):
        assert (found[f"{name}_low"] <= found[name]).all(), name
        assert (found[name] < found[f"{name}_high"]).all(), name
    west = found.loc["west"]
    # Wilson with nobody found among n: the upper end is z squared over (n + z squared), z from 2.2 to 2.7 here.
    assert 2.2**2 / (50 + 2.2**2) < west.sensitivity_high < 2.7**2 / (50 + 2.7**2)
    assert west.sensitivity_low == 0
    assert west.list_over_admissions_high == pytest.approx(west.share_of_list_high / west.share_of_admissions)
    assert west.list_over_admissions_high < 1 < found.loc["north", "list_over_admissions_low"]


def test_drawing_people_gives_the_interval_known_in_closed_form():
    outcome, person, listed, groups = borough()
    found, _ = fairness(outcome, person, groups[["place"]].assign(place="all"), listed, rounds=2000, seed=5)
    error = np.sqrt(0.1 * 0.9 / 1200) / (0.1 * 0.9)
    odds = np.log(0.1 / 0.9) + np.array([-1.96, 1.96]) * error
    assert found.loc[0, ["selection_rate_low", "selection_rate_high"]].astype(float).to_numpy() == pytest.approx(
        1 / (1 + np.exp(-odds)), abs=0.003
    )
    assert found.list_over_admissions.tolist() == [1.0]


def test_a_small_group_has_no_figures_and_is_no_part_of_the_differences():
    outcome, person, listed, groups = borough()
    groups = groups.assign(sex=np.where(person < 45, "recorded twice", "recorded once"))
    found, differences = fairness(outcome, person, groups, listed, rounds=5, seed=1)
    small = found[found.group == "recorded twice"].drop(columns=["dimension", "group", "reason", "reason_at_capacity"])
    assert small.isna().all(axis=None)
    assert found.set_index("group").reason["recorded twice"] == "fewer than 50 people or 8 events"
    assert differences[differences.dimension == "sex"][["difference", "ratio"]].isna().all(axis=None)
    assert differences[differences.dimension == "place"].ratio.notna().all()


def test_a_list_of_nobody_has_shares_of_nothing():
    outcome, person, _, groups = borough()
    found, _ = fairness(outcome, person, groups, np.zeros(1200), rounds=5, seed=1)
    assert found.share_of_list.isna().all()
    assert found.list_over_admissions.isna().all()
    assert found.selection_rate.tolist() == [0, 0, 0]


def test_requests_that_cannot_be_met_are_refused():
    outcome, person, listed, groups = borough()
    with pytest.raises(EvaluationError, match="0 rounds were asked for"):
        fairness(outcome, person, groups, listed, rounds=0, seed=1)
    with pytest.raises(EvaluationError, match="listed holds 1 missing"):
        fairness(outcome, person, groups, np.where(person == 3, np.nan, listed), rounds=5, seed=1)
    with pytest.raises(EvaluationError, match="people 1199"):
        fairness(outcome, person[1:], groups, listed, rounds=5, seed=1)
