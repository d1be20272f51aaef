"""Everything that a recipe's models learn from and are tested on, gathered once: cohort, labels and one matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import Cohort, at_dates, at_discharges
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import IndexDateError, TrainingError
from riskstrat.labels import Labels, label
from riskstrat.site.apart import set_apart
from riskstrat.site.opening import Site, build_matrix
from riskstrat.study.lots import LotRows, find_lot_rows
from riskstrat.training import (
    Origin,
    earlier,
    every_date,
    origins,
    slices_by_person,
    slices_by_time,
    spare_calibration_dates,
    within,
    without_the_tested,
)
from riskstrat.training.slices import TEST, Slices

Outcomes = npt.NDArray[np.float64]

BY_PERSON = "people held out"
"""Name of the one fold of a source that is split by person."""


@dataclass(frozen=True)
class Fold:
    """The rows of one fit: which train, calibrate and test, and the outcomes that could be known when it was made.

    origin: None where the split is by person. `seen` has one value per row of the study, missing where unknown. times:
    how often each row counts where it is learned from; None for once each.
    """

    name: str
    origin: Origin | None
    slice_of: Slices
    seen: Outcomes
    times: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Study:
    """One row per patient and index date, in one order in `cohort`, `labels`, `matrix` and `outcome`.

    labels and outcome (1, 0, missing) are as known on `as_at`. recipe: as records allow it, perhaps without dates to
    calibrate on. origins: the one made on `as_at`, then those tested; none where the split is by person. older: for
    each age in months, the origin made so much earlier than the latest tested one and tested on its dates. lot: what
    lots of lists decided, where the recipe learns from those whom they left off.
    """

    opened: Site
    recipe: Recipe
    as_at: date
    cohort: Cohort
    labels: Labels
    matrix: FeatureMatrix
    origins: tuple[Origin, ...]
    older: dict[int, Origin]
    lot: LotRows | None = None

    @property
    def outcome(self) -> Outcomes:
        return self.labels.rows["outcome"].to_numpy(float)

    @property
    def times(self) -> npt.NDArray[np.int64] | None:
        """How often each row counts where it is learned from; None for once each."""
        return None if self.lot is None else self.lot.times

    @property
    def patient_ids(self) -> npt.NDArray[np.object_]:
        return self.cohort.rows["patient_id"].to_numpy()

    @property
    def index_dates(self) -> npt.NDArray[np.datetime64]:
        return self.cohort.rows["index_date"].to_numpy().astype("datetime64[D]")

    def fold(self, origin: Origin) -> Fold:
        """The rows of `origin`: outcomes of training and calibration rows are as known on the day it was made."""
        slice_of = slices_by_time(origin, self.index_dates)
        seen = np.where(slice_of == TEST, self.outcome, np.nan)
        learned = within(origin.learned_from, self.index_dates)
        rows, outcome = self.cohort.rows[learned], self.opened.rows_named(self.recipe.outcome)
        known = label(self.opened.store, rows, outcome, self.recipe.label, origin.made_on)
        seen[learned] = known.rows["outcome"].to_numpy(float)
        return Fold(origin.name, origin, slice_of, self._leave_out_listed(seen, slice_of), self.times)

    def folds(self) -> tuple[Fold, ...]:
        """Those with test rows: one per tested origin, the latest first, or the one split by person."""
        if not self.origins:
            slice_of = slices_by_person(self.recipe, self.patient_ids)
            return (Fold(BY_PERSON, None, slice_of, self._leave_out_listed(self.outcome, slice_of), self.times),)
        return tuple(self.fold(origin) for origin in self.origins[1:])

    def _leave_out_listed(self, seen: Outcomes, slice_of: Slices) -> Outcomes:
        """Outcomes without those that are learned from of people whom a lot listed; tests are of everybody."""
        if self.lot is None:
            return seen
        return np.where(self.lot.listed & np.asarray(slice_of != TEST), np.nan, seen)

    def unknown_people(self, fold: Fold) -> Fold:
        """The fold with a share of the people only tested on, and everybody else only learned from."""
        return replace(fold, slice_of=without_the_tested(self.recipe, fold.slice_of, self.patient_ids))


def gather(opened: Site, recipe_name: str, as_at: date | None, progress: Progress) -> Study:
    """Cohort, labels and features of every origin of the recipe, from rows known on `as_at` (default: data-as-at).

    Raises IndexDateError or TrainingError where dates do not allow it.
    """
    recipe = leave_out_sensitive(opened, opened.recipe(recipe_name))
    until = as_at or opened.store.data_as_at
    if until > opened.store.data_as_at:
        raise IndexDateError(f"--as-at {until} is in the future: the data are as at {opened.store.data_as_at}")
    progress("cohort and labels", 0.0)
    if opened.store.comparable_dates:
        recipe = spare_calibration_dates(recipe, until, opened.store.records_from)
    chosen, older = _plan_origins(opened, recipe, until)
    cohort = _select_cohort(opened, recipe, until, chosen, older)
    labels = label(opened.store, cohort.rows, opened.rows_named(recipe.outcome), recipe.label, until)
    progress("cohort and labels", 1.0)
    cohort, matrix, kept = set_apart(recipe, cohort, build_matrix(opened, cohort, progress))
    if not kept.all():
        labels = label(opened.store, cohort.rows, opened.rows_named(recipe.outcome), recipe.label, until)
    lot = find_lot_rows(opened, recipe, cohort.rows)
    return Study(opened, recipe, until, cohort, labels, matrix, chosen, older, lot)


def leave_out_sensitive(opened: Site, recipe: Recipe) -> Recipe:
    """The recipe without features of which no page speaks, unless the site has approved that they count in the score.

    The rows of sensitive codes are left out already; such a feature may rest on others too, as alcohol problems do on
    liver disease.
    """
    if opened.workspace.settings.sensitive.in_score:
        return recipe
    hidden = [name for name, feature in opened.workspace.features.items() if feature.wording.sensitive]
    return recipe.model_copy(update={"exclude_features": (*recipe.exclude_features, *hidden)})


def describe_short_records(study: Study) -> tuple[str, ...]:
    """What records that are too short for dates to calibrate on allow, in numbers; nothing where they are not."""
    asked, begin = study.opened.recipe(study.recipe.name), study.opened.store.records_from
    if begin is None or study.recipe.split.calibration_dates == asked.split.calibration_dates:
        return ()
    newest, *tested = study.origins
    before = (newest.train[-1].first - begin).days
    return (
        f"records from {begin} to {study.as_at} ({(study.as_at - begin).days:,} days) are too short to keep index "
        f"dates apart for calibration: tested on {len(tested)} of the {asked.split.test_dates} test dates asked for, "
        f"trained on {len(newest.train)} of {asked.split.train_dates}, the first of them with {before:,} days of "
        f"records before it; the horizon stays {asked.label.horizon}; the newest training rows calibrate too, out of "
        "their folds",
    )


def days_old(months: int) -> int:
    """Days of an age in months. Thirteen weeks to three months, so that half years fall on the usual index dates."""
    return round(months * 364 / 12)


def _plan_origins(opened: Site, recipe: Recipe, until: date) -> tuple[tuple[Origin, ...], dict[int, Origin]]:
    if not opened.store.comparable_dates:
        if recipe.cohort.index == "calendar":
            raise TrainingError(
                f"{recipe.name} has calendar index dates, but this source shifts dates from person to person; "
                "use a recipe whose index dates are discharges"
            )
        return (), {}
    begin = opened.store.records_from
    chosen = origins(recipe, until, records_from=begin)
    ages = recipe.evaluation.freshness_months
    aged = {age: earlier(recipe, chosen[1], days_old(age), records_from=begin) for age in ages}
    return chosen, {age: origin for age, origin in aged.items() if origin is not None}


def _select_cohort(
    opened: Site, recipe: Recipe, until: date, chosen: tuple[Origin, ...], older: dict[int, Origin]
) -> Cohort:
    every = (*chosen, *older.values())
    if recipe.cohort.index == "calendar":
        dates = {*every_date(every), *(_derive_score_date(chosen, age) for age in older)}
        return at_dates(opened.store, recipe.cohort, sorted(dates), opened.opt_outs)
    discharges = opened.rows_named(recipe.cohort.index)
    cohort = at_discharges(opened.store, recipe.cohort, discharges, until, opened.opt_outs)
    if not every:
        return _filter_cohort(cohort, _mark_complete(cohort.rows, recipe, until), "window not complete")
    when = cohort.rows["index_date"].to_numpy().astype("datetime64[D]")
    used = np.zeros(len(when), bool)
    for origin in every:
        used |= within(origin.learned_from + origin.test, when)
    return _filter_cohort(cohort, used, "not in a period")


def _derive_score_date(chosen: tuple[Origin, ...], age: int) -> date:
    return chosen[1].test[0].first - timedelta(days=days_old(age))


def _mark_complete(rows: pd.DataFrame, recipe: Recipe, until: date) -> npt.NDArray[np.bool_]:
    """Discharges whose label window is complete by `until`."""
    last = pd.Timestamp(until) - pd.Timedelta(days=recipe.label.complete_after)
    return (rows["index_date"] <= last).to_numpy()


def _filter_cohort(cohort: Cohort, kept: npt.NDArray[np.bool_], why: str) -> Cohort:
    rows = cohort.rows[kept].reset_index(drop=True)
    counts = dict(cohort.counts) | {why: len(cohort.rows) - len(rows), "eligible": len(rows)}
    return replace(cohort, rows=rows, counts=counts)
