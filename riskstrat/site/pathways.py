"""Which pathways the rules of a site suggest for whom."""

from __future__ import annotations

import pandas as pd

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.pathways import features_of, suggested
from riskstrat.site.opening import Site
from riskstrat.site.residents import assume_homes


def pathways_of(opened: Site, matrix: FeatureMatrix) -> pd.Series:
    """One tuple of pathway names per row of a matrix: what the rules of training/pathways.toml suggest.

    To somebody who may live in a care home, only what would be suggested either way.
    """
    rules = opened.workspace.pathways
    built = [name for name in features_of(rules) if name in matrix.columns]
    assumed = assume_homes(opened, matrix, built)
    found = suggested(rules, pd.DataFrame(matrix.select(built), columns=built))
    if assumed is matrix:
        return found
    there = suggested(rules, pd.DataFrame(assumed.select(built), columns=built))
    both = [tuple(name for name in one if name in two) for one, two in zip(found, there, strict=True)]
    return pd.Series(both, index=found.index, dtype=object)
