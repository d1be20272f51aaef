"""What a feature is, and the closed set of verbs that declare one.

A declaration says which rows, which lookback, what a missing value means and how a person reads it. It never
mentions an index date: the engine cuts every row by when it happened and when it was known.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NotRequired, TypedDict, Unpack

import ibis.expr.types as ir
import numpy.typing as npt

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.durations import EVER, days
from riskstrat.definitions.expressions import Rows, on_stream, rows_of, structure, table_of
from riskstrat.errors import DefinitionError
from riskstrat.storage import compute_digest

THEMES = (
    "hospital use",
    "urgent care",
    "long-term conditions",
    "falls and frailty",
    "medicines",
    "social care",
    "age and area",
    "community and GP contact",
)
"""The themes that a person's page groups reasons by."""

AGE = "age"
"""The verb of a feature that is the age in completed years."""

COUNT, DAYS_SINCE, SLOPE = "count", "days_since", "slope"
"""The verbs of a number of rows, and of a change a year."""

ZERO_IS_A_VALUE = frozenset({DAYS_SINCE, "latest", SLOPE, AGE})
"""Verbs whose 0 says something; for the others 0 means that nothing is recorded."""

Columns = Mapping[str, npt.NDArray[Any]]
Lookback = str | Sequence[str]


PLACEHOLDERS = ("n", "s", "times", "lookback", "date", "ago", "roughly")
"""What a sentence may name in braces."""


class Words(TypedDict):
    """The keywords that every verb takes besides its own; those that are NotRequired may be left out."""

    theme: str
    unit: str
    says: str
    why: str
    sensitive: bool
    absent: NotRequired[str | None]
    printed_from: NotRequired[int | None]
    context: NotRequired[bool]
    says_negative: NotRequired[str | None]
    says_always: NotRequired[str | None]
    said_from: NotRequired[float]
    values: NotRequired[tuple[str, ...]]
    called: NotRequired[str | None]
    said_by: NotRequired[str | None]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How people read a feature.

    `says` is the sentence when the feature has a value: {n} the value, {s} a plural s, {lookback} the lookback in
    words, {date} the date of the latest row behind it, {ago} a value in days as "7 months ago", {roughly} the same
    without a number of days. An age is said by its band. `says_negative` is said instead of a value below 0, with its
    size as {n}; `says_always` of days that fill the whole lookback; a value smaller than `said_from` is not said at
    all. `values` are words for the values 0, 1, 2 ... in place of {n}. `absent` is the sentence when nothing is
    recorded, `called` the name of a measure that a source does not hold. `why` is the clinical rationale. `sensitive`
    folds its contribution into "other" and keeps it off every page. `printed_from` is the age below which a score is
    not valid and is not said. `context` marks what is true of a place rather than the person, and is never given as a
    reason. `said_by` names the feature whose sentence is said in its place, since both tell a person the same.
    """

    theme: str
    unit: str
    says: str
    why: str
    sensitive: bool
    absent: str | None = None
    printed_from: int | None = None
    context: bool = False
    says_negative: str | None = None
    says_always: str | None = None
    said_from: float = 0.0
    values: tuple[str, ...] = ()
    called: str | None = None
    said_by: str | None = None

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise DefinitionError(f'"{self.theme}" is not a theme; the themes are: {", ".join(THEMES)}')
        for name in ("unit", "says", "why"):
            if not getattr(self, name).strip():
                raise DefinitionError(f"a feature needs {name}=")


@dataclass(frozen=True)
class Feature:
    """One column of the matrix. `missing` is its value when no row counts: a number, or None for unknown (NaN).

    `formula_text` is the formula as it stood in its file when it was declared.
    """

    verb: str
    wording: Wording
    missing: float | None
    rows: Rows | None = None
    lookback: int = EVER
    codes: Codelist | None = None
    day: ir.DateColumn | None = None
    value: ir.Value | None = None
    key: ir.Value | str | None = None
    until: ir.DateColumn | None = None
    scale: int = 1
    within: int = 0
    first: bool = False
    inputs: Mapping[str, str | Feature] = field(default_factory=dict)
    formula: Callable[[Columns], npt.NDArray[Any]] | None = None
    formula_text: str | None = None
    suffix: str = ""
    name: str = ""

    @property
    def theme(self) -> str:
        return self.wording.theme

    @property
    def counts_groups(self) -> bool:
        """Whether the value is how many groups of a codelist are recorded."""
        return self.verb == "distinct" and self.key == "group" and self.codes is not None

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of everything that decides the values, and of nothing that only words them.

        An input named by another feature's name counts by that name; the loader adds that feature's own fingerprint.
        """
        conditions = sorted(structure(condition) for condition in self.rows.conditions) if self.rows else None
        facts = (
            self.verb,
            self.missing,
            self.rows.stream if self.rows else None,
            conditions,
            self.lookback,
            self.codes.fingerprint if self.codes else None,
            *(structure(part) for part in (self.day, self.value, self.key, self.until)),
            (self.scale, self.within, self.first),
            [(name, i if isinstance(i, str) else i.fingerprint) for name, i in self.inputs.items()],
            self.formula_text,
        )
        return compute_digest(repr(facts))


Declared = tuple[Feature, ...]
"""What a verb gives: one feature for each lookback."""


def count(
    rows: ir.Table,
    *,
    lookback: Lookback,
    missing: float | None,
    codes: Codelist | None = None,
    **words: Unpack[Words],
) -> Declared:
    """Number of rows in the lookback."""
    feature = Feature(COUNT, Wording(**words), missing, rows_of(rows), codes=codes)
    return _expand_lookbacks(feature, lookback)


def exists(
    rows: ir.Table | ir.DateColumn,
    *,
    lookback: Lookback,
    missing: float | None,
    codes: Codelist | None = None,
    **words: Unpack[Words],
) -> Declared:
    """1 when at least one row lies in the lookback. Given a date column, that date is the event."""
    table, day = _resolve_rows_and_day(rows)
    wording = Wording(**words)
    return _expand_lookbacks(Feature("exists", wording, missing, table, codes=codes, day=day), lookback)


def total(
    value: ir.NumericColumn,
    *,
    lookback: Lookback,
    missing: float | None,
    codes: Codelist | None = None,
    scale: int = 1,
    **words: Unpack[Words],
) -> Declared:
    """Sum of `value` over the rows in the lookback, in whole 1/`scale`s. Rows without a value are left out."""
    wording = Wording(**words)
    rows = rows_of(table_of(value))
    return _expand_lookbacks(
        Feature("total", wording, missing, rows, codes=codes, value=on_stream(value), scale=scale), lookback
    )


def distinct(
    rows: ir.Table,
    key: ir.Value | str,
    *,
    lookback: Lookback,
    missing: float | None,
    codes: Codelist | None = None,
    weighted: bool = False,
    **words: Unpack[Words],
) -> Declared:
    """Number of different keys in the lookback, or with `weighted` the sum of their weights, each key once.

    `key` is a text column of the rows, or with `codes` the word "entry" (each code of the list) or "group".
    """
    if isinstance(key, str) and (codes is None or key not in ("entry", "group")):
        raise DefinitionError(f'key "{key}" is not allowed; give a column, or with codes= "entry" or "group"')
    if weighted and not (isinstance(key, str) and codes):
        raise DefinitionError("weighted=True needs codes= whose entries carry weights")
    wording = Wording(**words)
    feature = Feature(
        "weighted" if weighted else "distinct",
        wording,
        missing,
        rows_of(rows),
        codes=codes,
        key=key if isinstance(key, str) else on_stream(key),
        scale=codes.scale if weighted and codes else 1,
    )
    return _expand_lookbacks(feature, lookback)


def days_since(
    rows: ir.Table | ir.DateColumn,
    *,
    lookback: Lookback,
    missing: float | None,
    codes: Codelist | None = None,
    first: bool = False,
    **words: Unpack[Words],
) -> Declared:
    """Days from the latest (with `first` the earliest) row in the lookback to the index date."""
    table, day = _resolve_rows_and_day(rows)
    wording = Wording(**words)
    return _expand_lookbacks(
        Feature("days_since", wording, missing, table, codes=codes, day=day, first=first), lookback
    )


def latest(
    value: ir.NumericColumn,
    *,
    lookback: Lookback,
    missing: float | None,
    scale: int = 1000,
    **words: Unpack[Words],
) -> Declared:
    """Value of the latest row in the lookback; of several on one day, the largest."""
    wording = Wording(**words)
    rows = rows_of(table_of(value))
    return _expand_lookbacks(Feature("latest", wording, missing, rows, value=on_stream(value), scale=scale), lookback)


def slope(
    value: ir.NumericColumn,
    *,
    lookback: Lookback,
    at_least: str,
    missing: float | None,
    scale: int = 1000,
    **words: Unpack[Words],
) -> Declared:
    """Least-squares change of `value` per year over the rows in the lookback.

    Unknown where the first and last of them lie less than `at_least` apart: a year cannot be told from a fortnight.
    """
    wording = Wording(**words)
    rows = rows_of(table_of(value))
    feature = Feature(SLOPE, wording, missing, rows, value=on_stream(value), scale=scale, within=days(at_least))
    made = _expand_lookbacks(feature, lookback)
    if any(each.within >= each.lookback for each in made):
        raise DefinitionError(f'at_least="{at_least}" is not shorter than the lookback, so it could never be told')
    return made


def episodes(
    rows: ir.Table,
    *,
    within: str,
    lookback: Lookback,
    missing: float | None,
    **words: Unpack[Words],
) -> Declared:
    """Number of episodes that begin in the lookback: rows up to `within` after the first of an episode belong to it."""
    wording = Wording(**words)
    return _expand_lookbacks(Feature("episodes", wording, missing, rows_of(rows), within=days(within)), lookback)


def days_in(
    start: ir.DateColumn,
    end: ir.DateColumn,
    *,
    lookback: Lookback,
    missing: float | None,
    **words: Unpack[Words],
) -> Declared:
    """Days from `start` to `end` in the lookback, clipped at both edges; without an end, to the index date.

    A day that lies in several rows counts once.
    """
    wording = Wording(**words)
    rows = rows_of(table_of(start))
    feature = Feature("days_in", wording, missing, rows, day=on_stream(start), until=on_stream(end))
    return _expand_lookbacks(feature, lookback)


def active(
    start: ir.DateColumn,
    end: ir.DateColumn,
    *,
    missing: float | None,
    **words: Unpack[Words],
) -> Declared:
    """1 when a row has started and has not ended by the index date."""
    wording = Wording(**words)
    rows = rows_of(table_of(start))
    return (Feature("active", wording, missing, rows, day=on_stream(start), until=on_stream(end)),)


def attribute(
    value: ir.Value,
    *,
    missing: float | None,
    **words: Unpack[Words],
) -> Declared:
    """A number that stands in `people` and does not change with time; true and false read as 1 and 0."""
    wording = Wording(**words)
    return (Feature("attribute", wording, missing, rows_of(table_of(value)), value=on_stream(value)),)


def age(*, missing: float | None, **words: Unpack[Words]) -> Declared:
    """Age in completed years at the index date."""
    return (Feature(AGE, Wording(**words), missing, Rows("people", ())),)


def derive(
    inputs: Mapping[str, str | Declared],
    formula: Callable[[Columns], npt.NDArray[Any]],
    *,
    missing: float | None,
    **words: Unpack[Words],
) -> Declared:
    """A sum, ratio or hierarchy of other features. `formula` is a named function of the input columns.

    An input is the name of a feature, or a declaration of its own that stays out of the matrix.
    """
    if formula.__name__ == "<lambda>":
        raise DefinitionError("derive needs a named function (def ...), so that its text can be fingerprinted")
    wording = Wording(**words)
    given, text = {k: _require_single_feature(k, v) for k, v in inputs.items()}, inspect.getsource(formula)
    return (Feature("derive", wording, missing, inputs=given, formula=formula, formula_text=text),)


def _require_single_feature(name: str, given: str | Declared) -> str | Feature:
    if isinstance(given, str):
        return given
    if len(given) != 1:
        raise DefinitionError(f'input "{name}" of derive must have one lookback, not {len(given)}')
    return given[0]


def _resolve_rows_and_day(given: ir.Table | ir.DateColumn) -> tuple[Rows, ir.DateColumn | None]:
    if isinstance(given, ir.Table):
        return rows_of(given), None
    return rows_of(table_of(given)), on_stream(given)


def _expand_lookbacks(feature: Feature, lookback: Lookback) -> Declared:
    if isinstance(lookback, str):
        return (replace(feature, lookback=days(lookback)),)
    if not lookback:
        raise DefinitionError('a feature needs a lookback, such as "90d"; with none it would not be made')
    return tuple(replace(feature, lookback=days(text), suffix=f"_{text}") for text in lookback)
