"""Lands what a mapping reads: tables that have our names already, those that it renames, those that SQL makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from riskstrat.definitions.codelists import near
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.sources.landing import Landed, Landing, land_batches
from riskstrat.sources.literal import has_pattern
from riskstrat.sources.mapped_columns import list_columns_read, map_columns
from riskstrat.sources.mapping import SourceMapping, TableOrigin, strip_ending
from riskstrat.sources.overlooked import list_deciding_names, refuse_overlooked_columns, refuse_overlooked_names
from riskstrat.sources.places import DatabasePlace, Place, list_csv_folders, open_place
from riskstrat.sources.refusals import explain_missing_columns, explain_missing_table
from riskstrat.sources.statements import Runner, find_input
from riskstrat.sources.unread import find_unread_parts


@contextmanager
def land(
    connection: duckdb.DuckDBPyConnection,
    mapping: SourceMapping,
    limit: float = 0.0,
    sample: int | None = None,
    only: Collection[str] | None = None,
) -> Iterator[Landing]:
    """The tables of a source as relations of `connection`, which can be scanned while the block runs.

    limit: the share of rows of a file behind SQL that may be unreadable. sample: rows at most of each table but people
    and admissions. only: the tables that are read, none of which must be there; without it every table is, and the
    required ones must be.
    Raises SourceError for a source that cannot be read, and for a required table or column that it lacks.
    """
    if mapping.kind == "mimic":
        landing = _land_mimic(connection, mapping)
        _require_tables(landing, mapping)
        _require_columns(landing)
        yield landing
        return
    with open_place(connection, mapping) as place:
        asked = SCHEMAS if only is None else only
        landing = _land_tables(connection, mapping, place, limit, asked)
        if only is None:
            _require_tables(landing, mapping)
        folder = mapping.location if mapping.storage == "folder" else None
        # A database that a mapping reads may hold anything else, and nobody can move it.
        others = landing.ignored if folder or not mapping.tables else ()
        files = _list_files_beside(folder, place) if folder else None
        refuse_overlooked_names(mapping.place, landing.tables, others, asked, files)
        _require_columns(landing)
        refuse_overlooked_columns(landing.tables.values())
        yield _cut_to_sample(connection, landing, sample) if sample is not None else landing


def _land_mimic(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping) -> Landing:
    from riskstrat.sources.mimic import COMPARABLE_DATES, read_mimic

    if mapping.location is None:
        raise SourceError("MIMIC-IV in MEDS form is read from a folder; name it as location")
    extract = read_mimic(mapping.location)
    tables = {name: land_batches(connection, name, table.to_reader()) for name, table in extract.tables.items()}
    return Landing(tables, comparable_dates=COMPARABLE_DATES, notes=extract.notes)


def _land_tables(
    connection: duckdb.DuckDBPyConnection, mapping: SourceMapping, place: Place, limit: float, only: Collection[str]
) -> Landing:
    asked = {name: origin for name, origin in mapping.tables.items() if name in only}
    chosen = {name: origin for name, origin in asked.items() if _is_made(origin, name, mapping, place)}
    runner = Runner(connection, mapping, place, limit) if mapping.has_sql else None
    for name, origin in chosen.items():
        if name in place.tables and name not in _list_read(mapping, [origin], runner):
            _refuse_second(name, origin, mapping)
    if runner is not None:
        _refuse_pattern(mapping)
        runner.prepare()
        chosen = {name: origin for name, origin in chosen.items() if runner.reads_anything(origin.statement)}
    tables = {
        name: _land_origin(connection, name, chosen[name], place, runner)
        if name in chosen
        else _land_own(connection, name, place)
        for name in SCHEMAS
        if name in only and (name in chosen or name in place.tables)
    }
    read = _list_read(mapping, chosen.values(), runner)
    if runner is not None and mapping.counts is not None:
        read |= runner.list_sources(mapping.counts)
    unread = sorted(set(place.tables) - set(SCHEMAS) - read)
    # A folder of CSV files may lie there for any reason; one that is called as a table that keeps people off may not.
    ignored = sorted(set(unread) - list_csv_folders(place) | (set(unread) & list_deciding_names()))
    return Landing(
        tables,
        ignored=tuple(ignored),
        unread_parts=find_unread_parts(connection, place, set(place.tables) & (read | set(tables)), unread),
        comparable_dates=mapping.comparable_dates,
        notes=tuple(origin.given.note for origin in chosen.values() if origin.given.note),
        outcomes=runner.count() if runner is not None else (),
    )


def _list_files_beside(folder: Path, place: Place) -> list[str]:
    """The names of the files of a folder that are none of its tables."""
    return [path.name for path in folder.iterdir() if path.is_file() and strip_ending(path.name) not in place.tables]


def _list_read(mapping: SourceMapping, made: Iterable[TableOrigin], runner: Runner | None) -> set[str]:
    """The names by which tables of the source are read: by mapped tables, as inputs, and by SQL itself."""
    read = {name for key, declared in mapping.inputs.items() for name in (key, *declared.also)}
    for origin in made:
        read.add(strip_ending(origin.given.from_))
        if runner is not None and origin.statement is not None:
            read |= runner.list_sources(origin.statement)
    return read


def _is_made(origin: TableOrigin, name: str, mapping: SourceMapping, place: Place) -> bool:
    """Whether the mapping makes the table: what it needs is there, and nothing that it gives way to."""
    given = origin.given
    if given.gives_way and name in place.tables:
        return False
    if given.needs is None:
        return True
    if given.needs not in mapping.inputs:
        inputs = tuple(mapping.inputs)
        raise SourceError(f'{name} needs "{given.needs}", which is none of [source.inputs]{near(given.needs, inputs)}')
    return find_input(given.needs, mapping.inputs[given.needs], place) is not None


def _refuse_second(name: str, origin: TableOrigin, mapping: SourceMapping) -> None:
    """Raise SourceError where a table of our name lies beside the one that is made: its rows would not be read."""
    if origin.given.replaces or (origin.statement is not None and mapping.runs_on_server):
        return
    raise SourceError(
        f"{mapping.where} makes {name}, and {mapping.place} has a table {name} too, whose rows would not be read: take "
        f"one out, or write replaces = true under [source.tables.{name}] if it is something else"
    )


def _land_own(connection: duckdb.DuckDBPyConnection, name: str, place: Place) -> Landed:
    if isinstance(place, DatabasePlace):
        place.require_readable(name, SCHEMAS[name].names)
    return place.land(connection, name, name)


def _land_origin(
    connection: duckdb.DuckDBPyConnection, name: str, origin: TableOrigin, place: Place, runner: Runner | None
) -> Landed:
    if origin.statement is None:
        table = strip_ending(origin.given.from_)
        if isinstance(place, DatabasePlace):
            place.require_readable(table, list_columns_read(name, origin.given))
        landed = place.land(connection, table, f"given_{name}")
    elif runner is not None:
        landed = runner.land(f"given_{name}", origin.statement, SCHEMAS[name].required_columns)
    elif isinstance(place, DatabasePlace):
        landed = place.land_query(connection, origin.statement.sql, f"given_{name}")
    mapped = map_columns(connection, name, landed, origin.given)
    if runner is not None and origin.given.counted_in is not None:
        mapped.made_of = (origin.given.counted_in, runner.count_rows(origin.given.counted_in))
    return mapped


def _refuse_pattern(mapping: SourceMapping) -> None:
    """While SQL runs, DuckDB reads no file whose path it could take for a pattern."""
    if mapping.storage == "folder" and mapping.location is not None and has_pattern(mapping.location.resolve()):
        raise SourceError(f"{mapping.location} has a *, ? or [ in its path, beside which no SQL is run; rename it")


def _cut_to_sample(connection: duckdb.DuckDBPyConnection, landing: Landing, rows: int) -> Landing:
    for name, landed in landing.tables.items():
        # Whose person or stay is not there can only be told beside all of them.
        if name not in ("people", "admissions"):
            connection.execute(f"CREATE VIEW sample_{name} AS SELECT * FROM {landed.relation} LIMIT {rows}")
            landed.relation, landed.records = f"sample_{name}", None
    return landing


def _require_tables(landing: Landing, mapping: SourceMapping) -> None:
    for schema in SCHEMAS.values():
        if schema.required and schema.name not in landing.tables:
            folder = mapping.location if mapping.storage == "folder" else None
            raise SourceError(explain_missing_table(mapping.place, folder, schema.name, landing.ignored))


def _require_columns(landing: Landing) -> None:
    for landed in landing.tables.values():
        schema = SCHEMAS[landed.name]
        absent = [column for column in schema.required_columns if column not in landed.columns]
        if absent:
            raise SourceError(explain_missing_columns(schema, absent, tuple(landed.columns)))
