"""The features of the same people at each stage on the way from the last list to this one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pandas as pd

from riskstrat.cohort import at_discharges, latest_discharge
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.features import FeatureEngine
from riskstrat.site.opening import Site
from riskstrat.sources.excerpt import beside_the_store, excerpt
from riskstrat.sources.store import Store


class Stages(NamedTuple):
    """One matrix per stage; the same people in the same order in each.

    then: at the last list, as the store tells it today. aged: at this list, of what was known by the last. told: and of
    what was told since of happenings up to the last list. now: of everything.
    """

    then: FeatureMatrix
    aged: FeatureMatrix
    told: FeatureMatrix
    now: FeatureMatrix


def stages(opened: Site, then: pd.DataFrame, now: pd.DataFrame, day: date) -> tuple[Stages, Stages]:
    """The stages of the records that the score is made from, and those of the records without what is sensitive.

    then, now: one row per patient of the cohort at the last list, which was of `day`, and at this one; same patients,
    both by person.
    """
    persons = now["person"].to_numpy()
    with beside_the_store(opened.store) as folder:
        whole = excerpt(opened.store, persons.tolist(), folder / "whole")
        known = excerpt(whole, persons.tolist(), folder / "known", known_by=day)
        happened = excerpt(whole, persons.tolist(), folder / "happened", happened_by=day)
        scored = _build_stages(opened.engine, (whole, known, happened), (then, now))
        if opened.engine.printable:
            return scored, scored
        return scored, _build_stages(replace(opened.engine, printable=True), (whole, known, happened), (then, now))


def rows_then(opened: Site, recipe: Recipe, rows: pd.DataFrame, day: date) -> pd.DataFrame:
    """The rows of the cohort at the list of `day` for the people of `rows`, by person.

    Whoever had a discharge that is no longer recorded has none.
    """
    if recipe.cohort.index == "calendar":
        return rows.assign(index_date=pd.Timestamp(day).as_unit("s"))
    discharges = opened.rows_named(recipe.cohort.index)
    with beside_the_store(opened.store) as folder:
        store = excerpt(opened.store, rows["person"].tolist(), folder / "whole")
        every = at_discharges(store, recipe.cohort, discharges, day, opened.opt_outs)
    return latest_discharge(every, recipe.cohort, None).rows


def _build_stages(
    engine: FeatureEngine, stores: tuple[Store, Store, Store], cohorts: tuple[pd.DataFrame, pd.DataFrame]
) -> Stages:
    """The stages by one engine. stores: everything, what was known by the last list, what had happened by then."""
    then, now = _build_matrices(replace(engine, store=stores[0]), cohorts)
    aged, told = (replace(engine, store=cut).matrix(cohorts[1]) for cut in stores[1:])
    return Stages(then, aged, told, now)


def _build_matrices(
    engine: FeatureEngine, cohorts: tuple[pd.DataFrame, pd.DataFrame]
) -> tuple[FeatureMatrix, FeatureMatrix]:
    """The matrices of two cohorts over one store, reckoned together: compiling the scans takes longer than they do."""
    rows = pd.concat([cohort.assign(list=place) for place, cohort in enumerate(cohorts)])
    rows = rows.sort_values(["person", "index_date", "list"], ignore_index=True)
    matrix = engine.matrix(rows)
    return matrix.take((rows["list"] == 0).to_numpy()), matrix.take((rows["list"] == 1).to_numpy())
