"""The one outcome of this workspace: an unplanned stay."""

from riskstrat.definitions import codelist
from riskstrat.sources.tables import admissions

stay = admissions.filter(admissions.method.isin(list(codelist("admission_methods").only("emergency").codes)))
