"""What must hold for any outcomes and risks."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from riskstrat.evaluation import (
    Evaluation,
    calibration_errors,
    calibration_in_the_large,
    evaluate,
    fairness,
    list_overlap,
    net_benefit,
    pooled_yield,
    recalibrate,
    single_features,
    subgroups,
    yields,
)
from tests.suite.properties import property_settings

RISKS = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
TWENTY = property_settings(20, drawn=50)
PEOPLE = st.lists(st.tuples(st.integers(0, 1), RISKS), min_size=0, max_size=60)


def columns(people: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    outcome = np.array([outcome for outcome, _ in people], dtype=float)
    return outcome, np.array([risk for _, risk in people], dtype=float)


@TWENTY
@given(PEOPLE, st.integers(0, 80))
def test_any_table_is_evaluated_and_every_empty_measure_has_a_reason(people, capacity):
    outcome, risk = columns(people)
    found = evaluate(outcome, risk, capacity=capacity, people=range(len(people)))
    plain = found.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert {name for name, value in plain.items() if value is None} == set(found.reasons)
    for row in found.yields:
        assert (row.reason is None) == (row.number_needed_to_review is not None)
    for name in ("auroc", "auprc", "brier", "ici", "e90", "emax", "ici_of_top_5_percent", "prevalence", "mean_risk"):
        assert plain[name] is None or 0 <= plain[name] <= 1


@TWENTY
@given(PEOPLE)
def test_auroc_and_yield_do_not_change_under_a_strictly_increasing_transform(people):
    outcome, risk = columns(people)
    plain = evaluate(outcome, risk, capacity=3)
    bent = evaluate(outcome, expit(3 * risk - 1), capacity=3)
    assert plain.auroc == bent.auroc
    assert plain.auprc == bent.auprc
    assert [row.events for row in plain.yields] == [row.events for row in bent.yields]


@TWENTY
@given(PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(people, random):
    numbered = list(enumerate(people))
    first = _evaluated(numbered)
    random.shuffle(numbered)
    assert _evaluated(numbered) == first


def _evaluated(numbered: list[tuple[int, tuple[int, float]]]) -> Evaluation:
    outcome, risk = columns([row for _, row in numbered])
    return evaluate(outcome, risk, capacity=5, people=[number for number, _ in numbered])


@TWENTY
@given(PEOPLE.filter(len))
def test_a_list_of_everybody_has_the_prevalence_and_finds_every_event(people):
    outcome, risk = columns(people)
    found = yields(outcome, risk, capacity=len(people))[0]
    assert found.ppv == outcome.mean()
    assert found.ppv_low <= found.ppv <= found.ppv_high
    if outcome.any():
        assert (found.sensitivity, found.lift) == (1, 1)
    pooled = pooled_yield(outcome, risk, ["2026-01-05"] * len(people), None, len(people))
    assert pooled.rate == pooled.prevalence == found.ppv


@TWENTY
@given(PEOPLE)
def test_a_longer_list_never_finds_fewer_events(people):
    outcome, risk = columns(people)
    found = [yields(outcome, risk, capacity=k)[0].events for k in range(1, len(people) + 1)]
    assert found == sorted(found)


@TWENTY
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(41, 99)), min_size=1, max_size=5), st.floats(0.4, 2.5))
def test_rates_bent_by_a_known_line_give_back_that_line(groups, slope):
    # Fractional people at each risk, so that the observed rate is exactly what the line says.
    risk = np.repeat(np.array([share / 100 for pair in groups for share in pair]), 2)
    outcome = np.tile([1.0, 0.0], len(risk) // 2)
    true = expit(0.3 + slope * logit(risk))
    weights = np.where(outcome == 1, true, 1 - true)
    found = recalibrate(outcome, risk, weights)
    assert (found.intercept, found.slope) == pytest.approx((0.3, slope), abs=1e-5)


@TWENTY
@given(st.lists(st.integers(1, 99), min_size=1, max_size=20))
def test_perfectly_calibrated_risks_have_slope_1_and_no_shift(percent):
    risk = np.repeat(np.array(percent) / 100, 2)
    outcome = np.tile([1.0, 0.0], len(percent))
    weights = np.where(outcome == 1, risk, 1 - risk)
    assert calibration_in_the_large(outcome, risk, weights).value == pytest.approx(0, abs=1e-9)
    found = recalibrate(outcome, risk, weights)
    if len(set(percent)) == 1:
        assert found.reason == "every risk is the same"
    else:
        assert (found.intercept, found.slope) == pytest.approx((0, 1), abs=1e-5)


@property_settings(8, drawn=15)
@given(st.integers(0, 2**32 - 1))
def test_a_drawn_borough_whose_risk_is_true_is_found_calibrated(seed):
    random = np.random.default_rng(seed)
    risk = expit(random.normal(-2, 1.2, 8000))
    found = evaluate((random.random(8000) < risk).astype(int), risk, capacity=None)
    assert found.calibration_slope == pytest.approx(1, abs=0.2)
    assert found.calibration_in_the_large == pytest.approx(0, abs=0.25)
    assert found.ici < 0.025


@TWENTY
@given(PEOPLE)
def test_no_distance_from_the_curve_is_above_the_largest(people):
    found = {name: figure.value for name, figure in calibration_errors(*columns(people)).items()}
    if found["emax"] is not None:
        assert max(found["ici"], found["e90"], found["ici_of_top_5_percent"]) <= found["emax"] + 1e-12


@TWENTY
@given(PEOPLE.filter(len), st.integers(1, 99))
def test_net_benefit_is_at_most_the_prevalence_and_acting_on_all_is_a_risk_of_1_for_all(people, percent):
    outcome, risk = columns(people)
    found = net_benefit(outcome, {"model": risk, "all": np.ones(len(risk))}, thresholds=(percent / 100,))
    model, everybody, all_of_them = found.net_benefit
    assert everybody == all_of_them
    assert model <= outcome.mean() + 1e-9


@property_settings(8, drawn=15)
@given(st.lists(st.tuples(st.integers(0, 1), RISKS, st.integers(0, 3)), min_size=50, max_size=400), st.integers(0, 9))
def test_small_groups_show_nothing_and_the_others_are_whole(people, seed):
    outcome, risk, code = (np.array(column, dtype=float) for column in zip(*people, strict=True))
    groups = pd.DataFrame({"group": code})
    person = np.arange(len(code))
    listed = (risk > 0.5).astype(int)
    found = subgroups(outcome, risk, person, groups, listed=listed, rounds=8, seed=seed)
    shares, _ = fairness(outcome, person, groups, listed, rounds=8, seed=seed)
    for row, share in zip(found.to_dict("records"), shares.to_dict("records"), strict=True):
        mine = code == float(row["group"])
        events = outcome[mine].sum()
        few = mine.sum() < 50 or events < 8 or mine.sum() - events < 8
        assert bool(row["reason"]) == bool(share["reason"]) == few
        figures = [value for name, value in row.items() if name not in ("dimension", "group") and "reason" not in name]
        assert pd.isna(figures).all() if few else row["rows"] == mine.sum()
        assert few or share["selection_rate"] == pytest.approx(listed[mine].mean())
        assert few or row["sensitivity_at_capacity"] == pytest.approx(share["sensitivity"])


@TWENTY
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=30), st.integers(1, 35))
def test_two_lists_overlap_the_same_whichever_comes_first(margins, k):
    one, two = (np.array(column, dtype=float) for column in zip(*margins, strict=True))
    dates, people = ["2026-01-05"] * len(one), range(len(one))
    there, back = list_overlap(one, two, dates, people, k), list_overlap(two, one, dates, people, k)
    assert there.overlap.tolist() == back.overlap.tolist()
    assert there.only_a.tolist() == back.only_b.tolist() == there.only_b.tolist()
    assert (there.both + there.only_a).tolist() == there.k.tolist() == [min(k, len(one))]


@TWENTY
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(-4, 4)), st.integers(0, 100)), min_size=1, max_size=80),
    st.floats(0.5, 3),
)
def test_a_feature_means_the_same_turned_round_or_stretched(rows, stretch):
    feature = np.array([np.nan if value is None else value for value, _ in rows], dtype=float)
    days = np.array([day if 0 < day <= 36 else np.nan for _, day in rows], dtype=float)
    outcome = (~np.isnan(days)).astype(int)
    values = np.stack([feature, -feature, feature**3 * stretch], axis=1)
    found = single_features(values, ["plain", "turned", "stretched"], outcome, days, 36)
    found = found.set_index("feature").loc[["plain", "turned", "stretched"]]
    whole = ["auroc", "ppv", "captured"]
    assert found[whole].iloc[1].to_numpy() == pytest.approx(found[whole].iloc[0].to_numpy(), nan_ok=True)
    assert found.iloc[2].to_numpy() == pytest.approx(found.iloc[0].to_numpy(), nan_ok=True)
    assert found.auroc.isna().all() or found.auroc.between(0.5, 1).all()
