"""Spells are joined as the plain reckoning joins those known on each day, whatever was told late and in which order.

The kernel changes only what a day's news touches; the oracle joins all spells of a person anew on every day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_stays import join, stay_rows, told_whole

from riskstrat.sources.continuous_stays import join_spells
from tests.suite.properties import population_settings

START = date(2024, 1, 1)
FAR = date(9999, 12, 31)
COLUMNS = {
    "person": pa.int32(),
    "spell": pa.int32(),
    "admitted_on": pa.date32(),
    "discharged_on": pa.date32(),
    "known_from": pa.date32(),
    "settle_day": pa.date32(),
    "method": pa.string(),
    "source": pa.string(),
    "patient_class": pa.string(),
    "destination": pa.string(),
}
Spell = dict[str, Any]


@st.composite
def spells(draw: st.DrawFn) -> Spell:
    """One spell of a few weeks: any end, any delay of telling, codes of transfers more often than in life."""
    admitted = START + timedelta(days=draw(st.integers(0, 12)))
    ended = draw(st.none() | st.integers(0, 8).map(lambda nights: admitted + timedelta(days=nights)))
    known = admitted + timedelta(days=draw(st.sampled_from((0, 0, 1, 3, 15))))
    settled = None if ended is None else max(known, ended + timedelta(days=draw(st.sampled_from((0, 0, 2, 20)))))
    return {
        "admitted_on": admitted,
        "discharged_on": ended,
        "known_from": known,
        "settle_day": settled,
        "method": draw(st.sampled_from(("21", "21", "11", "2B", "81", "67"))),
        "source": draw(st.sampled_from(("19", "19", "49", "51", "87", None))),
        "patient_class": draw(st.sampled_from(("1", "1", "1", "3", None))),
        "destination": draw(st.sampled_from(("19", "51", "84", None))),
    }


@st.composite
def people(draw: st.DrawFn) -> list[Spell]:
    """The spells of some people, numbered as ingest numbers them."""
    made = []
    for person in range(draw(st.integers(1, 4))):
        own = sorted(draw(st.lists(spells(), max_size=7)), key=lambda spell: spell["admitted_on"])
        made += [spell | {"person": person} for spell in own]
    return [spell | {"spell": number, "spell_id": f"{number:04d}"} for number, spell in enumerate(made)]


def as_known(spell: Spell, day: date) -> Spell | None:
    """The spell as it read on the day, with what the oracle needs besides."""
    if spell["known_from"] > day:
        return None
    settled = spell["settle_day"] is not None and spell["settle_day"] <= day
    unsaid = {} if settled else {"discharged_on": None, "destination": None}
    return {"discharge_method": None, "settled_known_on": None, "specialty": None} | spell | unsaid


def expected(given_spells: Sequence[Spell], rule: str, day: date) -> list[list[Spell]]:
    """The stays of everybody on the day."""
    stays = []
    for person in sorted({spell["person"] for spell in given_spells}):
        own = [as_known(spell, day) for spell in given_spells if spell["person"] == person]
        stays += join([spell for spell in own if spell is not None], rule)
    return stays


def said(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return int(row["spell"]), int(row["last_spell"]), row["discharged_on"] is not None, row["ended_by"]


def rows_by_person(stays: Sequence[Sequence[Spell]]) -> list[dict[str, Any]]:
    persons = sorted({stay[0]["person"] for stay in stays})
    return [row for person in persons for row in stay_rows([stay for stay in stays if stay[0]["person"] == person])]


@pytest.mark.parametrize("rule", ["three_days", "hscic_2014", "off"])
def test_every_day_has_the_stays_of_the_spells_known_on_it(rule: Any) -> None:
    joined_spells = 0

    @population_settings(50, drawn=150)
    @given(people())
    def holds(landed: list[Spell]) -> None:
        nonlocal joined_spells
        made = join_spells(pa.Table.from_pylist(landed, pa.schema(COLUMNS.items())), rule)
        stays, members = made.stays.to_pylist(), made.members.to_pylist()
        for day in (START + timedelta(days=ahead) for ahead in range(45)):
            known = expected(landed, rule, day)
            standing = [row for row in stays if row["valid_from"] <= day < row["valid_to"]]
            assert sorted(
                (row["first_spell"], row["last_spell"], row["last_settled"], row["ended_by"]) for row in standing
            ) == sorted(map(said, rows_by_person(known)))
            belongs = [(row["spell"], row["stay"]) for row in members if row["valid_from"] <= day < row["valid_to"]]
            assert sorted(belongs) == sorted((each["spell"], stay[0]["spell"]) for stay in known for each in stay)
            joined_spells += sum(len(stay) - 1 for stay in known)

    holds()
    assert (joined_spells > 0) == (rule != "off")


@pytest.mark.parametrize("rule", ["three_days", "hscic_2014"])
def test_an_index_spell_is_told_as_its_stay_stood_on_the_day_it_ended(rule: Any) -> None:
    @population_settings(50, drawn=150)
    @given(people())
    def holds(landed: list[Spell]) -> None:
        made = join_spells(pa.Table.from_pylist(landed, pa.schema(COLUMNS.items())), rule)
        last = {row["last_spell"]: row for row in made.stays.to_pylist() if row["valid_to"] == FAR}
        for spell in landed:
            if spell["discharged_on"] is None:
                continue
            own = [each for each in landed if each["person"] == spell["person"]]
            stays = expected(own, rule, spell["discharged_on"])
            known = any(each["spell"] == spell["spell"] for stay in stays for each in stay)
            rows = told_whole(stay_rows(stays), as_known(spell, FAR) or spell, known=known)
            told = [said(row) for row in rows if row["last_spell"] == spell["spell_id"]]
            found = last.get(spell["spell"])
            assert told == (
                [(found["first_spell"], found["last_spell"], found["last_settled"], found["ended_by"])] if found else []
            )

    holds()
