"""The model as it is used: booster, calibrator, columns and the definitions it was trained on. Nothing here trains."""

from riskstrat.scoring.calibrator import Beta, Calibrator, Isotonic, Platt, beta_terms
from riskstrat.scoring.model import RiskModel, load
from riskstrat.scoring.openmp import lightgbm
from riskstrat.scoring.ranges import Ranges

__all__ = ["Beta", "Calibrator", "Isotonic", "Platt", "Ranges", "RiskModel", "beta_terms", "lightgbm", "load"]
