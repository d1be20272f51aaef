"""Which exclusions could not be checked for a list, in words, so that nobody takes silence for a check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from riskstrat.casefinding.facts import CaseFacts
from riskstrat.casefinding.standing import INPATIENT_DAYS

DIED, MOVED, INPATIENT, PALLIATIVE = (
    "died since the records end",
    "moved away since the records end",
    "in hospital now",
    "palliative care register",
)
NO_CASELOAD = "Not checked: already on a team's caseload (no caseload was landed)"
WITHOUT_TABLE = {
    "opt_outs": "Not checked: opted out (no opt-outs were landed)",
    "registrations": "Not checked: registered with a practice today (no registrations were landed)",
}
"""What is said where no row was landed of a table that decides who is eligible."""

_COLUMNS = {DIED: "died", MOVED: "moved", INPATIENT: "inpatient", PALLIATIVE: "palliative_register"}


def describe_unchecked(facts: CaseFacts, listed: pd.Series, list_date: date) -> tuple[str, ...]:
    """One sentence for each reason why an exclusion was not checked; none where all were. `listed`: persons."""
    statuses = _select_statuses(facts, list_date)
    gaps = _describe_gaps(facts, statuses, listed, list_date) if len(statuses) else _describe_without_statuses(facts)
    absent = (words for table, words in WITHOUT_TABLE.items() if table in facts.not_landed)
    has_caseload = facts.caseload is not None and "caseload" not in facts.not_landed
    return (*gaps, *(() if has_caseload else (NO_CASELOAD,)), *absent)


def _select_statuses(facts: CaseFacts, list_date: date) -> pd.DataFrame:
    columns = ["person", "as_at", "inpatient_on", *_COLUMNS.values()]
    if facts.statuses is None:
        return pd.DataFrame(columns=columns)
    rows = facts.statuses.reindex(columns=columns).assign(as_at=pd.to_datetime(facts.statuses["as_at"]))
    return rows[rows["as_at"] <= pd.Timestamp(list_date)]


def _describe_without_statuses(facts: CaseFacts) -> Iterator[str]:
    missing = [what for what in _COLUMNS if what != PALLIATIVE or facts.palliative is None]
    yield f"Not checked: {', '.join(missing)} (no same-day status was landed by the day of this list)"


def _describe_gaps(facts: CaseFacts, statuses: pd.DataFrame, listed: pd.Series, list_date: date) -> Iterator[str]:
    silent = [what for what, column in _COLUMNS.items() if statuses[column].isna().all()]
    if facts.palliative is not None and PALLIATIVE in silent:
        silent.remove(PALLIATIVE)
    if silent:
        yield f"Not checked: {', '.join(silent)} (the same-day statuses that were landed do not say)"
    age = (pd.Timestamp(list_date) - _find_last_inpatient_day(statuses)).days
    if age >= INPATIENT_DAYS and INPATIENT not in silent:
        yield f"Not checked: {INPATIENT} (last said by a same-day status {age} days ago)"
    without = int((~listed.isin(statuses["person"])).sum())
    if without:
        yield f"Not checked for {without} of the {len(listed)} people on this list, who have no same-day status"


def _find_last_inpatient_day(statuses: pd.DataFrame) -> pd.Timestamp:
    """The latest day on which a status said whether somebody is in hospital: later ones may say nothing of it."""
    said = statuses[statuses["inpatient"].notna()]
    return pd.to_datetime(said["inpatient_on"]).fillna(said["as_at"]).max()
