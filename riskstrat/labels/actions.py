"""Actions of an MDT in the label windows: what a team did for a person before the outcome could be seen.

The tables `caseload` and `reviews` have no `known_on`: a row counts as known from its own day. A label is made after
its window has closed, so every action in the window was known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.recipes import LabelRecipe
from riskstrat.definitions.vocabulary import NO_ACTION, NOT_TAKEN_ON
from riskstrat.sources.store import Store

CENSORED, EXCLUDED = "MDT action first", "MDT action in the window"

_PERSON = 10_000_000
"""More days than any date has, so that person and day make one sortable number."""
_NEVER = np.datetime64("NaT")

Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Intervened:
    """How many of `rows` label rows had an action in their window (`with_action`), and how many lost a known outcome
    for it (`changed`)."""

    rows: int
    with_action: int
    changed: int


def intervened(rows: pd.DataFrame) -> Intervened:
    """The count over label rows, such as those of one slice."""
    changed = rows["reason"].isin([CENSORED, EXCLUDED])
    return Intervened(len(rows), int(rows["action_on"].notna().sum()), int(changed.sum()))


def first_actions(store: Store, cohort: pd.DataFrame, recipe: LabelRecipe) -> tuple[Days, tuple[str, ...]]:
    """For each row of `cohort` the first action in its label window, or NaT; and which tables were not landed."""
    landed = [name for name in _READ if name in store.landed]
    notes = tuple(f"no {name} table: {_LEFT_OUT[name]} are not known" for name in _READ if name not in landed)
    known = np.sort(np.concatenate([np.empty(0, np.int64), *(_READ[name](store) for name in landed)]))
    person = cohort["person"].to_numpy().astype(np.int64) * _PERSON
    index = cohort["index_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    at = np.append(known, np.iinfo(np.int64).max)[np.searchsorted(known, person + index + recipe.first_day)]
    inside = at <= person + index + recipe.last_day
    return np.where(inside, (at - person).astype("datetime64[D]"), _NEVER), notes


def apply_mode(rows: pd.DataFrame, mode: str, died: Days) -> None:
    """Write into label rows what `mode` makes of their actions. `died`: the day of each row's death, or NaT.

    Only a known outcome changes. What came on the day of the action or before it stands when censoring.
    """
    acted = rows["action_on"].notna() & rows["outcome"].notna()
    if mode == "censor":
        over = np.where(
            rows["event_on"].notna(),
            rows["event_on"].to_numpy().astype("datetime64[D]"),
            _select_death_days(rows, died),
        )
        gone = acted & ~(over <= rows["action_on"].to_numpy().astype("datetime64[D]"))
        rows.loc[gone, "censored_on"] = rows.loc[gone, "action_on"]
    else:
        gone = acted & (mode == "exclude")
    rows.loc[gone, "outcome"] = np.nan
    rows.loc[gone, "event_on"] = pd.NaT
    rows.loc[gone, "reason"] = CENSORED if mode == "censor" else EXCLUDED


def _select_death_days(rows: pd.DataFrame, died: Days) -> Days:
    return np.where(rows["reason"] == "died", died, _NEVER)


def _find_caseload_starts(store: Store) -> npt.NDArray[np.int64]:
    """Person and day of each caseload row."""
    rows = store.read("caseload")
    return _encode_person_days(rows[~_is_one_of(rows["status"], NOT_TAKEN_ON)], "from_on")


def _find_review_actions(store: Store) -> npt.NDArray[np.int64]:
    """Person and day of each review that ended in an action; one without a day of decision counts on its list's."""
    rows = store.read("reviews")
    decided = rows["decided_on"].fillna(rows["list_date"])
    return _encode_person_days(rows.assign(decided_on=decided)[~_is_one_of(rows["outcome"], NO_ACTION)], "decided_on")


def _is_one_of(words: pd.Series, chosen: Sequence[str]) -> pd.Series:
    return words.str.lower().isin(chosen)


def _encode_person_days(rows: pd.DataFrame, column: str) -> npt.NDArray[np.int64]:
    days = rows[column].to_numpy().astype("datetime64[D]").astype(np.int64)
    return rows["person"].to_numpy().astype(np.int64) * _PERSON + days


_READ = {"caseload": _find_caseload_starts, "reviews": _find_review_actions}
_LEFT_OUT = {"caseload": "people whom the teams took on", "reviews": "decisions of the teams"}
