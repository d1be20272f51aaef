"""Reading a narrow scan of one stream for a range of persons, as Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
from ibis.expr.operations import Node


@dataclass(frozen=True)
class Scan:
    """A scan compiled once, read once for each range of persons."""

    sql: str

    def keep(self, condition: str) -> Scan:
        """The scan of those of its rows that meet a condition in SQL on its columns."""
        return Scan(f"SELECT * FROM ({self.sql}) WHERE {condition}")

    def read(
        self, connection: Any, first: int, last: int, *, after: date | None = None, known_by: date | None = None
    ) -> pa.Table:
        """Rows of persons `first` to `last` (both included), in the order of the stored stream.

        `after` leaves out rows whose day `d0` is not later, `known_by` those that were known later only.
        `connection` is one of DuckDB that has the streams as views.
        """
        bounds = [f"person BETWEEN {first} AND {last}"]
        bounds += [f"d0 > DATE '{after}'"] if after else []
        bounds += [f"valid_from <= DATE '{known_by}'"] if known_by else []
        return connection.execute(f"SELECT * FROM ({self.sql}) WHERE {' AND '.join(bounds)}").to_arrow_table()

    def read_distinct(self, connection: Any, columns: Sequence[str]) -> pa.Table:
        """The different values of some columns among all rows of the stream, in no order."""
        return connection.execute(f"SELECT DISTINCT {', '.join(columns)} FROM ({self.sql})").to_arrow_table()


def compile_scan(expression: ir.Table) -> Scan:
    """The scan of an unbound expression that has a `person` column."""
    return _compile_once(expression.op())


@lru_cache(maxsize=128)
def _compile_once(node: Node) -> Scan:
    # Loads every dialect, which nobody needs who reads no stream.
    from riskstrat.sources.scan_sql import write_sql

    return Scan(write_sql(node.to_expr()))
