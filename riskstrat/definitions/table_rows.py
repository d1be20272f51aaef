"""Rows of a table as records whose fields have types: what a table holds is made sure of once, where it is read."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import pandas as pd

Record = TypeVar("Record", bound=NamedTuple)


class FieldKind(NamedTuple):
    """What a field of a record may be: one of `_READERS`, whether None stands for a cell without a value, and the only
    texts that it may be, if it names them."""

    kind: type
    optional: bool
    allowed: tuple[str, ...] = ()


def read_rows(table: pd.DataFrame, record: type[Record]) -> Iterator[Record]:
    """Each row of a table as a record, in order; fields are columns of the same name, and no other column is read.

    A field is a date, str, int, float, bool, tuple, object or a choice of texts, or one of these or None. Days of
    whatever resolution, and text of a day, are read as dates, and a cell that holds several things as a tuple. A
    missing cell is None, or NaN where the field is a float; an object is the cell as it is. Raises ValueError for a
    table without the column of a field, for numbers where text is asked for, for a text that is no choice, and for a
    missing cell where the field does not allow one.
    """
    lacking = [name for name in record._fields if name not in table]
    if lacking:
        raise ValueError(f"{record.__name__} reads {', '.join(lacking)}, which the table does not have")
    columns = [
        _read_column(table[name], f"{record.__name__}.{name}", kind) for name, kind in _list_kinds(record).items()
    ]
    return map(record._make, zip(*columns, strict=True))


def split_by_day(table: pd.DataFrame, days: str | pd.Series) -> Iterator[tuple[date, pd.DataFrame]]:
    """The rows of each day, days ascending; days: a column, or one day for each row. Rows without a day are left out.

    Raises TypeError if they are no days.
    """
    for day, rows in table.groupby(days, sort=True):
        if not isinstance(day, pd.Timestamp):
            raise TypeError(f"rows are split by day, not by {type(day).__name__}")
        yield day.date(), rows


@cache
def _list_kinds(record: type[NamedTuple]) -> Mapping[str, FieldKind]:
    """The kind of each field. Raises TypeError for one that no column is read as."""
    kinds = {name: _name_kind(hint) for name, hint in get_type_hints(record).items()}
    for name, (kind, *_) in kinds.items():
        if kind not in _READERS:
            raise TypeError(f"{record.__name__}.{name}: no column is read as {kind.__name__}")
    return kinds


def _name_kind(hint: type) -> FieldKind:
    if get_origin(hint) in (types.UnionType, Union):
        kind, *rest = (part for part in get_args(hint) if part is not types.NoneType)
        return FieldKind(object if rest else kind, optional=True)
    if get_origin(hint) is Literal:
        return FieldKind(str, optional=False, allowed=get_args(hint))
    return FieldKind(get_origin(hint) or hint, optional=False)


def _read_column(column: pd.Series, name: str, field: FieldKind) -> Sequence[object]:
    if field.kind is object or (field.kind is float and not field.optional):
        return _READERS[field.kind](column)
    if field.allowed and not column.isin(field.allowed).all():
        raise ValueError(f"{name} is one of {', '.join(field.allowed)}, and the column has others")
    missing = column.isna()
    if not missing.any():
        return _READERS[field.kind](column)
    if not field.optional:
        raise ValueError(f"{name} has no value in {int(missing.sum()):,} of {len(column):,} rows")
    given = iter(_READERS[field.kind](column[~missing]))
    return [None if lacks else next(given) for lacks in missing]


def _read_texts(column: pd.Series) -> Sequence[object]:
    if len(column) and column.dtype.kind != "O":
        raise ValueError(f"{column.name} is read as text, and has {column.dtype}")
    return column.tolist()


def _read_dates(column: pd.Series) -> Sequence[object]:
    if column.dtype.kind == "M":
        return column.to_numpy().astype("datetime64[D]").tolist()
    return [cell if type(cell) is date else pd.Timestamp(cell).date() for cell in column]


_READERS: Mapping[type, Callable[[pd.Series], Sequence[object]]] = {
    date: _read_dates,
    str: _read_texts,
    int: lambda column: column.astype("int64").tolist(),
    float: lambda column: column.astype("float64").tolist(),
    bool: lambda column: column.astype("bool").tolist(),
    tuple: lambda column: list(map(tuple, column)),
    object: pd.Series.tolist,
}
