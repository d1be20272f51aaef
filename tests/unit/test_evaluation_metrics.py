"""All measures of one risk, against tables worked out by hand and against scikit-learn."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from riskstrat.errors import RiskstratError
from riskstrat.evaluation import EvaluationError, evaluate


def test_five_people_have_the_figures_worked_out_by_hand():
    found = evaluate([1, 0, 1, 0, 0], [0.9, 0.8, 0.6, 0.3, 0.1], capacity=2)
    # 6 pairs of one with and one without the event; only (0.6, 0.8) is the wrong way round.
    assert found.auroc == pytest.approx(5 / 6)
    # Precision is 1/1 at the first event and 2/3 at the second.
    assert found.auprc == pytest.approx((1 + 2 / 3) / 2)
    # 0.01 + 0.64 + 0.16 + 0.09 + 0.01 = 0.91
    assert found.brier == pytest.approx(0.182)
    assert found.scaled_brier == pytest.approx(1 - 0.182 / 0.24)
    assert (found.n, found.events, found.people) == (5, 2, None)
    assert found.prevalence == pytest.approx(0.4)
    assert found.mean_risk == pytest.approx(0.54)
    assert found.reasons == {}


def test_measures_are_those_of_scikit_learn_on_tied_risks():
    random = np.random.default_rng(7)
    risk = np.round(random.beta(1, 8, 3000), 2)
    outcome = random.random(3000) < risk
    found = evaluate(outcome.astype(int), risk, capacity=None)
    assert found.auroc == pytest.approx(roc_auc_score(outcome, risk), abs=1e-12)
    assert found.auprc == pytest.approx(average_precision_score(outcome, risk), abs=1e-12)
    assert found.brier == pytest.approx(brier_score_loss(outcome, risk), abs=1e-12)


@pytest.mark.parametrize(("outcome", "reason"), [(0, "there are no events"), (1, "everybody has the event")])
def test_one_outcome_only_leaves_the_measures_empty_with_the_reason(outcome, reason):
    found = evaluate([outcome] * 3, [0.2, 0.5, 0.6], capacity=1)
    gone = (
        "auroc",
        "auprc",
        "scaled_brier",
        "calibration_in_the_large",
        "calibration_slope",
        "calibration_intercept",
        "ici",
        "e90",
        "emax",
        "ici_of_top_5_percent",
    )
    assert [getattr(found, name) for name in gone] == [None] * len(gone)
    assert found.reasons == dict.fromkeys(gone, reason)
    assert found.prevalence == outcome
    assert found.brier == pytest.approx(sum((outcome - risk) ** 2 for risk in (0.2, 0.5, 0.6)) / 3)


def test_nobody_to_evaluate_is_said_and_nothing_crashes():
    found = evaluate([], [], capacity=3, people=[])
    assert (found.n, found.people, found.events, found.prevalence, found.brier) == (0, 0, 0, None, None)
    assert set(found.reasons.values()) == {"there is nobody to evaluate"}
    assert all(row.ppv is None and row.reason for row in found.yields)


def test_the_dictionary_is_json_in_the_order_of_the_fields():
    found = evaluate(pd.Series([0, 1, 0], dtype="Int8"), pd.Series([0.2, 0.2, 0.2]), capacity=5, people=["b", "a", "c"])
    plain = found.to_dict()
    assert list(plain)[:6] == ["n", "people", "events", "prevalence", "mean_risk", "auroc"]
    assert list(plain)[-2:] == ["yields", "reasons"]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["reasons"]["calibration_slope"] == "every risk is the same"
    assert plain["yields"][0] == {
        "label": "capacity",
        "k": 5,
        **dict.fromkeys(("threshold", "tied", "events", "ppv", "ppv_low", "ppv_high", "sensitivity", "lift")),
        "number_needed_to_review": None,
        "reason": "a list of 5 is longer than the 3 people there are",
    }


def test_people_are_counted_once_and_the_result_cannot_be_changed():
    found = evaluate([0, 1, 0], [0.1, 0.5, 0.2], capacity=None, people=["a", "a", "b"])
    assert (found.n, found.people) == (3, 2)
    with pytest.raises(FrozenInstanceError):
        found.n = 4


@pytest.mark.parametrize(
    ("outcome", "risk", "message"),
    [
        (pd.Series([1, None], dtype="Int8"), [0.1, 0.2], "outcome holds 1 missing"),
        ([1, 2], [0.1, 0.2], "other than 0 and 1"),
        ([1, 0], [0.1, float("nan")], "risk holds 1 missing"),
        ([1, 0], [0.1, 34.0], "outside 0 to 1"),
        ([1, 0], [-0.1, 0.4], "outside 0 to 1"),
        ([1, 0, 1], [0.1, 0.4], "outcome 3, risk 2"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(outcome, risk, message):
    with pytest.raises(EvaluationError, match=message) as caught:
        evaluate(outcome, risk, capacity=1)
    assert isinstance(caught.value, RiskstratError)
    assert "\n" not in str(caught.value)


def test_people_without_a_name_and_infinite_margins_are_refused():
    with pytest.raises(EvaluationError, match="people holds 1 missing"):
        evaluate([0, 1], [0.1, 0.2], capacity=1, people=["a", None])
    with pytest.raises(EvaluationError, match="margin holds infinite"):
        evaluate([0, 1], [0.1, 0.2], capacity=1, margin=[0.0, float("inf")])
