"""The same thing landed again: rows of one natural key, and one stay under two spell ids, are read as one row.

Where the rows say nothing of when they were known, or the same, the most complete one stands, whatever their order.
Where they were known on different days, what the first said stands from its day, and an end that a later one told
counts from the day on which that was known. Every other row of the key is quarantined as a duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.sources import staging, validation
from riskstrat.sources.landing import Landed

END_KNOWN = "end_known"
"""Column of `clean_<table>`: the day on which an end was known that was not told with its row; else null."""

LIKE_STAYS = ("source", "patient_class", "destination", "discharge_method", "specialty")
"""Columns of one stay under two spell ids that may be empty in one of them but not differ."""

SAME_SPELL_WITHIN = 31
"""Days by which a corrected admission may move; rows of one spell_id further apart are of two spells."""

_NEVER = "DATE '9999-12-31'"


def join_repeated(connection: duckdb.DuckDBPyConnection, landed: Landed, lag: int, as_at: date | None) -> None:
    """Quarantine every row of a natural key but one, among the rows that no other rule takes, and mend that one's end.

    Of admissions, also a stay that stands under two spell ids; then `spell_names` says which spell a child row is of.
    """
    schema = SCHEMAS[landed.name]
    if schema.settles:
        connection.execute(f"ALTER TABLE clean_{schema.name} ADD COLUMN {END_KNOWN} DATE")
    columns = ["person_row" if column == "patient_id" else column for column in schema.key]
    if schema.name == "diagnoses":
        columns = ["spell_row", "spell_id", "position"]
    _find_same(connection, schema, lag, columns, [column for column in columns if column == "provider"])
    if _holds_any(connection):
        _keep_one(connection, landed, as_at, validation.duplicate_message(schema))
        if schema.settles:
            _tell_later_ends(connection, landed, as_at)
        if schema.name == "statuses":
            _join_truths(connection, schema)
    if schema.name == "admissions":
        _join_doubled_stays(connection, landed, lag, as_at)
    if schema.name == "diagnoses":
        _join_doubled_diagnoses(connection, landed, lag, as_at)
    connection.execute("DROP TABLE again")


def _holds_any(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was landed again; mostly nothing was, and planning what becomes of it takes time."""
    return connection.execute("SELECT 1 FROM again LIMIT 1").fetchone() is not None


def _join_doubled_stays(connection: duckdb.DuckDBPyConnection, landed: Landed, lag: int, as_at: date | None) -> None:
    """Join stays that stand under two spell ids, after the rows of one id, and make `spell_names` of both."""
    joined = "SELECT landed_row, kept FROM again WHERE landed_row <> kept"
    connection.execute("CREATE TABLE joined_spells (landed_row BIGINT, kept BIGINT)")
    if _holds_any(connection):
        connection.execute(f"INSERT INTO joined_spells {joined}")
    _find_same(
        connection,
        SCHEMAS[landed.name],
        lag,
        ["person_row", "admitted_on", "method", "discharged_on", "provider", *LIKE_STAYS],
        ["provider", *LIKE_STAYS],
        # Two that are open may yet end on different days.
        "discharged_on IS NOT NULL",
    )
    if _holds_any(connection):
        _keep_one(connection, landed, as_at, validation.DOUBLED_STAY)
        connection.execute(f"INSERT INTO joined_spells {joined}")
    _name_spells(connection)


_DOUBLED = "spell_row IN (SELECT spell_row FROM spell_names GROUP BY spell_row HAVING count(DISTINCT spell_id) > 1)"
"""SQL: whether a diagnosis is of a stay that stands under two spell ids."""


def _join_doubled_diagnoses(
    connection: duckdb.DuckDBPyConnection, landed: Landed, lag: int, as_at: date | None
) -> None:
    """Give a stay that stands under two spell ids the diagnoses of both, each code once.

    Where both hold the same position, the one that was known first keeps it, so that the stay has one main diagnosis;
    the other comes behind the last.
    """
    schema = SCHEMAS[landed.name]
    _find_same(connection, schema, lag, ["spell_row", "system", "code"], [], _DOUBLED)
    if _holds_any(connection):
        _keep_one(connection, landed, as_at, validation.duplicate_message(schema))
    connection.execute(
        f"""
        UPDATE clean_diagnoses SET position = moved FROM (
            SELECT landed_row, last + row_number() OVER (PARTITION BY spell_row ORDER BY position, place) AS moved
            FROM (
                SELECT c.landed_row, spell_row, position, max(position) OVER (PARTITION BY spell_row) AS last,
                    row_number() OVER (
                        PARTITION BY spell_row, position
                        ORDER BY {_build_known_day_sql(schema, lag)}, spell_id, system, code
                    ) AS place
                FROM ({_select_rows(schema)}) c WHERE {_DOUBLED}
            ) WHERE place > 1
        ) m WHERE clean_diagnoses.landed_row = m.landed_row
        """
    )


def _find_same(
    connection: duckdb.DuckDBPyConnection,
    schema: TableSchema,
    lag: int,
    key: Sequence[str],
    open_: Sequence[str],
    where: str = "true",
) -> None:
    """Make `again`: the accepted rows that share `key` with another, with `same` (their group) and `known_day`.

    A column of `open_` that is empty in a row is that of the others.
    """
    sure = [column for column in key if column not in open_]
    joined = " AND ".join(f"c.{column} IS NOT DISTINCT FROM g.{column}" for column in sure)
    filled = ", ".join(
        f"coalesce({column}, min({column}) OVER (PARTITION BY {', '.join(sure)})) AS like_{column}" for column in open_
    )
    exact = ", ".join([*sure, *(f"like_{column}" for column in open_)])
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE again AS
        WITH rows AS (
            FROM ({_select_rows(schema)}) WHERE {where}
        ), groups AS (
            SELECT {", ".join(sure)} FROM rows GROUP BY {", ".join(sure)} HAVING count(*) > 1
        ), likely AS (
            SELECT c.*, {_build_known_day_sql(schema, lag)} AS known_day{f", {filled}" if filled else ""}
            FROM rows c SEMI JOIN groups g ON {joined}
        )
        SELECT *, min(landed_row) OVER (PARTITION BY {exact}) AS same FROM likely
        QUALIFY count(*) OVER (PARTITION BY {exact}) > 1
        """
    )


def _select_rows(schema: TableSchema) -> str:
    if schema.name == "diagnoses":
        accepted = "(FROM clean_diagnoses ANTI JOIN fault_diagnoses USING (landed_row))"
        return f"SELECT c.*, n.spell_row FROM {accepted} c {find_spell('c')}"
    return f"SELECT * FROM clean_{schema.name} ANTI JOIN fault_{schema.name} USING (landed_row)"


def find_spell(row: str) -> str:
    """SQL: the join of a child row with the spell it names, `n.spell_row`, the landed row of its admission.

    By person and spell id; where a person has that spell id at several providers, by provider too.
    """
    return (
        f"JOIN spell_names n ON n.person_row = {row}.person_row AND n.spell_id = {row}.spell_id "
        f"AND (n.provider IS NULL OR n.provider = {row}.provider)"
    )


def _build_known_day_sql(schema: TableSchema, lag: int) -> str:
    """SQL: the day from which a row `c` is known, as `versions` reckons it."""
    if schema.name == "diagnoses":
        ended = "(SELECT discharged_on FROM clean_admissions s WHERE s.landed_row = c.spell_row)"
        return f"coalesce({schema.known}, {ended} + {lag}, {_NEVER})"
    if schema.event is None:
        return _NEVER
    known = f"coalesce({schema.known}, {schema.event} + {lag})" if schema.known else schema.event
    return f"greatest({schema.event}, {known})"


def _keep_one(connection: duckdb.DuckDBPyConnection, landed: Landed, as_at: date | None, message: str) -> None:
    """Add `kept` (the row that stands) and `restated` to `again`, and quarantine the others."""
    schema = SCHEMAS[landed.name]
    order = ", ".join(_order_by_completeness(landed, as_at))
    apart = f"abs(a.admitted_on - k.admitted_on) > {SAME_SPELL_WITHIN}" if schema.name == "admissions" else "false"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE again AS
        SELECT *, first(landed_row) OVER (
            PARTITION BY same ORDER BY CASE WHEN restated THEN known_day END, {order}
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS kept FROM (
            SELECT *, min(known_day) OVER w < max(known_day) OVER w AS restated
            FROM again WINDOW w AS (PARTITION BY same)
        )
        """
    )
    # Rows that are about two spells are no repetition: they count as faults of the source.
    used_again = validation.SPELL_USED_AGAIN
    connection.execute(
        f"INSERT INTO fault_{schema.name} "
        f"SELECT a.landed_row, CASE WHEN {apart} THEN ? ELSE ? END, CASE WHEN {apart} THEN ? ELSE ? END "
        "FROM again a JOIN again k ON k.landed_row = a.kept WHERE a.landed_row <> a.kept",
        [used_again, validation.DUPLICATE, validation.MESSAGES[used_again], message],
    )


def _order_by_completeness(landed: Landed, as_at: date | None) -> list[str]:
    """SQL: the row that says most first: an end that is past, the latest end, most columns; then the order of values.

    An end that is past has happened; one that is to come was planned.
    """
    schema = SCHEMAS[landed.name]
    end = schema.settles.date if schema.settles else None
    past = [f"{end} <= DATE '{as_at.isoformat()}' DESC NULLS LAST"] if end and as_at else []
    ends = [*past, f"{end} DESC NULLS LAST"] if end else []
    values = staging.read_columns(landed)
    filled = " + ".join(f"(({value}) IS NOT NULL)::INTEGER" for value in values.values())
    return [*ends, f"{filled} DESC", *(f"{value} NULLS LAST" for value in values.values()), "landed_row"]


def _tell_later_ends(connection: duckdb.DuckDBPyConnection, landed: Landed, as_at: date | None) -> None:
    """Give the row that stands the end that was known last, from the first day on which it was known so."""
    schema = SCHEMAS[landed.name]
    settles = schema.settles
    assert settles is not None
    late = [*settles.columns, *([settles.known] if settles.known else [])]
    odd = [f"odd_{column}" for column in staging.list_odd(landed) if column in late]
    told = " AND ".join(f"e.{column} IS NOT DISTINCT FROM last.{column}" for column in late)
    last = ", ".join(_order_by_completeness(landed, as_at))
    changed = ", ".join(f"{column} = e.{column}" for column in [*late, *odd])
    own = f"CASE WHEN e.{settles.known} IS NULL THEN e.since END" if settles.known else "e.since"
    connection.execute(
        f"""
        UPDATE clean_{landed.name} SET {changed}, {END_KNOWN} = {own}
        FROM (
            WITH ends AS (
                SELECT a.* FROM again a JOIN again k ON k.landed_row = a.kept
                WHERE a.restated AND a.{settles.date} IS NOT NULL AND a.{schema.event} = k.{schema.event}
            ), lasts AS (
                SELECT * FROM ends QUALIFY row_number() OVER (PARTITION BY same ORDER BY known_day DESC, {last}) = 1
            )
            SELECT last.*, (
                SELECT min(e.known_day) FROM ends e
                WHERE e.same = last.same AND {told}
            ) AS since
            FROM lasts last
        ) e
        WHERE clean_{landed.name}.landed_row = e.kept AND e.landed_row <> e.kept
        """
    )


def _join_truths(connection: duckdb.DuckDBPyConnection, schema: TableSchema) -> None:
    """What takes people out is true of the row that stands if it is true of any of the same key."""
    truths = [column.name for column in schema.columns if column.type == "boolean"]
    if truths:
        connection.execute(
            f"UPDATE clean_{schema.name} SET {', '.join(f'{name} = e.{name}' for name in truths)} FROM (SELECT kept, "
            f"{', '.join(f'bool_or({name}) AS {name}' for name in truths)} FROM again GROUP BY kept) e "
            f"WHERE landed_row = e.kept"
        )


def _name_spells(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `spell_names`: by person and spell id the landed row of the admission that stands for it.

    `provider` is null where the person has the spell id once, so that no provider need be asked.
    """
    connection.execute(
        """
        CREATE TABLE spell_names AS
        WITH named AS (
            SELECT DISTINCT a.person_row, a.spell_id, a.provider, coalesce(k.kept, j.kept, a.landed_row) AS spell_row
            FROM clean_admissions a
            LEFT JOIN joined_spells j ON j.landed_row = a.landed_row
            LEFT JOIN joined_spells k ON k.landed_row = j.kept
            WHERE j.landed_row IS NOT NULL OR a.landed_row NOT IN (SELECT landed_row FROM fault_admissions)
        ), counted AS (
            SELECT *, min(spell_row) OVER same = max(spell_row) OVER same AS single
            FROM named WINDOW same AS (PARTITION BY person_row, spell_id)
        )
        SELECT DISTINCT
            person_row, spell_id, CASE WHEN NOT single THEN coalesce(provider, '') END AS provider, spell_row
        FROM counted
        """
    )
