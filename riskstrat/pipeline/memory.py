"""What earlier lists said of whom: the memory that a new list starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.errors import PublicationError
from riskstrat.pipeline.auditing import MANIFEST
from riskstrat.storage import compute_digest, parse_json

EVERYONE = "internal/everyone.parquet"
"""In the folder of a published list: one row per eligible person with a team, as `EVERYONE_COLUMNS`."""

EVERYONE_COLUMNS = (
    *("patient_id", "team", "place", "reason", "order", "margin", "risk"),
    *("reference", "rank", "status", "listed_since", "weeks_on_list"),
)
_LISTED = ["team", "patient_id", "reference", "rank", "status", "listed_since", "weeks_on_list", "margin"]

WEEKS = 52
"""How far back a list is remembered."""


@dataclass(frozen=True)
class EarlierList:
    """One list of an earlier date. `fingerprint` is the sha256 of what was published; `read` gives columns of
    `EVERYONE_COLUMNS`, one row per eligible person with a team."""

    day: date
    version: int
    manifest: Mapping[str, Any]
    fingerprint: str
    read: Callable[[Sequence[str]], pd.DataFrame]

    def listed(self) -> pd.DataFrame:
        """One row per person who was on it."""
        rows = self.read(["place", *_LISTED])
        return rows.loc[rows["place"] == "listed", _LISTED].assign(list_date=pd.Timestamp(self.day))


def published_list(lists: Path, model: str, day: date) -> EarlierList | None:
    """The list of a model that stands published for that date, if there is one."""
    folder = lists / day.isoformat()
    if not (folder / EVERYONE).is_file():
        return None
    one = _earlier(folder, day)
    return one if one.manifest.get("model") == model else None


def earlier_lists(lists: Path, model: str, before: date) -> tuple[EarlierList, ...]:
    """The lists of a model that stand published for dates up to a year before, the latest first; none withdrawn."""
    found = []
    for folder in sorted(lists.glob("????-??-??"), reverse=True):
        day = _day(folder.name)
        if day is not None and before - timedelta(weeks=WEEKS) <= day < before and (folder / EVERYONE).is_file():
            found.append(_earlier(folder, day))
    return tuple(one for one in found if one.manifest.get("model") == model)


def _earlier(folder: Path, day: date) -> EarlierList:
    try:
        written = (folder / MANIFEST).read_bytes()
        manifest = parse_json(written)
        version = int(manifest["version"])
    except (OSError, ValueError, KeyError, TypeError):
        raise PublicationError(
            f"the list of {day} cannot be read, and this list would forget it: restore {MANIFEST}, or withdraw that "
            f'list: riskstrat withdraw {day} --reason "..."'
        ) from None

    def read(columns: Sequence[str]) -> pd.DataFrame:
        return pd.read_parquet(folder / EVERYONE, columns=list(columns))

    return EarlierList(day, version, manifest, compute_digest(written), read)


def listed_before(earlier: Sequence[EarlierList]) -> pd.DataFrame:
    """One row per earlier list and person on it: list_date, team, patient_id, reference, rank, status, ..."""
    frames = [one.listed() for one in earlier]
    if not frames:
        return pd.DataFrame(columns=["list_date", *_LISTED])
    return pd.concat(frames, ignore_index=True)


def margins_before(earlier: Sequence[EarlierList], list_date: date, weeks: int) -> pd.Series:
    """By patient_id the margin at the earliest list of the last `weeks` weeks; empty where there is none."""
    since = list_date - timedelta(weeks=weeks)
    within = [one for one in earlier if one.day >= since]
    if not within:
        return pd.Series(dtype=float, name="margin")
    return margins_of(within[-1])


def margins_of(one: EarlierList) -> pd.Series:
    """By patient_id the margin that was published."""
    return one.read(["patient_id", "margin"]).set_index("patient_id")["margin"]


def trend_of(earlier: Sequence[EarlierList], patients: Sequence[str]) -> pd.DataFrame:
    """One row per patient and earlier list, the oldest first: patient_id, list_date, risk."""
    wanted, frames = set(patients), []
    for one in reversed(earlier):
        rows = one.read(["patient_id", "risk"])
        frames.append(rows[rows["patient_id"].isin(wanted)].assign(list_date=pd.Timestamp(one.day)))
    columns = ["patient_id", "list_date", "risk"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def fingerprint(earlier: Sequence[EarlierList]) -> str:
    """sha256 over what the earlier lists published: the same memory, the same text."""
    return compute_digest(" ".join(one.fingerprint for one in earlier))


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
