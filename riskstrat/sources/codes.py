"""What the landed codes are understood by: one entry for each table, coded column and code system of accepted rows.

A row is understood where a codelist names its code, or where its value is a word or has a shape whose meaning is
known. A code that nobody understands is shown only if it was landed for `FEWEST_PEOPLE`, is as short as the codes of
its column are, or looks like a known word; a smaller count is not given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from riskstrat.definitions.coded_columns import CODED_COLUMNS, CodedColumn, suggest
from riskstrat.definitions.codelists import Codelist
from riskstrat.errors import SourceError
from riskstrat.sources.landing import Landed

FEWEST_PEOPLE = 8
FEWEST_ROWS = 100
"""A share of fewer rows says nothing of a source, so it stops no run."""

COMMONEST = 10
_LONGEST = 40
_SHORT = 3

CodesTable = list[dict[str, Any]]
"""One entry for each table, column and system: its names, `rows`, `distinct` codes, `understood` (share of rows), the
same `before` (at the load before, None if there was none), the share that each codelist names under `lists`, and
`commonest_unknown`: `code`, `rows` (None below FEWEST_PEOPLE) and `near`, the known word that is likely meant."""


@dataclass(frozen=True)
class KnownCodes:
    """What a workspace understands: its codelists, and the words that its features compare a column with."""

    codelists: Mapping[str, Codelist] = field(default_factory=dict)
    words: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def name_lists(self, code: str, system: str) -> list[str]:
        """The codelists that name a code of the system."""
        return [name for name, codelist in self.codelists.items() if codelist.find(code, system)]

    def offer_words(self, column: CodedColumn, system: str) -> list[str]:
        """The words that a value of the column could have been meant to be, in order."""
        listed = {e.code for one in self.codelists.values() for e in one.entries if e.system == system == "register"}
        return sorted({*column.words, *self.words.get((column.table, column.column), ()), *listed})


def describe_codes(
    connection: duckdb.DuckDBPyConnection, landed: Mapping[str, Landed], known: KnownCodes
) -> CodesTable:
    """The codes of every landed coded column that has any, in the order of the tables."""
    found: CodesTable = []
    for column in CODED_COLUMNS:
        table = landed.get(column.table)
        if table is None or column.column not in table.columns:
            continue
        counts = _count_codes(connection, column, table)
        for system in sorted({system for system, _ in counts}):
            rows = {code: count for (of, code), count in counts.items() if of == system}
            found.append(_describe_system(connection, column, system, rows, known))
    return found


def _count_codes(
    connection: duckdb.DuckDBPyConnection, column: CodedColumn, landed: Landed
) -> dict[tuple[str, str], int]:
    """Accepted rows by system and code as they were landed, also of values that are read as empty."""
    columns = f"{_name_system(column)} AS system, {column.column}"
    query = f"SELECT {columns}, count(*) {_build_accepted_rows(column)} GROUP BY ALL"
    return {(system, code): count for system, code, count in connection.execute(query).fetchall()}


def _name_system(column: CodedColumn) -> str:
    return "system" if column.system is None else f"'{column.system}'"


def _build_accepted_rows(column: CodedColumn) -> str:
    table = column.table
    return f"FROM clean_{table} ANTI JOIN fault_{table} USING (landed_row) WHERE {column.column} IS NOT NULL"


def _describe_system(
    connection: duckdb.DuckDBPyConnection, column: CodedColumn, system: str, rows: Mapping[str, int], known: KnownCodes
) -> dict[str, Any]:
    lists = {code: known.name_lists(code, system) for code in rows}
    words = known.words.get((column.table, column.column), frozenset())
    unknown = {code: n for code, n in rows.items() if not (lists[code] or code in words or column.knows(code))}
    total = sum(rows.values())
    by_list: dict[str, int] = {}
    for code, names in lists.items():
        for name in names:
            by_list[name] = by_list.get(name, 0) + rows[code]
    return {
        "table": column.table,
        "column": column.column,
        "system": system,
        "rows": total,
        "distinct": len(rows),
        "understood": round(1 - sum(unknown.values()) / total, 4),
        "before": None,
        "lists": {name: round(by_list[name] / total, 4) for name in sorted(by_list)},
        "commonest_unknown": _list_commonest(connection, column, system, unknown, known),
    }


def _list_commonest(
    connection: duckdb.DuckDBPyConnection,
    column: CodedColumn,
    system: str,
    unknown: Mapping[str, int],
    known: KnownCodes,
) -> list[dict[str, Any]]:
    commonest = sorted(unknown, key=lambda code: (-unknown[code], code))[:COMMONEST]
    people = _count_people(connection, column, system, commonest)
    words = known.offer_words(column, system)
    shown = []
    for code in commonest:
        meant = suggest(code, words)
        rare = people[code] < FEWEST_PEOPLE
        if not rare or meant or (column.words and len(code) <= _SHORT):
            rows = None if rare else unknown[code]
            shown.append({"code": code[:_LONGEST], "rows": rows, "near": meant})
    return shown


def _count_people(
    connection: duckdb.DuckDBPyConnection, column: CodedColumn, system: str, codes: Iterable[str]
) -> dict[str, int]:
    query = (
        f"SELECT {column.column}, count(DISTINCT person_row) {_build_accepted_rows(column)} "
        f"AND {_name_system(column)} = ? AND list_contains(?::VARCHAR[], {column.column}) GROUP BY 1"
    )
    return dict(connection.execute(query, [system, list(codes)]).fetchall())


def compare_with_before(codes: CodesTable, before: Iterable[Mapping[str, object]], *, same_rows: bool) -> CodesTable:
    """The entries with the share that was understood at the load before.

    The same rows landed again, understood alike, are no new load: they keep what they were compared with.
    """
    earlier = {_identify(entry): entry for entry in before}
    again = same_rows and all(
        entry == {**earlier.get(_identify(entry), {}), "before": entry["before"]} for entry in codes
    )
    kept = "before" if again else "understood"
    return [{**entry, "before": earlier.get(_identify(entry), {}).get(kept)} for entry in codes]


def _identify(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return entry["table"], entry["column"], entry["system"]


def require_understood(codes: CodesTable, limit: float, partly: Iterable[str]) -> None:
    """Raise SourceError for a column or system of which more than `limit` of the rows are not understood.

    `partly` has the tables, or tables and columns (`attendances.complaint`), for which the site accepts that.
    """
    accepted = set(partly)
    for entry in codes:
        column = f"{entry['table']}.{entry['column']}"
        if {entry["table"], column} & accepted or entry["rows"] < FEWEST_ROWS:
            continue
        lost = 1 - entry["understood"]
        if lost > limit:
            raise SourceError(
                f"{column}, system {entry['system']}: {round(lost * entry['rows']):,} of {entry['rows']:,} rows "
                f"({lost:.1%}) have a code that no codelist or word of this workspace names, above the limit of "
                f"{limit:.0%}; translate them, name them in features/codelists, or accept it by "
                f'{entry["table"]} = "partly" under [data.understood] in riskstrat.toml: what rests on them then '
                "cannot be told"
            )
