"""What a trial is judged by: its lists in order, and what came of everybody on the first until the trial's end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from riskstrat.cohort import find_listed, groups
from riskstrat.definitions.equity import DIMENSIONS
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import LabelRecipe, Recipe
from riskstrat.errors import CohortError, IndexDateError, ModelError
from riskstrat.labels import label
from riskstrat.site.opening import Site
from riskstrat.site.scored import score_then
from riskstrat.trial.content import OpenedList
from riskstrat.trial.judging import EarlyShare, RecordCheck, TrialEvidence, select_highest
from riskstrat.trial.sequence import FollowedLists, follow_lists
from riskstrat.trial.standing import SilentTrial

YEAR = timedelta(days=364)
"""To the same day of the week of the year before, so that the season is the same."""


def build_terms(recipe: Recipe, first: date, ends: date) -> LabelRecipe:
    """The recipe's outcome within the days from the first list to the end of the trial, whatever teams do."""
    update = {"horizon": f"{(ends - first).days - recipe.label.gap_days}d", "intervened": "treat"}
    return LabelRecipe.model_validate(recipe.label.model_dump() | update)


def require_over(opened: Site, recipe: Recipe, trial: SilentTrial) -> None:
    """Raises IndexDateError before the trial is over and late events have come, with the day on which they have."""
    first = min(trial.sealed)
    terms = build_terms(recipe, first, trial.protocol.ends)
    ripe = first + timedelta(days=terms.complete_after)
    if opened.store.data_as_at < ripe:
        raise IndexDateError(
            f"the trial ends on {trial.protocol.ends} and late events may come until {ripe}, but the data are as at "
            f"{opened.store.data_as_at}; close it with data as at {ripe} or later"
        )


def gather_evidence(
    opened: Site,
    recipe: Recipe,
    trial: SilentTrial,
    lists: Sequence[OpenedList],
    check: RecordCheck | None,
    progress: Progress,
) -> TrialEvidence:
    """Everything that the limits are held against. lists: at least one, in the order of their dates."""
    terms = build_terms(recipe, lists[0].day, trial.protocol.ends)
    followed = follow_lists(lists)
    return TrialEvidence(
        weeks=trial.protocol.weeks,
        lists=lists,
        followed=followed,
        people=_follow_people(opened, recipe, terms, lists[0], followed),
        early=_measure_early(opened, recipe, terms, lists[0].day, trial, progress),
        check=check,
        unsealed=trial.unsealed,
    )


def _follow_people(
    opened: Site, recipe: Recipe, terms: LabelRecipe, first: OpenedList, followed: FollowedLists
) -> pd.DataFrame:
    """One row per person of the first list who could be followed, as `TrialEvidence.people`."""
    everyone = first.everyone.dropna(subset="risk")[["patient_id", "risk"]]
    people = find_listed(opened.store, everyone, first.day, opened.opt_outs)
    labels = label(opened.store, people, opened.rows_named(recipe.outcome), terms, opened.store.data_as_at)
    dimensions = groups(opened.store, people)
    known = dimensions[[name for name in DIMENSIONS if name in dimensions]].assign(
        risk=people["risk"],
        outcome=labels.rows["outcome"].to_numpy(),
        found=people["patient_id"].isin(followed.found["patient_id"]),
    )
    return known.dropna(subset="outcome").reset_index(drop=True)


def _measure_early(
    opened: Site, recipe: Recipe, terms: LabelRecipe, first: date, trial: SilentTrial, progress: Progress
) -> dict[str, EarlyShare]:
    """Of everybody a year before the first list, and of those at highest risk then, by the model of that time."""
    day = first - YEAR
    try:
        rows = score_then(opened, recipe, day, progress).rows
        whole = recipe.label.model_copy(update={"intervened": "treat"})
        outcome = opened.rows_named(recipe.outcome)
        early, ever = (
            label(opened.store, rows, outcome, each, opened.store.data_as_at).rows["outcome"].to_numpy()
            for each in (terms, whole)
        )
    except (ModelError, CohortError, IndexDateError) as missing:
        none = EarlyShare(reason=f"no year before to hold it against: {missing}")
        return {"events": none, "highest": none}
    highest = select_highest(rows["risk"].to_numpy(), trial.protocol.limits.highest.share)
    return {
        "events": EarlyShare(int((early == 1).sum()), int((ever == 1).sum())),
        "highest": EarlyShare(int((early[highest] == 1).sum()), int((ever[highest] == 1).sum())),
    }
