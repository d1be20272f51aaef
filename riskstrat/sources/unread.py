"""Tables of a source that nothing reads and that look like a part of one that is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import duckdb

from riskstrat.errors import SourceError
from riskstrat.sources.places import DatabasePlace, Place

ALIKE = 0.75
"""The share of the columns of two tables that both have, from which on they look like parts of one."""


def find_unread_parts(
    connection: duckdb.DuckDBPyConnection, place: Place, read: Collection[str], others: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Each table of `others` that has the columns of one of `read`, with that one; both in alphabetical order.

    A database may hold anything, and each look at a table is a question to it: there the names must be alike too.
    """
    by_name = isinstance(place, DatabasePlace)
    columns = {name: _name_columns(connection, place, name) for name in sorted(read)} if others and not by_name else {}
    return tuple(_pair(connection, place, columns, sorted(read), sorted(others), by_name=by_name))


def _pair(
    connection: duckdb.DuckDBPyConnection,
    place: Place,
    columns: dict[str, frozenset[str]],
    read: Collection[str],
    others: Collection[str],
    *,
    by_name: bool,
) -> Iterator[tuple[str, str]]:
    for other in others:
        likely = [name for name in read if not by_name or _fold(name) == _fold(other)]
        seen = _name_columns(connection, place, other) if likely else frozenset()
        for name in likely:
            if name not in columns:
                columns[name] = _name_columns(connection, place, name)
            if are_alike(seen, columns[name]):
                yield other, name
                break


def are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two tables have nearly the same columns, and more than one."""
    return len(one & other) > 1 and len(one & other) >= ALIKE * len(one | other)


def report_unread_parts(parts: Collection[tuple[str, str]]) -> Iterator[str]:
    """A sentence for each table that is read, on those which are not and look like parts of it."""
    for name in sorted({read for _, read in parts}):
        others = [other for other, read in parts if read == name]
        few = len(others) == 1
        yield (
            f"{', '.join(others)} {'is' if few else 'are'} not read, and {'has' if few else 'have'} the columns of "
            f"{name}, which is: if {'it is a part' if few else 'they are parts'} of the same table, read "
            f"{'it' if few else 'them'} too (docs/sources/mapping.md, Parts), else move {'it' if few else 'them'}"
        )


def _name_columns(connection: duckdb.DuckDBPyConnection, place: Place, table: str) -> frozenset[str]:
    """The columns of a table; none of one that cannot be read, which is no fault while nothing reads it."""
    try:
        return place.name_columns(connection, table)
    except (SourceError, OSError):
        return frozenset()


def _fold(name: str) -> str:
    """A name without figures and marks."""
    return re.sub(r"[\W\d_]+", "", name)
