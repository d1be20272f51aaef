"""Models side by side, and the first line of the report."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.evaluation import EvaluationError, baseline_table, bootstrap_by_person, evaluate, verdict

OUTCOME = [1, 0, 1, 0, 0, 0, 1, 0, 0, 0]
GOOD = [0.9, 0.4, 0.8, 0.3, 0.2, 0.1, 0.2, 0.1, 0.1, 0.1]
FLAT = [0.3] * 10


def drawn(metric: str, own: float, other: float, difference: tuple[float, float, float], reason: str | None = None):
    """What bootstrap_by_person would have given for the two models."""
    low = high = np.nan
    rows = [
        (metric, "lightgbm", None, own, low, high, 0.95, 200, None),
        (metric, "logistic_regression", None, other, low, high, 0.95, 200, None),
        (metric, "lightgbm", "logistic_regression", *difference, 0.95, 200, reason),
    ]
    columns = ["metric", "model", "versus", "estimate", "low", "high", "level", "rounds", "reason"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    ("difference", "claim"),
    [
        ((0.01, 0.002, 0.018), "LightGBM beats logistic regression"),
        ((0.01, -0.002, 0.022), "LightGBM does not beat logistic regression"),
        ((0.0, 0.0, 0.0), "LightGBM does not beat logistic regression"),
        ((-0.01, -0.02, -0.001), "LightGBM is worse than logistic regression"),
    ],
)
def test_the_verdict_goes_by_the_whole_interval(difference, claim):
    own = 0.78 + difference[0]
    sentence = verdict(drawn("auroc", own, 0.78, difference))
    assert sentence == (
        f"{claim}: AUROC {own:.4f} against 0.7800, difference {difference[0]:+.4f} "
        f"(95% interval {difference[1]:+.4f} to {difference[2]:+.4f}, same people drawn for both)."
    )


def test_the_verdict_reads_a_pair_drawn_the_other_way_round():
    found = drawn("auroc", 0.79, 0.78, (0.01, 0.002, 0.018))
    sentence = verdict(found, model="logistic_regression", against="lightgbm")
    assert sentence.startswith("logistic regression is worse than LightGBM: AUROC 0.7800 against 0.7900")
    assert "difference -0.0100 (95% interval -0.0180 to -0.0020" in sentence


def test_the_verdict_on_a_stack_is_about_the_stack():
    found = drawn("auroc", 0.79, 0.78, (0.01, 0.002, 0.018)).replace({"model": {"lightgbm": "stack"}})
    assert verdict(found, model="stack").startswith("The stack beats logistic regression: AUROC 0.7900 against 0.7800")


def test_a_lower_brier_score_is_the_better_one():
    found = drawn("brier", 0.08, 0.09, (-0.01, -0.02, -0.001))
    assert verdict(found, metric="brier").startswith("LightGBM beats logistic regression: Brier score 0.0800")


def test_the_verdict_says_when_there_is_nothing_to_go_by():
    found = drawn("auroc", np.nan, np.nan, (np.nan, np.nan, np.nan), "auroc does not exist on these rows")
    assert verdict(found) == (
        "LightGBM cannot be compared with logistic regression: auroc does not exist on these rows."
    )


def test_models_or_metrics_that_cannot_be_compared_are_refused():
    found = drawn("auroc", 0.79, 0.78, (0.01, 0.002, 0.018))
    with pytest.raises(EvaluationError, match="no single auroc of champion"):
        verdict(found, against="champion")
    with pytest.raises(EvaluationError, match="were not compared on auroc"):
        verdict(found[found.versus.isna()])
    with pytest.raises(EvaluationError, match="calibration_slope has no better direction"):
        verdict(found, metric="calibration_slope")


def test_the_table_has_one_row_per_model_with_its_measures_and_intervals():
    people = list(range(10))
    risks = {"lightgbm": GOOD, "age_sex": FLAT}
    evaluations = {name: evaluate(OUTCOME, risk, capacity=2, people=people) for name, risk in risks.items()}
    drawn_twice = [
        bootstrap_by_person(OUTCOME, risks, people, metric=metric, rounds=50, seed=1) for metric in ("auroc", "brier")
    ]
    found = baseline_table(evaluations, pd.concat(drawn_twice))
    assert found.columns.tolist()[:11] == [
        "model",
        "n",
        "events",
        "prevalence",
        "mean_risk",
        "auroc",
        "auroc low",
        "auroc high",
        "auprc",
        "brier",
        "brier low",
    ]
    assert found.model.tolist() == ["lightgbm", "age_sex"]
    # 21 pairs with and without the event: 7 + 7 in order for the first two, 4 and one tie for the third.
    assert found.auroc.tolist() == pytest.approx([18.5 / 21, 0.5])
    assert found["auroc low"].tolist() == drawn_twice[0].low[:2].tolist()
    assert found["ppv at capacity"].tolist() == [1.0, 0.5]
    assert found["k at 10%"].tolist() == [1, 1]
    assert found.calibration_slope.isna().tolist() == [False, True]


def test_models_evaluated_on_different_rows_are_not_set_side_by_side():
    with pytest.raises(EvaluationError, match="different rows"):
        baseline_table({"a": evaluate([1, 0], [0.2, 0.1], capacity=1), "b": evaluate([1], [0.2], capacity=1)})


def test_no_models_give_an_empty_table():
    assert baseline_table({}).empty
