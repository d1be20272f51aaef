"""Which pathways the rules of a site suggest for whom."""

from __future__ import annotations

import pandas as pd

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.pathways import features_of, suggested
from riskstrat.site.opening import Site


def pathways_of(opened: Site, matrix: FeatureMatrix) -> pd.Series:
    """One tuple of pathway names per row of a matrix: what the rules of training/pathways.toml suggest."""
    rules = opened.workspace.pathways
    built = [name for name in features_of(rules) if name in matrix.columns]
    return suggested(rules, pd.DataFrame(matrix.select(built), columns=built))
