"""The features by collate of triage: for each stream a view, for each set of lookbacks an aggregation of it.

Its windows end on the day before their date, ours on the index date: collate is given the day after.
"""

from __future__ import annotations

import functools
import io
import logging
import sys
import types
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from expressions import list_coded, translate
from server_time import read_used
from sql_words import WORDS

# triage logs to where figures are printed. Collate reads one decorator of Dickens, which is published without a wheel.
logging.disable(logging.CRITICAL)
dickens = types.ModuleType("descriptors")
dickens.cachedproperty = functools.cached_property
sys.modules[dickens.__name__] = dickens

from triage.component.collate import Aggregate, SpacetimeAggregation  # noqa: E402

PACKAGE = "triage"
OPERATIONS = WORDS | {"Round": lambda value: f"ROUND(CAST({value} AS NUMERIC))"}
COHORT = "cohort"

Columns = dict[str, str]
"""By feature the column that collate gives it."""


def watch(job: dict[str, Any]) -> Callable[[], float]:
    """What tells the processor's seconds so far, of this process and of the server."""
    return functools.partial(read_used, job["server"]["process"])


def compute(job: dict[str, Any], day: str) -> np.ndarray:
    """One row per person of the cohort on that day, one column per feature of the job."""
    engine = sa.create_engine(
        "postgresql+psycopg2://", creator=functools.partial(psycopg2.connect, job["server"]["address"])
    )
    made: dict[str, np.ndarray] = {}
    try:
        for number, stream in enumerate(job["streams"]):
            view = f"stream{number}"
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view}")
                connection.exec_driver_sql(f"CREATE VIEW {view} AS {_select_rows(number, stream, day)}")
            for aggregation, columns in _aggregate(view, stream, date.fromisoformat(day)):
                aggregation.execute(engine)
                made |= _read_columns(engine, aggregation.get_table_name(imputed=True), columns)
    finally:
        engine.dispose()
    return np.column_stack([made[name] for name in job["names"]])


def _select_rows(number: int, stream: dict[str, Any], day: str) -> str:
    """What was known on that day, with the days, values, codes and conditions that the stream's features read."""
    told = [
        f"{translate(tree, OPERATIONS)} AS {prefix}{n}"
        for prefix, name in (("d", "days"), ("v", "values"), ("c", "codes"))
        for n, tree in enumerate(stream[name])
    ]
    told += [
        f"{' AND '.join(translate(tree, OPERATIONS) for tree in filter_)} AS b{n}"
        for n, filter_ in enumerate(stream["filters"])
        if filter_
    ]
    seen = f"valid_from <= DATE '{day}' AND valid_to > DATE '{day}'"
    rows = " UNION ALL ".join(
        f"SELECT person AS entity_id, {', '.join(told)} FROM (SELECT person, valid_from, valid_to, "
        f"{', '.join(f'{old} AS {new}' for new, old in one['columns'].items())} FROM {Path(one['file']).stem}) AS read "
        f"WHERE {seen}"
        for one in stream["sources"]
    )
    coded = [column for column in range(len(stream["counted"])) if list_coded(stream, column)]
    joined = "".join(f" LEFT JOIN codes_{number}_{n} ON codes_{number}_{n}.code = c{n}" for n in coded)
    flags = [f"k{n}" for column in coded for n in list_coded(stream, column)]
    reach = f" AND d0 > DATE '{day}' - {stream['reach']}" if stream["reach"] else ""
    return f"SELECT {', '.join(['stream.*', *flags])} FROM ({rows}) AS stream{joined} WHERE d0 <= DATE '{day}'{reach}"


def _aggregate(view: str, stream: dict[str, Any], day: date) -> Iterator[tuple[SpacetimeAggregation, Columns]]:
    """The aggregations of a stream, each with its columns.

    Collate makes each aggregate of one for each interval of it: those that ask for the same intervals are together.
    """
    after = (day + timedelta(days=1)).isoformat()
    wanted: dict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
    for one in stream["features"]:
        interval = f"{one['lookback']} days" if one["lookback"] else "all"
        wanted[(one["day"], *_describe_aggregate(one, stream))][interval] = one["name"]
    together: dict[tuple[int, frozenset[str]], list[tuple[Any, ...]]] = defaultdict(list)
    for key, names in wanted.items():
        together[key[0], frozenset(names)].append(key)
    for place, ((column, intervals), keys) in enumerate(together.items()):
        prefix = f"{view}_{place}"
        rules = [_choose_imputation(missing) for *_, missing in keys]
        aggregation = SpacetimeAggregation(
            [Aggregate({f"q{n}": key[1]}, key[2], rules[n]) for n, key in enumerate(keys)],
            groups=["entity_id"],
            intervals=sorted(intervals),
            from_obj=view,
            dates=[after],
            state_table=COHORT,
            state_group="entity_id",
            prefix=prefix,
            date_column=f"d{column}",
            output_date_column="as_of_date",
        )
        columns = {
            name: f"{prefix}_entity_id_{interval}_q{n}_{key[2]}"
            for n, key in enumerate(keys)
            for interval, name in wanted[key].items()
        }
        yield aggregation, columns


def _describe_aggregate(one: dict[str, Any], stream: dict[str, Any]) -> tuple[str, str, float | None]:
    """Collate's quantity and function, and what there is where no row counts."""
    needed = [f"b{one['filter']}"] if stream["filters"][one["filter"]] else []
    needed += [f"k{one['number']}"] if one["coded"] else []
    quantity, function = {
        "count": ("1", "sum"),
        "exists": ("1", "max"),
        "total": (f"v{one['value']} / {float(one['scale'])}", "sum"),
        "last": (f"DATE '{{collate_date}}' - 1 - d{one['day']}", "min"),
        "first": (f"DATE '{{collate_date}}' - 1 - d{one['day']}", "max"),
        "distinct": (f"c{one['code']}", "count"),
    }[one["kind"]]
    quantity = f"CASE WHEN {' AND '.join(needed)} THEN {quantity} END" if needed else quantity
    return f"distinct ({quantity})" if one["kind"] == "distinct" else quantity, function, one["missing"]


def _choose_imputation(missing: float | None) -> dict[str, Any]:
    rule = {"type": "constant", "value": "'NaN'::REAL" if missing is None else missing}
    return {"coltype": "aggregate", "all": rule if missing != 0 else {"type": "zero_noflag"}}


def _read_columns(engine: sa.Engine, table: str, columns: Columns) -> dict[str, np.ndarray]:
    """The features of one table, by person; copied out as CSV, as triage copies them."""
    copied = io.BytesIO()
    chosen = ", ".join(f'"{column}"' for column in columns.values())
    connection = engine.raw_connection()
    try:
        with connection.cursor() as cursor:
            rows = f"SELECT {chosen} FROM {table} ORDER BY entity_id"
            cursor.copy_expert(f"COPY ({rows}) TO STDOUT WITH CSV HEADER", copied)
    finally:
        connection.close()
    copied.seek(0)
    types_ = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(columns.values(), pa.float32()), null_values=[""])
    found = pyarrow.csv.read_csv(copied, convert_options=types_)
    return {name: found[column].to_numpy() for name, column in columns.items()}
