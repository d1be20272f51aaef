"""A reader of board packs who subtracts: everything printed, and all that follows from what indicators are defined as.

What adds up is written down here by hand for the shipped indicators; the engine's own list of it is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from scipy.optimize import linprog
from scipy.sparse import coo_array

Count = tuple[str, str, str]
"""What is counted, where, and in which month."""

MOST = 100_000
WHOLE = "All"
EVERYBODY, ADULTS, OLDER = "everybody", "18 to 64", "65 and over"

NUMERATORS = {"K01": "acute", "K05": "falls", "K09": "stays", "K10": "chronic", "K21": ""} | {
    name: f"{name} numerator" for name in ("K02", "K03", "K04", "K06", "K08", "K13", "K14")
}
"""By indicator what its numerator counts; blank for a ratio. Bed days are no count."""

DENOMINATORS = {"K01": EVERYBODY, "K08": EVERYBODY, "K09": EVERYBODY, "K10": EVERYBODY, "K21": ""} | {
    **dict.fromkeys(("K03", "K05", "K11"), OLDER),
    **dict.fromkeys(("K04", "K06"), ADULTS),
    **{name: f"{name} denominator" for name in ("K02", "K13", "K14")},
}

SUMS = (
    (EVERYBODY, (ADULTS, OLDER, "children")),
    (EVERYBODY, ("K08 numerator", "not on the register")),
    (OLDER, ("K03 numerator", "not moved, older")),
    (ADULTS, ("K04 numerator", "not moved, adults")),
    (ADULTS, ("K06 numerator", "not helped")),
    ("K02 denominator", ("K02 numerator", "not readmitted")),
    ("K13 denominator", ("K13 numerator", "discharged elsewhere")),
    ("stays", ("acute", "chronic", "neither")),
    ("stays", ("falls", "not falls")),
)
"""What is the sum of what, at every place; some of it is printed nowhere."""


class Reader:
    """Bounds of whole numbers by what is printed of each, and what adds up."""

    def __init__(self) -> None:
        self.ends: dict[Count, tuple[int, int]] = {}
        self.printed: set[Count] = set()
        self.sums: list[tuple[Count, list[Count]]] = []

    def read(self, count: Count, words: Any) -> None:
        """Takes in one printed count; what is printed twice holds twice."""
        low, high = read_words(words)
        before = self.ends.get(count, (0, MOST))
        self.ends[count] = max(low, before[0]), min(high, before[1])
        if words not in ("not shown", "1 to 7"):
            self.printed.add(count)

    def add_sum(self, whole: Count, parts: Sequence[Count]) -> None:
        """Takes in that a count is the sum of others."""
        for each in (whole, *parts):
            self.ends.setdefault(each, (0, MOST))
        self.sums.append((whole, list(parts)))

    def learn_definitions(self, places: Iterable[str], month: str) -> None:
        """Takes in what adds up at each place of a month by the definitions of the indicators that were read."""
        known = {what for what, _, _ in self.ends}
        for whole, parts in SUMS:
            if {whole, parts[0]} <= known:
                for place in places:
                    self.add_sum((whole, place, month), [(part, place, month) for part in parts])

    def list_guessed(self) -> Iterator[tuple[Count, int, int]]:
        """Every count that is printed as no number, is 1 to 7 or might be, and is known to within one."""
        for month in sorted({month for _, _, month in self.ends}):
            # Nothing adds up from month to month.
            yield from self._list_guessed(month)

    def _list_guessed(self, month: str) -> Iterator[tuple[Count, int, int]]:
        names = [name for name in self.ends if name[2] == month]
        sums = [(whole, parts) for whole, parts in self.sums if whole[2] == month]
        at = {name: number for number, name in enumerate(names)}
        cells = [(row, at[each], sign) for row, (whole, parts) in enumerate(sums) for each, sign in _sign(whole, parts)]
        rows, columns, values = zip(*cells, strict=True)
        matrix = coo_array((values, (rows, columns)), (len(sums), len(names))).tocsr()
        bounds = [self.ends[name] for name in names]
        for name in names:
            if name not in self.printed:
                least = self._solve(at[name], 1, matrix, bounds)
                most = MOST if least > 7 else self._solve(at[name], -1, matrix, bounds)
                if most - least <= 2 and most >= 1:
                    yield name, least, most

    def _solve(self, wanted: int, sign: int, matrix: Any, bounds: list[tuple[int, int]]) -> int:
        aim = np.zeros(len(bounds))
        aim[wanted] = sign
        found = linprog(aim, A_eq=matrix, b_eq=np.zeros(matrix.shape[0]), bounds=bounds, method="highs")
        assert found.status == 0, found.message
        return int(np.ceil(found.fun - 1e-6)) if sign == 1 else int(np.floor(-found.fun + 1e-6))


def _sign(whole: Count, parts: Sequence[Count]) -> Iterator[tuple[Count, int]]:
    yield whole, -1
    yield from ((part, 1) for part in parts)


def read_words(words: Any) -> tuple[int, int]:
    """What the printed words of a count leave open."""
    if words == "not shown":
        return 0, MOST
    if words == "1 to 7":
        return 1, 7
    number = int(str(words).replace(",", ""))
    return (max(8, number - 2), number + 2) if number else (0, 0)


def read_pack(reader: Reader, folder: Path, localities: dict[str, str]) -> None:
    """Takes in the workbook and the page of a pack. localities: that of each practice, which anybody knows."""
    (file,) = folder.glob("*.xlsx")
    book = openpyxl.load_workbook(file, read_only=True)
    rows = [(name, WHOLE, month, *counts) for name, _, month, *counts in _read_rows(book, "Indicators")]
    rows += [(name, place, month, *counts) for name, place, month, *counts in _read_rows(book, "Months")]
    rows += [
        (name, f"{kind} {place}", month, *counts) for name, month, kind, place, *counts in _read_rows(book, "Places")
    ]
    for name, place, month, numerator, denominator, *_ in rows:
        where = place if place == WHOLE or " " in place else f"Locality {place}"
        for what, words in ((NUMERATORS.get(name), numerator), (DENOMINATORS[name], denominator)):
            if what:
                reader.read((what, where, month), words)
    _require_same_page(folder, rows)
    months = {month for _, _, month, *_ in rows}
    for month in months:
        places = {place for _, place, each in reader.ends if each == month}
        reader.learn_definitions(sorted(places), month)
        for what in sorted({each for each, _, _ in reader.ends}):
            _add_places(reader, what, month, places, localities)


def _add_places(reader: Reader, what: str, month: str, places: set[str], localities: dict[str, str]) -> None:
    """Takes in that localities add up to all, practices to their locality and fifths to all."""
    kinds = {kind: sorted(place for place in places if place.startswith(kind)) for kind in ("Locality", "Deprivation")}
    for parts in filter(None, kinds.values()):
        reader.add_sum((what, WHOLE, month), [(what, part, month) for part in parts])
    if any(place.startswith("Practice") for place in places):
        for locality in sorted(set(localities.values())):
            own = [f"Practice {practice}" for practice, of in localities.items() if of == locality]
            reader.add_sum((what, f"Locality {locality}", month), [(what, each, month) for each in own])


def _read_rows(book: Any, sheet: str) -> Iterator[tuple[Any, ...]]:
    yield from book[sheet].iter_rows(min_row=4, values_only=True)


def _require_same_page(folder: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """Raises AssertionError where the page prints a count of a place that the workbook has otherwise."""
    (file,) = folder.glob("*.html")
    text = file.read_text(encoding="utf-8")
    told = {
        f"{name} {place}": [str(numerator), str(denominator)] for name, place, _, numerator, denominator, *_ in rows
    }
    for section in re.split(r'<section class="indicator"', text)[1:]:
        name = re.search(r'aria-labelledby="(\w+)"', section)
        for kind, body in re.findall(r"<caption>By ([\w ]+), [^<]*</caption>(.*?)</table>", section, re.DOTALL):
            for row in re.findall(r'<tr role="row">\s*<th scope="row"(.*?)</tr>', body, re.DOTALL):
                place, *cells = (unescape(re.sub("<.*?>", "", each)) for each in _split_cells(row))
                assert name is not None
                wanted = told[f"{name[1]} {kind[:1].upper()}{kind[1:]} {place}"]
                assert [cell.replace(",", "") for cell in cells[:2]] == wanted


def _split_cells(row: str) -> list[str]:
    place = re.search(r"<bdi>(.*?)</bdi>", row)
    cells = re.findall(r'<td role="cell"[^>]*><span[^>]*>[^<]*</span>(.*?)</td>', row, re.DOTALL)
    assert place is not None
    return [place[1], *cells]
