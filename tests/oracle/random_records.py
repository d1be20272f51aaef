"""Small random landed tables that lean on the edges: boundary days, same-day events, late knowledge, open spells.

Every row is one that validation accepts. Same seed, same tables.
"""

from __future__ import annotations

import itertools
import random

from random_person import Person
from random_shape import Row, Shape

Tables = dict[str, list[Row]]

TABLES = (
    "people",
    "registrations",
    "admissions",
    "diagnoses",
    "conditions",
    "falls",
    "attendances",
    "prescriptions",
    "contacts",
    "measurements",
    "social_care",
)


def random_tables(shape: Shape, seed: int, people: int) -> Tables:
    """Landed tables of that many people, every table and column there, rows in no particular order."""
    rng = random.Random(seed)
    tables: Tables = {name: [] for name in TABLES}
    aims = itertools.cycle(rng.sample(shape.aims, len(shape.aims)))
    for number in range(people):
        for name, row in Person(shape, rng, f"p{number:03d}").rows(aims):
            tables[name].append(row)
    for rows in tables.values():
        rng.shuffle(rows)
    tables["conditions"] = _drop_twins(tables["conditions"])
    return tables


def _drop_twins(rows: list[Row]) -> list[Row]:
    """Without conditions of one day whose codes may be one in two dresses, F03 and F03X: ingest takes one of them."""
    kept: dict[tuple[object, ...], Row] = {}
    for row in rows:
        kept.setdefault((row["patient_id"], row["recorded_on"], row["code"].strip().upper()[:3]), row)
    return list(kept.values())
