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
    return tables
