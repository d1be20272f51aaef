"""Brings landed tables into DuckDB with each row's own faults: `clean_<table>`, and `persons` to judge rows by.

`clean_<table>` has one row per readable landed row: landed_row, person_row (the landed row of its person), fault (the
code of the first rule it breaks, else null), nulled, and the columns of the schema; `stranger` keeps the patient_id of
a row whose person is unknown only while it must be checked for being an NHS number. A flag `odd_<column>` is true where
the value is to be read as empty, `recoded_<column>` where another code was read for it, `converted_<way>` where
another number was.
"""

from __future__ import annotations

import re

import duckdb

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema
from riskstrat.errors import SourceError
from riskstrat.sources import validation
from riskstrat.sources.cleaning import cleaned, flagged, is_text_date, list_converted, list_recoded
from riskstrat.sources.dressed import REDUCED, SAME_BUT_FOR_DRESS, build_resolved_query, reduce_others
from riskstrat.sources.landing import ROW, Landed, require_every_record
from riskstrat.sources.validation import LOOKS_LIKE_NHS_NUMBER, RULES, Rule

UNKNOWN_PERSON, PERSON_QUARANTINED, NHS_NUMBER, IMPLAUSIBLE_AGE, AFTER_EXTRACT, KNOWN_AFTER_EXTRACT = range(-1, -7, -1)
DUPLICATE, SEVERAL_PEOPLE, DEAD_BY_ANOTHER_ROW = range(-7, -10, -1)
"""Codes of the rules that compare tables; the rules of one row have the number of their place in RULES."""

_DEATH = ("date_of_death", "died_known_on")


def stage_people(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Make `clean_people`, and `persons` with one row per patient_id: the row that stands for it, faulty or not."""
    schema = SCHEMAS["people"]
    fault = _build_case(_select_conditions(schema, landed))
    deaths = [f"{c} IS NOT NULL" for c in _DEATH]
    deaths += [f"unread_{c}" for c in _DEATH if f"unread_{c}" in _list_flags(schema, landed)]
    says_death = f"coalesce({' OR '.join(deaths)}, false) AS says_death"
    columns = ", ".join([ROW, *schema.names, says_death, REDUCED, *_build_flags(schema, landed)])
    connection.execute(
        f"CREATE TABLE clean_people AS SELECT {columns}, nulled, {fault} AS fault "
        f"FROM ({cleaned(schema, landed.columns, landed.relation, ROW, landed.unmapped)})"
    )
    _require_every_record(connection, landed)
    candidates = f"SELECT DISTINCT patient_id FROM clean_people WHERE {LOOKS_LIKE_NHS_NUMBER}"
    _remember_nhs_numbers(connection, candidates)
    connection.execute(
        f"UPDATE clean_people SET fault = {NHS_NUMBER} "
        "WHERE fault IS NULL AND patient_id IN (SELECT patient_id FROM nhs_numbers)"
    )
    reduce_others(connection, "clean_people")
    _tell_deaths(connection)
    connection.execute(
        "CREATE TABLE persons AS SELECT patient_id AS known_as, landed_row AS person_row, "
        "date_trunc('month', date_of_birth)::DATE AS person_born, "
        "fault IS NOT NULL AS person_faulty FROM clean_people WHERE patient_id IS NOT NULL "
        f"QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY {_order_people(landed)}) = 1"
    )
    connection.execute(
        f"UPDATE clean_people SET fault = {DUPLICATE} "
        "WHERE fault IS NULL AND landed_row NOT IN (SELECT person_row FROM persons)"
    )


def _tell_deaths(connection: duckdb.DuckDBPyConnection) -> None:
    """A death is of everybody whose patient_id differs from the row's in dress alone, born the same day, of one sex."""
    same = "d.date_of_birth = p.date_of_birth AND d.sex = p.sex AND d.patient_id <> p.patient_id"
    connection.execute(
        f"UPDATE clean_people p SET fault = {DEAD_BY_ANOTHER_ROW} WHERE fault IS NULL AND NOT says_death "
        f"AND EXISTS (FROM clean_people d WHERE d.says_death AND {same} AND {SAME_BUT_FOR_DRESS.format('d', 'p')}) "
        "AND patient_id NOT IN (SELECT patient_id FROM clean_people WHERE says_death AND patient_id IS NOT NULL)"
    )


def _order_people(landed: Landed) -> str:
    """SQL: which row stands for a patient_id: one that records a death, even if faulty; one without a fault; the most
    complete; then the order of values, so that the order of rows decides nothing."""
    values = list(read_columns(landed).values())
    filled = " + ".join(f"(({value}) IS NOT NULL)::INTEGER" for value in values)
    order = ", ".join(f"{value} NULLS LAST" for value in values)
    return f"says_death DESC, fault IS NOT NULL, {filled} DESC, {order}, landed_row"


def read_columns(landed: Landed) -> dict[str, str]:
    """SQL: by column of `clean_<table>` the value that is read, null where it is one that its column does not allow."""
    odd = set(list_odd(landed))
    names = [name for name in SCHEMAS[landed.name].names if name != "patient_id"]
    return {name: f"CASE WHEN odd_{name} THEN NULL ELSE {name} END" if name in odd else name for name in names}


def stage(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Make `clean_<table>` of any table but people, whose `persons` it is judged by."""
    schema = SCHEMAS[landed.name]
    source = cleaned(schema, landed.columns, landed.relation, ROW, landed.unmapped)
    rules = _select_conditions(schema, landed)
    names = [column.name for column in schema.columns if column.name != "patient_id"]
    flags = _build_flags(schema, landed) + ["recoded_patient_id"] * schema.must_have_effect
    columns = ", ".join([*names, *flags])
    if "patient_id" not in schema.names:
        query = f"SELECT {ROW}, NULL::BIGINT AS person_row, NULL::VARCHAR AS stranger, {_build_case(rules)} AS fault, "
        connection.execute(f"CREATE TABLE clean_{schema.name} AS {query} nulled, {columns} FROM ({source})")
        _require_every_record(connection, landed)
        return
    of_person = {UNKNOWN_PERSON: "person_row IS NULL", PERSON_QUARANTINED: "person_faulty"}
    own = {code: rule for code, rule in rules.items() if not RULES[schema.name][code].of_person}
    fault = _build_case(own | of_person | rules)
    if taking := validation.build_taking_test(schema, _list_flags(schema, landed)):
        source = build_resolved_query(connection, schema.name, source, taking)
        # Whom a row means comes first: what else is wrong with it matters only if that person may be listed.
        named = {UNKNOWN_PERSON: "person_row IS NULL AND patient_id IS NOT NULL"}
        fault = _build_case({SEVERAL_PEOPLE: "several"} | of_person | named | own | rules)
    stranger = f"CASE WHEN person_row IS NULL AND {LOOKS_LIKE_NHS_NUMBER} THEN patient_id END AS stranger"
    connection.execute(
        f"CREATE TABLE clean_{schema.name} AS SELECT {ROW}, person_row, {stranger}, {fault} AS fault, nulled, "
        f"{columns} FROM ({source}) LEFT JOIN persons ON known_as = patient_id"
    )
    _require_every_record(connection, landed)


def _require_every_record(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    rows = connection.execute(f"SELECT count(*) FROM clean_{landed.name}").fetchone() or (0,)
    require_every_record(landed, rows[0])


def check_strangers(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> None:
    """Mark the rows of `tables` whose unknown person is named by an NHS number."""
    checked = [name for name in tables if "patient_id" in SCHEMAS[name].names]
    if not checked:
        return
    candidates = " UNION ".join(f"SELECT stranger FROM clean_{name} WHERE stranger IS NOT NULL" for name in checked)
    _remember_nhs_numbers(connection, candidates)
    for name in checked:
        connection.execute(
            f"UPDATE clean_{name} SET fault = {NHS_NUMBER} "
            f"WHERE fault = {UNKNOWN_PERSON} AND stranger IN (SELECT patient_id FROM nhs_numbers)"
        )


def _remember_nhs_numbers(connection: duckdb.DuckDBPyConnection, candidates: str) -> None:
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS nhs_numbers (patient_id VARCHAR)")
    found = validation.nhs_numbers(row[0] for row in connection.execute(candidates).fetchall())
    if found:
        connection.execute("INSERT INTO nhs_numbers SELECT unnest(?)", [found])


def _build_flags(schema: TableSchema, landed: Landed) -> list[str]:
    """SQL columns of `clean_<table>` beside those of the schema: what is read as empty, and what as something else."""
    odd = [f"coalesce({test}, false) AS odd_{name}" for name, test in _find_odd(schema, landed).items()]
    recoded = [f"recoded_{name}" for name in list_recoded(schema, landed.columns)]
    converted = [f"converted_{way}" for way in list_converted(schema, landed.columns)]
    unnamed = [f"unnamed_{name}" for name in landed.unmapped]
    return [*odd, *recoded, *converted, *unnamed, *(f"month_first_{name}" for name in _list_text_dates(schema, landed))]


def _list_text_dates(schema: TableSchema, landed: Landed) -> list[str]:
    kinds = {name: kind for name, (_, kind) in landed.columns.items()}
    return [c.name for c in schema.columns if c.name in kinds and is_text_date(c, kinds[c.name])]


def refuse_month_first(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Raise SourceError for a column with a date that can only be month/day/year: the others may be so too, unseen."""
    for column in _list_text_dates(SCHEMAS[landed.name], landed):
        tests = (f"month_first_{column}", f"day({column}) > 12")
        counts = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests)
        month_first, day_first = connection.execute(f"SELECT {counts} FROM clean_{landed.name}").fetchone() or (0, 0)
        if month_first:
            raise SourceError(
                f"{landed.name}.{column}: {month_first} dates can only be month/day/year, and {day_first} only "
                "day/month/year, as dates with strokes are read; write them all as 2026-03-04"
            )


def _find_odd(schema: TableSchema, landed: Landed) -> dict[str, str]:
    found = validation.find_odd_values(schema, _list_flags(schema, landed))
    return {name: test for name, test in found.items() if name in landed.columns}


def list_read_back(landed: Landed) -> list[str]:
    """The columns of `clean_<table>` that have a flag `recoded_<column>`."""
    schema = SCHEMAS[landed.name]
    return [*list_recoded(schema, landed.columns), *(["patient_id"] if schema.must_have_effect else [])]


def list_odd(landed: Landed) -> tuple[str, ...]:
    """The columns of `clean_<table>` that have a flag `odd_<column>`."""
    return tuple(_find_odd(SCHEMAS[landed.name], landed))


def _list_flags(schema: TableSchema, landed: Landed) -> set[str]:
    flags = {f"unread_{column.name}" for column in schema.columns if flagged(column, landed.columns)}
    return flags | ({"unread_unit"} if "unit" in list_converted(schema, landed.columns) else set())


def _select_conditions(schema: TableSchema, landed: Landed) -> dict[int, str]:
    """The conditions of the rules that the landed columns can break, by code."""
    flags = _list_flags(schema, landed) | {f"unmapped_{column}" for column in landed.unmapped}
    return {
        code: rule.broken
        for code, rule in enumerate(RULES[schema.name])
        if set(re.findall(r"\b(?:unread|unmapped)_\w+", rule.broken)) <= flags
    }


def _build_case(conditions: dict[int, str]) -> str:
    """SQL: the code of the first condition that holds, else null."""
    whens = " ".join(f"WHEN {condition} THEN {code}" for code, condition in conditions.items())
    return f"(CASE {whens} END)::SMALLINT"


def texts(schema: TableSchema) -> list[tuple[int, Rule]]:
    """What each code of a table's faults means, in words."""
    events = " or ".join(validation.events_of(schema))
    late = (" or ".join(schema.acts_from), "more than a year ") if schema.acts_from else (events,)
    known = "died_known_on" if schema.name == "people" else schema.known or "known_on"
    later = {
        UNKNOWN_PERSON: (validation.UNKNOWN_PERSON, validation.MESSAGES[validation.UNKNOWN_PERSON]),
        PERSON_QUARANTINED: (validation.PERSON_QUARANTINED, ""),
        NHS_NUMBER: (validation.NHS_NUMBER, validation.MESSAGES[validation.NHS_NUMBER]),
        IMPLAUSIBLE_AGE: (validation.IMPLAUSIBLE_AGE, validation.MESSAGES[validation.IMPLAUSIBLE_AGE]),
        AFTER_EXTRACT: (validation.AFTER_EXTRACT, validation.after_extract_message(*late)),
        KNOWN_AFTER_EXTRACT: (validation.KNOWN_AFTER_EXTRACT, validation.after_extract_message(known)),
        DUPLICATE: (validation.DUPLICATE, validation.duplicate_message(schema)),
        SEVERAL_PEOPLE: (validation.SEVERAL_PEOPLE, validation.MESSAGES[validation.SEVERAL_PEOPLE]),
        DEAD_BY_ANOTHER_ROW: (validation.DEAD_BY_ANOTHER_ROW, validation.MESSAGES[validation.DEAD_BY_ANOTHER_ROW]),
    }
    rules = [(code, Rule(name, schema.name, message, "")) for code, (name, message) in later.items()]
    return [*enumerate(RULES[schema.name]), *rules]
