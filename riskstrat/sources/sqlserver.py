"""SQL Server by mssql-python: the driver comes in the wheel, and rows come as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.database_rows import select_columns, strip_end
from riskstrat.sources.literal import quote_text
from riskstrat.sources.warehouses import ROWS, Batches, Warehouse

_PADDED = ("CHAR", "NCHAR")
_SNAPSHOT = "SELECT snapshot_isolation_state, is_read_only FROM sys.databases WHERE database_id = DB_ID()"
_OUTSIDE = ("OPENROWSET", "OPENQUERY", "OPENDATASOURCE")
"""What reads a file or another server from within a SELECT."""


class SqlServer(Warehouse):
    """One schema of a SQL Server database, as it stood when the transaction began."""

    product, extra = "SQL Server", "sqlserver"
    read_types = frozenset(
        {
            *(
                "BIGINT",
                "INT",
                "SMALLINT",
                "TINYINT",
                "BIT",
                "DECIMAL",
                "NUMERIC",
                "MONEY",
                "SMALLMONEY",
                "FLOAT",
                "REAL",
            ),
            *("DATE", "DATETIME", "DATETIME2", "SMALLDATETIME", "DATETIMEOFFSET", "TIME", "UNIQUEIDENTIFIER"),
            *("CHAR", "VARCHAR", "TEXT", "NCHAR", "NVARCHAR", "NTEXT"),
        }
    )
    beginning = ("SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "BEGIN TRANSACTION")
    current_schema = "SELECT SCHEMA_NAME()"

    def read_query(self, sql: str, rows: int | None = None) -> pa.RecordBatchReader:
        """The rows of a SELECT. It stands alone, since T-SQL takes no WITH inside another; so it is read beforehand."""
        statement = strip_end(sql)
        require_select(statement)
        reader = self._read(statement, "the query")
        return reader if rows is None else pa.RecordBatchReader.from_batches(reader.schema, _cut(reader, rows))

    def _connect(self, address: str) -> Any:
        driver = self._import_driver("mssql_python")
        return self._call(driver.connect, address, autocommit=True)

    def _begin(self) -> None:
        """One snapshot over all tables. Raises SourceError where there is none: readers must not lock writers."""
        ((allowed, is_read_only),) = self._ask(_SNAPSHOT)
        if not allowed and not is_read_only:
            raise SourceError(
                "this SQL Server database gives no snapshot over several tables: have ALLOW_SNAPSHOT_ISOLATION set ON, "
                "or read a database snapshot or a read-only copy of it"
            )
        super()._begin()

    def _fetch(self, cursor: Any) -> Batches:
        reader = cursor.arrow_reader(batch_size=ROWS)
        return reader.schema, iter(reader)

    def _limit(self, select: str, place: str, rows: int | None) -> str:
        top = "" if rows is None else f"TOP ({int(rows)}) "
        return select_columns((f"{top}{select}",), place, quote=str)

    def _cast_column(self, name: str, kind: str) -> str:
        quoted = self._quote(name)
        return f"RTRIM({quoted}) AS {quoted}" if kind.upper() in _PADDED else quoted

    def _quote_text(self, text: str) -> str:
        return f"N{quote_text(text)}"


def require_select(sql: str) -> None:
    """Raise SourceError for T-SQL that is no single SELECT, makes a table, or reads outside the database."""
    import sqlglot
    from sqlglot import exp

    try:
        statements = [each for each in sqlglot.parse(sql, dialect="tsql") if each is not None]
        words = {token.text.upper() for token in sqlglot.tokenize(sql, read="tsql")}
    except sqlglot.errors.SqlglotError:
        raise SourceError("the query cannot be read: it is no single SELECT that SQL Server can read") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SourceError("the query cannot be read: it is no single SELECT; only one SELECT is read")
    if any(statements[0].find_all(exp.Into, exp.DML)):
        raise SourceError("the query cannot be read: it would change the database, and it is only read")
    if outside := sorted(words.intersection(_OUTSIDE)):
        raise SourceError(f"the query cannot be read: {outside[0]} reads outside the database")


def _cut(reader: pa.RecordBatchReader, rows: int) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in islice(reader, rows):
        yield batch[:left]
        left -= batch.num_rows
        if left <= 0:
            return
