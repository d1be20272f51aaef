"""registry: the gates of promotion.toml against evidence on paper; each is tried on both sides."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from riskstrat.definitions.promotion import PromotionPolicy
from riskstrat.errors import ModelError
from riskstrat.registry import gates

POLICY = PromotionPolicy()


def interval(metric: str, low: float | None, high: float | None, versus: str | None = None) -> dict[str, Any]:
    middle = None if low is None or high is None else (low + high) / 2
    return {"metric": metric, "model": "lightgbm", "versus": versus, "estimate": middle, "low": low, "high": high}


def group(name: str, low: float | None, high: float | None) -> dict[str, Any]:
    ends = {"mean_risk_over_observed_low": low, "mean_risk_over_observed_high": high}
    middle = None if low is None or high is None else (low + high) / 2
    return {"dimension": "age_band", "group": name, "mean_risk_over_observed": middle, **ends}


GOOD: dict[str, Any] = {
    "test_dates": ["2024-01-01", "2024-07-01", "2025-01-01"],
    "models": {
        "lightgbm": {"events": 400, "ici": 0.004, "ici_of_top_5_percent": 0.02},
        "logistic_regression": {},
    },
    "left_out": {"champion": "there is no champion yet"},
    "intervals": [
        interval("auroc", 0.77, 0.81),
        interval("auroc", -0.002, 0.004, "logistic_regression"),
        interval("calibration_slope", 0.95, 1.06),
    ],
    "at_capacity": {"lift": 5.2},
    "subgroups": [group("18 to 39", 0.9, 1.2), group("40 to 49", None, None)],
    "leakage": {"alarms": [], "warnings": []},
}


def failing(change: Callable[[dict[str, Any]], None]) -> list[tuple[str, str]]:
    """Names and sentences of the gates that the changed evidence does not pass."""
    evidence = copy.deepcopy(GOOD)
    change(evidence)
    return [(gate.name, gate.sentence) for gate in gates(POLICY, evidence) if not gate.passed]


def replaced(metric: str, low: float | None, high: float | None, versus: str | None = None) -> Callable:
    def change(evidence: dict[str, Any]) -> None:
        rows = evidence["intervals"]
        kept = [row for row in rows if (row["metric"], row["versus"]) != (metric, versus)]
        evidence["intervals"] = [*kept, interval(metric, low, high, versus)]

    return change


def test_good_evidence_passes_every_gate() -> None:
    assert failing(lambda evidence: None) == []
    assert [gate.name for gate in gates(POLICY, GOOD)] == [
        "evidence.least_test_dates",
        "evidence.least_events",
        "discrimination.least_auroc",
        "discrimination.not_worse_than",
        "discrimination.not_worse_than",
        "discrimination.least_lift",
        "calibration.slope_within",
        "calibration.largest_ici",
        "calibration.largest_ici_of_top_5_percent",
        "subgroups.mean_risk_over_observed_within",
        "leakage",
    ]


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        (lambda e: e.update(test_dates=["2025-01-01"]), "evidence.least_test_dates", "1 test dates; at least 3"),
        (lambda e: e["models"]["lightgbm"].update(events=99), "evidence.least_events", "99 outcome events"),
        (replaced("auroc", 0.52, 0.59), "discrimination.least_auroc", "0.555 (0.520 to 0.590)"),
        (
            replaced("auroc", -0.006, -0.001, "logistic_regression"),
            "discrimination.not_worse_than",
            "minus that of logistic regression -0.0035 (-0.0060 to -0.0010): worse beyond noise",
        ),
        (lambda e: e["at_capacity"].update(lift=1.4), "discrimination.least_lift", "lift 1.40"),
        (lambda e: e["at_capacity"].update(lift=None), "discrimination.least_lift", "no lift"),
        (replaced("calibration_slope", 0.6, 0.84), "calibration.slope_within", "slope 0.720 (0.600 to 0.840)"),
        (replaced("calibration_slope", 1.19, 1.3), "calibration.slope_within", "within 0.85 to 1.18"),
        (lambda e: e["models"]["lightgbm"].update(ici=0.03), "calibration.largest_ici", "ICI 0.0300; at most 0.02"),
        (
            lambda e: e["models"]["lightgbm"].update(ici_of_top_5_percent=None),
            "calibration.largest_ici_of_top_5_percent",
            "could not be had",
        ),
        (
            lambda e: e["subgroups"].append(group("85 and over", 0.5, 0.79)),
            "subgroups.mean_risk_over_observed_within",
            "age band 85 and over: mean risk over observed",
        ),
        (
            lambda e: e["leakage"]["alarms"].append({"feature": "peeks", "sentence": "peeks decides too much"}),
            "leakage",
            "peeks decides too much",
        ),
    ],
)
def test_one_bad_figure_fails_its_own_gate_and_no_other(change: Callable, name: str, said: str) -> None:
    found = failing(change)
    assert [gate for gate, _ in found] == [name]
    assert said in found[0][1]


@pytest.mark.parametrize(
    "change",
    [
        replaced("auroc", 0.55, 0.6),
        replaced("auroc", -0.006, 0.0, "logistic_regression"),
        replaced("calibration_slope", 0.7, 0.85),
        replaced("calibration_slope", 1.18, 1.5),
        lambda e: e["subgroups"].append(group("85 and over", 0.5, 0.8)),
        lambda e: e["models"]["lightgbm"].update(ici=0.02, events=100),
        lambda e: e["at_capacity"].update(lift=1.5),
    ],
)
def test_where_noise_allows_either_answer_a_gate_lets_pass(change: Callable) -> None:
    assert failing(change) == []


@pytest.mark.parametrize("metric", ["auroc", "calibration_slope"])
def test_a_figure_without_an_interval_does_not_pass(metric: str) -> None:
    found = failing(replaced(metric, None, None))
    assert [sentence for _, sentence in found if "no interval" in sentence]


def test_a_model_without_its_rival_says_why_and_passes_only_where_the_rival_was_left_out() -> None:
    def without(evidence: dict[str, Any]) -> None:
        del evidence["models"]["logistic_regression"]

    assert failing(without) == [
        (
            "discrimination.not_worse_than",
            "not compared with logistic regression: it is not among the baselines",
        )
    ]

    def left_out(evidence: dict[str, Any]) -> None:
        without(evidence)
        evidence["left_out"]["logistic_regression"] = "the calibration slice taught it nothing"

    assert failing(left_out) == []


def test_a_worse_model_than_the_champion_is_refused_whichever_way_round_the_pair_was_drawn() -> None:
    def change(evidence: dict[str, Any]) -> None:
        evidence["models"]["champion"] = {}
        evidence["intervals"].append(
            {**interval("auroc", 0.001, 0.009), "model": "champion", "versus": "lightgbm"},
        )

    ((name, said),) = failing(change)
    assert name == "discrimination.not_worse_than"
    assert "that of champion -0.0050 (-0.0090 to -0.0010)" in said


def test_a_source_split_by_person_has_no_test_dates_to_count() -> None:
    assert failing(lambda evidence: evidence.update(test_dates=[])) == []


@pytest.mark.parametrize("ends", [[1.2, 0.8], [0, 1], [1, 1]])
def test_a_range_that_is_none_is_refused(ends: list[float]) -> None:
    with pytest.raises(ValidationError, match="is no range"):
        PromotionPolicy.model_validate({"calibration": {"slope_within": ends}})


def test_of_a_stack_the_stack_is_judged_and_not_the_trees_in_it() -> None:
    evidence = copy.deepcopy(GOOD)
    evidence["models"]["stack"] = dict(evidence["models"]["lightgbm"])
    evidence["intervals"] = [row | {"model": "stack"} for row in evidence["intervals"]]
    evidence["models"]["lightgbm"] |= {"events": 3, "ici": 0.9}
    evidence["intervals"].append(interval("calibration_slope", 3.0, 4.0))
    assert all(gate.passed for gate in gates(POLICY, evidence))
    evidence["models"]["stack"]["ici"] = 0.03
    assert [gate.name for gate in gates(POLICY, evidence) if not gate.passed] == ["calibration.largest_ici"]


def test_people_are_counted_once_where_the_evidence_counts_them() -> None:
    for people, wrong in ((49, ["evidence.least_people_with_outcome"]), (50, [])):
        found = failing(lambda evidence, people=people: evidence.update(people_with_outcome=people))
        assert [name for name, _ in found] == wrong


def fall(group: str, low: float | None, high: float | None, against: str = "champion") -> dict[str, Any]:
    middle = None if low is None or high is None else (low + high) / 2
    figures = {"recall": 0.1, "recall_against": 0.14, "difference": middle, "low": low, "high": high}
    return {"against": against, "dimension": "imd_quintile", "group": group, **figures}


def beside_champion(*rows: dict[str, Any]) -> Callable:
    def change(evidence: dict[str, Any]) -> None:
        evidence["models"]["champion"] = {}
        evidence["intervals"].append(interval("auroc", -0.001, 0.003, "champion"))
        evidence["equity"] = list(rows)

    return change


def test_a_group_of_which_fewer_are_found_than_by_the_champion_stops_promotion_and_is_named() -> None:
    worse, level, small = fall("1 most deprived", -0.07, -0.01), fall("White", -0.07, 0.0), fall("Mixed", None, None)
    assert failing(beside_champion(level, small)) == []
    ((name, sentence),) = failing(beside_champion(level, worse, small))
    assert name == "equity.recall_not_below"
    assert sentence == (
        "imd quintile 1 most deprived: lists at capacity find 10.0% of those with the outcome, those of champion "
        "14.0%; difference -0.0400 (-0.0700 to -0.0100)"
    )


def test_groups_that_were_not_held_against_a_rival_do_not_pass_and_no_champion_holds_nobody_back() -> None:
    assert failing(beside_champion()) == [
        ("equity.recall_not_below", "groups were not held against champion; train again")
    ]
    assert failing(lambda evidence: evidence.update(equity=[])) == []


def transferred(*rows: dict[str, Any], low: float = -0.01, high: float = 0.02) -> Callable:
    def change(evidence: dict[str, Any]) -> None:
        beside_champion(*rows)(evidence)
        models, spans = evidence["models"], evidence["intervals"]
        models["transferred"] = models["lightgbm"]
        models["stack"] = {}
        renamed = [{**row, "model": "transferred"} for row in spans]
        evidence["intervals"] = [*renamed, {**interval("auroc", low, high, "stack"), "model": "transferred"}]

    return change


def test_another_sites_model_is_held_against_what_is_learned_here_whatever_the_policy_names() -> None:
    level, worse = fall("White", -0.1, 0.1), fall("White", -0.1, -0.02, "stack")
    assert failing(transferred(level, fall("White", -0.1, 0.1, "stack"))) == []
    assert [name for name, _ in failing(transferred(level, worse))] == ["equity.recall_not_below"]
    ((name, sentence),) = failing(transferred(level, fall("White", -0.1, 0.1, "stack"), low=-0.03, high=-0.01))
    assert name == "discrimination.not_worse_than"
    assert "minus that of stack" in sentence


def test_evidence_without_figures_of_the_model_itself_is_refused() -> None:
    with pytest.raises(ModelError, match="no figures of the model itself"):
        gates(POLICY, {**GOOD, "models": {"logistic_regression": {}}})


def test_where_no_group_could_be_judged_the_gate_says_so_and_counts_none() -> None:
    row = {"dimension": "deprivation", "group": "most", "against": "logistic_regression", "recall": 0.1}
    equity = [row | {"recall_against": 0.2, "difference": -0.1, "low": None, "high": None}]
    evidence = GOOD | {"subgroups": [group("18 to 39", None, None)], "equity": equity}
    policy = PromotionPolicy.model_validate({"equity": {"recall_not_below": ["logistic_regression"]}})
    said = {gate.name: gate.sentence for gate in gates(policy, evidence) if gate.passed}
    why = "none has enough people and events to tell; look at who is listed, team by team"
    assert said["subgroups.mean_risk_over_observed_within"] == f"no group was judged: {why}"
    assert said["equity.recall_not_below"] == f"no group was held against logistic regression: {why}"
