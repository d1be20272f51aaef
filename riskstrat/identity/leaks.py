"""The last look at rows before they go out: no number and no name may stand in a column that stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from riskstrat.audit import holds_nhs_number, numbers_in
from riskstrat.errors import IdentityError

_SHORTEST_NAME = 5


def require_clean(table: pa.Table, numbers: Sequence[str], names: Sequence[str]) -> None:
    """Raises IdentityError naming the column in which a number or a name was found, never what was found.

    `numbers` and `names` belong to the rows. Ten digits alone in a cell may be a record's own key: they count when
    they are the number of somebody in the file. Inside other text any valid number counts. A name counts in the
    rows of its person.
    """
    known = frozenset(numbers)
    wanted = [name.casefold() if len(name) >= _SHORTEST_NAME else "" for name in names]
    for heading in table.column_names:
        if not _is_searchable(table.schema.field(heading).type):
            continue
        cells = table[heading].to_pylist()
        if any(_has_known_number(cell, known) for cell in cells):
            _refuse(heading, "an NHS number")
        if any(
            name and isinstance(cell, str) and name in cell.casefold() for name, cell in zip(wanted, cells, strict=True)
        ):
            _refuse(heading, "the name of a person")


def _is_searchable(kind: pa.DataType) -> bool:
    return not (pa.types.is_temporal(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind))


def _has_known_number(cell: Any, known: frozenset[str]) -> bool:
    """Whether a cell says whose row it is by number."""
    if cell is None:
        return False
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    found = numbers_in(text)
    if any(number in known for number in found):
        return True
    return bool(found) and not text.strip().isdigit() and holds_nhs_number(text)


def _refuse(heading: str, what: str) -> None:
    raise IdentityError(
        f'column "{heading}" holds {what} and would go out with it; leave the column out of the file, or clean it'
    )
