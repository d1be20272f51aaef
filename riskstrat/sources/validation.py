"""What a landed row must satisfy to be accepted, as declarations.

A rule is broken by the rows for which its SQL condition is true. Messages name the column and the allowed values and
never carry a value of the row. A row is quarantined under the first rule it breaks, in the order given here.

Conditions may use the table's columns, the flags of `cleaning`, and of the person the row belongs to `person_born`,
the first of the month, because a date of birth may be known to the month only. What comes after a recorded death is no
fault of a row: which of the two is wrong cannot be told here, and lists set such a person apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from riskstrat.audit import MAY_BE_NHS_NUMBER, is_nhs_number_key
from riskstrat.definitions.measures import MEASURES
from riskstrat.definitions.placeholders import POSSIBLE
from riskstrat.definitions.schemas import ICD9, ICD10, SCHEMAS
from riskstrat.definitions.table_schema import Column, TableSchema
from riskstrat.sources.numbered_codes import is_numbered

OLDEST_YEARS = 115


@dataclass(frozen=True)
class Rule:
    """One rule of one table: its rows for which `broken`, a SQL condition, is true are quarantined with `message`.

    `of_person` says that the condition looks at the person too; `empty`, that such a row says nothing and is no fault.
    """

    name: str
    table: str
    message: str
    broken: str
    of_person: bool = False
    empty: bool = False


UNREADABLE_ROW = "unreadable row"
NHS_NUMBER = "NHS number"
CODE_NOT_MAPPED = "code not mapped"
UNKNOWN_PERSON = "unknown person"
PERSON_QUARANTINED = "person quarantined"
NO_DIAGNOSIS = "no diagnosis"
UNKNOWN_SPELL = "unknown spell"
SPELL_OF_ANOTHER = "spell of another person"
SPELL_QUARANTINED = "spell quarantined"
SPELL_AT_SEVERAL = "spell at several providers"
DUPLICATE = "duplicate"
EMPTY_ROW = "empty row"
SPELL_USED_AGAIN = "spell id used again"
AFTER_EXTRACT = "event after the extract"
KNOWN_AFTER_EXTRACT = "known after the extract"
IMPLAUSIBLE_AGE = "implausible age"
EVENT_BEFORE_BIRTH = "event before birth"
SEVERAL_PEOPLE = "one of several people"
DEAD_BY_ANOTHER_ROW = "dead by another row"
END_NOT_READ = "end not read"
REGISTRATION_IN_DOUBT = "registration in doubt"

HARMLESS = (EMPTY_ROW, UNKNOWN_PERSON, PERSON_QUARANTINED, DUPLICATE)
"""Rules whose rows take nobody out who could be listed: the person is not there, or another row has the same effect."""

END_LOST = (END_NOT_READ, SEVERAL_PEOPLE)
"""Rules whose rows end something of somebody who could be listed, and cannot."""

MESSAGES = {
    UNREADABLE_ROW: "the row does not have as many fields as the header; quote text that contains commas",
    NHS_NUMBER: "column patient_id holds a valid NHS number; pseudonymise first, then land again",
    UNKNOWN_PERSON: "column patient_id names nobody in people",
    SEVERAL_PEOPLE: "column patient_id is written otherwise than in people, and could name more than one person there",
    DEAD_BY_ANOTHER_ROW: "a row of people whose patient_id differs only in how it is written records a death",
    REGISTRATION_IN_DOUBT: "another row ends the person's registration with this practice and cannot be accepted",
    UNKNOWN_SPELL: "column spell_id names no row of admissions",
    SPELL_AT_SEVERAL: "the person has this spell_id at several providers; land provider with the row",
    SPELL_USED_AGAIN: "another row of the person has this spell_id, over a month apart: give each spell its own",
    SPELL_OF_ANOTHER: "column patient_id is not the patient_id of the spell in admissions",
    IMPLAUSIBLE_AGE: f"column date_of_birth makes the person over {OLDEST_YEARS} years old at death or at data-as-at",
}
"""What each rule that compares tables says; those that follow another row or depend on the table word their own."""


def duplicate_message(schema: TableSchema) -> str:
    """What a second row of the same natural key is told."""
    return f"another row has the same {', '.join(schema.key)}; they are read as one row"


DOUBLED_STAY = "the same stay stands in another row under another spell_id; it is counted once"


def after_extract_message(column: str, by: str = "") -> str:
    """What a row dated after data-as-at is told."""
    return f"column {column} lies {by}after the date of the extract"


def rules_for(schema: TableSchema) -> tuple[Rule, ...]:
    """The rules that look at one row and its person, in order: type, presence, shape, then sense."""
    return (
        *_build_mapping_rules(schema),
        *_build_end_rules(schema),
        *_build_type_rules(schema),
        *_build_presence_rules(schema),
        *_build_value_rules(schema),
        *_build_code_rules(schema),
        *_build_plausibility_rules(schema),
    )


def _build_mapping_rules(schema: TableSchema) -> Iterator[Rule]:
    for column in schema.columns:
        message = f"column {column.name} holds a code that source.toml does not name"
        yield Rule(CODE_NOT_MAPPED, schema.name, message, f"unmapped_{column.name}")


def reads_odd_as_empty(schema: TableSchema, column: Column) -> bool:
    """Whether a value that the column does not allow is read as empty and counted, and the row stays.

    So it is in every column that the meaning of the row does not hang on, as its schema declares.
    """
    return not schema.hangs_on(column)


def find_odd_values(schema: TableSchema, flags: Collection[str]) -> dict[str, str]:
    """SQL conditions of the rows whose value of a column is read as empty, by column; `flags` are those of cleaning."""
    odd = {}
    for column in schema.columns:
        if not reads_odd_as_empty(schema, column):
            continue
        tests = [f"unread_{column.name}"] if f"unread_{column.name}" in flags else []
        tests += [rule.broken for rule in _build_column_rules(schema, column)]
        tests += [_build_date_test(column.name)] if column.type == "date" else []
        if (schema.name, column.name) in _AFTER_BIRTH:
            tests.append(_build_birth_test(column.name))
        if tests:
            odd[column.name] = " OR ".join(tests)
    return odd


def _build_type_rules(schema: TableSchema) -> Iterator[Rule]:
    how = {
        "date": "write 2026-03-04: days counted by a spreadsheet and years of two figures are not read",
        "integer": "write a whole number",
        "number": "write a number",
        "boolean": "write true or false",
    }
    for column in schema.columns:
        if reads_odd_as_empty(schema, column):
            continue
        if column.type == "text":
            yield from _build_text_rules(schema, column)
            continue
        message = f"column {column.name} cannot be read as {column.type}; {how[column.type]}"
        yield Rule(f"unparseable {column.type}", schema.name, message, f"unread_{column.name}")
        if column.type == "date":
            message = f"column {column.name} lies outside {POSSIBLE[0]} to {POSSIBLE[1]}"
            yield Rule("impossible date", schema.name, message, _build_date_test(column.name))


def _build_end_rules(schema: TableSchema) -> Iterator[Rule]:
    """Whatever else is wrong with the row of a person: that it ends something is what must not be lost."""
    if schema.ends_by:
        message = f"column {schema.ends_by} is filled in and cannot be read as a date"
        unread = f"(unread_{schema.ends_by} OR {_build_date_test(schema.ends_by)})"
        yield Rule(END_NOT_READ, schema.name, message, f"person_row IS NOT NULL AND NOT person_faulty AND {unread}")


def build_taking_test(schema: TableSchema, flags: Collection[str]) -> str | None:
    """SQL: which rows of a table must have their effect on the person they name; None where none must."""
    if schema.ends_by:
        unread = f"unread_{schema.ends_by}"
        return f"({schema.ends_by} IS NOT NULL{f' OR {unread}' if unread in flags else ''})"
    return "true" if schema.takes_out else None


def _build_date_test(column: str) -> str:
    return f"{column} NOT BETWEEN DATE '{POSSIBLE[0]}' AND DATE '{POSSIBLE[1]}'"


def _build_text_rules(schema: TableSchema, column: Column) -> Iterator[Rule]:
    if column.name == "unit":
        message = "column unit is none of the units that the measure is read in; docs/data.md has them"
        yield Rule("unknown unit", schema.name, message, "unread_unit")
    elif is_numbered(column):
        message = f"column {column.name} passed through a number format and lost digits; land it as text"
        yield Rule("code as a number", schema.name, message, f"unread_{column.name}")


def _build_presence_rules(schema: TableSchema) -> Iterator[Rule]:
    empty = " AND ".join(f"{name} IS NULL" for name in schema.names)
    first = schema.columns[0].name
    message = f"column {first} is empty and so are all others: the row says nothing"
    yield Rule(EMPTY_ROW, schema.name, message, empty, empty=True)
    for column in schema.columns:
        if column.required:
            instead = " or holds a date that means none" if column.type == "date" else ""
            message = f"column {column.name} is empty{instead}; it is required"
            yield Rule("missing value", schema.name, message, f"{column.name} IS NULL")


def _build_value_rules(schema: TableSchema) -> Iterator[Rule]:
    for column in schema.columns:
        if not reads_odd_as_empty(schema, column):
            yield from _build_column_rules(schema, column)


def _build_column_rules(schema: TableSchema, column: Column) -> Iterator[Rule]:
    if column.allowed:
        allowed = ", ".join(column.allowed)
        message = f"column {column.name} is none of the allowed values: {allowed}"
        yield Rule("unknown code", schema.name, message, f"{column.name} NOT IN ({_quote_values(column.allowed)})")
    if column.pattern:
        message = f"column {column.name} does not have the shape {column.pattern}"
        yield Rule("unknown code", schema.name, message, _build_shape_test(column.name, column.pattern))
    if column.between:
        yield _build_range_rule(schema.name, column)


def _build_range_rule(table: str, column: Column) -> Rule:
    low, high = column.between or (0, 0)
    message = f"column {column.name} lies outside {low:g} to {high:g}"
    return Rule("implausible value", table, message, f"{column.name} NOT BETWEEN {low} AND {high}")


def _quote_values(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _build_shape_test(column: str, pattern: str) -> str:
    return f"NOT regexp_full_match({column}, '{pattern}')"


def _build_code_rules(schema: TableSchema) -> Iterator[Rule]:
    """The shapes of diagnosis codes, by the system the row names."""
    if schema.name not in ("diagnoses", "conditions"):
        return
    message = "column code is &, by which HES says that there is no diagnosis: the row says nothing"
    yield Rule(NO_DIAGNOSIS, schema.name, message, "code IN ('&', '-')", empty=True)
    for system, pattern in (("icd10", ICD10), ("icd10cm", ICD10), ("icd9", ICD9)):
        if system in schema.names["system"].allowed:
            message = f"column code does not have the shape of {system}, {pattern}"
            yield Rule(
                "unknown code", schema.name, message, f"system = '{system}' AND {_build_shape_test('code', pattern)}"
            )


def _build_plausibility_rules(schema: TableSchema) -> Iterator[Rule]:
    if schema.name == "people":
        yield from _build_birth_rules()
    if schema.name == "measurements":
        yield from _build_measure_rules(schema)
    if schema.settles and schema.event:
        yield _build_order_rule(schema.name, schema.event, schema.settles.date)
    if schema.name == "reviews":
        message = "column due_on is filled in and cannot be read as a date, and the outcome is deferred"
        unread = f"(unread_due_on OR {_build_date_test('due_on')})"
        yield Rule("unparseable date", schema.name, message, f"outcome = 'deferred' AND {unread}")
    if schema.name == "caseload":
        yield _build_order_rule(schema.name, "from_on", "to_on")
    if schema.name == "care_plans":
        yield _build_order_rule(schema.name, "made_on", "ended_on")
    if schema.event is None:
        return
    message = f"column {schema.event} lies before the month of birth"
    yield Rule(EVENT_BEFORE_BIRTH, schema.name, message, f"{schema.event} < person_born", of_person=True)


def _build_order_rule(table: str, began: str, ended: str) -> Rule:
    return Rule("ends before it starts", table, f"column {ended} lies before {began}", f"{ended} < {began}")


def _build_measure_rules(schema: TableSchema) -> Iterator[Rule]:
    for name, measure in MEASURES.items():
        steps = "whole numbers of " if measure.whole else ""
        message = (
            f"column value lies outside {steps}{measure.low:g} to {measure.high:g} {measure.unit}, those of {name}"
        )
        outside = f"value NOT BETWEEN {measure.low} AND {measure.high}"
        broken = f"({outside} OR value <> floor(value))" if measure.whole else outside
        yield Rule("implausible value", schema.name, message, f"measure = '{name}' AND {broken}")


_AFTER_BIRTH = (("people", "died_known_on"), ("people", "care_home_from"))
"""Columns in which a date before birth is read as empty."""


def _build_birth_test(column: str) -> str:
    return f"{column} < date_trunc('month', date_of_birth)"


def _build_birth_rules() -> Iterator[Rule]:
    message = "column date_of_death lies before the month of birth"
    yield Rule(EVENT_BEFORE_BIRTH, "people", message, _build_birth_test("date_of_death"))
    message = "column died_known_on is filled in and cannot be read as a date, and there is no date_of_death"
    yield Rule("unparseable date", "people", message, "unread_died_known_on AND date_of_death IS NULL")
    message = "column died_known_on lies before the month of birth, and there is no date_of_death"
    early = f"{_build_birth_test('died_known_on')} AND date_of_death IS NULL"
    yield Rule(EVENT_BEFORE_BIRTH, "people", message, early)


def events_of(schema: TableSchema) -> tuple[str, ...]:
    """The columns of a table that no row may date after the extract."""
    if schema.name == "people":
        return ("date_of_birth", "date_of_death")
    return (schema.event,) if schema.event else ()


def nhs_numbers(identifiers: Iterable[str]) -> list[str]:
    """Those that are valid NHS numbers by modulus 11, in whatever dress.

    A number never issued, or the same digit ten times, is valid by the check digit and counts.
    """
    return [identifier for identifier in identifiers if is_nhs_number_key(identifier)]


LOOKS_LIKE_NHS_NUMBER = MAY_BE_NHS_NUMBER.format("patient_id")
"""SQL: whether a patient_id is worth checking with `nhs_numbers`."""

RULES: dict[str, tuple[Rule, ...]] = {name: rules_for(schema) for name, schema in SCHEMAS.items()}
