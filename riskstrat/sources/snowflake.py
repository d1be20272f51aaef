"""Snowflake by snowflake-connector-python, whose rows come as Arrow tables.

Each statement reads what was committed when it began: Snowflake has no transaction that holds one moment over several.
Numbers and moments come as text: the width of their Arrow types changes from one part of a result to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.database_rows import refuse_type, wrap_query
from riskstrat.sources.literal import quote_name
from riskstrat.sources.warehouses import Batches, Warehouse, read_address

_FORM = "snowflake://USER:PASSWORD@ACCOUNT/DATABASE?warehouse=NAME&role=NAME"
_SETTINGS = frozenset({"warehouse", "role", "authenticator", "private_key_file", "private_key_file_pwd"})
_TYPES = (
    *("FIXED", "REAL", "TEXT", "DATE", "TIMESTAMP", "VARIANT", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "TIMESTAMP_NTZ"),
    *("OBJECT", "ARRAY", "BINARY", "TIME", "BOOLEAN"),
)
"""Names of the type codes of a result, in their order, as the driver's documentation numbers them."""
_CLOCK = 'YYYY-MM-DD"T"HH24:MI:SS.FF6'
_AS_TEXT = {
    **dict.fromkeys(("NUMBER", "FIXED", "TIME"), ""),
    "TIMESTAMP_NTZ": f", '{_CLOCK}'",
    **dict.fromkeys(("TIMESTAMP_LTZ", "TIMESTAMP_TZ"), f", '{_CLOCK}TZH:TZM'"),
}
"""How TO_VARCHAR writes what comes as text, by its type."""


class Snowflake(Warehouse):
    """One schema of a database of Snowflake."""

    product, extra = "Snowflake", "snowflake"
    read_types = frozenset({*_AS_TEXT, "FLOAT", "REAL", "TEXT", "DATE", "BOOLEAN"})
    current_schema = "SELECT CURRENT_SCHEMA()"

    def read_query(self, sql: str, rows: int | None = None) -> pa.RecordBatchReader:
        """The rows of a SELECT, whose types are asked for first."""
        try:
            described = self._connection.cursor().describe(wrap_query(sql))
        except Exception as error:
            raise self._explain(error, "the query") from None
        types = [(column[0], _name_type(column[1])) for column in described]
        for name, kind in types:
            if kind not in self.read_types:
                refuse_type(name, kind, "the query")
        select = ", ".join(self._cast_column(name, kind) for name, kind in types)
        return self._read(wrap_query(sql, select, rows), "the query")

    def _connect(self, address: str) -> Any:
        user, password, account, database, settings = read_address(address, "snowflake", _FORM)
        if not set(settings) <= _SETTINGS or not database:
            raise SourceError(
                f"the connection is no address of snowflake; write it as {_FORM}, where behind the question mark may "
                f"stand {', '.join(sorted(_SETTINGS))}"
            )
        driver = self._import_driver("snowflake.connector")
        given: dict[str, Any] = {"account": account, "user": user, "database": database, **settings}
        if password is not None:
            given["password"] = password
        unsaid = {"application": "riskstrat", "session_parameters": {"CLIENT_TELEMETRY_ENABLED": False}}
        return self._call(driver.connect, **given, **unsaid)

    def _fetch(self, cursor: Any) -> Batches:
        tables = cursor.fetch_arrow_batches()
        first = next(tables, None)
        if first is None:
            first = cursor.fetch_arrow_all(force_return_table=True)
        return first.schema, _split(chain((first,), tables))

    def _cast_column(self, name: str, kind: str) -> str:
        quoted = quote_name(name)
        form = _AS_TEXT.get(kind.upper())
        return quoted if form is None else f"TO_VARCHAR({quoted}{form}) AS {quoted}"


def _name_type(code: int) -> str:
    return _TYPES[code] if 0 <= code < len(_TYPES) else f"number {code}"


def _split(tables: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    for table in tables:
        yield from table.to_batches()
