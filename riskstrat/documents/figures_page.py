"""A page of figures for people who decide: a summary on top, tables, and what the figures do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskstrat.documents.line_picture import LinePicture
from riskstrat.documents.rendering import render_html
from riskstrat.errors import PublicationError

MOST_WORDS = 150
"""Of a summary, so that a member of a board reads it."""


@dataclass(frozen=True)
class FiguresTable:
    """One table: its heading, the sentences above it, the titles of its columns, and rows of as many cells.

    The first cell of a row names it. words: the other cells are words, not numbers.
    """

    heading: str
    says: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: bool = False


@dataclass(frozen=True)
class FiguresPage:
    """What stands on the page, in its order; date: of the newest data that it speaks of, as ISO text, or empty.

    picture: below the summary, where there is one.
    """

    title: str
    about: str
    summary: Sequence[str]
    tables: Sequence[FiguresTable]
    limits: Sequence[str]
    date: str = ""
    picture: LinePicture | None = None

    def __post_init__(self) -> None:
        """Refuse a summary that is too long to be one."""
        words = len(" ".join(self.summary).split())
        if words > MOST_WORDS:
            raise PublicationError(f"a summary of {words} words is too long; say it in at most {MOST_WORDS}")


def render_figures_page(page: FiguresPage) -> bytes:
    """The page as HTML; the same page gives the same bytes."""
    return render_html("figures.html.j2", page=page, date=page.date)
