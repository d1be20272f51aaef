"""Same-day statuses that are dated ahead, by a slip or as a plan: nobody stays listed because of a date."""

from __future__ import annotations

from datetime import date

import pandas as pd

_TRUTHS = ("inpatient", "died", "moved", "palliative_register")


def bring_forward(statuses: pd.DataFrame, list_date: date, data_as_at: date) -> pd.DataFrame:
    """One row per person and day. What a status says that is dated after the list and the extract holds by now.

    A list of a day before the extract's knows nothing of it: it is as it was made then.

    It is added to the person's latest status of the list's day or before, so that no check looks newer; without one, to
    the latest day that anybody has. That somebody is in hospital is said on the list's day: column `inpatient_on`. Only
    what it says is so counts early; what it says is not was not checked.
    """
    days = pd.to_datetime(statuses["as_at"])
    ahead = days > pd.Timestamp(list_date)
    if list_date < data_as_at or not ahead.any():
        return statuses
    truths = [name for name in _TRUTHS if name in statuses]
    rows = statuses.assign(as_at=days, **{name: statuses[name].astype("boolean") for name in truths})
    known = rows[(days <= pd.Timestamp(list_date)).to_numpy()]
    latest = pd.Timestamp(list_date) if known.empty else known["as_at"].max()
    early = rows[ahead.to_numpy() & rows[truths].fillna(False).any(axis=1).to_numpy(dtype=bool)]
    own = known.groupby("person")["as_at"].max().reindex(early["person"]).fillna(latest).to_numpy()
    only_true = {name: early[name].where(early[name].fillna(False)) for name in truths}
    early = early.assign(as_at=own, inpatient_on=pd.Timestamp(list_date), **only_true)
    if "inpatient" in truths:
        early["inpatient_on"] = early["inpatient_on"].where(early["inpatient"].notna())
    joined = pd.concat([rows[~ahead.to_numpy()], early], ignore_index=True)
    merged = joined.groupby(["person", "as_at"], as_index=False)[[*truths, "inpatient_on"]].max()
    said = {name: merged[name].astype(object).where(merged[name].notna(), None) for name in truths}
    return merged.assign(**said)
