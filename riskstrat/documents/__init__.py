"""Documents: the weekly list of a team as CSV, Excel workbook and printable page, the index over teams, and the papers
of a registered version of a model.

They are written from a `TeamList` of a publication, or from the evidence of a version; nothing here reads data, ranks
or decides. The same input gives the same bytes: no clock, no random part.
"""

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.files import write_bytes
from riskstrat.documents.index import write_index
from riskstrat.documents.named import NamedColumn, Names
from riskstrat.documents.page import write_page
from riskstrat.documents.papers import papers_of
from riskstrat.documents.pdf import build_pdf, find_browser, write_pdf
from riskstrat.documents.people_page import build_people, write_people
from riskstrat.documents.replay import (
    ReplayGroup,
    ReplayOrderFigures,
    ReplaySummary,
    ReplayTeam,
    describe_window,
    write_replay_page,
)
from riskstrat.documents.systems_csv import write_csv
from riskstrat.documents.words import OTHER_COUNTS, joined, natural_frequency, strength
from riskstrat.documents.workbook import build_workbook, write_workbook

__all__ = [
    "OTHER_COUNTS",
    "NamedColumn",
    "Names",
    "ReplayGroup",
    "ReplayOrderFigures",
    "ReplaySummary",
    "ReplayTeam",
    "build_pdf",
    "build_people",
    "build_workbook",
    "describe_window",
    "find_browser",
    "joined",
    "long_date",
    "natural_frequency",
    "papers_of",
    "strength",
    "write_bytes",
    "write_csv",
    "write_index",
    "write_page",
    "write_pdf",
    "write_people",
    "write_replay_page",
    "write_workbook",
]
