"""The page on lists in use: a summary for a board, what each watch found, and the plan. It holds no count of people."""

from __future__ import annotations

from collections.abc import Iterator

from riskstrat.definitions.monitoring import Watch
from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.documents.rendering import render_html
from riskstrat.documents.words import joined, sentence
from riskstrat.evaluation.chance import Interval
from riskstrat.monitoring.findings import Finding
from riskstrat.monitoring.ripened import RipeMonth
from riskstrat.monitoring.watching import Watched, describe_reference

STATE_WORDS = {
    "alert": "Alert",
    "well": "No alert",
    "not ripe": "Not ripe",
    "too few": "Too few to tell",
    "nothing yet": "Nothing yet",
}
NOT_SHOWN = "not shown"
SPELLED_OUT = 3
"""Alerts that the summary tells in a sentence each; more are named."""


def build_page(watched: Watched) -> bytes:
    """The page as HTML that stands alone; the same bytes for the same findings."""
    return render_html(
        "monitor.html.j2",
        date=watched.day.isoformat(),
        day=long_date(watched.day),
        model=watched.model,
        summary=summarise_for_board(watched),
        reference=describe_reference(watched),
        chance=describe_chance(watched),
        watches=[_describe_watch(watched, key, watch) for key, watch in watched.plan.list_watches()],
        months=[_describe_month(month) for month in watched.months],
        understood=[(about.replace("_", " "), f"{share:.0%}") for about, share in watched.understood],
    )


def summarise_for_board(watched: Watched) -> str:
    """What a board member needs to know, from the findings, in at most 150 words."""
    return " ".join(_summarise(watched))


def _summarise(watched: Watched) -> Iterator[str]:
    watches = dict(watched.plan.list_watches())
    alarmed = list(dict.fromkeys(found.watch for found in watched.alerts))
    yield f"{len(watches)} things are watched while lists are in use. On {long_date(watched.day)},"
    if not alarmed:
        yield "none of them needs anybody."
    elif len(alarmed) == 1:
        yield "1 of them needs somebody."
    else:
        yield f"{len(alarmed)} of them need somebody."
    if len(alarmed) <= SPELLED_OUT:
        yield from (watches[key].alert for key in alarmed)
    else:
        yield f"Alerts: {joined(_name(watches[key]) for key in alarmed)}."
    told = {found.watch for found in watched.findings if found.state in ("well", "alert")}
    untold = [_name(watch) for key, watch in watches.items() if key not in told]
    if untold:
        yield f"Not to be told yet: {joined(untold)}."
    ripe = next((found.said for found in watched.findings if found.state == "not ripe"), None)
    if ripe:
        yield f"What came of the people on lists is {ripe}."
    yield f"{describe_chance(watched)} Below stand what was found, who is told and what is done."


def _name(watch: Watch) -> str:
    return f"“{lower_first(watch.title)}”"


def describe_chance(watched: Watched) -> str:
    """How often chance alone makes an alert."""
    months = watched.plan.months_per_false_alarm
    return f"With one run a month, chance alone raises an alert in at most 1 month in {months}."


def count_alerts(watched: Watched) -> str:
    """How many alerts there are, in words; nothing for none."""
    number = len(watched.alerts)
    if not number:
        return ""
    return "1 alert; the page says who is told" if number == 1 else f"{number} alerts; the page says who is told"


def _describe_watch(watched: Watched, key: str, watch: Watch) -> dict[str, object]:
    own = [found for found in watched.findings if found.watch == key]
    return {
        "key": key,
        "title": watch.title,
        "alert": watch.alert if any(found.state == "alert" for found in own) else "",
        "rows": [_describe_finding(found) for found in own],
        "plan": (("Told", watch.tells), ("Done", sentence(watch.does)), ("An alert comes by", watch.delay)),
    }


def _describe_finding(found: Finding) -> tuple[str, str, str]:
    return sentence(found.about.replace("_", " "))[:-1], STATE_WORDS[found.state], sentence(found.said)


def _describe_month(month: RipeMonth) -> tuple[str, list[str]]:
    ratios = [_format_interval(one, "{:.2f}", 1) for one in (month.untouched, month.touched)]
    return long_date(month.day), [*ratios, _format_interval(month.ppv, "{:.0f}%", 100)]


def _format_interval(found: Interval | None, form: str, times: float) -> str:
    if found is None:
        return NOT_SHOWN
    estimate, low, high = (form.format(times * each) for each in found)
    return f"{estimate} ({low} to {high})"
