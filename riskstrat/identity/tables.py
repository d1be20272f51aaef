"""Tables of identified rows, read whole and kept as they are: CSV as text, Parquet with its types."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.errors import IdentityError
from riskstrat.identity.private_files import read_bytes

ENDINGS = (".csv", ".parquet")
RAGGED = "another number of cells than the heading"
"""Why a row of a CSV cannot be used: a shifted cell could stand under any heading."""


def read_table(path: Path) -> tuple[pa.Table, dict[int, str]]:
    """The table, and the rows that cannot be used with the reason, by row number (1 is the first below the heading).

    Rows stand at their number in the table; one that cannot be used is empty there. Raises IdentityError for
    another ending, a heading that is missing or doubled, or a file that is not what its ending says.
    """
    require_ending(path)
    content = read_bytes(path, "the table")
    table, unusable = (
        _read_csv(content, path.name) if path.suffix == ".csv" else (_read_parquet(content, path.name), {})
    )
    names = [plain_name(name) for name in table.column_names]
    if not all(names) or len(set(names)) < len(names):
        raise IdentityError(f"{path.name}: every column needs a heading of its own; give each one name")
    return table, unusable


def table_bytes(table: pa.Table, ending: str) -> bytes:
    """The table as .parquet or .csv; the same table gives the same bytes."""
    if ending == ".csv":
        return as_csv(table.column_names, zip(*(column.to_pylist() for column in table.columns), strict=True))
    content = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), content, compression="zstd")
    return content.getvalue()


def as_csv(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8 with Unix line ends; null is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8")


def require_ending(path: Path) -> None:
    """Raises IdentityError unless the file is .csv or .parquet by its name."""
    if path.suffix not in ENDINGS:
        raise IdentityError(f'"{path.suffix}" is not an ending of a table; it must be .csv or .parquet')


def plain_name(heading: str) -> str:
    """A heading as columns are named: small letters, words joined by underscores."""
    return re.sub(r"[\s\-]+", "_", heading.strip().lower())


def column(table: pa.Table, name: str, where: str) -> list[Any]:
    """The values of the column of that name, however its heading is spelt. Raises IdentityError if there is none."""
    for heading in table.column_names:
        if plain_name(heading) == name:
            return list(table[heading].to_pylist())
    raise IdentityError(f'{where} has no column "{name}"; its columns are {", ".join(table.column_names)}')


def _read_csv(content: bytes, where: str) -> tuple[pa.Table, dict[int, str]]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise IdentityError(f"{where} is not CSV in UTF-8; save it so") from None
    rows = [row for row in rows if row]
    if not rows:
        raise IdentityError(f"{where} is empty; it needs a heading")
    heading, body = rows[0], rows[1:]
    unusable = {number: RAGGED for number, row in enumerate(body, 1) if len(row) != len(heading)}
    body = [[""] * len(heading) if number in unusable else row for number, row in enumerate(body, 1)]
    columns = [pa.array([row[place] for row in body], pa.string()) for place in range(len(heading))]
    return pa.Table.from_arrays(columns, names=heading), unusable


def _read_parquet(content: bytes, where: str) -> pa.Table:
    try:
        return pq.read_table(io.BytesIO(content))
    except (pa.ArrowInvalid, OSError):
        raise IdentityError(f"{where} is not a Parquet file; save it as one, or as .csv") from None


def describe_left_out(reasons: Mapping[str, int], where: Path) -> list[str]:
    """A line with the rows that were left out and why; none if none were."""
    counts = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
    return [f"{where}: {sum(reasons.values()):,} rows left out ({counts})"] if reasons else []
