"""What a recipe predicts, and of whom: two models of the same can stand for each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from riskstrat.definitions.expressions import structure
from riskstrat.definitions.recipes import Recipe
from riskstrat.storage import compute_digest

_OF_ONE_SITE = {"label": ("delay", "exclude_periods", "intervened"), "cohort": ("recent",)}
"""Settings that say how a site's records are read, and not what happens to whom."""


def describe_prediction(recipe: Recipe, rows: Mapping[str, ir.Table]) -> dict[str, Any]:
    """Plain values: outcome, window and cohort, with the sha256 of each of the rows named. rows: training/outcomes.py.

    Raises KeyError where the recipe names rows that are not there.
    """
    given = recipe.model_dump(mode="json")
    parts = {
        part: {name: value for name, value in given[part].items() if name not in left_out}
        for part, left_out in _OF_ONE_SITE.items()
    }
    names = [recipe.outcome, *([] if recipe.cohort.index == "calendar" else [recipe.cohort.index])]
    return {**parts, "outcome": recipe.outcome, "rows": {name: compute_digest(structure(rows[name])) for name in names}}


def find_difference(one: Mapping[str, object], other: Mapping[str, object]) -> str | None:
    """The first place in which two predictions differ, such as `label.horizon`; None where they are the same."""
    for part in sorted({*one, *other}):
        a, b = one.get(part), other.get(part)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            within = find_difference(a, b)
            if within:
                return f"{part}.{within}"
        elif a != b:
            return part
    return None
