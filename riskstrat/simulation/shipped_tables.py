"""The simulated borough's own tables, the CSV files in `tables`."""

from __future__ import annotations

import csv
from pathlib import Path

_FOLDER = Path(__file__).with_name("tables")


def read_rows(name: str) -> list[dict[str, str]]:
    """One mapping from column to text for each row of `tables/NAME.csv`, in the order of the file."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))
