"""Documents written and read back: what a page holds, what a sheet holds."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import openpyxl

from riskstrat.documents import write_csv, write_index, write_page, write_people, write_workbook
from riskstrat.publication import TeamList

NO_END = {"meta", "link", "img", "br", "hr", "input", "col", "rect", "line", "path", "circle"}


class Reader(HTMLParser):
    """What a page holds: its text, its tags with attributes, and the text of its paragraphs and items."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.blocks: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("p", "li"):
            self.blocks.append([])
        if tag not in NO_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)
        if {"p", "li"} & set(self.open):
            self.blocks[-1].append(data)

    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def paragraphs(self) -> list[str]:
        """The text of each paragraph and item."""
        return [" ".join(" ".join(block).split()) for block in self.blocks]


def page(team: TeamList, folder: Path) -> Reader:
    """The page of a list, read back."""
    write_page(team, folder / "list.html")
    return Reader((folder / "list.html").read_text(encoding="utf-8"))


def people_pages(team: TeamList, folder: Path) -> Reader:
    """The pages of a list's people, read back."""
    write_people(team, folder / "list-people.html")
    return Reader((folder / "list-people.html").read_text(encoding="utf-8"))


def index(teams: list[TeamList], folder: Path) -> Reader:
    """The index page, read back."""
    write_index(teams, folder / "index.html")
    return Reader((folder / "index.html").read_text(encoding="utf-8"))


def csv_rows(team: TeamList, folder: Path) -> list[dict[str, str]]:
    """The CSV of a list, read back."""
    write_csv(team, folder / "list.csv")
    return list(csv.DictReader(io.StringIO((folder / "list.csv").read_bytes().decode("utf-8"), newline="")))


def workbook(team: TeamList, folder: Path) -> openpyxl.Workbook:
    """The workbook of a list, read back."""
    write_workbook(team, folder / "list.xlsx")
    return openpyxl.load_workbook(folder / "list.xlsx")


def header_row(sheet: openpyxl.worksheet.worksheet.Worksheet) -> int:
    """The number of the row with the column titles of sheet "List", found by one of them."""
    return next(number for number, row in enumerate(sheet.values, start=1) if "Reference" in row)


def sheet_table(team: TeamList, folder: Path) -> list[dict[str, object]]:
    """The table on sheet "List", read back as one dictionary per person."""
    sheet = workbook(team, folder)["List"]
    first = header_row(sheet)
    titles, *people = sheet.iter_rows(min_row=first, values_only=True)
    return [dict(zip(map(str, titles), row, strict=True)) for row in people]


def everything(team: TeamList, folder: Path) -> dict[str, str]:
    """All text of a list's pages and of its workbook's sheets."""
    sheets = {
        sheet.title: " ".join(str(cell) for row in sheet.values for cell in row if cell is not None)
        for sheet in workbook(team, folder)
        if sheet.sheet_state == "visible"
    }
    return {"page": page(team, folder).words(), "people": people_pages(team, folder).words(), **sheets}
