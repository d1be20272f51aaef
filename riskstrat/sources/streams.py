"""The streams of `tables.py` as DuckDB views over a store, those made from several tables among them.

Views, so that a codelist of falls can change without another ingest. Each row keeps the period in which it read so;
a row made from two rows is known from the later of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from riskstrat.definitions.codelists import Codelist
from riskstrat.sources.literal import read_literally
from riskstrat.sources.matching import build_code_test, build_membership, build_system_test, build_words_test
from riskstrat.sources.tables import STREAMS, Stream

ADMISSION_METHODS, ADMISSION_DETAILS = "admission_methods", "admission_details"
EMERGENCY, ELECTIVE = "emergency", "elective"
NOT_ORDINARY = "not an ordinary admission"
"""Codelists of how people come into hospital, and groups of theirs."""

FALLS_HOSPITAL, FALLS_ATTENDANCE = "falls_hospital", "falls_attendance"
INJURY, EXTERNAL_CAUSE = "injury", "external cause"

ATTENDANCE_DETAILS, PLANNED = "attendance_details", "planned"
"""Codelist of what is recorded of an A&E attendance, and its group of planned follow-up."""

STREAM_CODELISTS: Mapping[str, tuple[str, ...]] = {
    "all_falls": (FALLS_HOSPITAL, FALLS_ATTENDANCE, ADMISSION_METHODS, ADMISSION_DETAILS, ATTENDANCE_DETAILS)
}
"""Codelists that a merged stream is built with."""

TOLD_BY: Mapping[str, Mapping[str, tuple[str, ...]]] = {"all_falls": {"attendances": ("complaint", "diagnosis")}}
"""By merged stream and source the optional columns by which the source tells of it; with no value it tells nothing."""

STREAMS_OF_STAYS = ("admissions", "diagnoses", "all_falls")
"""Streams whose rows hang on how spells are joined into stays."""

_MERGED = ("recorded_conditions", "all_falls")


def views(
    files: Mapping[str, Path],
    absent: Set[tuple[str, str]],
    codelists: Mapping[str, Codelist],
    persons: tuple[int, int] | None = None,
) -> Iterator[str]:
    """One CREATE VIEW statement per stream whose tables were landed, base tables first.

    `files` has the parquet file of each landed table, `absent` the tables and columns that were not landed, `persons`
    the first and last person whose rows are wanted; None for everybody's.
    """
    landed = frozenset(files)
    within = "" if persons is None else f" WHERE person BETWEEN {persons[0]} AND {persons[1]}"
    for name, stream in STREAMS.items():
        if not stream.available(landed):
            continue
        if name == "recorded_conditions":
            query = _build_conditions_query(landed)
        elif name == "all_falls":
            query = _build_falls_query(landed, absent, codelists)
        else:
            query = f"SELECT * FROM {read_literally(files[name])}{within}"
        yield f"CREATE VIEW {name} AS SELECT {_list_columns(stream)} FROM ({query})"


def codes_in(codelists: Mapping[str, Codelist], name: str, group: str) -> tuple[str, ...]:
    """The codes of a group; none without the codelist. Raises DefinitionError if the codelist has no such group."""
    return codelists[name].only(group).codes if name in codelists else ()


def _list_columns(stream: Stream) -> str:
    return ", ".join(stream.table.columns)


def _build_conditions_query(landed: Set[str]) -> str:
    hospital = (
        "SELECT code, system, admitted_on AS recorded_on, 'hospital' AS origin, person, valid_from, valid_to, spell "
        "FROM diagnoses"
    )
    register = (
        "SELECT code, system, recorded_on, 'register' AS origin, person, valid_from, valid_to, -1::INTEGER AS spell "
        "FROM conditions"
    )
    parts = {"diagnoses": hospital, "conditions": register}
    return " UNION ALL BY NAME ".join(parts[name] for name in parts if name in landed)


def _build_falls_query(landed: Set[str], absent: Set[tuple[str, str]], codelists: Mapping[str, Codelist]) -> str:
    parts = [_NO_FALLS]
    if "falls" in landed:
        parts.append("SELECT * EXCLUDE (patient_id, known_on), -1::INTEGER AS spell FROM falls")
    if "diagnoses" in landed and {FALLS_HOSPITAL, ADMISSION_METHODS} <= codelists.keys():
        by_class = ("admissions", "patient_class") not in absent
        parts.append(_build_hospital_falls(codelists, by_class=by_class))
    if "attendances" in landed and FALLS_ATTENDANCE in codelists:
        planned = codes_in(codelists, ATTENDANCE_DETAILS, PLANNED)
        parts.append(_build_attendance_falls(codelists[FALLS_ATTENDANCE], planned))
    return " UNION ALL BY NAME ".join(parts)


_NO_FALLS = (
    "SELECT NULL::DATE AS fell_on, NULL::VARCHAR AS source, NULL::BOOLEAN AS injury, NULL::BOOLEAN AS treated, "
    "NULL::BOOLEAN AS loss_of_consciousness, NULL::BOOLEAN AS unable_to_get_up, NULL::INTEGER AS person, "
    "NULL::DATE AS valid_from, NULL::DATE AS valid_to, NULL::INTEGER AS spell WHERE false"
)


def _build_hospital_falls(codelists: Mapping[str, Codelist], *, by_class: bool) -> str:
    """One row per emergency spell with an injury as primary diagnosis and a fall as another (PHOF C29).

    Only the first spell of a stay: a later one is the same admission, however it was coded.
    """
    falls, emergency = codelists[FALLS_HOSPITAL], codes_in(codelists, ADMISSION_METHODS, EMERGENCY)
    others = codes_in(codelists, ADMISSION_DETAILS, NOT_ORDINARY) if by_class else ()
    inpatient = f" AND (patient_class IS NULL OR NOT {build_words_test('patient_class', others)})" if others else ""
    injury = build_system_test(entry for entry in falls.entries if entry.group == INJURY)
    cause = build_system_test(entry for entry in falls.entries if entry.group == EXTERNAL_CAUSE)
    return f"""
        SELECT
            p.admitted_on AS fell_on, 'hospital' AS source, true AS injury, true AS treated, p.person, p.spell,
            greatest(p.valid_from, c.valid_from) AS valid_from,
            p.valid_to
        FROM diagnoses p
        JOIN (
            SELECT person, spell, min(valid_from) AS valid_from FROM diagnoses
            WHERE position > 1 AND {cause} GROUP BY ALL
        ) c ON c.person = p.person AND c.spell = p.spell
        WHERE p.position = 1 AND p.spell = p.stay AND {build_words_test("p.method", emergency)}{inpatient} AND {injury}
    """


def _build_attendance_falls(falls: Codelist, planned: tuple[str, ...]) -> str:
    """A planned follow-up is no fall: it speaks of the one that it follows."""
    columns = ("complaint", "diagnosis")
    fell = " OR ".join(build_code_test(column, falls.entries, "complaint") for column in columns)
    return (
        "SELECT attended_on AS fell_on, 'emergency_department' AS source, person, -1::INTEGER AS spell, "
        f"valid_from, valid_to FROM attendances WHERE ({fell}) AND NOT {build_membership('category', planned)}"
    )
