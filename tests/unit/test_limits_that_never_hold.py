"""Declarations whose numbers contradict each other, so that nothing would ever be counted or said, are refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from riskstrat.definitions.declared import Declared, read
from riskstrat.definitions.indicators import Indicators
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.errors import DefinitionError

REPOSITORY = Path(__file__).parents[2]


def _declare(file: str) -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / file).read_text(encoding="utf-8"))


def _refuse(model: type[Declared], given: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        read(model, given, "here", DefinitionError)


@pytest.mark.parametrize(("missing", "of"), [(4, 4), (52, 4)])
def test_a_watch_that_could_never_alert_is_refused(missing: int, of: int) -> None:
    given = _declare("registry/monitoring.toml")
    given["freshness"] |= {"most_missing_weeks": missing, "weeks_looked_back": of}
    _refuse(MonitoringPlan, given, f"most_missing_weeks {missing} of weeks_looked_back {of} would never alert")


def test_an_indicator_of_nobody_is_refused() -> None:
    given = _declare("training/indicators.toml")
    given["indicator"][0] |= {"min_age": 65, "max_age": 18}
    _refuse(Indicators, given, "min_age 65 is above max_age 18")
