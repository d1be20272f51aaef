"""Files named in SQL: exactly the one that was meant, whatever characters its path has."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

_PATTERN = re.compile(r"[*?\[]")


def read_literally(files: Path | Sequence[Path], options: str = "") -> str:
    """SQL: the rows of parquet files. No character of a path is a pattern, no folder's name is a column.

    options: more of DuckDB's, such as "file_row_number = true".
    """
    paths = [str(files)] if isinstance(files, Path) else [str(path) for path in files]
    if os.name == "posix" and any("\\" in path and _PATTERN.search(path) for path in paths):
        return _read_by_name(paths, options)
    # In brackets a character of a pattern stands for itself; DuckDB has no other way to say so.
    return _read_parquet([_PATTERN.sub(r"[\g<0>]", path) for path in paths], options)


def _read_parquet(patterns: Sequence[str], options: str) -> str:
    more = f", {options}" if options else ""
    return f"read_parquet([{', '.join(map(quote_text, patterns))}], hive_partitioning = false{more})"


def _read_by_name(paths: Sequence[str], options: str) -> str:
    """SQL: of the files that a pattern finds those of these paths. DuckDB takes \\ in a pattern for a separator."""
    every = _read_parquet([re.sub(r"[*?\[\\]", "?", path) for path in paths], _join(options, "filename = 'path_read'"))
    chosen = ", ".join(map(quote_text, paths))
    return f"(SELECT * EXCLUDE (path_read) FROM {every} WHERE path_read IN ({chosen}))"


def _join(*options: str) -> str:
    return ", ".join(option for option in options if option)


def has_pattern(path: Path) -> bool:
    """Whether a path has a character that DuckDB reads as part of a pattern."""
    return _PATTERN.search(str(path)) is not None


def quote_text(text: str) -> str:
    """SQL: a text as a value."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """SQL: a name of a schema, table or column, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'
