"""Random HES episodes: few days and codes, so that episodes meet, repeat and tie; some fields spoiled or empty."""

from __future__ import annotations

import random

NONE = "1800-01-01"
DAYS = ("2024-03-01", "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-08")
USUAL = {
    "PROCODE3": "RQ1 RQ1 RQ1 rq2",
    "EPIORDER": "1 1 2 2 3 98 99",
    "EPISTAT": "3 3 3 3 1",
    "CLASSPAT": "1 1 1 2 3",
    "ADMIMETH": "21 21 2a 11 2B 67 81",
    "ADMISORC": "19 19 19 51 53",
    "DISMETH": "1 1 8 8 9 4",
    "DISDEST": "19 98 51",
    "MAINSPEF": "300 430 180",
    "DIAG_01": "& R69X J440 I10X E103-D",
    "DIAG_02": "I10 E103-A - F171 i10x R69X",
    "DIAG_03": "J440 E10.3 M819",
    "SUBDATE": "2024-05-01 2024-06-01 2024-06-01",
}
DATES = ("ADMIDATE", "EPISTART", "EPIEND", "DISDATE")
EMPTY = {"EPIORDER": "98"} | dict.fromkeys((*DATES, "SUBDATE"), NONE)
"""How a field that says nothing is written, where it is not left empty."""


def draw_people(rng: random.Random, people: int) -> list[dict[str, str]]:
    """Episodes of as many people, each with the EPIKEY of its place, in random order."""
    rows = [row for number in range(people) for row in _draw_person(rng, f"P{number}")]
    keyed = [{"EPIKEY": str(number), **row} for number, row in enumerate(rows, start=5)]
    rng.shuffle(keyed)
    return keyed


def _draw_person(rng: random.Random, person: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for _ in range(rng.randint(1, 7)):
        row = _repeat(rng, rng.choice(rows)) if rows and rng.random() < 0.25 else _draw_episode(rng, person)
        rows.append(row)
    return rows


def _draw_episode(rng: random.Random, person: str) -> dict[str, str]:
    start = rng.choice(DAYS)
    end = rng.choice([day for day in DAYS if day >= start] if rng.random() < 0.95 else DAYS)
    row = {"TOKEN_PERSON_ID": person, "SEX": "1", "MYDOB": "041950"}
    row |= {"ADMIDATE": rng.choice(DAYS[:3]), "EPISTART": start, "EPIEND": end, "DISDATE": end}
    row |= {name: rng.choice(words.split()) for name, words in USUAL.items()}
    if row["EPISTAT"] == "1":
        row |= {"EPIEND": rng.choice((NONE, NONE, end)), "DISDATE": NONE}
    for name in ("TOKEN_PERSON_ID", *DATES, *USUAL):
        if rng.random() < 0.03 and name != "EPISTAT":
            row[name] = rng.choice(("", EMPTY.get(name, "")))
    return row


def _repeat(rng: random.Random, row: dict[str, str]) -> dict[str, str]:
    """The same episode sent again, finished or not, with another code or a field that differs."""
    again = row | {name: rng.choice(USUAL[name].split()) for name in ("SUBDATE", "DIAG_02")}
    if rng.random() < 0.4:
        again |= {"EPISTAT": "1", "EPIEND": NONE, "DISDATE": NONE}
    name = rng.choice(("EPIORDER", "DISMETH", "CLASSPAT", "PROCODE3", "ADMISORC"))
    return again | ({name: rng.choice(USUAL[name].split())} if rng.random() < 0.4 else {})
