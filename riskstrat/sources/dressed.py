"""Rows that must have their effect, and whose patient_id is written otherwise than in people, find their person.

A spreadsheet loses the zeros in front, a form adds hyphens: where only the dress differs, the person is the same one.
`clean_people` has `reduced` and `breaks`, as `reduce_key` and `find_breaks` give them of each patient_id.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from riskstrat.audit import BARE_KEY, IS_BARE_KEY, find_breaks, reduce_key

REDUCED = (
    f"CASE WHEN {IS_BARE_KEY.format('patient_id')} THEN {BARE_KEY.format('patient_id')} END AS reduced, '' AS breaks"
)
"""SQL: a patient_id without its dress; `reduced` is null where that is not told in SQL, see `reduce_others`."""

SAME_BUT_FOR_DRESS = "{0}.reduced = {1}.reduced AND ({0}.breaks = {1}.breaks OR '' IN ({0}.breaks, {1}.breaks))"
"""SQL, to be formatted with two rows: no sign parts their digits at one place in one and at another in the other."""


def reduce_others(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Fill `reduced` and `breaks` where SQL left `reduced` null; it stays so where nothing is left of a patient_id."""
    query = f"SELECT DISTINCT patient_id FROM {table} WHERE reduced IS NULL AND patient_id IS NOT NULL"
    written = [row[0] for row in connection.execute(query).fetchall()]
    if written:
        read = ", ".join(f"unnest(?::VARCHAR[]) AS {name}" for name in ("written", "reduced", "breaks"))
        connection.execute(
            f"UPDATE {table} SET reduced = nullif(r.reduced, ''), breaks = r.breaks FROM (SELECT {read}) r "
            f"WHERE patient_id = r.written AND {table}.reduced IS NULL",
            [written, list(map(reduce_key, written)), list(map(find_breaks, written))],
        )


def build_resolved_query(connection: duckdb.DuckDBPyConnection, table: str, source: str, taking: str) -> str:
    """The rows of `source`, the cleaned rows of `table`, with the patient_id of people where only the dress differs.

    `recoded_patient_id` is true of these; `several` is true where more than one person is meant. taking: SQL, which
    rows take their person out; a row that does not keeps its patient_id. Makes `read_<table>` and `dressed_<table>`.
    """
    connection.execute(f"CREATE TEMP TABLE read_{table} AS {source}")
    connection.execute(
        f"CREATE TEMP TABLE dressed_{table} AS SELECT DISTINCT patient_id, {REDUCED} FROM read_{table} "
        f"WHERE ({taking}) AND patient_id NOT IN (SELECT known_as FROM persons)"
    )
    reduce_others(connection, f"dressed_{table}")
    return f"""
        WITH meant AS (
            SELECT d.patient_id AS written, min(p.patient_id) AS person, count(DISTINCT p.patient_id) > 1 AS several
            FROM dressed_{table} d JOIN clean_people p ON {SAME_BUT_FOR_DRESS.format("d", "p")} GROUP BY 1
        )
        SELECT
            r.* REPLACE (CASE WHEN m.several OR m.person IS NULL THEN patient_id ELSE m.person END AS patient_id),
            coalesce(m.several, false) AS several, coalesce(NOT m.several, false) AS recoded_patient_id
        FROM read_{table} r LEFT JOIN meant m ON m.written = CASE WHEN {taking} THEN patient_id END
    """


def report_twins(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """A sentence where accepted rows of people may be of one person under two spellings of a patient_id."""
    same = "d.date_of_birth = p.date_of_birth AND d.sex = p.sex AND d.patient_id <> p.patient_id"
    query = (
        "SELECT count(*) FROM accepted_people p WHERE EXISTS (FROM accepted_people d "
        f"WHERE {same} AND {SAME_BUT_FOR_DRESS.format('d', 'p')})"
    )
    (count,) = connection.execute(query).fetchone() or (0,)
    if count:
        yield (
            f"people: {count:,} rows have the date of birth and sex of another whose patient_id is written otherwise: "
            "if they are one person, what keeps one of them off lists does not keep the other off; land each once"
        )
