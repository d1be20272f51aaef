"""From matrix and outcomes to a RiskModel: rolling origins, LightGBM, calibration and the plain baselines beside it."""

from riskstrat.training.baselines import DeclaredRivals
from riskstrat.training.dates import Origin, Period, earlier, every_date, origins, spare_calibration_dates
from riskstrat.training.few_people import count_few_people
from riskstrat.training.fitting import Fitted, fit
from riskstrat.training.rows import rows_at
from riskstrat.training.slices import slices_by_person, slices_by_time, within, without_the_tested
from riskstrat.training.transferring import fit_transferred
from riskstrat.training.tuning import Tuned, tune

__all__ = [
    "DeclaredRivals",
    "Fitted",
    "Origin",
    "Period",
    "Tuned",
    "count_few_people",
    "earlier",
    "every_date",
    "fit",
    "fit_transferred",
    "origins",
    "rows_at",
    "slices_by_person",
    "slices_by_time",
    "spare_calibration_dates",
    "tune",
    "within",
    "without_the_tested",
]
