"""From matrix and outcomes to a RiskModel: temporal splits, LightGBM, calibration and the plain baselines beside it."""

from riskstrat.training.dates import Dates, Period, Periods, index_dates, periods
from riskstrat.training.fitting import Fitted, fit
from riskstrat.training.slices import slices

__all__ = ["Dates", "Fitted", "Period", "Periods", "fit", "index_dates", "periods", "slices"]
