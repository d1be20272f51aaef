"""Decides, over all staged tables, which rows are quarantined and why: `fault_<table>` and the view `accepted_<table>`.

`fault_<table>` has one row per quarantined row: landed_row, rule, message. Every other landed row is accepted; what it
says that its column does not allow is empty there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

import duckdb

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import SourceError
from riskstrat.sources import staging, validation
from riskstrat.sources.extract_day import find_extract_day
from riskstrat.sources.landing import Landed
from riskstrat.sources.repeated import END_KNOWN, find_spell, join_repeated
from riskstrat.sources.unnamed import describe_unnamed

LONGEST_AHEAD = 366
"""Days after the extract from which the date of a row that keeps somebody off lists can be no plan."""

FEWEST_STRANGERS = 10
"""Rows of a table from which none that names anybody looks like other pseudonyms, and not like chance."""

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
    unnamed = describe_unnamed(connection, table)
    return f"no row of {table} is accepted; of {rows} most often {texts[commonest]}{unnamed}"


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
            _judge_rows(connection, landed[name], cut)
    for name, table in landed.items():
        _add_unreadable(connection, table)
        if name == "diagnoses":
            _add_spell_faults(connection)
        if name != "people" and SCHEMAS[name].key:
            join_repeated(connection, table, lags.get(name, SCHEMAS[name].lag_days), cut)
        if name == "registrations":
            _end_doubtful_registrations(connection, cut)
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


def _judge_rows(connection: duckdb.DuckDBPyConnection, landed: Landed, as_at: date | None) -> None:
    schema = SCHEMAS[landed.name]
    _make_texts(connection, schema)
    late = ""
    if as_at and schema.event:
        late += f" WHEN {schema.event} > {_quote_date(as_at)} THEN {staging.AFTER_EXTRACT}"
    if as_at and schema.known:
        late += f" WHEN {schema.known} > {_quote_date(as_at)} THEN {staging.KNOWN_AFTER_EXTRACT}"
    if as_at and schema.acts_from:
        read = staging.read_columns(landed)
        acts_from = f"greatest({', '.join(read[column] for column in schema.acts_from)}, NULL)"
        late += f" WHEN {acts_from} > {_quote_date(as_at)} + {LONGEST_AHEAD} THEN {staging.AFTER_EXTRACT}"
    followed = f"WHEN person_row IN (SELECT landed_row FROM fault_people) THEN {staging.PERSON_QUARANTINED}"
    own = "WHEN fault IS NOT NULL THEN fault"
    first = f"{followed} {own}" if schema.must_have_effect else f"{own} {followed}"
    connection.execute(
        f"""
        CREATE TABLE fault_{schema.name} AS
        WITH judged AS (
            SELECT landed_row, person_row, CASE {first} {late} END AS code
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
    for rule, rows in ((validation.UNREADABLE_ROW, landed.unreadable), (validation.NHS_NUMBER, landed.withheld)):
        if rows:
            connection.execute(
                f"INSERT INTO fault_{landed.name} SELECT unnest(?::BIGINT[]), ?, ?",
                [rows, rule, validation.MESSAGES[rule]],
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


def _end_doubtful_registrations(connection: duckdb.DuckDBPyConnection, as_at: date | None) -> None:
    """An open registration does not stand against a row, kept out, by which the person left the practice since.

    It gets the end of that row, from the day on which it was known, or where none can be read is quarantined. The
    practice may be any where that row has none, and so may the beginning where it cannot be read.
    """
    past, still_open, known = "f.registered_to IS NOT NULL", "o.registered_to IS NULL", "f.known_on"
    if as_at:
        day = _quote_date(as_at)
        past = f"f.registered_to <= {day}"
        known = f"CASE WHEN f.known_on IS NOT NULL THEN least(f.known_on, {day}) END"
        still_open = f"(o.registered_to IS NULL OR o.registered_to > {day})"
    connection.execute(
        f"""
        CREATE TEMP TABLE doubted AS
        SELECT o.landed_row, bool_or(why.rule = $unread) AS unread, max(f.registered_to) AS ended,
            arg_max({known}, f.registered_to) AS known
        FROM clean_registrations o JOIN clean_registrations f USING (person_row)
        JOIN fault_registrations why ON why.landed_row = f.landed_row
        WHERE o.landed_row NOT IN (SELECT landed_row FROM fault_registrations) AND {still_open}
        AND (why.rule = $unread OR why.rule <> $duplicate AND {past} AND f.registered_to >= o.registered_from)
        AND (f.practice IS NULL OR f.practice = o.practice)
        AND (why.rule = $before_birth OR coalesce(o.registered_from <= f.registered_from, true))
        GROUP BY 1
        """,
        {
            "unread": validation.END_NOT_READ,
            "duplicate": validation.DUPLICATE,
            "before_birth": validation.EVENT_BEFORE_BIRTH,
        },
    )
    rule = validation.REGISTRATION_IN_DOUBT
    connection.execute(
        "INSERT INTO fault_registrations SELECT landed_row, ?, ? FROM doubted WHERE unread",
        [rule, validation.MESSAGES[rule]],
    )
    connection.execute(
        f"UPDATE clean_registrations SET registered_to = ended, {END_KNOWN} = known "
        "FROM doubted d WHERE d.landed_row = clean_registrations.landed_row AND NOT unread"
    )


_NO_FAULT = sorted(
    {rule.name for rules in validation.RULES.values() for rule in rules if rule.empty} | {validation.DUPLICATE}
)
"""Rules for rows that say nothing, or nothing more than another does: no fault of the source, and not in the limit."""


def _quote_texts(texts: list[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def require_effect(
    connection: duckdb.DuckDBPyConnection, table: str, named: str = "landed_row", joined: str = ""
) -> None:
    """Raise SourceError where a row that takes a person out would be quarantined, so that it has no effect.

    named: SQL of what a landed row is called, of its fault and what that is `joined` with.
    """
    schema = SCHEMAS[table]
    lost = f"(FROM fault_{table} WHERE {_build_lost_test(schema)})"
    query = f"SELECT count(*), mode(message), list({named} ORDER BY landed_row)[:5] FROM {lost} {joined}"
    count, message, rows = connection.execute(query).fetchone() or (0, None, [])
    if count:
        which = ", ".join(str(row) for row in rows) + (", ..." if count > len(rows) else "")
        raise SourceError(
            f"{count} row{'s' * (count != 1)} of {table} (row {which}; most often: {message})"
            f"{describe_unnamed(connection, table)} would not take anybody out; mend "
            f"{'them' if count > 1 else 'it'}, or leave such rows out with --leave-out {table}"
        )


def require_known(connection: duckdb.DuckDBPyConnection, table: str, among: str = "true") -> None:
    """Raise SourceError where rows that take people out, many enough, name nobody in people: other pseudonyms.

    among: SQL of the rows of `clean_<table>` that are looked at.
    """
    schema = SCHEMAS[table]
    query = f"SELECT count(*), count(person_row) FROM clean_{table} WHERE fault IS DISTINCT FROM ? AND {among}"
    empty = next(code for code, rule in enumerate(validation.RULES[table]) if rule.name == validation.EMPTY_ROW)
    rows, known = connection.execute(query, [empty]).fetchone() or (0, 0)
    if schema.takes_out and rows >= FEWEST_STRANGERS and not known:
        raise SourceError(
            f"none of the {rows:,} rows of {table} names anybody in people, so nobody would be taken out; land it with "
            f"the pseudonyms of this extract, or go on without its rows with --leave-out {table}"
        )


def _build_lost_test(schema: TableSchema) -> str:
    """SQL: whether a quarantined row would have kept somebody off lists who can now be on one."""
    if schema.takes_out:
        return f"rule NOT IN ({_quote_texts(list(validation.HARMLESS))})"
    return f"rule IN ({_quote_texts(list(validation.END_LOST))})"


def report_ahead(connection: duckdb.DuckDBPyConnection, tables: Collection[str], day: date) -> Iterator[str]:
    """A sentence for each column of a table about who may be listed that lies after the extract in accepted rows."""
    for (table, column), (margin, what) in _AHEAD.items():
        if table not in tables or column not in SCHEMAS[table].names:
            continue
        query = f"SELECT count(*), max({column}) FROM accepted_{table} WHERE {column} > ?"
        count, latest = connection.execute(query, [day + timedelta(days=margin)]).fetchone() or (0, None)
        if count:
            after = "more than a year after" if margin else "after"
            yield f"{table}.{column}: {count:,} {after} the date of the extract, the latest {latest}; {what}"


_AHEAD: Mapping[tuple[str, str], tuple[int, str]] = {
    ("opt_outs", "from_on"): (0, "these people are out from now on"),
    ("statuses", "as_at"): (0, "what such a status says counts on every list that is not dated later"),
    ("caseload", "from_on"): (0, "such a row counts from its day"),
    ("reviews", "list_date"): (0, "such a decision counts from its day"),
    ("reviews", "decided_on"): (0, "such a decision counts from its day"),
    ("registrations", "registered_to"): (LONGEST_AHEAD, "these people count as registered until then"),
}
"""By column the days after the extract from which a date is said, and what becomes of it."""


def check_limit(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    behind: tuple[str, int],
    limit: float,
    day: date,
    among: str = "true",
) -> None:
    """Raise SourceError when more than `limit` of a table's rows are quarantined; the message counts them by rule.

    behind: the name and the number of the rows that the limit is a share of: the table's, or what it was made of.
    among: SQL of the rows of `fault_<table>` that count.
    """
    source, landed = behind
    # Who is kept off lists may have left the borough: their rows are said, and no fault of the source.
    strangers = [validation.UNKNOWN_PERSON] * SCHEMAS[table].takes_out
    faults = f"fault_{table} WHERE rule NOT IN ({_quote_texts([*_NO_FAULT, *strangers])}) AND {among}"
    rules = connection.execute(f"SELECT rule, count(*) FROM {faults} GROUP BY rule ORDER BY 2 DESC, 1").fetchall()
    quarantined = sum(count for _, count in rules)
    if not landed or quarantined / landed <= limit:
        return
    why = ", ".join(f"{rule}: {count}" for rule, count in rules)
    messages = connection.execute(
        f"SELECT message FROM {faults} GROUP BY message ORDER BY count(*) DESC, message LIMIT 1"
    ).fetchall()
    raise SourceError(
        f"{quarantined} of {landed} rows of {source} would be quarantined ({why}; most often: {messages[0][0]})"
        f"{describe_unnamed(connection, table)}, above the limit of {limit:.0%} (data as at {day}); mend the source, "
        "or raise quarantine_limit under [data] in riskstrat.toml"
    )
