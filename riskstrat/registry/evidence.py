"""What must stand in the evidence of a version for each use of it: an earlier or later riskstrat may have kept less."""

from __future__ import annotations

from types import NoneType

from riskstrat.storage import EACH, Shape

_FIGURE = (float, NoneType)
_TEXT = (str, NoneType)
_JUDGED_MODEL: Shape = {"events": int, "auroc": _FIGURE, "ici": _FIGURE, "ici_of_top_5_percent": _FIGURE}

JUDGED: Shape = {
    "verdict": str,
    "test_dates": [str],
    "left_out": {EACH: str},
    "models": {EACH: _JUDGED_MODEL},
    "intervals": [{"metric": str, "model": str, "versus": _TEXT, "estimate": _FIGURE, "low": _FIGURE, "high": _FIGURE}],
    "at_capacity": {"lift": _FIGURE},
    "subgroups": [{"dimension": str, "group": str}],
    "leakage": {"alarms": [{"sentence": str}], "warnings": [str]},
}
"""For the gates of registry/promotion.toml."""

COMPARED: Shape = {
    "recipe": {"outcome": str, "cohort": dict, "label": dict},
    "test_dates": [str],
    "origins": [{"test_date": str, "made_on": str}],
}
"""For a comparison of two versions."""

TITLED: Shape = {"title": str, "definitions_hash": str}
"""For the head of a page."""

PACKED: Shape = {
    "recipe": dict,
    "models": {
        EACH: {
            "n": int,
            "events": int,
            **dict.fromkeys(("auroc", "calibration_slope", "calibration_intercept", "ici"), _FIGURE),
        }
    },
}
"""For a package for another site."""
