"""Continuous stays in plain Python, from the two published rules: one person's spells as known on one day.

A spell is a landed row of admissions; what was not known on the day is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Spell = Mapping[str, Any]

DAYS = {"three_days": 3, "hscic_2014": 2, "off": -1}
DESTINATIONS = {"three_days": "51 52 53", "hscic_2014": "49 50 51 52 53 84", "off": "51 52 53"}
SOURCES = {"three_days": "51 52 53", "hscic_2014": "49 50 51 52 53 87", "off": "51 52 53"}
METHODS = ("2B", "67", "81")
FROM_THE_LAST = ("discharged_on", "discharge_method", "destination", "settled_known_on")


def join(spells: Sequence[Spell], rule: str) -> list[list[Spell]]:
    """The stays in order, each as its spells in order."""
    stays: list[list[Spell]] = []
    for spell in in_order(spells, rule):
        if stays and goes_on(stays[-1][-1], spell, rule):
            stays[-1].append(spell)
        else:
            stays.append([spell])
    return stays


def in_order(spells: Sequence[Spell], rule: str) -> list[Spell]:
    """By day of admission, end, what is said of transfers (leaves, both, comes) and spell_id.

    An end that is not known comes last, unless only others of the day came by a transfer.
    """

    def place(spell: Spell) -> tuple[Any, ...]:
        same_day = [other for other in spells if other["admitted_on"] == spell["admitted_on"]]
        end = spell["discharged_on"] or date.max
        if spell["discharged_on"] is None and not comes(spell, rule) and any(comes(each, rule) for each in same_day):
            end = spell["admitted_on"]
        said = (leaves(spell, rule), comes(spell, rule))
        transit = [(False, False), (True, False), (True, True), (False, True)].index(said)
        return spell["admitted_on"], end, transit, spell["spell_id"]

    return sorted(spells, key=place)


def comes(spell: Spell, rule: str) -> bool:
    return spell["source"] in SOURCES[rule].split() or spell["method"] in METHODS


def leaves(spell: Spell, rule: str) -> bool:
    return spell["destination"] in DESTINATIONS[rule].split()


def goes_on(one: Spell, other: Spell, rule: str) -> bool:
    """Whether the second continues the stay of the first."""
    if rule == "off":
        return False
    ended = one["discharged_on"] or other["admitted_on"]
    if not 0 <= (other["admitted_on"] - ended).days <= DAYS[rule]:
        return False
    if rule == "hscic_2014":
        if {one["patient_class"], other["patient_class"]} & {"3", "4"}:
            return False
        if one["destination"] == "19" and (other["source"], other["method"]) == ("51", "21"):
            return False
    return leaves(one, rule) or comes(other, rule)


def stay_rows(stays: Sequence[Sequence[Spell]]) -> list[dict[str, Any]]:
    """One row per stay: how it began from its first spell, how it ended from its last."""
    begins = [*(stay[0]["admitted_on"] for stay in stays), None]
    return [as_row(stay, following) for stay, following in zip(stays, begins[1:], strict=True)]


def as_row(stay: Sequence[Spell], next_begins: date | None) -> dict[str, Any]:
    first, last = stay[0], stay[-1]
    return {
        **first,
        **{column: last[column] for column in FROM_THE_LAST},
        "spell": first["spell_id"],
        "last_spell": last["spell_id"],
        "last_admitted_on": last["admitted_on"],
        "ended_by": last["discharged_on"] or next_begins,
    }


def told_whole(rows: Sequence[dict[str, Any]], spell: Spell, *, known: bool) -> list[dict[str, Any]]:
    """The rows where the end of `spell` counts as known: that of the stay it ends, or of a stay that was not known."""
    if not known:
        return [*rows, as_row([spell], None)]
    made = []
    for row in rows:
        if row["last_spell"] == spell["spell_id"]:
            row = row | {column: spell[column] for column in FROM_THE_LAST} | {"ended_by": spell["discharged_on"]}
            if row["spell"] == spell["spell_id"]:
                row = row | {"specialty": spell["specialty"]}
        made.append(row)
    return made
