"""A file that came back damaged, or was never a list, is read or refused in one line: never a traceback."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from riskstrat.casefinding import reference
from riskstrat.errors import RiskstratError
from riskstrat.reviews import TITLES, Edition, Filled, Terms, judge, parse_workbook, read_filled, read_sheet
from tests.suite.properties import pure_settings

ONE = reference("NHU", 1)
EDITION = Edition("NHU", "North Huyton", date(2026, 11, 16), {ONE: "P1"})
PIECES = (
    *('"', ",", "\n", "\r", "\x00", "\ufeff", "=1+1", "\u200d", "1e999", "-1", "NaN", "99999999999999999999"),
    *('r="A1048577"', 't="e"', 't="d"', 't="s"', "<f>", "</c>", "<v>", "&amp;", "&x;", '<mergeCell ref="A1:XFD9"/>'),
)


def read_or_refuse(read: Callable[[], Filled]) -> None:
    """Read a file and judge it; whatever is not of the family of errors comes through, and fails the test."""
    with suppress(RiskstratError):
        judge(read(), EDITION, Terms(date(2026, 11, 30)))


edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(["", *PIECES])), min_size=1, max_size=4)


def change_text(text: str, changes: list[tuple[float, int, str]]) -> str:
    """The text with pieces taken out and put in at shares of its length."""
    for share, cut, put in changes:
        at = int(share * len(text))
        text = text[:at] + put + text[at + cut :]
    return text


def make_workbook() -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    page.append(TITLES)
    page.append([ONE, "Yes", "Telecare", *[None] * 10, date(2026, 11, 19), "AB", "NHU 2026-11-16 edition 2"])
    page.merge_cells("C4:C6")
    page["D9"] = "=1+1"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


WORKBOOK = make_workbook()
TEXT = ",".join(TITLES) + f'\r\n{ONE},Yes,Telecare,,,"a, ""b""",,,,,,,,19/11/2026,AB,\r\n'


@pure_settings(100)
@given(st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]), edits)
def test_a_workbook_with_a_damaged_part(part: str, changes: list[tuple[float, int, str]]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as given_parts, zipfile.ZipFile(content, "w") as damaged:
        for name in given_parts.namelist():
            text = given_parts.read(name).decode("utf-8")
            damaged.writestr(name, change_text(text, changes) if name == part else text)
    read_or_refuse(lambda: read_sheet(parse_workbook(content.getvalue(), "filled.xlsx"), "filled.xlsx"))


@pure_settings(100)
@given(st.binary(max_size=60) | edits.map(lambda changes: change_text(TEXT, changes).encode("utf-8", "replace")))
def test_a_damaged_csv(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("csv", "xlsx"):
            path = Path(folder) / f"filled.{ending}"
            path.write_bytes(content)
            read_or_refuse(lambda path=path: read_filled(path))
