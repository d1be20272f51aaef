"""The pack of one month: every chosen indicator counted, hidden where it must be, charted and put into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from riskstrat.casefinding.caseload_coverage import CASELOAD, add_caseload, explain_endless
from riskstrat.definitions.indicators import NEEDED_COLUMNS, Indicator, Indicators
from riskstrat.definitions.phrases import long_date, word_month
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.purpose import PURPOSE, describe_clinical_use
from riskstrat.documents import BoardIndicator, BoardPack, BoardSeries, ShownRate, sentence
from riskstrat.errors import IndexDateError
from riskstrat.indicators.covering import explain_uncovered, list_covered, list_tables
from riskstrat.indicators.hiding import WHOLE, Place, ShownCount
from riskstrat.indicators.places import FIFTH, FIFTHS, LOCALITY, PRACTICE, MonthPlaces
from riskstrat.indicators.records import IndicatorRecords
from riskstrat.indicators.series import build_rate, build_series, stands_out
from riskstrat.indicators.showing import (
    MonthCounts,
    ShownMonths,
    count_months,
    find_last_day,
    read_borough,
    show_months,
)
from riskstrat.indicators.unheld import list_unheld, withhold_unheld
from riskstrat.indicators.words import word_finding, word_year, write_summary
from riskstrat.site.opening import Site
from riskstrat.sources.coverage import Coverage, read_coverage

FEWEST_STAYS = 500
"""With fewer stays in 12 months, a share with one decimal would tell single ones."""


def build_pack(opened: Site, month: date, progress: Progress) -> BoardPack:
    """The pack of the month that begins on `month`.

    Raises IndexDateError where the data end before the month does, or dates are shifted from person to person;
    DefinitionError where the indicators cannot be read.
    """
    chosen = opened.workspace.indicators
    _require_month(opened, month)
    progress("indicators", 0.0)
    borough = read_borough(opened, list_months(opened, month, chosen.months))
    # Hidden together whichever are printed, so that packs of other choices tell no more.
    given = [one for one in chosen.indicator if not find_untold(opened, one)]
    counted = {}
    for number, one in enumerate(given):
        progress("indicators", number / (len(given) + 1))
        counted[one.name] = count_months(one, borough, opened.store.data_as_at)
    shown = show_months(given, counted, borough.trees)
    coverage = add_caseload(read_coverage(opened.store, opened.workspace.settings.data.coverage), opened.store)
    told: list[BoardIndicator] = []
    untold: list[tuple[Indicator, str]] = []
    for one in chosen.shown:
        reason = find_untold(opened, one) or find_uncovered(one, counted[one.name], coverage)
        if reason:
            untold.append((one, reason))
        else:
            kept = _keep_covered(one, shown[one.name], counted[one.name], coverage)
            if CASELOAD in list_tables(one):
                kept = withhold_unheld(one, kept, list_unheld(borough, max(kept[0])))
            told.append(_build_indicator(one, chosen, kept, borough.trees))
    marked, charts, flagged = _mark_standing_out(told)
    summary = write_summary(month, marked, len(untold), charts, flagged)
    notes = tuple(_list_notes(opened, chosen, month))
    clinical_use = describe_clinical_use(opened.workspace.settings.lists.clinical_use)
    purpose = f"{sentence(PURPOSE)} {sentence(clinical_use)}"
    return BoardPack(month, opened.store.data_as_at, summary, marked, tuple(untold), notes, purpose)


def _require_month(opened: Site, month: date) -> None:
    last = find_last_day(month)
    if not opened.store.comparable_dates:
        raise IndexDateError(
            "the dates of this source are shifted from person to person, so its months are nobody's; "
            "read the indicators of a source with true dates"
        )
    if last > opened.store.data_as_at:
        raise IndexDateError(
            f"--month {month:%Y-%m} ends on {last}, but the data are as at {opened.store.data_as_at}; "
            "give an earlier month, or ingest later data"
        )


def list_months(opened: Site, month: date, most: int) -> list[date]:
    """The months of the charts, up to `month`: those that begin when the records had begun, at most `most`."""
    months = [found.date() for found in pd.date_range(end=month, periods=most, freq="MS")]
    begun = opened.store.records_from
    return [each for each in months if begun is None or each >= begun or each == month]


def find_untold(opened: Site, indicator: Indicator) -> str:
    """Why the landed tables cannot give an indicator; empty where they can."""
    if indicator.measure is None:
        return indicator.untold
    for table in list_tables(indicator):
        if table not in opened.store.landed:
            return f"no {table.replace('_', ' ')} table was landed"
    for table, column in NEEDED_COLUMNS.get(indicator.measure, ()):
        if column in opened.store.absent_columns.get(table, ()):
            return f"{table} was landed without {column}"
    return explain_endless(opened.store.read(CASELOAD)) if CASELOAD in list_tables(indicator) else ""


def find_uncovered(indicator: Indicator, counted: Mapping[date, MonthCounts], coverage: Coverage) -> str:
    """Why the newest month that was counted cannot be told after all; empty where it can."""
    if not counted:
        return "no month is over for long enough to know what followed"
    newest = max(counted)
    return explain_uncovered(indicator, newest, counted[newest].follow_days, coverage)


def _keep_covered(
    indicator: Indicator,
    shown: tuple[ShownMonths, ShownMonths],
    counted: Mapping[date, MonthCounts],
    coverage: Coverage,
) -> tuple[ShownMonths, ShownMonths]:
    """The months that its sources hold. They were hidden together with all others, so that no later pack tells more."""
    follow_days = {month: counts.follow_days for month, counts in counted.items()}
    months = list_covered(indicator, counted, follow_days, coverage)
    numerators, denominators = ({month: each[month] for month in months} for each in shown)
    return numerators, denominators


def _build_indicator(
    indicator: Indicator,
    chosen: Indicators,
    shown: tuple[ShownMonths, ShownMonths],
    trees: Mapping[date, MonthPlaces],
) -> BoardIndicator:
    numerators, denominators = shown
    if indicator.measure == "inequality_ratio":
        return _build_ratio(indicator, numerators, denominators)
    latest = max(numerators)
    rebased = [one.month for one in chosen.rebase if one.indicator == indicator.name]
    localities = [place for place in trees[latest].places if place[0] == LOCALITY]
    series = tuple(
        build_series(indicator, place, numerators, denominators, rebased)
        for place in (WHOLE, *(localities if len(localities) > 1 else ()))
    )
    parts = tuple(_tabulate_parts(numerators[latest], denominators[latest], indicator))
    finding, year = word_finding(indicator, series[0]), word_year(indicator, series[0])
    return BoardIndicator(indicator, latest, series, parts, finding, year, False)


def _tabulate_parts(
    numerators: Mapping[Place, ShownCount], denominators: Mapping[Place, ShownCount], indicator: Indicator
) -> Iterator[tuple[str, tuple[tuple[str, ShownRate], ...]]]:
    for kind in (LOCALITY, FIFTH, PRACTICE):
        rows = tuple(
            (place[1], build_rate(count, denominators[place], indicator))
            for place, count in numerators.items()
            if place[0] == kind
        )
        if len(rows) > 1:
            yield kind, rows


def _build_ratio(indicator: Indicator, numerators: ShownMonths, denominators: ShownMonths) -> BoardIndicator:
    """The most deprived fifth over the least, of the latest 12 months and from the printed counts alone."""
    months = sorted(numerators)[-12:]
    ends = [_sum_months((FIFTH, name), numerators, denominators, months) for name in (FIFTHS[0], FIFTHS[-1])]
    most, least = (rate for _, rate in ends)
    ratio = most / least if most is not None and least and len(months) == 12 else None
    shown = ShownRate(ends[0][0], ends[1][0], ratio)
    series = BoardSeries(WHOLE[1], (months[-1],), (shown,), None, "No chart: it is of 12 months, and they overlap.")
    said = "not shown: a month of one of the fifths is hidden, or 12 months are not there"
    year = said if ratio is None else f"{ratio:.2f} times the rate of the least deprived fifth"
    return BoardIndicator(indicator, months[-1], (series,), (), series.no_limits, year, False)


def _sum_months(
    place: Place, numerators: ShownMonths, denominators: ShownMonths, months: Sequence[date]
) -> tuple[str, float | None]:
    """The rate of a place over months in words, and as a number where every month of it is shown."""
    pairs = [(numerators[month].get(place), denominators[month].get(place)) for month in months]
    counts = [(one.number, of.number) for one, of in pairs if one is not None and of is not None]
    shown = [(count, people) for count, people in counts if count is not None and people is not None]
    people = sum(each for _, each in shown)
    if len(shown) < len(months) or not people:
        return "not shown", None
    rate = 12 * sum(each for each, _ in shown) / people
    return f"{1000 * rate:,.1f} per 1,000 a year", rate


def _mark_standing_out(told: Sequence[BoardIndicator]) -> tuple[tuple[BoardIndicator, ...], int, int]:
    """The indicators with what stands out, the number of charts with limits, and how many flag their latest month."""
    charts = [series for one in told for series in one.series if series.limits is not None]
    flagged = sum(bool(series.limits.flags[-1]) for series in charts if series.limits is not None)
    marked = tuple(
        replace(one, stands_out=any(stands_out(series, len(charts)) for series in one.series)) for one in told
    )
    return marked, len(charts), flagged


def _list_notes(opened: Site, chosen: Indicators, month: date) -> Iterator[str]:
    end, as_at = find_last_day(month), opened.store.data_as_at
    days = (as_at - end).days
    yield f"Figures are as known on {long_date(as_at)}, {days} days after the end of {word_month(month)}."
    counted = next((one.rows for one in chosen.shown if one.measure == "stays"), None)
    late = _find_late_share(opened, counted, end, days) if counted else None
    if late is None:
        yield "How many stays come later than that cannot be told: the records are too short."
    else:
        yield (
            f"Of the emergency stays of the 12 months before, {late:.1f}% became known later than {days} days after "
            "the end of their month. A later pack may show these months higher."
        )
    for one in chosen.rebase:
        yield f"{one.indicator} has new limits from {word_month(one.month)}: {sentence(one.reason)}"


def _find_late_share(opened: Site, rows: str, end: date, days: int) -> float | None:
    """Of the stays of the 12 months before, the percentage first known more than `days` days after their month."""
    known = IndicatorRecords(opened).first_known(rows)
    last = known["admitted_on"] + pd.offsets.MonthEnd(0)
    newest = pd.Timestamp(end) - pd.offsets.MonthEnd(1)
    before = (last <= newest) & (last > newest - pd.offsets.MonthEnd(12))
    late = (known["known_on"] - last).dt.days > days
    return None if before.sum() < FEWEST_STAYS else 100 * float((late & before).sum() / before.sum())
