"""The one place where time is computed: every lookback, recency and distinct count, for any index dates.

Facts arrive grouped by person; so does the cohort. For each row of the cohort the kernel reads that person's facts
once, keeps the facts that had happened and were known by the index date, and adds each to the features it counts
for. Everything is added as whole numbers, so the order of the facts does not change a result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from riskstrat.features.kinds import (
    ACTIVE,
    COUNT,
    DAYS_IN,
    DISTINCT,
    EPISODES,
    EXISTS,
    FIRST,
    LAST,
    LATEST,
    SINCE,
    SLOPE,
    TOTAL,
)

FOREVER = 2_932_896
"""9999-12-31 in days since 1970-01-01: the end of a version that still stands."""

NO_DAY = -(2**31)
UNBOUNDED = 2**31
"""A reach in days that holds every day there is."""

NO_VALUE = -(2**63)
_DAYS_PER_YEAR = 365.25

_inline = njit(inline="always")
"""For what the loops call: a call would hand over every array as seven numbers, for each fact."""

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]


class CohortArrays(NamedTuple):
    """Index dates by person: rows `start[p]` to `start[p + 1]` are person p's; `spell` is the index spell or -1."""

    start: Ints
    day: Days
    spell: Days


class Facts(NamedTuple):
    """Rows of one stream by person. `word` has a bit for each filter met, and `alike` the number of that word among
    the different ones; `codes` number the row's codes, or are -1."""

    start: Ints
    valid_from: Days
    valid_to: Days
    spell: Days
    word: Ints
    alike: Days
    days: npt.NDArray[np.int32]
    values: npt.NDArray[np.int64]
    untils: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int32]


MEASURE = np.dtype(
    [
        *((name, np.int64) for name in ("kind", "filter", "day", "value", "until", "lookback", "within", "first_key")),
        *((name, np.float64) for name in ("scale", "missing")),
        ("column", np.int64),
    ],
    align=True,
)
"""One feature: what it computes, of which filter, day, value and end column, over which lookback, into which column."""

_STATE = np.dtype(
    [(name, np.int64) for name in ("total", "best", "hits", "days", "values", "days_squared", "days_values")],
    align=True,
)
"""What one feature has added up so far for one row of the cohort."""


class Links(NamedTuple):
    """Which features a row counts for: by the filters it meets, and by its codes (with the key and weight there).

    Links of one word or code stand by the day they read, the furthest reach first: a row further back than `reach`
    days is out of reach of all up to `next`.
    """

    plain_start: Ints
    plain: Ints
    plain_reach: Ints
    plain_next: Ints
    code_start: Ints
    code: Ints
    code_reach: Ints
    code_next: Ints
    key: Ints
    weight: Ints


@njit(nogil=True, cache=True)
def fill_values(cohort, facts, measures, links, state, seen, out, behind):  # type: ignore[no-untyped-def]
    """Write the features of `measures` into their columns of `out`, one row per row of the cohort.

    Columns past the last of `out` are those of `behind`. `state` has room for each measure, `seen` for each key. The
    arrays leave their tuples before the loops: inside, every use of a tuple would count references.
    """
    start, days_of, spells = cohort
    fact_start, valid_from, valid_to, fact_spell, word, alike, days, values, untils, codes = facts
    plain_start, plain, plain_reach, plain_next, code_start, code_link, code_reach, code_next, key, weight = links
    for person in range(len(start) - 1):
        for row in range(start[person], start[person + 1]):
            index = days_of[row]
            spell = spells[row]
            _clear(state)
            for fact in range(fact_start[person], fact_start[person + 1]):
                if spell >= 0 and fact_spell[fact] == spell:
                    known = valid_to[fact] == FOREVER
                else:
                    known = valid_from[fact] <= index < valid_to[fact]
                if not known:
                    continue
                link = plain_start[alike[fact]]
                end = plain_start[alike[fact] + 1]
                while link < end:
                    m = plain[link]
                    if _is_within(index, days[measures[m].day, fact], plain_reach[link]):
                        _add(fact, index, row, m, 0, 1, days, values, untils, measures, state, seen)
                        link += 1
                    else:
                        link = plain_next[link]
                for column in range(codes.shape[0]):
                    code = codes[column, fact]
                    if code >= 0:
                        link = code_start[code]
                        end = code_start[code + 1]
                        while link < end:
                            m = code_link[link]
                            if not _is_within(index, days[measures[m].day, fact], code_reach[link]):
                                link = code_next[link]
                                continue
                            if (word[fact] >> measures[m].filter) & 1:
                                _add(
                                    fact,
                                    index,
                                    row,
                                    m,
                                    key[link],
                                    weight[link],
                                    days,
                                    values,
                                    untils,
                                    measures,
                                    state,
                                    seen,
                                )
                            link += 1
            _write_results(row, measures, state, out, behind)


@_inline
def _write_results(row, measures, state, out, behind):  # type: ignore[no-untyped-def]
    width = out.shape[1]
    for m in range(len(measures)):
        column = measures[m].column
        if column < width:
            out[row, column] = _compute_result(measures[m], state[m])
        else:
            behind[row, column - width] = _compute_result(measures[m], state[m])


@_inline
def _is_within(index, day, reach):  # type: ignore[no-untyped-def]
    """Whether a day lies in (index - reach, index]."""
    return day != NO_DAY and 0 <= index - day < reach


@_inline
def _clear(state):  # type: ignore[no-untyped-def]
    for m in range(len(state)):
        state[m].total = 0
        state[m].hits = 0
        state[m].days = 0
        state[m].values = 0
        state[m].days_squared = 0
        state[m].days_values = 0


@_inline
def _add(fact, index, row, m, key, weight, days, values, untils, measures, state, seen):  # type: ignore[no-untyped-def]
    """Add one fact that lies within reach of a feature to it."""
    measure = measures[m]
    sums = state[m]
    day = days[measure.day, fact]
    ago = index - day
    kind = measure.kind
    if kind in (COUNT, EXISTS):
        sums.total += 1
        sums.hits += 1
    elif kind == EPISODES:
        _add_episode(day, ago, measure, sums)
    elif kind in (DAYS_IN, ACTIVE, SINCE):
        _add_period(untils[measure.until, fact], day, index, measure, sums)
    elif kind == DISTINCT:
        place = measure.first_key + key
        if seen[place] != row:
            seen[place] = row
            sums.total += weight
            sums.hits += 1
    elif kind in (LAST, FIRST):
        _add_recency(ago, kind, sums)
    else:
        _add_value(values[measure.value, fact], ago, kind, sums)


@_inline
def _add_recency(ago, kind, sums):  # type: ignore[no-untyped-def]
    if sums.hits == 0 or (ago < sums.best if kind == LAST else ago > sums.best):
        sums.best = ago
    sums.hits += 1


@_inline
def _add_value(value, ago, kind, sums):  # type: ignore[no-untyped-def]
    if value == NO_VALUE:
        return
    if kind == TOTAL:
        sums.total += value
    elif kind == LATEST:
        if sums.hits == 0 or ago < sums.best or (ago == sums.best and value > sums.total):
            sums.best = ago
            sums.total = value
    else:
        sums.total = max(sums.total, ago) if sums.hits else ago
        sums.best = min(sums.best, ago) if sums.hits else ago
        sums.days -= ago
        sums.values += value
        sums.days_squared += ago * ago
        sums.days_values -= ago * value
    sums.hits += 1


@_inline
def _add_episode(day, ago, measure, sums):  # type: ignore[no-untyped-def]
    """Facts come in the order of their days: one past `within` days after the first of an episode begins the next."""
    if sums.hits == 0 or day > sums.best + measure.within:
        sums.best = day
        if ago < measure.lookback:
            sums.total += 1
    sums.hits += 1


@_inline
def _add_period(until, day, index, measure, sums):  # type: ignore[no-untyped-def]
    """Facts come in the order of their days, so what lies before the end reached so far is counted already."""
    if measure.kind in (ACTIVE, SINCE):
        if until == NO_DAY or until > index:
            _add_recency(index - day, LAST, sums)
        return
    end = index if until == NO_DAY or until > index else until
    begin = max(day, index - measure.lookback)
    if sums.hits > 0:
        begin = max(begin, sums.best)
    if end > begin:
        sums.total += end - begin
        sums.best = end
        sums.hits += 1


@_inline
def _compute_result(measure, sums):  # type: ignore[no-untyped-def]
    kind = measure.kind
    if sums.hits == 0 or (kind == EPISODES and sums.total == 0):
        return measure.missing
    if kind in (EXISTS, ACTIVE):
        return 1.0
    if kind in (LAST, FIRST, SINCE):
        return float(sums.best)
    if kind == SLOPE:
        spread = sums.hits * sums.days_squared - sums.days * sums.days
        if spread == 0 or sums.total - sums.best < measure.within:
            return measure.missing
        rise = sums.hits * sums.days_values - sums.days * sums.values
        return _DAYS_PER_YEAR * rise / spread / measure.scale
    return sums.total / measure.scale


def state_for(measures: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Room for what each measure adds up."""
    return np.zeros(len(measures), _STATE)
