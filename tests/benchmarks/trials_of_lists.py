"""How often the methods of `riskstrat/impact` are right, on simulated lists whose true effect is known.

    python tests/benchmarks/trials_of_lists.py --seeds 2000 --effect 0 --kept runs.jsonl

Prints, as JSON, the share of runs whose interval covers the truth, the share of each verdict at the analysis date and
with monthly looks over 24 months, what is told once the lists that the estimate alone would have made are asked too,
and what a report without a comparison would have said. With `--kept` each run stands in a file as soon as it is over,
and those that stand there already are not run again. About 0.7 s a run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
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


def run_seeds(design: TrialDesign, seeds: range, kept: Path | None) -> Iterator[dict[str, Any]]:
    """The runs of seeds, each with the seconds that it took; those kept of the same design are read."""
    told = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept and kept.exists() else []
    described = json.loads(json.dumps(vars(design)))
    done = {one["seed"]: one for one in told if one["design"] == described}
    for seed in seeds:
        if seed not in done:
            began = time.process_time()
            run = run_one(design, seed) | {"seconds": time.process_time() - began}
            done[seed] = {"seed": seed, "design": described, **run}
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(done[seed], default=float) + "\n")
        yield done[seed]


def summarise(design: TrialDesign, seeds: range, kept: Path | None = None) -> dict[str, Any]:
    """The shares and means over runs."""
    runs = list(run_seeds(design, seeds, kept))
    figures: dict[str, Any] = {"design": vars(design), "seeds": [seeds[0], seeds[-1]]}
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
    figures["minutes of one core"] = round(sum(run["seconds"] for run in runs) / 60, 1)
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
    parser.add_argument("--first", type=int, default=1, help="the first seed; --seeds counts on from it")
    parser.add_argument("--kept", type=Path)
    given = vars(parser.parse_args())
    first, seeds, kept = (given.pop(name) for name in ("first", "seeds", "kept"))
    print(json.dumps(summarise(TrialDesign(**given), range(first, first + seeds), kept), indent=1))


if __name__ == "__main__":
    main()
