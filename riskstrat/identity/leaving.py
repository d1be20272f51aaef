"""What of a file leaves the identity install: columns that its table's schema names, each cell by type and shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import Column, TableSchema
from riskstrat.errors import IdentityError
from riskstrat.identity.births import is_month_first, read_birth
from riskstrat.identity.leaks import is_number_of
from riskstrat.identity.said_names import SaidNames
from riskstrat.identity.shapes import BIRTH, CELLS, FREE_TEXT, PATIENT, SPELL, find_fit, is_empty, write_cell
from riskstrat.identity.tables import plain_name, say_headings

_MUST_FIT: Mapping[str, tuple[str, ...]] = {
    "opt_outs": tuple(SCHEMAS["opt_outs"].names),
    "statuses": tuple(SCHEMAS["statuses"].names),
    "people": ("date_of_death", "died_known_on"),
    "registrations": ("registered_to",),
}
"""Columns that keep people off lists: an emptied cell there would put somebody on one, so the file is refused."""

_MEANT_BY = {"unit": "value"}
"""A column that says what another means: where it is emptied the other is too."""


@dataclass(frozen=True)
class Known:
    """What must not leave: the names and NHS numbers of everybody who is held or stands in the file."""

    names: SaidNames
    numbers: frozenset[str]


@dataclass(frozen=True)
class Leaving:
    """`table`: patient_id first, then what leaves. `emptied`: cells that did not fit, by column.

    `left_behind`: the headings of columns that stay, or their places where a heading may not be repeated.
    """

    table: pa.Table
    left_behind: tuple[str, ...]
    emptied: Mapping[str, int]


def find_schema(source: Path, table: str | None) -> TableSchema:
    """The schema of the table that a file holds: `table`, or the one that the file is named after.

    Raises IdentityError if there is none of that name, or its rows are about no person.
    """
    allowed = [name for name, schema in SCHEMAS.items() if PATIENT in schema.names]
    name = (source.stem if table is None else table).strip().lower()
    if name not in allowed:
        given = "--table is" if table is not None else "the file is not named after a table, and without --table it is"
        raise IdentityError(
            f"{given} not known which columns may leave; give --table, one of: {', '.join(sorted(allowed))}"
        )
    return SCHEMAS[name]


def select_leaving(
    table: pa.Table,
    schema: TableSchema,
    people: Sequence[str | None],
    known: Known,
    spell_key: Any,
    *,
    but: Collection[str] = (),
    birth: Collection[str] = (),
    words: Mapping[str, tuple[str, ...]],
) -> Leaving:
    """What leaves of the rows of `table` whose place in `people` has a patient_id.

    spell_key: a spell_id to the pseudonym of it. but: headings of columns that are used otherwise. birth: names of the
    date of birth, of which the first day of the month leaves; none: it stays. words: further words of columns, by
    "table.column". Raises IdentityError for a cell that does not fit in a column that keeps people off lists, and for
    months before days in dates of birth.
    """
    rows = pa.array([place for place, person in enumerate(people) if person], pa.int64())
    kept = table.take(rows)
    columns: dict[str, pa.Array] = {PATIENT: pa.array([person for person in people if person], pa.string())}
    emptied: dict[str, int] = {}
    stays = []
    systems = _read_systems(kept)
    for heading in [heading for heading in table.column_names if heading not in but]:
        name, cells = plain_name(heading), _to_list(kept[heading])
        if name in birth and BIRTH in schema.names:
            columns[BIRTH] = _read_births(cells)
            emptied[BIRTH] = _count_emptied(cells, columns[BIRTH].to_pylist())
        elif name == SPELL and SPELL in schema.names:
            spells = [spell_key(text) if not is_empty(cell) and (text := write_cell(cell)) else None for cell in cells]
            columns[SPELL] = pa.array(spells, pa.string())
            emptied[SPELL] = _count_emptied(cells, spells)
        elif name in schema.names and name not in (PATIENT, BIRTH, *FREE_TEXT):
            fitted = _fit_cells(schema, schema.names[name], cells, systems, known, words)
            emptied[name] = _count_emptied(cells, fitted)
            columns[name] = _to_array(fitted, kept.schema.field(heading).type)
        elif name != PATIENT:
            stays.append(heading)
    _empty_meant(columns, emptied, kept)
    _require_fit(schema, emptied)
    said = dict(zip(table.column_names, say_headings(table.column_names), strict=True))
    counts = {name: count for name, count in emptied.items() if count}
    return Leaving(pa.table(columns), tuple(said[heading] for heading in stays), counts)


def _read_systems(table: pa.Table) -> list[str]:
    """The system of codes that each row names; "" where the table has none."""
    for heading in table.column_names:
        if plain_name(heading) == "system":
            return [write_cell(cell) for cell in _to_list(table[heading])]
    return [""] * table.num_rows


def _to_list(column: pa.ChunkedArray) -> list[Any]:
    """The cells of a column; what cannot be a cell of a table comes as None inside a list, which fits nowhere."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return list(column.cast(kind.value_type).to_pylist())
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [[None]] * len(column)


def _fit_cells(
    schema: TableSchema,
    column: Column,
    cells: list[Any],
    systems: list[str],
    known: Known,
    words: Mapping[str, tuple[str, ...]],
) -> list[Any]:
    """The cells of one column as they leave; each different one is judged once."""
    fit = find_fit(schema.name, column, words.get(f"{schema.name}.{column.name}", ()))

    def judge(cell: object, system: str) -> Any:
        fitted = None if is_empty(cell) else fit(cell, system)
        return None if column.type == "text" and is_number_of(write_cell(fitted), known.numbers) else fitted

    judged: dict[tuple[type, Any, str], Any] = {}
    result = []
    for cell, system in zip(cells, systems, strict=True):
        asked = (type(cell), cell, system) if isinstance(cell, CELLS) else (type(None), None, "")
        if asked not in judged:
            judged[asked] = judge(*asked[1:])
        result.append(judged[asked])
    return result


def require_day_first(cells: list[Any]) -> None:
    """Raises IdentityError for dates of birth that are month/day/year."""
    if is_month_first(cells):
        raise IdentityError(
            "the dates of birth are month/day/year, which reads most days as others; write them as 1952-03-04"
        )


def _read_births(cells: list[Any]) -> pa.Array:
    require_day_first(cells)
    days = [
        None if is_empty(cell) else read_birth(write_cell(cell) if isinstance(cell, int | float) else cell)
        for cell in cells
    ]
    return pa.array([day.replace(day=1) if day else None for day in days], pa.date32())


def _count_emptied(before: Sequence[object], after: Sequence[object]) -> int:
    return sum(new is None and not is_empty(old) for old, new in zip(before, after, strict=True))


def _to_array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    """The cells as they were typed; text where they came as something that no column of a table is."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    try:
        return pa.array(cells, plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([None if cell is None else write_cell(cell) for cell in cells], pa.string())


def _empty_meant(columns: dict[str, pa.Array], emptied: dict[str, int], kept: pa.Table) -> None:
    """Empty what an emptied cell beside it would have said the meaning of."""
    for name, meant in _MEANT_BY.items():
        if not emptied.get(name) or meant not in columns:
            continue
        (heading,) = [heading for heading in kept.column_names if plain_name(heading) == name]
        lost = [
            new is None and not is_empty(old)
            for old, new in zip(_to_list(kept[heading]), columns[name].to_pylist(), strict=True)
        ]
        cells = columns[meant].to_pylist()
        emptied[meant] = emptied.get(meant, 0) + sum(
            gone and cell is not None for gone, cell in zip(lost, cells, strict=True)
        )
        columns[meant] = _to_array(
            [None if gone else cell for gone, cell in zip(lost, cells, strict=True)], columns[meant].type
        )


def require_every_row(schema: TableSchema, unusable: Mapping[int, str]) -> None:
    """Raises IdentityError where a row cannot be used of a table whose rows keep people off lists."""
    if unusable and schema.takes_out:
        raise IdentityError(
            f"{len(unusable):,} rows of {schema.name} have another number of cells than its heading; this table keeps "
            "people off lists, so mend them first"
        )


def _require_fit(schema: TableSchema, emptied: Mapping[str, int]) -> None:
    for name in _MUST_FIT.get(schema.name, ()):
        if emptied.get(name):
            raise IdentityError(
                f"column {name} of {schema.name} keeps people off lists, and {emptied[name]:,} of its cells are not of "
                "its shape, so that they may not leave; write them as docs/data.md says"
            )


def describe_leaving(leaving: Leaving) -> list[str]:
    """Lines that say which columns stayed, and how many cells did not fit."""
    stayed = ", ".join(leaving.left_behind)
    lines = [f"left behind, for they are no columns of the table or free text: {stayed}"] if stayed else []
    counts = ", ".join(f"{name} {count:,}" for name, count in leaving.emptied.items())
    return [*lines, f"cells emptied, for they are not of the shape of their column: {counts}"] if counts else lines


def summarise_leaving(leaving: Leaving) -> dict[str, Any]:
    """The same for machines."""
    return {"left_behind": list(leaving.left_behind), "emptied": dict(leaving.emptied)}
