"""The same past with another future: what a site would have landed on a day, and landed tables that agree up to it.

Up to each person's own day, both read as the landed tables did; behind it everything is open.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from plain_features import IndexDate
from plain_records import Source, as_known
from random_person import Person
from random_records import TABLES, Tables
from random_shape import Row, Shape

from riskstrat.definitions.schemas import SCHEMAS

Days = Mapping[str, IndexDate]
"""For each person the day up to which the past is fixed; a spell named there is fixed whole, with its diagnoses."""


def as_it_stood(tables: Tables, days: Days) -> Tables:
    """The landed tables as a site would have landed them on each person's day: rows known by then, no late columns."""
    source = Source(tables)
    stood: Tables = {name: [] for name in tables}
    spells = {}
    for name, rows in tables.items():
        for row in rows if name not in ("people", "diagnoses") else ():
            asked = days[row["patient_id"]]
            waived = name == "admissions" and row["spell_id"] == asked.spell
            known = as_known(source, name, row, asked.day, waived=waived)
            if known is not None:
                stood[name].append(row if waived else dict(known))
                spells[row.get("spell_id")] = row if waived else known
    stood["people"] = [_person(row, days[row["patient_id"]].day) for row in tables["people"]]
    for row in tables["diagnoses"]:
        asked = days[row["patient_id"]]
        spell = spells.get(row["spell_id"])
        if spell is not None and spell["discharged_on"] is not None:
            coded = row["known_on"] or spell["discharged_on"] + source.lag("diagnoses")
            if coded <= asked.day or row["spell_id"] == asked.spell:
                stood["diagnoses"].append(row)
    return stood


def _person(row: Row, day: date) -> Row:
    died = row["date_of_death"]
    known = died is not None and max(died, row["died_known_on"] or died) <= day
    moved = row["care_home_from"]
    said = {} if known else {"date_of_death": None, "died_known_on": None}
    return row | said | {"care_home_from": moved if moved is not None and moved <= day else None}


def another_future(tables: Tables, days: Days, shape: Shape, seed: int) -> Tables:
    """The past as it stood, continued at random: new rows, other late columns, other deaths, other people."""
    rng = random.Random(seed)
    made = as_it_stood(tables, days)
    for about in made["people"]:
        person = _again(about, made, shape, rng)
        person.about = about = _live_on(about, days[person.patient], shape, rng)
        _replace(made["people"], about)
        for name, row in _continued(person, made, days[person.patient], rng):
            made[name].append(row)
    for number in range(rng.randint(0, 5)):
        for name, row in Person(shape, rng, f"q{number}").rows(iter(shape.aims[:0])):
            made[name].append(row)
    for rows in made.values():
        rng.shuffle(rows)
    return made


def _again(about: Row, made: Tables, shape: Shape, rng: random.Random) -> Person:
    """The person as the generator of random rows knows one: with the rows that stand, to make more of them."""
    person = Person(shape, rng, about["patient_id"])
    person.about = about
    person.spells = 1000
    for name in TABLES:
        for row in made[name]:
            if row["patient_id"] == person.patient and SCHEMAS[name].key:
                person.take(name, row)
    return person


def _live_on(about: Row, asked: IndexDate, shape: Shape, rng: random.Random) -> Row:
    """Another move to a care home, and another death that was not known on the day though it may lie long before it.

    Whoever left hospital alive on the day was not dead before it.
    """
    day = asked.day
    later = day + timedelta(days=rng.randint(1, (shape.as_at - day).days))
    about = dict(about)
    if about["care_home_from"] is None and rng.random() < 0.5:
        about["care_home_from"] = later
    if about["date_of_death"] is None and rng.random() < 0.5:
        died = later if asked.spell or rng.random() < 0.5 else day - timedelta(days=rng.randint(0, 1000))
        about["date_of_death"] = died
        about["died_known_on"] = later if died <= day else rng.choice((None, shape.as_at))
    return about


def _replace(people: list[Row], about: Row) -> None:
    place = next(number for number, row in enumerate(people) if row["patient_id"] == about["patient_id"])
    people[place] = about


def _continued(person: Person, made: Tables, asked: IndexDate, rng: random.Random) -> list[tuple[str, Row]]:
    """Rows that `asked.day` could not know; rows that stand get other late columns in their place."""
    new: list[tuple[str, Row]] = []
    for name in ("registrations", "conditions", "social_care"):
        settles = SCHEMAS[name].settles
        assert settles is not None
        for row in made[name]:
            if row["patient_id"] == person.patient and row[settles.date] is None and rng.random() < 0.5:
                row[settles.date] = person.later(asked.day)
    for spell in made["admissions"]:
        if spell["patient_id"] == person.patient and spell["spell_id"] != asked.spell:
            new.extend(_coded_later(person, spell, made, asked.day, rng))
    new.extend(_told_again(person, made, asked, rng))
    tables = [name for name in TABLES if name not in ("people", "diagnoses")]
    for _ in range(rng.randint(3, 12)):
        new.extend(person.some(rng.choice(tables), after=asked.day))
    return new


def _coded_later(
    person: Person, spell: Row, made: Tables, day: date, rng: random.Random
) -> list[tuple[str, dict[str, Any]]]:
    """Diagnoses that were not known on `day`: any of a spell that was open then, coded later of one that had ended."""
    still_open = spell["discharged_on"] is None
    if still_open:
        spell.update(person.ending(spell["admitted_on"], after=day))
    used = {row["position"] for row in made["diagnoses"] if row["spell_id"] == spell["spell_id"]}
    free = [position for position in range(1, 8) if position not in used]
    new = []
    for position in rng.sample(free, min(len(free), rng.randint(0, 3))):
        row = person.diagnosis(spell, position, fall=rng.random() < 0.5)
        if not still_open:
            row["known_on"] = person.later(day)
        new.append(("diagnoses", row))
    return new


def _told_again(person: Person, made: Tables, asked: IndexDate, rng: random.Random) -> Iterator[tuple[str, Row]]:
    """Second rows of natural keys that stand, not known on the day; what the one first known says stands."""
    for name in ("registrations", "conditions", "admissions", "diagnoses"):
        for row in made[name]:
            if row["patient_id"] == person.patient and row.get("spell_id") != asked.spell and rng.random() < 0.2:
                yield name, _second(person, name, row, asked.day, rng)


def _second(person: Person, name: str, row: Row, day: date, rng: random.Random) -> Row:
    known = person.later(day)
    if name == "diagnoses":
        return row | {"code": rng.choice(("J440", "I500", "F03")), "system": "icd10", "known_on": known}
    if name == "admissions" and rng.random() < 0.5:
        return row | {"admitted_on": known, "known_on": row["known_on"]} | person.ending(known)
    event = SCHEMAS[name].event
    assert event is not None
    unsaid = row[event] + timedelta(days=SCHEMAS[name].lag_days) > day
    return row | {"known_on": None if unsaid and rng.random() < 0.5 else known}
