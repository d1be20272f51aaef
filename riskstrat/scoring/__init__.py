"""The model as it is used: members, calibrator, columns and the definitions it was trained on. Nothing here trains."""

from riskstrat.scoring.calibrator import Beta, Calibrator, Isotonic, Platt, beta_terms
from riskstrat.scoring.linear import Linear, Term
from riskstrat.scoring.model import RiskModel, load
from riskstrat.scoring.openmp import lightgbm
from riskstrat.scoring.ranges import Ranges
from riskstrat.scoring.weights import Weights

__all__ = [
    "Beta",
    "Calibrator",
    "Isotonic",
    "Linear",
    "Platt",
    "Ranges",
    "RiskModel",
    "Term",
    "Weights",
    "beta_terms",
    "lightgbm",
    "load",
]
