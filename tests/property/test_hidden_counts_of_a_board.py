"""Whoever subtracts parts from wholes, or one month's pack from the next, finds no count of 1 to 7."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from riskstrat.indicators.hiding import NOT_SHOWN, WHOLE, Place, ShownCount, hide_counts, hide_sums
from tests.suite.properties import property_settings

MOST = 10_000


@st.composite
def boroughs(draw: st.DrawFn) -> tuple[list[dict[Place, int]], list[tuple[Place, list[Place]]]]:
    """Three months of counts by practice and locality, and by fifth, over one tree."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    families: list[tuple[Place, list[Place]]] = [(WHOLE, [("l", str(number)) for number in range(len(shape))])]
    for number, size in enumerate(shape):
        families.append((("l", str(number)), [("p", f"{number}-{each}") for each in range(size)]))
    families.append((WHOLE, [("f", str(number)) for number in range(4)]))
    few = st.one_of(st.integers(0, 7), st.integers(0, 13), st.integers(0, 60))
    months = []
    for _ in range(3):
        practices = {place: draw(few) for place in list_practices(families)}
        counts = {WHOLE: sum(practices.values())}
        for whole, parts in families[1:-1]:
            counts[whole] = sum(practices[part] for part in parts)
        cuts = sorted(draw(st.integers(0, counts[WHOLE])) for _ in range(3))
        ends = [0, *cuts, counts[WHOLE]]
        fifths = {("f", str(number)): ends[number + 1] - ends[number] for number in range(4)}
        months.append(counts | practices | fifths)
    return months, families


def list_practices(families: list[tuple[Place, list[Place]]]) -> list[Place]:
    return [part for _, parts in families[1:-1] for part in parts]


@property_settings(30)
@given(boroughs())
def test_every_count_of_1_to_7_may_still_be_any_of_them(
    made: tuple[list[dict[Place, int]], list[tuple[Place, list[Place]]]],
) -> None:
    months, families = made
    for counts in months:
        shown = hide_counts(counts, families)
        for place, count in counts.items():
            if 0 < count < 8:
                least, most = solve(shown, families, place)
                assert least <= 1
                assert most >= 7


@property_settings(20)
@given(boroughs())
def test_a_later_pack_shows_a_month_as_the_earlier_ones_did(
    made: tuple[list[dict[Place, int]], list[tuple[Place, list[Place]]]],
) -> None:
    """Packs of three months in a row: each holds the months before it again, so subtracting packs gives nothing new."""
    months, families = made
    packs = [[hide_counts(counts, families) for counts in months[: last + 1]] for last in range(3)]
    for earlier, later in pairwise(packs):
        assert later[: len(earlier)] == earlier


def solve(shown: dict[Place, ShownCount], families: list[tuple[Place, list[Place]]], wanted: Place) -> tuple[int, int]:
    """The least and the most that one count can be, by whole-number programming over all that is shown."""
    places = list(shown)
    rows = np.zeros((len(families), len(places)))
    for row, (whole, parts) in enumerate(families):
        rows[row, places.index(whole)] = -1
        for part in parts:
            rows[row, places.index(part)] = 1
    ends = [read_words(shown[place].words) for place in places]
    bounds = Bounds([low for low, _ in ends], [high for _, high in ends])
    found = []
    for sign in (1, -1):
        aim = np.zeros(len(places))
        aim[places.index(wanted)] = sign
        solved = milp(aim, constraints=LinearConstraint(rows, 0, 0), bounds=bounds, integrality=np.ones(len(places)))
        assert solved.success
        found.append(round(sign * solved.fun))
    return found[0], found[1]


def read_words(words: str) -> tuple[int, int]:
    """What a reader of the page knows of a count."""
    if words == NOT_SHOWN:
        return 0, MOST
    if words == "1 to 7":
        return 1, 7
    number = int(words.replace(",", ""))
    return (max(8, number - 2), number + 2) if number else (0, 0)


def test_without_hiding_more_than_the_small_ones_four_counts_of_7_are_found() -> None:
    """What the solver would find if only 1 to 7 were hidden: four parts of a whole of 28 to 32 are 7 each."""
    parts: list[Place] = [("l", name) for name in "abcd"]
    counts = {WHOLE: 28, **dict.fromkeys(parts, 7)}
    careless = {place: ShownCount("1 to 7" if count < 8 else "30", None) for place, count in counts.items()}
    assert solve(careless, [(WHOLE, parts)], parts[0]) == (7, 7)
    assert {count.words for place, count in hide_counts(counts, [(WHOLE, parts)]).items() if place != WHOLE} != {
        "1 to 7"
    }


@pytest.mark.parametrize(("events", "shown"), [((9, 30), ("45", "210")), ((3, 30), (NOT_SHOWN, NOT_SHOWN))])
def test_bed_days_of_a_family_stand_whole_or_not_at_all(events: tuple[int, int], shown: tuple[str, str]) -> None:
    a, b = ("l", "a"), ("l", "b")
    counts = {WHOLE: sum(events), a: events[0], b: events[1]}
    made = hide_sums(counts, {WHOLE: 255, a: 45, b: 210}, [(WHOLE, [a, b])])
    assert (made[WHOLE].words, made[a].words, made[b].words) == ("255", *shown)
