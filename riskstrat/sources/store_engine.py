"""The DuckDB engine of one open store: started once, and each set of views made once, however often they are asked for.

To start an engine takes 20 ms of processor time, and to make the views of every stream as long again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class StoreEngine:
    """An engine in memory that starts when it is first asked, and ends with the store that holds it."""

    def __init__(self, *, spill: Path | None = None, threads: int | None = None) -> None:
        """spill: the folder for what does not fit into memory; it goes when the last open connection is closed."""
        self._spill = spill
        # Else what no view is called could be read from a Python variable of that name.
        self._options: dict[str, Any] = {"python_enable_replacements": False}
        if threads:
            self._options["threads"] = threads
        if spill is not None:
            self._options["temp_directory"] = str(spill)
        self._guard = threading.Lock()
        self._root: DuckDBPyConnection | None = None
        self._made: dict[Hashable, str] = {}
        self._numbers = count()
        self._open = 0

    @contextmanager
    def connect(self, wanted: Hashable, make: Callable[[DuckDBPyConnection], str]) -> Iterator[DuckDBPyConnection]:
        """A connection of its own to the views `wanted`, under their names; closed at the end.

        make: creates them in the database that is the default of the connection that it is given, and returns their
        schema; called the first time they are wanted.
        """
        with self._guard:
            if wanted not in self._made:
                self._made[wanted] = self._make_views(make)
            connection = self._start().cursor()
            connection.execute(f"USE {self._made[wanted]}")
            self._open += 1
        try:
            yield connection
        finally:
            connection.close()
            self._end_connection()

    def _start(self) -> DuckDBPyConnection:
        if self._root is None:
            import duckdb

            self._root = duckdb.connect(config=self._options)
            # A moment falls on the same day wherever this runs.
            self._root.execute("SET GLOBAL TimeZone = 'UTC'")
        return self._root

    def _make_views(self, make: Callable[[DuckDBPyConnection], str]) -> str:
        """The schema of the views that `make` has made, with the name of their database."""
        # Another number each time, as views that could not be made leave their database behind.
        name = f"views_{next(self._numbers)}"
        with self._start().cursor() as connection:
            connection.execute(f"ATTACH ':memory:' AS {name}")
            connection.execute(f"USE {name}")
            return f"{name}.{make(connection)}"

    def _end_connection(self) -> None:
        """End the engine with its last open connection where it has spilled: DuckDB keeps the folder until then."""
        with self._guard:
            self._open -= 1
            if not self._open and self._root is not None and self._spill is not None and self._spill.exists():
                self._root.close()
                self._root = None
                self._made.clear()
