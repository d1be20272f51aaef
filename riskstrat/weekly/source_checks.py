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
    """A sentence for each source that ends earlier than its gate marks. Raises SourceError where a gate refuses."""
    late = []
    dates = table_dates(opened, list_date)
    for table, gate in opened.workspace.settings.data.freshness.items():
        if table not in dates or (age := (list_date - dates[table]).days) <= gate.days:
            continue
        said = (
            f"{SOURCE_WORDS.get(table, table)} end on {long_date(dates[table])}, {age} days before this list; at most "
            f"{gate.days} are accepted here"
        )
        if gate.then == "refuse":
            raise SourceError(f"{said}; ingest later data, or change {table} under [data.freshness] in riskstrat.toml")
        late.append(said)
    return late
