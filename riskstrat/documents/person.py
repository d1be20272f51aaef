"""One listed person in words: made once, so that page, workbook and the person's own page say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from riskstrat.documents.changes import cause_figures, cause_sentences
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
from riskstrat.publication import CountColumn, FallsCheck, ListedPerson, PersonPage, Suggestion, TeamList

PLACE_TITLES = {"practice": "Practice", "pcn": "PCN", "locality": "Locality"}
FALLS_TITLE = "NG249 falls criteria"
FALLS_WORDS = {"met": "Met", "not met": "Not met", "cannot tell": "Cannot tell"}
UNKNOWN_STATUS = "Status today: unknown."
NO_PATHWAY = "No pathway's rule is met. The team may know of one."
NO_SUPPORT = "None recorded."

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PrintedPerson:
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


def people_of(team: TeamList) -> list[PrintedPerson]:
    """The listed people of one team, by rank."""
    return [_build_person(team, listed) for listed in team.people]


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


def place_text(value: str | None) -> str:
    """A place's name, or that it is not recorded."""
    text = printable(value)
    return text if text.strip() else "not recorded"


def count_text(value: float | None, count: CountColumn) -> str:
    """A count in numerals, or the words for its absence."""
    return printable(count.when_missing) if value is None else number(round(float(value), 1))


def falls_text(check: FallsCheck) -> str:
    """The answer to the NG249 criteria with its reason."""
    why = f": {printable(check.why).strip()}" if check.why.strip() else ""
    return sentence(f"{FALLS_WORDS[check.answer]}{why}")


def pathway_rules(team: TeamList) -> Pairs:
    """Every pathway that stands on the list, by title, with what to consider and its rule."""
    every = {_format_suggestion(one) for person in team.people for one in person.pathways}
    ordered = sorted(every, key=lambda one: (one.title, one.consider, one.rule))
    return tuple((one.title, f"{one.consider} Rule: {one.rule}") for one in ordered)


def _build_person(team: TeamList, listed: ListedPerson) -> PrintedPerson:
    return PrintedPerson(
        reference=printable(listed.reference),
        rank=listed.rank,
        status=listed.status,
        week=f"Week {listed.weeks_on_list} on the list",
        escalation=_describe_escalation(listed),
        risk=natural_frequency(listed.risk),
        risk_value=listed.risk,
        low=listed.risk_low,
        high=listed.risk_high,
        range=risk_range(listed.risk_low, listed.risk_high),
        band=sentence(listed.band)[:-1],
        change=sentence(listed.change.what) if listed.change.what.strip() else "",
        causes=cause_sentences(listed.change.causes),
        figures=cause_figures(listed.change.causes),
        about=_list_characteristics(team, listed),
        counts=tuple(
            (count_heading(count), count_text(listed.counts[count.name], count)) for count in team.counts_shown
        ),
        health=_list_health_facts(team, listed),
        raises=reason_lines(listed.themes, "raises"),
        lowers=reason_lines(listed.themes, "lowers"),
        pathways=tuple(_format_suggestion(one) for one in listed.pathways),
        support=tuple(sentence(text) for text in listed.support if text.strip()),
        caution=sentence(listed.caution) if listed.caution.strip() else "",
        last_review=sentence(listed.last_review) if listed.last_review.strip() else "No review recorded.",
        index_date=listed.index_date or team.index_date,
        page=listed.page,
    )


def _describe_escalation(listed: ListedPerson) -> str:
    weeks = listed.weeks_on_list
    if not listed.escalate:
        return ""
    return f"Escalate: {weeks} week{'' if weeks == 1 else 's'} without a decision."


def _list_characteristics(team: TeamList, listed: ListedPerson) -> Pairs:
    own_date = [("Index date", long_date(listed.index_date))] if listed.index_date else []
    return (
        ("Age", printable(listed.age_band)),
        ("Sex", SEX[listed.sex]),
        *((PLACE_TITLES[name], place_text(getattr(listed, name))) for name in team.places_shown()),
        *own_date,
    )


def _list_health_facts(team: TeamList, listed: ListedPerson) -> Pairs:
    conditions = [printable(text) for text in listed.top_conditions if text.strip()]
    flags = [sentence(text) for text in listed.flags if text.strip()]
    unknown = [] if status_is_checked(team) else [UNKNOWN_STATUS]
    return (
        ("Main conditions", sentence(joined(conditions)) if conditions else "None recorded."),
        ("Frailty", sentence(listed.frailty)),
        (FALLS_TITLE, falls_text(listed.falls_check)),
        ("Flags", " ".join([*unknown, *flags]) or "None."),
    )


def _format_suggestion(given: Suggestion) -> Suggestion:
    return Suggestion(printable(given.title), sentence(given.consider), sentence(given.rule))
