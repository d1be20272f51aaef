"""What is said of a source that cannot be read as tables: what lies there, what is read, and what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from riskstrat.definitions.column_names import COLUMN_NAMES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.source_mapping import CsvForm
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import SourceError, StorageError
from riskstrat.storage import list_folder

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

_SAID_OF_SOMEBODY = frozenset(
    (
        *("no", "first", "last", "status", "value", "seen", "fell", "fall", "home", "care", "hospital", "dead", "died"),
        *("deceased", "left", "moved", "away", "settled", "unable", "palliative", "loss", "known", "read", "get"),
        *("as", "at", "by", "from", "has", "in", "is", "of", "on", "out", "to", "up", "now", "until", "currently"),
    )
)
"""Words of names of columns that rows have as well, and that tell neither from the other."""

_WORDS = (
    frozenset(
        (
            *(word for name in _KNOWN for word in name.split("_") if len(word) > 1),
            *("date", "dt", "code", "cd", "id", "key", "num", "number", "type", "start", "end", "flag", "ref"),
            *("pseudo", "desc", "name", "score", "index", "seq"),
        )
    )
    - _SAID_OF_SOMEBODY
)
"""Words of which names of columns are made."""

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
    if below := find_below(folder, {table}):
        return f"{found}; {below}"
    holds = f"; it holds {', '.join(others)}" if others else ""
    return f"{found}; land {table}.parquet or .csv{holds}"


def find_below(folder: Path | None, names: Collection[str]) -> str | None:
    """In which folders of a source a table lies, by any of its names, and what to do; None where in none of them."""
    within = list_folder(folder) if folder is not None else []
    found = [str(path) for path in within if path.is_dir() and not set(names).isdisjoint(_list_readable_names(path))]
    if not found:
        return None
    one = "that folder" if len(found) == 1 else "one of them"
    return f"it lies in {', '.join(found[:3])}{' and others' if len(found) > 3 else ''}: name {one} as the source"


def _list_readable_names(folder: Path) -> set[str]:
    try:
        return _list_folder_names(folder)
    except StorageError:
        return set()


def recognise_model(tables: Collection[str]) -> str | None:
    """The format whose model is known by these tables, if any."""
    return next((model for model, (_, known) in _MODELS.items() if known <= set(tables)), None)


def _list_folder_names(folder: Path | None) -> set[str]:
    """The tables that files of a folder are named as, whether they are read or not."""
    return {file.name.lower().split(".")[0] for file in list_folder(folder)} if folder is not None else set()


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
    looks_so = not found or any(not re.search(r"[A-Za-z]", name) for name in found)
    if looks_so or (known is not None and not any(name.strip().lower() in known for name in found)):
        return "what looks like a row in place of the names of columns"
    return ", ".join(found)


def list_unknown_columns(found: Mapping[str, Sequence[str]], records: int | None = None) -> str:
    """The names of columns of which none need be known, unless they look like a row; found: each with some values.

    records: of a CSV file the rows below its first line, which may be one itself: there more is asked of names.
    A line of names has the words of such, and no name that is written as the values below it are.
    """
    worded = [name for name in found if _has_words(name)]
    if records is not None and (
        not records
        or 2 * len(worded) <= len(found)
        or not all(re.fullmatch(r"[A-Za-z_][\w .-]*", name) for name in found)
    ):
        return list_columns(())
    as_values = any(
        re.search(r"\d", name) and _get_shape(name) in {_get_shape(value) for value in values}
        for name, values in found.items()
    )
    if as_values or 3 * len(worded) < len(found):
        return list_columns(())
    return list_columns(list(found))


def _has_words(name: str) -> bool:
    """Whether a name is made of words of columns: any of one that is written together, half of those between blanks."""
    parts = name.split()
    worded = [part for part in parts if _WORDS & {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", part)}]
    return bool(worded) and 2 * len(worded) >= len(parts)


def _get_shape(value: str) -> str:
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", value))


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


def name_form(file: Path, likely: CsvForm, given: CsvForm) -> str:
    """What to write into source.toml for a file that is likely written so, and what not to do with it.

    given: how source.toml says that it is written, or says nothing; what differs from that is to be written.
    """
    keys = [f'encoding = "{likely.encoding}"'] if likely.encoding != given.encoding else []
    if likely.separator != given.separator:
        shown = "\\t" if likely.separator == "\t" else likely.separator
        keys.insert(0, f'separator = "{shown}"')
    table = given.table or re.sub(r"\.(csv\.gz|csv|parquet)$", "", file.name.lower())
    key = table if re.fullmatch(r"[A-Za-z0-9_-]+", table) else f'"{table}"'
    return (
        f"under [source.files.{key}] of source.toml write {' and '.join(keys)} (riskstrat source describe proposes "
        "it), or save it as CSV UTF-8 with commas, but not from a spreadsheet, which changes codes such as 0401020"
    )


def refuse_separator(file: Path, header: Sequence[str], form: CsvForm, likely: CsvForm) -> None:
    """Raise SourceError for a header of one column that another separator than the one given would part.

    likely: how the file is likely written, so that all that must be named is named at once.
    """
    separator = form.separator
    if header[0].lower().startswith("sep="):
        raise SourceError(f"{file} begins with a line that only names a separator; take that line out")
    if len(header) != 1:
        return
    for other, name in _SEPARATORS.items():
        parts = header[0].split(other)
        if len(parts) > 1 and other != separator:
            columns = list_columns([part.strip(' "') for part in parts], _KNOWN)
            wanted = "commas" if separator == "," else _SEPARATORS.get(separator, f'"{separator}"')
            also = "" if form.encoding == likely.encoding else f", and is {likely.encoding}, not {form.encoding}"
            raise SourceError(
                f"{file} is parted by {name}, not by {wanted}{also}: its columns are {columns}; "
                f"{name_form(file, CsvForm(other, likely.encoding), form)}"
            )
