"""From a study to models: one for each origin, tested as it would have been, and the one that is registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.baselines import find_own
from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.labels import events_by_provider
from riskstrat.scoring import Package, RiskModel
from riskstrat.site.opening import Site
from riskstrat.site.threads import run_in_threads
from riskstrat.study.gathering import Fold, Study, gather
from riskstrat.training import (
    DeclaredRivals,
    Fitted,
    Tuned,
    count_few_people,
    fit,
    fit_transferred,
    rows_at,
    tune,
)
from riskstrat.training.slices import TRAIN
from riskstrat.workspace import Workspace

REGISTERED, HELD_OUT = "registered", "people held out of the latest origin"

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TestedFold:
    """A fold with its fit: what each model said of the fold's test rows."""

    fold: Fold
    fitted: Fitted

    @property
    def model(self) -> RiskModel:
        return self.fitted.model


@dataclass(frozen=True)
class TrainingRun:
    """All fits of a study. `tested`: the latest origin first. `registered`: from the newest labels, without a test.

    `held_out` is the latest origin once more without the people it is tested on, `older` the model of each age in
    months; what could not be fitted is absent, and all of these where the latest origin could not be. `tuned` is None
    where the recipe's settings are taken as they stand. `left_out` says which test dates could not be fitted and why.
    `start`: the package of another site that all began from, None where they learned here.
    """

    study: Study
    recipe: Recipe
    tuned: Tuned | None
    tested: tuple[TestedFold, ...]
    registered: Fitted
    held_out: Fitted | None
    older: Mapping[int, RiskModel]
    providers: pd.DataFrame
    left_out: tuple[str, ...]
    start: Package | None = None


def learn(
    opened: Site,
    recipe_name: str,
    as_at: date | None = None,
    progress: Progress = silent,
    start: Package | None = None,
) -> TrainingRun:
    """Gather, tune and fit, from rows known on `as_at` (default: data-as-at); nothing is registered.

    start: the model of another site, which is calibrated here and held against what the recipe learns here.
    """
    study = gather(opened, recipe_name, as_at, progress)
    outcome = study.opened.rows_named(study.recipe.outcome)
    providers = events_by_provider(study.opened.store, outcome, study.as_at)
    folds = study.folds()
    recipe, tuned = tuned_recipe(study, folds[-1], progress)
    made = _run_fits(study, recipe, _plan_jobs(study, folds), progress, start)
    tested = tuple(TestedFold(fold, fit) for fold in folds if isinstance(fit := made[fold.name], Fitted))
    refused = {fold.name: fit for fold in folds if isinstance(fit := made[fold.name], TrainingError)}
    registered = made[REGISTERED] if study.origins else tested[0].fitted if tested else refused[folds[0].name]
    for needed in (tested[0].fitted if tested else refused[folds[0].name], registered):
        if isinstance(needed, TrainingError):
            raise needed
    assert isinstance(registered, Fitted)
    if start is None:
        registered = _record_few_people(study, registered)
    # Both are held against the latest origin, and against no earlier one, whose test they may have learned from.
    beside = tested[0].fold is folds[0]
    alone = made.get(HELD_OUT) if beside else None
    older = {age: fit.model for age, one in study.older.items() if isinstance(fit := made[one.name], Fitted) and beside}
    return TrainingRun(
        study,
        recipe,
        tuned,
        tested,
        registered,
        alone if isinstance(alone, Fitted) else None,
        older,
        providers,
        tuple(f"test date {name} is left out: {why}" for name, why in refused.items()),
        start,
    )


def _record_few_people(study: Study, registered: Fitted) -> Fitted:
    """The fit whose model also records how few people made a part of it: an export asks for that."""
    fold = study.fold(study.origins[0]) if study.origins else study.folds()[0]
    train = np.flatnonzero((fold.slice_of == TRAIN) & ~np.isnan(fold.seen))
    model = registered.model
    few = count_few_people(model, rows_at(study.matrix, model.columns, fold.seen, train))
    return replace(registered, model=replace(model, trained={**model.trained, "few_people": few}))


class _Job(NamedTuple):
    """A fold to fit, and whether the baselines are fitted beside it."""

    fold: Fold
    rivals: bool = False


def _plan_jobs(study: Study, folds: tuple[Fold, ...]) -> dict[str, _Job]:
    jobs = {fold.name: _Job(fold, rivals=True) for fold in folds}
    if study.origins:
        jobs[REGISTERED] = _Job(study.fold(study.origins[0]))
        if study.recipe.evaluation.person_disjoint:
            jobs[HELD_OUT] = _Job(study.unknown_people(folds[0]))
    older = {origin.name: origin for origin in study.older.values() if origin.name not in jobs}
    return jobs | {name: _Job(study.fold(origin)) for name, origin in older.items()}


def _run_fits(
    study: Study, recipe: Recipe, jobs: Mapping[str, _Job], progress: Progress, start: Package | None
) -> dict[str, Fitted | TrainingError]:
    """Each job's fit or refusal. Fits stand side by side, one processor thread each, which changes no result."""
    parts = {name: partial(_fit_or_refusal, study, recipe, job, start) for name, job in jobs.items()}
    threads = study.opened.workspace.settings.engine.threads
    return run_in_threads(parts, threads, lambda share: progress("fitting", share))


def _fit_or_refusal(study: Study, recipe: Recipe, job: _Job, start: Package | None) -> Fitted | TrainingError:
    try:
        if start is not None:
            return _fit_transferred(study, recipe, job, start.model)
        return fit_fold(study, recipe, job.fold, rivals=job.rivals)
    except TrainingError as refused:
        return refused


def _fit_transferred(study: Study, recipe: Recipe, job: _Job, start: RiskModel) -> Fitted:
    """The other site's model on the rows of a fold; where it is tested, beside what the recipe learns of them."""
    local, refused = None, None
    if job.rivals:
        try:
            local = fit_fold(study, recipe, job.fold)
        except TrainingError as why:
            refused = str(why)
    fold, trained = job.fold, _describe_making(study, job.fold)
    given = (start, study.matrix, fold.seen, fold.slice_of, recipe)
    return fit_transferred(*given, local=local, refused=refused, trained=trained, times=fold.times)


def _describe_making(study: Study, fold: Fold) -> dict[str, str]:
    """The day that a fold's model is made on, and the data it is made of."""
    made_on = fold.origin.made_on if fold.origin else study.as_at
    return {"as_at": made_on.isoformat(), "store": study.opened.store.fingerprint}


def fit_fold(study: Study, recipe: Recipe, fold: Fold, *, rivals: bool = True, threads: int = 1) -> Fitted:
    """One fit on the rows of a fold, tested where the fold has test rows. Raises TrainingError."""
    features = study.opened.workspace.features
    return fit(
        study.matrix,
        fold.seen,
        fold.slice_of,
        recipe,
        threads=threads,
        tables={name: one.rows.stream for name, one in features.items() if one.rows is not None},
        trained=_describe_making(study, fold),
        declared=features,
        tested=fold.origin is None or bool(fold.origin.test),
        rivals=_build_declared_rivals(study.opened.workspace) if rivals else None,
        age=study.opened.workspace.roles.age,
        times=fold.times,
    )


def _build_declared_rivals(workspace: Workspace) -> DeclaredRivals:
    roles = workspace.roles
    return DeclaredRivals(roles.age, roles.sex, workspace.baselines)


def tuned_recipe(study: Study, oldest: Fold, progress: Progress) -> tuple[Recipe, Tuned | None]:
    """The recipe with the settings found in the oldest training period, which no test date comes before."""
    if not study.recipe.tuning.trials:
        return study.recipe, None
    progress("tuning", 0.0)
    tuned = tune(study.matrix, oldest.seen, oldest.slice_of, study.recipe)
    progress("tuning", 1.0)
    return study.recipe.model_copy(update={"learner": tuned.learner}), tuned


@dataclass(frozen=True)
class PooledTestRows:
    """The test rows of every origin, one below the other; a person stands once for each test date.

    `rows` are positions in the study. `risks` (0 to 1) has each model that every origin has; each row's risk is that of
    its own origin's model. `list_of` numbers the list that a row would have been on.
    """

    rows: npt.NDArray[np.int64]
    outcome: Numbers
    people: npt.NDArray[np.object_]
    list_of: npt.NDArray[np.int64]
    risks: Mapping[str, Numbers]
    capacity: int
    left_out: Mapping[str, str]

    @property
    def own(self) -> str:
        """What the model itself is called."""
        return find_own(self.risks)

    @property
    def own_risk(self) -> Numbers:
        """The risk of each row by the model itself."""
        return self.risks[self.own]

    def with_model(self, name: str, risk: Numbers) -> PooledTestRows:
        return replace(self, risks={**self.risks, name: risk})


def pooled(learned: TrainingRun) -> PooledTestRows:
    """Every origin's test rows together, with the capacity of one list."""
    tested = learned.tested
    rows = np.concatenate([one.fitted.test_rows for one in tested])
    names = [name for name in tested[0].fitted.risks if all(name in one.fitted.risks for one in tested)]
    risks = {name: np.concatenate([one.fitted.risks[name] for one in tested]) for name in names}
    list_of = np.repeat(np.arange(len(tested)), [len(one.fitted.test_rows) for one in tested])
    capacity = max(1, round(learned.recipe.evaluation.capacity_per_1000 * len(rows) / 1000 / len(tested)))
    study = learned.study
    left_out = _collect_left_out(tested, names)
    return PooledTestRows(rows, study.outcome[rows], study.patient_ids[rows], list_of, risks, capacity, left_out)


def _collect_left_out(tested: tuple[TestedFold, ...], names: list[str]) -> dict[str, str]:
    said: dict[str, Any] = {}
    for one in tested:
        said |= {name: why for name, why in one.fitted.facts["left_out"].items() if name not in names}
    return said
