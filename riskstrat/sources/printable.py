"""Streams without what is sensitive, as DuckDB views: what a page says, and what a model sees without an approval.

Emergency stays, A&E visits and falls are always there, with their dates; an A&E visit loses a sensitive complaint or
diagnosis, not itself. Gone are the diagnoses, conditions, prescriptions, contacts and measurements that carry a
sensitive code or word. Any other stay is there once its main diagnosis is known, or 90 days after it began if none has
come, unless that diagnosis or the specialty is sensitive: so none is shown one week and missing the next. Each row is
judged by what was known when it could be seen. A diagnosis follows its stay, in whichever of its spells it was coded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from riskstrat.definitions.codelists import Codelist
from riskstrat.sources.matching import build_membership
from riskstrat.sources.sensitive import CODED, SYSTEMS_OF, build_coded_test, build_value_test, require_sensitive
from riskstrat.sources.streams import ADMISSION_METHODS, EMERGENCY, codes_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOT_CODED_AFTER = 90
"""Days from the beginning of a planned stay after which it is shown although no main diagnosis has come."""

MAIN = "main"
"""Schema of the views that are made."""

WHOLE = "whole"
"""Schema of the views of everything, where those made are printable."""

REBUILT = ("recorded_conditions",)
"""Streams made again from the printable ones; every other merged stream is that of the whole record."""


def create_views(
    connection: DuckDBPyConnection, statements: Mapping[str, str], codelists: Mapping[str, Codelist] | None
) -> None:
    """Make the view of each stream by its CREATE VIEW statement; the printable ones where `codelists` are given.

    The statements stand in an order in which each needs earlier ones alone. Raises DefinitionError where there is no
    codelist of what is sensitive.
    """
    if codelists is None:
        _execute_all(connection, statements.values())
        return
    sensitive = require_sensitive(codelists)
    connection.execute(f"CREATE SCHEMA {WHOLE}")
    connection.execute(f"SET schema = '{WHOLE}'")
    _execute_all(connection, statements.values())
    urgent = build_membership("method", codes_in(codelists, ADMISSION_METHODS, EMERGENCY))
    for name, query in _build_lists(statements, sensitive, urgent):
        connection.execute(f"CREATE TABLE {name} AS {query}")
    connection.execute(f"SET schema = '{MAIN}'")
    for name, statement in statements.items():
        made = statement if name in REBUILT else f"CREATE VIEW {name} AS {_build_printable(name, statements, urgent)}"
        connection.execute(made)


def _execute_all(connection: DuckDBPyConnection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def _build_lists(streams: Mapping[str, str], sensitive: Codelist, urgent: str) -> Iterator[tuple[str, str]]:
    """By name the query for what is sensitive among the distinct values of each column; then for the stays.

    `coded_stays` has one row per other stay with a main diagnosis: from when one was known, and a sensitive one.
    `urgent_stays` and `secret_stays` have the emergencies, and the others of a sensitive specialty.
    """
    for table in CODED:
        if table in streams:
            values = f"SELECT DISTINCT system, code FROM {table}"
            yield f"hidden_{table}", f"SELECT * FROM ({values}) WHERE {build_coded_test(sensitive)}"
    for table, columns in SYSTEMS_OF.items():
        for column, systems in columns.items() if table in streams else ():
            values = f"SELECT DISTINCT {column} FROM {table}"
            test = build_value_test(column, sensitive, systems)
            yield f"hidden_{table}_{column}", f"SELECT * FROM ({values}) WHERE {test}"
    if "diagnoses" in streams:
        query = f"""
            SELECT stay, min(valid_from) AS coded_from, min(valid_from) FILTER (h.code IS NOT NULL) AS hidden_from
            FROM diagnoses d LEFT JOIN hidden_diagnoses h ON h.system = d.system AND h.code = d.code
            WHERE position = 1 AND stay IN (SELECT spell FROM admissions WHERE NOT {urgent}) GROUP BY stay
        """
        yield "coded_stays", query
        yield "urgent_stays", f"SELECT DISTINCT spell FROM admissions WHERE {urgent}"
        hidden = "specialty IN (SELECT specialty FROM hidden_admissions_specialty)"
        yield "secret_stays", f"SELECT DISTINCT spell FROM admissions WHERE {hidden} AND NOT {urgent}"


def _build_printable(name: str, streams: Mapping[str, str], urgent: str) -> str:
    """The query for the printable rows of one stream."""
    if name == "admissions":
        return _build_stays(urgent, coded="diagnoses" in streams)
    if name == "attendances":
        return f"SELECT * REPLACE ({', '.join(map(_blank_hidden, SYSTEMS_OF[name]))}) FROM {WHOLE}.attendances"
    query = f"SELECT * FROM {WHOLE}.{name} t"
    if name in CODED:
        same = "h.system = t.system AND h.code = t.code"
        open_codes = f"NOT EXISTS (SELECT 1 FROM {WHOLE}.hidden_{name} h WHERE {same})"
        if name == "diagnoses":
            kept = f"({_OF_URGENT_STAY} OR {_NO_HIDDEN_SPECIALTY} AND NOT {_OF_SECRET_STAY})"
            return _build_periods(name, "stay", _OF_URGENT_STAY, f"{open_codes} AND {kept}")
        return f"{query} WHERE {open_codes}"
    tests = [
        f"NOT EXISTS (SELECT 1 FROM {WHOLE}.hidden_{name}_{column} h WHERE h.{column} = t.{column})"
        for column in SYSTEMS_OF.get(name, ())
    ]
    return query + (f" WHERE {' AND '.join(tests)}" if tests else "")


def _blank_hidden(column: str) -> str:
    hidden = f"SELECT {column} FROM {WHOLE}.hidden_attendances_{column}"
    return f"CASE WHEN {column} IN ({hidden}) THEN NULL ELSE {column} END AS {column}"


def _build_stays(urgent: str, *, coded: bool) -> str:
    """Emergency stays as they are; others from when they may be shown, until a late main diagnosis hides them."""
    if not coded:
        return f"SELECT * FROM {WHOLE}.admissions t WHERE {urgent} OR {_NO_HIDDEN_SPECIALTY}"
    return _build_periods("admissions", "spell", urgent, f"{urgent} OR {_NO_HIDDEN_SPECIALTY}")


def _build_periods(name: str, stay: str, urgent: str, kept: str) -> str:
    """Rows of a stream of stays, for as long as each may be shown; `stay` is the column that names the stay.

    A version that lasts for good is kept although it never begins: at its own discharge a stay counts by that one.
    """
    return f"""
        SELECT * EXCLUDE (coded_from, hidden_from, shown_from, shown_to)
            REPLACE (shown_from AS valid_from, shown_to AS valid_to)
        FROM (
            SELECT t.*, c.coded_from, c.hidden_from,
                CASE WHEN {urgent} THEN valid_from
                    ELSE greatest(valid_from, least(coded_from, admitted_on + {NOT_CODED_AFTER})) END AS shown_from,
                least(valid_to, hidden_from) AS shown_to
            FROM {WHOLE}.{name} t LEFT JOIN {WHOLE}.coded_stays c ON c.stay = t.{stay}
            WHERE {kept}
        ) WHERE shown_from < shown_to OR shown_to = DATE '9999-12-31'
    """


_NO_HIDDEN_SPECIALTY = (
    f"NOT EXISTS (SELECT 1 FROM {WHOLE}.hidden_admissions_specialty h WHERE h.specialty = t.specialty)"
)

_OF_URGENT_STAY = f"t.stay IN (SELECT spell FROM {WHOLE}.urgent_stays)"
_OF_SECRET_STAY = f"t.stay IN (SELECT spell FROM {WHOLE}.secret_stays)"
"""By the first spell of the stay: how a later one was coded, such as 81, says nothing of why the person came."""
