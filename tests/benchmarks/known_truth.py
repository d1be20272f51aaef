"""How much of what can be known the model knows: against ten times the people, and against the true risk.

`python tests/benchmarks/known_truth.py --people 200000 --times 10 --folder FOLDER` simulates a borough, trains the
default recipe as it would have been made on one test date that has a truth, and tests it there. Then the same recipe
learns from so many boroughs of that size together, by LightGBM alone, and is tested on the same people. Prints the
share of the AUROC above age and sex that the model reaches, the PPV of the first 2%, calibration, and the mean risk of
each group beside the mean true risk. Keeps one borough on disk at a time.

The ruler is what the same features could tell: LightGBM of 500 trees of 31 leaves that is given each person's true risk
as its label, tried on people held out. A larger borough alone measures the ceiling of 300 small trees, not of the data.
The ruler too learns from the people there are: with 20,000 it is shorter than with 200,000, and the share is larger.
"""

from __future__ import annotations

import argparse
import re
import shutil
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from riskstrat.definitions.baselines import AGE_AND_SEX
from riskstrat.definitions.progress import silent
from riskstrat.definitions.recipes import Recipe
from riskstrat.evaluation import bootstrap_by_person, bootstrap_draws, evaluate, subgroups
from riskstrat.site.opening import open_workspace
from riskstrat.study.evidence import groups_of
from riskstrat.study.fitting import fit_fold, tuned_recipe
from riskstrat.study.gathering import Fold, Study, gather
from riskstrat.training import Fitted
from riskstrat.training.folds import draw_folds
from riskstrat.training.learner import fit_booster
from riskstrat.training.rows import TrainingRows
from riskstrat.training.slices import TRAIN
from riskstrat.verbs.ingest import ingest
from riskstrat.verbs.init import init
from riskstrat.verbs.simulate import simulate

RECIPE = "emergency_admission_12m"
FIRST_SEED = 301
TEST_DATE = date(2025, 8, 17)
"""An index date that has a truth where the data end on 2026-11-16."""
Numbers = npt.NDArray[np.float64]


def main() -> None:
    """Simulate, learn, test and print."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    study, truth = build_borough(options.folder, options.people, FIRST_SEED)
    fold = study.folds()[0]
    recipe, _ = tuned_recipe(study, study.folds()[-1], silent)
    fitted = fit_fold(study, recipe, fold)
    _say(began, f"the model on {options.people:,} people is trained")
    rows = fitted.test_rows
    happened, people = study.outcome[rows], study.patient_ids[rows]
    true = truth.reindex(people).to_numpy()
    _print_known(study, recipe, fitted, happened, people, true)
    _print_ruler(study, fitted, happened, people, true)
    if options.times > 1:
        many = _many(options, study, fold, recipe, began)
        _print_reached(fitted, happened, people, true, many, options.times)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=10, help="boroughs that the larger model learns from")
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def _say(began: float, line: str) -> None:
    print(f"[{time.perf_counter() - began:6.0f} s] {line}", flush=True)


def build_borough(folder: Path, people: int, seed: int, borough: str = "knowsley") -> tuple[Study, pd.Series]:
    """The rows of one test date and of what is learned for it, and the true risk of each person on that date."""
    root = folder / f"borough-{seed}"
    shutil.rmtree(root, ignore_errors=True)
    init(root)
    change_recipe(root / "training" / f"{RECIPE}.toml")
    simulate(people, seed, root / "source" / "borough", borough=borough)
    ingest(root, root / "source" / "borough")
    recipe = Recipe(title="", sentence="", outcome="")
    study = gather(open_workspace(root), RECIPE, TEST_DATE + timedelta(days=recipe.label.complete_after), silent)
    truth = pq.read_table(root / "source" / "borough_truth" / "truth.parquet").to_pandas()
    truth = truth[pd.to_datetime(truth["index_date"]) == pd.Timestamp(TEST_DATE)]
    if folder.joinpath("keep").exists():
        return study, truth.set_index("patient_id")["true_risk"]
    shutil.rmtree(root / "source")
    return study, truth.set_index("patient_id")["true_risk"]


def change_recipe(path: Path) -> None:
    """One test date alone, no ages and nobody held out: the dates that are learned from stay those of the recipe."""
    text = path.read_text("utf-8")
    changes = {
        r"test_dates = 5": "test_dates = 1",
        r"freshness_months = \[[\d, ]+\]": "freshness_months = []",
        r"person_disjoint = true": "person_disjoint = false",
    }
    for before, after in changes.items():
        text, found = re.subn(before, after, text)
        assert found == 1, before
    path.write_text(text, "utf-8")


def _many(options: argparse.Namespace, study: Study, fold: Fold, recipe: Recipe, began: float) -> Numbers:
    """Margins, on the first borough's test rows, of the same learner on the training rows of all boroughs."""
    columns = tuple(name for name in study.matrix.columns if name not in recipe.exclude_features)
    parts = [_training_rows(study, fold, columns)]
    test = np.ascontiguousarray(study.matrix.take(_test_rows(study, fold)).select(columns))
    for seed in range(FIRST_SEED + 1, FIRST_SEED + options.times):
        other, _ = build_borough(options.folder, options.people, seed)
        parts.append(_training_rows(other, other.folds()[0], columns))
        shutil.rmtree(options.folder / f"borough-{seed}")
        _say(began, f"borough {len(parts)} of {options.times}: {len(parts[-1][1]):,} training rows")
    values = np.concatenate([part[0] for part in parts])
    outcome = np.concatenate([part[1] for part in parts])
    parts.clear()
    text = fit_booster(TrainingRows(values, outcome, np.zeros(0)), columns, recipe.learner, 2)
    _say(began, f"the model on {options.times * options.people:,} people is trained")
    import lightgbm

    return np.asarray(lightgbm.Booster(model_str=text).predict(test, raw_score=True))


def _training_rows(study: Study, fold: Fold, columns: tuple[str, ...]) -> tuple[npt.NDArray[np.float32], Numbers]:
    rows = np.flatnonzero((fold.slice_of == TRAIN) & ~np.isnan(fold.seen))
    return np.ascontiguousarray(study.matrix.take(rows).select(columns)), fold.seen[rows]


def _test_rows(study: Study, fold: Fold) -> npt.NDArray[np.int64]:
    return np.flatnonzero((fold.slice_of == "test") & ~np.isnan(fold.seen))


def _print_known(study: Study, recipe: Recipe, fitted: Fitted, happened: Numbers, people: Any, true: Numbers) -> None:
    risk = fitted.own_risk
    known = ~np.isnan(true)
    print(f"test rows {len(risk):,}, events {int(happened.sum()):,}, true risk known of {known.mean():.2%}")
    figures = evaluate(happened, risk, capacity=None, people=people)
    print(
        f"slope {figures.calibration_slope:.3f}, ICI {figures.ici:.4f}, "
        f"of the top 5% {figures.ici_of_top_5_percent:.4f}, E90 {figures.e90:.4f}, Emax {figures.emax:.4f}, "
        f"mean risk {figures.mean_risk:.4f}, observed {figures.prevalence:.4f}"
    )
    slope = bootstrap_by_person(happened, {fitted.own: risk}, people, metric="calibration_slope", rounds=100, seed=1)
    print(f"slope interval {slope.low[0]:.3f} to {slope.high[0]:.3f}")
    print(
        f"mean distance of risk and true risk, person by person {np.abs(risk - true)[known].mean():.4f}, "
        f"correlation {np.corrcoef(risk[known], true[known])[0, 1]:.3f}"
    )
    _print_groups(study, fitted, risk, true)


def _print_groups(study: Study, fitted: Fitted, risk: Numbers, true: Numbers) -> None:
    """Mean risk over mean true risk of every group that is shown, beside mean risk over observed share with intervals
    that hold for all groups together, by draws of whole people.
    """
    rows = fitted.test_rows
    table = groups_of(study, rows)
    shown = subgroups(study.outcome[rows], risk, study.patient_ids[rows], table, rounds=200, seed=1)
    shown = shown[shown["reason"].isna()].copy()
    places = {name: table.groupby(name, observed=True).indices for name in table}
    pairs = shown[["dimension", "group"]].itertuples(index=False)
    means = [_means(risk, true, places[dimension][group]) for dimension, group in pairs]
    shown["mean_true_risk"] = [real for _, real in means]
    shown["over_true"] = [given / real for given, real in means]
    figures = ["mean_risk_over_observed", "auroc", "calibration_slope"]
    ends = [name + end for name in figures for end in ("", "_low", "_high")]
    columns = ["dimension", "group", "people", "mean_risk", "mean_true_risk", "over_true", *ends]
    print(shown[columns].round(3).to_string(index=False))
    over = shown["over_true"]
    print(f"mean risk over mean true risk, furthest groups: {over.min():.3f} and {over.max():.3f}")
    inside = shown["mean_risk_over_observed_low"].le(1) & shown["mean_risk_over_observed_high"].ge(1)
    print(f"groups whose interval of mean risk over observed share holds 1: {inside.sum()} of {len(shown)}")


def _means(risk: Numbers, true: Numbers, at: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Mean risk and mean true risk of the rows whose true risk is known."""
    kept = at[~np.isnan(true[at])]
    return float(risk[kept].mean()), float(true[kept].mean())


def _print_reached(fitted: Fitted, happened: Numbers, people: Any, true: Numbers, many: Numbers, times: int) -> None:
    known = ~np.isnan(true)
    margins = {name: fitted.margins[name][known] for name in fitted.margins}
    margins |= {f"{times} times the people": many[known], "true risk": true[known]}
    figures = {
        name: evaluate(happened[known], as_risk(one), capacity=None, people=people[known])
        for name, one in margins.items()
    }
    floor = figures[AGE_AND_SEX].auroc
    for name, one in figures.items():
        two = one.yields[2]
        print(f"{name:32} AUROC {one.auroc:.4f}, PPV of the first 2% {two.ppv:.4f}")
    own = figures[fitted.own]
    for name in (f"{times} times the people", "true risk"):
        reached = (own.auroc - floor) / (figures[name].auroc - floor)
        ppv = own.yields[2].ppv / figures[name].yields[2].ppv
        print(f"reached of {name}: {reached:.3f} of the AUROC above age and sex, {ppv:.3f} of the PPV at 2%")


def _print_ruler(study: Study, fitted: Fitted, happened: Numbers, people: Any, true: Numbers) -> None:
    """The share of the learnable AUROC above age and sex that the model reaches, with its interval by people drawn."""
    known = ~np.isnan(true)
    margins = {name: as_risk(fitted.margins[name][known]) for name in (fitted.own, AGE_AND_SEX)}
    values = study.matrix.take(fitted.test_rows[known]).select(fitted.model.columns)
    learnable = learn_truth(TrainingRows(values, true[known], people[known]))
    risks = {**margins, "learnable": as_risk(learnable)}
    drawn = bootstrap_draws(happened[known], risks, people[known], metric="auroc", rounds=200, seed=1)
    own, floor, top = (drawn.rounds[name] for name in (fitted.own, AGE_AND_SEX, "learnable"))
    estimate = (drawn.estimates[fitted.own] - drawn.estimates[AGE_AND_SEX]) / (
        drawn.estimates["learnable"] - drawn.estimates[AGE_AND_SEX]
    )
    low, high = np.quantile((own - floor) / (top - floor), (0.025, 0.975))
    told = {"the model": fitted.own, "age and sex": AGE_AND_SEX, "learnable from these features": "learnable"}
    print("AUROC of " + ", ".join(f"{said} {drawn.estimates[name]:.4f}" for said, name in told.items()))
    print(f"share of the learnable gap above age and sex: {estimate:.3f} ({low:.3f} to {high:.3f})")


def learn_truth(rows: TrainingRows, threads: int = 2) -> Numbers:
    """One margin per row by trees that learned the true risk of all other people. rows: the true risk as outcome."""
    import lightgbm

    settings = {
        "objective": "cross_entropy",
        "num_leaves": 31,
        "learning_rate": 0.03,
        "min_data_in_leaf": 100,
        "feature_fraction": 0.3,
        "lambda_l2": 10.0,
        "seed": 1,
        "deterministic": True,
        "num_threads": threads,
        "force_col_wise": True,
        "verbosity": -1,
    }
    margin = np.empty(len(rows.outcome))
    for kept, away in draw_folds(rows, seed=1):
        given = lightgbm.Dataset(rows.values[kept], label=rows.outcome[kept], params=settings)
        booster = lightgbm.train(settings, given, num_boost_round=500)
        margin[away] = booster.predict(rows.values[away], raw_score=True)
    return margin


def as_risk(score: Numbers) -> Numbers:
    """Ranks between 0 and 1: AUROC and PPV see the order alone."""
    _, place = np.unique(score, return_inverse=True)
    return place / max(place.max(), 1)


if __name__ == "__main__":
    main()
