"""What equity is looked at by, and the limits that a site sets for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from riskstrat.definitions.codelists import near

DIMENSIONS: Mapping[str, str] = {
    "imd_quintile": "Deprivation of the area",
    "age_band": "Age",
    "sex": "Sex",
    "ethnicity": "Ethnic group",
}
"""What equity is looked at by, and how it is said; the names are those of the cohort's groups."""


def _check_around_one(ends: tuple[float, float]) -> tuple[float, float]:
    if not 0 < ends[0] <= 1 <= ends[1]:
        raise ValueError(f"{list(ends)} is no range around 1; give two numbers above 0, the first at most 1")
    return ends


AroundOne = Annotated[tuple[float, float], AfterValidator(_check_around_one)]


def _check_dimensions(given: dict[str, AroundOne]) -> dict[str, AroundOne]:
    for name in given:
        if name not in DIMENSIONS:
            raise ValueError(f'"{name}" is none of {", ".join(DIMENSIONS)}{near(name, tuple(DIMENSIONS))}')
    return given


AroundOneByDimension = Annotated[dict[str, AroundOne], AfterValidator(_check_dimensions)]
