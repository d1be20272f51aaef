"""What a board pack holds, for the writers: figures fit to leave the site, control limits, and words about each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from riskstrat.definitions.indicators import Indicator


@dataclass(frozen=True)
class ControlLimits:
    """Mean and process limits of each point of an XmR chart, and the rules that flag it.

    A point without limits (no variation, or too few months since a rebasing) has None. Each tuple is as long as the
    series.
    """

    mean: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    flags: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ShownRate:
    """One place in one month: counts as they may be shown, and the rate from the shown counts; None where hidden.

    `numerator` and `denominator` are words ("1 to 7", "1,235", "not shown"). `span`: the least and the most that the
    rate of the counts before rounding can be; None where the rate is hidden, or is no rate of two counts.
    """

    numerator: str
    denominator: str
    rate: float | None
    span: tuple[float, float] | None = None


@dataclass(frozen=True)
class BoardSeries:
    """The months of one indicator in one place. `limits` is None where there are none, and `no_limits` says why."""

    place: str
    months: tuple[date, ...]
    rates: tuple[ShownRate, ...]
    limits: ControlLimits | None
    no_limits: str


@dataclass(frozen=True)
class BoardIndicator:
    """One indicator that the tables give.

    `month`: the latest month that can be told. `series`: the whole first, then each locality. `parts`: of that month,
    by the kind of place ("Practice"), each place with its counts and rate. `finding` says what the chart of the whole
    shows, `year` the sum of 12 months, and `stands_out` whether the month lies outside the limits of the pack.
    """

    indicator: Indicator
    month: date
    series: tuple[BoardSeries, ...]
    parts: tuple[tuple[str, tuple[tuple[str, ShownRate], ...]], ...]
    finding: str
    year: str
    stands_out: bool

    @property
    def whole(self) -> BoardSeries:
        """The series of all places together."""
        return self.series[0]

    @property
    def latest(self) -> ShownRate:
        """All places together in the month."""
        return self.whole.rates[self.whole.months.index(self.month)]


@dataclass(frozen=True)
class BoardPack:
    """Everything of one month's pack, in the order of printing.

    `untold`: each indicator that the tables cannot give, with the reason. `summary`: the findings in at most 150 words.
    """

    month: date
    data_as_at: date
    summary: str
    told: tuple[BoardIndicator, ...]
    untold: tuple[tuple[Indicator, str], ...]
    notes: tuple[str, ...]
    purpose: str
