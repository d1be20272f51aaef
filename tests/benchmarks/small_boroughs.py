"""The stack beside its members, LightGBM alone and another site's model, in boroughs of any size.

`python -m tests.benchmarks.small_boroughs --sizes 1000 2000 5000 --draws 10 --folder FOLDER` simulates one borough to
draw people from, one whose people nobody has learned from, and a third, another place, whose stack is what a package
brings. For each size and draw the shipped recipe learns from so many people, once as a stack and once as LightGBM
alone, as it would have been made on one test date; the third borough's model is calibrated on the same people. Writes
FOLDER/small_boroughs.md: the AUROC that is to be expected of each over the true risk of the fresh people, how far risks
lie from true risks, and paired differences with 95% intervals over the draws.
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
from riskstrat.scoring import RiskModel, strip_model
from riskstrat.training import DeclaredRivals, Fitted, fit, fit_transferred
from riskstrat.training.slices import TEST
from tests.benchmarks.known_truth import FIRST_SEED, build_borough

Numbers = npt.NDArray[np.float64]

NAMES = ("stack", "its LightGBM", "its regression", "LightGBM alone", "another site's")
COLUMNS = (
    *NAMES,
    "stack minus LightGBM alone",
    "another site's minus stack",
    "risk from true risk, stack and another site's",
    "a fit, stack and LightGBM alone",
)


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
    elsewhere = _rows(options.folder, options.elsewhere, FIRST_SEED + 112, "wirral")
    lines = [f"| people | draws | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 2) + "|"]
    with threadpool_limits(1, user_api="blas"):
        start = strip_model(_fit(elsewhere, elsewhere.recipe, tested=False).model)
        for size in options.sizes:
            lines.append(_measure_size(drawn_from, fresh, start, size, options))
            (options.folder / "small_boroughs.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
            print(lines[-1], flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=40_000, help="people of the borough that is drawn from")
    parser.add_argument("--fresh", type=int, default=20_000, help="people of the borough that is tested on")
    parser.add_argument("--elsewhere", type=int, default=20_000, help="people of the borough whose model is taken over")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 5000, 20_000])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def _rows(folder: Path, people: int, seed: int, borough: str = "knowsley") -> Rows:
    study, truth = build_borough(folder, people, seed, borough)
    fold = study.folds()[0]
    true = truth.reindex(study.patient_ids).to_numpy()
    return Rows(study.matrix, fold.seen, fold.slice_of, study.recipe, true)


def _measure_size(drawn_from: Rows, fresh: Rows, start: RiskModel, size: int, options: argparse.Namespace) -> str:
    """A line of the table: means over the draws of so many people out of the borough, and paired differences."""
    everybody, person = np.unique(drawn_from.people, return_inverse=True)
    found = []
    for draw in range(options.draws):
        share = np.random.default_rng(1000 * draw + size).random(len(everybody))
        learned_from = drawn_from.take(np.flatnonzero(share[person] < size / options.people))
        found.append(_learn_all(learned_from, fresh, start))
    table = {name: np.array([one[name] for one in found]) for name in found[0]}
    means = {name: one.mean() for name, one in table.items()}
    cells = [
        *(f"{means[name]:.4f}" for name in NAMES),
        _interval(table["stack"] - table["LightGBM alone"]),
        _interval(table["another site's"] - table["stack"]),
        f"{means['away, stack']:.4f}, {means['away, another site']:.4f}",
        f"{means['seconds, stack']:.1f} s, {means['seconds, LightGBM']:.1f} s",
    ]
    return f"| {size:,} | {options.draws} | {' | '.join(cells)} |"


def _learn_all(learned_from: Rows, fresh: Rows, start: RiskModel) -> dict[str, float]:
    """By name the AUROC to be expected of each, the mean distance of risk and true risk, and what a fit took."""
    both = _join(learned_from, fresh)
    began = time.process_time()
    stack = _fit(both, both.recipe)
    middle = time.process_time()
    alone = _fit(both, _choose_learner(both.recipe, "lightgbm"))
    took = {"seconds, stack": middle - began, "seconds, LightGBM": time.process_time() - middle}
    other = fit_transferred(start, both.matrix, both.seen, both.slice_of, both.recipe)
    margins = {
        "stack": stack.margins["stack"],
        "its LightGBM": stack.margins["lightgbm"],
        "its regression": stack.margins["logistic_regression"],
        "LightGBM alone": alone.margins["lightgbm"],
        "another site's": other.margins["transferred"],
    }
    away = {"away, stack": stack.own_risk, "away, another site": other.own_risk}
    return {
        **{name: expect_auroc(margin, fresh.true) for name, margin in margins.items()},
        **{name: float(np.abs(risk - fresh.true).mean()) for name, risk in away.items()},
        **took,
    }


def _fit(rows: Rows, recipe: Recipe, *, tested: bool = True) -> Fitted:
    rivals = DeclaredRivals(None, (), ()) if tested else None
    return fit(rows.matrix, rows.seen, rows.slice_of, recipe, rivals=rivals, age="age", tested=tested)


def _choose_learner(recipe: Recipe, kind: str) -> Recipe:
    return recipe.model_copy(update={"learner": recipe.learner.model_copy(update={"kind": kind})})


def _join(learned_from: Rows, fresh: Rows) -> Rows:
    """What is learned from, its own test rows unused, and the fresh rows to test on."""
    matrix = FeatureMatrix(
        _concatenate(learned_from, fresh),
        np.vstack([learned_from.matrix.values, fresh.matrix.values]),
        learned_from.matrix.columns,
        learned_from.matrix.fingerprints,
    )
    outcome = np.concatenate([learned_from.seen, np.zeros(len(fresh.true))])
    slice_of = np.concatenate([np.where(learned_from.slice_of == TEST, "", learned_from.slice_of), fresh.slice_of])
    return Rows(matrix, outcome, slice_of, learned_from.recipe, fresh.true)


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
