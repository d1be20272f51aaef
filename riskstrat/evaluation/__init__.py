"""How good a risk is: discrimination, calibration, yield at list capacity, and how sure we are of each.

Pure functions on arrays and tables; nothing here reads a file, a clock or a model.
"""

from riskstrat.evaluation.bootstrap import Draws, bootstrap_by_person, bootstrap_draws, intervals, pooled_draws
from riskstrat.evaluation.calibration import (
    Recalibration,
    calibration_curve,
    calibration_in_the_large,
    integrated_calibration_index,
    recalibrate,
)
from riskstrat.evaluation.comparison import baseline_table, verdict
from riskstrat.evaluation.inputs import EvaluationError, Figure
from riskstrat.evaluation.lists import PooledYield, pooled_yield, yield_by_list
from riskstrat.evaluation.metrics import Evaluation, evaluate
from riskstrat.evaluation.yields import Yield, listing_order, wilson_interval, yields

__all__ = [
    "Draws",
    "Evaluation",
    "EvaluationError",
    "Figure",
    "PooledYield",
    "Recalibration",
    "Yield",
    "baseline_table",
    "bootstrap_by_person",
    "bootstrap_draws",
    "calibration_curve",
    "calibration_in_the_large",
    "evaluate",
    "integrated_calibration_index",
    "intervals",
    "listing_order",
    "pooled_draws",
    "pooled_yield",
    "recalibrate",
    "verdict",
    "wilson_interval",
    "yield_by_list",
    "yields",
]
