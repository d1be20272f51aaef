"""The stack beside its members and beside LightGBM alone, in boroughs of any size.

`python tests/benchmarks/small_boroughs.py --sizes 1000 2000 5000 --draws 10 --folder FOLDER` simulates one borough to
draw people from and another whose people nobody has learned from. For each size and draw the shipped recipe learns
from so many people, once as a stack and once as LightGBM alone, as it would have been made on one test date. Prints
the AUROC that is to be expected of each over the true risk of the fresh people, and its paired differences with 95%
intervals over the draws.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.training import DeclaredRivals, fit
from riskstrat.training.slices import TEST
from tests.benchmarks.known_truth import FIRST_SEED, build_borough

Numbers = npt.NDArray[np.float64]


class Rows(NamedTuple):
    """A borough's matrix, outcomes as known when the model is made, slices, and true risks of the test rows."""

    matrix: FeatureMatrix
    seen: Numbers
    slice_of: npt.NDArray[np.str_]
    recipe: Recipe
    true: Numbers

    def take(self, rows: npt.NDArray[np.int64]) -> Rows:
        """Those rows."""
        return Rows(self.matrix.take(rows), self.seen[rows], self.slice_of[rows], self.recipe, self.true[rows])

    @property
    def people(self) -> npt.NDArray[np.object_]:
        """Whose the rows are."""
        return self.matrix.keys["patient_id"].to_numpy()


def main() -> None:
    """Simulate, learn, test and print."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    drawn_from = _rows(options.folder, options.people, FIRST_SEED + 110)
    fresh = _rows(options.folder, options.fresh, FIRST_SEED + 111)
    fresh = fresh.take(np.flatnonzero((fresh.slice_of == TEST) & ~np.isnan(fresh.true)))
    with threadpool_limits(1, user_api="blas"):
        for size in options.sizes:
            print_size(drawn_from, fresh, size, options.people, options.draws)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=40_000, help="people of the borough that is drawn from")
    parser.add_argument("--fresh", type=int, default=20_000, help="people of the borough that is tested on")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 5000, 20_000])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def _rows(folder: Path, people: int, seed: int) -> Rows:
    study, truth = build_borough(folder, people, seed)
    fold = study.folds()[0]
    true = truth.reindex(study.patient_ids).to_numpy()
    return Rows(study.matrix, fold.seen, fold.slice_of, study.recipe, true)


def print_size(drawn_from: Rows, fresh: Rows, size: int, people: int, draws: int) -> None:
    """Means over the draws, and paired differences to the stack, of a borough of so many people out of `people`."""
    everybody, person = np.unique(drawn_from.people, return_inverse=True)
    found, seconds = [], []
    for draw in range(draws):
        share = np.random.default_rng(1000 * draw + size).random(len(everybody))
        learned_from = drawn_from.take(np.flatnonzero(share[person] < size / people))
        one, took = _learn_both(learned_from, fresh)
        found.append(one)
        seconds.append(took)
    table = {name: np.array([one[name] for one in found]) for name in found[0]}
    print(f"{size:,} people, {draws} draws: " + ", ".join(f"{name} {one.mean():.4f}" for name, one in table.items()))
    for name, one in table.items():
        if name != "stack":
            print(f"    stack minus {name}: {_interval(table['stack'] - one)}")
    print(f"    processor seconds of a fit, stack and LightGBM alone: {np.mean(seconds, axis=0).round(1)}", flush=True)


def _learn_both(learned_from: Rows, fresh: Rows) -> tuple[dict[str, float], tuple[float, float]]:
    """The AUROC to be expected of the stack, its members and LightGBM alone, and what both took to fit."""
    matrix = FeatureMatrix(
        _concatenate(learned_from, fresh),
        np.vstack([learned_from.matrix.values, fresh.matrix.values]),
        learned_from.matrix.columns,
        learned_from.matrix.fingerprints,
    )
    outcome = np.concatenate([learned_from.seen, np.zeros(len(fresh.true))])
    slice_of = np.concatenate([np.where(learned_from.slice_of == TEST, "", learned_from.slice_of), fresh.slice_of])
    figures, seconds = {}, []
    for kind in ("stack", "lightgbm"):
        learner = learned_from.recipe.learner.model_copy(update={"kind": kind})
        recipe, began = learned_from.recipe.model_copy(update={"learner": learner}), time.process_time()
        fitted = fit(matrix, outcome, slice_of, recipe, rivals=DeclaredRivals(None, ()), age="age")
        seconds.append(time.process_time() - began)
        names = {"stack": "stack", "lightgbm": "its LightGBM", "logistic_regression": "its logistic regression"}
        if kind == "lightgbm":
            names = {"lightgbm": "LightGBM alone"}
        figures |= {said: expect_auroc(fitted.margins[name], fresh.true) for name, said in names.items()}
    return figures, (seconds[0], seconds[1])


def _concatenate(learned_from: Rows, fresh: Rows) -> pd.DataFrame:
    keys = fresh.matrix.keys.assign(patient_id="fresh " + fresh.matrix.keys["patient_id"].astype(str))
    return pd.concat([learned_from.matrix.keys, keys], ignore_index=True)


def expect_auroc(score: Numbers, true: Numbers) -> float:
    """The chance that a person who has the outcome scores above one who has not, over their true risks (0 to 1)."""
    order = np.argsort(score, kind="stable")
    risk, (_, first, tie) = true[order], np.unique(score[order], return_index=True, return_inverse=True)
    without = np.concatenate([[0.0], np.cumsum(1 - risk)])
    ends = np.append(first[1:], len(score))
    below, level = without[first][tie], (without[ends] - without[first])[tie] - (1 - risk)
    pairs = risk.sum() * (1 - risk).sum() - (risk * (1 - risk)).sum()
    return float((risk * (below + level / 2)).sum() / pairs)


def _interval(differences: Numbers) -> str:
    """The mean with its 95% interval over the draws; of one draw alone the mean."""
    if len(differences) < 2:
        return f"{differences.mean():+.4f}"
    half = student.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences))
    return f"{differences.mean():+.4f} ({differences.mean() - half:+.4f} to {differences.mean() + half:+.4f})"


if __name__ == "__main__":
    main()
