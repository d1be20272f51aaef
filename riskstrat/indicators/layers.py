"""Which counts the indicators of a pack are made of, and which of them add up: known from how each is defined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskstrat.definitions.indicators import Indicator
from riskstrat.indicators.together import Layer, LayerSum

Ages = tuple[int, int]

OF_PEOPLE = ("stays", "bed_days", "register", "care_home_moves", "helped_at_home", "inequality_ratio")
"""Measures whose denominator is everybody of some ages."""

PART_OF_WHOLE = ("readmissions", "usual_place", "register", "care_home_moves", "helped_at_home")
"""Measures whose numerator counts some of the same people or events as the denominator."""

STAYS = ("stays", "inequality_ratio")


def name_numerator(indicator: Indicator) -> Layer:
    """The layer of a numerator: the same for two indicators that count the same."""
    if indicator.measure in STAYS:
        coded = (indicator.codelist, indicator.primary_groups, indicator.other_groups)
        return ("stays", indicator.rows, coded, _list_ages(indicator))
    return ("numerator", indicator.name)


def name_denominator(indicator: Indicator) -> Layer:
    """The layer of a denominator."""
    return ("people", _list_ages(indicator)) if indicator.measure in OF_PEOPLE else ("denominator", indicator.name)


def list_sums(indicators: Sequence[Indicator]) -> list[LayerSum]:
    """Every sum of layers that follows from the definitions of these indicators."""
    within = [
        LayerSum(name_denominator(one), (name_numerator(one),), True)
        for one in indicators
        if one.measure in PART_OF_WHOLE
    ]
    ages = sorted({_list_ages(one) for one in indicators if one.measure in OF_PEOPLE})
    return [*within, *(found for each in ages for found in _split_ages(each, ages)), *_nest_stays(indicators)]


def _split_ages(whole: Ages, ages: Sequence[Ages]) -> Iterator[LayerSum]:
    """People of some ages as those of ages within them that do not overlap, and each other one by itself."""
    inside = [each for each in ages if each != whole and whole[0] <= each[0] and each[1] <= whole[1]]
    chosen: list[Ages] = []
    for each in sorted(inside, key=lambda one: one[1]):
        if not chosen or each[0] > chosen[-1][1]:
            chosen.append(each)
    groups = [chosen, *([each] for each in inside if each not in chosen)]
    for group in filter(None, groups):
        years = sum(last - first + 1 for first, last in group)
        rest = years < whole[1] - whole[0] + 1
        yield LayerSum(("people", whole), tuple(("people", each) for each in group), rest)


def _nest_stays(indicators: Sequence[Indicator]) -> Iterator[LayerSum]:
    """Stays that are some of the stays of another indicator, of fewer ages or with one kind of diagnosis: each kind by
    itself, and all together, which holds where a stay is of one kind alone."""
    stays = {name_numerator(one): one for one in indicators if one.measure in STAYS}
    for outer, whole in stays.items():
        inside = []
        for inner, part in stays.items():
            coded = not whole.codelist or (whole.codelist, whole.primary_groups, whole.other_groups) == (
                part.codelist,
                part.primary_groups,
                part.other_groups,
            )
            aged = whole.min_age <= part.min_age and part.max_age <= whole.max_age
            if inner != outer and part.rows == whole.rows and coded and aged:
                inside.append(inner)
        yield from (LayerSum(outer, (inner,), True) for inner in inside)
        if len(inside) > 1:
            yield LayerSum(outer, tuple(inside), True)


def _list_ages(indicator: Indicator) -> Ages:
    return indicator.min_age, indicator.max_age
