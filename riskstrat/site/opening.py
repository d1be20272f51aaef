"""A workspace with its data: what every verb past `ingest` starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ibis.expr.types as ir

from riskstrat import audit
from riskstrat.cohort import Cohort, at_dates, at_discharges, latest_discharge, set_doubtful_apart, still_here
from riskstrat.definitions.codelists import near
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import CohortError, DefinitionError, IndexDateError, SourceError
from riskstrat.features import FeatureEngine, engine
from riskstrat.site.dates import written_date
from riskstrat.sources.refreshed import FOLDER, read_refreshed
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace, find, load

LATEST = "latest"
"""As an index date: each person's own latest discharge, for recipes whose index dates are discharges."""


@dataclass(frozen=True)
class Site:
    """One workspace, the clean tables ingested into it, and the engine that makes features from them."""

    workspace: Workspace
    store: Store
    engine: FeatureEngine

    def recipe(self, name: str | None = None) -> Recipe:
        """The recipe of that name, or the one the weekly list uses.

        Raises DefinitionError if there is none, or if it is off until somebody has approved its use.
        """
        wanted = name or self.workspace.settings.lists.recipe
        recipes = self.workspace.recipes
        if wanted not in recipes:
            raise DefinitionError(
                f'no recipe "{wanted}" in training{near(wanted, tuple(recipes))} (recipes: {", ".join(recipes)})'
            )
        _require_approved(recipes[wanted])
        return recipes[wanted]

    def rows_named(self, name: str) -> ir.Table:
        """The rows that training/outcomes.py names so. Raises DefinitionError if it does not."""
        outcomes = self.workspace.outcomes
        if name not in outcomes:
            raise DefinitionError(f'training/outcomes.py names no "{name}"{near(name, tuple(outcomes))}')
        return outcomes[name]

    @property
    def on_cluster(self) -> bool:
        """Whether features of a cohort are made by the workers of a cluster."""
        return self.workspace.settings.engine.kind == "spark"

    @property
    def opt_outs(self) -> tuple[str, ...]:
        return self.workspace.settings.opt_outs.applied


def _require_approved(recipe: Recipe) -> None:
    if recipe.asks_approval and not recipe.approval.strip():
        raise DefinitionError(
            f"{recipe.name} is off until its use is approved; say in training/{recipe.name}.toml, as approval, who "
            "approved it and where that stands"
        )


def open_workspace(root: Path | None) -> Site:
    """The workspace at `root` (or around the current folder) with its data.

    Raises WorkspaceError, DefinitionError, or SourceError when nothing was ingested yet, or with another rule of stays
    than riskstrat.toml has.
    """
    return open_data(load(find(root)))


def open_data(workspace: Workspace) -> Site:
    """A loaded workspace with the data that it has now, and what came since of who is kept off lists.

    Raises SourceError as `open_workspace` does, and AuditError where what refreshes brought is not as it was logged.
    """
    store = open_store(workspace.root / workspace.settings.data.store)
    refreshed = read_refreshed(workspace.root)
    audit.require_refreshed_as_logged(workspace.root, FOLDER, store.data_as_at)
    if refreshed is not None:
        store = replace(store, refreshed=refreshed.keep_later(store.data_as_at))
    _require_same_stays(workspace, store)
    return Site(workspace, store, engine_of(workspace, store))


def _require_same_stays(workspace: Workspace, store: Store) -> None:
    wanted = workspace.settings.admissions.continuous_stays
    if store.continuous_stays != wanted:
        raise SourceError(
            f'riskstrat.toml joins stays by "{wanted}", but the data were ingested with "{store.continuous_stays}"; '
            'run "riskstrat ingest SOURCE" again, or set admissions.continuous_stays back'
        )


def engine_of(workspace: Workspace, store: Store) -> FeatureEngine:
    """The feature engine for a workspace's definitions over a store, with what is sensitive only where approved."""
    settings = workspace.settings
    return engine(
        store,
        workspace.features,
        workspace.fingerprints,
        workspace.codelists,
        settings.engine,
        printable=not settings.sensitive.in_score,
    )


def index_date(given: str, recipe: Recipe, store: Store) -> date | None:
    """The index date asked for; None for `latest`. Raises IndexDateError for one in the future, or not a date."""
    if given == LATEST:
        if recipe.cohort.index == "calendar":
            raise IndexDateError('index date "latest" is for recipes whose index dates are discharges; give a date')
        return None
    wanted = written_date(given, "index date")
    require_not_future(wanted, store)
    if not store.comparable_dates:
        raise IndexDateError(
            "the dates of this source are shifted from person to person, so a calendar index date means nothing; "
            'use "--index-date latest" with a recipe whose index dates are discharges'
        )
    return wanted


def require_not_future(wanted: date, store: Store, what: str = "index date") -> None:
    """Raises IndexDateError for a date after the day that the data are as at."""
    if wanted > store.data_as_at:
        raise IndexDateError(
            f"{what} {wanted} is in the future: the data are as at {store.data_as_at}; "
            "give an earlier date, or ingest later data"
        )


def cohort_at(opened: Site, recipe: Recipe, wanted: date | None) -> Cohort:
    """Who is eligible for scoring, and whose recorded death is doubtful. Raises CohortError if nobody is eligible."""
    if recipe.cohort.index == "calendar":
        assert wanted is not None
        cohort = at_dates(opened.store, recipe.cohort, [wanted], opened.opt_outs)
    else:
        discharges = opened.rows_named(recipe.cohort.index)
        known = wanted or opened.store.data_as_at
        every = at_discharges(opened.store, recipe.cohort, discharges, known, opened.opt_outs)
        cohort = latest_discharge(every, recipe.cohort, wanted)
        if wanted:
            cohort = still_here(opened.store, cohort, wanted)
    cohort = set_doubtful_apart(opened.store, cohort, wanted or opened.store.data_as_at)
    if cohort.rows.empty:
        raise CohortError(f"nobody is eligible at {wanted or LATEST}: {counts_in_words(cohort)}")
    return cohort


def counts_in_words(cohort: Cohort) -> str:
    """The counts of a cohort as a phrase: `20,000 candidates, 3,100 too young, ..., 15,000 eligible`."""
    return ", ".join(
        f"{number:,} {reason}" for reason, number in cohort.counts.items() if number or reason == "eligible"
    )


def build_matrix(opened: Site, cohort: Cohort, progress: Progress) -> FeatureMatrix:
    """The one way to a matrix, for training and for weekly scoring alike. Raises ClusterError if a cluster fails to."""
    if opened.on_cluster:
        # Loads what only a site with a cluster needs.
        from riskstrat.site.spread_matrix import spread_matrix

        return spread_matrix(opened.workspace, opened.engine, cohort.rows, progress)
    return opened.engine.packed_matrix(cohort.rows, progress)
