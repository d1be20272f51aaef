"""Lists on simulated people: what a before-and-after makes of them, and that the comparison tells the truth."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.impact.detecting import Assumptions, compute_power
from riskstrat.impact.estimating import Effect, estimate_effect
from riskstrat.impact.matching import compute_balance, match_controls
from riskstrat.impact.trials import TrialDesign, build_panel, compute_naive_change, follow_matches, simulate_trial

QUICK = 5
"""Runs of a quick test; the long ones are exhaustive."""


def compare(design: TrialDesign, seed: int) -> Effect:
    trial = simulate_trial(design, seed)
    matches = match_controls(build_panel(trial))
    effect = estimate_effect(follow_matches(trial, matches), matches)
    assert effect is not None
    return effect


def count_covered(design: TrialDesign, seeds: range) -> float:
    """The share of runs whose interval holds the true effect."""
    intervals = [compare(design, seed).interval() for seed in seeds]
    return float(np.mean([each is None or each[0] <= design.effect <= each[1] for each in intervals]))


def test_the_same_seed_gives_the_same_run_and_another_does_not() -> None:
    small = TrialDesign(people=400, weeks=20)
    one, again, other = (simulate_trial(small, seed) for seed in (7, 7, 8))
    assert (one.admitted == again.admitted).all()
    assert (one.first_week == again.first_week).all()
    assert (one.admitted != other.admitted).any()


def test_nobody_is_admitted_or_listed_after_death() -> None:
    trial = simulate_trial(TrialDesign(people=1500), 3)
    weeks = np.arange(trial.admitted.shape[0])[:, None] - 52
    assert (trial.died < 130).any()
    assert not (trial.admitted.astype(bool) & (weeks >= trial.died[None, :])).any()
    listed = trial.first_week >= 0
    assert (trial.first_week[listed] < trial.died[listed]).all()


def test_a_list_that_does_nothing_looks_like_success_before_and_after_and_not_when_compared() -> None:
    design = TrialDesign()
    trials = [simulate_trial(design, seed) for seed in range(1, 4)]
    assert all(compute_naive_change(trial) < -0.5 for trial in trials)
    assert all(compute_naive_change(trial, 10, admitted=True) < -0.8 for trial in trials)
    assert np.mean([compare(design, seed).change for seed in range(1, QUICK + 1)]) == pytest.approx(0, abs=0.3)


def test_matching_makes_people_alike_who_were_not() -> None:
    trial = simulate_trial(TrialDesign(), 5)
    matches = match_controls(build_panel(trial))
    assert abs(compute_balance(trial.margin[matches.week, matches.person], matches)) < 0.1
    never = trial.margin[0, trial.first_week < 0].mean()
    assert trial.margin[matches.week, matches.person][matches.listed].mean() > never + 1


def test_no_pair_is_of_unlike_kind() -> None:
    trial = simulate_trial(TrialDesign(people=2000), 5)
    matches = match_controls(build_panel(trial))
    heads = {int(number): int(row) for row, number in enumerate(matches.set) if matches.listed[row]}
    for row in np.flatnonzero(~matches.listed):
        one, other = matches.person[heads[int(matches.set[row])]], matches.person[row]
        assert (trial.age_band[one], trial.sex[one]) == (trial.age_band[other], trial.sex[other])
        assert trial.first_week[other] < 0 or trial.first_week[other] > matches.week[row]


def test_power_promises_what_is_found() -> None:
    """A fall of 90% is found in every run, as it promises, and what it promises of 5% is next to nothing."""
    found = [compare(TrialDesign(effect=-0.9), seed).interval() for seed in range(1, 5)]
    assert all(each is not None and each[1] < 0 for each in found)
    assert compute_power(0.9, 870, 0.25, Assumptions()) > 0.99
    assert compute_power(0.05, 870, 0.25, Assumptions()) < 0.1


@pytest.mark.exhaustive
@pytest.mark.parametrize("changed", [{}, {"picks": "sickest"}, {"picks": "easiest"}, {"winter": 0.5}, {"late": 8}])
def test_an_effect_of_none_is_held_by_the_range(changed: dict[str, object]) -> None:
    """300 runs: 95% with room for chance on either side."""
    assert 0.91 <= count_covered(TrialDesign(**changed), range(1, 301)) <= 0.985  # type: ignore[arg-type]


@pytest.mark.exhaustive
@pytest.mark.parametrize("effect", [-0.4, -0.2, -0.1, 0.2])
def test_a_true_effect_is_held_by_the_range(effect: float) -> None:
    assert 0.91 <= count_covered(TrialDesign(effect=effect), range(1, 301)) <= 0.99


@pytest.mark.exhaustive
def test_what_no_record_holds_is_not_seen() -> None:
    """The page says so; should it ever be seen, the page must say otherwise."""
    assert count_covered(TrialDesign(unseen=1.0), range(1, 101)) < 0.9
