"""The shipped riskstrat.toml shows the defaults that hold without it."""

from __future__ import annotations

from pathlib import Path

from riskstrat.definitions.settings import REST_WEEKS_AFTER, Settings
from riskstrat.workspace import load

ROOT = Path(__file__).resolve().parents[2]


def test_the_settings_that_are_shipped_are_the_defaults_they_show() -> None:
    shipped, default = load(ROOT).settings, Settings()
    assert shipped.lists.bands == default.lists.bands
    assert shipped.reviews == default.reviews
    assert shipped.casefinding.rest_weeks_after == REST_WEEKS_AFTER
    assert set(shipped.casefinding.case_weights.values()) == {1.0}
    written = {"rest_weeks_after": {}, "case_weights": {}}
    assert shipped.casefinding.model_copy(update=written) == default.casefinding
