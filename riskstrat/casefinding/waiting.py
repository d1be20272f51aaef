"""What earlier lists and reviews make of a candidate: how long on the list, and the status that a row would have."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from riskstrat.casefinding.facts import CaseFacts, Memory
from riskstrat.casefinding.reviews import last_discussed, reviews_by
from riskstrat.definitions.settings import CasefindingSettings


def histories(
    people: pd.DataFrame, standing: pd.DataFrame, facts: CaseFacts, memory: Memory, list_date: date
) -> pd.DataFrame:
    """One row per row of `people`, with its index: waiting, been_here, listed_since, earlier_reference.

    `waiting`: on the previous list and not discussed since they came onto it, as far as reviews say. `been_here`: on
    any earlier list, reviewed at any time, or once on a caseload that has ended.
    """
    listed = memory.before(list_date).reindex(people["patient_id"]).set_axis(people.index)
    discussed = last_discussed(reviews_by(facts.reviews, list_date)).reindex(people["person"]).set_axis(people.index)
    discussed = pd.to_datetime(discussed)
    since = pd.to_datetime(listed["listed_since"])
    previous = memory.previous(list_date)
    last = pd.to_datetime(listed["list_date"])
    waiting = (last == previous) & ~(discussed >= since) if previous is not None else pd.Series(False, people.index)
    return pd.DataFrame(
        {
            "waiting": waiting,
            "been_here": last.notna() | discussed.notna() | standing["left"],
            "listed_since": since.where(waiting, pd.Timestamp(list_date)),
            "earlier_reference": listed["reference"].astype(object).where(listed["reference"].notna(), None),
        },
        index=people.index,
    )


def weeks_on_list(listed_since: pd.Series, list_date: date) -> pd.Series:
    """Weeks since the person came onto the list without leaving it; the first week is 1."""
    return (pd.Timestamp(list_date) - listed_since).dt.days // 7 + 1


def statuses_of(rows: pd.DataFrame, memory: Memory, rules: CasefindingSettings) -> pd.Series:
    """The status of each listed row, with its index. The first that holds decides.

    REFERRED IN: nominated by a clinician, and nobody has taken it up (weeks on the list say how long they have waited).
    CARRIED OVER: on the previous list and not discussed since. RE-REFERRED: seen before and back: reviewed and
    rested, on a caseload that has ended, or on an earlier list and not on the last. RISING: for the first time on a
    list, and the odds are at least `rising_by` times those at the earliest list of `rising_weeks`. NEW: any other.
    """
    before = memory.odds_before.reindex(rows["patient_id"]).to_numpy(dtype=float)
    risen = rows["margin"].to_numpy(dtype=float) - before >= np.log(rules.rising_by)
    tests = {
        "REFERRED IN": rows["nominated"].to_numpy(dtype=bool),
        "CARRIED OVER": rows["waiting"].to_numpy(dtype=bool),
        "RE-REFERRED": rows["been_here"].to_numpy(dtype=bool),
        "RISING": risen,
    }
    return pd.Series(np.select(list(tests.values()), list(tests), default="NEW"), index=rows.index, dtype=object)
