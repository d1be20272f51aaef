"""The model as it is used: booster, calibrator, columns and the definitions it was trained on. Nothing here trains."""

from riskstrat.scoring.calibrator import Calibrator
from riskstrat.scoring.model import RiskModel, load
from riskstrat.scoring.openmp import lightgbm

__all__ = ["Calibrator", "RiskModel", "lightgbm", "load"]
