"""Each filled-in row judged: reviews, or what is wrong in which column, never with what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from riskstrat.audit import numbers_in
from riskstrat.casefinding import check_character
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.reviews.filled import (
    AGREE,
    CHECKED,
    DECIDED,
    DECIDED_BY,
    DUES,
    ENTRIES,
    NOTE,
    OUTCOMES,
    OWNERS,
    REFERENCE,
    FilledRow,
)
from riskstrat.reviews.record import Edition, Review

_REFERENCE = re.compile(r"[A-Z]{3}-\d{3,}-[0-9A-Z]", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{9,}")
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y", "%d.%m.%Y")
_YES_OR_NO: Mapping[Any, bool] = {"yes": True, "no": False, True: True, False: False}
_OUTCOME_OF = {spelling: key for key, words in OUTCOME_WORDS.items() for spelling in (key.casefold(), words.casefold())}

DECIDED_WITHIN, DUE_WITHIN = timedelta(weeks=26), timedelta(weeks=104)
"""After the date of the list: later than that a date is taken for a slip of the pen."""


class Problem(NamedTuple):
    """What is wrong where. `where`: a reference of the list, or the number of a row whose reference is not one."""

    where: str
    column: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}, {self.column}: {self.what}"


@dataclass
class Judged:
    """`reviews` by reference. `without_outcome`: rows of a person with no outcome; `unchecked`: reviewed, no tick.

    `unfinished`: references of those without an outcome beside which something else is written.
    """

    reviews: dict[str, tuple[Review, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    without_outcome: int = 0
    unfinished: list[str] = field(default_factory=list)
    unchecked: int = 0


def judge(rows: Sequence[FilledRow], published: Edition) -> Judged:
    """The reviews that the rows hold, and everything that is wrong with them."""
    judged = Judged()
    for row in rows:
        reference = (_clean_text(row[REFERENCE]) or "").upper() or None
        if all(_clean_text(row[title]) is None for title in OUTCOMES):
            judged.without_outcome += reference in published.patients
            if reference in published.patients and any(_clean_text(row[title]) is not None for title in ENTRIES):
                judged.unfinished.append(str(reference))
            continue
        wrong = _find_reference_fault(reference, published, judged.reviews)
        found = _Row(row, published, reference if wrong is None and reference else f"row {row.number}")
        reviews = found.reviews()
        judged.problems += ([Problem(found.where, REFERENCE, wrong)] if wrong else []) + found.problems
        if wrong is None and reference is not None:
            judged.reviews[reference] = reviews
            judged.unchecked += not found.yes_or_no(CHECKED)
    return judged


def _find_reference_fault(reference: str | None, published: Edition, seen: Mapping[str, Any]) -> str | None:
    """What is wrong with a reference, None if nothing is."""
    if reference is None:
        return "is empty beside an outcome"
    if not _REFERENCE.fullmatch(reference):
        return "is not written as a reference such as NHU-003-5"
    if check_character(reference[:-2]) != reference[-1]:
        return "its last character does not fit the rest: a slip of the pen"
    if reference not in published.patients:
        return f"is not on the list of {published.team} of {published.list_date}"
    return "stands in two rows with outcomes" if reference in seen else None


class _Row:
    """One row with an outcome, read column by column; what cannot be read is added to `problems`."""

    def __init__(self, row: FilledRow, published: Edition, where: str) -> None:
        self.row, self.published, self.where = row, published, where
        self.problems: list[Problem] = []

    def reviews(self) -> tuple[Review, ...]:
        """One review per outcome; they mean nothing while there are problems."""
        about, patient = self.published, self.published.patients.get(self.where, "")
        actions = sorted(self.actions(), key=lambda action: action[0])
        agrees, note, decided_by = self.yes_or_no(AGREE), self.words(NOTE), self.words(DECIDED_BY)
        decided = self.day_within(DECIDED, DECIDED_WITHIN)
        self.yes_or_no(CHECKED)
        return tuple(
            Review(patient, about.list_date, about.team, outcome, note, agrees, decided, decided_by, due, owner)
            for outcome, owner, due in actions
        )

    def actions(self) -> Iterator[tuple[str, str | None, date | None]]:
        """Each outcome once, as the engine names it, with its owner and its due date."""
        seen = set()
        for title, whose, when in zip(OUTCOMES, OWNERS, DUES, strict=True):
            written = _clean_text(self.row[title])
            owner, due = self.words(whose), self.day_within(when, DUE_WITHIN)
            outcome = _OUTCOME_OF.get(written.casefold()) if written else None
            if written is None:
                for beside in (whose, when):
                    if _clean_text(self.row[beside]) is not None:
                        self._add_problem(beside, f"stands beside no {title}")
            elif outcome is None:
                self._add_problem(title, "is not one of the outcomes in the drop-down")
            elif outcome in seen:
                self._add_problem(title, "is an outcome that stands in this row already")
            else:
                seen.add(outcome)
                yield outcome, owner, due

    def yes_or_no(self, title: str) -> bool | None:
        """True for yes, False for no, None for nothing."""
        cell = self.row[title]
        written = cell if isinstance(cell, bool) else (_clean_text(cell) or "").casefold()
        if written != "" and written not in _YES_OR_NO:
            self._add_problem(title, "is neither yes nor no")
        return _YES_OR_NO.get(written)

    def words(self, title: str) -> str | None:
        """Free text on one line."""
        written = _clean_text(self.row[title])
        if written and is_numbered(written):
            self._add_problem(
                title, "holds a number of nine digits or more; say it without, for it may say who a person is"
            )
        return written

    def day(self, title: str) -> date | None:
        """A date, as a spreadsheet's own or as written."""
        cell = self.row[title]
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        written = _clean_text(cell)
        found = _parse_date(written) if written else None
        if written and found is None:
            self._add_problem(title, "is not a date; write it as 16/11/2026")
        return found

    def day_within(self, title: str, longest: timedelta) -> date | None:
        """A date that is not before that of the list, nor longer after it."""
        found, since = self.day(title), self.published.list_date
        if found is not None and not since <= found <= since + longest:
            late = f"is more than {longest.days // 7} weeks after the date of the list"
            self._add_problem(title, "is before the date of the list" if found < since else late)
        return found

    def _add_problem(self, title: str, what: str) -> None:
        problem = Problem(self.where, title, what)
        if problem not in self.problems:
            self.problems.append(problem)


def is_numbered(text: str) -> bool:
    """Whether a number stands in it that is long enough to say who a person is."""
    return bool(_LONG_NUMBER.search(text) or numbers_in(text))


def _parse_date(written: str) -> date | None:
    for form in _DATES:
        try:
            return datetime.strptime(written, form).date()
        except ValueError:
            continue
    return None


def _clean_text(cell: Any) -> str | None:
    """The cell as text on one line, None for nothing."""
    return " ".join(str(cell).split()) or None if cell is not None else None
