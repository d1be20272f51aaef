"""Figures by group: which are shown, that they are those of the group alone, and that intervals hold together."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from riskstrat.evaluation import EvaluationError, bootstrap_draws, evaluate, subgroups
from riskstrat.evaluation.bootstrap import all_draws, with_everybody
from riskstrat.evaluation.repeated import RepeatedRows, measured
from riskstrat.evaluation.simultaneous import PLAIN, RATIO, SHARE, simultaneous, wilson_ends
from riskstrat.evaluation.subgroups import SCALES
from riskstrat.evaluation.weighted import MEASURES

Borough = tuple[np.ndarray, np.ndarray, np.ndarray, pd.DataFrame]


def borough(people: int = 1500, seed: int = 3) -> Borough:
    """Two index dates of each person; the risk is the true one."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), 2)
    risk = expit(random.normal(-2, 1.1, people))[person]
    outcome = (random.random(2 * people) < risk).astype(int)
    groups = pd.DataFrame(
        {"sex": random.choice(["female", "male"], people), "imd_quintile": random.integers(1, 6, people)}
    )
    return outcome, risk, person, groups.iloc[person].reset_index(drop=True)


def test_each_group_has_the_figures_it_would_have_by_itself():
    outcome, risk, person, groups = borough()
    listed = risk > np.quantile(risk, 0.7)
    found = subgroups(outcome, risk, person, groups, listed=listed, rounds=20, seed=1)
    assert list(zip(found.dimension, found.group, strict=True)) == [
        ("sex", "female"),
        ("sex", "male"),
        *(("imd_quintile", str(quintile)) for quintile in range(1, 6)),
    ]
    for row in found.to_dict("records"):
        mine = (groups[row["dimension"]].astype(str) == row["group"]).to_numpy()
        alone = evaluate(outcome[mine], risk[mine], capacity=None, people=person[mine])
        assert (row["people"], row["rows"], row["events"]) == (alone.people, alone.n, alone.events)
        for name in ("prevalence", "mean_risk", *MEASURES):
            assert row[name] == pytest.approx(getattr(alone, name), abs=1e-9), name
        on_list, y = listed[mine], outcome[mine]
        assert row["mean_risk_over_observed"] == pytest.approx(risk[mine].sum() / y.sum())
        assert row["ppv_at_capacity"] == pytest.approx(y[on_list].mean())
        assert row["sensitivity_at_capacity"] == pytest.approx(y[on_list].sum() / y.sum())
        assert row["lift"] == pytest.approx(y[on_list].mean() / y.mean())
        assert row["number_needed_to_review"] == pytest.approx(on_list.sum() / y[on_list].sum())
        above = risk[mine] >= 0.2
        assert row["net_benefit"] == pytest.approx((y[above].sum() - (1 - y)[above].sum() / 4) / mine.sum())


def test_every_measure_has_an_interval_around_it():
    outcome, risk, person, groups = borough()
    found = subgroups(outcome, risk, person, groups, listed=risk > 0.2, rounds=150, seed=1)
    for name in SCALES:
        assert (found[f"{name}_low"] < found[name]).all(), name
        assert (found[name] < found[f"{name}_high"]).all(), name


@pytest.mark.parametrize("metric", ["auroc", "auprc", "brier", "scaled_brier"])
def test_counts_and_areas_are_on_each_draw_what_the_bootstrap_of_one_measure_gives(metric):
    outcome, risk, person, _ = borough(400)
    risk = np.round(risk, 2)
    drawn = bootstrap_draws(outcome, {"a": risk}, person, metric=metric, rounds=30, seed=9)
    rows = RepeatedRows(outcome.astype(float), risk, person, None)
    together = measured(rows, with_everybody(all_draws(person, 30, 9)), 0.2)[metric]
    assert together[0] == pytest.approx(drawn.estimates["a"], abs=1e-12)
    assert together[1:] == pytest.approx(drawn.rounds["a"], abs=1e-12)


@pytest.mark.parametrize(
    "metric", ["calibration_in_the_large", "calibration_slope", "calibration_intercept", "ici", "e90"]
)
def test_what_is_not_fitted_anew_on_each_draw_varies_as_if_it_were(metric):
    outcome, risk, person, _ = borough(1000)
    drawn = bootstrap_draws(outcome, {"a": risk}, person, metric=metric, rounds=60, seed=9)
    rows = RepeatedRows(outcome.astype(float), risk, person, None)
    together = measured(rows, with_everybody(all_draws(person, 60, 9)), 0.2)[metric]
    assert together[0] == pytest.approx(drawn.estimates["a"], abs=1e-9)
    assert together[1:].std() == pytest.approx(drawn.rounds["a"].std(), rel=0.04)
    assert np.corrcoef(together[1:], drawn.rounds["a"])[0, 1] > 0.98


def test_a_group_with_too_few_has_neither_figures_nor_counts():
    outcome, risk, person, groups = borough()
    groups["place"] = "town"
    groups.loc[person < 49, "place"] = "49 people"
    quiet = (person >= 100) & (person < 300)
    groups.loc[quiet, "place"] = "7 people with an event"
    outcome = np.where(quiet, (person >= 100) & (person < 107), outcome)
    loud = (person >= 300) & (person < 400)
    groups.loc[loud, "place"] = "7 people without an event"
    outcome = np.where(loud, person >= 307, outcome)
    found = subgroups(outcome, risk, person, groups[["place"]], rounds=5, seed=1).set_index("group")
    assert found.reason.to_dict() == {
        "49 people": "fewer than 50 people or 8 events",
        "7 people with an event": "fewer than 50 people or 8 events",
        "7 people without an event": "fewer than 8 people without an event",
        "town": None,
    }
    shut = found.drop(index="town").drop(columns=["dimension", "reason", "reason_at_capacity"])
    assert shut.isna().all(axis=None)
    assert found.loc["town", "people"] == 1500 - 49 - 200 - 100


def test_fifty_people_and_eight_of_them_with_an_event_are_enough():
    person, outcome = np.arange(50), (np.arange(50) < 8).astype(int)
    risk = np.linspace(0.5, 0.01, 50)[np.random.default_rng(1).permutation(50)]
    found = subgroups(outcome, risk, person, pd.DataFrame({"all": ["all"] * 50}), rounds=5, seed=1)
    assert found.reason.tolist() == [None]
    assert found.events.tolist() == [8]
    assert found.auroc.notna().all()


def test_events_of_one_person_on_several_dates_count_once_against_the_rule():
    person = np.tile(np.arange(60), 2)
    outcome = (person < 7).astype(int)
    found = subgroups(
        outcome, np.linspace(0.01, 0.5, 120), person, pd.DataFrame({"all": ["all"] * 120}), rounds=5, seed=1
    )
    assert found.reason.tolist() == ["fewer than 50 people or 8 events"]


def test_too_few_listed_leave_out_what_is_measured_among_the_listed_alone():
    outcome, risk, person, groups = borough()
    listed = risk >= np.sort(risk)[-40]
    found = subgroups(outcome, risk, person, groups[["sex"]], listed=listed, rounds=20, seed=1)
    assert found.reason_at_capacity.tolist() == ["fewer than 50 people or 8 events on the list"] * 2
    assert found[["ppv_at_capacity", "lift_low", "number_needed_to_review"]].isna().all(axis=None)
    assert found[["sensitivity_at_capacity", "auroc"]].notna().all(axis=None)
    without = subgroups(outcome, risk, person, groups[["sex"]], rounds=20, seed=1)
    assert without.reason_at_capacity.tolist() == ["no list was given"] * 2
    assert without[["ppv_at_capacity", "sensitivity_at_capacity_low"]].isna().all(axis=None)


def test_groups_stand_in_the_order_of_their_categories_and_what_is_not_recorded_last():
    outcome, risk, person, groups = borough()
    bands = pd.Categorical(np.where(person % 3 == 0, "9 to 17", "18 to 64"), ["9 to 17", "18 to 64", "65 and over"])
    groups = pd.DataFrame({"age": bands, "care_home": person % 2 == 0, "number": (person % 2).astype(float)})
    groups.loc[person % 5 == 0, "number"] = np.nan
    found = subgroups(outcome, risk, person, groups, rounds=5, seed=1)
    assert list(zip(found.dimension, found.group, strict=True)) == [
        ("age", "9 to 17"),
        ("age", "18 to 64"),
        ("care_home", "no"),
        ("care_home", "yes"),
        ("number", "0"),
        ("number", "1"),
        ("number", "not recorded"),
    ]


def test_a_group_whose_risks_are_too_low_stands_out_and_no_other_does():
    outcome, risk, person, groups = borough(6000, seed=11)
    poorest = groups.imd_quintile == 1
    given = np.where(poorest, expit(logit(risk) - 0.6), risk)
    found = subgroups(outcome, given, person, groups[["imd_quintile"]], rounds=200, seed=1).set_index(
        ["dimension", "group"]
    )
    outside = (found.mean_risk_over_observed_high < 1) | (found.mean_risk_over_observed_low > 1)
    assert outside[outside].index.tolist() == [("imd_quintile", "1")]
    assert found.loc[("imd_quintile", "1"), "mean_risk_over_observed_high"] < 0.8
    assert found.loc[("imd_quintile", "1"), "calibration_in_the_large_low"] > 0.3


def test_the_same_seed_gives_the_same_table_in_any_order_of_rows():
    outcome, risk, person, groups = borough()
    first = subgroups(outcome, risk, person, groups, listed=risk > 0.3, rounds=30, seed=2)
    rows = np.random.default_rng(1).permutation(len(outcome))
    shuffled = groups.iloc[rows].reset_index(drop=True)
    again = subgroups(outcome[rows], risk[rows], person[rows], shuffled, listed=risk[rows] > 0.3, rounds=30, seed=2)
    pd.testing.assert_frame_equal(first, again, rtol=1e-8)


def test_the_intervals_of_many_groups_are_wider_than_that_of_one():
    random = np.random.default_rng(4)
    draws = random.normal(0, 0.1, (40, 4000))
    one = simultaneous(np.zeros(1), draws[:1], PLAIN, 0.95)
    many = simultaneous(np.zeros(40), draws, PLAIN, 0.95)
    assert one[2] == pytest.approx(1.96, abs=0.06)
    # 40 independent groups: the quantile that 0.95 ** (1 / 40) of a normal lies within on both sides.
    assert many[2] == pytest.approx(3.22, abs=0.12)
    assert many[1] == pytest.approx(many[2] * draws.std(axis=1, ddof=1))
    copied = simultaneous(np.zeros(40), np.tile(draws[0], (40, 1)), PLAIN, 0.95)
    assert copied[2] == pytest.approx(one[2])


def test_few_draws_are_widened_by_bonferroni_and_no_draws_give_no_interval():
    draws = np.random.default_rng(4).normal(0, 0.1, (10, 50))
    assert simultaneous(np.zeros(10), draws, PLAIN, 0.95)[2] == pytest.approx(2.807, abs=1e-3)
    low, high, _ = simultaneous(np.zeros(10), draws[:, :1], PLAIN, 0.95)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_shares_stay_between_0_and_1_ratios_above_0_and_rare_figures_have_no_ends():
    random = np.random.default_rng(4)
    draws = np.clip(random.normal(0.9, 0.2, (3, 500)), 0.01, 0.99)
    draws[1, :100] = np.nan
    low, high, _ = simultaneous(np.array([0.9, 0.9, 1.0]), draws, SHARE, 0.95)
    assert 0 < low[0] < 0.9 < high[0] < 1
    assert np.isnan([low[1], high[1], low[2], high[2]]).all()
    low, high, _ = simultaneous(np.array([0.9]), draws[:1], RATIO, 0.95)
    assert 0 < low[0] < 0.9
    assert low[0] * high[0] == pytest.approx(0.81)


def test_the_wilson_ends_are_the_published_ones():
    # Newcombe, Stat Med 1998, table I: 81 of 263 and 0 of 20.
    low, high = wilson_ends(np.array([81, 0]), np.array([263, 20]), 1.959964)
    assert low == pytest.approx([0.2553, 0.0], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1611], abs=5e-5)


def test_nobody_and_no_dimensions_give_empty_tables():
    nobody = subgroups([], [], [], pd.DataFrame({"sex": []}), rounds=3, seed=1)
    outcome, risk, person, groups = borough(60)
    nothing = subgroups(outcome, risk, person, groups[[]], rounds=3, seed=1)
    assert len(nobody) == len(nothing) == 0
    assert nobody.columns.tolist() == nothing.columns.tolist()
    assert nobody.columns[:6].tolist() == ["dimension", "group", "people", "rows", "events", "reason"]


def test_requests_that_cannot_be_met_are_refused():
    outcome, risk, person, groups = borough(60)
    with pytest.raises(EvaluationError, match="0 rounds were asked for"):
        subgroups(outcome, risk, person, groups, rounds=0, seed=1)
    with pytest.raises(EvaluationError, match="groups has 3 rows and outcome 120"):
        subgroups(outcome, risk, person, groups.head(3), rounds=5, seed=1)
    with pytest.raises(EvaluationError, match="the threshold 1 is no risk"):
        subgroups(outcome, risk, person, groups, rounds=5, seed=1, threshold=1)
    with pytest.raises(EvaluationError, match="listed holds values other than 0 and 1"):
        subgroups(outcome, risk, person, groups, rounds=5, seed=1, listed=risk)


def test_a_draw_on_which_no_group_has_the_figure_is_passed_over_without_a_warning() -> None:
    draws = np.random.default_rng(5).normal(size=(4, 2000))
    missing = draws.copy()
    missing[:, ::50] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = simultaneous(np.zeros(4), missing, PLAIN, 0.95)
    kept = simultaneous(np.zeros(4), draws[:, np.arange(2000) % 50 > 0], PLAIN, 0.95)
    assert found[2] == pytest.approx(kept[2])
    assert np.allclose(found[0], kept[0])
