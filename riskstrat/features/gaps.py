"""Why a source does not hold every row of a period, in words that follow "cannot be told: "."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from riskstrat.definitions.expressions import columns_of, lets_null_pass
from riskstrat.definitions.features import Feature
from riskstrat.definitions.phrases import NOT_IN_DATA, SENDS_NO, long_date, word_month
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.sources.coverage import Coverage, Span
from riskstrat.sources.store import ENOUGH_ROWS, Store
from riskstrat.sources.streams import STREAM_CODELISTS, TOLD_BY
from riskstrat.sources.tables import STREAMS

LATE = 62
"""Days by which the rows of a source may come late: two monthly returns."""


def explain_gap(
    coverage: Coverage, source: str, practice: str | None, since: date | None, start: date, end: date
) -> str | None:
    """Why a source does not hold every row about a person from `start` to `end`; None if it does.

    practice: the person's, and since: the day from which they have had one without a break; None where not known.
    """
    words = SOURCE_WORDS[source]
    if coverage.find_span(source) is None:
        return f"{words} {NOT_IN_DATA}"
    for span in (coverage.find_span(source), *coverage.find_silent_contributors(source)):
        if span and (why := explain_span(span, words, start, end)):
            return why
    if practice is not None and (why := _explain_practice(coverage, source, practice, start, end)):
        return why
    if since is not None and since > start:
        return f"registered here only since {long_date(since)}"
    return None


def explain_wordless(stream: str, manifest: Mapping[str, Any]) -> str | None:
    """Why a source tells nothing of a merged stream: no row has a value in the columns by which it would; or None.

    manifest: that of the store, with the columns that were not landed and what ingest found of the codes.
    """
    for source, columns in TOLD_BY.get(stream, {}).items():
        coded = {one["column"] for one in manifest["codes"] if one["table"] == source and one["rows"]}
        absent = manifest["absent_columns"].get(source, ())
        if all(column in absent or (coded and column not in coded) for column in columns):
            return f"{SOURCE_WORDS[source]} in these data do not say what they were for"
        if coded and _are_mostly_wordless(source, columns, manifest):
            return f"most {SOURCE_WORDS[source]} in these data do not say what they were for"
    return None


def _are_mostly_wordless(source: str, columns: tuple[str, ...], manifest: Mapping[str, Any]) -> bool:
    """Whether more than half of a source's rows, where these are enough, have no value in any of some columns."""
    landed = manifest["tables"].get(source, {}).get("accepted", 0)
    saying = sum(one["rows"] for one in manifest["codes"] if one["table"] == source and one["column"] in columns)
    return landed >= ENOUGH_ROWS and saying < landed / 2


def explain_blank(leaf: Feature, store: Store) -> str | None:
    """Why a source that holds nothing that a feature counts says nothing by that: no row has a value of a column that
    the feature reads; or None.
    """
    stream = STREAMS[leaf.rows.stream] if leaf.rows else None
    asked = [one for one in (leaf.rows.conditions if leaf.rows else ()) if not lets_null_pass(one)]
    parts = (*asked, leaf.day, leaf.value, leaf.key)
    read = {name for part in parts if part is not None and not isinstance(part, str) for name in columns_of(part)}
    for source in (stream.needs or stream.any_of) if stream else ():
        blank = (one for one in sorted(read & set(SCHEMAS[source].names)) if not store.tells(source, one))
        if source in store.landed and next(blank, None):
            return f"{SOURCE_WORDS[source]} in these data cannot say"
    return None


def explain_endless(leaf: Feature, store: Store) -> str | None:
    """Why nobody can say whether something still runs: its source never says when anything ended; or None."""
    if leaf.rows is None or leaf.until is None:
        return None
    stream, column = leaf.rows.stream, leaf.until.get_name()
    # The end of a stay in hospital is worked out of several columns and has rules of its own.
    if stream not in SCHEMAS or column not in SCHEMAS[stream].names or store.tells(stream, column):
        return None
    return f"{SOURCE_WORDS[stream]} in these data do not say when they ended"


def _explain_practice(coverage: Coverage, source: str, practice: str, start: date, end: date) -> str | None:
    if not coverage.is_by_practice(source):
        return None
    span = coverage.find_span(source, practice)
    if span is None:
        return f"{SENDS_NO} {SOURCE_WORDS[source]}"
    return explain_span(span, f"{SOURCE_WORDS[source]} of this practice", start, end)


def explain_span(span: Span, words: str, start: date, end: date) -> str | None:
    """Why the days of a source that `words` name do not hold every row from `start` to `end`; None if they do."""
    if span.first > start:
        return f"{words} begin on {long_date(span.first)}"
    if span.last < end - timedelta(days=LATE):
        return f"{words} end on {long_date(span.last)}"
    gap = span.find_gap(start, end - timedelta(days=LATE))
    return f"{words} of {word_month(gap)} are missing" if gap else None


def find_share_served(leaf: Feature, entries: Sequence[Mapping[str, Any]]) -> float:
    """The share of rows in a code system that the feature's own codelist has codes of; 1 without a codelist."""
    coded = [one for one in entries if one["column"] in STREAMS[leaf.rows.stream].systems] if leaf.rows else []
    if leaf.codes is None or not coded:
        return 1.0
    systems = {system for entry in leaf.codes.entries for system in entry.reads}
    rows = {True: 0, False: 0}
    for one in coded:
        rows[one["system"] in systems] += one["rows"]
    return rows[True] / max(sum(rows.values()), 1)


def reads_column(leaf: Feature, column: str) -> bool:
    """Whether a feature reads a column of its source tables: in its filter, its codes, its key, or by its stream."""
    assert leaf.rows is not None
    stream = leaf.rows.stream
    if stream in STREAM_CODELISTS:
        return column in ("code", "complaint", "diagnosis", "category")
    parts = (*leaf.rows.conditions, leaf.value, leaf.key)
    read = {name for part in parts if part is not None and not isinstance(part, str) for name in columns_of(part)}
    return column in read or (leaf.codes is not None and column in STREAMS[stream].systems)
