"""One listed person in words: made once, so that page, workbook and the person's own page say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from riskstrat.definitions.phrases import long_date, lower_first, word_month
from riskstrat.documents.changes import cause_figures, cause_sentences
from riskstrat.documents.words import (
    SEX,
    ReasonLine,
    count_heading,
    joined,
    natural_frequency,
    number,
    people,
    printable,
    reason_lines,
    risk_range,
    sentence,
    word_count,
)
from riskstrat.publication import (
    CaseAction,
    CaseDecision,
    CountColumn,
    FallsCheck,
    ListedPerson,
    PersonPage,
    RecordedCondition,
    Suggestion,
    TeamList,
)

PLACE_TITLES = {"practice": "Practice", "pcn": "PCN", "locality": "Locality"}
FALLS_TITLE = "NG249 falls criteria"
FALLS_WORDS = {"met": "Met", "not met": "Not met", "cannot tell": "Cannot tell"}
MAIN_TITLE, MAIN_CONDITIONS = "Main conditions", 3
COHORTS_TITLE = "Cohorts"
NO_SUPPORT = "None that can be shown here."
"""Said of everybody of whom nothing stands here: whether a caseload is held back for its name, it may not tell."""

STATUS_UNKNOWN = "Status on the day of this list: unknown"
"""The flag of somebody of whom no same-day status came."""

NO_DECISION = "No decision of this team is on record."

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PrintedPerson:
    """One listed person as printed; every text is ready to show."""

    reference: str
    rank: int
    arrival: str
    known_before: str
    rising: str
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
    conditions: str
    cohorts: str
    counts: Pairs
    health: Pairs
    raises: list[ReasonLine]
    lowers: list[ReasonLine]
    pathways: tuple[Suggestion, ...]
    no_pathway: str
    support: tuple[str, ...]
    caution: str
    last_review: str
    index_date: date
    untold: Mapping[str, str]
    status_check: str
    page: PersonPage


def people_of(team: TeamList) -> list[PrintedPerson]:
    """The listed people of one team, by rank."""
    return [_build_person(team, listed) for listed in team.people]


def status_check(team: TeamList, listed: ListedPerson | None = None) -> str:
    """When the listed people were last checked against a source of same-day status, and what was not checked at all.

    listed: the person whose page it stands on. A check of that day that had no status of theirs is none of them.
    """
    missed = sum(STATUS_UNKNOWN in one.flags for one in team.people) if team.statuses_as_at == team.index_date else 0
    said = [word_status_day(team)]
    if listed is None and missed:
        said.append(f"No status of that day came for {people(missed)} on this list.")
    elif missed and listed is not None and STATUS_UNKNOWN in listed.flags:
        said = [f"Status not checked: no status of {long_date(team.index_date)} came for this person. {_WAIT}"]
    return " ".join([*said, *(f"{what}." for what in team.not_checked)])


def word_status_day(team: TeamList) -> str:
    """The first part of `status_check`, which holds no count of people: for pages that are not this team's alone."""
    checked = team.statuses_as_at == team.index_date
    if checked:
        said = f"Status checked on {long_date(team.index_date)}."
    elif team.statuses_as_at is None:
        said = "Status not checked."
    else:
        said = f"Status not checked since {long_date(team.statuses_as_at)}."
    return said if checked else f"{said} {_WAIT}"


_WAIT = (
    "Before any contact, check that the person has not died, moved away or gone into hospital. "
    "Then tick “Status checked”."
)


def _describe_no_pathway(why: str | None) -> str:
    """What stands in place of pathways. why: the reason why a rule could not be decided, if one could not."""
    told = f" by what can be told here ({printable(why)})" if why else ""
    return f"No pathway's rule is met{told}. The team may know of one."


def place_text(value: str | None) -> str:
    """A place's name, or that it is not recorded."""
    text = printable(value)
    return text if text.strip() else "not recorded"


def count_text(listed: ListedPerson, count: CountColumn) -> str:
    """A count in numerals, or the least that there was and why there may be more; the words for its absence, or why it
    cannot be told."""
    value, why = listed.counts[count.name], listed.untold.get(count.name)
    if value is not None:
        told = number(value)
        return f"at least {told}: {printable(why)}" if why else told
    return word_untold(why) if why else printable(count.when_missing)


def word_untold(why: str) -> str:
    """That something cannot be told, and why: "cannot be told: A&E visits are not in these data"."""
    return f"cannot be told: {printable(why)}"


def falls_text(check: FallsCheck) -> str:
    """The answer to the NG249 criteria with its reason."""
    why = f": {lower_first(printable(check.why).strip())}" if check.why.strip() else ""
    return sentence(f"{FALLS_WORDS[check.answer]}{why}")


def find_suggested(team: TeamList) -> tuple[Suggestion, ...]:
    """Every pathway that stands on the list once, by title; what met its rule is left out."""
    given = (_format_suggestion(one) for person in team.people for one in person.pathways)
    every = {(one.title, one.consider, one.rule) for one in given}
    return tuple(Suggestion(*one, ()) for one in sorted(every))


def describe_decision(decision: CaseDecision) -> str:
    """When the team decided, each outcome with its owner and due date, and the note: all that came back of it."""
    actions = "; ".join(map(_describe_action, decision.actions))
    said = [sentence(f"{long_date(decision.decided_on)}{f': {actions}' if actions else ''}")]
    return " ".join([*said, f"Note: {sentence(decision.note)}"] if decision.note else said)


def _build_person(team: TeamList, listed: ListedPerson) -> PrintedPerson:
    return PrintedPerson(
        reference=printable(listed.reference),
        rank=listed.rank,
        arrival=listed.arrival.capitalize(),
        known_before=sentence(listed.known_before) if listed.known_before.strip() else "",
        rising=_describe_rise(listed),
        week=_describe_weeks(listed),
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
        counts=tuple((count_heading(count), count_text(listed, count)) for count in team.counts_shown),
        conditions=_describe_conditions(listed),
        cohorts=_describe_cohorts(listed),
        health=_list_health_facts(listed),
        raises=reason_lines(listed.themes, "raises"),
        lowers=reason_lines(listed.themes, "lowers"),
        pathways=tuple(_format_suggestion(one) for one in listed.pathways),
        no_pathway=_describe_no_pathway(listed.untold.get("pathways")),
        support=tuple(sentence(text) for text in listed.support if text.strip()),
        caution=sentence(listed.caution) if listed.caution.strip() else "",
        last_review=describe_decision(listed.last_decision) if listed.last_decision else NO_DECISION,
        index_date=listed.index_date or team.index_date,
        untold=listed.untold,
        status_check=status_check(team, listed),
        page=listed.page,
    )


def _describe_weeks(listed: ListedPerson) -> str:
    if listed.arrival == "carried over" and listed.weeks_on_list == 1:
        return "Discussed since the last list"
    return f"Week {listed.weeks_on_list} on the list"


def _describe_rise(listed: ListedPerson) -> str:
    if listed.rising is None:
        return ""
    before = natural_frequency(listed.rising.risk)
    return f"Rising: {before} on {long_date(listed.rising.since)}, {natural_frequency(listed.risk)} now."


def _describe_action(action: CaseAction) -> str:
    due = f"due {long_date(action.due_on)}" if action.due_on else ""
    beside = ", ".join(filter(None, (printable(action.owner), due)))
    words = action.outcome[:1].lower() + action.outcome[1:]
    return f"{words} ({beside})" if beside else words


def _describe_escalation(listed: ListedPerson) -> str:
    return f"Escalate: {word_count(listed.weeks_on_list, 'week')} without a decision." if listed.escalate else ""


def _list_characteristics(team: TeamList, listed: ListedPerson) -> Pairs:
    own_date = [("Index date", long_date(listed.index_date))] if listed.index_date else []
    return (
        ("Age", printable(listed.age_band)),
        ("Sex", SEX[listed.sex]),
        *((PLACE_TITLES[name], place_text(getattr(listed, name))) for name in team.places_shown()),
        *own_date,
    )


def _describe_conditions(listed: ListedPerson) -> str:
    """Every condition with the month of its first record, and those that have ended apart.

    "Heart failure (March 2021), dementia (June 2019). Ended: depression (May 2015 to July 2016)."
    """
    ended = [one for one in listed.conditions if one.ended]
    named = ", ".join(_name_with_months(one) for one in listed.standing_conditions)
    return _word_conditions(listed, named, f"Ended: {', '.join(map(_name_with_months, ended))}." if ended else "")


def _name_with_months(condition: RecordedCondition) -> str:
    since, ended = (day and word_month(day) for day in (condition.since, condition.ended))
    months = f"{since} to {ended}" if since and ended else since or ended
    return printable(condition.name) + (f" ({months})" if months else "")


def _word_conditions(listed: ListedPerson, named: str, ended: str = "") -> str:
    """Conditions as named; that there are none; or that there may be some, or others, with the reason."""
    why = listed.untold.get("conditions")
    if not named and not ended and why:
        return sentence(word_untold(why))
    standing = "None recorded." if not listed.conditions else "None that has not ended."
    others = f"Whether there are others {word_untold(why)}." if why else ""
    return " ".join(filter(None, (sentence(named) if named else "" if why else standing, ended, others)))


def _list_health_facts(listed: ListedPerson) -> Pairs:
    names = [printable(one.name) for one in listed.standing_conditions[:MAIN_CONDITIONS]]
    flags = [sentence(text) for text in listed.flags if text.strip()]
    return (
        (MAIN_TITLE, _word_conditions(listed, joined(names) if names else "")),
        ("Frailty", sentence(listed.frailty)),
        (FALLS_TITLE, falls_text(listed.falls_check)),
        ("Flags", " ".join(flags) or "None."),
        *([(COHORTS_TITLE, _name_cohorts(listed))] if listed.cohorts else []),
    )


def _name_cohorts(listed: ListedPerson) -> str:
    """For a row: the tags of the cohorts that the person is in, and of which it cannot be told."""
    tags = [sentence(one.tag) for one in listed.cohorts if one.answer == "in"]
    untold = [lower_first(printable(one.tag)) for one in listed.cohorts if one.answer == "cannot be told"]
    return " ".join([*tags, *([f"Cannot be told: {joined(untold)}."] if untold else [])]) or "None."


def _describe_cohorts(listed: ListedPerson) -> str:
    """The tags of the cohorts that the person is in, then those of which it cannot be told, each with the reason."""
    tags = [sentence(one.tag) for one in listed.cohorts if one.answer == "in"]
    untold = [
        sentence(f"{printable(one.tag)} {word_untold(one.why)}")
        for one in listed.cohorts
        if one.answer == "cannot be told"
    ]
    return " ".join([*tags, *untold]) or "None."


def _format_suggestion(given: Suggestion) -> Suggestion:
    met = tuple(sentence(text) for text in given.met)
    return Suggestion(printable(given.title), sentence(given.consider), sentence(given.rule), met)
