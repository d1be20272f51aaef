"""Which landed tables hold anything that became known between two days."""

from __future__ import annotations

from datetime import date

import pyarrow.parquet as pq

from riskstrat.sources.literal import read_literally
from riskstrat.sources.shared_engine import connect_shared
from riskstrat.sources.store import Store

KNOWN = "valid_from"


def tables_with_news(store: Store, after: date, until: date) -> tuple[str, ...]:
    """Names of the landed tables with a row that became known in (after, until], sorted; undated tables are not asked.

    Same-day statuses count by the day they are as at.
    """
    found = []
    with connect_shared() as connection:
        for table in sorted(store.manifest["tables"]):
            names = pq.read_schema(store.file(table)).names
            column = KNOWN if KNOWN in names else "as_at" if "as_at" in names else None
            if column is None:
                continue
            file = read_literally(store.file(table))
            query = f"SELECT 1 FROM {file} WHERE {column} > ? AND {column} <= ? LIMIT 1"
            if connection.execute(query, [after, until]).fetchone():
                found.append(table)
    return tuple(found)
