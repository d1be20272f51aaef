"""What is said of a source that cannot be read as tables: what lies there, what is read, and what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from riskstrat.definitions.column_names import COLUMN_NAMES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import SourceError

_SEPARATORS = {"|": "the stroke |", ";": "the semicolon", "\t": "the tab", "^": "the caret ^", ",": "the comma"}

_FLAGS = {column.name for schema in SCHEMAS.values() for column in schema.columns if column.type == "boolean"}

_SAID_IN_ROWS = frozenset(
    ("result", "test", "observation", "measurement", "admitted", "discharged", "birth", "patient", "spell", "encounter")
)
"""Names of columns elsewhere that are as well what a row says of somebody, as those of flags are: dead, moved."""

_KNOWN = frozenset(
    name
    for column in {*COLUMN_NAMES, *(name for schema in SCHEMAS.values() for name in schema.names)}
    for name in (column, *COLUMN_NAMES.get(column, ()))
    if name not in _SAID_IN_ROWS and (column not in _FLAGS or "_" in name)
)
"""What a column is called here or elsewhere, by which a first line of names is told from a row."""

_MODELS = {
    "omop": ("an OMOP common data model", {"person", "visit_occurrence", "condition_occurrence"}),
    "synthea": ("Synthea records", {"patients", "encounters", "conditions"}),
    "hes": ("HES episodes", {"apc"}),
    "mimic": ("a MIMIC-IV extract, of which only the MEDS form is read", {"patients", "admissions", "diagnoses_icd"}),
}
"""By format the tables by which its model is known."""


def explain_absence(source: Path) -> str:
    """Why a path that is not there cannot be read; of an address of a database no more than its kind is said."""
    if address := re.match(r"^(\w[\w+]*):/", str(source).replace("\\", "/")):
        kind = address[1]
        if len(kind) > 1:
            return (
                f"a {kind} address was given, and may hold a password: write it into an environment variable and name "
                "that in source.toml (docs/sources/databases.md)"
            )
    return f"{source} does not exist; give a folder of tables or a DuckDB file"


def explain_unreadable(file: Path) -> str:
    """Why a file is no database that can be read."""
    with file.open("rb") as opened:
        beginning = opened.read(16)
    if beginning[8:12] == b"DUCK":
        return (
            f"{file} was made by a newer DuckDB than riskstrat reads; write it again with ATTACH '...' "
            "(STORAGE_VERSION 'v1.0.0'), or land its tables as parquet"
        )
    return f"{file} is neither a folder of tables nor a DuckDB file that can be read"


def explain_missing_table(where: str, folder: Path | None, table: str, others: Collection[str]) -> str:
    """What lies in a source that lacks a table, and what it looks like. folder: the source, where it is one."""
    found = f"{where} has no table {table}"
    if model := recognise_model(set(others) | _list_folder_names(folder)):
        return f"{found}; it looks like {_MODELS[model][0]}: add --format {model}, or name it as kind in source.toml"
    holds = f"; it holds {', '.join(others)}" if others else ""
    return f"{found}; land {table}.parquet or .csv{holds}"


def recognise_model(tables: Collection[str]) -> str | None:
    """The format whose model is known by these tables, if any."""
    return next((model for model, (_, known) in _MODELS.items() if known <= set(tables)), None)


def _list_folder_names(folder: Path | None) -> set[str]:
    """The tables that files of a folder are named as, whether they are read or not."""
    return {file.name.lower().split(".")[0] for file in folder.iterdir()} if folder is not None else set()


def explain_missing_columns(schema: TableSchema, absent: Sequence[str], found: Sequence[str]) -> str:
    """Which required columns a table lacks, which it has, and which of those could be meant."""
    spare = [name for name in found if name not in schema.names]
    meant = [f"{given} for {name}?" for name in absent if (given := _suggest_column(name, spare))]
    return (
        f"{schema.name} lacks the required column {', '.join(absent)}; it has {list_columns(found, _KNOWN)}"
        + (f"; did you mean {' '.join(meant)}" if meant else "")
        + "; name the columns as docs/data.md does"
    )


def list_columns(found: Sequence[str], known: Collection[str] | None = None) -> str:
    """The names of columns, unless they look like a row that stands where names should: it may be about somebody.

    known: names of which at least one must be there.
    """
    looks_so = any(not re.search(r"[A-Za-z]", name) for name in found)
    if looks_so or (known is not None and not any(name.strip().lower() in known for name in found)):
        return "what looks like a row in place of the names of columns"
    return ", ".join(found)


def _suggest_column(wanted: str, spare: Sequence[str]) -> str | None:
    for name in spare:
        if name in COLUMN_NAMES.get(wanted, ()):
            return name
    close = get_close_matches(wanted, spare, n=1, cutoff=0.7)
    return close[0] if close else None


def find_separator(header: Sequence[str]) -> str:
    """What parts a header that was read as parted by commas: the comma, unless it is one column that another parts."""
    if len(header) == 1:
        return next((other for other in _SEPARATORS if other in header[0]), ",")
    return ","


def refuse_separator(file: Path, header: Sequence[str], separator: str = ",") -> None:
    """Raise SourceError for a header of one column that another separator than the one given would part."""
    if header[0].lower().startswith("sep="):
        raise SourceError(f"{file} begins with a line that only names a separator; take that line out")
    if len(header) != 1:
        return
    for other, name in _SEPARATORS.items():
        parts = header[0].split(other)
        if len(parts) > 1 and other != separator:
            columns = list_columns([part.strip(' "') for part in parts], _KNOWN)
            wanted = "commas" if separator == "," else _SEPARATORS.get(separator, f'"{separator}"')
            raise SourceError(
                f"{file} is parted by {name}, not by {wanted}: its columns are {columns}; save it as CSV with commas, "
                "or name its separator in source.toml"
            )
