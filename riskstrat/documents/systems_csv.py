"""The list as CSV, for systems: tidy columns, ISO dates, UTF-8, one line per person.

A text cell that a spreadsheet would read as a formula (it begins with = + - @, a tab or a line end, also
after spaces or apostrophes, and in their full-width forms) is written with one apostrophe before it. A
system that reads the file takes one apostrophe off a cell that begins so; nothing else is changed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from riskstrat.documents.changes import KINDS, cause_parts
from riskstrat.documents.files import write_bytes
from riskstrat.documents.person import MAIN_CONDITIONS
from riskstrat.documents.words import VERB, printable, reason_lines
from riskstrat.publication import CaseDecision, ListedPerson, TeamList, ThemeReason

_FORMULA = re.compile(r"[\s']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
SEPARATOR = " | "
HEAD = (
    *("team_code", "index_date", "edition", "data_as_at", "reference", "opened_on", "rank"),
    *("arrival", "known_before", "rising_since", "risk_before", "risk", "risk_low", "risk_high", "band"),
    *("weeks_on_list", "escalate", "change"),
    *("change_new_events", "change_ageing", "change_late_data", "change_model"),
)
TAIL = (
    *(
        "cannot_be_told",
        "top_conditions",
        "frailty",
        "falls_check",
        "falls_check_why",
        "flags",
        "cohorts",
        "cohorts_not_told",
        "reasons",
        "pathways",
        "support",
    ),
    *("caution", "last_decided_on", "last_outcomes", "last_owners", "last_due", "last_note"),
    *("statuses_as_at", "model", "model_version", "definitions"),
)


def write_csv(team_list: TeamList, path: Path) -> None:
    """Write one line per listed person, by rank; nobody listed gives the header line alone.

    Raises StorageError if the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(csv_columns(team_list))
    for row in team_list.people:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in _build_cells(team_list, row)])
    write_bytes(text.getvalue().encode("utf-8"), Path(path))


def csv_columns(team_list: TeamList) -> list[str]:
    """The columns of the CSV, in order; the `change_` columns are log odds and add up to the whole change.

    An empty count is none, unless `cannot_be_told` names its column with the reason.
    """
    counts = [count.name for count in team_list.counts_shown]
    return [*HEAD, *team_list.places_shown(), "age_band", "sex", *counts, *TAIL]


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would read it as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _build_cells(team: TeamList, row: ListedPerson) -> list[str | int | float]:
    """One person's cells in the order of `csv_columns`; a number stays a number, so its sign is no formula."""
    index_date = row.index_date or team.index_date
    return [
        printable(team.team_code),
        _format_iso_date(index_date),
        team.edition,
        _format_iso_date(team.data_as_at),
        printable(row.reference),
        _format_iso_date(row.opened_on),
        int(row.rank),
        row.arrival,
        printable(row.known_before),
        *((_format_iso_date(row.rising.since), f"{row.rising.risk:.4f}") if row.rising else ("", "")),
        *(f"{getattr(row, name):.4f}" for name in ("risk", "risk_low", "risk_high")),
        printable(row.band),
        int(row.weeks_on_list),
        "yes" if row.escalate else "no",
        printable(row.change.what),
        *_change_parts(row),
        *(printable(getattr(row, place)) for place in team.places_shown()),
        printable(row.age_band),
        row.sex,
        *(_format_number(row.counts[count.name]) for count in team.counts_shown),
        _join_texts(_format_untold(row, name, why) for name, why in sorted(row.untold.items())),
        *_format_findings(row),
        _format_reasons(row.themes),
        _join_texts(f"{one.title}: {one.rule}" for one in row.pathways),
        _join_texts(row.support),
        printable(row.caution),
        *_format_decision(row.last_decision),
        _format_iso_date(team.statuses_as_at) if team.statuses_as_at else "",
        printable(team.model),
        printable(team.model_version),
        printable(team.definitions),
    ]


def _change_parts(row: ListedPerson) -> list[str | float]:
    """The four parts of the change; empty cells where nothing is known of it."""
    parts = cause_parts(row.change.causes)
    # Adding nought turns a negative nought into a plain one.
    return [round(part, 6) + 0.0 for part in parts] if parts else [""] * len(KINDS)


def _format_untold(row: ListedPerson, name: str, why: str) -> str:
    """What cannot be told and why; of a count with a number, that there may have been more."""
    return f"{name}: at least that many: {why}" if row.counts.get(name) is not None else f"{name}: {why}"


def _format_findings(row: ListedPerson) -> list[str]:
    check = row.falls_check
    words = [_join_texts(one.name for one in row.standing_conditions[:MAIN_CONDITIONS]), printable(row.frailty)]
    tags = _join_texts(one.tag for one in row.cohorts if one.answer == "in")
    untold = _join_texts(f"{one.tag}: {one.why}" for one in row.cohorts if one.answer == "cannot be told")
    return [*words, check.answer, printable(check.why), _join_texts(row.flags), tags, untold]


def _format_decision(decision: CaseDecision | None) -> list[str]:
    """Day, outcomes, owners, due dates and note; of several actions the parts stand in one order."""
    if decision is None:
        return [""] * 5
    dues = [_format_iso_date(action.due_on) if action.due_on else "" for action in decision.actions]
    lists = ([one.outcome for one in decision.actions], [one.owner for one in decision.actions], dues)
    return [_format_iso_date(decision.decided_on), *map(_join_texts, lists), printable(decision.note)]


def _join_texts(texts: Iterable[str]) -> str:
    return SEPARATOR.join(" ".join(printable(text).split()) for text in texts)


def _format_iso_date(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"


def _format_number(value: float | None) -> str | int | float:
    """A number, which is written without thousands separator; null gives an empty cell."""
    if value is None:
        return ""
    return int(value) if float(value).is_integer() else float(value)


def _format_reasons(themes: Sequence[ThemeReason]) -> str:
    """All printed reasons of one person on one line, raising first, then lowering; empty if none is printed."""
    parts: list[str] = []
    for direction, verb in VERB.items():
        for line in reason_lines(themes, direction):
            much = f" {line.strength}" if line.strength else ""
            parts.append(f"{line.theme} {verb} the estimate{much}: {line.facts}")
    return SEPARATOR.join(parts)
