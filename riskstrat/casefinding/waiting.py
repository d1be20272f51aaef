"""What earlier lists, caseloads and reviews make of a candidate: how they come to this list, and from where."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from riskstrat.casefinding.facts import CaseFacts, Memory
from riskstrat.casefinding.register import find_endings, find_quiet_holdings
from riskstrat.casefinding.reviews import last_closed, last_discussed, last_put_off, reviews_by
from riskstrat.definitions.settings import CasefindingSettings

HISTORY_COLUMNS = (
    *("waiting", "keeps_place", "on_last", "listed_since", "listed_before"),
    *("held_by", "held_since", "left_team", "left_on", "closed_on"),
)


def histories(
    people: pd.DataFrame, facts: CaseFacts, memory: Memory, list_date: date, rules: CasefindingSettings
) -> pd.DataFrame:
    """One row per row of `people`, with its index: `HISTORY_COLUMNS`.

    `waiting`: on the previous list and not discussed since they came onto it, as far as reviews say. `keeps_place`:
    those, and whoever was on a list and has only been put off since. `on_last`: on the previous list, discussed since
    or not. `listed_before`: the last list that they stood on, unless they wait.
    `held_by`, `held_since`: a caseload that holds them on paper alone. `left_team`, `left_on`: the last that no longer
    does, of the teams that may be named. `closed_on`: the latest day on which any team or a review closed their case.
    """
    listed = memory.before(list_date).reindex(people["patient_id"]).set_axis(people.index)
    decided = reviews_by(facts.reviews, list_date)
    discussed, put_off, closed = (
        pd.to_datetime(days.reindex(people["person"]).set_axis(people.index))
        for days in (last_discussed(decided), last_put_off(decided), last_closed(decided))
    )
    since, last = pd.to_datetime(listed["listed_since"]), pd.to_datetime(listed["list_date"])
    previous = memory.previous(list_date)
    on_last = last == previous if previous is not None else pd.Series(False, people.index)
    waiting = on_last & ~(discussed >= since)
    named = facts.select_named()
    quiet = find_quiet_holdings(named, facts.contacted, list_date, rules.caseload_quiet_months)
    every_ending, ended = find_endings(facts.caseload, list_date), find_endings(named, list_date)
    held, left, any_left = (
        rows.reindex(people["person"]).set_axis(people.index) for rows in (quiet, ended, every_ending)
    )
    columns = (
        *(waiting, waiting | (put_off >= since), on_last),
        *(since.where(waiting, pd.Timestamp(list_date)), last.mask(waiting)),
        *(
            _clear_missing(held["team"]),
            pd.to_datetime(held["from_on"]),
            _clear_missing(left["team"]),
            pd.to_datetime(left["ended_on"]),
        ),
        pd.concat([pd.to_datetime(any_left["ended_on"]), closed], axis=1).max(axis=1),
    )
    return pd.DataFrame(dict(zip(HISTORY_COLUMNS, columns, strict=True)), index=people.index)


def weeks_on_list(listed_since: pd.Series, list_date: date) -> pd.Series:
    """Weeks since the person came onto the list without leaving it; the first week is 1."""
    return (pd.Timestamp(list_date) - listed_since).dt.days // 7 + 1


def find_arrivals(rows: pd.DataFrame) -> pd.Series:
    """How each listed row came to the list, with its index. The first that holds decides.

    "referred in": nominated by a clinician, and nobody has taken it up (weeks on the list say how long they have
    waited). "carried over": on the previous list too. "new": anybody else.
    """
    tests = {"referred in": rows["nominated"], "carried over": rows["on_last"]}
    found = np.select([test.to_numpy(dtype=bool) for test in tests.values()], list(tests), default="new")
    return pd.Series(found, index=rows.index, dtype=object)


def find_rising(rows: pd.DataFrame, memory: Memory, rules: CasefindingSettings) -> pd.DataFrame:
    """One row per listed row, with its index: rising_since, risk_before; both missing where the estimate has not risen.

    Rising: the odds are at least `rising_by` times those that the same model gave at the earliest list of
    `rising_weeks`. Without such a list nobody rises.
    """
    before = memory.estimates.reindex(rows["patient_id"]).set_axis(rows.index)
    risen = rows["margin"] - before["margin"].astype(float) >= np.log(rules.rising_by)
    return pd.DataFrame(
        {
            "rising_since": pd.to_datetime(before["list_date"]).where(risen),
            "risk_before": before["risk"].astype(float).where(risen),
        }
    )


def _clear_missing(names: pd.Series) -> pd.Series:
    return names.astype(object).where(names.notna(), None)
