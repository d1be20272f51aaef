"""The DuckDB engine of this process for small queries of no store: to start one takes far longer than each of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def connect_shared() -> DuckDBPyConnection:
    """A connection of its own to the engine; whoever asks closes it, and leaves no table in it."""
    return _start_engine().cursor()


@cache
def _start_engine() -> DuckDBPyConnection:
    import duckdb

    return duckdb.connect()
