"""Whether the sources behind a list are fresh enough for it, and what else makes them doubtful."""

from __future__ import annotations

from datetime import date

from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.errors import SourceError
from riskstrat.site.opening import Site
from riskstrat.sources.coverage import read_coverage
from riskstrat.sources.doubts import find_doubts
from riskstrat.weekly.team_lists import table_dates


def check_sources(opened: Site, list_date: date) -> tuple[str, ...]:
    """A sentence for each doubt about the sources of a list.

    Raises SourceError where a source ends earlier than [data.freshness] in riskstrat.toml lets a list be made from it.
    """
    data = opened.workspace.settings.data
    return (
        *check_freshness(opened, list_date),
        *find_doubts(opened.store, read_coverage(opened.store, data.coverage)),
    )


def check_freshness(opened: Site, list_date: date) -> list[str]:
    """A sentence for each source that ends earlier than its gate marks. Raises SourceError where a gate refuses.

    A source of which nothing says when it ends, such as one that was not landed, is taken to end too early.
    """
    late = []
    dates = table_dates(opened, list_date)
    for table, gate in opened.workspace.settings.data.freshness.items():
        said = _describe_late(table, dates.get(table), list_date, gate.days)
        if said and gate.then == "refuse":
            raise SourceError(f"{said}; ingest later data, or change {table} under [data.freshness] in riskstrat.toml")
        late += [said] if said else []
    return late


def _describe_late(table: str, end: date | None, list_date: date, most: int) -> str | None:
    """That a source ends too early for a list, None where it does not. end: None where it is not known."""
    source = SOURCE_WORDS.get(table, table)
    if end is None:
        return (
            f"{source}: no row was landed that says when they end; at most {most} days before a list are accepted here"
        )
    if (age := (list_date - end).days) <= most:
        return None
    return f"{source} end on {long_date(end)}, {age} days before this list; at most {most} are accepted here"
