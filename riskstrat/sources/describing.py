"""Proposes a source.toml for what lies in a source: which table, column and code is likely which of ours.

Nothing is decided: what has a likely meaning is written, what must be there and has none is left to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from riskstrat.definitions.column_names import COLUMN_NAMES, KNOWN_CODES, TABLE_NAMES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.source_mapping import ADAPTERS
from riskstrat.definitions.table_schema import Column, TableSchema
from riskstrat.errors import SourceError
from riskstrat.sources.cleaning import build_text_sql
from riskstrat.sources.landing import Landed
from riskstrat.sources.literal import quote_name
from riskstrat.sources.mapping import SourceMapping, read_questions
from riskstrat.sources.places import Place, open_place
from riskstrat.sources.refusals import list_columns, recognise_model
from riskstrat.sources.unknown_tables import describe_unknown

ROWS = 10_000
"""Rows of a table in which codes are looked for."""

FEWEST = 8
"""Rows that a code must have before it is written down."""


@dataclass(frozen=True)
class _Match:
    """A table of theirs that is likely one of ours, and by column of ours the likely column of theirs."""

    table: str
    schema: TableSchema
    landed: Landed
    columns: dict[str, str]

    @property
    def missing(self) -> list[str]:
        return [name for name in self.schema.required_columns if name not in self.columns]

    @property
    def absent(self) -> list[str]:
        """Columns that a table may be without, none of which theirs has by a known name."""
        required = self.schema.required_columns
        return [each.name for each in self.schema.columns if each.name not in (*required, *self.columns)]

    @property
    def spare(self) -> list[str]:
        return [spelled for spelled, _ in self.landed.columns.values() if spelled not in self.columns.values()]


def describe_source(mapping: SourceMapping) -> str:
    """The text of a source.toml for what the mapping's place holds. Raises SourceError if it cannot be read."""
    connection = duckdb.connect()
    try:
        with open_place(connection, mapping) as place:
            return "\n".join(_write_proposal(connection, mapping, place)) + "\n"
    finally:
        connection.close()


def _write_proposal(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping, place: Place) -> Iterator[str]:
    model = recognise_model(place.tables)
    adapter = model if model in ADAPTERS else None
    yield "[source]"
    yield f"kind = {_quote(adapter or mapping.storage)}"
    if mapping.location is not None:
        yield f"location = {_quote(str(mapping.location.resolve()))}"
    yield from _write_form(mapping.form.separator, mapping.form.encoding)
    if mapping.connection is not None:
        yield f"connection = {_quote(mapping.connection)}"
    if mapping.schema is not None:
        yield f"schema = {_quote(mapping.schema)}"
    if adapter is not None:
        if mapping.connection is not None:
            yield f"storage = {_quote(mapping.storage)}"
        yield from _write_questions(adapter)
    for name, given in sorted(mapping.files.items()):
        yield f"\n[source.files.{_write_key(name)}]"
        yield from _write_form(given.separator or ",", given.encoding or "utf-8")
    if adapter is not None:
        return
    matches, others, unreadable = _match_tables(connection, place)
    for match in matches:
        yield from _write_table(connection, match)
    for match in others:
        yield f"\n# also like {match.schema.name}, and not read: {match.table}"
    for table, why in unreadable.items():
        yield f"\n# {table} cannot be read: {why}"
    used = {match.table for match in (*matches, *others)} | set(unreadable)
    yield from describe_unknown(connection, place, [table for table in place.tables if table not in used])
    if absent := [s.name for s in SCHEMAS.values() if s.required and s.name not in {m.schema.name for m in matches}]:
        yield f"# still to be found: {', '.join(absent)} (docs/data.md says what must be in them)"


def _write_form(separator: str, encoding: str) -> Iterator[str]:
    if separator != ",":
        yield f"separator = {_quote(separator)}"
    if encoding != "utf-8":
        yield f'encoding = "{encoding}"    # it is not UTF-8; see that names and letters with accents are right'


def _write_key(name: str) -> str:
    return name if re.fullmatch(r"[a-z0-9_-]+", name) else _quote(name)


def _write_questions(adapter: str) -> Iterator[str]:
    for name, ask in read_questions(adapter).items():
        choice = f" ({', '.join(ask.allowed)})" if ask.allowed else ""
        yield f"# {ask.question}{choice}"
        yield f"{name} = {_write_answer(ask.default)}" if ask.default is not None else f"# {name} ="


def _write_answer(answer: object) -> str:
    if isinstance(answer, list):
        return f"[{', '.join(_quote(str(word)) for word in answer)}]"
    return _quote(answer) if isinstance(answer, str) else str(answer).lower()


def _match_tables(
    connection: duckdb.DuckDBPyConnection, place: Place
) -> tuple[list[_Match], list[_Match], dict[str, str]]:
    """At most one table of theirs for each of ours, in the order of docs/data.md, and the others that are like one.

    And why those of an unknown name cannot be read of which that is so: any folder or file may lie beside tables.
    """
    found: dict[str, list[_Match]] = {name: [] for name in SCHEMAS}
    unreadable: dict[str, str] = {}
    for number, table in enumerate(place.tables):
        try:
            landed = place.land(connection, table, f"described_{number}")
        except SourceError as error:
            if any(_rate_called(table, schema) for schema in SCHEMAS.values()):
                raise
            unreadable[table] = str(error)
            continue
        match = max((_match(table, schema, landed) for schema in SCHEMAS.values()), key=_rate)
        if _is_likely(match):
            found[match.schema.name].append(match)
    ranked = [sorted(matches, key=_rate, reverse=True) for matches in found.values() if matches]
    first, others = [first for first, *_ in ranked], [other for _, *others in ranked for other in others]
    return first, others, unreadable


def _match(table: str, schema: TableSchema, landed: Landed) -> _Match:
    columns: dict[str, str] = {}
    for column in schema.columns:
        names = (column.name, *COLUMN_NAMES.get(column.name, ()))
        spelled = next((landed.columns[name][0] for name in names if name in landed.columns), None)
        if spelled is not None and spelled not in columns.values():
            columns[column.name] = spelled
    return _Match(table, schema, landed, columns)


def _rate(match: _Match) -> tuple[int, float, int]:
    """By name first, then by the share of the required columns that are there, then by how many columns are."""
    required = match.schema.required_columns
    share = sum(name in match.columns for name in required) / len(required) if required else 0
    return _rate_name(match), share, len(match.columns)


def _rate_name(match: _Match) -> int:
    """How surely the name of a table says what it is: it is ours, one of others, ends in such a one, or is neither."""
    return _rate_called(match.table, match.schema)


def _rate_called(table: str, schema: TableSchema) -> int:
    also = TABLE_NAMES.get(schema.name, ())
    if table == schema.name:
        return 3
    if table in also:
        return 2
    return int(table.endswith(tuple(f"_{name}" for name in (schema.name, *also))))


def _is_likely(match: _Match) -> bool:
    """A table of a known name needs one column of ours; another needs all that are required, and more than a person."""
    return bool(match.columns) if _rate_name(match) else not match.missing and len(match.columns) > 1


def _write_table(connection: duckdb.DuckDBPyConnection, match: _Match) -> Iterator[str]:
    yield f"\n[source.tables.{match.schema.name}]"
    yield f"from = {_quote(match.table)}"
    renamed = {ours: theirs for ours, theirs in match.columns.items() if theirs.lower() != ours}
    lines = [*(f"{ours} = {_quote(theirs)}" for ours, theirs in renamed.items() if ours not in KNOWN_CODES)]
    for ours, theirs in match.columns.items():
        if ours in KNOWN_CODES:
            lines.extend(_write_codes(connection, match, match.schema.names[ours], theirs))
    spare = list_columns(match.spare) if match.spare else "none is left"
    lines += [f"# {name} =    # which of: {spare}" for name in match.missing]
    if match.spare and not match.missing:
        lines.append(f"# not used: {spare}")
    if match.spare and match.absent:
        lines.append(f"# not found, and worth a look in yours: {list_columns(match.absent)}")
    if lines:
        yield f"[source.tables.{match.schema.name}.columns]"
        yield from lines


def _write_codes(connection: duckdb.DuckDBPyConnection, match: _Match, column: Column, theirs: str) -> Iterator[str]:
    """The column with the codes of theirs that are known, and how many values are not.

    Where not both sexes are known by their code, as of 0 and 1, they may be numbered in another way: left to fill in.
    """
    counts = _count_values(connection, match.landed, theirs)
    if all(value in column.allowed for value, _ in counts):
        if theirs.lower() != column.name:
            yield f"{column.name} = {_quote(theirs)}"
        return
    known = {value: KNOWN_CODES[column.name].get(value.lower()) for value, rows in counts if rows >= FEWEST}
    named = {value: code for value, code in sorted(known.items()) if code is not None}
    codes = ", ".join(f"{_quote(value)} = {_quote(code)}" for value, code in named.items())
    sure = {"F", "M"} <= set(named.values())
    yield f"{'' if sure else '# '}{column.name} = {{ from = {_quote(theirs)}, codes = {{ {codes} }} }}"
    if unknown := len(counts) - len(named):
        values = "value" if unknown == 1 else "values"
        yield f"# {unknown} further {values} of {theirs}: each to one of {', '.join(column.allowed)}"


def _count_values(connection: duckdb.DuckDBPyConnection, landed: Landed, column: str) -> Sequence[tuple[str, int]]:
    spelled, kind = landed.columns[column.lower()]
    value = build_text_sql(quote_name(spelled), kind)
    return connection.execute(
        f"SELECT {value} AS value, count(*) FROM (SELECT * FROM {landed.relation} LIMIT {ROWS}) "
        "WHERE value IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
