"""HES episodes become the spells and diagnoses that the plain rules make of them, in whatever order they arrive."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.sources.mapping import map_format
from tests.oracle.plain_hes import make_tables
from tests.oracle.random_episodes import draw_people
from tests.suite.adapters import land_tables, write
from tests.suite.properties import population_settings

Row = Mapping[str, str]

SPELL = (
    *("patient_id", "provider", "admitted_on", "method", "source", "patient_class"),
    *("discharged_on", "discharge_method", "destination", "specialty"),
)
REFUSED = ("no person", "no start", "ends before it starts")
"""Episodes that are landed as spells, for validation to quarantine."""


def expect(rows: Sequence[Row]) -> tuple[Counter[Any], Counter[Any], Counter[str]]:
    """Spells, diagnoses with the spell of each, and how many episodes met each fate, by the oracle."""
    people: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        people[row["TOKEN_PERSON_ID"]].append(row)
    spells, diagnoses, fates = Counter[Any](), Counter[Any](), Counter[str]()
    for episodes in people.values():
        refused, made, codes = make_tables(episodes)
        named = {spell["epikeys"].split()[0]: tuple(spell[c] for c in SPELL) for spell in made}
        spells.update(named.values())
        diagnoses.update((named[name], str(position), code) for name, position, code in codes)
        fates.update(refused.values())
    return spells, diagnoses, fates


def count_landed(made: Mapping[str, Sequence[Row]]) -> tuple[Counter[Any], Counter[Any]]:
    """Spells and diagnoses as the oracle has them; 67 is left as it stands there, for cleaning to read as 2B."""
    named = {
        row["spell_id"]: tuple({"67": "2B"}.get(row[c], row[c]) if c == "method" else row[c] for c in SPELL)
        for row in made["admissions"]
    }
    assert len(named) == len(made["admissions"])
    diagnoses = Counter((named[row["spell_id"]], row["position"], row["code"]) for row in made["diagnoses"])
    return Counter(named.values()), diagnoses


@given(seed=st.integers(0, 2**32))
@population_settings(2)
def test_spells_and_diagnoses_are_those_of_the_rules(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rows = draw_people(random.Random(seed), 600)
    made = land_tables(map_format(write(tmp_path_factory.mktemp("hes"), "apc.csv", rows), "hes"))
    spells, diagnoses, fates = expect(rows)
    landed, coded = count_landed(made)
    assert not spells - landed, seed
    assert (landed - spells).total() == sum(fates[fate] for fate in REFUSED), seed
    assert coded == diagnoses, seed


@given(seed=st.integers(0, 2**32))
@population_settings(1)
def test_the_order_of_rows_decides_nothing(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Also where no EPIKEY tells two episodes apart."""
    rng = random.Random(seed)
    rows = [row | {"EPIKEY": ""} for row in draw_people(rng, 600)]
    folder = tmp_path_factory.mktemp("hes")
    once = land_tables(map_format(write(folder / "once", "apc.csv", rows), "hes"))
    rng.shuffle(rows)
    assert land_tables(map_format(write(folder / "again", "apc.csv", rows), "hes")) == once, seed
