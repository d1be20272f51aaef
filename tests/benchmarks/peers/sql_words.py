"""The operations in SQL, in the words that DuckDB and PostgreSQL share."""

from __future__ import annotations

from typing import Any

from expressions import COMPARED

_SIGNS = dict(zip(COMPARED, ("=", "<>", ">", ">=", "<", "<="), strict=True))

_TYPES = {"float64": "FLOAT8", "int64": "INT8", "string": "VARCHAR"}


def quote_value(value: Any) -> str:
    """A value as it stands in SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value)
    return f"DATE '{value}'" if not isinstance(value, str) else "'" + value.replace("'", "''") + "'"


WORDS: dict[str, Any] = {
    "Field": lambda name: f'"{name}"',
    "Literal": quote_value,
    **{name: (lambda left, right, sign=sign: f"({left} {sign} {right})") for name, sign in _SIGNS.items()},
    "InValues": lambda value, options: f"({value} IN ({', '.join(map(quote_value, options))}))",
    "IsNull": lambda value: f"({value} IS NULL)",
    "NotNull": lambda value: f"({value} IS NOT NULL)",
    "Not": lambda value: f"(NOT {value})",
    "And": lambda left, right: f"({left} AND {right})",
    "Or": lambda left, right: f"({left} OR {right})",
    "Add": lambda left, right: f"({left} + {right})",
    "Subtract": lambda left, right: f"({left} - {right})",
    "Multiply": lambda left, right: f"({left} * {right})",
    "DateDelta": lambda left, right: f"({left} - {right})",
    "Cast": lambda value, to: f"CAST({value} AS {_TYPES[to]})",
    "Round": lambda value: f"ROUND({value})",
    "Substring": lambda value, start, length: f"SUBSTRING({value}, {start + 1}, {length})",
    "StringConcat": lambda *parts: f"({' || '.join(parts)})",
    "StartsWith": lambda value, start: f"STARTS_WITH({value}, {start})",
}
