"""The stored form of accepted rows, as DuckDB queries: who, when it read so, and in which order.

A row is known from the later of its event and its `known_on`, or event + lag where the source says nothing. A row with
a late-settling column is stored twice: open, with the late columns null, until the day they had come and were known,
then settled. A version that would last no day is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.sources.continuous_stays import build_diagnoses_query, build_stays_query
from riskstrat.sources.repeated import END_KNOWN, find_spell
from riskstrat.sources.tables import SPELL_COLUMNS, STREAMS
from riskstrat.sources.writing import ARROW_TYPES

FAR = "DATE '9999-12-31'"
"""The end of a version that has none; a row that is never visible begins here."""

ALWAYS = "DATE '1800-01-01'"
"""The beginning of a person's row, before any record."""

_PERIOD = [("valid_from", pa.date32()), ("valid_to", pa.date32())]


def number_people(connection: duckdb.DuckDBPyConnection) -> int:
    """Make `numbered` (person_row, patient_id, person) and give the number of people.

    Persons are ordered by the md5 of patient_id, so that any range of numbers is a random sample of them.
    """
    connection.execute(
        """
        CREATE TABLE numbered AS
        SELECT
            landed_row AS person_row,
            patient_id,
            (row_number() OVER (ORDER BY md5(patient_id), patient_id) - 1)::INTEGER AS person
        FROM accepted_people
        """
    )
    row = connection.execute("SELECT count(*) FROM numbered").fetchone()
    return row[0] if row else 0


def number_spells(connection: duckdb.DuckDBPyConnection, lag: int) -> None:
    """Make `spells`, one row per accepted admission: its columns, its number, when it was known and when settled."""
    columns = ", ".join(SCHEMAS["admissions"].names)
    connection.execute(
        f"""
        CREATE TABLE spells AS
        SELECT
            landed_row,
            {columns},
            person,
            (row_number() OVER (ORDER BY person, admitted_on, spell_id, provider) - 1)::INTEGER AS spell,
            valid_from AS known_from,
            settle_day
        FROM ({_build_known_query(SCHEMAS["admissions"], lag)})
        """
    )


def stored_schema(table: str) -> pa.Schema:
    """The columns and types of the stored table: those of its stream, or of its source table with `person`."""
    if table in STREAMS:
        return STREAMS[table].table.schema().to_pyarrow()
    schema = SCHEMAS[table]
    person = [("person", pa.int32())] if "patient_id" in schema.names else []
    return pa.schema([*((c.name, ARROW_TYPES[c.type]) for c in schema.columns), *person])


def stored(table: str, lag: int) -> str:
    """The query for the stored table, in its order: person, event date, then every other column."""
    schema = SCHEMAS[table]
    columns = stored_schema(table).names
    event = STREAMS[table].event if table in STREAMS else None
    first = [column for column in ("person", event) if column in columns]
    # A person has one patient_id: among the rows of one it decides nothing, and text is slow to sort.
    told = {*first, *(["patient_id"] if "person" in first else [])}
    order = [*first, *(column for column in columns if column not in told)]
    return f"SELECT {', '.join(columns)} FROM ({_build_rows_query(schema, lag)}) ORDER BY {', '.join(order)}"


def _build_rows_query(schema: TableSchema, lag: int) -> str:
    if schema.name == "people":
        return f"SELECT a.*, p.person, {ALWAYS} AS valid_from, {FAR} AS valid_to {_join_person('people', 'landed_row')}"
    if "patient_id" not in schema.names:
        return f"SELECT * FROM accepted_{schema.name}"
    if schema.name == "diagnoses":
        return _build_diagnoses_query(lag)
    if schema.event is None:
        return f"SELECT a.*, p.patient_id, p.person {_join_person(schema.name)}"
    if schema.name == "admissions":
        return build_stays_query()
    return _build_versions_query(schema, lag)


def _join_person(table: str, row: str = "person_row") -> str:
    return f"FROM accepted_{table} a JOIN numbered p ON p.person_row = a.{row}"


def _build_known_query(schema: TableSchema, lag: int) -> str:
    """Accepted rows with valid_from and, where columns settle late, settle_day (null while they have not)."""
    known = f"coalesce({schema.known}, {schema.event} + {lag})" if schema.known else schema.event
    rows = (
        f"SELECT a.*, p.patient_id, p.person, greatest({schema.event}, {known}) AS valid_from "
        f"{_join_person(schema.name)}"
    )
    settles = schema.settles
    if settles is None:
        return rows
    day = f"greatest(valid_from, {settles.date}, {settles.known or settles.date}, {END_KNOWN})"
    return f"SELECT *, CASE WHEN {settles.date} IS NOT NULL THEN {day} END AS settle_day FROM ({rows})"


def late_columns(schema: TableSchema) -> tuple[str, ...]:
    """The columns that read as null until they settle, the date of knowing them among them."""
    if schema.settles is None:
        return ()
    return (*schema.settles.columns, *((schema.settles.known,) if schema.settles.known else ()))


def _build_versions_query(schema: TableSchema, lag: int) -> str:
    rows = _build_known_query(schema, lag)
    if schema.settles is None:
        return f"SELECT *, {FAR} AS valid_to FROM ({rows})"
    late = ", ".join(f"NULL AS {column}" for column in late_columns(schema))
    return f"""
        WITH known AS ({rows})
        SELECT * REPLACE ({late}), coalesce(settle_day, {FAR}) AS valid_to FROM known
        WHERE settle_day IS NULL OR settle_day > valid_from
        UNION ALL
        SELECT * REPLACE (settle_day AS valid_from), {FAR} AS valid_to FROM known WHERE settle_day IS NOT NULL
    """


def _build_diagnoses_query(lag: int) -> str:
    """Diagnoses with their spell, from the later of both being known; those of an open spell are never visible."""
    known = f"coalesce(a.known_on, s.discharged_on + {lag})"
    visible = f"greatest({known}, s.known_from, s.settle_day)"
    carried = ", ".join(f"s.{column}" for column in SPELL_COLUMNS)
    return build_diagnoses_query(f"""
        SELECT
            a.*, p.patient_id, p.person, s.spell, {carried},
            CASE WHEN s.settle_day IS NULL THEN {FAR} ELSE {visible} END AS valid_from
        {_join_person("diagnoses")} {find_spell("a")} JOIN spells s ON s.landed_row = n.spell_row
    """)


def unsettled(connection: duckdb.DuckDBPyConnection, schema: TableSchema) -> int:
    """Accepted rows that say something in a late column but not when it settled; those columns stay null."""
    if schema.settles is None or len(late_columns(schema)) == 1:
        return 0
    said = " OR ".join(f"{column} IS NOT NULL" for column in late_columns(schema) if column != schema.settles.date)
    query = f"SELECT count(*) FROM accepted_{schema.name} WHERE {schema.settles.date} IS NULL AND ({said})"
    row = connection.execute(query).fetchone()
    return row[0] if row else 0


def lag_of(schema: TableSchema, lags: Mapping[str, int]) -> int:
    """Days from event to knowledge for rows without `known_on`: riskstrat.toml's, else the schema's."""
    return lags.get(schema.name, schema.lag_days)
