"""The model as it is used: members, calibrator, columns and the definitions it was trained on. Nothing here trains."""

from riskstrat.scoring.bare_booster import count_rows_in_leaves, recount_booster
from riskstrat.scoring.calibrator import Beta, Calibrator, Isotonic, Platt, beta_terms
from riskstrat.scoring.linear import Linear, Term
from riskstrat.scoring.model import RiskModel, load
from riskstrat.scoring.openmp import lightgbm
from riskstrat.scoring.package import FEWEST_PEOPLE, Package, read_package, strip_model
from riskstrat.scoring.ranges import Ranges
from riskstrat.scoring.weights import Weights

__all__ = [
    "FEWEST_PEOPLE",
    "Beta",
    "Calibrator",
    "Isotonic",
    "Linear",
    "Package",
    "Platt",
    "Ranges",
    "RiskModel",
    "Term",
    "Weights",
    "beta_terms",
    "count_rows_in_leaves",
    "lightgbm",
    "load",
    "read_package",
    "recount_booster",
    "strip_model",
]
