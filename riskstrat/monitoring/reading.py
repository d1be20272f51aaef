"""What the watches look at, read from published lists, reviews and the store; nothing is scored again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from riskstrat.cohort import find_listed, groups
from riskstrat.definitions.equity import DIMENSIONS
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.labels import label
from riskstrat.monitoring.ripened import RipeList
from riskstrat.monitoring.work import WorkedList
from riskstrat.publication import PublishedList, find_folders, open_published
from riskstrat.registry import kept
from riskstrat.reviews import Review
from riskstrat.site.opening import Site, build_matrix, cohort_at

RIPE_MONTHS = 12
"""Ripe months that are shown, the newest ones."""


@dataclass(frozen=True)
class Pair:
    """Two lists of one version of the model: its first, and its newest."""

    first: PublishedList
    newest: PublishedList


def find_lists(opened: Site, recipe: Recipe, today: date) -> list[PublishedList]:
    """The lists of a recipe that stand and hold data, up to a day, the oldest first. Raises PublicationError."""
    folder = opened.workspace.root / opened.workspace.settings.lists.folder
    found = [open_published(path) for day, path in find_folders(folder).items() if day <= today]
    return [one for one in found if one.model == recipe.name and one.holds_data]


def find_pair(lists: Sequence[PublishedList]) -> Pair | None:
    """The newest list and the first of the same version; None where the newest is the only one of its version."""
    same = [one for one in lists if one.version == lists[-1].version]
    return Pair(same[0], same[-1]) if len(same) > 1 else None


def read_risks(published: PublishedList) -> pd.DataFrame:
    """One row per person with a risk: patient_id, team, risk."""
    return published.read_everyone(["patient_id", "team", "risk"]).dropna(subset="risk")


def read_features(
    opened: Site, recipe: Recipe, published: PublishedList, progress: Progress
) -> tuple[pd.DataFrame, Mapping[str, tuple[str, ...]]]:
    """One row per person of a list, with the features that its model counts, as known on its day; and their themes.

    The features are those that the workspace declares today, on both dates of a comparison.
    """
    matrix = build_matrix(opened, cohort_at(opened, recipe, published.list_date), progress)
    model = kept(opened.workspace.root / "registry", published.model, published.version).model()
    names = [name for name in model.columns if name in matrix.columns]
    people = set(published.read_everyone(["patient_id"])["patient_id"])
    inside = matrix.keys["patient_id"].isin(people).to_numpy()
    themes: dict[str, tuple[str, ...]] = {}
    for name in names:
        theme = opened.workspace.features[name].theme
        themes[theme] = (*themes.get(theme, ()), name)
    return pd.DataFrame(matrix.select(names)[inside], columns=names), dict(sorted(themes.items()))


def read_worked(
    opened: Site, lists: Sequence[PublishedList], reviews: Sequence[Review], today: date, plan: MonitoringPlan
) -> list[WorkedList]:
    """The lists that `judge_work` looks at, the oldest first, with one before them."""
    reviewed: dict[date, set[str]] = {}
    for review in reviews:
        reviewed.setdefault(review.list_date, set()).add(review.patient_id)
    since = today - timedelta(weeks=plan.work.weeks + plan.work.review_weeks)
    looked_at = [one for one in lists if one.list_date > since]
    return list(_count_work(opened, looked_at, reviewed))


def _count_work(
    opened: Site, lists: Sequence[PublishedList], reviewed: Mapping[date, set[str]]
) -> Iterator[WorkedList]:
    settings = opened.workspace.settings
    allowed = {team.code: team.capacity for team in settings.teams}
    before: set[str] = set()
    for published in lists:
        everyone = published.read_everyone(["patient_id", "place"])
        listed = set(everyone.loc[everyone["place"] == "listed", "patient_id"])
        teams = published.read_list().teams
        yield WorkedList(
            day=published.list_date,
            listed=len(listed),
            new=len(listed - before),
            reviewed=len(listed & reviewed.get(published.list_date, set())),
            waiting=sum(person.escalate for team in teams for person in team.people),
            capacity=sum(allowed.get(team.team_code, settings.lists.default_capacity) for team in teams),
        )
        before = listed


def select_monthly(lists: Sequence[PublishedList]) -> list[PublishedList]:
    """The first list of each month."""
    first: dict[tuple[int, int], PublishedList] = {}
    for one in lists:
        first.setdefault((one.list_date.year, one.list_date.month), one)
    return list(first.values())


def find_ripe_day(published: PublishedList, recipe: Recipe) -> date:
    """The day up to which data must go for the outcome of a list to be complete, late events too."""
    return published.list_date + timedelta(days=recipe.label.complete_after)


def read_ripe(
    opened: Site, recipe: Recipe, lists: Sequence[PublishedList], reviews: Sequence[Review]
) -> list[RipeList]:
    """The ripe ones among the first lists of each month, the newest `RIPE_MONTHS`, the oldest first."""
    as_at = opened.store.data_as_at
    ripe = [one for one in select_monthly(lists) if find_ripe_day(one, recipe) <= as_at]
    return [_follow(opened, recipe, one, reviews) for one in ripe[-RIPE_MONTHS:]]


def _follow(opened: Site, recipe: Recipe, published: PublishedList, reviews: Sequence[Review]) -> RipeList:
    """What came of everybody scored, by the model's own outcome, whatever a team did about them."""
    everyone = published.read_everyone(["patient_id", "risk", "place"]).dropna(subset="risk")
    people = find_listed(opened.store, everyone, published.list_date, opened.opt_outs)
    terms = recipe.label.model_copy(update={"intervened": "treat"})
    labels = label(opened.store, people, opened.rows_named(recipe.outcome), terms, opened.store.data_as_at)
    dimensions = groups(opened.store, people)
    decided = {review.patient_id for review in reviews if review.list_date == published.list_date}
    known = dimensions[[name for name in DIMENSIONS if name in dimensions]].assign(
        risk=people["risk"],
        outcome=labels.rows["outcome"].to_numpy(),
        listed=people["place"] == "listed",
        touched=people["place"].isin(["listed", "known"]) | people["patient_id"].isin(decided),
    )
    return RipeList(published.list_date, known.dropna(subset="outcome").reset_index(drop=True))
