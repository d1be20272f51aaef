"""Extracts that a store keeps: their landed rows, so that later ones can be added and everything is judged anew.

`landed/<table>.parquet` of a version has a row for each row that any of its extracts landed, in the order of values:
the columns of the schema as they were landed, `kept_as`, `nth`, `extract` and `extract_row`. A row stands as often as
in the extract that has it most often, so the same extracts in any order, and again, make the same file. Of a row that
cannot be read, or whose patient_id is an NHS number, no value is kept: `kept_as` says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import SourceError
from riskstrat.sources import validation
from riskstrat.sources.cleaning import cleaned
from riskstrat.sources.connecting import read_or_refuse
from riskstrat.sources.dressed import REDUCED, build_resolved_query, reduce_others
from riskstrat.sources.landing import ROW, Extract, Landed, Landing, require_every_record
from riskstrat.sources.literal import quote_name, quote_text, read_literally
from riskstrat.sources.mapping import SourceMapping
from riskstrat.sources.store import is_ingested
from riskstrat.sources.store_versions import LANDED, Pinned, find_damage, pin_version
from riskstrat.sources.writing import write_parquet
from riskstrat.storage import compute_digest, compute_file_digest, format_json, parse_json

_NAME_LENGTH = 16


class Manner(StrEnum):
    """How an extract comes: WHOLE in place of all before, KEPT so that others can be added, ADDED to those kept."""

    WHOLE = "whole"
    KEPT = "kept"
    ADDED = "added"


@dataclass(frozen=True)
class KeptBefore:
    """What an extract is added to: the extracts of the version that is read, or nothing."""

    pinned: Pinned | None = None
    extracts: tuple[Extract, ...] = ()
    day: date | None = None

    @property
    def files(self) -> Mapping[str, Path]:
        """The kept rows by table."""
        if self.pinned is None:
            return {}
        return {path.stem: path for path in sorted((self.pinned.folder / LANDED).glob("*.parquet"))}


def read_before(store: Path, mapping: SourceMapping, manner: Manner, *, simulated: bool) -> KeptBefore:
    """What the extract is added to. Raises SourceError where it cannot be, or its rows cannot be kept."""
    if mapping.kind != "canonical" or mapping.digest:
        raise SourceError(
            f"{mapping.where} is read by a mapping, whose rows cannot be kept apart and added to; ingest it whole, "
            "without --add and --keep"
        )
    if manner is not Manner.ADDED or not is_ingested(store):
        return KeptBefore()
    pinned = pin_version(store)
    facts = parse_json(pinned.manifest)
    if damaged := find_damage(pinned, LANDED):
        raise SourceError(f"{damaged} in {store.name}/ is not the file that was kept; ingest everything whole, --keep")
    if not facts.get("extracts"):
        raise SourceError(
            f"{store.name}/ was ingested whole and keeps no landed rows to add to; ingest a full extract once with "
            "--keep, then add others with --add"
        )
    if facts["simulated"] != simulated:
        made_up, other = ("made up", "real") if facts["simulated"] else ("real", "made up")
        raise SourceError(
            f"the people in {store.name}/ are {made_up} and those of the extract {other}; keep them apart"
        )
    kept = tuple(Extract(**_freeze(extract)) for extract in facts["extracts"])
    return KeptBefore(pinned, kept, date.fromisoformat(facts["data_as_at"]))


def _freeze(told: Mapping[str, Any]) -> dict[str, Any]:
    ignored = {table: tuple(columns) for table, columns in told["ignored_columns"].items()}
    return {**told, "ignored_columns": ignored, "ignored_tables": tuple(told["ignored_tables"])}


def require_later(as_at: date | None, before: KeptBefore) -> None:
    """Raises SourceError for a date of the extract that would put rows of earlier extracts into quarantine."""
    if as_at is not None and before.day is not None and as_at < before.day:
        raise SourceError(
            f"--as-at {as_at} lies before {before.day}, up to which the data go already; leave it out, or give that "
            "day or a later one"
        )


def keep_rows(connection: duckdb.DuckDBPyConnection, landing: Landing, folder: Path, before: KeptBefore) -> Landing:
    """Write the landed rows of the extract and of those before into `folder`; the tables that they make together.

    Raises SourceError for an extract without any table, and for one whose columns do not go with those before.
    """
    if not landing.tables:
        raise SourceError(f"the extract holds none of our tables ({', '.join(SCHEMAS)}); there is nothing to add")
    work, place = folder / "work" / "extract", folder / LANDED
    work.mkdir()
    place.mkdir()
    files = {name: work / f"{name}.parquet" for name in landing.tables}
    rows = {name: _write_extract(connection, landing.tables[name], file) for name, file in files.items()}
    extract = _describe_extract(landing, files, rows)
    every = {each.name: each for each in (*before.extracts, extract)}
    extracts = tuple(every[name] for name in sorted(every))
    tables = {}
    for name in SCHEMAS:
        parts = []
        if name in before.files:
            parts.append(read_literally(before.files[name]))
        if name in files:
            parts.append(f"(SELECT *, '{extract.name}' AS extract FROM {read_literally(files[name])})")
        if parts:
            columns = _find_columns(connection, name, parts)
            _merge_rows(connection, parts, columns, place / f"{name}.parquet")
            tables[name] = _open_kept(connection, name, place / f"{name}.parquet", columns, extracts)
    for file in files.values():
        file.unlink()
    ignored = tuple(sorted({name for each in extracts for name in each.ignored_tables}))
    return replace(landing, tables=tables, ignored=ignored, extracts=extracts, added=extract.name)


def _write_extract(connection: duckdb.DuckDBPyConnection, landed: Landed, file: Path) -> int:
    """Write the rows of one table as they came, without what may not be kept; how many there are."""
    names = [name for name in SCHEMAS[landed.name].names if name in landed.columns]
    given = ", ".join(f"{quote_name(landed.columns[name][0])} AS {name}" for name in names)
    with read_or_refuse(landed.name):
        connection.execute(f"CREATE OR REPLACE TABLE given_rows AS SELECT {ROW}, {given} FROM {landed.relation}")
    (read,) = connection.execute("SELECT count(*) FROM given_rows").fetchone() or (0,)
    require_every_record(landed, read)
    _find_withheld(connection, landed, names)
    values = ", ".join(f"CASE WHEN kept_as IS NULL THEN {name} END AS {name}" for name in names)
    again = f"row_number() OVER (PARTITION BY {', '.join(names)}, kept_as ORDER BY {ROW})"
    query = f"""
        WITH rows AS (
            SELECT g.*, CASE WHEN w.{ROW} IS NOT NULL THEN {quote_text(validation.NHS_NUMBER)} END AS kept_as
            FROM given_rows g LEFT JOIN withheld w USING ({ROW})
            UNION ALL BY NAME
            SELECT unnest({landed.unreadable}::BIGINT[]) AS {ROW}, {quote_text(validation.UNREADABLE_ROW)} AS kept_as
        )
        SELECT {values}, kept_as, CASE WHEN kept_as IS NULL THEN {again} ELSE {ROW} END AS nth, {ROW} AS extract_row
        FROM rows ORDER BY {ROW}
    """
    _write(connection, query, file)
    return read + len(landed.unreadable)


def _find_withheld(connection: duckdb.DuckDBPyConnection, landed: Landed, names: list[str]) -> None:
    """Make `withheld`: the landed rows of `given_rows` whose patient_id is an NHS number."""
    connection.execute(f"CREATE OR REPLACE TABLE withheld ({ROW} BIGINT)")
    if "patient_id" not in names:
        return
    rows = _select_patient_ids(SCHEMAS[landed.name], "given_rows", landed.columns["patient_id"][1])
    query = f"SELECT DISTINCT patient_id FROM ({rows}) WHERE {validation.LOOKS_LIKE_NHS_NUMBER}"
    found = validation.nhs_numbers(row[0] for row in connection.execute(query).fetchall())
    if found:
        taken = f"SELECT landed_row FROM ({rows}) WHERE list_contains(?::VARCHAR[], patient_id)"
        connection.execute(f"INSERT INTO withheld {taken}", [found])


def _describe_extract(landing: Landing, files: Mapping[str, Path], rows: dict[str, int]) -> Extract:
    facts = {
        "rows": rows,
        "ignored_columns": {name: list(landed.ignored) for name, landed in landing.tables.items() if landed.ignored},
        "ignored_tables": list(landing.ignored),
    }
    digests = {name: compute_file_digest(file) for name, file in files.items()}
    name = compute_digest(format_json({**facts, "files": digests}, strict=True))[:_NAME_LENGTH]
    return Extract(**_freeze({"name": name, **facts}))


def _find_columns(connection: duckdb.DuckDBPyConnection, table: str, parts: list[str]) -> dict[str, str]:
    """The type of each column that any part has, in the schema's order. Raises SourceError where they do not agree."""
    kinds = [{row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {part}").fetchall()} for part in parts]
    found: dict[str, str] = {}
    for name in SCHEMAS[table].names:
        told = [kind[name] for kind in kinds if name in kind]
        if len(set(told)) > 1:
            raise SourceError(
                f"{table}.{name} is {told[1]} in the extract and {told[0]} in those before; land it as them, or "
                "ingest everything whole"
            )
        if told and len(told) < len(parts) and not SCHEMAS[table].key:
            raise SourceError(
                f"{table}.{name} is not in all extracts, and without it rows that come again would count twice; land "
                f"{table} with the same columns, or ingest everything whole"
            )
        if told:
            found[name] = told[0]
    return found


def _merge_rows(
    connection: duckdb.DuckDBPyConnection, parts: list[str], columns: Mapping[str, str], file: Path
) -> None:
    """Write the rows of all parts, each as often as in the part that has it most often, in the order of values."""
    names = ", ".join(columns)
    empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
    every = " UNION ALL BY NAME ".join([f"SELECT {empty} WHERE false", *(f"FROM {part}" for part in parts)])
    # What was not kept of one extract is no row of another.
    same = f"{names}, kept_as, CASE WHEN kept_as IS NOT NULL THEN extract END, nth"
    query = (
        f"SELECT {names}, kept_as, nth, extract, extract_row FROM ({every}) "
        f"QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY extract, extract_row) = 1 "
        f"ORDER BY {names}, kept_as, nth, extract, extract_row"
    )
    _write(connection, query, file)


def _write(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    schema = connection.execute(f"SELECT * FROM ({query}) LIMIT 0").to_arrow_table().schema
    write_parquet(connection, query, schema, file)


def _open_kept(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    file: Path,
    columns: Mapping[str, str],
    extracts: tuple[Extract, ...],
) -> Landed:
    """The kept rows of a table as a landed one, and `origin_<table>`: of each the extract and its row there."""
    numbered = read_literally(file, "file_row_number = true")
    told = f"file_row_number + 1 AS {ROW}, kept_as, extract, extract_row"
    connection.execute(f"CREATE VIEW origin_{name} AS SELECT {told} FROM {numbered}")
    read = f"SELECT {', '.join(columns)}, file_row_number + 1 AS {ROW} FROM {numbered} WHERE kept_as IS NULL"
    connection.execute(f"CREATE VIEW kept_{name} AS {read}")
    ignored = {column for each in extracts for column in each.ignored_columns.get(name, ())}
    return Landed(
        name,
        f"kept_{name}",
        {column: (column, kind) for column, kind in columns.items()} | {column: (column, "") for column in ignored},
        unreadable=_list_kept_as(connection, name, validation.UNREADABLE_ROW),
        withheld=_list_kept_as(connection, name, validation.NHS_NUMBER),
    )


def name_row(table: str, added: str) -> str:
    """SQL: the row of an extract that a row of `origin_<table>` is, with the extract where it is not the one added."""
    return f"CASE WHEN extract = '{added}' THEN extract_row::VARCHAR ELSE extract_row || ' of extract ' || extract END"


def build_quarantine_query(faults: str, tables: Iterable[str]) -> str:
    """SQL: the quarantined rows of `faults` by table, extract and row there."""
    origins = " UNION ALL ".join(
        f"SELECT {number} AS place, {ROW} AS row, extract, extract_row FROM origin_{name}"
        for number, name in enumerate(tables)
    )
    return (
        f'SELECT "table", extract_row AS row, rule, message, extract FROM ({faults}) JOIN ({origins}) '
        "USING (place, row) ORDER BY place, extract, extract_row, rule"
    )


def read_landed(version: Path, patient: str) -> Mapping[str, list[dict[str, Any]]]:
    """By table the rows that a version keeps as they were landed and that are of one patient_id, in their order.

    They are those that ingest reads as the person's, however the patient_id is written in them.
    """
    files = sorted((version / LANDED).glob("*.parquet"))
    with duckdb.connect() as connection:
        people = read_literally(version / "tables" / "people.parquet")
        connection.execute(f"CREATE TABLE clean_people AS SELECT patient_id, {REDUCED} FROM {people}")
        reduce_others(connection, "clean_people")
        connection.execute("CREATE VIEW persons AS SELECT patient_id AS known_as FROM clean_people")
        return {
            file.stem: pq.read_table(file).take(_find_own_rows(connection, file, patient)).to_pylist()
            for file in files
            if "patient_id" in pq.read_schema(file).names
        }


def _find_own_rows(connection: duckdb.DuckDBPyConnection, file: Path, patient: str) -> pa.ChunkedArray:
    """The places of the kept rows of a table that are of one patient_id."""
    kept, schema = read_literally(file, "file_row_number = true"), SCHEMAS[file.stem]
    (kind,) = connection.execute(f"SELECT any_value(typeof(patient_id)) FROM {kept}").fetchone() or (None,)
    rows = _select_patient_ids(schema, f"(SELECT patient_id, file_row_number AS {ROW} FROM {kept})", kind or "VARCHAR")
    if schema.must_have_effect:
        rows = build_resolved_query(connection, schema.name, rows, "true")
    own = connection.execute(f"SELECT {ROW} FROM ({rows}) WHERE patient_id = ? ORDER BY 1", [patient])
    return own.to_arrow_table()[ROW]


def _select_patient_ids(schema: TableSchema, relation: str, kind: str) -> str:
    """SQL: of each row of a relation its number and the patient_id as it is read, landed as a value of that type."""
    narrow = replace(schema, columns=(schema.names["patient_id"],))
    return cleaned(narrow, {"patient_id": ("patient_id", kind)}, relation, ROW)


def _list_kept_as(connection: duckdb.DuckDBPyConnection, table: str, kept_as: str) -> list[int]:
    query = f"SELECT {ROW} FROM origin_{table} WHERE kept_as = ? ORDER BY 1"
    return [row for (row,) in connection.execute(query, [kept_as]).fetchall()]
