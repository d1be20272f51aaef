"""Clean tables as they were known on one day: what the engine sees then, row by row, for a reader.

Each is a stream of `tables.py` cut as every scan is, by the period in which its rows read so. `admissions` is told
spell by spell, with the stay that each was known to be in; `continuous_stays` is what features count as admissions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from riskstrat.definitions.codelists import Codelist, near
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import DefinitionError, SourceError
from riskstrat.sources.continuous_stays import SPELLS, make_stays
from riskstrat.sources.excerpt import build_cut_people, make_cut_spells
from riskstrat.sources.scan_sql import write_sql
from riskstrat.sources.selection import select_standing
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS
from riskstrat.sources.versions import late_columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ADMISSIONS, STAYS = "admissions", "continuous_stays"
"""The table of single spells, and that of the stays which they were known to make."""

KNOWN_TABLES = tuple(name for each in STREAMS for name in ((ADMISSIONS, STAYS) if each == ADMISSIONS else (each,)))
"""The tables that can be read as known on a day."""

_APART = ("person", "patient_id", "valid_from", "valid_to")
"""Columns that come first, and those that are the engine's own."""

_SPELLS = ibis.table(ibis.Schema.from_pyarrow(SPELLS), name="spells")
_MEMBERS = ibis.table({"spell": "int32", "stay": "int32", "valid_from": "date", "valid_to": "date"}, "stay_members")


def require_known_table(name: str, store: Store) -> None:
    """Raises DefinitionError where there is no such table, SourceError where what it is made from was not landed."""
    if name not in KNOWN_TABLES:
        raise DefinitionError(
            f'no table "{name}" is known on a day{near(name, KNOWN_TABLES)} (tables: {", ".join(KNOWN_TABLES)})'
        )
    if not STREAMS[_find_stream(name)].available(store.landed):
        raise SourceError(f"nothing of {name} was landed; the store has {', '.join(sorted(store.landed))}")


def read_known_table(
    store: Store, name: str, day: date, codelists: Mapping[str, Codelist], *, printable: bool
) -> pa.Table:
    """The rows of one table as known on `day`, by person, event date and every other column.

    Columns: person (its number), patient_id and those of the table; of spells and diagnoses also `spell` and
    `continuous_stay`, the first spell of the stay that it was known to be in. printable: without what is sensitive, as
    an engine sees it that may not read that. Raises as `require_known_table` does.
    """
    require_known_table(name, store)
    with store.connect(codelists, printable=printable, apart=True) as connection:
        rows = _select_spells(connection, store, day) if name == ADMISSIONS else _select_rows(connection, name, day)
        event = STREAMS[_find_stream(name)].event
        first = [column for column in ("person", event) if column]
        order = [*first, *(column for column in rows.columns if column not in first)]
        return connection.execute(write_sql(rows.order_by(order))).to_arrow_table().cast(rows.schema().to_pyarrow())


def _find_stream(name: str) -> str:
    return ADMISSIONS if name == STAYS else name


def _select_rows(connection: DuckDBPyConnection, name: str, day: date) -> ir.Table:
    """The versions of a stream that stood on the day, without the engine's own columns."""
    table = _make_known_people(connection, day) if name == "people" else STREAMS[_find_stream(name)].table
    rows = select_standing(table, day)
    if "patient_id" not in rows.columns:
        rows = rows.join(STREAMS["people"].table.select("person", "patient_id"), "person")
    if "stay" in rows.columns:
        rows = rows.rename(continuous_stay="stay")
    return rows.select("person", "patient_id", *(name for name in rows.columns if name not in _APART))


def _make_known_people(connection: DuckDBPyConnection, day: date) -> ir.Table:
    """Everybody, without a death that was not known on the day and without a move that had not come."""
    read = ", ".join(f"{sql} AS {name}" for name, sql in build_cut_people(known_by=day, happened_by=day).items())
    connection.execute(f"CREATE VIEW known_people AS SELECT * REPLACE ({read}) FROM people")
    return ibis.table(STREAMS["people"].table.schema(), name="known_people")


def _select_spells(connection: DuckDBPyConnection, store: Store, day: date) -> ir.Table:
    """The spells of the stays that stood on the day, joined anew from what was known of each spell then."""
    make_cut_spells(connection, store.read_spells(), known_by=day)
    make_stays(connection, store.continuous_stays)
    members = select_standing(_MEMBERS, day).select("spell", continuous_stay="stay")
    shown = select_standing(STREAMS[ADMISSIONS].table, day).select(continuous_stay="spell")
    # What is said of an end is empty where the spell never ended, as it is in its stay.
    ended = {
        name: _SPELLS.settle_day.notnull().ifelse(_SPELLS[name], None) for name in late_columns(SCHEMAS[ADMISSIONS])
    }
    rows = _SPELLS.mutate(**ended).join(members, "spell").semi_join(shown, "continuous_stay")
    columns = [name for name in SCHEMAS[ADMISSIONS].names if name not in _APART]
    return rows.select("person", "patient_id", *columns, "spell", "continuous_stay")
