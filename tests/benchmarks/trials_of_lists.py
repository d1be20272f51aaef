"""How often the methods of `riskstrat/impact` are right, on simulated lists whose true effect is known.

    python tests/benchmarks/trials_of_lists.py --seeds 2000 --effect 0

Prints, as JSON, the share of runs whose interval covers the truth, the share of each verdict at the analysis date and
with monthly looks over 24 months, what is told once the lists that the estimate alone would have made are asked too,
and what a report without a comparison would have said. About 0.6 s a run.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

from riskstrat.impact.estimating import estimate_effect
from riskstrat.impact.looking import choose_monthly_looks, judge_looks, take_looks
from riskstrat.impact.matching import match_controls
from riskstrat.impact.trials import (
    TrialDesign,
    build_panel,
    compute_naive_change,
    follow_matches,
    rank_trial,
    simulate_trial,
)
from riskstrat.impact.verdicts import Verdict, is_confirmed, judge_interval

WORTHWHILE = 0.1


def run_one(design: TrialDesign, seed: int) -> dict[str, Any]:
    """What one run shows."""
    trial = simulate_trial(design, seed)
    matches = match_controls(build_panel(trial))
    outcomes = follow_matches(trial, matches)
    effect = estimate_effect(outcomes, matches)
    interval = effect.interval() if effect else None
    ranked = rank_trial(trial)
    alone = match_controls(ranked.panel)
    by_estimate = estimate_effect(follow_matches(trial, alone), alone)
    ranked_interval = by_estimate.interval() if by_estimate else None
    verdict, other = (judge_interval(each, WORTHWHILE) for each in (interval, ranked_interval))
    looks = list(take_looks(outcomes, matches, design.followed, choose_monthly_looks(130, design.followed, 24)))
    controls, weight = ~matches.listed, matches.weight[~matches.listed]
    return {
        "covers": interval is None or _holds(interval, design.effect),
        "change": effect.change if effect else np.nan,
        "verdict": verdict,
        "told": verdict if is_confirmed(verdict, other) else Verdict.TOO_FEW,
        "covers by the estimate alone": ranked_interval is None or _holds(ranked_interval, design.effect),
        "change by the estimate alone": by_estimate.change if by_estimate else np.nan,
        "in order": 1 - ranked.out_of_order / ranked.new,
        "with looks": judge_looks(looks, WORTHWHILE),
        "naive": compute_naive_change(trial),
        "listed": matches.sets + matches.unmatched,
        "matched": matches.sets / (matches.sets + matches.unmatched),
        "listed later": (weight @ outcomes.later[controls]) / (weight @ outcomes.events[controls]),
        "controls": 1 / np.mean(weight),
        "events": weight @ outcomes.events[controls] / matches.sets,
    }


def _holds(interval: tuple[float, float], effect: float) -> bool:
    return interval[0] <= effect <= interval[1]


def summarise(design: TrialDesign, seeds: int) -> dict[str, Any]:
    """The shares and means over runs."""
    began = time.process_time()
    runs = [run_one(design, seed) for seed in range(1, seeds + 1)]
    figures: dict[str, Any] = {"design": vars(design), "seeds": seeds}
    for name in ("verdict", "told", "with looks"):
        figures[name] = {verdict: float(np.mean([run[name] == verdict for run in runs])) for verdict in Verdict}
    for name in (
        "covers",
        "covers by the estimate alone",
        "in order",
        "listed",
        "matched",
        "listed later",
        "controls",
        "events",
        "naive",
    ):
        figures[name] = float(np.mean([run[name] for run in runs]))
    for name in ("change", "change by the estimate alone"):
        figures[f"median {name}"] = float(np.nanmedian([run[name] for run in runs]))
    figures["naive looks like success"] = float(np.mean([run["naive"] < -0.2 for run in runs]))
    figures["minutes of one core"] = round((time.process_time() - began) / 60, 1)
    return figures


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--effect", type=float, default=0.0)
    parser.add_argument("--unseen", type=float, default=0.0)
    parser.add_argument("--winter", type=float, default=0.15)
    parser.add_argument("--late", type=int, default=2)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--picks", default="everybody", choices=("everybody", "sickest", "easiest"))
    given = vars(parser.parse_args())
    seeds = given.pop("seeds")
    print(json.dumps(summarise(TrialDesign(**given), seeds), indent=1))


if __name__ == "__main__":
    main()
