"""How sure a figure is: whole people are drawn again with replacement, and every model is measured on the same draw.

Rows are ranked once per model; a draw is only a number of copies per person, so no row is ever copied or sorted again.
Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993 (percentile interval).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from riskstrat.evaluation.inputs import Array, EvaluationError, as_codes, as_outcome, same_length
from riskstrat.evaluation.weighted import Measure, Ranked, measure_named, ranked

ENOUGH = 0.9
"""Least share of draws on which a figure must exist for an interval to be given."""

COLUMNS = ["metric", "model", "versus", "estimate", "low", "high", "level", "rounds", "reason"]


@dataclass(frozen=True)
class Draws:
    """One metric: its estimate for each model, and its value on each draw, not a number where it does not exist."""

    metric: str
    estimates: Mapping[str, float]
    rounds: Mapping[str, Array]


def bootstrap_by_person(
    outcome: object,
    risks: Mapping[str, object],
    people: object,
    *,
    metric: str,
    rounds: int,
    seed: int,
    capacity: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per model, then one per pair of models: estimate with its percentile interval, as `intervals` describes.

    outcome, people and each of the risks: one value per patient and index date. metric: a key of `weighted.MEASURES`,
    or ppv or sensitivity, which need the capacity of the list. level: share of draws inside the interval.
    Raises EvaluationError for an unknown metric and for unusable columns.
    """
    draws = bootstrap_draws(outcome, risks, people, metric=metric, rounds=rounds, seed=seed, capacity=capacity)
    return intervals(draws, level)


def bootstrap_draws(
    outcome: object,
    risks: Mapping[str, object],
    people: object,
    *,
    metric: str,
    rounds: int,
    seed: int,
    capacity: int | None = None,
) -> Draws:
    """The metric of each model on each of `rounds` draws of people; the same seed gives the same draws."""
    measure = measure_named(metric, capacity)
    at_least_one(rounds)
    y, person = as_outcome(outcome), as_codes(people, "people")
    same_length(outcome=y, people=person, **dict(risks))
    models = {name: ranked(y, risk, person, metric) for name, risk in risks.items()}
    estimates = {name: measure(model, np.ones(len(y))) for name, model in models.items()}
    return Draws(metric, estimates, _measure_draws(models, measure, person, rounds, seed))


def pooled_draws(draws: Sequence[Draws]) -> Draws:
    """The mean over separate populations, each counting the same, of their estimates and of their draws one by one.

    For populations that share nobody, drawn with seeds of their own. Raises EvaluationError if metrics, models or
    rounds differ, or none is given.
    """
    kinds = {(one.metric, tuple(one.rounds), tuple(len(values) for values in one.rounds.values())) for one in draws}
    if len(kinds) != 1:
        raise EvaluationError("the draws to pool differ in metric, models or rounds; draw each population alike")
    first = draws[0]
    return Draws(
        first.metric,
        {name: float(np.mean([one.estimates[name] for one in draws])) for name in first.estimates},
        {name: np.mean([one.rounds[name] for one in draws], axis=0) for name in first.rounds},
    )


def intervals(draws: Draws, level: float = 0.95) -> pd.DataFrame:
    """One row per model, then one per pair of models, with columns
    metric, model, versus, estimate, low, high, level, rounds, reason.

    versus is missing for a model by itself; for a pair the estimate is the metric of `model` minus that of `versus`, on
    the same draws. level: share of draws inside the interval. rounds: draws on which the figure exists; low and high
    are missing, with the reason, below 9 in 10 of them. The ICI cannot fall below 0 and grows with noise, so its
    interval lies too high where it is near 0.
    """
    rows = []
    for model, values in draws.rounds.items():
        rows.append(_compute_interval(draws.metric, model, None, draws.estimates[model], values, level))
    for model, versus in combinations(draws.rounds, 2):
        estimate = draws.estimates[model] - draws.estimates[versus]
        rows.append(
            _compute_interval(draws.metric, model, versus, estimate, draws.rounds[model] - draws.rounds[versus], level)
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _measure_draws(
    models: Mapping[str, Ranked], measure: Measure, person: Array, rounds: int, seed: int
) -> dict[str, Array]:
    values = {name: np.full(rounds, np.nan) for name in models}
    for place, copies in enumerate(each_draw(person, rounds, seed)):
        for name, model in models.items():
            values[name][place] = measure(model, copies[model.person])
    return values


def at_least_one(rounds: int) -> None:
    """Raises EvaluationError unless there is a round to draw."""
    if rounds < 1:
        raise EvaluationError(f"{rounds} rounds were asked for; give at least 1, and 200 or more for an interval")


def each_draw(person: Array, rounds: int, seed: int) -> Iterator[Array]:
    """How often each person is drawn, one array per round; person: whole numbers from 0, as `as_codes` gives."""
    people = int(person.max()) + 1 if len(person) else 0
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        drawn = random.integers(0, people, people) if people else np.zeros(0, dtype=np.int64)
        yield np.bincount(drawn, minlength=people).astype(np.float64)


def all_draws(person: Array, rounds: int, seed: int) -> Array:
    """The same draws as one table: a line per round, how often each person is drawn in it."""
    at_least_one(rounds)
    # Nobody is drawn 255 times: the counts are Poisson with mean 1, so a byte holds them.
    return np.array([copies.astype(np.uint8) for copies in each_draw(person, rounds, seed)])


def with_everybody(draws: Array) -> Array:
    """The draws below one line that holds everybody once, on which a measure is its estimate."""
    return np.vstack([np.ones((1, draws.shape[1]), dtype=draws.dtype), draws])


def _compute_interval(
    metric: str, model: str, versus: str | None, estimate: float, values: Array, level: float
) -> tuple[str, str, str | None, float, float, float, float, int, str | None]:
    known = values[~np.isnan(values)]
    low, high, reason = np.nan, np.nan, None
    if np.isnan(estimate):
        reason = f"{metric} does not exist on these rows"
    elif len(known) < ENOUGH * len(values):
        reason = f"{metric} exists on only {len(known)} of {len(values)} draws"
    else:
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return metric, model, versus, estimate, float(low), float(high), level, len(known), reason
