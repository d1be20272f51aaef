"""The lines that `train` prints on tests beside the main one."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from riskstrat.verbs.train import _describe_extra_tests, _describe_providers


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.01, 0.02, "(+0.0043, -0.0100 to +0.0200)"),
        (None, None, "(+0.0043; too few events for an interval)"),
        (-0.01, None, "(+0.0043; too few events for an interval)"),
    ],
)
def test_a_difference_stands_with_its_interval_or_says_that_there_is_none(
    low: float | None, high: float | None, said: str
) -> None:
    apart = {"auroc_new": 0.7, "auroc_known": 0.6957, "difference": 0.0043, "low": low, "high": high}
    (line,) = _describe_extra_tests({"person_disjoint": apart, "freshness": []})
    assert line == f"people never trained on: AUROC 0.7000 against 0.6957 had they been {said}"


def describe(*months: tuple[str, str, int]) -> tuple[str, ...]:
    store = SimpleNamespace(comparable_dates=True, records_from=date(2020, 1, 1))
    return _describe_providers(pd.DataFrame(months, columns=["provider", "month", "events"]), store)  # type: ignore[arg-type]


def test_months_in_which_a_provider_recorded_nothing_are_months_of_none() -> None:
    stopped = (("R", "2020-01", 4), ("R", "2020-02", 6), ("S", "2020-03", 9), ("S", "2020-05", 9), ("S", "2020-06", 1))
    assert describe(*stopped) == (
        "provider S: on average 4 outcome events a month, from 0 in 2020-02 to 9 in 2020-03",
        "provider R: on average 2 outcome events a month, from 0 in 2020-03 to 6 in 2020-02",
    )
    # A row of long before the records begin adds no months.
    assert describe(("S", "1990-01", 1), *stopped) == describe(*stopped)
    assert describe() == describe(*stopped[:2]) == ()
