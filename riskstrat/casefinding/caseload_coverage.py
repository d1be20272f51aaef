"""From when to when the teams' caseload can be trusted to hold everybody whom they had: as for any source, by its rows.

A row tells of two days, when a team took somebody on and when it let them go. Extracts are often of those who stand on
the caseload alone: then nobody is told of who was let go before, and the past reads emptier than it was.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from riskstrat.casefinding.register import list_moves, tells_caseload_ends
from riskstrat.sources.coverage import SURE, Coverage
from riskstrat.sources.store import Store

CASELOAD = "caseload"
WORDS = "rows of the caseload"
ENDLESS = "the caseload says of nobody when a team let them go, so who was on it before cannot be told"
YEAR_DAYS = 365


def explain_endless(caseload: pd.DataFrame) -> str:
    """Why a caseload of a year or more that has let nobody go tells of no past; empty where it does, or may be new."""
    began = pd.to_datetime(caseload["from_on"])
    old = len(caseload) >= SURE and (began.max() - began.min()).days >= YEAR_DAYS
    return ENDLESS if old and not tells_caseload_ends(caseload) else ""


def add_caseload(coverage: Coverage, store: Store) -> Coverage:
    """The same coverage with the caseload as a source more, to which its teams contribute; as it was where none landed.

    It begins with the first day on which anybody was let go, where too many would have been before for chance.
    """
    if CASELOAD not in store.landed:
        return coverage
    moves = _list_moves(store)
    month = moves["day"].dt.to_period("M").dt.to_timestamp().astype("datetime64[s]")
    counted = moves.groupby(["team", month.rename("month")], as_index=False).agg(
        rows=("day", "size"), first_day=("day", "min"), last_day=("day", "max")
    )
    own = counted.rename(columns={"team": "contributor"}).assign(source=CASELOAD)[list(coverage.months.columns)]
    parts = [part for part in (coverage.months, own) if len(part)]
    return replace(coverage, months=pd.concat(parts, ignore_index=True)) if parts else coverage


def _list_moves(store: Store) -> pd.DataFrame:
    """One row for each time that a team took somebody on or let them go, from the day that tells of endings too: team,
    day."""
    moves = list_moves(store.read(CASELOAD), store.data_as_at)
    ended = moves.loc[moves["is_end"], "day"]
    if len(ended):
        first = ended.min()
        rate = len(ended) / max((pd.Timestamp(store.data_as_at) - first).days, 1)
        if (first - moves["day"].min()).days * rate >= SURE:
            moves = moves[moves["day"] >= first]
    return moves[["team", "day"]].astype({"day": "datetime64[s]"})
