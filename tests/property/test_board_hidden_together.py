"""Counts of several indicators of one month that add up: whoever subtracts one from another finds none of 1 to 7."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.indicators import Indicator
from riskstrat.indicators.hiding import WHOLE, Families, Place, hide_counts
from riskstrat.indicators.layers import list_sums, name_denominator, name_numerator
from riskstrat.indicators.showing import MonthCounts, show_month
from riskstrat.indicators.together import LayerSum, hide_together
from tests.suite.board_reader import DENOMINATORS, NUMERATORS, Reader
from tests.suite.properties import property_settings

MONTH = "March 2025"
Grid = np.ndarray[Any, np.dtype[np.int64]]


def make_indicator(name: str, measure: str, **facts: Any) -> Indicator:
    plain = {"rows": "emergency", "codelist": "", "primary_groups": (), "other_groups": (), "min_age": 0}
    return Indicator.model_construct(**(plain | {"name": name, "measure": measure, "max_age": 120} | facts))


INDICATORS = (
    make_indicator("K01", "stays", codelist="acute"),
    make_indicator("K03", "care_home_moves", min_age=65),
    make_indicator("K06", "helped_at_home", min_age=18, max_age=64),
    make_indicator("K08", "register"),
    make_indicator("K09", "stays"),
    make_indicator("K10", "stays", codelist="chronic"),
    make_indicator("K13", "usual_place"),
)


def make_month(seed: int) -> tuple[dict[str, MonthCounts], Families]:
    """Practices of up to three localities by fifth, with people, stays and discharges of any size."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 4, draw.integers(1, 4))
    practices = [(number, each) for number, size in enumerate(sizes) for each in range(size)]
    families: list[tuple[Place, list[Place]]] = [(WHOLE, [("l", str(number)) for number in range(len(sizes))])]
    families += [
        (("l", str(number)), [("p", f"{number}-{each}") for each in range(size)]) for number, size in enumerate(sizes)
    ]
    families.append((WHOLE, [("f", str(number)) for number in range(3)]))

    def fill(mean: float) -> Grid:
        return np.asarray(draw.poisson(mean * draw.choice([0.2, 1, 4], (len(practices), 3))), np.int64)

    def count(grid: Grid) -> dict[Place, int]:
        found: dict[Place, int] = {WHOLE: int(grid.sum())}
        for row, (number, each) in enumerate(practices):
            found["p", f"{number}-{each}"] = int(grid[row].sum())
            found["l", str(number)] = found.get(("l", str(number)), 0) + int(grid[row].sum())
        return found | {("f", str(number)): int(grid[:, number].sum()) for number in range(3)}

    scale = float(draw.choice([0.5, 2, 6]))
    children, adults, older = fill(scale), fill(4 * scale), fill(scale)
    acute, chronic, others = fill(scale / 2), fill(scale / 2), fill(scale)
    home, elsewhere = fill(3 * scale), fill(scale / 4)
    everybody = children + adults + older
    pairs = {
        "K01": (acute, everybody),
        "K03": (draw.binomial(older, 0.1), older),
        "K06": (draw.binomial(adults, 0.3), adults),
        "K08": (draw.binomial(everybody, 0.2), everybody),
        "K09": (acute + chronic + others, everybody),
        "K10": (chronic, everybody),
        "K13": (home, home + elsewhere),
    }
    return {name: MonthCounts(count(part), count(whole), None) for name, (part, whole) in pairs.items()}, families


def read_month(shown: dict[str, tuple[dict[Place, Any], dict[Place, Any]]], families: Families) -> Reader:
    """What a reader knows of a month in which so much is shown."""
    reader = Reader()
    for name, parts in shown.items():
        for what, counts in zip((NUMERATORS[name], DENOMINATORS[name]), parts, strict=True):
            for place, count in counts.items():
                reader.read((what, "-".join(place), MONTH), count.words)
    reader.learn_definitions(sorted({place for _, place, _ in reader.ends}), MONTH)
    for what in sorted({each for each, _, _ in reader.ends}):
        for whole, parts in families:
            reader.add_sum((what, "-".join(whole), MONTH), [(what, "-".join(part), MONTH) for part in parts])
    return reader


@property_settings(4)
@given(st.integers(0, 10**6))
def test_no_count_is_known_to_within_one_by_holding_indicators_together(seed: int) -> None:
    counted, families = make_month(seed)
    shown = show_month(INDICATORS, counted, families)
    assert list(read_month(shown, families).list_guessed()) == []


@property_settings(10)
@given(st.integers(0, 10**6))
def test_no_more_is_shown_than_where_each_is_hidden_by_itself_and_nothing_else_is_changed(seed: int) -> None:
    counted, families = make_month(seed)
    for name, parts in show_month(INDICATORS, counted, families).items():
        for counts, shown in zip((counted[name].numerator, counted[name].denominator), parts, strict=True):
            alone = hide_counts(counts, families)
            assert all(shown[place] == alone[place] or shown[place].number is None for place in counts)


def test_one_of_18_not_discharged_home_in_each_of_four_places_is_found_unless_held_together() -> None:
    """Each place has one at least (18 to 22 less 13 to 17), and all have four at most (68 to 72 less 68 to 72)."""
    parts: list[Place] = [("l", name) for name in "abcd"]
    counts = {name: {WHOLE: 4 * each, **dict.fromkeys(parts, each)} for name, each in (("all", 18), ("home", 17))}
    families: Families = [(WHOLE, parts)]
    elsewhere = LayerSum("all", ("home",), has_rest=True)

    def find(sums: list[LayerSum]) -> list[tuple[str, int, int]]:
        reader = Reader()
        for name, shown in hide_together(counts, sums, families).items():
            for place, count in shown.items():
                reader.read((str(name), "-".join(place), MONTH), count.words)
        for place in (WHOLE, *parts):
            where = "-".join(place)
            reader.add_sum(("all", where, MONTH), [("home", where, MONTH), ("elsewhere", where, MONTH)])
        for what in ("all", "home", "elsewhere"):
            reader.add_sum((what, "-".join(WHOLE), MONTH), [(what, "-".join(part), MONTH) for part in parts])
        return [(place, least, most) for (what, place, _), least, most in reader.list_guessed() if what == "elsewhere"]

    assert find([])[1:] == [(f"l-{name}", 1, 1) for name in "abcd"]
    assert find([elsewhere]) == []


def test_parts_that_are_more_than_their_whole_are_no_sum() -> None:
    counts = {"all": {WHOLE: 12}, "a": {WHOLE: 10}, "b": {WHOLE: 4}}
    assert hide_together(counts, [LayerSum("all", ("a", "b"), has_rest=True)], []) == hide_together(counts, [], [])


def test_sums_follow_from_what_indicators_count() -> None:
    sums = list_sums((*INDICATORS, make_indicator("K05", "stays", codelist="falls", min_age=65)))
    by_name = {one.name: one for one in INDICATORS}
    everybody, older, adults = (name_denominator(by_name[name]) for name in ("K09", "K03", "K06"))
    stays = name_numerator(by_name["K09"])
    assert LayerSum(everybody, (adults, older), has_rest=True) in sums
    assert LayerSum(name_denominator(by_name["K13"]), (name_numerator(by_name["K13"]),), has_rest=True) in sums
    kinds = (
        name_numerator(by_name["K01"]),
        name_numerator(by_name["K10"]),
        ("stays", "emergency", ("falls", (), ()), (65, 120)),
    )
    assert [one.parts for one in sums if one.whole == stays] == [*((kind,) for kind in kinds), kinds]
    adult = make_indicator("K99", "register", min_age=18)
    assert LayerSum(("people", (18, 120)), (adults, older), has_rest=False) in list_sums((*INDICATORS, adult))


@pytest.mark.exhaustive
@property_settings(20)
@given(st.integers(0, 10**6))
def test_the_same_of_many_months(seed: int) -> None:
    counted, families = make_month(seed)
    assert list(read_month(show_month(INDICATORS, counted, families), families).list_guessed()) == []
