"""Decides, over all staged tables, which rows are quarantined and why: `fault_<table>` and the view `accepted_<table>`.

`fault_<table>` has one row per quarantined row: landed_row, rule, message. Every other landed row is accepted; what it
says that its column does not allow is empty there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb

from riskstrat.definitions.schemas import SCHEMAS, TableSchema
from riskstrat.errors import SourceError
from riskstrat.sources import staging, validation
from riskstrat.sources.extract_day import find_extract_day
from riskstrat.sources.landing import Landed
from riskstrat.sources.repeated import find_spell, join_repeated

_STATUS_DATES = {"statuses": "as_at", "reviews": "decided_on"}
"""Tables without an event that still say how fresh they are; they do not move data-as-at."""


def latest_dates(connection: duckdb.DuckDBPyConnection, table: str, relation: str) -> date | None:
    """The latest date on which a row of `relation` (of that table) was known, or happened where it does not say."""
    schema = SCHEMAS[table]
    dates = []
    if table == "people":
        dates.append("max(coalesce(died_known_on, date_of_death))")
    elif schema.known or schema.event or table in _STATUS_DATES:
        known = [column for column in (schema.known, schema.event, _STATUS_DATES.get(table)) if column]
        dates.append(f"max(coalesce({', '.join(known)}))")
    if schema.settles and schema.settles.known:
        dates.append(f"max({schema.settles.known})")
    if not dates:
        return None
    row = connection.execute(f"SELECT greatest({', '.join(dates)}, NULL) FROM {relation}").fetchone()
    return row[0] if row else None


def data_as_at(connection: duckdb.DuckDBPyConnection, landed: Mapping[str, Landed], *, comparable: bool) -> date:
    """The day up to which the rows without a fault of their own go. Raises SourceError where none has a date."""
    day = find_extract_day(connection, landed, comparable=comparable)
    if day is None:
        refused = [said for table in landed if table != "people" and (said := explain_refusal(connection, table))]
        why = refused[0] if refused else "no row has a date"
        raise SourceError(f"{why}, so data-as-at is unknown; mend the source, or land admissions with their dates")
    return day


def explain_refusal(connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
    """That no row of a staged table is accepted, and the rule that refused most of them; None where one is."""
    query = f"SELECT count(*), count(fault), mode(fault) FROM clean_{table}"
    rows, faulty, commonest = connection.execute(query).fetchone() or (0, 0, None)
    if not rows or faulty < rows:
        return None
    texts = {code: rule.message for code, rule in staging.texts(SCHEMAS[table])}
    return f"no row of {table} is accepted; of {rows} most often {texts[commonest]}"


def judge(
    connection: duckdb.DuckDBPyConnection,
    landed: dict[str, Landed],
    as_at: date,
    *,
    comparable_dates: bool,
    lags: Mapping[str, int],
) -> None:
    """Make `fault_<table>` and `accepted_<table>` of all tables. Where dates are not comparable, no row is late."""
    cut = as_at if comparable_dates else None
    _judge_people(connection, cut)
    for name in landed:
        if name != "people":
            _judge_rows(connection, SCHEMAS[name], cut)
    for name, table in landed.items():
        _add_unreadable(connection, table)
        if name == "diagnoses":
            _add_spell_faults(connection)
        if name != "people" and SCHEMAS[name].key:
            join_repeated(connection, table, lags.get(name, SCHEMAS[name].lag_days))
        _accept_rows(connection, table)


def _accept_rows(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    odd = staging.list_odd(landed)
    emptied = ", ".join(f"CASE WHEN odd_{column} THEN NULL ELSE {column} END AS {column}" for column in odd)
    every = f"* EXCLUDE ({', '.join(f'odd_{column}' for column in odd)}) REPLACE ({emptied})" if odd else "*"
    name = landed.name
    connection.execute(
        f"CREATE VIEW accepted_{name} AS SELECT {every} FROM clean_{name} ANTI JOIN fault_{name} USING (landed_row)"
    )


def _judge_people(connection: duckdb.DuckDBPyConnection, as_at: date | None) -> None:
    until = f"coalesce(date_of_death, {_quote_date(as_at)})" if as_at else "date_of_death"
    too_old = f"{until} > date_of_birth + INTERVAL {validation.OLDEST_YEARS + 1} YEAR - INTERVAL 1 DAY"
    _update_people(connection, staging.IMPLAUSIBLE_AGE, too_old)
    if as_at:
        late = " OR ".join(f"{c} > {_quote_date(as_at)}" for c in validation.events_of(SCHEMAS["people"]))
        _update_people(connection, staging.AFTER_EXTRACT, late)
        _update_people(connection, staging.KNOWN_AFTER_EXTRACT, f"died_known_on > {_quote_date(as_at)}")
    _make_texts(connection, SCHEMAS["people"])
    connection.execute(
        "CREATE TABLE fault_people AS SELECT landed_row, rule, message "
        "FROM clean_people JOIN texts_people ON code = fault"
    )


def _update_people(connection: duckdb.DuckDBPyConnection, code: int, condition: str) -> None:
    connection.execute(f"UPDATE clean_people SET fault = {code} WHERE fault IS NULL AND ({condition})")


def _judge_rows(connection: duckdb.DuckDBPyConnection, schema: TableSchema, as_at: date | None) -> None:
    _make_texts(connection, schema)
    late = ""
    if as_at and schema.event:
        late += f" WHEN {schema.event} > {_quote_date(as_at)} THEN {staging.AFTER_EXTRACT}"
    if as_at and schema.known:
        late += f" WHEN {schema.known} > {_quote_date(as_at)} THEN {staging.KNOWN_AFTER_EXTRACT}"
    followed = f"WHEN person_row IN (SELECT landed_row FROM fault_people) THEN {staging.PERSON_QUARANTINED}"
    connection.execute(
        f"""
        CREATE TABLE fault_{schema.name} AS
        WITH judged AS (
            SELECT landed_row, person_row, CASE WHEN fault IS NOT NULL THEN fault {followed} {late} END AS code
            FROM clean_{schema.name}
        )
        SELECT
            j.landed_row,
            t.rule,
            CASE WHEN j.code = {staging.PERSON_QUARANTINED}
                THEN 'the row of its person in people was quarantined: ' || p.message ELSE t.message END AS message
        FROM judged j
        JOIN texts_{schema.name} t ON t.code = j.code
        LEFT JOIN fault_people p ON p.landed_row = j.person_row
        """
    )


def _make_texts(connection: duckdb.DuckDBPyConnection, schema: TableSchema) -> None:
    texts = staging.texts(schema)
    connection.execute(
        f"CREATE TABLE texts_{schema.name} AS "
        "SELECT unnest(?)::SMALLINT AS code, unnest(?::VARCHAR[]) AS rule, unnest(?::VARCHAR[]) AS message",
        [[code for code, _ in texts], [rule.name for _, rule in texts], [rule.message for _, rule in texts]],
    )


def _quote_date(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def _add_unreadable(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    rule = validation.UNREADABLE_ROW
    connection.execute(
        f"INSERT INTO fault_{landed.name} SELECT unnest(?::BIGINT[]), ?, ?",
        [landed.unreadable, rule, validation.MESSAGES[rule]],
    )


def _add_spell_faults(connection: duckdb.DuckDBPyConnection) -> None:
    """Diagnoses follow the spell they belong to; admissions are judged, and `spell_names` made, by now."""
    connection.execute(
        f"""
        INSERT INTO fault_diagnoses
        WITH rows AS (
            SELECT * FROM clean_diagnoses ANTI JOIN fault_diagnoses USING (landed_row)
        ), lost AS (
            SELECT * FROM rows ANTI JOIN (SELECT r.landed_row FROM rows r {find_spell("r")}) USING (landed_row)
        ), gone AS (
            SELECT a.person_row, a.spell_id, message, a.landed_row
            FROM clean_admissions a JOIN fault_admissions f USING (landed_row) WHERE rule <> $duplicate
        ), own AS (SELECT person_row, spell_id, arg_min(message, landed_row) AS message FROM gone GROUP BY ALL),
        any_gone AS (SELECT spell_id, arg_min(message, landed_row) AS message FROM gone GROUP BY ALL),
        several AS (SELECT DISTINCT person_row, spell_id FROM spell_names),
        others AS (SELECT DISTINCT spell_id FROM spell_names)
        SELECT
            l.landed_row,
            CASE WHEN s.spell_id IS NOT NULL THEN $several WHEN o.message IS NOT NULL THEN $gone
                WHEN n.spell_id IS NOT NULL THEN $other WHEN g.message IS NOT NULL THEN $gone ELSE $unknown END,
            CASE WHEN s.spell_id IS NOT NULL THEN $says_several WHEN o.message IS NOT NULL THEN $follows || o.message
                WHEN n.spell_id IS NOT NULL THEN $says_other WHEN g.message IS NOT NULL THEN $follows || g.message
                ELSE $says_unknown END
        FROM lost l
        LEFT JOIN several s USING (person_row, spell_id)
        LEFT JOIN own o USING (person_row, spell_id)
        LEFT JOIN others n USING (spell_id)
        LEFT JOIN any_gone g USING (spell_id)
        """,
        {
            "duplicate": validation.DUPLICATE,
            "several": validation.SPELL_AT_SEVERAL,
            "other": validation.SPELL_OF_ANOTHER,
            "gone": validation.SPELL_QUARANTINED,
            "unknown": validation.UNKNOWN_SPELL,
            "follows": "its spell in admissions was quarantined: ",
            "says_several": validation.MESSAGES[validation.SPELL_AT_SEVERAL],
            "says_other": validation.MESSAGES[validation.SPELL_OF_ANOTHER],
            "says_unknown": validation.MESSAGES[validation.UNKNOWN_SPELL],
        },
    )


_NO_FAULT = sorted(
    {rule.name for rules in validation.RULES.values() for rule in rules if rule.empty} | {validation.DUPLICATE}
)
"""Rules for rows that say nothing, or nothing more than another does: no fault of the source, and not in the limit."""


def _quote_texts(texts: list[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def require_effect(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Raise SourceError where a row that takes a person out would be quarantined, so that it has no effect."""
    where = f"fault_{table} WHERE rule NOT IN ({_quote_texts(list(validation.HARMLESS))})"
    query = f"SELECT count(*), mode(message), list(landed_row ORDER BY landed_row)[:5] FROM {where}"
    count, message, rows = connection.execute(query).fetchone() or (0, None, [])
    if count:
        which = ", ".join(str(row) for row in rows) + (", ..." if count > len(rows) else "")
        raise SourceError(
            f"{count} row{'s' * (count != 1)} of {table} (row {which}; most often: {message}) would not take anybody "
            f"out; mend {'them' if count > 1 else 'it'}, or leave such rows out with --leave-out {table}"
        )


def check_limit(connection: duckdb.DuckDBPyConnection, table: str, landed: int, limit: float, day: date) -> None:
    """Raise SourceError when more than `limit` of a table's rows are quarantined; the message counts them by rule."""
    faults = f"fault_{table} WHERE rule NOT IN ({_quote_texts(_NO_FAULT)})"
    rules = connection.execute(f"SELECT rule, count(*) FROM {faults} GROUP BY rule ORDER BY 2 DESC, 1").fetchall()
    quarantined = sum(count for _, count in rules)
    if not landed or quarantined / landed <= limit:
        return
    why = ", ".join(f"{rule}: {count}" for rule, count in rules)
    messages = connection.execute(
        f"SELECT message FROM {faults} GROUP BY message ORDER BY count(*) DESC, message LIMIT 1"
    ).fetchall()
    raise SourceError(
        f"{quarantined} of {landed} rows of {table} would be quarantined ({why}; most often: {messages[0][0]}), above "
        f"the limit of {limit:.0%} (data as at {day}); mend the source, "
        "or raise quarantine_limit under [data] in riskstrat.toml"
    )
