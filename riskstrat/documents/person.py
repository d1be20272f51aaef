"""One listed person in words: made once, so that page, workbook and the person's own page say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from riskstrat.documents.changes import cause_figures, cause_sentences
from riskstrat.documents.content import CountColumn, FallsCheck, PersonPage, Suggestion, TeamList
from riskstrat.documents.words import (
    SEX,
    ReasonLine,
    count_heading,
    joined,
    long_date,
    natural_frequency,
    number,
    printable,
    reason_lines,
    risk_range,
    sentence,
)

PLACE_TITLES = {"practice": "Practice", "pcn": "PCN", "locality": "Locality"}
FALLS_TITLE = "NG249 falls criteria"
FALLS_WORDS = {"met": "Met", "not met": "Not met", "cannot tell": "Cannot tell"}
UNKNOWN_STATUS = "Status today: unknown."
NO_PATHWAY = "No pathway's rule is met. The team may know of one."
NO_SUPPORT = "None recorded."

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Person:
    """One listed person as printed; every text is ready to show."""

    reference: str
    rank: int
    status: str
    week: str
    escalation: str
    risk: str
    risk_value: float
    low: float
    high: float
    range: str
    band: str
    change: str
    causes: tuple[str, ...]
    figures: tuple[str, ...]
    about: Pairs
    counts: Pairs
    health: Pairs
    raises: list[ReasonLine]
    lowers: list[ReasonLine]
    pathways: tuple[Suggestion, ...]
    support: tuple[str, ...]
    caution: str
    last_review: str
    index_date: date
    page: PersonPage


def people_of(team: TeamList) -> list[Person]:
    """The listed people of one team, by rank."""
    return [_person(team, row) for row in team.ordered().to_dict("records")]


def status_check(team: TeamList) -> str:
    """When the listed people were last checked against a source of same-day status."""
    if team.statuses_as_at is None:
        return f"Status not checked. {_WAIT}"
    if team.statuses_as_at == team.index_date:
        return f"Status checked on {long_date(team.index_date)}."
    return f"Status not checked since {long_date(team.statuses_as_at)}. {_WAIT}"


_WAIT = (
    "Before any contact, check that the person has not died, moved away or gone into hospital. "
    "Then tick “Status checked”."
)


def status_is_checked(team: TeamList) -> bool:
    """Whether the listed people were checked on the day of the list."""
    return team.statuses_as_at == team.index_date


def place_text(value: Any) -> str:
    """A place's name, or that it is not recorded."""
    text = printable(value)
    return text if text.strip() else "not recorded"


def count_text(value: Any, count: CountColumn) -> str:
    """A count in numerals, or the words for its absence."""
    return printable(count.when_missing) if pd.isna(value) else number(round(float(value), 1))


def falls_text(check: FallsCheck) -> str:
    """The answer to the NG249 criteria with its reason."""
    why = f": {printable(check.why).strip()}" if check.why.strip() else ""
    return sentence(f"{FALLS_WORDS[check.answer]}{why}")


def pathway_rules(team: TeamList) -> Pairs:
    """Every pathway that stands on the list, by title, with what to consider and its rule."""
    every = {_suggestion(one) for ways in team.rows["pathways"] for one in ways}
    ordered = sorted(every, key=lambda one: (one.title, one.consider, one.rule))
    return tuple((one.title, f"{one.consider} Rule: {one.rule}") for one in ordered)


def _person(team: TeamList, row: dict[Any, Any]) -> Person:
    return Person(
        reference=printable(row["reference"]),
        rank=int(row["rank"]),
        status=row["status"],
        week=f"Week {int(row['weeks_on_list'])} on the list",
        escalation=_escalation(row),
        risk=natural_frequency(row["risk"]),
        risk_value=float(row["risk"]),
        low=float(row["risk_low"]),
        high=float(row["risk_high"]),
        range=risk_range(row["risk_low"], row["risk_high"]),
        band=sentence(row["band"])[:-1],
        change=sentence(row["change"].what) if row["change"].what.strip() else "",
        causes=cause_sentences(row["change"].causes),
        figures=cause_figures(row["change"].causes),
        about=_about(team, row),
        counts=tuple((count_heading(count), count_text(row[count.name], count)) for count in team.counts_shown),
        health=_health(team, row),
        raises=reason_lines(row["themes"], "raises"),
        lowers=reason_lines(row["themes"], "lowers"),
        pathways=tuple(_suggestion(one) for one in row["pathways"]),
        support=tuple(sentence(text) for text in row["support"] if text.strip()),
        caution=sentence(row["caution"]) if row["caution"].strip() else "",
        last_review=sentence(row["last_review"]) if row["last_review"].strip() else "No review recorded.",
        index_date=row["index_date"] if team.own_index_dates() else team.index_date,
        page=row["page"],
    )


def _escalation(row: dict[Any, Any]) -> str:
    weeks = int(row["weeks_on_list"])
    if not row["escalate"]:
        return ""
    return f"Escalate: {weeks} week{'' if weeks == 1 else 's'} without a decision."


def _about(team: TeamList, row: dict[Any, Any]) -> Pairs:
    own_date = [("Index date", long_date(row["index_date"]))] if team.own_index_dates() else []
    return (
        ("Age", printable(row["age_band"])),
        ("Sex", SEX[row["sex"]]),
        *((PLACE_TITLES[name], place_text(row[name])) for name in team.places_shown()),
        *own_date,
    )


def _health(team: TeamList, row: dict[Any, Any]) -> Pairs:
    conditions = [printable(text) for text in row["top_conditions"] if text.strip()]
    flags = [sentence(text) for text in row["flags"] if text.strip()]
    unknown = [] if status_is_checked(team) else [UNKNOWN_STATUS]
    return (
        ("Main conditions", sentence(joined(conditions)) if conditions else "None recorded."),
        ("Frailty", sentence(row["frailty"])),
        (FALLS_TITLE, falls_text(row["falls_check"])),
        ("Flags", " ".join([*unknown, *flags]) or "None."),
    )


def _suggestion(given: Suggestion) -> Suggestion:
    return Suggestion(printable(given.title), sentence(given.consider), sentence(given.rule))
