"""One random person: rows of every table that lean on the edges of lookbacks and of what was known when."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import ceil, floor
from typing import Any

from plain_expressions import meets
from plain_records import FROM_THE_SPELL
from random_shape import MADE_FROM, Row, Shape

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Feature
from riskstrat.definitions.measures import MEASURES
from riskstrat.definitions.schemas import ICD9, ICD10, SCHEMAS

METHODS = ("11", "12", "13", "21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D", "31", "81")
SOURCES = ("19", "19", "19", "29", "49", "51", "52", "53", "54", "65", "85", "87", None)
CLASSES = ("1", "1", "1", "1", "2", "3", "4", "5", None)
SPECIALTIES = ("300", "430", "501", "560", "100", None)
NEARLY_FALLS = ("Fallopian tube pain", "falling haemoglobin", "old man, fell-over at home", "1618980041")
"""Complaints, one of which is a fall, that begin as falls do or hold their words."""

HOSPITAL_LISTS = (
    "long_term_conditions",
    "long_term_conditions",
    "charlson",
    "hfrs",
    "fragility_fractures",
    "frailty_syndromes",
    "falls_hospital",
    "acsc_chronic",
    "acsc_acute",
    "sensitive",
)
MOST_ROWS = {
    "registrations": 2,
    "admissions": 8,
    "conditions": 8,
    "falls": 6,
    "attendances": 8,
    "prescriptions": 16,
    "contacts": 10,
    "measurements": 24,
    "social_care": 8,
}


class Person:
    """One random person; people share nothing but the shape."""

    def __init__(self, shape: Shape, rng: random.Random, patient: str) -> None:
        self.shape = shape
        self.rng = rng
        self.patient = patient
        self.days: list[date] = []
        self.ends: list[date] = []
        self.keys: set[tuple[Any, ...]] = set()
        self.spells = 0
        self.about = self._about()

    def rows(self, aims: Iterator[Feature]) -> Iterator[tuple[str, Row]]:
        """Table and row of everything recorded of the person.

        Some people have no records, many a few that decide one feature each, the rest a long history.
        """
        yield "people", self.about
        chance = self.rng.random()
        if chance < 0.05:
            return
        if chance < 0.6:
            for aim in itertools.islice(aims, self.rng.randint(4, 9)):
                yield from self.aimed(aim)
            return
        for table, most in MOST_ROWS.items():
            for _ in range(self.rng.randint(0, most)):
                yield from self.some(table)

    def aimed(self, feature: Feature) -> Iterator[tuple[str, Row]]:
        """Rows that meet the feature's conditions, on the last day outside its lookback or the first day inside."""
        assert feature.rows is not None
        lookback = feature.lookback if feature.lookback < EVER else self.rng.randint(1, 1500)
        day = self.rng.choice(self.shape.index_dates) - timedelta(days=lookback - self.rng.choice((0, 1)))
        table = MADE_FROM.get(feature.rows.stream, (feature.rows.stream,))[0]
        if feature.verb == "episodes" and self.rng.random() < 0.5:
            yield from self._meeting(feature, table, day - timedelta(days=feature.within + self.rng.choice((-1, 0, 1))))
        if feature.verb == "slope":
            yield from self._meeting(
                feature, table, day + timedelta(days=feature.within + self.rng.choice((-1, 0, 99)))
            )
        yield from self._meeting(feature, table, day)

    def _meeting(self, feature: Feature, table: str, event: date) -> Iterator[tuple[str, Row]]:
        died = self.about["date_of_death"]
        if died is not None and event > died:
            return
        for _ in range(60):
            row = {"patient_id": self.patient} | getattr(self, f"_{table}")(event) | {"known_on": event}
            rows = [(table, row)]
            if table == "admissions":
                rows.extend(self._settled_before_long(feature, row, event))
            if self._meets(feature, dict(rows)) and not self.take(table, row):
                yield from rows
                return

    def _settled_before_long(self, feature: Feature, spell: Row, event: date) -> Iterator[tuple[str, Row]]:
        if feature.day is not None and feature.day.get_name() == "discharged_on":
            spell["admitted_on"] = event - timedelta(days=3)
            spell["discharged_on"] = event
        elif feature.codes is not None:
            spell["discharged_on"] = event + timedelta(days=self.rng.choice((0, 1)))
            first = (
                any("position" in str(condition) for condition in feature.rows.conditions) if feature.rows else False
            )
            diagnosis = self.diagnosis(spell, 1 if first else self.rng.randint(1, 7))
            entry = self.rng.choice([e for e in feature.codes.entries if e.system in ("icd10", "icd9")])
            code = self._finished(entry.code, entry.system)
            yield "diagnoses", diagnosis | {"system": entry.system, "code": code, "known_on": spell["discharged_on"]}
        if spell["discharged_on"] is not None:
            spell["settled_known_on"] = spell["discharged_on"]

    def _meets(self, feature: Feature, rows: Mapping[str, Row]) -> bool:
        """Whether the rows meet the feature's conditions, as far as they can be asked before streams are merged."""
        assert feature.rows is not None
        read = next(iter(rows.values()))
        if feature.rows.stream == "diagnoses":
            alone = dict.fromkeys(("spell", "stay"), read["spell_id"])
            read = rows.get("diagnoses", {}) | {column: read[column] for column in FROM_THE_SPELL} | alone
            if "diagnoses" not in rows:
                return True
        if feature.rows.stream == "prescriptions" and feature.codes is not None:
            read["bnf"] = self.rng.choice(feature.codes.entries).code + "0A0AA"
        return all(meets(condition.op(), read) for condition in feature.rows.conditions)

    def some(self, table: str, after: date | None = None) -> Iterator[tuple[str, Row]]:
        """One random row of `table`, an admission with its diagnoses, or nothing where it would not be accepted.

        With `after` the row could not have been known on that day: it happened or became known later.
        """
        event = self._day(table) if after is None or self.rng.random() < 0.5 else self.later(after)
        died = self.about["date_of_death"]
        if event > self.shape.as_at or (died is not None and event > died + timedelta(days=30)):
            return
        row = {"patient_id": self.patient} | getattr(self, f"_{table}")(event)
        row["known_on"] = self._known(event)
        if after is not None and event <= after:
            row["known_on"] = self.later(after)
        if self.take(table, row):
            return
        self.days.append(event)
        yield table, row
        if table == "admissions":
            yield from (("diagnoses", diagnosis) for diagnosis in self._diagnoses_of(row))

    def take(self, table: str, row: Row) -> bool:
        """Whether another row has the same natural key, or is the same stay, which ingest reads as one row."""
        if not SCHEMAS[table].key:
            return False
        columns = ("admitted_on", "method", "discharged_on") if table == "admissions" else SCHEMAS[table].key
        key = (table, *(clean_key(row[column]) for column in columns))
        taken = key in self.keys
        self.keys.add(key)
        return taken

    # ---- Days ----

    def _day(self, table: str) -> date:
        """A day of an event: often on an edge of a lookback, at an index date or beside an earlier event."""
        rng, chance = self.rng, self.rng.random()
        index = rng.choice(self.shape.index_dates)
        edges = self.shape.edges.get(table, ())
        if table == "admissions" and self.ends and rng.random() < 0.4:
            return rng.choice(self.ends) + timedelta(days=rng.choice((-1, 0, 0, 1, 2, 3, 4)))
        if chance < 0.35 and edges:
            return index - timedelta(days=rng.choice(edges) + rng.choice((-1, 0, 0, 1)))
        if chance < 0.5:
            return index + timedelta(days=rng.choice((-1, 0, 0, 1)))
        if chance < 0.65 and self.days:
            return rng.choice(self.days) + timedelta(days=rng.choice((0, 0, 1, 3, 4, 7, 8, 30, 31)))
        return self.shape.as_at - timedelta(days=int(rng.triangular(0, 2200, 100)))

    def _known(self, event: date) -> date | None:
        rng, chance = self.rng, self.rng.random()
        if chance < 0.25:
            return None
        days = rng.choice((0, 0, 1, 2, 7, 30, 200, -3))
        known = event + timedelta(days=days)
        if chance > 0.75:
            known = rng.choice(self.shape.index_dates) + timedelta(days=rng.choice((-1, 0, 1)))
        return min(known, self.shape.as_at)

    def later(self, after: date) -> date:
        """A day that `after` did not yet know."""
        left = (self.shape.as_at - after).days
        return after + timedelta(days=self.rng.choice((1, self.rng.randint(1, left))))

    def _end(self, start: date) -> date | None:
        """The end of a period: none, a few days on, or on an edge."""
        rng, chance = self.rng, self.rng.random()
        if chance < 0.25:
            return None
        end = start + timedelta(days=rng.choice((0, 0, 1, 2, 5, 13, 14, 15, 60, 300)))
        if chance > 0.7:
            end = self._day("admissions")
        return end if start <= end <= self.shape.as_at else None

    # ---- Rows ----

    def _about(self) -> Row:
        rng, as_at = self.rng, self.shape.as_at
        year = as_at.year - rng.randint(19, 105)
        near = rng.choice(self.shape.index_dates) + timedelta(days=rng.choice((-1, 0, 1)))
        month, day = rng.choice(((near.month, near.day), (rng.randint(1, 12), 1), (2, 29), (12, 31)))
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        born = date(year, month, day if leap or (month, day) != (2, 29) else 28)
        died = as_at - timedelta(days=rng.randint(0, 400)) if rng.random() < 0.15 else None
        told = None
        if died is not None and rng.random() < 0.7:
            told = min(died + timedelta(days=rng.choice((0, 3, 30, 200))), as_at)
        return {
            "patient_id": self.patient,
            "date_of_birth": born,
            "sex": rng.choice("FFFMMMIU"),
            "ethnicity": rng.choice(("A", "Z", None)),
            "lsoa": None,
            "imd_decile": rng.choice((1, 2, 5, 10, None)),
            "imd_year": rng.choice((2019, None)),
            "care_home_from": self._day("social_care") if rng.random() < 0.3 else None,
            "died_known_on": told,
            "date_of_death": died,
        }

    def _registrations(self, event: date) -> Row:
        practice = self.rng.choice(("N83001", "N83002", "Y01234"))
        return {"practice": practice, "registered_from": event, "registered_to": self._end(event)}

    def _admissions(self, event: date) -> Row:
        self.spells += 1
        row = {
            "spell_id": f"{self.patient}-{self.spells}",
            "admitted_on": event,
            "method": self.rng.choice(METHODS + ("21",) * 8),
            "source": self.rng.choice(SOURCES),
            "patient_class": self.rng.choice(CLASSES),
            "provider": self.rng.choice(("RBL", None)),
        }
        row |= self.ending(event)
        self.ends.append(row["discharged_on"] or event)
        return row

    def ending(self, admitted: date, after: date | None = None) -> Row:
        """The columns of an admission that settle late; with `after`, settled only behind that day."""
        rng = self.rng
        left = self._end(admitted)
        told = self._known(left) if left is not None else None
        if left is not None and after is not None and (told or left) <= after:
            left, told = rng.choice(((None, None), (left, self.later(after)), (self.later(after), None)))
        said = left is not None or rng.random() < 0.2
        return {
            "discharged_on": left,
            "discharge_method": rng.choice(("1", "2", "4", None)) if said else None,
            "destination": rng.choice(("19", "54", "65", "85", "51", None)) if said else None,
            "specialty": rng.choice(SPECIALTIES) if said else None,
            "settled_known_on": told,
        }

    def _diagnoses_of(self, spell: Row) -> Iterator[Row]:
        positions = self.rng.sample(range(1, 8), self.rng.randint(0, 5))
        fall = self.rng.random() < 0.3
        for position in sorted({*positions, *((1, 2) if fall else ())}):
            yield self.diagnosis(spell, position, fall=fall)

    def diagnosis(self, spell: Row, position: int, *, fall: bool = False) -> Row:
        """One diagnosis of a spell; of a fall the first two positions are an injury and its cause."""
        entry = self._hospital_code(position)
        if fall and position <= 2:
            groups = self.shape.codelists["falls_hospital"].only("injury" if position == 1 else "external cause")
            entry = self.rng.choice(
                [e for e in groups.entries if e.system == ("icd9" if len(self.days) % 5 == 0 else "icd10")]
            )
        system = entry.system
        code = self._finished(entry.code.replace("?", "1"), system)
        if re.fullmatch(ICD9, code) and re.fullmatch(ICD10, code) and self.rng.random() < 0.3:
            system = "icd9" if system == "icd10" else "icd10"
        if system == "icd10" and self.rng.random() < 0.1:
            system, code = self._american(entry.code.replace("?", "1"))
        known = self._known(spell["discharged_on"] or spell["admitted_on"])
        return {
            "patient_id": self.patient,
            "spell_id": spell["spell_id"],
            "position": position,
            "system": system,
            "code": code,
            "known_on": known,
        }

    def _hospital_code(self, position: int) -> Entry:
        """An entry of a hospital codelist, each group as likely as the next."""
        first = ("acsc_chronic", "acsc_acute", "fragility_fractures", "falls_hospital")
        lists = first if position == 1 and self.rng.random() < 0.6 else HOSPITAL_LISTS
        codes = self.shape.codelists[self.rng.choice(lists)]
        return self._entry(codes, ("icd10", "icd10cm", "icd9"))

    def _american(self, prefix: str) -> tuple[str, str]:
        """A code of ICD-10-CM under a WHO prefix: longer, with a letter at its end and nothing filled up."""
        return "icd10cm", (f"{prefix:0<3}" + self.rng.choice(("", "1", "1XA", "3D")))[:7]

    def _entry(self, codes: Codelist, systems: Sequence[str]) -> Entry:
        group = self.rng.choice(codes.groups)
        entries = [entry for entry in codes.entries if entry.group == group and entry.system in systems]
        return self.rng.choice(entries or [entry for entry in codes.entries if entry.system in systems])

    def _finished(self, prefix: str, system: str) -> str:
        """A whole code under the prefix, at times one that only nearly belongs, or written as sources write codes."""
        rng = self.rng
        code = prefix
        while len(code) < 3 or (len(code) < 5 and rng.random() < 0.3):
            code += rng.choice("0123456789")
        if system == "icd10" and rng.random() < 0.05 and code[1:3].isdigit():
            code = f"{code[0]}{(int(code[1:3]) + 1) % 100:02d}"
        if system == "icd10" and len(code) == 3 and rng.random() < 0.2:
            return code + rng.choice(("X", "X-D", "*"))
        if system == "icd10" and len(code) == 4 and rng.random() < 0.1:
            return code + rng.choice(("-A", " D", "+", "D"))
        if len(code) > 3 and rng.random() < 0.1:
            return f" {code[:3]}.{code[3:]}".lower()
        return code

    def _conditions(self, event: date) -> Row:
        rng = self.rng
        codes = self.shape.codelists[rng.choice(("long_term_conditions", "long_term_conditions", "charlson"))]
        entry = self._entry(codes, ("icd10", "icd10cm"))
        register = [e for e in codes.entries if e.system in ("register", "snomed")]
        if rng.random() < 0.2 and register:
            entry = rng.choice(register)
            return {"system": entry.system, "code": entry.code, "recorded_on": event, "ended_on": self._end(event)}
        system = "snomed" if rng.random() < 0.05 else entry.system
        code = self._finished(entry.code, system)
        if system == "icd10" and rng.random() < 0.1:
            system, code = self._american(entry.code)
        return {"system": system, "code": code, "recorded_on": event, "ended_on": self._end(event)}

    def _falls(self, event: date) -> Row:
        rng = self.rng
        return {
            "fell_on": event,
            "source": rng.choice(("ambulance", "falls_service", "gp", "care_home", "telecare", None)),
            "injury": rng.choice((True, False, None)),
            "treated": rng.choice((True, False, None)),
            "loss_of_consciousness": rng.choice((True, False, False, None)),
            "unable_to_get_up": rng.choice((True, False, False, None)),
        }

    def _attendances(self, event: date) -> Row:
        rng = self.rng
        fall = [entry.code for entry in self.shape.codelists["falls_attendance"].entries]

        def detail(*groups: str) -> str | None:
            listed = self.shape.codelists["attendance_details"].only(*groups)
            return rng.choice([*(entry.code for entry in listed.entries), "99", None])

        return {
            "attended_on": event,
            "department_type": detail("major department", "minor department", "same-day emergency care"),
            "arrival_mode": detail("by ambulance"),
            "acuity": detail("high acuity", "low acuity"),
            "category": rng.choice(("1", "1", "1", "4", None)),
            "complaint": rng.choice((*fall, *NEARLY_FALLS, "29857009", "29857009", "267036007", None, None)),
            "diagnosis": rng.choice((rng.choice(fall), "233604007", "233604007", None, None)),
            "disposal": detail("admitted", "left before the end"),
        }

    def _prescriptions(self, event: date) -> Row:
        codes = self.shape.codelists["medicines"]
        code = self._entry(codes, ("bnf",)).code if self.rng.random() < 0.9 else "0501"
        whole = (code + self.rng.choice(("0A0AA", "0B0BB", "0A0BB")) + "AAAAAAAAAA")[:15]
        return {"issued_on": event, "bnf": self.rng.choice((whole, whole, code))}

    def _contacts(self, event: date) -> Row:
        return {
            "contacted_on": event,
            "service": self.rng.choice(self.shape.words("contacts", "service")),
            "attended": self.rng.choice((True, True, False, None)),
        }

    def _measurements(self, event: date) -> Row:
        rng = self.rng
        measure = rng.choice(self.shape.words("measurements", "measure"))
        known = MEASURES.get(measure)
        low, high = (known.low, known.high) if known else (3, 180)
        whole = float(rng.randint(ceil(low), floor(high)))
        part = whole if known and known.whole else round(rng.uniform(ceil(low), floor(high)), rng.choice((1, 2, 3)))
        value = rng.choice((whole, part, None))
        return {"measured_on": event, "measure": measure, "value": value, "unit": None}

    def _social_care(self, event: date) -> Row:
        services = SCHEMAS["social_care"].names["service"].allowed
        return {"service": self.rng.choice(services), "started_on": event, "ended_on": self._end(event)}


def clean_key(value: Any) -> Any:
    """A natural key's part as ingest reads it, so that two spellings of one code are seen to be the same."""
    if not isinstance(value, str):
        return value
    text = value.strip().upper().replace(".", "")
    return text[:3] if len(text) == 4 and text.endswith("X") else text
