"""The models of a version by the day on which each was made."""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat.errors import ModelError
from riskstrat.scoring import RiskModel


def newest(models: Mapping[str, RiskModel], made_on: str) -> RiskModel:
    """Of a version's models by origin, the newest made by that day. Raises ModelError if none is so old."""
    known = [name for name in models if name <= made_on]
    if not known:
        raise ModelError(f"it has no model made by {made_on}, so nothing fair can be said; train it again")
    return models[max(known)]
