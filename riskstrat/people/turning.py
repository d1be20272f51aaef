"""Which way more rows could move what a feature says: up, down, or either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.features import AGE, Feature

UP, DOWN, EITHER = 1, -1, 0

YES_OR_NO = frozenset({"exists", "active"})
"""Verbs of whether there is a row."""

ADDING = YES_OR_NO | {"count", "total", "distinct", "weighted", "episodes", "days_in"}
"""Verbs whose value no further row can lower."""

LATEST = frozenset({"days_since", "latest"})
"""Verbs whose value a later row replaces."""

WITHOUT_ROWS = frozenset({"attribute", AGE})
"""Verbs that no row moves."""

TRIES = 200
"""People made up for each input of a formula, by which it is seen which way it moves."""

Numbers = npt.NDArray[np.float64]


def find_direction(feature: Feature | None, declared: Mapping[str, Feature]) -> int:
    """`UP`, `DOWN` or `EITHER`; declared: the features by name, as inputs name them.

    A formula moves up where, for made-up people, no further row behind any of its inputs lowers what it gives, and some
    row raises it: of one that none of them moves it cannot be told.
    """
    if feature is None or feature.first:
        return EITHER
    if feature.verb == "derive":
        return _try_formula(feature, declared)
    if feature.verb in ADDING | WITHOUT_ROWS:
        return UP
    return DOWN if feature.verb == "days_since" else EITHER


def rests_on_latest(feature: Feature, declared: Mapping[str, Feature]) -> bool:
    """Whether rows move a feature only where they are later than those that it was made from."""
    if feature.verb == "derive":
        return all(rests_on_latest(each, declared) for each in _find_inputs(feature, declared).values())
    return feature.verb in LATEST | WITHOUT_ROWS and not feature.first


def _find_inputs(feature: Feature, declared: Mapping[str, Feature]) -> dict[str, Feature]:
    return {name: declared[one] if isinstance(one, str) else one for name, one in feature.inputs.items()}


def _try_formula(feature: Feature, declared: Mapping[str, Feature]) -> int:
    assert feature.formula is not None
    inputs, rng = _find_inputs(feature, declared), np.random.default_rng(16)
    columns = {name: _draw_values(one, rng) for name, one in inputs.items()}
    if any(find_direction(one, declared) == EITHER for one in inputs.values()):
        return EITHER
    moved = list(_move_each(inputs, columns, declared, rng))
    try:
        with np.errstate(all="ignore"):
            before = np.asarray(feature.formula(dict(columns)), float)
            after = [np.asarray(feature.formula({**columns, name: values}), float) for name, values in moved]
    except (LookupError, ValueError, ArithmeticError):
        return EITHER  # such as one that looks values up, and has no line for some of these
    known = ~np.isnan(before)
    if after and all((each == before)[known].all() for each in after):
        return EITHER
    if all((each >= before)[known].all() for each in after):
        return UP
    return DOWN if all((each <= before)[known].all() for each in after) else EITHER


def _move_each(
    inputs: Mapping[str, Feature],
    columns: Mapping[str, Numbers],
    declared: Mapping[str, Feature],
    rng: np.random.Generator,
) -> Iterator[tuple[str, Numbers]]:
    """Of each input that rows move its values with more rows behind them."""
    for name, one in inputs.items():
        way, values = find_direction(one, declared), columns[name]
        if one.verb in WITHOUT_ROWS:
            continue
        if one.verb in YES_OR_NO:
            yield name, np.ones_like(values)
        elif way == UP:
            yield name, values + 1 + _draw_sizes(rng, few=3, many=400)
        else:
            earlier = np.where(np.isnan(values), 730, values)
            yield name, np.floor(earlier * rng.random(len(values)))


def _draw_values(feature: Feature, rng: np.random.Generator) -> Numbers:
    """Values that people could have: those of days and of an age among many, others mostly small."""
    if feature.verb in YES_OR_NO:
        return rng.integers(0, 2, TRIES).astype(float)
    if feature.verb in ("days_since", AGE):
        drawn = rng.integers(1, 730 if feature.verb == "days_since" else 100, TRIES).astype(float)
        return np.where(rng.random(TRIES) < 0.3, np.nan, drawn) if feature.verb == "days_since" else drawn
    if feature.verb == "attribute":
        return rng.integers(0, 6, TRIES).astype(float)
    return _draw_sizes(rng, few=6, many=800)


def _draw_sizes(rng: np.random.Generator, few: int, many: int) -> Numbers:
    """Whole numbers from 0, by halves below `few` and below `many`: a threshold may lie at 3 falls or at 30 nights."""
    return np.where(rng.random(TRIES) < 0.5, rng.integers(0, few, TRIES), rng.integers(0, many, TRIES)).astype(float)
