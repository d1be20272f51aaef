"""The landed tables as they were known on one day, row by row in plain Python: tables.md, "Time" and "Falls".

A landed table is a list of dicts, one per row, as a source would land it: dates are datetime.date, a missing value is
None or an absent key. Every row is taken to be acceptable; judging rows is the work of other tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from plain_stays import join, stay_rows, told_whole

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.placeholders import NULL_DATES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import TableSchema

Row = dict[str, Any]
Landed = Mapping[str, Sequence[Row]]

EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2D")
"""tables.md, "The emergency admission"."""
FROM_THE_SPELL = ("admitted_on", "method", "source", "patient_class", "specialty")


@dataclass(frozen=True)
class Source:
    """One person's landed rows, cleaned, with what was not landed at all, the site's lags and its rule of stays."""

    tables: Mapping[str, Sequence[Row]]
    absent_columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lags: Mapping[str, int] = field(default_factory=dict)
    continuous_stays: str = "three_days"

    def lag(self, table: str) -> timedelta:
        return timedelta(days=self.lags.get(table, SCHEMAS[table].lag_days))

    def lacks(self, table: str, column: str) -> bool:
        return column in self.absent_columns.get(table, ())


def by_person(landed: Landed, lags: Mapping[str, int], continuous_stays: str = "three_days") -> dict[str, Source]:
    """The landed tables, cleaned and taken apart by person."""
    absent = {name: _absent(SCHEMAS[name], rows) for name, rows in landed.items()}
    sources: dict[str, dict[str, list[Row]]] = {
        row["patient_id"]: {name: [] for name in landed} for row in landed["people"]
    }
    for name, rows in landed.items():
        for row in rows:
            sources[row["patient_id"]][name].append(_clean(SCHEMAS[name], row))
    return {patient: Source(tables, absent, lags, continuous_stays) for patient, tables in sources.items()}


def _absent(schema: TableSchema, rows: Sequence[Row]) -> frozenset[str]:
    landed = {column for row in rows for column in row}
    return frozenset(column for column in schema.names if rows and column not in landed)


def _clean(schema: TableSchema, landed: Row) -> Row:
    """Every column of the schema; codes trimmed, upper case, without dots or HES pad; dates that mean null as null."""
    row: Row = {column: landed.get(column) for column in schema.names}
    for name, value in row.items():
        if isinstance(value, date) and value.isoformat() in NULL_DATES:
            row[name] = None
        elif isinstance(value, str):
            text = value.strip()
            row[name] = (text.upper().replace(".", "") if schema.names[name].code else text) or None
    if row.get("system") == "icd10":
        code = row["code"]
        kept = code.rstrip("*+") if len(code) > 3 else code
        kept = kept[:-1] if len(kept) in (5, 6) and kept[-1] in "DA" else kept
        row["code"] = kept[:3] + kept[3:].rstrip("X- ")
    return row


def as_known(source: Source, table: str, row: Row, day: date, *, waived: bool = False) -> Row | None:
    """The row as it read on `day`, with late columns null until they settled; None if it was not known.

    `waived`: the row counts as known and settled from its own dates on, as a recipe declares of its index spell.
    """
    schema = SCHEMAS[table]
    assert schema.event is not None
    event = row[schema.event]
    known = row["known_on"] or event + source.lag(table)
    if event > day or (known > day and not waived):
        return None
    settles = schema.settles
    if settles is None or _settled(row, day, waived=waived, date_column=settles.date, known=settles.known):
        return row
    late = {*settles.columns, *((settles.known,) if settles.known else ())}
    return {column: None if column in late else value for column, value in row.items()}


def _settled(row: Row, day: date, *, waived: bool, date_column: str, known: str | None) -> bool:
    settled = row[date_column]
    if settled is None or settled > day:
        return False
    told = row[known] if known else None
    return waived or told is None or told <= day


def stream(source: Source, name: str, day: date, spell: str | None, codelists: Mapping[str, Codelist]) -> list[Row]:
    """The rows of a stream of riskstrat.sources.tables for one person, as known on `day`.

    `spell` is the index spell of a cohort of discharges, which counts as known with its diagnoses.
    """
    spell = spell if spell is not None and _ends_a_stay(source, spell, day) else None
    if name == "people":
        return [_person(row, day) for row in source.tables["people"]]
    if name == "admissions":
        return _stays(source, day, spell)
    if name == "diagnoses":
        return list(_diagnoses(source, day, spell))
    if name == "recorded_conditions":
        return list(_recorded_conditions(source, day, spell))
    if name == "all_falls":
        return list(_all_falls(source, day, spell, codelists))
    read = (as_known(source, name, row, day) for row in source.tables.get(name, ()))
    return [row for row in read if row is not None]


def _known_stays(source: Source, day: date) -> list[list[Row]]:
    read = (as_known(source, "admissions", row, day) for row in source.tables["admissions"])
    return join([row for row in read if row is not None], source.continuous_stays)


def _ends_a_stay(source: Source, spell: str, day: date) -> bool:
    """Whether an index spell can be one: as far as was known on the day, no other spell went on from it."""
    stays = _known_stays(source, day)
    return all(spell not in [each["spell_id"] for each in stay[:-1]] for stay in stays)


def _stays(source: Source, day: date, spell: str | None) -> list[Row]:
    stays = _known_stays(source, day)
    rows = stay_rows(stays)
    if spell is None:
        return rows
    index = next(row for row in source.tables["admissions"] if row["spell_id"] == spell)
    known = any(each["spell_id"] == spell for stay in stays for each in stay)
    return told_whole(rows, index, known=known)


def _person(row: Row, day: date) -> Row:
    """The columns of people that settle late: the move to a care home, and death once it was known."""
    care_home, died = row["care_home_from"], row["date_of_death"]
    told = row["died_known_on"] or died
    read = dict(row)
    if care_home is not None and care_home > day:
        read["care_home_from"] = None
    if died is None or died > day or told > day:
        read["date_of_death"] = read["died_known_on"] = None
    return read


def _diagnoses(source: Source, day: date, index_spell: str | None) -> Iterator[Row]:
    """Diagnoses of spells that have ended, each with its spell's columns and its stay, once both were known."""
    spells = {row["spell_id"]: row for row in source.tables["admissions"]}
    stay_of = {each["spell_id"]: stay[0]["spell_id"] for stay in _known_stays(source, day) for each in stay}
    for row in source.tables.get("diagnoses", ()):
        landed = spells[row["spell_id"]]
        waived = row["spell_id"] == index_spell
        spell = as_known(source, "admissions", landed, day, waived=waived)
        if spell is None or spell["discharged_on"] is None:
            continue
        coded = row["known_on"] or spell["discharged_on"] + source.lag("diagnoses")
        if coded <= day or waived:
            carried = {column: spell[column] for column in FROM_THE_SPELL}
            yield row | carried | {"spell": row["spell_id"], "stay": stay_of.get(row["spell_id"], row["spell_id"])}


def _recorded_conditions(source: Source, day: date, spell: str | None) -> Iterator[Row]:
    for row in _diagnoses(source, day, spell):
        yield {"code": row["code"], "system": row["system"], "recorded_on": row["admitted_on"], "origin": "hospital"}
    for row in stream(source, "conditions", day, spell, {}):
        yield {"code": row["code"], "system": row["system"], "recorded_on": row["recorded_on"], "origin": "register"}


def _all_falls(source: Source, day: date, spell: str | None, codelists: Mapping[str, Codelist]) -> Iterator[Row]:
    yield from stream(source, "falls", day, spell, codelists)
    unsaid = dict.fromkeys(("injury", "treated", "loss_of_consciousness", "unable_to_get_up"))
    hospital = list(_diagnoses(source, day, spell))
    for main in hospital:
        if main["position"] == 1 and _is_hospital_fall(source, main, hospital, codelists["falls_hospital"]):
            said = {"source": "hospital", "injury": True, "treated": True}
            yield unsaid | said | {"fell_on": main["admitted_on"]}
    attendance = codelists["falls_attendance"]
    for row in stream(source, "attendances", day, spell, codelists):
        fell = any(_listed(attendance, "complaint", row[column]) for column in ("complaint", "diagnosis"))
        if fell and row["category"] not in codelists["attendance_details"].only("planned").codes:
            yield unsaid | {"source": "emergency_department", "fell_on": row["attended_on"]}


def _is_hospital_fall(source: Source, main: Row, hospital: Sequence[Row], falls: Codelist) -> bool:
    """PHOF C29: an ordinary emergency admission, an injury as primary diagnosis, and a fall as its external cause.

    A later spell of the same stay is no admission of its own.
    """
    ordinary = main["patient_class"] in (None, "1") or source.lacks("admissions", "patient_class")
    if main["method"] not in EMERGENCY or not ordinary or main["stay"] != main["spell"]:
        return False
    if not _listed(falls.only("injury"), main["system"], main["code"]):
        return False
    others = [row for row in hospital if row["spell_id"] == main["spell_id"] and row["position"] > 1]
    return any(_listed(falls.only("external cause"), row["system"], row["code"]) for row in others)


def _listed(codes: Codelist, system: str, code: str | None) -> bool:
    return code is not None and any(belongs(entry, system, code) for entry in codes.entries)


def belongs(entry: Entry, system: str, code: str) -> bool:
    """Whether the entry names a code of a system: WHO's ICD-10 reads the American one too, words stand whole."""
    if entry.system == "icd10":
        return system in ("icd10", "icd10cm") and code.startswith(entry.code)
    if entry.system in ("icd10cm", "icd9", "bnf"):
        return system == entry.system and code.startswith(entry.code)
    if entry.system == "phrase":
        text = "".join(letter if letter.isalnum() else " " for letter in code)
        words, wanted = text.split(), entry.code.split()
        return system == "complaint" and any(
            words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1)
        )
    return code == entry.code and (system == entry.system or (entry.system, system) == ("snomed", "complaint"))
