"""The features by DuckDB's SQL: conditional aggregates over one pass of each stream, joined to the cohort."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from expressions import list_coded, translate
from sql_words import WORDS


def compute(job: dict[str, Any], day: str) -> np.ndarray:
    """One row per person of the cohort on that day, one column per feature of the job."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        parts, joins = [], []
        for number, stream in enumerate(job["streams"]):
            parts += _select_stream(connection, number, stream, f"DATE '{day}'")
        joins = [f"LEFT JOIN {part.split(' ', 1)[0]} USING (person)" for part in parts]
        selected = ", ".join(_finish(one) for stream in job["streams"] for one in stream["features"])
        sql = f"WITH {', '.join(parts)} SELECT person, {selected} FROM '{job['cohorts'][day]}' {' '.join(joins)}"
        found = connection.execute(f"{sql} ORDER BY person").fetchnumpy()
    columns = [np.ma.filled(np.ma.asarray(found[name]).astype(np.float32), np.nan) for name in job["names"]]
    return np.column_stack(columns)


def _select_stream(connection: Any, number: int, stream: dict[str, Any], day: str) -> list[str]:
    """The common table expressions of one stream: the plain aggregates, and each group of distinct counts."""
    columns = [
        f"{translate(tree, WORDS)} AS {prefix}{n}"
        for prefix, name in (("d", "days"), ("v", "values"), ("c", "codes"))
        for n, tree in enumerate(stream[name])
    ]
    met = [
        f"{' AND '.join(translate(tree, WORDS) for tree in filter_)} AS b{n}"
        for n, filter_ in enumerate(stream["filters"])
        if filter_
    ]
    files = " UNION ALL BY NAME ".join(map(_select_source, stream["sources"]))
    reach = f" AND d0 > {day} - {stream['reach']}" if stream["reach"] else ""
    seen = f"valid_from <= {day} AND valid_to > {day} AND d0 <= {day}{reach}"
    rows = (
        f"(SELECT * FROM (SELECT person, valid_from, valid_to, {', '.join(columns + met)} FROM ({files})) WHERE {seen})"
    )
    return [*_select_plain(connection, number, stream, day, rows), *_select_distinct(number, stream, day, rows)]


def _select_source(source: dict[str, Any]) -> str:
    columns = [f"{old} AS {new}" for new, old in source["columns"].items()]
    return f"SELECT {', '.join(['person', 'valid_from', 'valid_to', *columns])} FROM '{source['file']}'"


def _select_plain(connection: Any, number: int, stream: dict[str, Any], day: str, rows: str) -> list[str]:
    plain = [one for one in stream["features"] if one["kind"] != "distinct"]
    joined = ""
    for column, codes in enumerate(stream["counted"]):
        numbers = list_coded(stream, column)
        if numbers:
            flags = {f"k{n}": [n in counted for counted in codes.values()] for n in numbers}
            connection.register(f"codes_{number}_{column}", pa.table({"code": list(codes), **flags}))
            joined += f" LEFT JOIN codes_{number}_{column} ON codes_{number}_{column}.code = c{column}"
    aggregates = ", ".join(f"{_aggregate(one, stream, day)} AS {one['name']}" for one in plain)
    return [f"s{number} AS (SELECT person, {aggregates} FROM {rows}{joined} GROUP BY person)"] if plain else []


def _aggregate(one: dict[str, Any], stream: dict[str, Any], day: str) -> str:
    at = f"d{one['day']}"
    needed = [f"{at} <= {day}"] + ([f"{at} > {day} - {one['lookback']}"] if one["lookback"] else [])
    needed += [f"b{one['filter']}"] if stream["filters"][one["filter"]] else []
    needed += [f"k{one['number']}"] if one["coded"] else []
    where = f"FILTER (WHERE {' AND '.join(needed)})"
    return {
        "count": f"count(*) {where}",
        "exists": f"count(*) {where} > 0",
        "total": f"sum(v{one['value']}) {where} / {float(one['scale'])}",
        "last": f"{day} - max({at}) {where}",
        "first": f"{day} - min({at}) {where}",
    }[one["kind"]]


def _select_distinct(number: int, stream: dict[str, Any], day: str, rows: str) -> list[str]:
    groups: dict[tuple[int, int, int], list[dict[str, Any]]] = {}
    for one in stream["features"]:
        if one["kind"] == "distinct":
            groups.setdefault((one["code"], one["filter"], one["day"]), []).append(one)
    made = []
    for place, ((code, filter_, at), members) in enumerate(groups.items()):
        met = f" AND b{filter_}" if stream["filters"][filter_] else ""
        counts = ", ".join(f"{_count_within(one, day)} AS {one['name']}" for one in members)
        latest = (
            f"SELECT person, c{code}, max(d{at}) AS latest FROM {rows} "
            f"WHERE c{code} IS NOT NULL AND d{at} <= {day}{met} GROUP BY person, c{code}"
        )
        made.append(f"t{number}_{place} AS (SELECT person, {counts} FROM ({latest}) GROUP BY person)")
    return made


def _count_within(one: dict[str, Any], day: str) -> str:
    return f"count(*) FILTER (WHERE latest > {day} - {one['lookback']})" if one["lookback"] else "count(*)"


def _finish(one: dict[str, Any]) -> str:
    """A number that is nothing where no row counted, and what the feature has there."""
    missing = "NULL" if one["missing"] is None else float(one["missing"])
    value = f"{one['name']}::FLOAT"
    value = f"nullif({value}, 0)" if one["kind"] in ("count", "exists", "distinct") else value
    return f"coalesce({value}, {missing}) AS {one['name']}"
