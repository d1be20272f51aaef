"""`copy_sorted.py FOLDER OUT`: every table of a folder as Parquet, by person and first date, by DuckDB; prints rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb


def main() -> None:
    """Copy each `.parquet` or `.csv` file of the folder, and print how many rows each table has."""
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    rows = {}
    for file in sorted([*source.glob("*.parquet"), *source.glob("*.csv")]):
        read = f"read_{file.suffix[1:]}('{file}')"
        columns = duckdb.sql(f"DESCRIBE SELECT * FROM {read}").fetchall()
        keys = [name for name, *_ in columns if name == "patient_id"]
        keys += [name for name, kind, *_ in columns if kind in ("DATE", "TIMESTAMP")][:1]
        order = f" ORDER BY {', '.join(keys)}" if keys else ""
        target = out / f"{file.stem}.parquet"
        duckdb.sql(f"COPY (SELECT * FROM {read}{order}) TO '{target}'")
        rows[file.stem] = duckdb.sql(f"SELECT count(*) FROM '{target}'").fetchall()[0][0]
    print(json.dumps({"rows": rows, "version": duckdb.__version__}))


if __name__ == "__main__":
    main()
