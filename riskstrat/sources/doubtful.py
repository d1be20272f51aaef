"""Quarantined rows of `conditions` that still name a person and a code, kept beside the accepted ones.

No feature, count or page reads them. A code may keep somebody off lists, and then it must not lose that with its row;
which codes do is the site's to say, long after ingest.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.sources.store import Store
from riskstrat.sources.validation import HARMLESS

DOUBTFUL = "doubtful_conditions"
"""The stored table: one row per such row, with what of it could be read."""

SCHEMA = pa.schema(
    [
        ("person", pa.int32()),
        ("system", pa.string()),
        ("code", pa.string()),
        *((name, pa.date32()) for name in ("recorded_on", "ended_on", "known_on")),
    ]
)


def build_doubtful_query() -> str:
    """SQL of the rows, in their order, once `conditions` is judged and people are numbered."""
    harmless = ", ".join(f"'{rule}'" for rule in HARMLESS)
    columns = ", ".join(SCHEMA.names)
    return (
        f"SELECT {columns} FROM clean_conditions JOIN fault_conditions USING (landed_row) JOIN numbered "
        f"USING (person_row) WHERE rule NOT IN ({harmless}) AND code IS NOT NULL ORDER BY {columns}"
    )


def read_doubtful(store: Store) -> pd.DataFrame:
    """The rows as stored; none of a store that an earlier version ingested, which kept none."""
    file = store.folder / "tables" / f"{DOUBTFUL}.parquet"
    table = pq.read_table(file) if file.is_file() else SCHEMA.empty_table()
    return table.to_pandas(date_as_object=False)
