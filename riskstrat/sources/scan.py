"""Reading a narrow scan of one stream for a range of persons, as Arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa


@dataclass(frozen=True)
class Scan:
    """A scan compiled once, read once for each range of persons."""

    sql: str

    def read(self, connection: Any, first: int, last: int) -> pa.Table:
        """Rows of persons `first` to `last` (both included), in the order of the stored stream.

        `connection` is an ibis DuckDB backend that has the streams as views.
        """
        bounded = f"SELECT * FROM ({self.sql}) WHERE person BETWEEN {first} AND {last}"
        return connection.raw_sql(bounded).to_arrow_table()


def compile_scan(expression: ir.Table) -> Scan:
    """The scan of an unbound expression that has a `person` column."""
    return Scan(str(ibis.to_sql(expression, dialect="duckdb")))
