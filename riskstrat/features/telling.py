"""Whether the records can tell what a feature says of a person, or why not.

A printed fact has three states: a value; none; cannot be told. The engine gives the first two: a number, or what a
feature has where no row counts. That it counted no row means "none" only if the source was landed, is understood, and
held every row of this person over the whole lookback. What stands in the matrix is not changed: a model may see 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.coded_columns import CODED_COLUMNS
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import AGE, ZERO_IS_A_VALUE, Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.phrases import NOT_IN_DATA, long_date
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.features.assembly import FeatureEngine
from riskstrat.features.gaps import (
    explain_blank,
    explain_endless,
    explain_gap,
    explain_span,
    explain_wordless,
    find_share_served,
    reads_column,
)
from riskstrat.features.whole_record import search_whole_record
from riskstrat.sources.coverage import DAYS_RECORDED, Coverage, Span, list_practices_of
from riskstrat.sources.selection import find_first_days, find_latest_days
from riskstrat.sources.tables import STREAMS

SUMS = frozenset({"count", "total", "distinct", "weighted", "episodes", "days_in"})
"""Verbs that add up rows, so that a row more can only make the value larger."""

NUMBERS = SUMS | {"derive"}
"""Verbs whose value is too low, rather than only lacking, where part of the rows was not understood."""

SHORTEST = 365
"""Days that a source must cover for "never": nobody's whole life is covered."""

HELD_BY_NOBODY = "these data hold no such record about anybody"
"""Why nothing is told of what a source could hold, and holds of nobody: it may not be recorded there at all."""

UNREAD = 0.02
"""Share of a column's rows that must be understood for the column to be read at all."""

PARTLY = 0.5
"""The same where the site says that a table is understood in part."""

COLUMNS_AT_ONCE = 16
"""Columns of everybody that are read together: where a cluster holds them, each time is a query."""

UNDECIDED = {("admissions", "method"): "it is not known how a hospital stay came about"}
"""Columns that each row has one known value of, and what is said of a person of whom a row has another.

Where the method of a stay is 98, 99 or a code that nobody knows, the stay may have been an emergency or not.
"""

Reasons = npt.NDArray[np.object_]
"""One entry per person: why something cannot be told, in words that follow "cannot be told: "; None where it can."""


@dataclass(frozen=True, eq=False)
class Telling:
    """What can be told of some people at their index dates.

    matrix: one row per person. scored: the matrix of everybody eligible, or of some of them. eligible: one row for each
    of them all, by whose records it follows whether the feed holds such records at all. practices: one row per person
    of `matrix`, in its order: practice, since and earlier. persons: their numbers in the engine's store.
    """

    engine: FeatureEngine
    coverage: Coverage
    matrix: FeatureMatrix
    scored: FeatureMatrix
    eligible: pd.DataFrame
    practices: pd.DataFrame
    persons: npt.NDArray[np.int32]
    _known: dict[str, Reasons] = field(default_factory=dict, repr=False)

    def find_reasons(self, name: str) -> Reasons:
        """For each person why the feature cannot be told, or None where it can, or is a value that was recorded."""
        if name not in self._known:
            self._known[name] = self._work_out_reasons(name)
        return self._known[name]

    def find_gaps(self, name: str) -> Reasons:
        """For each person why rows of the feature may be lacking, whatever was found; None where they all came."""
        return self._work_out_reasons(name, np.ones(len(self.matrix), np.bool_))

    def find_later_gaps(self, name: str, days: npt.NDArray[np.datetime64]) -> Reasons:
        """For each person why rows of the feature after a day may be lacking; None where they all came, or no day."""
        made, there = np.full(len(self.matrix), None, object), ~np.isnat(days)
        for leaf in self._list_leaves(self._features[name]) if name in self._features else ():
            _fill_empty(made, there, self._find_misread(leaf) or self._find_lacking_source(leaf))
            for source in _list_sources(leaf):
                for row in np.flatnonzero(there & (made == np.array(None))):
                    made[row] = self._find_gap(source, int(row), (self._index_dates[row] - days[row].item()).days + 1)
        return made

    def find_cut_short(self, name: str) -> npt.NDArray[np.bool_]:
        """For each person whether a feature adds up rows over more time than a source of theirs holds.

        Such a number may be too low to be said; a rule may still take it as the least that there was. What is worked
        out of sums (a difference may even be too high) is not said either of whoever came within their time.
        """
        made = np.zeros(len(self.matrix), np.bool_)
        if name not in self.matrix.columns or self._features[name].verb not in NUMBERS:
            return made
        worked_out = self._features[name].verb not in SUMS
        for leaf in self._list_leaves(self._features[name]):
            if leaf.lookback < EVER:
                lacks = (
                    self._lacks_time(leaf, row) or (worked_out and leaf.verb in SUMS and self._lacks_rows(leaf, row))
                    for row in range(len(made))
                )
                made |= np.fromiter(lacks, np.bool_, len(made))
        return made

    def _lacks_rows(self, leaf: Feature, row: int) -> bool:
        """Whether rows of a part of the lookback may not have come here, as those from before somebody came to live."""
        landed = self.engine.store.landed - {"people"}
        return any(self._find_gap(one, row, leaf.lookback) for one in _list_sources(leaf) if one in landed)

    def _lacks_time(self, leaf: Feature, row: int) -> bool:
        """Whether the records of a source, or those of the person's practice in it, lack a part of the lookback."""
        index = self._index_dates[row]
        start = index - timedelta(days=leaf.lookback - 1)
        spans = (span for one in _list_sources(leaf) for span in self._list_spans(one, row))
        return any(explain_span(span, "", start, index) is not None for span in spans)

    def _list_spans(self, source: str, row: int) -> Iterator[Span]:
        practice = self._practices[row][0]
        named = (None, practice) if practice and self.coverage.is_by_practice(source) else (None,)
        yield from (span for each in named if (span := self.coverage.find_span(source, each)))

    def find_source_reasons(self, source: str, days: int) -> Reasons:
        """For each person why a source cannot tell that nothing happened in the last `days`; None where it can."""
        made = np.full(len(self.matrix), None, object)
        if source not in self.engine.store.landed:
            made[:] = f"{SOURCE_WORDS[source]} {NOT_IN_DATA}"
            return made
        for row in range(len(made)):
            made[row] = self._find_gap(source, row, days)
        return made

    def is_held(self, name: str) -> bool:
        """Whether anybody's record holds a row of what the feature tells."""
        return name in self.matrix.columns and any(
            self._held[leaf.fingerprint] for leaf in self._list_leaves(self._features[name])
        )

    def blank_untold(self) -> FeatureMatrix:
        """The matrix with NaN for all that cannot be told, as rules take it."""
        values = self.matrix.values.copy()
        for column, name in enumerate(self.matrix.columns):
            values[self.find_reasons(name) != np.array(None), column] = np.nan
        return replace(self.matrix, values=values)

    def _work_out_reasons(self, name: str, bare: npt.NDArray[np.bool_] | None = None) -> Reasons:
        """bare: for whom it is asked why there may be rows, where these are not those without a value."""
        made = np.full(len(self.matrix), None, object)
        if name not in self.matrix.columns:
            made[:] = self._explain_unbuilt(name)
            return made
        feature = self._features[name]
        if bare is None:
            bare = _is_bare(feature, self.matrix.values[:, self.matrix.columns.index(name)])
        leaves = list(self._list_leaves(feature))
        for leaf in leaves:
            _fill_empty(made, bare | (feature.verb in NUMBERS), self._find_misread(leaf))
            _fill_empty(made, bare, self._find_lacking_source(leaf))
        if leaves and bare.any() and not any(self._held[leaf.fingerprint] for leaf in leaves):
            blank = (explain_blank(leaf, self.engine.store) for leaf in leaves)
            _fill_empty(made, bare, next(filter(None, blank), HELD_BY_NOBODY))
        for leaf in leaves:
            _fill_empty(made, ~bare, explain_endless(leaf, self.engine.store))
            self._fill_undecided(made, bare, leaf)
            self._fill_uncovered(made, bare, leaf)
            _fill_empty(made, bare, explain_wordless(leaf.rows.stream if leaf.rows else "", self.engine.store.manifest))
        return made

    @cached_property
    def _features(self) -> dict[str, Feature]:
        return dict(zip(self.engine.plan.names, self.engine.plan.columns, strict=False))

    def _list_leaves(self, feature: Feature) -> Iterator[Feature]:
        """The features with rows of their own that a feature rests on."""
        for given in feature.inputs.values():
            yield from self._list_leaves(self._features[given] if isinstance(given, str) else given)
        if feature.rows is not None and feature.verb not in (AGE, "attribute"):
            yield feature

    def _explain_unbuilt(self, name: str) -> str:
        feature = self.engine.declared.get(name)
        leaves = _list_declared_leaves(feature, self.engine.declared) if feature else iter(())
        lacking = (why for leaf in leaves if (why := self._find_lacking_source(leaf)))
        return next(lacking, "the records do not hold what it rests on")

    def _find_misread(self, leaf: Feature) -> str | None:
        """Why rows that the feature would count may stand under codes that nothing here reads."""
        return next(self._list_misread(leaf), None)

    def _list_misread(self, leaf: Feature) -> Iterator[str]:
        partly = {name.partition(".")[0] for name in self.engine.store.manifest["understood"]}
        for source in _list_sources(leaf):
            entries = [one for one in self._codes if one["table"] == source and reads_column(leaf, one["column"])]
            needed = PARTLY if source in partly else UNREAD
            if any(one["understood"] < needed for one in entries) or find_share_served(leaf, entries) < UNREAD:
                yield f"the codes in {SOURCE_WORDS[source]} are not understood here"

    @property
    def _codes(self) -> Sequence[Mapping[str, Any]]:
        """What ingest found of the codes: by table, column and system the rows and the share that is understood."""
        codes: Sequence[Mapping[str, Any]] = self.engine.store.manifest["codes"]
        return codes

    def _find_lacking_source(self, leaf: Feature) -> str | None:
        """The first of the feature's sources that was not landed, in words; None if all were."""
        landed = self.engine.store.landed
        lacking = (f"{SOURCE_WORDS[one]} {NOT_IN_DATA}" for one in _list_sources(leaf) if one not in landed)
        return next(lacking, None)

    @cached_property
    def _held(self) -> Mapping[str, bool]:
        """By fingerprint of a feature with rows whether anybody's record holds a row that it counts, at any time."""
        leaves = {leaf.fingerprint: leaf for one in self._features.values() for leaf in self._list_leaves(one)}
        shown = [name for name in self.scored.columns if name in self._features]
        seen = {
            self._features[name].fingerprint
            for block in (shown[at : at + COLUMNS_AT_ONCE] for at in range(0, len(shown), COLUMNS_AT_ONCE))
            for name, column in zip(block, self.scored.select(block).T, strict=True)
            if not _is_bare(self._features[name], column).all()
        }
        unseen = {key: leaf for key, leaf in leaves.items() if key not in seen}
        return dict.fromkeys(leaves, True) | search_whole_record(self.engine, unseen, self.eligible)

    def _fill_undecided(self, made: Reasons, bare: npt.NDArray[np.bool_], leaf: Feature) -> None:
        """Fill in why those whose value is bare have a row of which nobody can say whether it would have counted."""
        for (source, column), why in UNDECIDED.items():
            held = source in self.engine.store.landed and source in _list_sources(leaf)
            if not bare.any() or not held or not reads_column(leaf, column):
                continue
            latest = self._find_undecided_days(source, column)
            starts = np.array(
                [index - timedelta(days=leaf.lookback - 1) for index in self._index_dates], "datetime64[D]"
            )
            _fill_empty(made, bare & (latest >= starts), why)

    def _find_undecided_days(self, source: str, column: str) -> npt.NDArray[np.datetime64]:
        """For each person the day of their latest row with a value of the column that says nothing, or NaT."""
        if (source, column) not in self._undecided:
            stream = STREAMS[source]
            assert stream.event is not None
            table = stream.table
            known = next(one for one in CODED_COLUMNS if (one.table, one.column) == (source, column)).words
            rows = table.filter(~table[column].isin(sorted(known)))
            self._undecided[source, column] = find_latest_days(
                self.engine.store, [(rows, stream.event)], self.persons, max(self._index_dates)
            )
        return self._undecided[source, column]

    @cached_property
    def _undecided(self) -> dict[tuple[str, str], npt.NDArray[np.datetime64]]:
        return {}

    def _fill_uncovered(self, made: Reasons, bare: npt.NDArray[np.bool_], leaf: Feature) -> None:
        """Fill in why the sources of the feature do not cover the lookback of those whose value is bare."""
        days = SHORTEST if leaf.lookback >= EVER else leaf.lookback
        for source in _list_sources(leaf):
            if source not in self.engine.store.landed or source == "people":
                continue
            for row in np.flatnonzero(bare & (made == np.array(None))):
                made[row] = self._find_gap(source, int(row), days)

    def _find_gap(self, source: str, row: int, days: int) -> str | None:
        index = self._index_dates[row]
        practice, since = self._practices[row]
        key = (source, practice, since, index, days)
        start = index - timedelta(days=days - 1)
        if key not in self._gaps:
            self._gaps[key] = explain_gap(self.coverage, source, practice, since, start, index)
        return self._gaps[key] or self._find_gap_before_move(source, row, start)

    def _find_gap_before_move(self, source: str, row: int, start: date) -> str | None:
        """Why the source lacks the time with an earlier practice; None where its records came, or moved along.

        They moved along where the person's own record holds a row of that source from before they left it.
        """
        earlier = self._earlier[row] if self.coverage.is_by_practice(source) else ()
        left = [day for practice, day in earlier if day > start and not self._is_sent(source, practice, start, day)]
        if not left or self._first_days(source)[row] < np.datetime64(min(left), "D"):
            return None
        return f"{SOURCE_WORDS[source]} of a practice that the person left on {long_date(max(left))} did not come"

    def _is_sent(self, source: str, practice: str, start: date, end: date) -> bool:
        span = self.coverage.find_span(source, practice) if self.coverage.has_contributed(source, practice) else None
        return span is not None and explain_span(span, source, start, end) is None

    def _first_days(self, source: str) -> npt.NDArray[np.datetime64]:
        """For each person the day of the first row of a source that was known by the latest index date, or NaT."""
        if source not in self._firsts:
            until = max(self._index_dates)
            self._firsts[source] = (
                self._read_first_days(source)
                if source in DAYS_RECORDED
                else find_first_days(self.engine.store, STREAMS[source].table, self.persons, until)
            )
        return self._firsts[source]

    def _read_first_days(self, source: str) -> npt.NDArray[np.datetime64]:
        rows = self.engine.store.read(source)
        days = pd.to_datetime(rows[DAYS_RECORDED[source]]).groupby(rows["person"]).min()
        return days.reindex(self.persons).to_numpy().astype("datetime64[D]")

    @cached_property
    def _firsts(self) -> dict[str, npt.NDArray[np.datetime64]]:
        return {}

    @cached_property
    def _earlier(self) -> list[tuple[tuple[str, date], ...]]:
        return [given if isinstance(given, tuple) else () for given in self.practices["earlier"]]

    @cached_property
    def _gaps(self) -> dict[Any, str | None]:
        return {}

    @cached_property
    def _index_dates(self) -> list[date]:
        return [day.date() for day in pd.to_datetime(self.matrix.keys["index_date"])]

    @cached_property
    def _practices(self) -> list[tuple[str | None, date | None]]:
        return [
            (None if pd.isna(practice) else str(practice), None if pd.isna(since) else since.date())
            for practice, since in zip(self.practices["practice"], self.practices["since"], strict=True)
        ]


def tell(
    engine: FeatureEngine,
    coverage: Coverage,
    matrix: FeatureMatrix,
    scored: FeatureMatrix,
    rows: pd.DataFrame,
    eligible: pd.DataFrame | None = None,
) -> Telling:
    """What can be told of the people of `matrix`. rows: one row per person, in its order, with person and index_date.

    eligible: one row for everybody eligible, with person and index_date, where `scored` has not all of them. The
    numbers of `rows` are those of the engine's store.
    """
    until = engine.store.data_as_at if rows.empty else pd.to_datetime(rows["index_date"]).max().date()
    practices = list_practices_of(engine.store, rows["person"].to_numpy(), until)
    persons = rows["person"].to_numpy(np.int32)
    people = scored.keys if eligible is None else eligible
    return Telling(engine, coverage, matrix, scored, people, practices.loc[persons], persons)


def _is_bare(feature: Feature, values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Where a value says that no row was found."""
    missing: npt.NDArray[np.bool_] = np.isnan(values)
    return missing if feature.verb in ZERO_IS_A_VALUE else missing | (values == 0)


def _fill_empty(made: Reasons, where: npt.NDArray[np.bool_], why: str | None) -> None:
    if why is not None:
        made[where & (made == np.array(None))] = why


def _list_sources(leaf: Feature) -> tuple[str, ...]:
    """The source tables that hold the rows of a feature; of a merged stream all, since each may hold the only one."""
    assert leaf.rows is not None
    stream = STREAMS[leaf.rows.stream]
    return stream.needs or stream.any_of


def _list_declared_leaves(feature: Feature, declared: Mapping[str, Feature]) -> Iterator[Feature]:
    for given in feature.inputs.values():
        yield from _list_declared_leaves(declared[given] if isinstance(given, str) else given, declared)
    if feature.rows is not None:
        yield feature
