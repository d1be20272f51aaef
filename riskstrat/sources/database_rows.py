"""What every kind of database shares: names that are looked up, one SELECT inside another, rows as Arrow batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.types as kinds

from riskstrat.errors import SourceError
from riskstrat.sources.literal import quote_name

Explain = Callable[[Exception], SourceError]
"""Says in one line why a database failed, without what the driver says."""

_TOKEN = re.compile(
    r"""(?P<blank>\s+|;|--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|.""",
    re.DOTALL,
)
"""A part of a statement: what may follow its last word, a quoted text or name, or one other character."""

_AS_TEXT = (kinds.is_large_string, kinds.is_string_view, kinds.is_decimal, kinds.is_time, kinds.is_null)
_AS_THEY_ARE = (
    *(kinds.is_string, kinds.is_boolean, kinds.is_integer, kinds.is_floating, kinds.is_date),
    kinds.is_timestamp,
)


def find_name(asked: str, there: Collection[str], what: str, where: str) -> str:
    """The name as the database spells it; case counts only where two differ in nothing else.

    what and where: words for the refusal, such as "table" and "schema bi". Raises SourceError where there is none.
    """
    if asked in there:
        return asked
    alike = [name for name in there if name.lower() == asked.strip().lower()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise SourceError(f'{where} has {" and ".join(sorted(alike))}; write the {what} "{asked}" as one of them')
    spelled = {name.lower(): name for name in there}
    close = get_close_matches(asked.strip().lower(), spelled, n=1)
    hint = f'did you mean "{spelled[close[0]]}"?' if close else f"it has {_list_some(sorted(there)) or 'none'}"
    raise SourceError(f'{where} has no {what} "{asked}"; {hint}')


def _list_some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])} and {len(names) - 20} more"


def find_columns(
    asked: Sequence[str] | None, there: Sequence[tuple[str, str]], is_read: Callable[[str], bool], where: str
) -> tuple[str, ...]:
    """The columns to read, as the database spells them; None is all of a type that can be read.

    Raises SourceError for a column that is not there or, where it was named, of a type that nothing can be made of.
    """
    types = dict(there)
    if asked is None:
        return tuple(name for name, kind in there if is_read(kind))
    found = tuple(find_name(name, types, "column", where) for name in asked)
    for name in found:
        if not is_read(types[name]):
            refuse_type(name, types[name], where)
    return found


def refuse_type(column: str, kind: str, where: str) -> None:
    """Raise SourceError for a column of a type that nothing can be made of."""
    raise SourceError(
        f'the column "{column}" of {where} is of the type {kind}, which is not read; make text, a number or a date of '
        "it in SQL, or leave it out"
    )


def wrap_query(sql: str, select: str = "*", rows: int | None = None) -> str:
    """SQL: some columns of a SELECT, which may begin with WITH, as a statement of its own in most dialects."""
    return f"SELECT {select} FROM (\n{strip_end(sql)}\n) AS of_site{limit_rows(rows)}"


def limit_rows(rows: int | None) -> str:
    """SQL: the end of a statement that gives so many rows at most."""
    return "" if rows is None else f" LIMIT {int(rows)}"


def strip_end(sql: str) -> str:
    """A statement without the semicolons and comments behind it."""
    ends = [part.end() for part in _TOKEN.finditer(sql) if part["blank"] is None]
    return sql[: ends[-1]] if ends else ""


def select_columns(
    columns: Sequence[str], table: str, rows: int | None = None, quote: Callable[[str], str] = quote_name
) -> str:
    """SQL: columns of a table, whose name is quoted already."""
    return f"SELECT {', '.join(map(quote, columns))} FROM {table}{limit_rows(rows)}"


def name_asked(name: str, asked: str) -> str:
    """A name in quotes if it stands in what was asked, else nothing: a message shows only what is a site's own."""
    return f' "{name}"' if name and name.lower() in asked.lower() else ""


def read_batches(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    errors: tuple[type[Exception], ...],
    explain: Explain,
    where: str,
) -> pa.RecordBatchReader:
    """The batches in types that are read everywhere, one row per row, as they come.

    errors: what the driver raises, said by `explain`. where: words for the refusal of a column's type.
    """
    wanted = pa.schema([pa.field(field.name, settle_type(field, where)) for field in schema])
    refuse_twice(wanted.names, where)
    return pa.RecordBatchReader.from_batches(wanted, _convert_batches(wanted, batches, errors, explain))


def refuse_twice(names: Sequence[str], where: str) -> None:
    """Raise SourceError for two columns whose names differ in case at most: one of them would be read as the other."""
    lower = [name.lower() for name in names]
    for name in names:
        if lower.count(name.lower()) > 1:
            raise SourceError(f'{where} gives two columns called "{name}"; give each a name of its own')


def _convert_batches(
    wanted: pa.Schema, batches: Iterable[pa.RecordBatch], errors: tuple[type[Exception], ...], explain: Explain
) -> Iterator[pa.RecordBatch]:
    coming = iter(batches)
    while True:
        try:
            batch = next(coming, None)
        except errors as error:
            raise explain(error) from None
        if batch is None:
            return
        columns = [_convert(column, kind) for column, kind in zip(batch.columns, wanted.types, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=wanted)


def _convert(column: pa.Array, kind: pa.DataType) -> pa.Array:
    storage = column.storage if isinstance(column.type, pa.BaseExtensionType) else column
    # A server's clock may tell billionths of a second, of which a moment here keeps millionths.
    finer = kinds.is_timestamp(storage.type) and storage.type.unit == "ns"
    return storage if storage.type == kind else storage.cast(kind, safe=not finer)


def settle_type(field: pa.Field, where: str) -> pa.DataType:
    """The type in which a column is read: its own, or text. Raises SourceError for one that is neither."""
    kind = field.type.storage_type if isinstance(field.type, pa.BaseExtensionType) else field.type
    if kinds.is_dictionary(kind):
        kind = kind.value_type
    if kinds.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if any(test(kind) for test in _AS_TEXT):
        return pa.string()
    if not any(test(kind) for test in _AS_THEY_ARE):
        refuse_type(field.name, str(kind), where)
    return kind
