"""Features that know what came after the index date are named; honest ones, recency among them, are not."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from riskstrat.definitions.promotion import LeakageGates
from riskstrat.evaluation import EvaluationError, leakage, single_features

HORIZON = 365
POLICY = LeakageGates()

Borough = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]


def borough(rows: int = 30_000, seed: int = 1) -> Borough:
    """Features, outcome and days to the event: each past event raises the hazard, and what it adds fades in 40 days."""
    random = np.random.default_rng(seed)
    frailty = random.normal(0, 0.8, rows)
    base = np.exp(frailty - 8.5)
    last = random.exponential(1 / base)
    last[last > 730] = np.nan
    since = np.nan_to_num(last, nan=1e9)[:, None] + np.arange(1, HORIZON + 1)
    happens = random.random((rows, HORIZON)) < base[:, None] * (1 + 15 * np.exp(-since / 40))
    days = np.where(happens.any(axis=1), happens.argmax(axis=1) + 1.0, np.nan)
    outcome = ~np.isnan(days)
    features = {
        "days_since_last": last,
        "in_90_days": (last <= 90).astype(float),
        "age": np.round(60 + 10 * frailty + random.normal(0, 12, rows)),
        "coin": random.integers(0, 2, rows).astype(float),
        "blood_pressure": np.where(random.random(rows) < 0.6, np.nan, 130 + 8 * frailty + random.normal(0, 15, rows)),
    }
    return features, outcome.astype(int), days


def measured(features: dict[str, np.ndarray], outcome: np.ndarray, days: np.ndarray) -> pd.DataFrame:
    values = np.stack(list(features.values()), axis=1).astype(np.float32)
    return single_features(values, list(features), outcome, days, HORIZON)


def alarmed(features: dict[str, np.ndarray], outcome: np.ndarray, days: np.ndarray) -> list[str]:
    judged = leakage(measured(features, outcome, days), 0.8, 0.79, POLICY)
    return [alarm["feature"] for alarm in judged["alarms"]]


def test_honest_features_raise_no_alarm_though_the_recent_past_tells_the_near_future_best():
    features, outcome, days = borough()
    assert 0.08 < outcome.mean() < 0.25
    found = measured(features, outcome, days).set_index("feature")
    assert alarmed(features, outcome, days) == []
    assert found.loc["in_90_days", "early_over_late"] > 0.02
    assert found.loc["in_90_days", "z"] > 2
    assert abs(found.loc["coin", "z"]) < 3


@pytest.mark.parametrize(
    ("planted", "sign"),
    [
        # Counts the admissions of the 90 days up to 30 days after the index date.
        (lambda last, days, outcome: ((last <= 60) | (days <= 30)).astype(float), "first twelfth of the window"),
        # Days since the last admission, seen 30 days late.
        (lambda last, days, outcome: np.where(days <= 30, -days, last), "first twelfth of the window"),
        # Seen 30 days late for a third of people alone.
        (lambda last, days, outcome: ((last <= 60) | ((days <= 30) & (days % 3 == 0))).astype(float), "first twelfth"),
        # Filled in only for those who were admitted.
        (lambda last, days, outcome: np.where(outcome == 1, 5.0, np.nan), "ranks the outcome with an AUROC of 1.000"),
        (lambda last, days, outcome: np.where(outcome == 1, np.nan, np.nan_to_num(last)), "have the outcome"),
        # The outcome itself, with noise.
        (
            lambda last, days, outcome: outcome + np.sin(np.arange(len(outcome))) / 1.5,
            "ranks the outcome with an AUROC",
        ),
        # A discharge code that one in ten of the later admitted has, and nobody else.
        (
            lambda last, days, outcome: (outcome == 1) & (np.arange(len(outcome)) % 10 == 0),
            "picks out people of whom 100%",
        ),
    ],
)
def test_a_feature_that_knows_the_future_is_named(planted, sign):
    features, outcome, days = borough()
    features["planted"] = planted(features["days_since_last"], days, outcome).astype(float)
    judged = leakage(measured(features, outcome, days), 0.8, 0.79, POLICY)
    assert {alarm["feature"] for alarm in judged["alarms"]} == {"planted"}
    sentences = [alarm["sentence"] for alarm in judged["alarms"]]
    assert all(sentence.startswith("planted ") and "\n" not in sentence for sentence in sentences)
    assert any(sign in sentence for sentence in sentences)
    assert judged["features"][0]["feature"] == "planted"


def test_no_noise_is_taken_for_a_sign_however_many_features_there_are():
    random = np.random.default_rng(6)
    outcome = (random.random(2000) < 0.1).astype(int)
    days = np.where(outcome == 1, random.integers(1, HORIZON + 1, 2000), np.nan)
    features = {f"noise_{number:03d}": random.normal(size=2000) for number in range(300)}
    assert alarmed(features, outcome, days) == []


def test_figures_of_one_feature_are_those_of_scikit_learn():
    features, outcome, days = borough(4000)
    rounded = np.round(np.nan_to_num(features["days_since_last"], nan=900.0), -1)
    found = measured({"rounded": rounded}, outcome, days).iloc[0]
    assert found.auroc == pytest.approx(1 - roc_auc_score(outcome, rounded))
    later = (outcome == 0) | (days > 2 * HORIZON / 12)
    for name, of in (("early_auroc", days <= HORIZON / 12), ("late_auroc", (days > HORIZON / 12) & ~later)):
        rows = of | later
        assert found[name] == pytest.approx(1 - roc_auc_score(of[rows], rounded[rows])), name
    assert found.early_over_late == pytest.approx(found.early_auroc - found.late_auroc)


def test_z_is_the_difference_over_its_error_on_draws_of_rows():
    features, outcome, days = borough(12_000)
    feature = {"in_90_days": features["in_90_days"]}
    found = measured(feature, outcome, days).iloc[0]
    random, differences = np.random.default_rng(3), []
    for _ in range(200):
        rows = random.integers(0, len(outcome), len(outcome))
        drawn = measured({"in_90_days": feature["in_90_days"][rows]}, outcome[rows], days[rows]).iloc[0]
        differences.append(drawn.early_over_late)
    assert found.early_over_late / found.z == pytest.approx(np.std(differences), rel=0.15)


def test_missing_values_stand_at_whichever_end_tells_more_and_the_smallest_group_is_theirs():
    outcome = np.repeat([1, 0], [20, 80])
    feature = np.where(np.arange(100) < 20, np.nan, np.arange(100) % 2)
    found = single_features(feature[:, None], ["f"], outcome, np.where(outcome == 1, 100, np.nan), HORIZON).iloc[0]
    assert (found.auroc, found.ppv, found.captured) == (1, 1, 1)
    # No event falls in the first two twelfths, so there is nothing to say about them.
    assert found[["early_auroc", "late_auroc", "early_over_late", "z"]].isna().all()


def test_the_smallest_group_holds_a_twentieth_of_events_and_eight_of_them():
    outcome = np.zeros(1000, dtype=int)
    outcome[:7] = outcome[500:600] = 1
    feature = -np.arange(1000.0)
    found = single_features(feature[:, None], ["f"], outcome, np.full(1000, np.nan), HORIZON).iloc[0]
    # From the top: 7 events in 7 rows are too few, and the 8th is row 501. From the bottom: 8 in 408 rows.
    assert (found.ppv, found.captured) == pytest.approx((8 / 408, 8 / 107))


def test_too_few_events_leave_the_figures_empty_and_a_constant_tells_nothing():
    outcome = np.repeat([1, 0], [5, 95])
    values = np.stack([np.arange(100.0), np.ones(100), np.full(100, np.nan)], axis=1)
    found = single_features(values, ["a", "b", "c"], outcome, np.where(outcome == 1, 10, np.nan), HORIZON)
    assert found.feature.tolist() == ["a", "b", "c"]
    assert found.auroc.tolist() == [1.0, 0.5, 0.5]
    assert found[["ppv", "captured", "z"]].isna().all(axis=None)
    nothing = single_features(values, ["a", "b", "c"], np.zeros(100), np.full(100, np.nan), HORIZON)
    assert nothing.drop(columns="feature").isna().all(axis=None)
    judged = leakage(nothing, None, None, POLICY)
    assert (judged["alarms"], judged["warnings"]) == ([], [])
    assert judged["features"][0]["auroc"] is None


def test_a_few_events_told_perfectly_are_not_certain():
    outcome = np.repeat([1, 0], [16, 2000])
    days = np.append(np.repeat([5.0, 45.0], 8), np.full(2000, np.nan))
    found = single_features((days <= 30)[:, None].astype(float), ["f"], outcome, days, HORIZON).iloc[0]
    assert found.early_over_late == pytest.approx(0.5)
    assert 4 < found.z < 8


def test_a_model_far_above_logistic_regression_is_a_warning_and_no_alarm():
    table = pd.DataFrame(
        columns=["feature", "auroc", "ppv", "captured", "early_auroc", "late_auroc", "early_over_late", "z"]
    )
    judged = leakage(table, 0.86, 0.79, POLICY)
    assert judged["alarms"] == []
    assert len(judged["warnings"]) == 1
    assert judged["warnings"][0].startswith("The model's AUROC of 0.860 lies 0.070 above that of logistic regression")
    assert leakage(table, 0.83, 0.79, POLICY)["warnings"] == []


def test_at_most_the_twenty_worst_are_kept_worst_first():
    features, outcome, days = borough(3000)
    random = np.random.default_rng(2)
    features |= {f"noise_{number:02d}": random.normal(size=3000) for number in range(30)}
    features["planted"] = (days <= 30).astype(float)
    found = measured(features, outcome, days)
    judged = leakage(found.sample(frac=1, random_state=1), 0.8, 0.79, POLICY)
    assert [row["feature"] for row in judged["features"]] == found.feature[:20].tolist()
    assert list(judged["features"][0]) == [
        "feature",
        "auroc",
        "ppv",
        "captured",
        "early_auroc",
        "late_auroc",
        "early_over_late",
        "z",
    ]


def test_more_rows_than_needed_are_thinned_alike_each_time():
    features, outcome, days = borough(2000)
    many = {name: np.tile(values, 160) for name, values in features.items()}
    first = measured(many, np.tile(outcome, 160), np.tile(days, 160))
    again = measured(many, np.tile(outcome, 160), np.tile(days, 160))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    whole = measured(features, outcome, days).set_index("feature")
    assert first.set_index("feature").auroc.to_dict() == pytest.approx(whole.auroc.to_dict(), abs=0.002)


def test_a_hundred_thousand_rows_of_sixty_features_take_seconds():
    random = np.random.default_rng(0)
    values = random.normal(size=(100_000, 60)).astype(np.float32)
    outcome = (random.random(100_000) < 0.1).astype(int)
    days = np.where(outcome == 1, random.integers(1, 366, 100_000), np.nan)
    start = time.process_time()
    single_features(values, [f"f{number}" for number in range(60)], outcome, days, HORIZON)
    assert time.process_time() - start < 10


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(EvaluationError, match=r"values has shape \(2, 1\); give one column for each of the 2 names"):
        single_features(np.zeros((2, 1)), ["a", "b"], [1, 0], [3, np.nan], HORIZON)
    with pytest.raises(EvaluationError, match="days_to_event 1"):
        single_features(np.zeros((2, 1)), ["a"], [1, 0], [3], HORIZON)
