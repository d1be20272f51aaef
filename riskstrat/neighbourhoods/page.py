"""The page of `cohorts`, its CSV and its data: every count in words, hidden where it must be."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from riskstrat.definitions.cohorts import CohortRule, RecordName
from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.documents.systems_csv import safe_cell
from riskstrat.documents.words import TOO_FEW, suppressed
from riskstrat.neighbourhoods.counting import (
    IN,
    NONE,
    NOT_IN,
    OTHER_IN_SOME,
    PLANS,
    SOME,
    UNTOLD,
    CohortCounts,
    PlaceCounts,
)
from riskstrat.neighbourhoods.listed import TeamReferences
from riskstrat.neighbourhoods.places import WHOLE, CountedPlace

NOT_SHOWN = "not shown"
PLAN: RecordName = "care_plan"
RISK_COLUMNS = {
    "High risk, in a cohort": SOME,
    "High risk, in no cohort": NONE,
    "High risk, cannot be told": UNTOLD,
    "In a cohort, not at high risk": OTHER_IN_SOME,
}
LIMITS = (
    f"Counts are to the nearest 5. The places of a team, or all teams, are shown only where none of their counts is 1 "
    f"to {TOO_FEW - 1}, so that no small number can be worked out.",
    "In a cohort means by a rule over records. Only somebody who knows the person can say whether it fits.",
    "That no plan is on record here does not say that there is none.",
    "Nothing of this counts in any estimate.",
)


@dataclass(frozen=True)
class CohortsFound:
    """What the page is made of, as at the date of a published list. references: of listed people, where asked for."""

    day: date
    people: int
    bands: tuple[str, ...]
    cohorts: tuple[CohortCounts, ...]
    risk: PlaceCounts
    references: tuple[TeamReferences, ...] | None = None


def build_cohorts_page(found: CohortsFound) -> FiguresPage:
    """The page; without references it may leave the site."""
    tables = [_tabulate_sizes(found), *(_tabulate_places(one) for one in found.cohorts), _tabulate_risk(found)]
    if found.references is not None:
        tables.append(_tabulate_references(found.references))
    about = f"People eligible for the lists of {long_date(found.day)}, by the rules of training/cohorts.toml."
    return FiguresPage(
        title="Cohorts and care plans",
        about=about if found.references is None else f"{about} For the teams alone: it names cases by reference.",
        summary=summarise_cohorts(found),
        tables=tables,
        limits=(*LIMITS, *_list_cautions(found.cohorts)),
        date=found.day.isoformat(),
    )


def summarise_cohorts(found: CohortsFound) -> list[str]:
    """The sizes, and who is at high risk and in no cohort, in two or three sentences."""
    sizes = [f"{lower_first(one.rule.tag)} {_word(one.sizes, WHOLE, IN)}" for one in found.cohorts]
    none = _word(found.risk, WHOLE, NONE)
    open_rules = sum(one.rule.confirmed is None for one in found.cohorts)
    said = [
        f"Of {suppressed(found.people)} eligible people are in a cohort: {'; '.join(sizes)}.",
        f"At high risk ({' or '.join(found.bands)}) and in no cohort: {none}.",
    ]
    return [*said, *([f"{open_rules} of {len(sizes)} rules are unconfirmed by the site."] if open_rules else [])]


def describe_cohorts_found(found: CohortsFound) -> dict[str, Any]:
    """The same as data, hidden as on the page."""
    data = {
        "list_date": found.day,
        "people": suppressed(found.people),
        "cohorts": [_describe_cohort(one) for one in found.cohorts],
        "risk": [
            {
                **_describe_place(place),
                **{title: _word(found.risk, place, part) for title, part in RISK_COLUMNS.items()},
            }
            for place in found.risk.counts.index
        ],
        "sentences": summarise_cohorts(found),
    }
    if found.references is not None:
        data["references"] = [vars(one) for one in found.references]
    return data


def format_cohorts_csv(found: CohortsFound) -> bytes:
    """One line per cohort, place and count; the cohort of the counts of risk is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("list_date", "cohort", "place_kind", "place", "within", "count", "people"))
    for cohort, place, title, words in _list_cells(found):
        where = (place.kind, safe_cell(place.name), safe_cell(place.within))
        writer.writerow((found.day.isoformat(), cohort, *where, title, words))
    return text.getvalue().encode("utf-8")


def _list_cells(found: CohortsFound) -> Iterator[tuple[str, CountedPlace, str, str]]:
    for one in found.cohorts:
        for place in one.answers.counts.index:
            yield from ((one.rule.name, place, title, words) for title, words in _list_counts(one, place))
    for place in found.risk.counts.index:
        yield from (("", place, title, _word(found.risk, place, part)) for title, part in RISK_COLUMNS.items())


def _list_counts(one: CohortCounts, place: CountedPlace) -> Iterator[tuple[str, str]]:
    """Each count of a cohort in one place, with its title."""
    yield "In it", _word(one.sizes, place, IN)
    yield "Cannot be told", _word(one.answers, place, UNTOLD)
    for kind, title in PLANS.items():
        yield f"{title} on record", _word(one.plans[kind], place, IN)
        yield f"No {lower_first(title)} on record", _word(one.plans[kind], place, NOT_IN)
        yield f"{title} cannot be told", _word(one.plans[kind], place, UNTOLD)


def _describe_cohort(one: CohortCounts) -> dict[str, Any]:
    rule = one.rule
    return {
        "name": rule.name,
        "title": rule.title,
        "rule": rule.rule,
        "source": rule.source,
        "confirmed": rule.confirmed.model_dump(mode="json") if rule.confirmed else None,
        "cannot_be_told_because": list(one.reasons),
        "places": [{**_describe_place(place), **dict(_list_counts(one, place))} for place in one.answers.counts.index],
    }


def _describe_place(place: CountedPlace) -> dict[str, str]:
    return {"kind": place.kind, "name": place.name, "within": place.within}


def _tabulate_sizes(found: CohortsFound) -> FiguresTable:
    titles = [title for title, _ in _list_counts(found.cohorts[0], WHOLE)] if found.cohorts else []
    rows = [(one.rule.title, *(words for _, words in _list_counts(one, WHOLE))) for one in found.cohorts]
    says = ("People may be in several cohorts, so these do not add up.",)
    return FiguresTable("All together", says, ("Cohort", *titles), rows)


def _tabulate_places(one: CohortCounts) -> FiguresTable:
    columns = ("Place", "In it", "Cannot be told", "Care plan on record", "No care plan on record", "Plan not told")
    rows = [
        (
            name_place(place),
            _word(one.sizes, place, IN),
            _word(one.answers, place, UNTOLD),
            *(_word(one.plans[PLAN], place, answer) for answer in (IN, NOT_IN, UNTOLD)),
        )
        for place in one.answers.counts.index
    ]
    reasons = (f"Cannot be told: {'; '.join(one.reasons[:3])}.",) if one.reasons else ()
    says = (f"Rule: {one.rule.rule}", _word_standing(one.rule), *reasons)
    return FiguresTable(one.rule.title, (*says, *_word_left_out(rows)), columns, _leave_out_hidden(rows))


def _leave_out_hidden(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows but for places of which nothing is shown; that of the whole stays."""
    return [row for place, row in enumerate(rows) if not place or any(cell != NOT_SHOWN for cell in row[1:])]


def _word_left_out(rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    number = len(rows) - len(_leave_out_hidden(rows))
    return (f"{number} places are left out, whose numbers are too small or would give such away.",) if number else ()


def _word_standing(rule: CohortRule) -> str:
    if rule.confirmed is None:
        return f"Unconfirmed by the site. Source: {rule.source}."
    return f"Confirmed on {long_date(rule.confirmed.on)}: {rule.confirmed.reference}. Source: {rule.source}."


def _tabulate_risk(found: CohortsFound) -> FiguresTable:
    says = (f"High risk: the bands {' and '.join(found.bands)} of the published list.",)
    rows = [
        (name_place(place), *(_word(found.risk, place, part) for part in RISK_COLUMNS.values()))
        for place in found.risk.counts.index
    ]
    columns = ("Place", *RISK_COLUMNS)
    return FiguresTable("High risk and cohorts", (*says, *_word_left_out(rows)), columns, _leave_out_hidden(rows))


def _tabulate_references(references: Sequence[TeamReferences]) -> FiguresTable:
    columns = ("Team", "High risk, in no cohort", "High risk, cannot be told", "In a cohort, not at high risk")
    rows = [(one.team, *(_join(part) for part in (one.in_none, one.untold, one.not_high))) for one in references]
    return FiguresTable("Listed people", ("As their list put them, by reference.",), columns, rows, words=True)


def _join(references: Sequence[str]) -> str:
    return ", ".join(references) or "None"


def name_place(place: CountedPlace) -> str:
    """The name of a place, with the places around it."""
    return f"{place.name} ({place.within})" if place.within else place.name


def _word(counted: PlaceCounts, place: CountedPlace, part: str) -> str:
    return (
        suppressed(int(counted.counts[part].array[counted.counts.index.get_loc(place)]))
        if place in counted.shown
        else NOT_SHOWN
    )


def _list_cautions(cohorts: Sequence[CohortCounts]) -> Iterator[str]:
    yield from (one.rule.caution for one in cohorts if one.rule.caution)
