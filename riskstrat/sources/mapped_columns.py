"""Columns of a source as columns of ours: by other names, by codes of its own, or one value in every row."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from riskstrat.definitions.codelists import near
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.source_mapping import GivenColumn, GivenTable
from riskstrat.errors import SourceError
from riskstrat.sources.cleaning import build_text_sql
from riskstrat.sources.landing import ROW, Landed, describe_landed
from riskstrat.sources.literal import quote_name, quote_text
from riskstrat.sources.refusals import list_columns


def map_columns(connection: duckdb.DuckDBPyConnection, name: str, landed: Landed, given: GivenTable) -> Landed:
    """The landed relation as the relation `landed_<name>` with columns of the table `name`.

    Columns that have one of its names already are read as they are. Raises SourceError for a column that is not there.
    """
    columns = _gather_columns(given)
    for column, origin in columns.items():
        if origin.from_ is not None and origin.from_.lower() not in landed.columns:
            found = tuple(landed.columns)
            raise SourceError(
                f'{name}.{column}: {given.from_} has no column "{origin.from_}"{near(origin.from_.lower(), found)}; it '
                f"has {list_columns(found)}"
            )
    parts = [_build_column(column, origin, landed) for column, origin in columns.items()]
    ours = SCHEMAS[name].names
    used = {origin.from_.lower() for origin in columns.values() if origin.from_ is not None}
    kept = [
        spelled
        for lower, (spelled, _) in landed.columns.items()
        if lower not in columns and (lower not in used or lower in ours)
    ]
    flags = {column: _build_flag(origin, landed) for column, origin in columns.items() if origin.codes}
    parts += [quote_name(spelled) for spelled in kept]
    parts += [f"{test} AS unmapped_{column}" for column, test in flags.items()]
    parts += [
        f"CASE WHEN {test} THEN {_build_code(columns[column], landed)} END AS unnamed_{column}"
        for column, test in flags.items()
    ]
    connection.execute(f"CREATE VIEW landed_{name} AS SELECT {', '.join([*parts, ROW])} FROM {landed.relation}")
    described = describe_landed(connection, name)
    added = {f"{told}_{column}" for column in flags for told in ("unmapped", "unnamed")}
    seen = {key: kind for key, kind in described.columns.items() if key not in added}
    return replace(
        described,
        columns=seen,
        unmapped=tuple(flags),
        unreadable=landed.unreadable,
        records=landed.records,
        empty=landed.empty,
    )


def list_columns_read(name: str, given: GivenTable) -> set[str]:
    """The columns of theirs that the table `name` is made of: those that are named, and those with names of ours."""
    columns = _gather_columns(given)
    named = {origin.from_ for origin in columns.values() if origin.from_ is not None}
    return named | (set(SCHEMAS[name].names) - set(columns))


def _gather_columns(given: GivenTable) -> dict[str, GivenColumn]:
    """Every column that the mapping gives, those of the table itself among them."""
    columns = dict(given.columns)
    if given.system is not None:
        columns["system"] = GivenColumn(value=given.system)
    if given.known_on is not None and given.known_on.from_ is not None:
        columns["known_on"] = GivenColumn.model_validate({"from": given.known_on.from_})
    return columns


def _build_column(column: str, origin: GivenColumn, landed: Landed) -> str:
    if origin.from_ is None:
        return f"{quote_text(origin.value or '')} AS {column}"
    spelled, _ = landed.columns[origin.from_.lower()]
    if not origin.codes:
        return f"{quote_name(spelled)} AS {column}"
    cases = " ".join(f"WHEN {quote_text(code.strip())} THEN {quote_text(ours)}" for code, ours in origin.codes.items())
    return f"CASE {_build_code(origin, landed)} {cases} END AS {column}"


def _build_flag(origin: GivenColumn, landed: Landed) -> str:
    """SQL: whether the mapping names no code for a value that is there."""
    codes = ", ".join(quote_text(code.strip()) for code in origin.codes or ())
    return f"coalesce({_build_code(origin, landed)} NOT IN ({codes}), false)"


def _build_code(origin: GivenColumn, landed: Landed) -> str:
    spelled, kind = landed.columns[(origin.from_ or "").lower()]
    return f"regexp_replace({build_text_sql(quote_name(spelled), kind)}, '^([0-9]+)\\.0+$', '\\1')"
