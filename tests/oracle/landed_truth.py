"""What may be printed about one person, worked out from the landed tables with pandas and plain loops.

Nothing of the engine is used, and no table of the store: the files that a site lands are read again, and the codelists
are read as CSV. It covers what a list prints as a number: stays, visits, falls, days, conditions, medicines.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

LAGS = {"admissions": 1, "diagnoses": 30, "social_care": 30}
"""Days from event to knowledge without known_on; 7 for all other tables (docs/data.md)."""

NEITHER_TRANSFER = 3
"""Days from the end of one spell to the start of the next in which a transfer joins them (rule three_days)."""


class Spell(NamedTuple):
    """One spell as known on the day; what is not known yet is None."""

    spell_id: str
    admitted: date
    discharged: date | None
    method: str
    source: str | None
    patient_class: str | None
    specialty: str | None
    destination: str | None


class Stay(NamedTuple):
    """Spells that are one stay in hospital: it is what its first spell is, and ends as its last one does."""

    spells: tuple[Spell, ...]

    @property
    def first(self) -> Spell:
        return self.spells[0]

    @property
    def admitted(self) -> date:
        return self.first.admitted

    @property
    def discharged(self) -> date | None:
        return self.spells[-1].discharged


@dataclass(frozen=True)
class LandedTruth:
    """The landed tables of one source as known at the end of one day, asked about one person at a time.

    patients: those who will be asked about, if that is not everybody.
    """

    source: Path
    codelists: Path
    day: date
    patients: Collection[str] | None = None
    _tables: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict, repr=False)
    _groups: dict[tuple[str, str, str], set[str]] = field(default_factory=dict, repr=False)

    # ---- What a list prints ----

    def count_emergency_stays(self, patient: str, days: int) -> int:
        return sum(self._within(stay.admitted, days) for stay in self.list_emergency_stays(patient))

    def find_days_since_discharge(self, patient: str, days: int = 730) -> int | None:
        """Days since the end of the newest emergency stay; None while it has no end, or if none ended in the period."""
        stays = self.list_emergency_stays(patient)
        if not stays or stays[-1].discharged is None:
            return None
        since = (self.day - stays[-1].discharged).days
        return since if since < days else None

    def count_visits(self, patient: str, days: int) -> int:
        planned, same_day = ("4",), ("05", "5")
        return sum(
            self._within(row["attended_on"], days)
            for row in self._read_known("attendances", patient, "attended_on")
            if row.get("category") not in planned and row.get("department_type") not in same_day
        )

    def count_falls(self, patient: str, days: int) -> int:
        """Falls that began in the period: a report within 3 days of the first of a fall is of the same fall."""
        begun: list[date] = []
        for day in sorted(self._list_fall_reports(patient)):
            if not begun or day > begun[-1] + timedelta(days=3):
                begun.append(day)
        return sum(self._within(day, days) for day in begun)

    def find_conditions(self, patient: str) -> dict[str, date]:
        """By long-term condition that may be shown the day of its first record."""
        found: dict[str, date] = {}
        for system, code, day in self._list_coded(patient):
            if self._is_sensitive(system, code):
                continue
            for group in self._match("long_term_conditions", system, code):
                if group not in ("Alcohol problems", "Substance misuse"):
                    found[group] = min(day, found.get(group, day))
        return found

    def find_ends(self, patient: str) -> dict[str, date]:
        """By long-term condition that may be shown the day on which its last entry in the GP record ended."""
        entries: dict[str, list[date | None]] = {}
        for row in self._read_known("conditions", patient, "recorded_on"):
            for group in () if self._is_sensitive(row["system"], row["code"]) else self._match_conditions(row):
                entries.setdefault(group, []).append(row.get("ended_on"))
        coded: dict[str, list[date]] = {}
        for row, spell in self._list_diagnoses(patient):
            for group in () if self._is_sensitive(row["system"], row["code"]) else self._match_conditions(row):
                coded.setdefault(group, []).append(spell["admitted_on"])
        found = {}
        for group, ends in entries.items():
            days = [day for day in ends if day is not None and day <= self.day]
            if len(days) == len(ends) and not any(day >= max(days) for day in coded.get(group, [])):
                found[group] = max(days)
        return found

    def _match_conditions(self, row: dict[str, Any]) -> set[str]:
        return self._match("long_term_conditions", row["system"], row["code"])

    def count_medicines(self, patient: str, days: int) -> int:
        rows = self._read_known("prescriptions", patient, "issued_on")
        return len(
            {
                row["bnf"][:7]
                for row in rows
                if self._within(row["issued_on"], days) and not self._is_sensitive("bnf", row["bnf"])
            }
        )

    def find_registered_since(self, patient: str) -> date | None:
        """Since when the person has had a practice here without a break of more than 4 weeks; None without one."""
        since: date | None = None
        until = date.min
        rows = self._read_known("registrations", patient, "registered_from")
        for row in sorted(rows, key=lambda one: one["registered_from"]):
            if since is None or (row["registered_from"] - until).days > 28:
                since = row["registered_from"]
            until = max(until, row.get("registered_to") or self.day)
        return since

    # ---- Hospital ----

    def list_emergency_stays(self, patient: str) -> list[Stay]:
        """Oldest first."""
        return [stay for stay in self._list_stays(patient) if self._is_emergency(stay.first)]

    def _is_emergency(self, spell: Spell) -> bool:
        return (
            spell.method in ("21", "22", "23", "24", "25", "28", "2A", "2D")
            and spell.patient_class not in ("2", "3", "4", "5")
            and spell.source not in ("49", "51", "52", "53", "87")
            and spell.specialty not in ("501", "560")
        )

    def _list_stays(self, patient: str) -> list[Stay]:
        stays: list[Stay] = []
        for spell in sorted(self._list_spells(patient), key=lambda one: (one.admitted, one.discharged or date.max)):
            if stays and _continues(stays[-1].spells[-1], spell):
                stays[-1] = Stay((*stays[-1].spells, spell))
            else:
                stays.append(Stay((spell,)))
        return stays

    def _list_spells(self, patient: str) -> Iterator[Spell]:
        for row in self._read_known("admissions", patient, "admitted_on"):
            settled = row.get("discharged_on") is not None and self._settled_by(row) <= self.day
            late = row if settled else {}
            yield Spell(
                row["spell_id"],
                row["admitted_on"],
                late.get("discharged_on"),
                row["method"],
                row.get("source"),
                row.get("patient_class"),
                late.get("specialty"),
                late.get("destination"),
            )

    def _settled_by(self, row: dict[str, Any]) -> date:
        ended: date = row["discharged_on"]
        return max(self._known_by("admissions", row, "admitted_on"), ended, row.get("settled_known_on") or ended)

    def _list_diagnoses(self, patient: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Each diagnosis that was known, with its spell, which had ended and was known to have."""
        spells = {row["spell_id"]: row for row in self._read_known("admissions", patient, "admitted_on")}
        for row in self._read("diagnoses", patient):
            spell = spells.get(row["spell_id"])
            if spell is None or spell.get("discharged_on") is None:
                continue
            known = row.get("known_on") or spell["discharged_on"] + timedelta(days=LAGS["diagnoses"])
            if max(known, self._settled_by(spell)) <= self.day:
                yield row, spell

    def _list_coded(self, patient: str) -> Iterator[tuple[str, str, date]]:
        for row, spell in self._list_diagnoses(patient):
            yield row["system"], row["code"], spell["admitted_on"]
        for row in self._read_known("conditions", patient, "recorded_on"):
            yield row["system"], row["code"], row["recorded_on"]

    def _list_fall_reports(self, patient: str) -> Iterator[date]:
        for row in self._read_known("falls", patient, "fell_on"):
            yield row["fell_on"]
        for row in self._read_known("attendances", patient, "attended_on"):
            codes = self._codes["falls_attendance"]
            fell = any(row.get(name) in {code for _, code, _ in codes} for name in ("complaint", "diagnosis"))
            if fell and row.get("category") != "4":
                yield row["attended_on"]
        by_spell: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
        for row, spell in self._list_diagnoses(patient):
            by_spell.setdefault(row["spell_id"], []).append((row, spell))
        for rows in by_spell.values():
            spell = rows[0][1]
            method = spell["method"] in ("21", "22", "23", "24", "25", "28", "2A", "2D")
            hurt = any(row["position"] == 1 and self._falls_in(row, "injury") for row, _ in rows)
            fell = any(row["position"] > 1 and self._falls_in(row, "external cause") for row, _ in rows)
            if method and spell.get("patient_class") not in ("2", "3", "4", "5") and hurt and fell:
                yield spell["admitted_on"]

    def _falls_in(self, row: dict[str, Any], group: str) -> bool:
        return group in self._match("falls_hospital", row["system"], row["code"])

    # ---- Codes ----

    def _is_sensitive(self, system: str, code: str) -> bool:
        """By its own system; of the two ICD-10s by both, and `?` stands for any one character."""
        systems = ("icd10", "icd10cm") if system in ("icd10", "icd10cm") else (system,)
        return any(self._match("sensitive", one, code) for one in systems)

    def _match(self, codelist: str, system: str, code: str) -> set[str]:
        """The groups that a code falls in: ICD and BNF by their beginnings, everything else whole."""
        asked = (codelist, system, code)
        if asked not in self._groups:
            by_beginning = system in ("icd10", "icd9", "bnf", "icd10cm")
            self._groups[asked] = {
                group
                for of, listed, group in self._codes[codelist]
                if of == system and (_begins_with(code, listed) if by_beginning else code == listed)
            }
        return self._groups[asked]

    @cached_property
    def _codes(self) -> dict[str, list[tuple[str, str, str]]]:
        found = {}
        for path in self.codelists.glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                rows = [row for row in csv.DictReader(file) if "code" in row and "system" in row]
            found[path.stem] = [(row["system"], row["code"], row.get("group", "")) for row in rows]
        return found

    # ---- Rows ----

    def _within(self, day: date, days: int) -> bool:
        return 0 <= (self.day - day).days < days

    def _read_known(self, table: str, patient: str, event: str) -> list[dict[str, Any]]:
        rows = self._read(table, patient)
        return [row for row in rows if row[event] <= self.day and self._known_by(table, row, event) <= self.day]

    def _known_by(self, table: str, row: dict[str, Any], event: str) -> date:
        known: date = row.get("known_on") or row[event] + timedelta(days=LAGS.get(table, 7))
        return max(known, row[event])

    def _read(self, table: str, patient: str) -> list[dict[str, Any]]:
        if table not in self._tables:
            self._tables[table] = self._read_table(table)
        return self._tables[table].get(patient, [])

    def _read_table(self, table: str) -> dict[str, list[dict[str, Any]]]:
        """The rows of a landed table by patient, with None for what is empty; none where it was not landed."""
        path = self.source / f"{table}.parquet"
        return read_by_patient(path, self.patients) if path.is_file() else {}


def read_by_patient(path: Path, patients: Collection[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """The rows of a landed file by patient, with None for what is empty; patients: of whom, if not of everybody."""
    rows = pd.read_parquet(path)
    if patients is not None:
        rows = rows[rows["patient_id"].isin(patients)]
    made: dict[str, list[dict[str, Any]]] = {}
    for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
        clean = {str(name): value for name, value in row.items()}
        made.setdefault(clean["patient_id"], []).append(clean)
    return made


def _begins_with(code: str, listed: str) -> bool:
    return len(code) >= len(listed) and all(b in (a, "?") for a, b in zip(code, listed, strict=False))


def _continues(before: Spell, after: Spell) -> bool:
    """Whether a spell goes on in the next: published rule three_days (HES_pipeline, SCORE-CVD; see docs/data.md)."""
    if before.discharged is None or not 0 <= (after.admitted - before.discharged).days <= NEITHER_TRANSFER:
        return False
    moved = ("51", "52", "53")
    return before.destination in moved or after.source in moved or after.method in ("2B", "81")
