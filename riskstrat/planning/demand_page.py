"""The page of `demand`: who is expected to be admitted where, the caseload in 12 months, and both a year back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.documents.words import TOO_FEW, suppressed
from riskstrat.planning import caseload_page
from riskstrat.planning.caseload_page import CaseloadFound, describe_caseload, summarise_caseload, tabulate_caseload
from riskstrat.planning.demand import AGE, PRACTICE, TEAM, ExpectedAdmissions

NOT_SHOWN = "not shown"

LIMITS = (
    "People are counted, each once, and not admissions. Some are admitted several times.",
    "The range is by chance alone, were every estimate right (Poisson-binomial). A hard winter, a new service or "
    "another way of recording moves all places together, and is not in it: hold it against the year before.",
    "Who joins a practice or turns old enough after the date is not in it. Who dies or leaves before being admitted is "
    "expected as any other.",
    "What teams do about their lists is meant to lower these numbers. That fewer were admitted than expected is no "
    "proof that they did.",
    "It is no share of money and no measure of how good a practice is.",
    *caseload_page.LIMITS,
)


@dataclass(frozen=True)
class DemandFound:
    """What the page is made of: the places at a date, and those of `past_day`, whose time is over.

    past: empty, with `why_none` in words, where no model of that time is kept. caseload: the teams' in 12 months.
    """

    day: date
    horizon_days: int
    model: str
    places: Sequence[ExpectedAdmissions]
    past_day: date
    caseload: CaseloadFound
    past: Sequence[ExpectedAdmissions] = ()
    why_none: str = ""


def build_demand_page(found: DemandFound) -> FiguresPage:
    """The page; small figures are hidden, so that it may leave the site."""
    titles = {TEAM: "By team", PRACTICE: "By practice", AGE: "By age"}
    tables = [
        _tabulate_expected(_select_kind(found.places, kind), title, found)
        for kind, title in titles.items()
        if any(one.kind == kind for one in found.places)
    ]
    return FiguresPage(
        title="How many people will be admitted, and the caseload in 12 months",
        about=f"Everybody eligible on {long_date(found.day)}, by {found.model}: people expected to have an emergency "
        f"admission in the {found.horizon_days} days after it.",
        summary=[*_summarise(found), summarise_caseload(found.caseload)],
        tables=[*tables, _tabulate_past(found), *tabulate_caseload(found.caseload)],
        limits=LIMITS,
        date=found.day.isoformat(),
    )


def describe_demand(found: DemandFound) -> dict[str, Any]:
    """The same as data, hidden as on the page."""
    return {
        "index_date": found.day,
        "horizon_days": found.horizon_days,
        "model": found.model,
        "places": [_describe_place(one) for one in found.places],
        "past_date": found.past_day,
        "past": [
            {**_describe_place(one), "observed": words, "inside": _word_inside(one, words)}
            for one, words in _word_observed(found.past)
        ],
        "past_missing": found.why_none,
        "caseload": describe_caseload(found.caseload),
        "sentences": [*_summarise(found), summarise_caseload(found.caseload)],
    }


def _describe_place(one: ExpectedAdmissions) -> dict[str, Any]:
    place = {"kind": one.kind, "name": one.name, "team": one.within, "people": suppressed(one.people)}
    if not is_shown(one):
        return {**place, "expected": None, "low": None, "high": None}
    return {**place, "expected": round(one.expected), "low": one.low, "high": one.high}


def is_shown(one: ExpectedAdmissions) -> bool:
    """Whether enough people are expected for their number to leave the site."""
    return one.expected >= TOO_FEW


def _summarise(found: DemandFound) -> list[str]:
    whole = found.places[0]
    said = [
        f"{round(whole.expected):,} people ({whole.low:,} to {whole.high:,}) are expected to have an emergency "
        f"admission in the year after {long_date(found.day)}."
        if is_shown(whole)
        else "Too few people are expected to be admitted for their number to be shown."
    ]
    if found.why_none:
        return [*said, f"How it would have done a year back cannot be told: {found.why_none}."]
    shown = [one for one, words in _word_observed(found.past) if words != NOT_SHOWN and is_shown(one)]
    inside = sum(one.is_inside for one in shown)
    said.append(
        f"The same from {long_date(found.past_day)} had the number within its range in {inside} of {len(shown)} "
        "places (teams, practices, ages); 95 in 100 is what chance alone leaves."
    )
    return said


def _select_kind(places: Iterable[ExpectedAdmissions], kind: str) -> list[ExpectedAdmissions]:
    return [one for one in places if one.kind == kind]


def _tabulate_expected(places: Sequence[ExpectedAdmissions], title: str, found: DemandFound) -> FiguresTable:
    says = (f"With the 95% range. Places that expect fewer than {TOO_FEW} are not shown.",)
    columns = (title.removeprefix("By ").capitalize(), "Eligible people", "People expected", "Range")
    rows = [(_name(one), suppressed(one.people), *_word_expected(one)) for one in places]
    return FiguresTable(title, says, columns, rows)


def _tabulate_past(found: DemandFound) -> FiguresTable:
    title = "How the same would have done a year back"
    columns = ("Place", "People expected", "Range", "People admitted", "Within the range")
    if found.why_none:
        return FiguresTable(title, (f"Cannot be told: {found.why_none}.",), columns, ())
    says = (
        f"Everybody eligible on {long_date(found.past_day)} who could be followed, by the model that there would have "
        "been then. People admitted are to the nearest 5; they are shown for the practices of a team, or for all "
        f"teams or ages, only where none has 1 to {TOO_FEW - 1}.",
    )
    rows = [
        (_name(one), *_word_expected(one), words, _word_inside(one, words)) for one, words in _word_observed(found.past)
    ]
    return FiguresTable(title, says, columns, rows)


def _name(one: ExpectedAdmissions) -> str:
    return f"{one.name} ({one.within})" if one.within else one.name


def _word_expected(one: ExpectedAdmissions) -> tuple[str, str]:
    if not is_shown(one):
        return f"fewer than {TOO_FEW}", NOT_SHOWN
    return f"{round(one.expected):,}", f"{one.low:,} to {one.high:,}"


def _word_observed(places: Sequence[ExpectedAdmissions]) -> list[tuple[ExpectedAdmissions, str]]:
    """Each place with its number in words: places that add up to one are shown together or not at all."""
    few = {(one.kind, one.within) for one in places if 0 < (one.observed or 0) < TOO_FEW}
    hidden = {(one.kind, one.within) for one in places} if ("all", "") in few else few
    hidden |= {(PRACTICE, one.name) for one in places if one.kind == TEAM and (TEAM, "") in hidden}
    return [(one, NOT_SHOWN if (one.kind, one.within) in hidden else suppressed(one.observed or 0)) for one in places]


def _word_inside(one: ExpectedAdmissions, words: str) -> str:
    if words == NOT_SHOWN or not is_shown(one):
        return NOT_SHOWN
    return "yes" if one.is_inside else "more" if (one.observed or 0) > one.high else "fewer"
