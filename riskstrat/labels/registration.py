"""How long each person stayed registered: spells joined where one practice follows another."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from riskstrat.sources import tables
from riskstrat.sources.selection import known_rows
from riskstrat.sources.store import Store

MOVING_DAYS = 28
"""A new practice within this many days is a move, not a departure."""

_STILL = np.datetime64("9999-12-31", "D")


def registered_until(
    store: Store, person: npt.NDArray[np.int32], index: npt.NDArray[np.datetime64], as_at: date
) -> npt.NDArray[np.datetime64]:
    """For each row the day registration ended, as known at `as_at`; NaT while it lasts, or where none is landed."""
    until = np.full(len(person), np.datetime64("NaT"), "datetime64[D]")
    if "registrations" not in store.landed:
        return until
    columns = ("person", "registered_from", "registered_to")
    spells, _ = known_rows(store, tables.registrations, columns, as_at)
    who, first, last = _merge_spells(spells["person"], spells["registered_from"], spells["registered_to"])
    start = np.searchsorted(who, person, "left")
    end = np.searchsorted(who, person, "right")
    for step in range(int((end - start).max(initial=0))):
        at = np.minimum(start + step, len(who) - 1)
        holds = (start + step < end) & (first[at] <= index) & (last[at] > index)
        until[holds] = last[at[holds]]
    return np.where(until == _STILL, np.datetime64("NaT"), until)


def _merge_spells(
    person: npt.NDArray[np.int32], begun: npt.NDArray[np.datetime64], ended: npt.NDArray[np.datetime64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """Person, first and last day of each continuous period, from spells sorted by person and first day."""
    if not len(person):
        return person, begun, ended
    ended = np.where(np.isnat(ended), _STILL, ended)
    reached = _find_running_latest(person, ended)
    new = np.ones(len(person), bool)
    new[1:] = (person[1:] != person[:-1]) | (begun[1:] - reached[:-1] > np.timedelta64(MOVING_DAYS, "D"))
    heads = np.flatnonzero(new)
    return person[heads], begun[heads], np.maximum.reduceat(ended, heads)


def _find_running_latest(
    person: npt.NDArray[np.int32], ended: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.datetime64]:
    """The latest end among a person's spells so far: persons are set apart by an offset larger than any date."""
    apart = person.astype(np.int64) * 10_000_000
    return (np.maximum.accumulate(ended.astype(np.int64) + apart) - apart).astype("datetime64[D]")
