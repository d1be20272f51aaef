"""From when to when each source can be trusted to hold every row, for the whole feed and for each who contributes.

A record that is not there is no absence unless its source was: landed, and complete over the period asked about. At
ingest the rows of each source are counted by contributor and month; a month in which far fewer came than should have is
no month in which nothing happened. A contributor is the practice of the person for sources kept by practices, and the
provider for admissions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskstrat.definitions.settings import CoveredPeriod
from riskstrat.sources.literal import read_literally
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS
from riskstrat.sources.versions import FAR
from riskstrat.sources.writing import write_parquet

FILE = "coverage.parquet"
"""Name of the table beside the store's tables."""

DAYS_RECORDED = {"care_plans": "made_on", "circumstances": "recorded_on"}
"""Tables that are no streams and have one version of each row, with the day of a row."""

OF_PRACTICES = ("conditions", "prescriptions", "measurements", "contacts", *DAYS_RECORDED)
"""Sources kept by general practices, so that the person's practice contributes them."""

COVERED = (*OF_PRACTICES, "registrations", "admissions", "diagnoses", "attendances", "falls", "social_care")

THOUSANDTH = 0.001
"""Share of a source's rows that may lie before it begins: single wrong or old dates."""

LONE = 2
"""Rows of a month that more than a year of silence shows to be wrong dates."""

MONTH_DAYS = 30.4

SURE = 30
"""Rows that ought to have come in a silence, at the rate of the months around it, for it to be no chance: e^-30."""

FEWEST_PEOPLE = 50
"""Registrations of a practice from which it is no chance that none of its people has a row: rows come in clusters."""

FEW = 0.1
"""Share of the rows of the months around it below which a month is a gap."""

AROUND = 6
"""Months on each side of a month that say how many rows it should have."""

LARGE = 0.05
"""Share of a source's rows from which a contributor's silence says something about everybody."""

CLOSED = timedelta(days=730)
"""Since its last row, after which a contributor is not waited for: it has closed, or goes by another code."""

_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("contributor", pa.string()),
        ("month", pa.date32()),
        ("rows", pa.int64()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
    ]
)


class Span(NamedTuple):
    """The days between which a source is complete, both included, and the months in between that are not."""

    first: date
    last: date
    gaps: tuple[date, ...] = ()

    def find_gap(self, start: date, end: date) -> date | None:
        """The first month of a gap that touches `start` to `end`; None if none does."""
        return next((gap for gap in self.gaps if gap <= end and gap >= start.replace(day=1)), None)


class Silence(NamedTuple):
    """The days, both included, of which a contributor with a large share of a source sent nothing and others did."""

    first: date
    last: date

    def touches(self, start: date, end: date) -> bool:
        """Whether it has a day from `start` to `end`."""
        return self.first <= end and self.last >= start


class _Months(NamedTuple):
    """The rows of `Coverage.months` of one source, by column."""

    contributor: npt.NDArray[np.object_]
    month: npt.NDArray[np.datetime64]
    rows: npt.NDArray[np.float64]
    first_day: npt.NDArray[np.datetime64]
    last_day: npt.NDArray[np.datetime64]

    def select_contributor(self, contributor: str) -> _Months:
        """Those of one contributor."""
        own = self.contributor == contributor
        return _Months(*(column[own] for column in self))

    def sum_by_month(self) -> npt.NDArray[np.float64]:
        """The rows of each month from the first on that has any."""
        return np.bincount((self.month - self.month.min()).astype(int), self.rows).astype(float)


def write_coverage(connection: duckdb.DuckDBPyConnection, folder: Path, landed: Collection[str], day: date) -> None:
    """Count the stored rows below `folder`/tables by source, contributor and month into `folder`/coverage.parquet.

    day: that up to which the data go, whose practices contribute.
    """
    parts = [_count_by_month(folder / "tables", name, landed) for name in COVERED if name in landed]
    nothing = (
        "SELECT NULL AS source, NULL AS contributor, NULL AS month, 0 AS rows, NULL AS first_day, NULL AS last_day"
    )
    query = " UNION ALL ".join(parts or [f"{nothing} WHERE false"])
    # Worked out once for all sources that practices keep.
    practices = f"WITH practices AS MATERIALIZED ({_build_practices_query(folder / 'tables', day)}) "
    named = practices if "registrations" in landed else ""
    write_parquet(connection, f"{named}SELECT * FROM ({query}) ORDER BY ALL", _SCHEMA, folder / FILE)


def _build_practices_query(tables: Path, day: date) -> str:
    """The practice of that day of each person, as `list_practices_of` has it: a record moves with the person."""
    registrations = read_literally(tables / "registrations.parquet")
    rank = "(registered_to IS NULL, registered_from, practice)"
    known = f"valid_from <= DATE '{day}' AND valid_to > DATE '{day}' AND registered_from <= DATE '{day}'"
    return f"SELECT person, arg_max(practice, {rank}) AS practice FROM {registrations} WHERE {known} GROUP BY 1"


def _count_by_month(tables: Path, name: str, landed: Collection[str]) -> str:
    day = DAYS_RECORDED.get(name) or STREAMS[name].event
    stands = "" if name in DAYS_RECORDED else f" AND valid_from < {FAR} AND valid_to = {FAR}"
    who, joined = "''", ""
    if name in OF_PRACTICES and "registrations" in landed:
        who, joined = "coalesce(practice, '')", " LEFT JOIN practices USING (person)"
    elif name in ("admissions", "registrations"):
        who = f"coalesce({'provider' if name == 'admissions' else 'practice'}, '')"
    return (
        f"SELECT '{name}' AS source, {who} AS contributor, date_trunc('month', {day})::DATE AS month, "
        f"count(*) AS rows, min({day}) AS first_day, max({day}) AS last_day "
        f"FROM {read_literally(tables / f'{name}.parquet')}{joined} "
        f"WHERE {day} IS NOT NULL{stands} GROUP BY 1, 2, 3"
    )


@dataclass(frozen=True, eq=False)
class Coverage:
    """Which periods the sources of one store cover.

    months: one row per source, contributor and month with rows, first_day and last_day, in that order. landed_to: by
    source the latest day on which one of its rows happened or became known. stated: what the site says of a source,
    which stands instead of what the rows say.
    """

    months: pd.DataFrame
    landed_to: Mapping[str, date]
    stated: Mapping[str, CoveredPeriod]

    def find_span(self, source: str, contributor: str | None = None) -> Span | None:
        """The period that a source covers, for everybody or for one contributor; None if it has no row.

        A practice without a row has the whole source's period where it has so few people that this may be chance.
        """
        key = (source, contributor)
        if key not in self._spans:
            self._spans[key] = self._work_out_span(source, contributor)
        return self._spans[key]

    def has_contributed(self, source: str, practice: str) -> bool:
        """Whether a source kept by practices has a row about anybody who is with the practice today."""
        return bool((self._select_months(source).contributor == practice).any())

    def count_by_month(self, source: str) -> tuple[date | None, npt.NDArray[np.float64]]:
        """The rows of a source in each month from its first on, and that month; no month where it has no rows."""
        found = self._select_months(source)
        if not len(found.rows):
            return None, np.zeros(0)
        return found.month.min().astype("datetime64[D]").item(), found.sum_by_month()

    def find_silent_contributors(self, source: str) -> tuple[Span, ...]:
        """The spans of contributors with a large share of a source's rows, when these are not its only ones."""
        if source not in self._large:
            self._large[source] = tuple(self._list_large_contributors(source))
        return self._large[source]

    def list_silences(self, source: str) -> tuple[Silence, ...]:
        """When large contributors of a source were silent: in each month that they lack, and from their last row on.

        This is what a silent provider is. What the site states of a source leaves none in the days that it speaks of.
        """
        whole = self.find_span(source)
        return () if whole is None else tuple(self._list_silences(source, whole))

    def _list_silences(self, source: str, whole: Span) -> Iterator[Silence]:
        stated = self.stated.get(source, CoveredPeriod())
        for span in self.find_silent_contributors(source):
            for gap in () if stated.complete_from else span.gaps:
                yield Silence(gap, (gap.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
            if not stated.complete_to and timedelta(0) < whole.last - span.last < CLOSED:
                yield Silence(span.last + timedelta(days=1), whole.last)

    def _list_large_contributors(self, source: str) -> Iterator[Span]:
        found = self._select_months(source)
        names, place = np.unique(found.contributor, return_inverse=True)
        if len(names) > 1:
            rows = np.bincount(place, found.rows)
            for name in names[(rows >= LARGE * rows.sum()) & (names != "")]:
                span = self.find_span(source, str(name))
                if span is not None:
                    yield span

    def is_by_practice(self, source: str) -> bool:
        """Whether the rows of a source are counted by practice."""
        return source in self._by_practice

    @cached_property
    def _by_practice(self) -> frozenset[str]:
        named = self.months["source"][(self.months["contributor"] != "").to_numpy()]
        return frozenset(OF_PRACTICES).intersection(named)

    @cached_property
    def _spans(self) -> dict[tuple[str, str | None], Span | None]:
        return {}

    @cached_property
    def _large(self) -> dict[str, tuple[Span, ...]]:
        return {}

    @cached_property
    def _columns(self) -> tuple[npt.NDArray[np.object_], _Months]:
        # Arrays, not frames and groups: this is asked of every contributor of every source.
        months = self.months
        source, contributor = (months[name].to_numpy(object) for name in ("source", "contributor"))
        days = (months[name].to_numpy("datetime64[D]") for name in ("first_day", "last_day"))
        return source, _Months(
            contributor, months["month"].to_numpy("datetime64[M]"), months["rows"].to_numpy(float), *days
        )

    @cached_property
    def _months_of(self) -> dict[str, _Months]:
        return {}

    def _select_months(self, source: str) -> _Months:
        if source not in self._months_of:
            sources, every = self._columns
            own = sources == source
            self._months_of[source] = _Months(*(column[own] for column in every))
        return self._months_of[source]

    def _work_out_span(self, source: str, contributor: str | None) -> Span | None:
        rows = self._select_months(source)
        if contributor is not None:
            rows = rows.select_contributor(contributor)
        if not len(rows.rows):
            return None if contributor is None else self._judge_silence(source, contributor)
        span = _measure_span(rows, self.landed_to[source])
        if contributor is None:
            stated = self.stated.get(source, CoveredPeriod())
            gaps = () if stated.complete_from else span.gaps
            return Span(stated.complete_from or span.first, stated.complete_to or span.last, gaps)
        whole = self.find_span(source)
        assert whole is not None
        return _widen_by_chance(span, whole, int(rows.rows.sum()))

    def _judge_silence(self, source: str, contributor: str) -> Span | None:
        registered = self._select_months("registrations")
        of_practice = registered.select_contributor(contributor).rows.sum()
        expected = of_practice / max(registered.rows.sum(), 1) * self._select_months(source).rows.sum()
        return None if of_practice >= FEWEST_PEOPLE and expected >= SURE else self.find_span(source)


def read_coverage(store: Store, stated: Mapping[str, CoveredPeriod]) -> Coverage:
    """The coverage of a store as ingest counted it, corrected by what the site states."""
    months = pq.read_table(store.folder / FILE).to_pandas(date_as_object=False)
    landed_to = {
        name: date.fromisoformat(table["data_as_at"]) if table["data_as_at"] else store.data_as_at
        for name, table in store.manifest["tables"].items()
    }
    return Coverage(months, landed_to, stated)


def _measure_span(rows: _Months, landed_to: date) -> Span:
    """The span of some rows of one source: begins after a thousandth of them, ends where silence is no chance."""
    month = rows.month
    place, counts = (month - month.min()).astype(int), rows.sum_by_month()
    begins = _skip_lone_months(counts, int(np.argmax(np.cumsum(counts) > THOUSANDTH * counts.sum())))
    first = rows.first_day[place == begins].min().item()
    last = rows.last_day[place == place.max()].max().item()
    counts, month = counts[begins:], month.min() + begins
    expected = expect_counts(counts)
    expected[[0, -1]] = 0.0  # the first and the last month may have begun late or not be over
    gaps = month + np.flatnonzero((expected >= SURE) & (counts < FEW * expected))
    recent = counts[-2 * AROUND :].mean() / MONTH_DAYS
    silent = (landed_to - last).days * recent >= SURE
    return Span(first, last if silent else max(last, landed_to), tuple(gaps.astype("datetime64[D]").tolist()))


def _skip_lone_months(counts: npt.NDArray[np.float64], begins: int) -> int:
    """The month that a source begins with, past months of one or two rows over a year before the rest: wrong dates."""
    months = begins + np.flatnonzero(counts[begins:])
    for at, following in pairwise(months):
        if counts[at] > LONE or counts[following:].sum() < SURE or following - at <= 12:
            return int(at)
    return int(months[-1])


def expect_counts(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each month the mean of up to six months on each side of it, itself left out."""
    padded = np.pad(counts, AROUND, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)
    others = np.delete(around, AROUND, axis=1)
    there = np.isfinite(others)
    expected: npt.NDArray[np.float64] = np.where(there, others, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return expected


def _widen_by_chance(span: Span, whole: Span, rows: int) -> Span:
    """A contributor's span; where it is shorter than the whole source's, that counts only if it is no chance."""
    rate = rows / max((span.last - span.first).days, 30)
    late = (span.first - whole.first).days * rate >= SURE
    silent = (whole.last - span.last).days * rate >= SURE
    return Span(span.first if late else whole.first, span.last if silent else whole.last, span.gaps)


def list_practices_of(store: Store, persons: npt.NDArray[np.int32], until: date) -> pd.DataFrame:
    """One row per person of `persons`, by number: practice, and since when without a break of more than 4 weeks.

    As known on the day `until`: of those that stand the latest begun, else of those that ended. Both are
    missing where the person had no registration, or where none were landed.
    earlier: a tuple of (practice, day of leaving it) for each other practice that the person was with before.
    """
    index = pd.Index(np.unique(persons), name="person")
    if "registrations" not in store.landed:
        return pd.DataFrame({"practice": None, "since": pd.NaT, "earlier": None}, index=index)
    known = (pc.field("valid_from") <= until) & (pc.field("valid_to") > until) & (pc.field("registered_from") <= until)
    chosen = known & pc.is_in(pc.field("person"), pa.array(index.to_numpy()))
    rows = pq.read_table(store.file("registrations"), filters=chosen).to_pandas(date_as_object=False)
    rows = rows.sort_values(["person", "registered_from", "practice"], kind="stable")
    ended = rows["registered_to"].fillna(pd.Timestamp(until))
    latest_end = ended.groupby(rows["person"], sort=False).cummax().groupby(rows["person"], sort=False).shift(1)
    begins = latest_end.isna() | (rows["registered_from"] - latest_end > pd.Timedelta(BREAK))
    since = rows["registered_from"].where(begins).groupby(rows["person"], sort=False).ffill()
    rows = rows.assign(since=since, stands=rows["registered_to"].isna())
    rows = rows.sort_values(["person", "stands", "registered_from", "practice"], kind="stable")
    last = rows.drop_duplicates("person", keep="last").set_index("person")
    return last[["practice", "since"]].assign(earlier=_list_earlier_practices(rows)).reindex(index)


def _list_earlier_practices(rows: pd.DataFrame) -> pd.Series:
    """By person the practices before the last, and when each was left: at its end, or when the next began."""
    next_began = rows.groupby("person", sort=False)["registered_from"].shift(-1)
    left = rows["registered_to"].fillna(next_began)
    today = rows.groupby("person", sort=False)["practice"].transform("last")
    gone = rows.assign(left=left)[
        (next_began.notna() & rows["practice"].notna() & (rows["practice"] != today)).to_numpy()
    ]
    pairs = [(str(practice), day.date()) for practice, day in zip(gone["practice"], gone["left"], strict=True)]
    return pd.Series(pairs, index=gone["person"], dtype=object).groupby(level=0).agg(tuple)


BREAK = timedelta(days=28)
"""Days without a practice after which a registration begins anew."""
