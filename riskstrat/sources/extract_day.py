"""The day up to which a source goes, from what its rows show together: a few wrong dates do not move it.

Each row proves that the extract was made on the day when it was known, or after. Rows arrive at an ordinary rate until
the day of the extract and not after it, so what lies thinly beyond is wrong. What is planned (an end, a date that is
due) proves nothing. Where rows are too few to show a rate, or tables disagree, the site has to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.sources.landing import Landed

STANDING = ("registrations", "conditions")
"""Tables of what lasts for years: where they have no `known_on`, their silence says nothing of how far others go."""

UNDATED = ("registrations",)
"""Of these the tables whose latest event, where they have no `known_on`, does not even say how fresh they are."""

CORE = 0.95
"""Share of the rows that is taken to lie before any wrong date; from there the days are followed one by one."""

FEW = 0.1
"""Share of a day's usual rows below which a day is not one of the extract."""

SURE = 15
"""Rows that ought to have come in a silence, at the usual rate, for what follows it to be no continuation: e^-15."""

SHORTEST, LONGEST, LONGEST_ADMISSIONS = 5, 366, 3 * 366
"""Days of silence: never too long below the first, always above the second, and above the third of few admissions."""

FEWEST_DAYS, FEWEST_ROWS = 10, 30
"""Days with rows in the last year, and rows, from which there is an ordinary rate."""

APART = 92
"""Days by which one table may go on after every other that ought to have had rows since."""

YEAR = 365

Numbers = npt.NDArray[np.int64]


class Arrivals(NamedTuple):
    """Rows by the day that they prove: `days` as ordinals in order, `rows` on each."""

    days: Numbers
    rows: Numbers

    def until(self, day: int) -> Arrivals:
        """Those of that day and before."""
        return Arrivals(self.days[self.days <= day], self.rows[self.days <= day])

    def count_between(self, after: int, until: int) -> int:
        """Rows of the days after the first and until the second."""
        return int(self.rows[(self.days > after) & (self.days <= until)].sum())


class Reach(NamedTuple):
    """The last day of an unbroken run of ordinary days; `next` is the day on which rows go on after a silence."""

    last: int
    next: int | None = None


@dataclass(frozen=True)
class _Rate:
    """What is usual: rows a day over the last year, and the longest silence in days that is no break."""

    rows: float
    silence: float


def list_evidence(table: str) -> tuple[str, ...]:
    """The columns of a table that say on which day something had happened or was known, the surest first."""
    schema = SCHEMAS[table]
    if table == "people":
        return ("died_known_on", "date_of_death")
    settled = schema.settles.known if schema.settles else None
    return tuple(column for column in (schema.known, schema.event, settled) if column)


def _build_day_sql(table: str) -> str:
    """SQL: the day that a row proves: when it was known, or else happened, and when its end was known."""
    settles = SCHEMAS[table].settles
    settled = settles.known if settles else None
    own = [column for column in list_evidence(table) if column != settled]
    return f"greatest(coalesce({', '.join(own)}, NULL), {settled or 'NULL'})"


def count_arrivals(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, Arrivals]:
    """By table its rows without a fault of their own, by the day that each of them proves."""
    found = {}
    for table in tables:
        if not list_evidence(table):
            continue
        query = (
            f"SELECT {_build_day_sql(table)} AS day, count(*) AS rows FROM clean_{table} WHERE fault IS NULL "
            "GROUP BY 1 HAVING day IS NOT NULL ORDER BY 1"
        )
        made = connection.execute(query).fetchall()
        if made:
            found[table] = Arrivals(np.array([d.toordinal() for d, _ in made]), np.array([n for _, n in made]))
    return found


def find_extract_day(
    connection: duckdb.DuckDBPyConnection, landed: Mapping[str, Landed], *, comparable: bool
) -> date | None:
    """The day up to which the tables go; None where no row has a date. Not `comparable`: simply the latest day.

    Raises SourceError where rows lie beyond a silence that cannot be judged, or a table goes on where others ended.
    """
    arrivals = count_arrivals(connection, landed)
    if not arrivals:
        return None
    pooled = pool(arrivals.values())
    if not comparable:
        return date.fromordinal(int(pooled.days[-1]))
    standing = {t for t in STANDING if t in landed and SCHEMAS[t].known not in landed[t].columns}
    if _measure_rate(pooled, _find_core(pooled)) is None:
        _require_no_lone_rows(connection, arrivals, standing)
        return date.fromordinal(int(pooled.days[-1]))
    reach = follow_arrivals(pooled)
    if reach.next is not None:
        _refuse(connection, arrivals, reach.last, f"nothing is dated from then until {_word(reach.next)}")
    _require_agreement(connection, arrivals, reach.last)
    return date.fromordinal(reach.last)


def pool(arrivals: Iterable[Arrivals]) -> Arrivals:
    """The rows of several tables as those of one."""
    days = [each.days for each in arrivals]
    rows = [each.rows for each in arrivals]
    where, at = np.unique(np.concatenate(days), return_inverse=True)
    return Arrivals(where, np.bincount(at, np.concatenate(rows)).astype(np.int64))


def follow_arrivals(arrivals: Arrivals) -> Reach:
    """How far rows arrive at their ordinary rate, day by day from the core on. Days of few rows are passed over."""
    core = _find_core(arrivals)
    rate = _measure_rate(arrivals, core)
    if rate is None:
        return Reach(int(arrivals.days[-1]))
    days, rows = arrivals.days.tolist(), arrivals.rows.tolist()
    usual = _Usual(days[: core + 1], rows[: core + 1])
    last = days[core]
    for day, count in zip(days[core + 1 :], rows[core + 1 :], strict=True):
        if not usual.is_ordinary(day, count):
            continue
        if day - last > rate.silence:
            return Reach(last, day)
        usual.remember(day, count)
        last = day
    return Reach(last)


def find_first_day(arrivals: Arrivals) -> int:
    """The day from which rows arrive at their ordinary rate: single rows long before it are wrong or old."""
    return -follow_arrivals(Arrivals(-arrivals.days[::-1], arrivals.rows[::-1])).last


class _Usual:
    """How many rows days have had lately: those of the same weekday where it has been seen often enough."""

    def __init__(self, days: Sequence[int], rows: Sequence[int]) -> None:
        self.seen = list(zip(days, rows, strict=True))[-60:]

    def remember(self, day: int, count: int) -> None:
        self.seen = [*self.seen[-59:], (day, count)]

    def is_ordinary(self, day: int, count: int) -> bool:
        """Whether so many rows are enough for a day of the extract."""
        every = median([n for _, n in self.seen[-20:]])
        alike = [n for d, n in self.seen if (day - d) % 7 == 0 and day - d <= 60]
        # On a quiet weekday a row or two prove nothing where other days have many.
        return count >= max(FEW * (median(alike) if len(alike) >= 4 else every), min(3.0, every / 4))


def _find_core(arrivals: Arrivals) -> int:
    """The place of the day by which most rows had come."""
    total = np.cumsum(arrivals.rows)
    return int(np.searchsorted(total, CORE * total[-1]))


def _measure_rate(arrivals: Arrivals, core: int) -> _Rate | None:
    """What is usual in the year before a day; None where too few rows came on too few days."""
    day = int(arrivals.days[core])
    recent = arrivals.until(day).days > day - YEAR
    if recent.sum() < FEWEST_DAYS or arrivals.rows.sum() < FEWEST_ROWS:
        return None
    span = min(YEAR, max(30, day - int(arrivals.days[0]) + 1))
    rows = arrivals.count_between(day - YEAR, day) / span
    gaps = np.diff(arrivals.days[: core + 1])[-10:]
    silence = max(min(LONGEST, max(SHORTEST, SURE / rows)), 5 * float(np.median(gaps)))
    return _Rate(rows, silence)


def _require_agreement(connection: duckdb.DuckDBPyConnection, arrivals: Mapping[str, Arrivals], last: int) -> None:
    """Raise SourceError where a table goes on after the day of all, or all but one ended long before it."""
    for table, each in arrivals.items():
        beyond = each.days[each.days > last]
        if len(beyond):
            middle = int(np.repeat(beyond, each.rows[each.days > last])[each.rows[each.days > last].sum() // 2])
            came, usual = each.count_between(last, middle), each.count_between(last - YEAR, last) / YEAR
            if came >= 5 and came >= usual * (middle - last) / 4:
                _refuse(connection, arrivals, last, f"{table} goes on at its usual rate")
    judged = {t: each.until(last) for t, each in arrivals.items() if t not in STANDING}
    ends = {t: follow_arrivals(each).last for t, each in judged.items() if len(each.days) >= FEWEST_DAYS}
    leading, *others = sorted(ends, key=lambda table: (-ends[table], table)) or [""]
    if not others:
        return
    second = ends[others[0]]
    missed = sum(_count_missed(judged[table].until(ends[table]), second, last) for table in others)
    if last - second > APART and missed >= 2 * SURE:
        days = ", ".join(f"{table} {_word(ends[table])}" for table in [leading, *others])
        raise SourceError(
            f"the tables end on days that are far apart ({days}), so data-as-at is not certain; mend the dates, land "
            "all tables of one extract, or give the date of the extract with --as-at"
        )


def _count_missed(arrivals: Arrivals, after: int, until: int) -> float:
    """The rows that ought to have come between two days at the rate of the last year of a table."""
    end = int(arrivals.days[-1])
    return arrivals.count_between(end - YEAR, end) / YEAR * (until - after)


def _require_no_lone_rows(
    connection: duckdb.DuckDBPyConnection, arrivals: Mapping[str, Arrivals], standing: set[str]
) -> None:
    """Raise SourceError where few rows lie far beyond the rest of a source too small to show a rate."""
    every = pool(arrivals.values())
    active = [each for table, each in arrivals.items() if table not in standing]
    rest = pool(active).days if active else every.days
    for day in every.days[::-1].tolist():
        beyond = int(every.rows[every.days >= day].sum())
        before = rest[rest < day]
        if beyond > max(1, every.rows.sum() // 4) or not len(before):
            return
        admitted = arrivals.get("admissions")
        silence = day - int(before[-1])
        if admitted is None or admitted.days[-1] < day:
            lone = silence > LONGEST
        else:
            lone = silence > LONGEST_ADMISSIONS and len(before) > 1 and before[-1] - before[-2] <= LONGEST
        if lone:
            _refuse(connection, arrivals, int(before[-1]), f"nothing is dated from then until {_word(day)}")


def _word(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _refuse(connection: duckdb.DuckDBPyConnection, arrivals: Mapping[str, Arrivals], last: int, why: str) -> None:
    """Raise SourceError that names the columns with dates after `last`."""
    day, found = _word(last), []
    for table in arrivals:
        for column in list_evidence(table):
            query = f"SELECT count(*), max({column}) FROM clean_{table} WHERE fault IS NULL AND {column} > DATE '{day}'"
            count, latest = connection.execute(query).fetchone() or (0, None)
            if count:
                found.append(f"{table}.{column} ({count} row{'s' * (count != 1)}, the latest {latest})")
    raise SourceError(
        f"data-as-at is not certain: the rows go to {day}, and {why}; after that day lie {', '.join(found)}; "
        "mend those dates, or give the date of the extract with --as-at"
    )
