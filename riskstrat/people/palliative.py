"""Who is in palliative care by the recorded conditions: never inferred, and not told where no such code is landed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.sources.doubtful import CONDITIONS, read_doubtful, select_holding
from riskstrat.sources.selection import read_coded_rows
from riskstrat.sources.store import Store

CODELIST = "palliative"
IN_CARE = "in palliative care"
"""The group of codes that put somebody on the register; any other group of the codelist takes them off."""


def find_palliative(store: Store, codelists: Mapping[str, Codelist], at: date) -> frozenset[int] | None:
    """Persons whose latest code of the codelist, as known on that day, says palliative care and has not ended.

    Of two codes of one day the one that says palliative care counts. A quarantined row that names a person and says
    palliative care counts too, whatever other rows say. None where the conditions cannot tell: they were not landed, no
    code of the codelist is among them, or the site has no such codelist.
    """
    if "conditions" not in store.landed or CODELIST not in codelists:
        return None
    rows = read_coded_rows(store, "conditions", codelists[CODELIST])
    doubtful = _read_doubtful_care(store, codelists[CODELIST])
    if rows.empty and doubtful.empty:
        return None
    standing = select_holding(doubtful, at, store.data_as_at, "recorded_on", "ended_on")
    return _find_in_care(rows, at) | frozenset(standing["person"].tolist())


def _find_in_care(rows: pd.DataFrame, at: date) -> frozenset[int]:
    now = pd.Timestamp(at)
    known = rows[(rows["valid_from"] <= now) & (rows["valid_to"] > now) & (rows["recorded_on"] <= now)]
    begun = known.assign(in_care=(known["group"] == IN_CARE) & ~(known["ended_on"] <= now))
    ordered = begun.sort_values(["person", "recorded_on", "in_care"], kind="stable")
    latest = ordered.drop_duplicates("person", keep="last")
    return frozenset(int(person) for person in latest.loc[latest["in_care"], "person"])


def _read_doubtful_care(store: Store, codelist: Codelist) -> pd.DataFrame:
    """The quarantined rows whose code says palliative care in any system: the one that they name may be the fault."""
    rows = read_doubtful(store, CONDITIONS)
    groups = {code: _list_groups(codelist, code) for code in rows["code"].unique()}
    return rows[rows["code"].map(lambda code: IN_CARE in groups[code]).astype(bool)]


def _list_groups(codelist: Codelist, code: str) -> set[str]:
    systems = {system for entry in codelist.entries for system in entry.reads}
    return {codelist.entries[number].group for system in systems for number in codelist.find(code, system)}
