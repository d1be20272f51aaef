"""Files named in SQL: exactly the one that was meant, whatever characters its path has."""

from __future__ import annotations

import re
from pathlib import Path

_PATTERN = re.compile(r"[*?\[]")


def read_literally(path: Path, options: str = "") -> str:
    """SQL: the rows of one parquet file. No character of its path is a pattern, no folder's name is a column.

    options: more of DuckDB's, such as "file_row_number = true".
    """
    # In brackets a character of a pattern stands for itself; DuckDB has no other way to say so.
    literal = _PATTERN.sub(r"[\g<0>]", str(path))
    more = f", {options}" if options else ""
    return f"read_parquet({quote_text(literal)}, hive_partitioning = false{more})"


def quote_text(text: str) -> str:
    """SQL: a text as a value."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """SQL: a name of a schema, table or column, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'
