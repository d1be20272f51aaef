"""Each filled-in row judged: reviews, or what is wrong in which column, never with what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from riskstrat.audit import holds_long_number
from riskstrat.casefinding import parse_reference
from riskstrat.definitions.review_rules import CONTRADICTIONS, Contradiction
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.reviews.cells import DayBounds, clean_text, fold, is_month_first, read_day
from riskstrat.reviews.doubts import find_contradictions, find_series
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
    TITLES,
    Filled,
    FilledRow,
)
from riskstrat.reviews.grids import Grid
from riskstrat.reviews.record import Edition, Review

_YES_OR_NO: Mapping[str, bool | None] = {
    **dict.fromkeys(("yes", "y", "true"), True),
    **dict.fromkeys(("no", "n", "false"), False),
    "": None,
}
_OUTCOME_OF = {fold(spelling): key for key, words in OUTCOME_WORDS.items() for spelling in (key, words)}

DECIDED_WITHIN, DUE_WITHIN = timedelta(weeks=26), timedelta(weeks=104)
"""After the date of the list: later than that a date is taken for a slip of the pen."""


class Problem(NamedTuple):
    """What is wrong where. `where`: a reference of the list, or a row, column or sheet of the file.

    `beside`: the other column, where two do not go together.
    """

    where: str
    column: str
    what: str
    beside: str = ""

    def __str__(self) -> str:
        return f"{self.where}, {self.column}: {self.what}" if self.column else f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Terms:
    """How a file is to be judged: on which day, by which rules, without what, and what was confirmed.

    `left_out` names rows (by reference or "row 3"), titles and sheets; `confirmed` names rows whose doubts are settled.
    """

    today: date
    contradictions: tuple[Contradiction, ...] = CONTRADICTIONS
    left_out: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()


@dataclass
class Judged:
    """`reviews` by reference. `problems` must be put right or left out, `doubts` may be confirmed too.

    `emptied`: references of the list whose rows hold no outcome and nothing beside one; `ticked`: those of them with a
    status checked; `unchecked`: reviewed, no tick. `left_out`: rows that were passed over as asked. `not_read`: rows of
    nobody. `hidden`: reviewed, in a row that does not show. `undated`: deferred, to no day. `dues_in_series`: rows
    whose due dates follow each other.
    """

    reviews: dict[str, tuple[Review, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    ticked: list[str] = field(default_factory=list)
    unchecked: int = 0
    left_out: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)
    dues_in_series: list[str] = field(default_factory=list)


def judge(filled: Filled, published: Edition, terms: Terms) -> Judged:
    """The reviews that a file holds, and everything that is wrong or in doubt with it."""
    judged = Judged(left_out=[title for title in TITLES if title in terms.left_out])
    judged.problems += _find_file_problems(filled, terms)
    rows = [row.leave_out(terms.left_out) for row in filled.rows]
    times = Counter(row.reference for row in rows if _is_filled_in(row) and not _is_left_out(row, terms))
    read: list[_Row] = []
    for given, row in zip(filled.rows, rows, strict=True):
        if _is_left_out(row, terms):
            judged.left_out.append(row.where)
        elif _is_filled_in(row) or row.faults:
            found = _Row(row, published, filled.grid.first_day, terms.today)
            found.read(doubled=times[row.reference] > 1)
            read.append(found)
        elif row.reference in published.patients and (_is_filled_in(given) or _lacks_outcomes(filled)):
            # What was left out as asked, or is not in the file, says nothing of the record.
            judged.left_out.append(row.where)
        elif row.reference in published.patients:
            judged.emptied.append(row.where)
            judged.ticked += [row.where] if row.holds(CHECKED) else []
        elif row.holds(REFERENCE) or row.holds(CHECKED):
            judged.not_read.append(f"row {row.number}")
    _collect(judged, read, terms)
    return judged


def judge_entry(cells: Mapping[str, object], published: Edition, terms: Terms) -> Judged:
    """The same of one row that stands in no file: what was entered on a page, by title."""
    judged, row = Judged(), FilledRow(1, cells, {})
    if not _is_filled_in(row):
        judged.emptied.append(row.where)
        return judged
    found = _Row(row, published, Grid.first_day, terms.today)
    found.read(doubled=False)
    # Of a file it is said once for all of its dates.
    for title in filter(lambda each: is_month_first(row[each]), (*DUES, DECIDED)):
        found.add_problem(title, "has the month before the day; write it as 16/11/2026")
    _collect(judged, [found], terms)
    return judged


def _is_filled_in(row: FilledRow) -> bool:
    return any(row.holds(title) for title in (*OUTCOMES, *ENTRIES))


def _lacks_outcomes(filled: Filled) -> bool:
    """Whether a column of outcomes is missing: then no row can be told to have been emptied."""
    return bool({*OUTCOMES} & {*filled.absent})


def _is_left_out(row: FilledRow, terms: Terms) -> bool:
    return bool({row.where, f"row {row.number}"} & terms.left_out)


def _find_file_problems(filled: Filled, terms: Terms) -> Iterator[Problem]:
    """What is wrong with the file beyond single rows."""
    for title in filled.absent:
        if title not in terms.left_out:
            yield Problem(f'column "{title}"', "", "is not there; give it its heading again, or leave it out by it")
    for where, what in filled.wrong.items():
        if where not in terms.left_out:
            yield Problem(where, "", what)
    days = [(row, title) for row in filled.rows for title in (*DUES, DECIDED) if title not in terms.left_out]
    turned = "; ".join(f"{row.where}, {title}" for row, title in days if is_month_first(row[title]))
    if turned:
        what = f"the month stands before the day in {turned}, so none in figures can be told"
        yield Problem("dates", "", f"{what}; write every date of the file as 16/11/2026")


def _find_reference_fault(row: FilledRow, published: Edition, doubled: bool) -> str | None:
    """What is wrong with the reference of a row that holds something; None if nothing is."""
    if not row.holds(REFERENCE):
        return "is empty beside what is filled in"
    if row.reference is None:
        slip = parse_reference(clean_text(row[REFERENCE]) or "") is not None
        return (
            "its last character does not fit the rest: a slip of the pen"
            if slip
            else "is not written as a reference such as NHU-003-5"
        )
    if row.reference not in published.patients:
        return f"is not on the list of {published.team} of {published.list_date}"
    return "stands in two rows with outcomes" if doubled else None


def _collect(judged: Judged, read: Sequence[_Row], terms: Terms) -> None:
    """Add what the rows hold, and what is in doubt about them."""
    for found in read:
        judged.problems += found.problems
        reviews, reference = found.reviews, found.row.reference
        if reference is None or not reviews or found.problems:
            continue
        judged.reviews[reference] = reviews
        judged.unchecked += not found.checked
        judged.hidden += [] if found.row.shows else [reference]
        judged.undated += [reference] if any(one.outcome == "deferred" and not one.due_on for one in reviews) else []
        judged.doubts += [
            Problem(reference, title, f"does not go with {beside}", beside)
            for title, beside in find_contradictions(found.row, found.outcomes, found.agrees, terms.contradictions)
            if reference not in terms.confirmed
        ]
    for title in DUES:
        days = [(found.row.where, found.dues[title]) for found in read if title in found.dues]
        judged.dues_in_series += [where for where in find_series(days) if where not in judged.dues_in_series]
    decided = [(found.row.where, found.decided) for found in read if found.decided]
    judged.doubts += [
        Problem(where, DECIDED, "is a day from that of the next row, as when a cell is dragged")
        for where in find_series(decided)
        if where not in terms.confirmed
    ]


class _Row:
    """One row that is filled in, read column by column; what cannot be read is added to `problems`."""

    def __init__(self, row: FilledRow, published: Edition, first_day: date, today: date) -> None:
        self.row, self.published, self.first_day, self.today = row, published, first_day, today
        self.where = row.where
        self.problems: list[Problem] = []
        self.outcomes: dict[str, str] = {}
        self.dues: dict[str, date] = {}
        self.reviews: tuple[Review, ...] = ()
        self.decided: date | None = None
        self.agrees: bool | None = None
        self.checked: bool | None = None

    def read(self, *, doubled: bool) -> None:
        """Read the whole row: its outcomes by their titles, and one review per outcome; they mean nothing while there
        are problems.

        doubled: whether the reference stands in another row too that is filled in.
        """
        wrong = _find_reference_fault(self.row, self.published, doubled)
        self.where = f"row {self.row.number}" if wrong else self.where
        for title, fault in self.row.faults.items():
            self.add_problem(title, fault)
        if wrong:
            self.add_problem(REFERENCE, wrong)
        about, patient = self.published, self.published.patients.get(self.row.where, "")
        self.decided = self.day_within(DECIDED, self.latest_decision())
        actions = sorted(self.actions(), key=lambda action: action[0])
        self.agrees, self.checked = self.yes_or_no(AGREE), self.yes_or_no(CHECKED)
        note, decided_by = self.words(NOTE), self.words(DECIDED_BY)
        if not any(self.row.holds(title) for title in OUTCOMES):
            for title in (*ENTRIES, *OUTCOMES):
                if self.row.holds(title):
                    self.add_problem(title, "stands there, but no outcome does")
        self.reviews = tuple(
            Review(patient, about.list_date, about.team, outcome, note, self.agrees, self.decided, decided_by, due, own)
            for outcome, own, due in actions
        )

    def latest_decision(self) -> date:
        """The last day on which it can have been decided; a clock that is behind the list cannot tell."""
        last = self.published.list_date + DECIDED_WITHIN
        return min(self.today, last) if self.today >= self.published.list_date else last

    def actions(self) -> Iterator[tuple[str, str | None, date | None]]:
        """Each outcome once, as the engine names it, with its owner and its due date."""
        for title, whose, when in zip(OUTCOMES, OWNERS, DUES, strict=True):
            owner, due = self.words(whose), self.day_within(when, self.published.list_date + DUE_WITHIN)
            if due:
                self.dues[when] = due
            if due and self.decided and due < self.decided:
                self.add_problem(when, f"is before {DECIDED}, and nothing is due before it was decided")
            outcome = _OUTCOME_OF.get(fold(self.row[title]))
            if not self.row.holds(title):
                self.refuse_beside_nothing(title, (whose, when))
            elif outcome is None:
                self.add_problem(title, "is not one of the outcomes in the drop-down")
            elif outcome in self.outcomes.values():
                self.add_problem(title, "is an outcome that stands in this row already")
            else:
                self.outcomes[title] = outcome
                yield outcome, owner, due

    def refuse_beside_nothing(self, title: str, beside: tuple[str, ...]) -> None:
        """An owner or a due date of an outcome that is not there is no part of another."""
        for other in beside:
            if self.row.holds(other) and any(self.row.holds(outcome) for outcome in OUTCOMES):
                self.add_problem(other, f"stands beside no {title}, so choose one or empty this")

    def yes_or_no(self, title: str) -> bool | None:
        """True for yes, False for no, None for nothing."""
        written = fold(self.row[title])
        if written not in _YES_OR_NO:
            self.add_problem(title, "is neither yes nor no")
        return _YES_OR_NO.get(written)

    def words(self, title: str) -> str | None:
        """Free text on one line."""
        written = clean_text(self.row[title])
        if written and is_numbered(written):
            self.add_problem(
                title, "holds a number of nine digits or more; say it without, for it may say who a person is"
            )
        return written

    def day_within(self, title: str, until: date) -> date | None:
        """A day from the date of the list to another, as a spreadsheet's own or as written."""
        cell, since = self.row[title], self.published.list_date
        if not self.row.holds(title) or is_month_first(cell):
            return None
        found = read_day(cell, DayBounds(since, until, self.first_day))
        if found is None:
            self.add_problem(title, "is not a date; write it as 16/11/2026")
        elif found < since:
            self.add_problem(title, f"is before the date of the list, {since:%d/%m/%Y}")
        elif found > until:
            weeks = (until - since).days // 7
            late = "after today" if until == self.today else f"more than {weeks} weeks after the date of the list"
            self.add_problem(title, f"is {late}")
        return found

    def add_problem(self, title: str, what: str) -> None:
        """Note what is wrong under a title: of one cell the first thing alone."""
        if all(problem.column != title for problem in self.problems):
            self.problems.append(Problem(self.where, title, what))


def is_numbered(text: str) -> bool:
    """Whether a number stands in it that is long enough to say who a person is."""
    return holds_long_number(text)
