"""Words that the page and the workbook of a board pack share."""

from __future__ import annotations

from riskstrat.definitions.indicators import Indicator
from riskstrat.definitions.phrases import word_month
from riskstrat.documents.board_records import BoardIndicator, BoardPack, ShownRate
from riskstrat.documents.words import sentence

RULES = (
    "Counts of 1 to 7 stand as “1 to 7”; other counts are rounded to the nearest 5. A rate stands as the least "
    "and the most that it can be before rounding; charts and 12 months together are of the rounded counts. "
    "“Not shown” stands where a hidden count could be worked out from the others.",
    "Charts are XmR charts of single months, by the rules of Making Data Count. A month is flagged (a filled square) "
    "where it lies outside the limits, is one of 7 or more on one side of the mean, one of 7 or more that rise or fall "
    "one after the other, or one of 2 in 3 near the same limit. Every month of such a run is flagged.",
    "A chart has no limits with fewer than 12 months, with fewer than 25 events a month on average (of a percentage, "
    "also where fewer than 25 are left over), or for a count of people at one moment, which carries over from month to "
    "month. Limits know nothing of the season or of the length of months: a flagged month is held against the same "
    "month of the year before.",
    "“Stands out” is stricter than a flag: in a pack in which nothing has changed, any chart does so in 5 packs of "
    "100. Of charts in which nothing has changed, about 2 in 100 flag their latest month, and about 17 in 100 some "
    "month of 24.",
    "A locality is the team that serves the person's practice in that month.",
)


def title_pack(pack: BoardPack) -> str:
    """What the documents are called."""
    return f"Indicators for the board, {word_month(pack.month)}"


def format_rate(rate: float | None, indicator: Indicator) -> str:
    """A rate as it is printed, without its unit."""
    if rate is None:
        return "not shown"
    return f"{rate:,.2f}" if indicator.per == 1 else f"{rate:,.1f}"


def format_span(rate: ShownRate, indicator: Indicator) -> str:
    """A rate as far as rounded counts tell it: from the least to the most that it can be, without its unit."""
    if rate.rate is None or rate.span is None:
        return format_rate(rate.rate, indicator)
    low, high = (format_rate(end, indicator) for end in rate.span)
    return low if low == high else f"{low} to {high}"


def list_definition(one: Indicator) -> list[tuple[str, str]]:
    """Whose definition an indicator has, in rows of a heading and its words."""
    rows = [
        ("Numerator", one.numerator),
        ("Denominator", one.denominator),
        ("As counted here", one.here),
        ("Period of the standard", one.period),
        ("Standard", one.standard),
        ("Area", one.area),
        ("Standing of the definition", one.status),
        ("Source", one.source),
        ("Published before", one.baseline),
        ("Caution", one.caution),
    ]
    return [(heading, sentence(words)) for heading, words in rows if words]


def describe_mark(told: BoardIndicator) -> str:
    """In a word or two what the latest month is: stands out, flagged, or neither."""
    if told.stands_out:
        return "Stands out"
    limits = told.whole.limits
    if limits is None:
        return "No limits"
    return "Flagged" if limits.flags[-1] else "Usual variation"
