"""The single facts that raised a person's estimate, and whether a team could change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.features import Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.explanation.reasons import refuse_misfits
from riskstrat.explanation.sentences import render

SMALLEST_SAID = 0.01
"""Log odds below which a fact is not said to have raised the estimate."""


class Raising(NamedTuple):
    """Sentences of facts that raised one estimate, the strongest first: those a team could change, and the others."""

    changeable: tuple[str, ...]
    fixed: tuple[str, ...]


def raising_facts(
    contrib: npt.NDArray[np.float64],
    matrix: FeatureMatrix,
    features: Mapping[str, Feature],
    evidence: npt.NDArray[np.datetime64],
    age: npt.NDArray[np.float64],
    top: int,
) -> tuple[Raising, ...]:
    """One `Raising` per row of the matrix, each side with up to `top` sentences, one of each family of lookbacks.

    Sensitive features and those of a place rather than a person are never said. contrib, matrix, features and evidence
    are as `theme_reasons` takes them; age in completed years, NaN where unknown. Raises ModelError as it does.
    """
    refuse_misfits(contrib, matrix, features, evidence)
    said = [features[name] for name in matrix.columns]
    families = [name.removesuffix(features[name].suffix) for name in matrix.columns]
    allowed = np.array([not (one.wording.sensitive or one.wording.context) for one in said], dtype=bool)
    pull = np.where(allowed, contrib[:, :-1], 0.0)
    return tuple(
        _explain_one_row(pull[row], said, families, matrix.values[row], evidence[row], float(age[row]), top)
        for row in range(len(matrix))
    )


def _explain_one_row(
    pull: npt.NDArray[np.float64],
    features: list[Feature],
    families: list[str],
    values: npt.NDArray[Any],
    dates: npt.NDArray[np.datetime64],
    age: float,
    top: int,
) -> Raising:
    sides: dict[bool, dict[str, str]] = {True: {}, False: {}}
    for place in np.argsort(-pull, kind="stable"):
        if pull[place] < SMALLEST_SAID:
            break
        side = sides[features[place].wording.changeable]
        if len(side) >= top or families[place] in side:
            continue
        sentence = render(features[place], float(values[place]), dates[place], age)
        if sentence and sentence not in side.values():
            side[families[place]] = sentence
    return Raising(tuple(sides[True].values()), tuple(sides[False].values()))
