"""Documents: the weekly list of a team as CSV, Excel workbook and printable page, the index over teams, and the papers
of a registered version of a model.

The pipeline builds a `TeamList`, or the evidence of a version, and hands it over; nothing here reads data, ranks or
decides. The same input gives the same bytes: no clock, no random part.
"""

from riskstrat.documents.content import CountColumn, TeamCounts, TeamList, ThemeReason
from riskstrat.documents.files import file_stem
from riskstrat.documents.page import write_index, write_page
from riskstrat.documents.papers import papers_of
from riskstrat.documents.systems_csv import write_csv
from riskstrat.documents.words import long_date, natural_frequency
from riskstrat.documents.workbook import write_workbook

__all__ = [
    "CountColumn",
    "TeamCounts",
    "TeamList",
    "ThemeReason",
    "file_stem",
    "long_date",
    "natural_frequency",
    "papers_of",
    "write_csv",
    "write_index",
    "write_page",
    "write_workbook",
]
