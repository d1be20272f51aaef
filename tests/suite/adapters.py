"""What an adapter makes of a folder, before anything is validated."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from riskstrat.sources.adapting import land
from riskstrat.sources.mapping import SourceMapping


def write(folder: Path, name: str, rows: Sequence[Mapping[str, str]]) -> Path:
    """The folder, with a CSV of the rows in it."""
    folder.mkdir(exist_ok=True, parents=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def land_tables(mapping: SourceMapping) -> dict[str, list[dict[str, str]]]:
    """What the mapping makes, before anything is validated: rows as text, "" for none, in the order of their values."""
    with duckdb.connect() as connection, land(connection, mapping) as landing:
        made = {}
        for name, table in landing.tables.items():
            columns = [column for column in table.columns if column != "landed_row"]
            found = connection.execute(f"SELECT {', '.join(columns)} FROM {table.relation}").fetchall()
            texts = ["" if cell is None else str(cell) for row in found for cell in row]
            rows = zip(*[iter(texts)] * len(columns), strict=True)
            made[name] = [dict(zip(columns, row, strict=True)) for row in sorted(rows)]
    return made
