"""The lines that `train` prints on tests beside the main one."""

import pytest

from riskstrat.verbs.train import _describe_extra_tests


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
