"""Which groups each person belonged to at the index date: what an evaluation is looked at by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.ages import AGE_BANDS, AGES
from riskstrat.definitions.durations import age_in_years
from riskstrat.sources import tables
from riskstrat.sources.selection import known_rows
from riskstrat.sources.store import Store

NOT_RECORDED = "not recorded"

SEXES = {"F": "female", "M": "male", "I": "indeterminate"}

ETHNIC_GROUPS = {
    "Asian": ("H", "J", "K", "L", "R"),
    "Black": ("M", "N", "P"),
    "Mixed": ("D", "E", "F", "G"),
    "White": ("A", "B", "C"),
    "Other": ("S",),
}
"""The 2001 ethnic category codes of the NHS Data Dictionary in the five groups of the ONS since the 2011 Census, where
Chinese (R) stands with Asian. Z (not stated) and 99 (not known) are in none."""

QUINTILES = ("1 most deprived", "2", "3", "4", "5 least deprived")
"""Fifths of England by Index of Multiple Deprivation, from the decile of the area of residence."""

CONDITIONS = ("none", "1", "2 or 3", "4 or more")
CARE_HOME = ("in a care home", "not in one")
ADMITTED = ("no admission in 24 months", "admitted in 24 months")
TWO_YEARS = 730

_PERSON = 10_000_000
"""More days than any date has, so that person and day make one sortable number."""


def groups(store: Store, cohort: pd.DataFrame, *, number_of_conditions: npt.NDArray[Any] | None = None) -> pd.DataFrame:
    """One row per row of `cohort`, in its order; one ordered category per dimension, as known at the index date.

    Columns: age_band, sex, ethnicity, imd_quintile, conditions, care_home, no_admission_24m. Those whose column was not
    landed are left out, and so is conditions unless `number_of_conditions` gives the recorded conditions of each row.
    Any admission known by the index date counts, besides the stay that gave it.
    """
    made = {
        name: pd.Categorical(values, _list_present_values(values, order), ordered=True)
        for name, values, order in _derive_dimensions(store, cohort)
    }
    if number_of_conditions is not None:
        place = np.searchsorted((1, 2, 4), number_of_conditions, side="right")
        said = np.where(np.isnan(number_of_conditions), NOT_RECORDED, np.array(CONDITIONS)[np.minimum(place, 3)])
        made["conditions"] = pd.Categorical(said, _list_present_values(said, CONDITIONS), ordered=True)
    return pd.DataFrame({name: made[name] for name in _ORDER if name in made})


_ORDER = ("age_band", "sex", "ethnicity", "imd_quintile", "conditions", "care_home", "no_admission_24m")

Dimension = tuple[str, npt.NDArray[np.object_], Sequence[str]]


def _derive_dimensions(store: Store, cohort: pd.DataFrame) -> Iterator[Dimension]:
    """Name, value of each row and order of values of each dimension that the store can tell."""
    index = cohort["index_date"].to_numpy().astype("datetime64[D]")
    people = store.people().iloc[cohort["person"].to_numpy()]
    absent = store.absent_columns.get("people", ())
    age = age_in_years(people["date_of_birth"].to_numpy(), index)
    yield "age_band", np.array(AGE_BANDS, object)[np.searchsorted(AGES, age, side="right")], AGE_BANDS
    yield "sex", _label_values(people["sex"], SEXES), tuple(SEXES.values())
    if "ethnicity" not in absent:
        letters = {letter: group for group, given in ETHNIC_GROUPS.items() for letter in given}
        yield "ethnicity", _label_values(people["ethnicity"], letters), tuple(ETHNIC_GROUPS)
    if "imd_decile" not in absent:
        fifths = {decile: QUINTILES[(decile - 1) // 2] for decile in range(1, 11)}
        yield "imd_quintile", _label_values(people["imd_decile"], fifths), QUINTILES
    if "care_home_from" not in absent:
        lives = people["care_home_from"].to_numpy().astype("datetime64[D]") <= index
        yield "care_home", _label_either(lives, *CARE_HOME), CARE_HOME
    yield "no_admission_24m", _label_either(~_mark_admitted(store, cohort, index), *ADMITTED), ADMITTED


def _label_either(holds: npt.NDArray[np.bool_], one: str, other: str) -> npt.NDArray[np.object_]:
    return np.where(holds, np.array(one, object), np.array(other, object))


def _label_values(values: pd.Series, words: Mapping[Any, str]) -> npt.NDArray[np.object_]:
    return values.map(words).astype(object).fillna(NOT_RECORDED).to_numpy()


def _list_present_values(values: npt.NDArray[Any], order: Sequence[str]) -> list[str]:
    found = set(values)
    return [each for each in (*order, NOT_RECORDED) if each in found]


def _mark_admitted(store: Store, cohort: pd.DataFrame, index: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    """Whether an admission of the 24 months to the index date was known on it, looking back from the latest."""
    columns = ("person", "admitted_on", "valid_from", "spell", "last_spell")
    stays, _ = known_rows(store, tables.admissions, columns)
    first_of = dict(zip(stays["last_spell"].tolist(), stays["spell"].tolist(), strict=True))
    began = stays["person"].astype(np.int64) * _PERSON + stays["admitted_on"].astype(np.int64)
    began = np.append(began, np.iinfo(np.int64).min)  # where a place of -1 looks
    day = cohort["person"].to_numpy().astype(np.int64) * _PERSON + index.astype(np.int64)
    spell = cohort["spell"].map(first_of).fillna(-1).to_numpy(np.int32)
    found = np.zeros(len(cohort), bool)
    looking, at = np.arange(len(cohort)), np.searchsorted(began[:-1], day, side="right") - 1
    while len(looking):
        inside = began[at] > day[looking] - TWO_YEARS
        looking, at = looking[inside], at[inside]
        counts = (stays["valid_from"][at] <= index[looking]) & (stays["spell"][at] != spell[looking])
        found[looking[counts]] = True
        looking, at = looking[~counts], at[~counts] - 1
    return found
