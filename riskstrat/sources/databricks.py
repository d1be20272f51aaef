"""Databricks by databricks-sql-connector: a SQL warehouse with Unity Catalog, whose rows come as Arrow tables.

Databricks has no transaction over several tables: each statement reads its tables as they stand when it begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.warehouses import ROWS, Batches, Warehouse, read_address

_FORM = "databricks://token:TOKEN@HOST?http_path=/sql/1.0/warehouses/NUMBER&catalog=NAME"


class Databricks(Warehouse):
    """One schema of a catalog of Databricks."""

    product, extra = "Databricks", "databricks"
    read_types = frozenset(
        {
            *("BIGINT", "LONG", "INT", "INTEGER", "SMALLINT", "SHORT", "TINYINT", "BYTE", "DECIMAL", "FLOAT", "DOUBLE"),
            *("BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "STRING", "CHAR", "VARCHAR"),
        }
    )
    current_schema = "SELECT current_schema()"

    def _connect(self, address: str) -> Any:
        _, token, host, _, settings = read_address(address, "databricks", _FORM)
        path, catalog = settings.pop("http_path", None), settings.pop("catalog", None)
        if path is None or settings:
            raise SourceError(f"the connection is no address of databricks; write it as {_FORM}")
        driver = self._import_driver("databricks.sql")
        more = {"user_agent_entry": "riskstrat", "enable_telemetry": False}
        return self._call(driver.connect, host, path, token, catalog=catalog, **more)

    def _fetch(self, cursor: Any) -> Batches:
        first = cursor.fetchmany_arrow(ROWS)
        return first.schema, _follow(cursor, first)

    def _quote(self, name: str) -> str:
        return f"`{name.replace('`', '``')}`"

    def _quote_text(self, text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _follow(cursor: Any, table: pa.Table) -> Iterator[pa.RecordBatch]:
    while table.num_rows:
        yield from table.to_batches()
        table = cursor.fetchmany_arrow(ROWS)
