"""Documents: the weekly list of a team as CSV, Excel workbook and printable page, the index over teams, and the papers
of a registered version of a model.

They are written from a `TeamList` of a publication, or from the evidence of a version; nothing here reads data, ranks
or decides. The same input gives the same bytes: no clock, no random part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskstrat.on_demand import load_on_demand

if TYPE_CHECKING:
    from riskstrat.definitions.phrases import long_date
    from riskstrat.documents.blind_pages import write_blind_pages
    from riskstrat.documents.board_page import build_board_page
    from riskstrat.documents.board_records import BoardIndicator, BoardPack, BoardSeries, ControlLimits, ShownRate
    from riskstrat.documents.board_workbook import build_board_workbook
    from riskstrat.documents.changes import change_sentences, move_lines, swap_lines, swap_sentences
    from riskstrat.documents.columns import word_pathways
    from riskstrat.documents.files import write_bytes
    from riskstrat.documents.index import write_index
    from riskstrat.documents.meeting import MINUTES, AgendaCase, build_agenda, describe_about, describe_why
    from riskstrat.documents.named import NOT_HELD, NamedColumn, Names
    from riskstrat.documents.notes import accounting, freshness_line, nobody, purpose, risk_meaning, run_line
    from riskstrat.documents.page import summary, write_page
    from riskstrat.documents.papers import papers_of
    from riskstrat.documents.pdf import PdfPrinter, build_pdf, find_browser, write_pdf
    from riskstrat.documents.people_page import (
        Sheet,
        build_people,
        build_sheet,
        word_page,
        write_clinician_pages,
        write_people,
    )
    from riskstrat.documents.person import (
        FALLS_TITLE,
        FALLS_WORDS,
        NO_SUPPORT,
        STATUS_UNKNOWN,
        PrintedPerson,
        describe_decision,
        people_of,
        status_check,
    )
    from riskstrat.documents.records_workbook import build_records_workbook
    from riskstrat.documents.replay import (
        ReplayGroup,
        ReplayOrderFigures,
        ReplaySummary,
        ReplayTeam,
        describe_window,
        write_replay_page,
    )
    from riskstrat.documents.systems_csv import safe_cell, write_csv
    from riskstrat.documents.words import (
        NOT_LISTED,
        OTHER_COUNTS,
        TOO_FEW,
        format_share,
        joined,
        natural_frequency,
        printable,
        round_count,
        sentence,
        strength,
        suppressed,
    )
    from riskstrat.documents.workbook import build_workbook, write_workbook

__all__ = [
    "FALLS_TITLE",
    "FALLS_WORDS",
    "MINUTES",
    "NOT_HELD",
    "NOT_LISTED",
    "NO_SUPPORT",
    "OTHER_COUNTS",
    "STATUS_UNKNOWN",
    "TOO_FEW",
    "AgendaCase",
    "BoardIndicator",
    "BoardPack",
    "BoardSeries",
    "ControlLimits",
    "NamedColumn",
    "Names",
    "PdfPrinter",
    "PrintedPerson",
    "ReplayGroup",
    "ReplayOrderFigures",
    "ReplaySummary",
    "ReplayTeam",
    "Sheet",
    "ShownRate",
    "accounting",
    "build_agenda",
    "build_board_page",
    "build_board_workbook",
    "build_pdf",
    "build_people",
    "build_records_workbook",
    "build_sheet",
    "build_workbook",
    "change_sentences",
    "describe_about",
    "describe_decision",
    "describe_why",
    "describe_window",
    "find_browser",
    "format_share",
    "freshness_line",
    "joined",
    "long_date",
    "move_lines",
    "natural_frequency",
    "nobody",
    "papers_of",
    "people_of",
    "printable",
    "purpose",
    "risk_meaning",
    "round_count",
    "run_line",
    "safe_cell",
    "sentence",
    "status_check",
    "strength",
    "summary",
    "suppressed",
    "swap_lines",
    "swap_sentences",
    "word_page",
    "word_pathways",
    "write_blind_pages",
    "write_bytes",
    "write_clinician_pages",
    "write_csv",
    "write_index",
    "write_page",
    "write_pdf",
    "write_people",
    "write_replay_page",
    "write_workbook",
]

_HOMES = {
    "definitions.phrases": "long_date",
    "documents.blind_pages": "write_blind_pages",
    "documents.board_page": "build_board_page",
    "documents.board_records": "BoardIndicator BoardPack BoardSeries ControlLimits ShownRate",
    "documents.board_workbook": "build_board_workbook",
    "documents.changes": "change_sentences move_lines swap_lines swap_sentences",
    "documents.columns": "word_pathways",
    "documents.files": "write_bytes",
    "documents.index": "write_index",
    "documents.meeting": "AgendaCase MINUTES build_agenda describe_about describe_why",
    "documents.named": "NOT_HELD NamedColumn Names",
    "documents.notes": "accounting freshness_line nobody purpose risk_meaning run_line",
    "documents.page": "summary write_page",
    "documents.papers": "papers_of",
    "documents.pdf": "PdfPrinter build_pdf find_browser write_pdf",
    "documents.people_page": "Sheet build_people build_sheet word_page write_clinician_pages write_people",
    "documents.person": "FALLS_TITLE FALLS_WORDS NO_SUPPORT PrintedPerson STATUS_UNKNOWN describe_decision people_of "
    "status_check",
    "documents.records_workbook": "build_records_workbook",
    "documents.replay": "ReplayGroup ReplayOrderFigures ReplaySummary ReplayTeam describe_window write_replay_page",
    "documents.systems_csv": "safe_cell write_csv",
    "documents.words": "NOT_LISTED OTHER_COUNTS TOO_FEW format_share joined natural_frequency printable round_count "
    "sentence strength suppressed",
    "documents.workbook": "build_workbook write_workbook",
}
"""By module the names that it gives to the room: who writes one page need not load every writer."""

if not TYPE_CHECKING:
    __getattr__ = load_on_demand(__name__, _HOMES)
