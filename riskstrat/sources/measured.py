"""Reads measured numbers, as DuckDB expressions: bounds, and values in another unit than the measure's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskstrat.definitions.measures import FILLERS, FOLDED_FROM, FOLDED_TO, MEASURES

_BOUND = "^(<=|>=|=<|=>|<|>|≤|≥) *"
"""Before a number: more or less than it. The number is read; `>90` is 90."""


def build_number_sql(text: str) -> str:
    """The number of a text, null if it is none or not finite; a bound is read as its number."""
    number = f"try_cast({text} AS DOUBLE)"
    bare = f"try_cast(regexp_replace({text}, '{_BOUND}', '') AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} WHEN {number} IS NULL AND isfinite({bare}) THEN {bare} END"


def is_bounded_sql(text: str) -> str:
    """Whether a text is a bound."""
    return f"coalesce(regexp_matches({text}, '{_BOUND}'), false)"


def list_conversions(kinds: Mapping[str, str]) -> tuple[str, ...]:
    """In which ways a landed table of measurements may need its values read as others; `kinds` are by column."""
    bound = ("bound",) if kinds.get("value") == "VARCHAR" else ()
    return (*bound, "unit") if {"value", "unit"} <= set(kinds) else bound


def convert_units(query: str) -> str:
    """The query of measurements with every value in its measure's own unit.

    Adds `converted_unit`, true where another unit was read, and `unread_unit`, true where the unit of a measure that is
    known says nothing that is known.
    """
    folded = f"translate(lower(unit), '{FOLDED_FROM}', '{FOLDED_TO}')"
    units = ", ".join(
        f"('{measure}', '{unit}', '{own}', {factor!r}::DOUBLE, {shift!r}::DOUBLE, {digits})"
        for measure, unit, own, factor, shift, digits in _list_units()
    )
    other = "u.factor IS NOT NULL AND (u.factor <> 1 OR u.shift <> 0)"
    known = ", ".join(f"'{measure}'" for measure in MEASURES)
    fillers = ", ".join(f"'{filler}'" for filler in FILLERS)
    value = f"CASE WHEN {other} THEN round(q.value * u.factor + u.shift, u.digits) ELSE q.value END"
    unread = f"u.own IS NULL AND q.measure IN ({known}) AND q.folded NOT IN ({fillers})"
    return (
        f"SELECT q.* EXCLUDE (folded) REPLACE ({value} AS value, coalesce(u.own, q.unit) AS unit), "
        f"coalesce({other} AND q.value IS NOT NULL, false) AS converted_unit, coalesce({unread}, false) AS unread_unit "
        f"FROM (SELECT *, {folded} AS folded FROM ({query})) q LEFT JOIN (VALUES {units}) "
        "u(of_measure, of_unit, own, factor, shift, digits) ON q.measure = u.of_measure AND q.folded = u.of_unit"
    )


def _list_units() -> Iterator[tuple[str, str, str, float, float, int]]:
    for name, measure in MEASURES.items():
        for unit, how in measure.list_units().items():
            yield name, unit, measure.unit, how.factor, how.shift, measure.digits
