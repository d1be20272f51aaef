"""What a model rests on as a whole: how much each theme and feature moves estimates, and which way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.features import THEMES, Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.errors import ModelError
from riskstrat.explanation.contributions import contributions
from riskstrat.explanation.reasons import OTHER, choose_theme
from riskstrat.scoring import RiskModel

MOST_ROWS = 2000
FEATURES_SHOWN = 15
DEPENDENCES = 5
BINS = 8
FEWEST_PEOPLE = 8
"""People below whom a bin of values is left out: counts of 1 to 7 do not leave."""

Floats = npt.NDArray[np.float64]


def chosen_rows(keys: pd.DataFrame, most: int = MOST_ROWS) -> npt.NDArray[np.int64]:
    """Places of at most `most` rows, in their order: those whose patient_id and index date have the lowest hashes.

    The same people and dates give the same rows, whatever their order.
    """
    texts = keys["patient_id"].astype(str) + " " + keys["index_date"].astype(str)
    hashes = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
    return np.sort(np.array(sorted(range(len(hashes)), key=hashes.__getitem__)[:most], dtype=np.int64))


def overall(model: RiskModel, matrix: FeatureMatrix, features: Mapping[str, Feature]) -> dict[str, Any]:
    """Plain values: `rows`, `themes`, `features` and `dependence`, over the rows of the matrix.

    themes: mean absolute contribution of the theme's sum, largest first. features: the same for the strongest features
    with their theme. dependence: for each of the strongest few, the median contribution by bin of its values, with the
    people in it; bins of fewer than 8 people are left out. Contributions are log odds of the margin; everything
    sensitive stands together under "other". Raises ModelError if a column of the model has no feature.
    """
    narrow = model.narrow(matrix)
    if unknown := [name for name in narrow.columns if name not in features]:
        raise ModelError(f"no definition of {unknown[0]} was given, so it cannot be explained; restore it")
    contrib = contributions(model, matrix)[:, :-1]
    theme_of = [choose_theme(features[name]) for name in narrow.columns]
    by_feature = _rank_features(contrib, narrow.columns, theme_of)
    strongest = [row["feature"] for row in by_feature if row["theme"] != OTHER][:DEPENDENCES]
    people = narrow.keys["patient_id"].to_numpy()
    return {
        "rows": len(narrow),
        "themes": _rank_themes(contrib, theme_of),
        "features": by_feature[:FEATURES_SHOWN],
        "dependence": [_describe_dependence(name, narrow, contrib, people, features[name]) for name in strongest],
    }


def _rank_themes(contrib: Floats, theme_of: list[str]) -> list[dict[str, Any]]:
    found = [
        {"theme": theme, "mean_absolute": _mean_absolute(contrib[:, [each == theme for each in theme_of]])}
        for theme in (*THEMES, OTHER)
        if theme in theme_of
    ]
    return sorted(found, key=lambda row: (-row["mean_absolute"], row["theme"]))


def _rank_features(contrib: Floats, columns: tuple[str, ...], theme_of: list[str]) -> list[dict[str, Any]]:
    """Every feature by itself, largest first; the sensitive ones together as one."""
    found = [
        {"feature": name, "theme": theme, "mean_absolute": _mean_absolute(contrib[:, [place]])}
        for place, (name, theme) in enumerate(zip(columns, theme_of, strict=True))
        if theme != OTHER
    ]
    hidden = [each == OTHER for each in theme_of]
    if any(hidden):
        found.append({"feature": OTHER, "theme": OTHER, "mean_absolute": _mean_absolute(contrib[:, hidden])})
    return sorted(found, key=lambda row: (-row["mean_absolute"], row["feature"]))


def _mean_absolute(contrib: Floats) -> float:
    """Mean over the rows of the absolute sum of these columns."""
    return float(np.abs(contrib.sum(axis=1)).mean()) if len(contrib) else 0.0


def _describe_dependence(
    name: str, matrix: FeatureMatrix, contrib: Floats, people: npt.NDArray[Any], feature: Feature
) -> dict[str, Any]:
    values = matrix.select([name])[:, 0].astype(float)
    moved = contrib[:, matrix.columns.index(name)]
    bins = _assign_bins(values)
    points = []
    for number in np.unique(bins):
        inside = bins == number
        distinct = len(set(people[inside]))
        if distinct < FEWEST_PEOPLE:
            continue
        value = None if number < 0 else float(np.median(values[inside]))
        points.append({"value": value, "contribution": float(np.median(moved[inside])), "people": distinct})
    return {"feature": name, "unit": feature.wording.unit, "points": points}


def _assign_bins(values: Floats) -> npt.NDArray[np.int64]:
    """The number of each value's bin, ascending, -1 where unknown: a bin for each value where few differ, else equal
    parts of the rows."""
    there = ~np.isnan(values)
    bins = np.full(len(values), -1, np.int64)
    different = np.unique(values[there])
    if len(different) > BINS:
        edges = np.unique(np.quantile(values[there], np.linspace(0, 1, BINS + 1)[1:-1], method="higher"))
        bins[there] = np.searchsorted(edges, values[there], side="right")
    else:
        bins[there] = np.searchsorted(different, values[there])
    return bins
