"""The tables that features and outcomes are written on, as unbound ibis tables.

Each is a stream: rows with a person, an event date and the period in which the row read so (`valid_from` to
`valid_to`). Streams that need more than one source table are declared here and built by `streams.py`. In
`admissions` a row is a continuous stay: it begins with its first spell and ends with its last. In `diagnoses` a row
carries its spell's admission columns, dated by the admission, and exists once the spell has ended and the coding was
known; `stay` is the first spell of the stay it was in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from riskstrat.definitions.expressions import Rows, columns_of, is_null_of, is_null_or_more
from riskstrat.definitions.schemas import SCHEMAS

_TYPES = {"text": "string", "date": "date", "integer": "int32", "number": "float64", "boolean": "boolean"}

_ENGINE = {"person": "int32", "valid_from": "date", "valid_to": "date"}

SPELL_COLUMNS = ("admitted_on", "method", "source", "patient_class", "specialty")
"""Columns that `diagnoses` carries from its spell, and a continuous stay from its first."""

STAY_COLUMNS = {"spell": "int32", "last_spell": "int32", "last_admitted_on": "date", "ended_by": "date"}
"""Of a continuous stay: its first and its last spell, when the last began, and the day by which it had ended: that of
the discharge, or else that on which the next stay began."""


@dataclass(frozen=True)
class Stream:
    """One stream: its columns, its event date, its coded columns with their code system, and what it is made from.

    `systems` maps a coded column to the column that names its code system, or to the system itself in quotes.
    `needs` are source tables that must all have been landed, `any_of` those of which one suffices.
    """

    name: str
    title: str
    table: ir.Table
    event: str | None
    systems: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()

    def available(self, landed: frozenset[str]) -> bool:
        """Whether the landed tables suffice to build it."""
        return set(self.needs) <= landed and (not self.any_of or bool(set(self.any_of) & landed))

    def absent(self, absent_columns: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Columns of the stream that were not landed; `known_on` has a stated lag instead and is never among them."""
        sources = ("diagnoses", "admissions") if self.name == "diagnoses" else (self.name,)
        gone = frozenset(column for source in sources for column in absent_columns.get(source, ()))
        # Where no discharge was landed, nothing tells when a stay had ended.
        return (gone | {"ended_by"} if "discharged_on" in gone else gone) - {"known_on"}


def _build_source_stream(
    name: str, systems: Mapping[str, str] | None = None, extra: Mapping[str, str] | None = None
) -> Stream:
    schema = SCHEMAS[name]
    columns = (
        {column.name: _TYPES[column.type] for column in schema.columns if column.stored} | dict(extra or {}) | _ENGINE
    )
    event = schema.event or ("admitted_on" if name == "diagnoses" else None)
    return Stream(name, schema.title, ibis.table(columns, name=name), event, systems or {}, (name,))


def _build_merged_stream(name: str, title: str, columns: Mapping[str, str], event: str, **options: object) -> Stream:
    table = ibis.table(dict(columns) | _ENGINE | {"spell": "int32"}, name=name)
    return Stream(name, title, table, event, **options)  # type: ignore[arg-type]


STREAMS: dict[str, Stream] = {
    stream.name: stream
    for stream in (
        _build_source_stream("people"),
        _build_source_stream("registrations"),
        _build_source_stream("admissions", extra=STAY_COLUMNS),
        _build_source_stream(
            "diagnoses",
            {"code": "system"},
            {
                "admitted_on": "date",
                "method": "string",
                "source": "string",
                "patient_class": "string",
                "specialty": "string",
                "spell": "int32",
                "stay": "int32",
            },
        ),
        _build_source_stream("conditions", {"code": "system"}),
        _build_source_stream("falls"),
        _build_source_stream("attendances", {"complaint": "'complaint'", "diagnosis": "'complaint'"}),
        _build_source_stream("prescriptions", {"bnf": "'bnf'"}),
        _build_source_stream("contacts"),
        _build_source_stream("measurements"),
        _build_source_stream("social_care"),
        _build_merged_stream(
            "recorded_conditions",
            "Conditions recorded in hospital diagnoses or GP registers",
            {"code": "string", "system": "string", "recorded_on": "date", "origin": "string"},
            "recorded_on",
            systems={"code": "system"},
            any_of=("diagnoses", "conditions"),
        ),
        _build_merged_stream(
            "all_falls",
            "Falls from every source: reports, hospital diagnoses (PHOF C29 rule), A&E",
            {
                "fell_on": "date",
                "source": "string",
                "injury": "boolean",
                "treated": "boolean",
                "loss_of_consciousness": "boolean",
                "unable_to_get_up": "boolean",
            },
            "fell_on",
            any_of=("falls", "diagnoses", "attendances"),
        ),
    )
}

people = STREAMS["people"].table
registrations = STREAMS["registrations"].table
admissions = STREAMS["admissions"].table
diagnoses = STREAMS["diagnoses"].table
conditions = STREAMS["conditions"].table
falls = STREAMS["falls"].table
attendances = STREAMS["attendances"].table
prescriptions = STREAMS["prescriptions"].table
contacts = STREAMS["contacts"].table
measurements = STREAMS["measurements"].table
social_care = STREAMS["social_care"].table
recorded_conditions = STREAMS["recorded_conditions"].table
all_falls = STREAMS["all_falls"].table


@dataclass(frozen=True)
class Conditions:
    """The conditions of some rows that can be asked of what was landed.

    `left_out`: columns that were not landed and whose conditions are left out without changing what the rows are.
    `lacking`: columns that were not landed and that the rows cannot do without.
    """

    kept: tuple[ir.BooleanValue, ...]
    left_out: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each column whose conditions are left out."""
        return tuple(f"no column {column}: filters on it are left out" for column in (*self.left_out, *self.lacking))


def conditions_of(rows: Rows, absent_columns: Mapping[str, Sequence[str]]) -> Conditions:
    """Which conditions of `rows` can be asked where some columns were not landed."""
    stream = STREAMS[rows.stream]
    gone = stream.absent(absent_columns)
    kept: list[ir.BooleanValue] = []
    left_out: set[str] = set()
    lacking: set[str] = set()
    for condition in rows.conditions:
        touched = columns_of(condition) & gone
        if not touched:
            kept.append(condition)
        elif _holds_without(stream.name, condition, touched):
            left_out |= touched
        else:
            lacking |= touched
    return Conditions(tuple(kept), _name_columns(stream, left_out), _name_columns(stream, lacking))


def _holds_without(stream: str, condition: ir.BooleanValue, columns: frozenset[str]) -> bool:
    """Whether a condition can be left out where `columns` were not landed: it holds of a row that does not say.

    What no end is told of has ended all the same, as a stay without a day of discharge has; only of a row that holds
    until an end is filled in does the absence say that it holds.
    """
    schema = SCHEMAS.get(stream)
    ends_by = schema.ends_by if schema else None
    if is_null_of(condition, columns):
        return columns == {ends_by}
    ends = {schema.settles.date, "ended_by"} - {ends_by} if schema and schema.settles else set()
    return not columns & ends and is_null_or_more(condition, columns)


def _name_columns(stream: Stream, columns: set[str]) -> tuple[str, ...]:
    return tuple(f"{stream.name}.{column}" for column in sorted(columns))
