"""How many people each age will have on the teams' caseload in 12 months, were the coming year like the one before it.

Everybody alive and registered is followed from a day a year back to the day that is counted from: still held, let go or
not taken on, dead, or left; and who is held then and was not registered a year before has joined. The shares of each
age are laid upon today's people, each of whom is a year older at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.ages import AGE_BANDS
from riskstrat.definitions.table_rows import read_rows

HELD, NOT_HELD, DIED, LEFT = "held", "not held", "died", "left"
ENDS = (HELD, NOT_HELD, DIED, LEFT)
"""What may have become of a person in a year."""

DRAWS, SEED, LEVEL = 4000, 1, 0.95
NONE = 1e-9
"""In place of 0 where a beta distribution asks for more than that."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CaseloadBand:
    """One age: people on the caseload at first, expected 12 months on with the 95% range, and those there in fact.

    observed: None before the year is over. draws: what the range is of.
    """

    name: str
    held: int
    expected: float
    draws: Numbers = field(compare=False, repr=False)
    observed: int | None = None

    @property
    def low(self) -> int:
        """The fewest to be expected."""
        return self._find_quantile((1 - LEVEL) / 2)

    @property
    def high(self) -> int:
        """The most to be expected."""
        return self._find_quantile((1 + LEVEL) / 2)

    def _find_quantile(self, share: float) -> int:
        return int(np.quantile(self.draws, share, method="inverted_cdf"))

    @property
    def is_inside(self) -> bool:
        """Whether as many were on the caseload as the range says."""
        return self.observed is not None and self.low <= self.observed <= self.high


@dataclass(frozen=True)
class CaseloadFlows:
    """People of all ages: on the caseload, those of them expected to die or leave, and to be let go; those expected to
    be taken on of people registered now, and of people who join. first - gone - let_go + taken_on + joined is what is
    expected."""

    held: int
    gone: float
    let_go: float
    taken_on: float
    joined: float

    @property
    def expected(self) -> float:
        """On the caseload at the end."""
        return self.held - self.gone - self.let_go + self.taken_on + self.joined


@dataclass(frozen=True)
class CaseloadForecast:
    """The whole, each age from the youngest, and what makes the difference. The ages add up to the whole."""

    whole: CaseloadBand
    bands: tuple[CaseloadBand, ...]
    flows: CaseloadFlows


def follow_year(before: pd.DataFrame, after: pd.DataFrame, died: frozenset[int]) -> tuple[pd.DataFrame, pd.Series]:
    """What became of each person of a day a year on, and who had joined by then onto the caseload, by age.

    before, after: one row per person alive and registered on each day: person, band, held. died: persons dead by the
    second. The first of the pair has one row per person of `before`: band, held, end, one of `ENDS`.
    """
    held_then = after.set_index("person")["held"].reindex(before["person"])
    gone = np.where(before["person"].isin(died), DIED, LEFT)
    end = np.where(held_then.isna(), gone, np.where(held_then.eq(True), HELD, NOT_HELD))
    joined = after[after["held"] & ~after["person"].isin(before["person"])]
    return before[["band", "held"]].assign(end=end), _count_bands(joined["band"])


class CaseloadCell(NamedTuple):
    """How many people of an age, held or not, are of an age a year on."""

    held: bool
    band: str
    next_band: str
    people: int


def forecast_caseload(
    now: pd.DataFrame, followed: pd.DataFrame, joined: pd.Series, then: pd.DataFrame | None = None
) -> CaseloadForecast:
    """The caseload 12 months after a day.

    now: one row per person alive and registered on it: person, band, next_band (a year on), held. followed, joined: of
    the year before (`follow_year`). then: the same as `now` of the day a year on, where that is over.
    """
    cells = now.groupby(["held", "band", "next_band"], observed=True).size().rename("people").reset_index()
    shares = _measure_shares(followed, cells)
    random = np.random.default_rng(SEED)
    expected, draws = joined.to_numpy(float).copy(), _draw_joined(joined, random)
    ended = np.zeros((2, len(ENDS)))
    for key, people in groupby(read_rows(cells, CaseloadCell), key=lambda cell: (cell.held, cell.band)):
        weight = shares[key]
        mean = weight / weight.sum()
        chance = random.beta(max(weight[0], NONE), max(weight[1:].sum(), NONE), DRAWS)
        for cell in people:
            at = AGE_BANDS.index(cell.next_band)
            expected[at] += cell.people * mean[0]
            draws[at] += random.binomial(cell.people, chance)
            ended[int(cell.held)] += cell.people * mean
    held_now = _count_bands(now.loc[now["held"], "band"])
    held_then = None if then is None else _count_bands(then.loc[then["held"], "band"])
    bands = tuple(
        CaseloadBand(name, held_now[name], expected[at], draws[at], None if held_then is None else held_then[name])
        for at, name in enumerate(AGE_BANDS)
    )
    whole = replace(_add_bands(bands), name="All together")
    flows = CaseloadFlows(whole.held, ended[1, 2:].sum(), ended[1, 1], ended[0, 0], float(joined.sum()))
    return CaseloadForecast(whole, bands, flows)


def _count_bands(bands: pd.Series) -> pd.Series:
    """How many of each band of ages."""
    return bands.value_counts().reindex(list(AGE_BANDS), fill_value=0)


def _measure_shares(followed: pd.DataFrame, cells: pd.DataFrame) -> dict[tuple[bool, str], Numbers]:
    """By held and age how often each of `ENDS` came, and one person more of all ages together: few people of an age
    tell little, and nobody of an age tells what all of them do."""
    shares = {}
    for held, band in dict.fromkeys((cell.held, cell.band) for cell in read_rows(cells, CaseloadCell)):
        alike = followed[followed["held"] == held]
        counts, every = (
            rows["end"].value_counts().reindex(list(ENDS), fill_value=0).to_numpy(float)
            for rows in (alike[alike["band"] == band], alike)
        )
        shares[held, band] = counts + (every / every.sum() if every.sum() else np.array([0.0, 1.0, 0.0, 0.0]))
    return shares


def _draw_joined(joined: pd.Series, random: np.random.Generator) -> Numbers:
    """By age and draw how many join: as many as a year before, of whom nobody knows what the mean was."""
    means = [random.gamma(number, size=DRAWS) if number else np.zeros(DRAWS) for number in joined.to_numpy(float)]
    return random.poisson(np.array(means)).astype(float)


def join_bands(fewest: int, *forecasts: CaseloadForecast) -> tuple[tuple[CaseloadBand, ...], ...]:
    """By forecast its ages, those of fewer people than may be shown told together with the next older, so that none is
    hidden; and the same ages of all of them, so that none is found by holding one against another.

    The last are joined with those before them.
    """
    ends: list[int] = []
    for at in range(1, len(AGE_BANDS) + 1):
        begins = ends[-1] if ends else 0
        if not any(_is_few(_add_bands(one.bands[begins:at]), fewest) for one in forecasts):
            ends.append(at)
    edges = [0, *ends[:-1], len(AGE_BANDS)]
    return tuple(tuple(_add_bands(one.bands[low:high]) for low, high in pairwise(edges)) for one in forecasts)


def _is_few(band: CaseloadBand, fewest: int) -> bool:
    counts = [band.held] if band.observed is None else [band.held, band.observed]
    return min(*counts, band.expected) < fewest


def _add_bands(bands: Sequence[CaseloadBand]) -> CaseloadBand:
    observed = [band.observed for band in bands if band.observed is not None]
    return CaseloadBand(
        _join_names(bands[0].name, bands[-1].name),
        sum(band.held for band in bands),
        sum(band.expected for band in bands),
        np.sum([band.draws for band in bands], axis=0),
        sum(observed) if len(observed) == len(bands) else None,
    )


def _join_names(first: str, last: str) -> str:
    """The name of the ages from the first band to the last: "under 18" and "40 to 49" make "under 50"."""
    if first == last:
        return first
    begins, ends = first.split(" to ")[0].split(" and ")[0], last.split(" to ")[-1]
    if begins.startswith("under"):
        return "all ages" if "over" in ends else f"under {int(ends) + 1}"
    return f"{begins} and over" if "over" in ends else f"{begins} to {ends}"
