"""The shipped recipe against logistic regression on five simulated boroughs, pooled.

`python tests/benchmarks/five_boroughs.py --people 50000 --folder FOLDER` simulates, ingests and trains the default
recipe on each seed, and prints the AUROC of both, the paired difference with its interval, the calibration slope
and what lists at capacity would have found, each borough by itself and all five together.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from riskstrat.definitions.baselines import LOGISTIC
from riskstrat.evaluation import (
    Draws,
    bootstrap_draws,
    evaluate,
    intervals,
    pooled_draws,
    pooled_yield,
    wilson_interval,
)
from riskstrat.evaluation.lists import PooledYield
from riskstrat.site.opening import open_workspace
from riskstrat.study.fitting import learn, pooled
from riskstrat.verbs.ingest import ingest
from riskstrat.verbs.init import init
from riskstrat.verbs.simulate import simulate

SEEDS = (101, 102, 103, 104, 105)
RECIPE, MODEL = "emergency_admission_12m", "model"


@dataclass(frozen=True)
class Borough:
    """One borough's figures on its test dates together."""

    seed: int
    auroc: dict[str, float]
    slope: float
    draws: Draws
    listed: PooledYield


def main() -> None:
    """Print a line per borough and the pooled figures."""
    options = _options()
    boroughs = []
    for seed in SEEDS:
        boroughs.append(_borough(options.folder, options.people, seed))
        _print(boroughs[-1])
    _print_pooled(boroughs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def _borough(folder: Path, people: int, seed: int) -> Borough:
    root = folder / f"borough-{people}-{seed}"
    shutil.rmtree(root, ignore_errors=True)
    init(root)
    simulate(people, seed, root / "source" / "borough")
    ingest(root, root / "source" / "borough")
    learned = learn(open_workspace(root), RECIPE)
    shutil.rmtree(root)
    rows = pooled(learned)
    risks = {MODEL: rows.own_risk, LOGISTIC: rows.risks[LOGISTIC]}
    whole = {name: evaluate(rows.outcome, risk, capacity=None) for name, risk in risks.items()}
    draws = bootstrap_draws(rows.outcome, risks, rows.people, metric="auroc", rounds=200, seed=seed)
    listed = pooled_yield(rows.outcome, risks[MODEL], rows.list_of, None, rows.capacity, order=rows.people)
    slope = whole[MODEL].calibration_slope or np.nan
    return Borough(seed, {name: one.auroc or np.nan for name, one in whole.items()}, slope, draws, listed)


def _print(one: Borough) -> None:
    pair = intervals(one.draws).iloc[-1]
    print(
        f"seed {one.seed}: AUROC {one.auroc[MODEL]:.4f} against {one.auroc[LOGISTIC]:.4f}, "
        f"difference {pair.estimate:+.4f} ({pair.low:+.4f} to {pair.high:+.4f}), slope {one.slope:.3f}, "
        f"listed {one.listed.listed}, of whom {one.listed.listed_events} had the outcome",
        flush=True,
    )


def _print_pooled(boroughs: list[Borough]) -> None:
    pair = intervals(pooled_draws([one.draws for one in boroughs])).iloc[-1]
    listed, events = (sum(getattr(one.listed, name) for one in boroughs) for name in ("listed", "listed_events"))
    low, high = wilson_interval(events, listed)
    interval = f"{pair.low:+.4f} to {pair.high:+.4f}"
    print(f"pooled difference {pair.estimate:+.4f} ({interval}), {pair.model} minus {pair.versus}")
    print(f"slopes {min(one.slope for one in boroughs):.3f} to {max(one.slope for one in boroughs):.3f}")
    print(f"listed at capacity: {events} of {listed} had the outcome, {events / listed:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
