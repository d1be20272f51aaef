"""The part of the page of `demand` about the teams' caseload in 12 months, by age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.figures_page import FiguresTable
from riskstrat.documents.words import TOO_FEW, round_count, suppressed
from riskstrat.planning.caseload import CaseloadBand, CaseloadFlows, CaseloadForecast, join_bands

LIMITS = (
    "The caseload is of whom teams hold, by the rule of the lists, and not of everybody who might need them. It is "
    "forecast as though the coming year were like the one before it: as large a share of each age taken on, let go, "
    "dead or moved away, as many people joining, and everybody a year older.",
    "The range of the caseload is by chance alone, that of the year behind it too. A new team, another capacity or "
    "another rule for closing cases moves all ages together, and is not in it: hold it against the year before.",
)


@dataclass(frozen=True)
class CaseloadFound:
    """The forecast from a day, and that from a year before it with what came of it; each with why there is none."""

    day: date
    forecast: CaseloadForecast | None
    why_none: str
    past: CaseloadForecast | None
    why_no_past: str


def tabulate_caseload(found: CaseloadFound) -> list[FiguresTable]:
    """The caseload by age, what makes the difference, and how the same did a year back."""
    title = f"The teams' caseload on {long_date(found.day + timedelta(days=365))}, by age"
    columns = ("Age", "On the caseload now", "Expected", "Range")
    if found.forecast is None:
        return [FiguresTable(title, (f"Cannot be told: {found.why_none}.",), columns, ())]
    if not _is_shown(found.forecast.whole):
        return [FiguresTable(title, (f"Fewer than {TOO_FEW} people: not shown.",), columns, ())]
    says = (
        "Alive, registered and held by a team. Everybody is counted at the age of the day. With the 95% range; ages of "
        f"fewer than {TOO_FEW} are told together with the next.",
    )
    rows = [(one.name, suppressed(one.held), *_word_expected(one)) for one in _list_shown(found)[False]]
    return [FiguresTable(title, says, columns, rows), _tabulate_flows(found.forecast.flows), _tabulate_past(found)]


def _is_shown(one: CaseloadBand) -> bool:
    counts = [one.held, one.expected] if one.observed is None else [one.held, one.expected, one.observed]
    return min(counts) >= TOO_FEW


def _list_shown(found: CaseloadFound) -> dict[bool, Sequence[CaseloadBand]]:
    """The whole and the ages of what is shown: of the forecast (False), and of that of a year back (True)."""
    made = {False: found.forecast, True: found.past}
    shown = {is_past: one for is_past, one in made.items() if one is not None and _is_shown(one.whole)}
    joined = join_bands(TOO_FEW, *shown.values())
    return {
        is_past: (one.whole, *(bands if len(bands) > 1 else ()))
        for (is_past, one), bands in zip(shown.items(), joined, strict=True)
    }


def _word_expected(one: CaseloadBand) -> tuple[str, str]:
    return f"{round(one.expected):,}", f"{one.low:,} to {one.high:,}"


def _tabulate_flows(flows: CaseloadFlows) -> FiguresTable:
    rows = [(words, _word_flow(number)) for words, number in _list_flows(flows)]
    says = ("To the nearest 5, by what happened in the year before to people of the same age.",)
    return FiguresTable("What makes the difference", says, ("In the 12 months", "People expected"), rows)


def _list_flows(flows: CaseloadFlows) -> tuple[tuple[str, float], ...]:
    return (
        ("On the caseload now, and dead or moved away by then", flows.gone),
        ("On the caseload now, and let go by then", flows.let_go),
        ("Registered now, and taken on by then", flows.taken_on),
        ("Not registered now, and on the caseload by then", flows.joined),
    )


def _word_flow(number: float) -> str:
    return f"fewer than {TOO_FEW}" if number < TOO_FEW else f"{round_count(round(number)):,}"


def _tabulate_past(found: CaseloadFound) -> FiguresTable:
    title = "How the forecast of the caseload would have done a year back"
    columns = ("Age", "On the caseload then", "Expected", "Range", "On the caseload a year on", "Within the range")
    why = _explain_no_past(found)
    if found.past is None or why:
        return FiguresTable(title, (f"Cannot be told: {why}.",), columns, ())
    says = (f"From {long_date(found.day - timedelta(days=365))}, by the year before it, to {long_date(found.day)}.",)
    rows = [
        (one.name, suppressed(one.held), *_word_expected(one), suppressed(one.observed or 0), word_inside(one))
        for one in _list_shown(found)[True]
    ]
    return FiguresTable(title, says, columns, rows)


def _explain_no_past(found: CaseloadFound) -> str:
    """Why nothing is told of a year back; empty where it is."""
    if found.past is None or _is_shown(found.past.whole):
        return found.why_no_past
    return f"fewer than {TOO_FEW} people were on it"


def word_inside(one: CaseloadBand) -> str:
    """Whether as many were there as the range says: yes, or whether there were more or fewer."""
    return "yes" if one.is_inside else "more" if (one.observed or 0) > one.high else "fewer"


def summarise_caseload(found: CaseloadFound) -> str:
    """A sentence or two for the top of the page."""
    if found.forecast is None:
        return f"The caseload in 12 months cannot be told: {found.why_none}."
    whole = found.forecast.whole
    if not _is_shown(whole):
        return "The caseload is of too few people to be shown."
    said = (
        f"Teams hold {suppressed(whole.held)} people now, and {round(whole.expected):,} ({whole.low:,} to "
        f"{whole.high:,}) are expected in 12 months."
    )
    if found.past is None or _explain_no_past(found):
        return f"{said} How that would have done a year back cannot be told."
    return f"{said} A year back there were {_WORDS[word_inside(found.past.whole)]}."


_WORDS = {
    "yes": "as many in the end as the range said",
    "more": "more in the end than the range said",
    "fewer": "fewer in the end than the range said",
}


def describe_caseload(found: CaseloadFound) -> dict[str, Any]:
    """The same as data, hidden as on the page."""
    made, shown = found.forecast, _list_shown(found)
    return {
        "why_none": found.why_none,
        "ages": [*map(_describe_band, shown.get(False, ()))],
        "flows": {} if made is None or False not in shown else _describe_flows(made.flows),
        "past": [*map(_describe_band, shown.get(True, ()))],
        "past_missing": _explain_no_past(found),
    }


def _describe_flows(flows: CaseloadFlows) -> dict[str, str]:
    return {name: _word_flow(getattr(flows, name)) for name in ("gone", "let_go", "taken_on", "joined")}


def _describe_band(one: CaseloadBand) -> dict[str, Any]:
    told = {"ages": one.name, "held": suppressed(one.held), "expected": round(one.expected)}
    seen = {} if one.observed is None else {"observed": suppressed(one.observed), "inside": word_inside(one)}
    return {**told, "low": one.low, "high": one.high, **seen}
