"""What an emergency stay or an A&E visit was for, in plain words, or "another reason".

"Another reason" stands where the reason is sensitive, where it is not known, where it is of no group of the codelist,
and in place of a share of all others. The share hangs on the age at the time (`untold_shares.py`), and which ones it
takes on a hash of the person and the day: so the same stay reads the same each week, and nothing that a reader sees
tells the two kinds apart. Where so many are sensitive that no share would do, no reason is told at that age, nor this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.settings import SensitiveSettings
from riskstrat.sources.sensitive import SYSTEMS_OF, mark_coded, mark_values, require_sensitive

ANOTHER = "another reason"
STAY_REASONS, VISIT_REASONS = "stay_reasons", "attendance_reasons"
"""Codelists of reasons: of stays by the beginning of the main diagnosis, of A&E visits by whole complaints."""

HARM = ("Self-harm", "Abuse")
"""Groups of the sensitive codelist that make a secret of the injury or poisoning that they come with."""

INJURY = ("S", "T")
"""First letters of ICD-10 codes of injuries and poisonings."""

SILENT = 2.0
"""In place of a share: even if no ordinary reason were told, too many that read "another reason" would be sensitive."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ReasonRules:
    """What decides which reason is told: the site's codelists and shares, and each person's birth by patient_id.

    raised: by the age from which a stated share holds, the share that the records ask for, where it is the larger one;
    `SILENT` where none would do.
    """

    codelists: Mapping[str, Codelist]
    settings: SensitiveSettings
    born: pd.Series
    raised: Mapping[int, float] = field(default_factory=dict)

    def choose_untold(self, patients: pd.Series, days: pd.Series) -> Flags:
        """Which of these days' ordinary reasons are not told."""
        shares = self._find_shares(patients, days)
        draws = [draw_share(f"{patient}|{day:%Y-%m-%d}") for patient, day in zip(patients, days, strict=True)]
        return np.array(draws, float) < shares

    def choose_silent(self, patients: pd.Series, days: pd.Series) -> Flags:
        """On which of these days not even "another reason" is said, of whatever the reason was."""
        return self._find_shares(patients, days) >= SILENT

    def _find_shares(self, patients: pd.Series, days: pd.Series) -> npt.NDArray[np.float64]:
        born = self.born.reindex(patients).to_numpy().astype("datetime64[D]")
        ages = np.nan_to_num(age_in_years(born, days.to_numpy()))
        starts = np.array(self.settings.list_untold_ages())
        shares = [max(self.settings.get_untold_share(start), self.raised.get(int(start), 0.0)) for start in starts]
        return np.array(shares, float)[np.searchsorted(starts, np.maximum(ages, 0), side="right") - 1]


def draw_share(key: str) -> float:
    """A number from 0 to below 1 that is the same for the same key."""
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big") / 2**64


def tell_stays(stays: pd.DataFrame, diagnoses: pd.DataFrame, rules: ReasonRules) -> pd.Series:
    """The reason of each stay, by its row.

    stays: one row per emergency stay with patient_id, spell, admitted_on, specialty. diagnoses: one row per diagnosis
    of the whole record with spell, position, system, code, as known.
    """
    mine = diagnoses[diagnoses["spell"].isin(stays["spell"])]
    main = mine[mine["position"] == 1].drop_duplicates("spell").set_index("spell")["code"].reindex(stays["spell"])
    withheld = mark_sensitive_stays(stays, mine, rules.codelists)
    withheld |= rules.choose_untold(stays["patient_id"], stays["admitted_on"])
    words = _name_groups(main, rules.codelists.get(STAY_REASONS), whole=False)
    silent = rules.choose_silent(stays["patient_id"], stays["admitted_on"])
    return pd.Series(np.where(withheld, ANOTHER, words), index=stays.index, dtype=object).mask(silent, None)


def mark_sensitive_stays(stays: pd.DataFrame, diagnoses: pd.DataFrame, codelists: Mapping[str, Codelist]) -> Flags:
    """Whether what each stay was for is sensitive: its main diagnosis or specialty, or self-harm or abuse by an injury.

    stays: one row per stay with spell and specialty. diagnoses: one row per diagnosis, those of these stays among them.
    """
    sensitive = require_sensitive(codelists)
    main = (diagnoses["position"] == 1).to_numpy()
    hidden = set(diagnoses["spell"][main & mark_coded(diagnoses, sensitive)])
    harm = sensitive.only(*(group for group in HARM if group in sensitive.groups))
    injured = set(diagnoses["spell"][main & diagnoses["code"].str[:1].isin(INJURY).to_numpy(bool)])
    hidden |= injured.intersection(diagnoses["spell"][mark_coded(diagnoses, harm)])
    marked: Flags = stays["spell"].isin(hidden).to_numpy()
    return marked | mark_values(stays["specialty"], sensitive, ("specialty",))


def mark_sensitive_complaints(visits: pd.DataFrame, codelists: Mapping[str, Codelist]) -> Flags:
    """Whether the complaint of each A&E visit of the whole record is sensitive."""
    systems = SYSTEMS_OF["attendances"]["complaint"]
    marked: Flags = mark_values(visits["complaint"], require_sensitive(codelists), systems)
    return marked


def tell_visits(visits: pd.DataFrame, stays: pd.DataFrame, rules: ReasonRules) -> pd.Series:
    """The reason of each A&E visit, by its row.

    visits: one row per visit with patient_id, attended_on and the complaint that may be shown. stays: one row per
    emergency stay with patient_id, admitted_on and the reason that is told; where that is "another reason", or none, so
    is the visit that it began with, or the one would give the other away.
    """
    secret = stays[(stays["reason"].isna() | (stays["reason"] == ANOTHER)).to_numpy()]
    days = {
        (patient, day - pd.Timedelta(days=back))
        for patient, day in zip(secret["patient_id"], secret["admitted_on"], strict=True)
        for back in (0, 1)
    }
    began = [key in days for key in zip(visits["patient_id"], visits["attended_on"], strict=True)]
    withheld = np.array(began, dtype=bool) | rules.choose_untold(visits["patient_id"], visits["attended_on"])
    words = _name_groups(visits["complaint"], rules.codelists.get(VISIT_REASONS), whole=True)
    silent = rules.choose_silent(visits["patient_id"], visits["attended_on"])
    return pd.Series(np.where(withheld, ANOTHER, words), index=visits.index, dtype=object).mask(silent, None)


def _name_groups(codes: pd.Series, reasons: Codelist | None, *, whole: bool) -> list[str]:
    """The group of each code, by the whole of it or by its longest known beginning; "another reason" for none."""
    groups = {entry.code: entry.group for entry in reasons.entries} if reasons else {}
    found = {code: _find_group(code, groups, whole=whole) for code in codes.dropna().unique()}
    return [found.get(code, ANOTHER) for code in codes]


def _find_group(code: str, groups: Mapping[str, str], *, whole: bool) -> str:
    beginnings: Iterable[str] = [code.upper()] if whole else (code[:length] for length in range(len(code), 0, -1))
    return next((groups[each] for each in beginnings if each in groups), ANOTHER)
