"""What retraining on people whom the list changed does to a model, on simulated lists over five rounds.

    python tests/benchmarks/learning_from_lists.py --seeds 6

A year without lists, then five of weekly lists whose score is fitted anew each year on the year before, by one policy:
`treat`, `censor`, `exclude` and `hold_out` as `label.intervened` says it, the last with one in ten of the newcomers
near the line left off by lot, and `untouched`, which learns what would have happened without any list, as nobody can.
Prints by policy and round, as JSON, how many would have been
admitted within the year without a list over how many were expected, among everybody and among the 5% and 2% with the
highest estimates, and how many would have been of the first 2%.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from riskstrat.impact.trials import HISTORY, REST, YEAR, TrialDesign, World

POLICIES = ("treat", "censor", "exclude", "hold_out", "untouched")
ROUNDS = 5
HELD_OUT, WITHIN, NEVER_ABOVE = 0.1, 1.0, 0.6
"""The share of newcomers left off by lot, how far above the line (log-odds), and the estimate above which nobody is."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Round:
    """One year of everybody alive at its start: columns, estimates; of the year the week of the first admission and of
    the first list (its end for none), of whom a lot decided first in it and whom of them it left off, and the risk that
    there was without any list."""

    columns: Numbers
    risk: Numbers
    admitted: npt.NDArray[np.int64]
    listed: npt.NDArray[np.int64]
    in_lot: npt.NDArray[np.bool_]
    left_off: npt.NDArray[np.bool_]
    truth: Numbers


class Learner:
    """A score that is fitted anew on each year by one policy."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.fitted: LogisticRegression | None = None

    def score(self, columns: Numbers) -> Numbers:
        """The estimates; none before the first year is over."""
        return np.zeros(len(columns)) if self.fitted is None else self.fitted.predict_proba(columns)[:, 1]

    def learn(self, year: Round) -> None:
        """Fits the score on a year."""
        acted, outcome = year.listed < YEAR, year.admitted < YEAR
        kept, weight = np.ones(len(outcome), bool), np.ones(len(outcome))
        if self.policy == "censor":
            kept = ~acted | (year.admitted <= year.listed)
        if self.policy == "exclude":
            kept = ~acted
        if self.policy == "hold_out":
            kept, weight = ~year.in_lot | year.left_off, np.where(year.left_off, 1 / HELD_OUT, 1.0)
        if self.policy == "untouched":
            kept, outcome, weight = _split_by_risk(year)
        columns = np.vstack([year.columns, year.columns]) if len(kept) > len(year.columns) else year.columns
        self.fitted = LogisticRegression(C=1e6, max_iter=500).fit(columns[kept], outcome[kept], weight[kept])


def _split_by_risk(year: Round) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Numbers]:
    """Everybody once with the outcome and once without, weighted by the true risk of either."""
    people = len(year.truth)
    outcome = np.arange(2 * people) < people
    return np.ones(2 * people, bool), outcome, np.concatenate([year.truth, 1 - year.truth])


def run_years(policy: str, seed: int, people: int, effect: float) -> Iterator[Round]:
    """The years with lists, each with the score that was learned from the one before."""
    world = World(TrialDesign(people=people, weeks=(ROUNDS + 1) * YEAR, followed=0), np.random.default_rng(seed))
    chance = np.random.default_rng([seed, 1])
    rests, treated, last = np.zeros(people, np.int64), np.zeros(people, bool), np.full(people, -YEAR)
    decided = np.zeros(people, bool)
    for week in range(HISTORY):
        world.step(week)
    learner = Learner(policy)
    for year in range(ROUNDS + 1):
        start = HISTORY + year * YEAR
        columns, alive = world.build_columns(start), world.died > start
        risk, drawn = learner.score(columns), chance.random(people) < HELD_OUT
        admitted, listed, hazard = np.full(people, YEAR), np.full(people, YEAR), np.zeros(people)
        in_lot, left_off = np.zeros(people, bool), np.zeros(people, bool)
        for week in range(start, start + YEAR):
            if year:
                now = learner.score(world.build_columns(week))
                free = (world.died > week) & (rests <= week)
                order, places = np.argsort(-np.where(free, now, -1), kind="stable"), people // 2500
                lot = _mark_lot(now, now[order[places - 1]], last <= week - YEAR) & (policy == "hold_out")
                taken = order[~(lot & drawn)[order]][:places]
                off = lot & drawn & free & (now >= now[taken[-1]])
                first = ~decided & (off | (lot & np.isin(np.arange(people), taken)))
                in_lot, left_off, decided = in_lot | first, left_off | (first & off), decided | first
                rests[taken], last[taken], treated[off] = week + REST, week, False
                treated[taken], listed[taken] = True, np.minimum(listed[taken], week - start)
            world.step(week, np.where(treated & (rests > week), 1 + effect, 1.0))
            hazard += np.where(world.died > week, world.rates / YEAR, 0)
            admitted = np.where((world.admitted[week] > 0) & (admitted == YEAR), week - start, admitted)
        done = Round(*(each[alive] for each in (columns, risk, admitted, listed, in_lot, left_off, -np.expm1(-hazard))))
        learner.learn(done)
        if year:
            yield done


def _mark_lot(now: Numbers, line: float, newcomer: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of whom a lot decides should they be about to be listed: newcomers near the line and below a stated risk."""
    margin = np.log(np.clip(now, 1e-9, 1 - 1e-9) / (1 - np.clip(now, 1e-9, 1 - 1e-9)))
    near = margin <= np.log(line / (1 - line)) + WITHIN if 0 < line < 1 else np.zeros(len(now), bool)
    return newcomer & near & (now <= NEVER_ABOVE)


def measure(year: Round) -> dict[str, float]:
    """What the score of a year was worth against what would have happened without any list."""
    order = np.argsort(-year.risk, kind="stable")
    top, first = order[: len(order) // 20], order[: len(order) // 50]
    return {
        "all": float(year.truth.sum() / year.risk.sum()),
        "highest 5%": float(year.truth[top].sum() / year.risk[top].sum()),
        "highest 2%": float(year.truth[first].sum() / year.risk[first].sum()),
        "PPV of the first 2%": float(year.truth[first].mean()),
        "listed": float((year.listed < YEAR).sum()),
        "left off": float(year.left_off.sum()),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--effect", type=float, default=-0.4)
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES)
    given = parser.parse_args()
    for policy in given.policies:
        runs = [
            [measure(year) for year in run_years(policy, seed, given.people, given.effect)]
            for seed in range(1, given.seeds + 1)
        ]
        found = {name: [float(np.mean([run[at][name] for run in runs])) for at in range(ROUNDS)] for name in runs[0][0]}
        print(
            json.dumps({policy: {name: [round(one, 3) for one in means] for name, means in found.items()}}), flush=True
        )


if __name__ == "__main__":
    main()
