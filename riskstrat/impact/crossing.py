"""What happens at the line of the lists: a jump from people just below it to people just above, by local regression.

The unit is a person's first approach to their team's line, and the question is being listed now rather than later:
people below may be listed in the weeks after, and people above need not have been (a fuzzy design).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from riskstrat.impact.estimating import TWO_SIDED, Effect
from riskstrat.impact.ranking import RankedLists

Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

BAND = 0.4
"""How far from the line, in log-odds, people count; an approach is the first week no farther below it."""

JUST = 0.15
"""How far below the line people are just below it."""

CAUGHT_UP_WEEKS = (4, 12, 26)
"""By when it is told how many of those just below are listed."""

LIMITED_WEEKS = 12
"""By when no more of them than the plan allows may be listed."""

FEWEST_CROSSED = 150
"""People on each side, below which nothing is worked out: ranges are too narrow with fewer."""

BINS = 10
"""On each side, for how many people stand how far from the line."""


@dataclass(frozen=True)
class Approaches:
    """One row per person who came near the line: person, week of the first time, distance (log-odds above it)."""

    person: Indices
    week: Indices
    distance: Numbers

    @property
    def near(self) -> npt.NDArray[np.bool_]:
        """Rows within the band, but not on the line itself, where equal estimates are parted by chance."""
        return np.asarray((np.abs(self.distance) <= BAND) & (self.distance != 0))


@dataclass(frozen=True)
class LineOutcomes:
    """Of each row of `Approaches`: weeks from it to the list, negative before it (infinite for never); events of the
    span before and after being listed; events of the year before, which nothing done since can have changed."""

    waited: Numbers
    before: Numbers
    after: Numbers
    earlier: Numbers


@dataclass(frozen=True)
class LineFound:
    """What the line tells. above, below: people in the band. just: of those below, the ones just below. caught_up: by
    weeks, how many of those were listed by then. untold: why there is no effect, in words; blank where there is one.

    effect: its parts. density: how many errors the number of people jumps at the line. placebo: the same of the year
    before.
    """

    above: int
    below: int
    just: int
    caught_up: Mapping[int, int]
    untold: str
    effect: Effect | None = None
    density: float | None = None
    placebo: float | None = None


def find_approaches(ranked: RankedLists) -> Approaches:
    """The first week in which each person could have been listed and stood within `BAND` of the line, or above it."""
    near = ranked.free & (ranked.panel.margin >= ranked.line - BAND)
    person = np.flatnonzero(near.any(axis=0))
    week = near[:, person].argmax(axis=0)
    return Approaches(person, week, ranked.panel.margin[week, person] - ranked.line[week, person])


def keep_approaches(approaches: Approaches, kept: npt.NDArray[np.bool_]) -> Approaches:
    """The rows that are kept."""
    return Approaches(approaches.person[kept], approaches.week[kept], approaches.distance[kept])


def judge_line(approaches: Approaches, outcomes: LineOutcomes, most_caught_up: int) -> LineFound:
    """The effect at the line, or why none is told. most_caught_up: the plan's limit, in percent."""
    near = approaches.near
    distance = approaches.distance[near]
    above = int((distance > 0).sum())
    just = outcomes.waited[near][(distance <= 0) & (distance > -JUST)]
    caught = {weeks: int((just <= weeks).sum()) for weeks in CAUGHT_UP_WEEKS}
    bare = LineFound(above, len(distance) - above, len(just), caught, "")
    if why := _find_no_design(bare, most_caught_up):
        return replace(bare, untold=why)
    checked = replace(
        bare, density=measure_density(distance), placebo=measure_placebo(distance, outcomes.earlier[near])
    )
    if why := _find_unlike(checked):
        return replace(checked, untold=why)
    effect = estimate_crossing(distance, outcomes.before[near], outcomes.after[near])
    return replace(checked, effect=effect, untold="" if effect else "people above it were not listed sooner")


def _find_no_design(found: LineFound, most_caught_up: int) -> str:
    """Why the line can tell nothing, from whom there is; blank where it can."""
    if min(found.above, found.below) < FEWEST_CROSSED:
        return f"fewer than {FEWEST_CROSSED} people first came near it on one side"
    share = 100 * found.caught_up[LIMITED_WEEKS] / max(found.just, 1)
    if share > most_caught_up:
        return (
            f"more of those just below it were listed within {LIMITED_WEEKS} weeks than the {most_caught_up}% that the "
            "plan allows"
        )
    return ""


def _find_unlike(found: LineFound) -> str:
    """Why its two sides are not alike; blank where the checks find nothing."""
    if abs(found.density or 0) > TWO_SIDED:
        return "the number of people jumps at it, as if they had been put on one side"
    if abs(found.placebo or 0) > TWO_SIDED:
        return "people on its two sides had been unlike in the year before"
    return ""


def estimate_crossing(distance: Numbers, before: Numbers, after: Numbers) -> Effect | None:
    """The effect of being listed at the line. None where nobody above is listed sooner.

    Events from being listed on are changed by one ratio, whoever is listed and whenever: so the jump of those before,
    and of those after over the ratio, add up to none (as for controls listed later in `estimate_effect`).
    """
    jump, spread = measure_jump(distance, np.column_stack([after, -before]))
    moved, held = float(jump[0]), float(jump[1])
    if held <= 0:
        return None
    events, above = before + after, distance > 0
    fewest = min(int((events[side] > 0).sum()) for side in (above, ~above))
    parts = float(spread[0, 0]), float(spread[0, 1]), float(spread[1, 1])
    return Effect(moved / held, held, parts, float(events[above].mean()), float(events[~above].mean()), fewest)


def measure_jump(distance: Numbers, values: Numbers, band: float = BAND) -> tuple[Numbers, Numbers]:
    """The jump of each column of `values` at distance 0, and the covariance of the jumps.

    Local linear with a triangular kernel, its bias taken out by the quadratic over the same band and paid for in the
    error (Calonico, Cattaneo and Titiunik 2014, Econometrica 82:2295, whose two bandwidths are made one here, so that
    it is the quadratic's own intercept). HC2 errors.
    """
    jump, spread = np.zeros(values.shape[1]), np.zeros((values.shape[1], values.shape[1]))
    for sign, side in ((1, distance > 0), (-1, distance <= 0)):
        near = side & (np.abs(distance) < band)
        columns, solved = _fit_quadratic(distance[near] / band)
        fitted = solved @ values[near]
        leverage = np.einsum("ij,ji->i", columns, solved)
        residual = (values[near] - columns @ fitted) / np.sqrt(1 - np.minimum(leverage, 0.99))[:, None]
        jump += sign * fitted[0]
        spread += (residual * (solved[0] ** 2)[:, None]).T @ residual
    return jump, spread


def _fit_quadratic(scaled: Numbers) -> tuple[Numbers, Numbers]:
    """The columns of a quadratic in distances of -1 to 1, and what takes values to its weighted coefficients."""
    columns = np.column_stack([np.ones(len(scaled)), scaled, scaled**2])
    weighted = columns * (1 - np.abs(scaled))[:, None]
    return columns, np.linalg.solve(columns.T @ weighted, weighted.T)


def measure_placebo(distance: Numbers, values: Numbers) -> float:
    """How many errors something that no list could change jumps at the line."""
    jump, spread = measure_jump(distance, values[:, None])
    return float(jump[0] / np.sqrt(spread[0, 0])) if spread[0, 0] > 0 else 0.0


def measure_density(distance: Numbers) -> float:
    """How many errors the number of people jumps at the line: counts in bins (McCrary 2008), as varied as chance."""
    edges = np.linspace(-BAND, BAND, 2 * BINS + 1)
    counts = np.histogram(distance, edges)[0].astype(float)
    middles = (edges[:-1] + edges[1:]) / BAND / 2
    jump, spread = 0.0, 0.0
    for sign, side in ((1, middles > 0), (-1, middles < 0)):
        solved = _fit_quadratic(middles[side])[1][0]
        jump, spread = jump + sign * float(solved @ counts[side]), spread + float(solved**2 @ counts[side])
    return jump / np.sqrt(spread) if spread > 0 else 0.0
