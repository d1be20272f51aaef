"""Net benefit, worked out by hand."""

import pandas as pd
import pytest

from riskstrat.evaluation import EvaluationError, net_benefit

OUTCOME = [1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
RISK = [0.6, 0.5, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]


def test_ten_people_at_two_thresholds_have_the_net_benefit_worked_out_by_hand():
    found = net_benefit(OUTCOME, {"model": RISK, "flat": [0.2] * 10}, thresholds=(0.2, 0.5))
    # At 0.2 the odds are 1/4: the model acts on 4 people, 2 in vain; everybody is 10 people, 8 in vain.
    # At 0.5 the odds are 1: the model acts on 2 people, 1 in vain.
    expected = pd.DataFrame(
        [
            (0.2, "model", 0.15),
            (0.2, "flat", 0.0),
            (0.2, "everybody", 0.0),
            (0.5, "model", 0.0),
            (0.5, "flat", 0.0),
            (0.5, "everybody", -0.6),
        ],
        columns=["threshold", "model", "net_benefit"],
    )
    pd.testing.assert_frame_equal(found, expected)


def test_by_default_the_thresholds_run_from_5_to_50_in_100():
    found = net_benefit(OUTCOME, {"model": RISK})
    assert found.threshold.unique().tolist() == [percent / 100 for percent in range(5, 51)]
    at_prevalence = found[(found.threshold == 0.2) & (found.model == "everybody")]
    assert at_prevalence.net_benefit.tolist() == [0.0]


def test_what_has_no_net_benefit_is_refused():
    with pytest.raises(EvaluationError, match="nobody to evaluate"):
        net_benefit([], {"model": []})
    with pytest.raises(EvaluationError, match="between 0 and 1"):
        net_benefit(OUTCOME, {"model": RISK}, thresholds=(0.2, 1.0))
    with pytest.raises(EvaluationError, match="outcome 10, model 1"):
        net_benefit(OUTCOME, {"model": [0.2]})
