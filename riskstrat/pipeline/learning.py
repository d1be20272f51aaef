"""The verb `train`: a cohort stacked over index dates, its labels, a fit, an evaluation, a registered version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import Cohort, at_dates, at_discharges
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import IndexDateError, TrainingError
from riskstrat.evaluation import Evaluation, baseline_table, bootstrap_by_person, evaluate, pooled_yield, verdict
from riskstrat.labels import Labels, events_by_provider, label
from riskstrat.pipeline.opened import Opened, build_matrix, open_workspace
from riskstrat.pipeline.reports import Progress, Report, silent
from riskstrat.registry import ModelVersion, log_model
from riskstrat.training import Fitted, fit, index_dates, slices

LIGHTGBM = "lightgbm"
LOGISTIC = "logistic_regression"
_PROVIDERS_SAID = 3


@dataclass(frozen=True)
class TrainingSet:
    """The rows that train, calibrate and test: cohort, labels and slice of each, in one order."""

    cohort: Cohort
    labels: Labels
    slice: npt.NDArray[np.str_]

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Rows with an outcome, in one of the slices."""
        return (self.slice != "") & self.labels.rows["outcome"].notna().to_numpy()


@dataclass(frozen=True)
class Learned:
    """A fit and all that it was made from. `outcome` is 1 or 0 for each row of the matrix."""

    opened: Opened
    recipe: Recipe
    as_at: date
    data: TrainingSet
    providers: pd.DataFrame
    matrix: FeatureMatrix
    outcome: npt.NDArray[np.float64]
    fitted: Fitted


def train(root: Path | None, recipe_name: str, as_at: date | None = None, progress: Progress = silent) -> Report:
    """Train, evaluate and register a version of the recipe's model, from rows known on `as_at`."""
    learned = learn(root, recipe_name, as_at, progress)
    progress("evaluation", 0.0)
    evaluated = _evaluate(learned)
    version = _register(learned, evaluated)
    progress("evaluation", 1.0)
    return _report(learned, evaluated, version)


def learn(root: Path | None, recipe_name: str, as_at: date | None = None, progress: Progress = silent) -> Learned:
    """Cohort, labels, features and fit, from rows known on `as_at` (default: data-as-at); nothing is registered."""
    opened = open_workspace(root)
    recipe = opened.recipe(recipe_name)
    until = as_at or opened.store.data_as_at
    if until > opened.store.data_as_at:
        raise IndexDateError(f"--as-at {until} is in the future: the data are as at {opened.store.data_as_at}")
    progress("cohort and labels", 0.0)
    data = training_set(opened, recipe, until)
    providers = events_by_provider(opened.store, opened.rows_named(recipe.outcome), until)
    progress("cohort and labels", 1.0)
    matrix = _matrix(opened, data, progress)
    progress("fitting", 0.0)
    outcome = data.labels.rows["outcome"].to_numpy(float)[data.usable]
    known = {"as_at": until.isoformat(), "store": opened.store.fingerprint}
    fitted = fit(matrix, outcome, data.slice[data.usable], recipe, tables=_tables(opened), trained=known)
    progress("fitting", 1.0)
    return Learned(opened, recipe, until, data, providers, matrix, outcome, fitted)


def training_set(opened: Opened, recipe: Recipe, as_at: date) -> TrainingSet:
    """Cohort, labels and slices of a recipe. Raises IndexDateError or TrainingError where dates do not allow it."""
    comparable = opened.store.comparable_dates
    if recipe.cohort.index == "calendar":
        if not comparable:
            raise TrainingError(
                f"{recipe.name} has calendar index dates, but this source shifts dates from person to person; "
                "use a recipe whose index dates are discharges"
            )
        dates = index_dates(recipe, as_at, records_from=opened.store.records_from)
        cohort = at_dates(opened.store, recipe.cohort, dates.all, opened.opt_outs)
    else:
        discharges = opened.rows_named(recipe.cohort.index)
        cohort = at_discharges(opened.store, recipe.cohort, discharges, as_at, opened.opt_outs)
        cohort = _complete(cohort, recipe, as_at)
    labels = label(opened.store, cohort.rows, opened.rows_named(recipe.outcome), recipe.label, as_at)
    return TrainingSet(cohort, labels, slices(recipe, cohort.rows, as_at, comparable))


def _complete(cohort: Cohort, recipe: Recipe, as_at: date) -> Cohort:
    """Discharges whose label window is complete by `as_at`; the rest are counted."""
    last = pd.Timestamp(as_at) - pd.Timedelta(days=recipe.label.complete_after)
    rows = cohort.rows[cohort.rows["index_date"] <= last].reset_index(drop=True)
    counts = dict(cohort.counts) | {"window not complete": len(cohort.rows) - len(rows), "eligible": len(rows)}
    return replace(cohort, rows=rows, counts=counts)


def _matrix(opened: Opened, data: TrainingSet, progress: Progress) -> FeatureMatrix:
    rows = data.cohort.rows[data.usable].reset_index(drop=True)
    return build_matrix(opened, replace(data.cohort, rows=rows), progress)


def _tables(opened: Opened) -> dict[str, str]:
    """The source behind each feature, so that a later refusal can name what was not landed."""
    features = opened.workspace.features
    return {name: one.rows.stream for name, one in features.items() if one.rows is not None}


@dataclass(frozen=True)
class Evaluated:
    """The test slice, measured: every model's figures, paired intervals, what lists at capacity would have found."""

    models: Mapping[str, Evaluation]
    intervals: pd.DataFrame | None
    verdict: str
    at_capacity: Mapping[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        return baseline_table(self.models, self.intervals)


def _evaluate(learned: Learned) -> Evaluated:
    recipe, fitted = learned.recipe, learned.fitted
    keys, happened = learned.matrix.keys.iloc[fitted.test_rows], learned.outcome[fitted.test_rows]
    people, dates, capacity = keys["patient_id"].to_numpy(), list_dates(learned), capacity_of(learned)
    models = {
        name: evaluate(happened, fitted.risks[name], capacity=capacity, people=people, margin=margin)
        for name, margin in fitted.margins.items()
    }
    pooled = pooled_yield(happened, fitted.margins[LIGHTGBM], dates, None, capacity, order=people)
    rounds, seed = recipe.evaluation.bootstrap_rounds, recipe.learner.seed
    intervals, said = None, "No intervals: bootstrap_rounds is 0, or the test rows have one outcome only."
    if rounds and 0 < happened.sum() < len(happened):
        intervals = bootstrap_by_person(happened, fitted.margins, people, metric="auroc", rounds=rounds, seed=seed)
        said = verdict(intervals) if LOGISTIC in fitted.margins else "No logistic regression to compare with."
    return Evaluated(models, intervals, said, pooled.to_dict())


def list_dates(learned: Learned) -> npt.NDArray[np.datetime64]:
    """The list that each test row would have been on: its index date, or one list where index dates are discharges."""
    dates = learned.matrix.keys["index_date"].to_numpy()[learned.fitted.test_rows]
    return dates if learned.recipe.cohort.index == "calendar" else np.zeros(len(dates), "datetime64[D]")


def capacity_of(learned: Learned) -> int:
    """People that a list of the test slice would hold, by the recipe's capacity per 1,000 eligible."""
    rows, lists = len(learned.fitted.test_rows), len(np.unique(list_dates(learned)))
    return max(1, round(learned.recipe.evaluation.capacity_per_1000 * rows / 1000 / lists))


def _register(learned: Learned, evaluated: Evaluated) -> ModelVersion:
    opened, recipe, data = learned.opened, learned.recipe, learned.data
    facts = {
        "as_at": learned.as_at.isoformat(),
        "verdict": evaluated.verdict,
        "cohort": dict(data.cohort.counts),
        "labels": dict(data.labels.counts),
        "notes": list(data.cohort.notes + data.labels.notes + opened.engine.notes + opened.store.notes),
        "store": opened.store.fingerprint,
        "at_capacity": dict(evaluated.at_capacity),
        "fit": dict(learned.fitted.facts),
    }
    whole = evaluated.models[LIGHTGBM].to_dict()
    metrics = {name: value for name, value in whole.items() if isinstance(value, int | float)}
    return log_model(
        opened.workspace.root / "registry",
        recipe.name,
        learned.fitted.model,
        metrics=metrics,
        params=recipe.model_dump(mode="json"),
        facts=facts,
        files={
            "evaluation.csv": evaluated.table.to_csv(index=False, lineterminator="\n"),
            "events_by_provider_and_month.csv": learned.providers.to_csv(index=False, lineterminator="\n"),
        },
    )


def _report(learned: Learned, evaluated: Evaluated, version: ModelVersion) -> Report:
    data, facts, name = learned.data, learned.fitted.facts, learned.recipe.name
    sizes = pd.Series(data.slice[data.usable]).value_counts()
    rows = {each: int(sizes.get(each, 0)) for each in ("train", "calibration", "test")}
    summary = {
        "model": version.name,
        "version": version.version,
        "as_at": learned.as_at,
        "verdict": evaluated.verdict,
        "rows": rows,
        "features": len(learned.matrix.columns),
        "definitions_hash": learned.matrix.definitions_hash,
        "cohort": dict(data.cohort.counts),
        "labels": dict(data.labels.counts),
        "evaluation": {each: one.to_dict() for each, one in evaluated.models.items()},
        "intervals": [] if evaluated.intervals is None else _records(evaluated.intervals),
        "at_capacity": dict(evaluated.at_capacity),
        "fit": dict(facts),
        "notes": list(data.cohort.notes + data.labels.notes),
    }
    lines = (
        evaluated.verdict,
        f"{version.name} version {version.version}, data as at {learned.as_at}: {summary['features']} features; "
        + ", ".join(f"{number:,} {each} rows" for each, number in rows.items()),
        "labels: " + ", ".join(f"{number:,} {reason}" for reason, number in data.labels.counts.items()),
        *(_provider_lines(learned.providers) if learned.opened.store.comparable_dates else ()),
        *_unmeasured(evaluated.models[LIGHTGBM]),
        *facts["notes"],
        *data.labels.notes,
        f"To put it to use: riskstrat promote {name} {version.version}",
    )
    return Report(summary, lines, _comparison(evaluated.models))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _provider_lines(providers: pd.DataFrame) -> tuple[str, ...]:
    """A line for each of the largest providers: a step in its months means that its recording has changed."""
    whole = providers[~providers["month"].isin([providers["month"].min(), providers["month"].max()])]
    sizes = whole.groupby("provider")["events"].sum().sort_values(ascending=False)
    return tuple(_provider_line(name, whole[whole["provider"] == name]) for name in sizes.index[:_PROVIDERS_SAID])


def _provider_line(name: str, months: pd.DataFrame) -> str:
    low, high = months.loc[months["events"].idxmin()], months.loc[months["events"].idxmax()]
    return (
        f"provider {name}: on average {months['events'].mean():,.0f} outcome events a month, "
        f"from {low['events']:,} in {low['month']} to {high['events']:,} in {high['month']}"
    )


def _unmeasured(one: Evaluation) -> tuple[str, ...]:
    return tuple(f"{name}: not available, {reason}" for name, reason in one.reasons.items())


def _comparison(models: Mapping[str, Evaluation]) -> tuple[tuple[str, ...], ...]:
    names = ("auroc", "auprc", "brier", "calibration_slope", "calibration_intercept", "ici")
    header = ("test set", "AUROC", "AUPRC", "Brier", "slope", "intercept", "ICI", "PPV at capacity")
    rows: list[tuple[str, ...]] = [header]
    for model, one in models.items():
        figures = [getattr(one, name) for name in names] + [one.yields[0].ppv if one.yields else None]
        rows.append((model.replace("_", " "), *("" if figure is None else f"{figure:.3f}" for figure in figures)))
    return tuple(rows)
