"""Why a list of a past date, rebuilt, is not the one that stood then: an opt-out or a deletion wins over it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from riskstrat import audit
from riskstrat.documents import long_date
from riskstrat.site.opening import Site

REMEMBERED = timedelta(weeks=52)
"""How far back a list reads lists and decisions."""


def describe_not_whole(opened: Site, list_date: date) -> tuple[str, ...]:
    """Sentences on what a list of a date lacks that there was on that day; none for one that lacks nothing."""
    return (*describe_deleted(opened.workspace.root, list_date), *_describe_opted_out(opened, list_date))


def describe_deleted(root: Path, list_date: date) -> tuple[str, ...]:
    """That lists or decisions which a list of a date would read were deleted since, from the audit log."""
    first = audit.find_first_kept(root)
    read_since = list_date - REMEMBERED
    gone = {what: first[what] for what in ("lists", "decisions") if what in first and first[what] > read_since}
    if not gone:
        return ()
    said = " and ".join(f"{what} of before {long_date(day)}" for what, day in gone.items())
    return (
        f"Not whole: {said} have been deleted, so people who were listed or decided about then may stand here as new",
    )


def _describe_opted_out(opened: Site, list_date: date) -> tuple[str, ...]:
    """That people have opted out since, where they have; how many is not said."""
    store = opened.store
    if list_date >= store.data_as_at or "opt_outs" not in store.landed:
        return ()
    rows = store.read("opt_outs")
    applies = rows["kind"].isin(list(opened.opt_outs)) | rows["kind"].isna()
    if not (pd.to_datetime(rows["from_on"])[applies] > pd.Timestamp(list_date)).any():
        return ()
    return (f"Not whole: people who have opted out since {long_date(list_date)} are not on this list",)
