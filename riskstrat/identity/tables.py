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

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import IdentityError
from riskstrat.identity.leaks import require_clean_headings
from riskstrat.identity.private_files import read_bytes

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
ENDINGS = (".csv", ".parquet")
RAGGED = "another number of cells than the heading"
"""Why a row of a CSV cannot be used: a shifted cell could stand under any heading."""


_SAID = (
    "a address admission admitted age alcohol at attended bed bnf born by category city class clinic code codes "
    "column comment comments consent consultant contact cost count country county created date day days deceased "
    "deleted department desc description diagnosis disability discharge discharged dmd dob dose drug email end "
    "episode ethnic extra extract family field fin financial first flag forename free from full function gender given "
    "gp group high home hospital house hrg icd id identifier imd index initials issued kin kind known language last "
    "latitude length line loaded local location longitude los low maiden mail marital middle misc mobile modified "
    "month mrn msoa name named names next nhs no nok notes note number ods of on opcs opt org organisation other out "
    "patient person phone post postal postcode practice preferred previous procedure provider qty quantity range rank "
    "record ref reference relationship religion result row score seq sequence site smoking snomed spare specialty "
    "start status stay street surgery surname system tariff team tel telephone term test text time title to total "
    "town treatment trust type updated uprn user value version vip visit ward week work worker year"
)
_WORDS_OF_HEADINGS = frozenset(_SAID.split()).union(
    *(column.split("_") for schema in SCHEMAS.values() for column in schema.names), ("source", "pseudonym")
)
"""What headings are made of: a message repeats no other, for the first row of a file may be a person."""


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
    require_clean_headings(table.column_names)
    return table, unusable


def table_bytes(table: pa.Table, ending: str) -> bytes:
    """The table as .parquet or .csv; the same table gives the same bytes."""
    if ending == ".csv":
        return as_csv(table.column_names, zip(*(column.to_pylist() for column in table.columns), strict=True))
    content = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), content, compression="zstd")
    return content.getvalue()


def as_csv(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
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
    """A heading as columns are named: small letters, words joined by underscores; DateOfBirth is date_of_birth."""
    return re.sub(r"[\s\-_.]+", "_", _CAMEL.sub("_", heading.strip()).lower())


def column(table: pa.Table, name: str, where: str) -> list[Any]:
    """The values of the column of that name, however its heading is spelt. Raises IdentityError if there is none."""
    for heading in table.column_names:
        if plain_name(heading) == name:
            return list(table[heading].to_pylist())
    raise IdentityError(f'{where} has no column "{name}"; it has {", ".join(say_headings(table.column_names))}')


def say_headings(headings: Iterable[str]) -> list[str]:
    """Each heading as a message may repeat it: itself, or its place where its words could be of a person."""
    return [heading if _is_said(heading) else f"column {place}" for place, heading in enumerate(headings, start=1)]


def _is_said(heading: str) -> bool:
    words = plain_name(heading).split("_")
    return all(word.rstrip("0123456789") in _WORDS_OF_HEADINGS for word in words) and sum(map(str.isdigit, heading)) < 3


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
