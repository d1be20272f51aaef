"""Markdown and CSV that stay well formed whatever text they are given."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from riskstrat.documents.systems_csv import safe_cell
from riskstrat.documents.words import printable

Rows = Sequence[Sequence[str]]

_MARKUP = re.compile(r"([\\<>|`*])")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
_TOO_MANY_BLANKS = re.compile(r"\n{3,}")


def plain(text: object) -> str:
    """Text on one line in which nothing is read as markup; feature and setting names keep their underscores."""
    return _MARKUP.sub(r"\\\1", " ".join(printable(text).split()))


def code(name: object) -> str:
    """A name from the code or from a file, set off as such."""
    return f"`{printable(name).replace('`', ' ').replace('|', ' ')}`"


def table(headings: Sequence[str], rows: Rows, *, words: int = 1) -> str:
    """A table, the first `words` columns to the left and the others to the right; no rows give an empty text."""
    if not rows:
        return ""
    marks = ["---" if place < words else "---:" for place in range(len(headings))]
    return "\n".join(_format_row(cells) for cells in (headings, marks, *rows))


def _format_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def bullets(texts: Iterable[object]) -> str:
    """A list with one line for each text; empty without any."""
    return "\n".join(f"- {plain(text)}" for text in texts)


def image(alt: str, file: str) -> str:
    """A picture with the words that stand for it."""
    return f"![{alt.replace('[', '(').replace(']', ')')}]({file})"


def tidy(text: str) -> str:
    """The page with no blanks at the ends of lines, at most one empty line in a row, and one newline at its end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return _TOO_MANY_BLANKS.sub("\n\n", lines).strip("\n") + "\n"


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV whose cells no spreadsheet reads as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_escape_cell(printable(cell)) for cell in row] for row in rows)
    return out.getvalue()


def _escape_cell(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else safe_cell(text)
