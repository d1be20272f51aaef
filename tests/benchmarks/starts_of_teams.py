"""How often the comparison of teams that begin at different times is right, on simulated lists.

    python tests/benchmarks/starts_of_teams.py --seeds 100 --effect -0.2

Prints, as JSON, the share of runs whose range holds the truth and of those that lie wholly on one side of none. The
truth of an effect that grows is its mean over what would have been in the time that is compared. About 0.5 s a run.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from riskstrat.impact.trials import Trial, TrialDesign, compare_trial_starts, simulate_trial


def design_starts(teams: int, never: int, first: int, **changed: float) -> TrialDesign:
    """Teams of 600 people that begin evenly over a year from the first list of any, and some that never do."""
    begun = teams - never
    starts = tuple(first + round(52 * team / max(begun - 1, 1)) for team in range(begun)) + (999,) * never
    given: dict[str, object] = {"people": 600 * teams, "capacities": (3,) * teams, "weeks": first + 78}
    return TrialDesign(starts=starts, **given, **changed)  # type: ignore[arg-type]


def count_listed(trial: Trial) -> tuple[float, float]:
    """Admissions of people from their list until their team's time is over, and how many those would have been."""
    ends = np.array(trial.design.starts)[trial.team] + trial.design.followed
    seen = would = 0.0
    for week in range(trial.design.followed):
        people = np.flatnonzero((trial.first_week >= 0) & (trial.first_week + week < ends))
        begins = trial.first_week[people] + week
        events = float(trial.count_between(people, begins, begins + 1).sum())
        seen, would = seen + events, would + events / (1 + float(trial.design.measure_effect(np.array(week))))
    return seen, would


def summarise(design: TrialDesign, seeds: int) -> dict[str, object]:
    """The shares over runs."""
    changes, ranges, listed, checked = [], [], [], []
    for seed in range(1, seeds + 1):
        trial = simulate_trial(design, seed)
        found, told = compare_trial_starts(trial)
        checked.append(found.before)
        effect = told.effect if told else None
        changes.append(effect.change if effect else np.nan)
        ranges.append(effect.interval(told.critical) if told and effect else None)
        listed.append(count_listed(trial))
    seen, would = np.sum(listed, axis=0)
    truth = float(seen / would - 1)
    bounded = [each for each in ranges if each is not None]
    return {
        "design": vars(design),
        "seeds": seeds,
        "truth": truth,
        "median": float(np.nanmedian(changes)),
        "looked at before": sum(one is not None and one.chance is not None for one in checked) / seeds,
        "found to go apart": sum(one is not None and one.is_apart for one in checked) / seeds,
        "no range": 1 - len(bounded) / seeds,
        "holds the truth": 1 - sum(not low <= truth <= high for low, high in bounded) / seeds,
        "fewer": sum(high < 0 for _, high in bounded) / seeds,
        "more": sum(low > 0 for low, _ in bounded) / seeds,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seeds", 100), ("teams", 12), ("never", 3), ("grows", 0), ("first", 26)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, start in (("effect", 0.0), ("winter", 0.15), ("unrest", 0.0)):
        parser.add_argument(f"--{name}", type=float, default=start)
    given = vars(parser.parse_args())
    seeds = given.pop("seeds")
    print(json.dumps(summarise(design_starts(given.pop("teams"), given.pop("never"), **given), seeds), indent=1))


if __name__ == "__main__":
    main()
