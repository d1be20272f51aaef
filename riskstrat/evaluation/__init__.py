"""How good a risk is: discrimination, calibration, yield at list capacity, and how sure we are of each.

Pure functions on arrays and tables; nothing here reads a file, a clock or a model.
"""

from riskstrat.evaluation.bootstrap import Draws, bootstrap_by_person, bootstrap_draws, intervals, pooled_draws
from riskstrat.evaluation.calibration import Recalibration, calibration_in_the_large, recalibrate
from riskstrat.evaluation.comparison import baseline_table, verdict
from riskstrat.evaluation.curve import calibration_curve, calibration_errors, integrated_calibration_index
from riskstrat.evaluation.decision import net_benefit
from riskstrat.evaluation.equity import compare_recall
from riskstrat.evaluation.fairness import fairness
from riskstrat.evaluation.freshness import freshness
from riskstrat.evaluation.inputs import EvaluationError, Figure
from riskstrat.evaluation.leakage import leakage, single_features
from riskstrat.evaluation.lists import PooledYield, listed_rows, pooled_yield, yield_by_list
from riskstrat.evaluation.metrics import Evaluation, evaluate
from riskstrat.evaluation.overlap import compared, entering_and_leaving, list_overlap
from riskstrat.evaluation.subgroups import subgroups
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
    "calibration_errors",
    "calibration_in_the_large",
    "compare_recall",
    "compared",
    "entering_and_leaving",
    "evaluate",
    "fairness",
    "freshness",
    "integrated_calibration_index",
    "intervals",
    "leakage",
    "list_overlap",
    "listed_rows",
    "listing_order",
    "net_benefit",
    "pooled_draws",
    "pooled_yield",
    "recalibrate",
    "single_features",
    "subgroups",
    "verdict",
    "wilson_interval",
    "yield_by_list",
    "yields",
]
