"""Boroughs the simulator knows: ages, deprivation by locality, practices and the areas they belong to.

Population: ONS mid-2020 estimates. Deprivation: English Indices of Deprivation 2025 (MHCLG), small areas counted by
locality and decile. Both Open Government Licence v3.0. Locality names: Knowsley's six clusters (c. 2006) and the hubs
of 2017, Havering's named GP localities; which ward belongs to which locality, and the remaining names, are our reading.
Practices, PCNs and small-area codes are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskstrat.errors import SourceError

PEOPLE_PER_PRACTICE = 6_300
AGE_BAND_STARTS = np.array([*range(0, 95, 5)], dtype=np.int32)


@dataclass(frozen=True)
class Locality:
    """A cluster of practices: its hub and its small areas counted by IMD 2025 decile (most deprived first)."""

    name: str
    hub: str
    small_areas: tuple[int, ...]


@dataclass(frozen=True)
class Borough:
    """One borough. `ages` counts residents by five-year band, the last being 90 and over."""

    name: str
    provider: str
    ages: tuple[int, ...]
    older_per_decile: float
    """Change of the log-odds of living one decile up, per decade of age; read off population by age and decile."""
    white_british: float
    localities: tuple[Locality, ...]

    @cached_property
    def areas(self) -> SmallAreas:
        """Small areas, practices and areas of this borough, always in the same order."""
        return SmallAreas.of(self)


@dataclass(frozen=True)
class SmallAreas:
    """One row per small area (locality, decile) and one per practice (locality, PCN)."""

    lsoa: np.ndarray
    decile: np.ndarray
    locality: np.ndarray
    practice: np.ndarray
    practice_locality: np.ndarray
    practice_pcn: np.ndarray
    pcns: tuple[str, ...]

    @classmethod
    def of(cls, borough: Borough) -> SmallAreas:
        """Invented codes in a fixed order: `E01999001`..., `X99001`...; a PCN serves each locality, large ones two."""
        counts = np.array([place.small_areas for place in borough.localities])
        locality, decile0 = np.nonzero(counts)
        repeats = counts[locality, decile0]
        total = int(counts.sum())
        practices = np.maximum(2, np.round(counts.sum(1) * 1_500 / PEOPLE_PER_PRACTICE)).astype(int)
        practice_locality = np.repeat(np.arange(len(practices)), practices)
        number = np.arange(practices.sum())
        first = np.repeat(np.cumsum(practices) - practices, practices)
        second_half = ((number - first) * 2 >= practices[practice_locality]) & (practices[practice_locality] >= 5)
        pcns, practice_pcn = _assign_pcns(borough, practice_locality, second_half)
        return cls(
            lsoa=np.array([f"E01{999001 + i}" for i in range(total)]),
            decile=np.repeat(decile0 + 1, repeats).astype(np.int8),
            locality=np.repeat(locality, repeats).astype(np.int16),
            practice=np.array([f"X{99001 + i}" for i in number]),
            practice_locality=practice_locality.astype(np.int16),
            practice_pcn=practice_pcn,
            pcns=pcns,
        )


def _assign_pcns(borough: Borough, locality: np.ndarray, second: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    names: dict[str, int] = {}
    numbers = []
    split = {int(place) for place in locality[second]}
    for place, late in zip(locality, second, strict=True):
        part = ("" if int(place) not in split else " East" if late else " West") + " PCN"
        numbers.append(names.setdefault(borough.localities[place].name + part, len(names)))
    return tuple(names), np.array(numbers, dtype=np.int16)


def _build_localities(*rows: tuple[str, str, tuple[int, ...]]) -> tuple[Locality, ...]:
    return tuple(Locality(*row) for row in rows)


BOROUGHS: dict[str, Borough] = {
    "knowsley": Borough(
        "Knowsley",
        "RBN",
        (
            10089,
            10051,
            9219,
            8214,
            8895,
            10692,
            10931,
            9501,
            7946,
            8836,
            10175,
            11384,
            10100,
            8116,
            6809,
            4474,
            3661,
            2198,
            1161,
        ),
        0.02,
        0.93,
        _build_localities(
            ("North Kirkby", "Kirkby", (8, 3, 0, 0, 0, 2, 0, 0, 0, 0)),
            ("South Kirkby", "Kirkby", (7, 1, 3, 1, 0, 2, 0, 0, 0, 0)),
            ("North Huyton", "Huyton", (13, 5, 1, 1, 0, 1, 0, 0, 0, 0)),
            ("South Huyton", "Huyton", (2, 3, 0, 1, 1, 2, 4, 4, 1, 0)),
            ("Prescot/Whiston/Cronton", "Prescot/Whiston/Cronton", (6, 1, 4, 2, 2, 2, 2, 1, 0, 0)),
            ("Halewood", "Halewood", (4, 1, 0, 2, 1, 1, 3, 1, 1, 0)),
        ),
    ),
    "halton": Borough(
        "Halton",
        "RBN",
        (
            7374,
            8387,
            8625,
            7114,
            6836,
            8181,
            8383,
            8385,
            7702,
            8548,
            8847,
            9083,
            8189,
            7453,
            7045,
            4222,
            2886,
            1707,
            792,
        ),
        0.02,
        0.95,
        _build_localities(
            ("Runcorn", "Runcorn", (17, 4, 4, 4, 2, 2, 0, 5, 4, 1)),
            ("Widnes", "Widnes", (8, 7, 2, 4, 3, 2, 2, 1, 3, 5)),
        ),
    ),
    "wirral": Borough(
        "Wirral",
        "RBL",
        (
            17149,
            19711,
            19595,
            17244,
            15958,
            18325,
            19279,
            18837,
            18305,
            20487,
            22933,
            24045,
            21179,
            19198,
            19074,
            13560,
            9875,
            6057,
            3525,
        ),
        0.06,
        0.93,
        _build_localities(
            ("Birkenhead", "Wirral integrated commissioning hub", (29, 6, 2, 4, 2, 4, 2, 6, 1, 1)),
            ("Wallasey", "Wirral integrated commissioning hub", (16, 8, 7, 8, 3, 2, 9, 3, 2, 0)),
            ("Wirral South", "Wirral integrated commissioning hub", (1, 3, 4, 4, 4, 1, 1, 6, 9, 15)),
            ("Wirral West", "Wirral integrated commissioning hub", (3, 2, 1, 2, 2, 4, 5, 7, 8, 12)),
        ),
    ),
    "havering": Borough(
        "Havering",
        "RF4",
        (
            17167,
            17251,
            15719,
            14105,
            14117,
            17407,
            18900,
            18698,
            16677,
            15913,
            17227,
            16644,
            14308,
            11672,
            12035,
            8509,
            6833,
            4615,
            2854,
        ),
        0.06,
        0.67,
        _build_localities(
            ("Cranham", "Cranham", (0, 0, 0, 0, 0, 1, 1, 4, 4, 12)),
            ("Elm Park", "Elm Park", (0, 1, 0, 0, 2, 1, 4, 2, 3, 3)),
            ("Harold Hill", "Harold Hill", (1, 6, 5, 6, 1, 3, 3, 2, 0, 0)),
            ("Hornchurch", "Hornchurch", (0, 0, 0, 2, 3, 2, 3, 4, 9, 3)),
            ("Rainham", "Rainham", (0, 0, 3, 3, 3, 3, 3, 1, 0, 0)),
            ("Romford", "Romford", (0, 2, 3, 8, 11, 5, 8, 1, 5, 3)),
        ),
    ),
}


def borough_named(name: str) -> Borough:
    """The borough called `name`. Raises SourceError for a borough that is not known."""
    if name not in BOROUGHS:
        raise SourceError(f'no borough "{name}" to simulate; choose one of {", ".join(BOROUGHS)}')
    return BOROUGHS[name]
