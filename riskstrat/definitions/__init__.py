"""The vocabulary that features, outcomes and recipes are written in. Frozen declarations; nothing here reads a file."""

from typing import TYPE_CHECKING

from riskstrat.on_demand import load_on_demand

if TYPE_CHECKING:
    from riskstrat.definitions.codelists import Codelist, Entry, codelist
    from riskstrat.definitions.expressions import none_of
    from riskstrat.definitions.features import (
        THEMES,
        Feature,
        active,
        age,
        attribute,
        count,
        days_in,
        days_since,
        derive,
        distinct,
        episodes,
        exists,
        latest,
        slope,
        total,
    )
    from riskstrat.definitions.matrix import FeatureMatrix
    from riskstrat.definitions.named_rows import rows_named
    from riskstrat.definitions.phrases import lower_first

__all__ = [
    "THEMES",
    "Codelist",
    "Entry",
    "Feature",
    "FeatureMatrix",
    "active",
    "age",
    "attribute",
    "codelist",
    "count",
    "days_in",
    "days_since",
    "derive",
    "distinct",
    "episodes",
    "exists",
    "latest",
    "lower_first",
    "none_of",
    "rows_named",
    "slope",
    "total",
]

_HOMES = {
    "definitions.codelists": "Codelist Entry codelist",
    "definitions.expressions": "none_of",
    "definitions.features": "Feature THEMES active age attribute count days_in days_since derive distinct "
    "episodes exists latest slope total",
    "definitions.matrix": "FeatureMatrix",
    "definitions.named_rows": "rows_named",
    "definitions.phrases": "lower_first",
}
"""By module the names that it gives to the room: who reads settings or gates need not load ibis."""

if not TYPE_CHECKING:
    __getattr__ = load_on_demand(__name__, _HOMES)
