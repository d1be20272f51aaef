"""Teams that begin at different times: each against teams that have not begun yet, over the time before and after.

Each start is compared by itself, with teams that list nobody until its time is over, so that effects which grow, or
differ between teams, bias nothing (Callaway and Sant'Anna 2021, Journal of Econometrics 225:200). On both sides, and
for both times, the people are those with the highest estimates on a list that came before anybody of theirs was listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from riskstrat.impact.estimating import Effect
from riskstrat.impact.matching import Panel
from riskstrat.impact.tallies import Days

Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Window = tuple[int, int]
"""A team, and the number of the list from which its people are followed."""

FEWEST_STARTS = 6
"""Teams whose start can be compared, below which nothing is told: the range rests on how much they differ."""

FEWEST_OTHERS = 3
"""Teams that had not begun by then, without which a start is not compared."""

MOST_BEFORE = 3
"""Times before a start, at most, of which each is held against the one before it."""

STARTS_A_TIME = 4
"""Starts for each time before, at least: of few teams many times together find little."""

LEAST_CHANCE = 0.05
"""Of teams that go the same way, the share that is wrongly found to have gone different ways before they began."""


@dataclass(frozen=True)
class Start:
    """One team's first list: team, week, the list from which the time before counts, who had not begun by its end.

    before: the lists from which the times before that one count, the newest first.
    """

    team: int
    week: int
    earlier: int
    others: tuple[int, ...]
    before: tuple[int, ...] = ()

    def list_windows(self) -> Iterator[Window]:
        """Whose people are followed, and from when."""
        for team in (self.team, *self.others):
            for week in (*reversed(self.before), self.earlier, self.week):
                yield team, week

    def move_back(self, times: int) -> Start | None:
        """As though the team had begun so many times earlier; None where there is no such time."""
        weeks = (self.week, self.earlier, *self.before)
        return replace(self, week=weeks[times], earlier=weeks[times + 1]) if times + 1 < len(weeks) else None


@dataclass(frozen=True)
class WayBefore:
    """Whether teams that began had gone the same way as those that had not, in the times before they began.

    times: how many could be held against the one before it; chance: of so large differences where all go the same way,
    None without a time.
    """

    times: int
    chance: float | None

    @property
    def is_apart(self) -> bool:
        """Whether they went different ways, so that the change at the start is not the list's alone."""
        return self.chance is not None and self.chance < LEAST_CHANCE


@dataclass(frozen=True)
class StartsFound:
    """Which starts can be compared. begun: teams with a first list since the plan counts whose time is over.

    dates: different days among the starts that can be. untold: why nothing is, in words; blank where it is. before:
    whether the teams went the same way before they began, where that was looked at.
    """

    starts: tuple[Start, ...]
    begun: int
    dates: int
    untold: str
    before: WayBefore | None = None


@dataclass(frozen=True)
class WindowTotals:
    """What became of the people of a window: people, those with an event, events before and after each was listed in
    truth, and the events that the model as it was expected, up to a factor common to all windows."""

    people: int
    affected: int
    before: float
    after: float
    expected: float

    @property
    def events(self) -> float:
        """All of them."""
        return self.before + self.after


@dataclass(frozen=True)
class WindowRows:
    """One row per person and window: window (its number among `windows`), person, and the week it begins in."""

    windows: tuple[Window, ...]
    window: Indices
    person: Indices
    week: Indices


@dataclass(frozen=True)
class StartsEffect:
    """The effect on those listed, `critical` standard errors for its range, and how many people stood high when their
    team began."""

    effect: Effect | None
    critical: float
    people: int


def find_first_weeks(panel: Panel, team: Indices) -> dict[int, int]:
    """By team the first list on which somebody stood for the first time; -1 for a team that has listed nobody."""
    first = {int(number): -1 for number in np.unique(team[team >= 0])}
    listed = np.flatnonzero(panel.first_week >= 0)
    week = panel.first_week[listed]
    for number, began in zip(team[week, listed], week, strict=True):
        if number >= 0 and (first[number] < 0 or began < first[number]):
            first[int(number)] = int(began)
    return first


def find_starts(panel: Panel, team: Indices, day: Days, span: int, until: np.datetime64, since: int = 0) -> StartsFound:
    """The starts from week `since` whose people were followed for `span` days by `until`, and why they tell nothing.

    day: of each list.
    """
    first = find_first_weeks(panel, team)
    length = np.timedelta64(span, "D")
    begun = sorted(number for number, week in first.items() if week >= since and day[week] + length <= until)
    found = []
    for number in begun:
        week = first[number]
        before = np.flatnonzero(day <= day[week] - length)
        others = [each for each, began in first.items() if began < 0 or day[began] >= day[week] + length]
        if len(before):
            weeks = int(before[-1]), week
            start = Start(number, week, weeks[0], _keep_present(others, panel, team, weeks))
            start = replace(start, before=tuple(_list_before(start, panel, team, day, length)))
            if _keep_present([number], panel, team, weeks) and len(start.others) >= FEWEST_OTHERS:
                found.append(start)
    dates = len({start.week for start in found})
    return StartsFound(tuple(found), len(begun), dates, _find_no_starts(found))


def _list_before(start: Start, panel: Panel, team: Indices, day: Days, length: np.timedelta64) -> Iterator[int]:
    """Lists a time apart before the earlier one of a start, on which all its teams had people who could be listed."""
    every, week = (start.team, *start.others), start.earlier
    for _ in range(MOST_BEFORE):
        lists = np.flatnonzero(day <= day[week] - length)
        if not len(lists) or _keep_present(every, panel, team, [int(lists[-1])]) != tuple(sorted(every)):
            return
        week = int(lists[-1])
        yield week


def _keep_present(teams: Iterable[int], panel: Panel, team: Indices, weeks: Sequence[int]) -> tuple[int, ...]:
    """The teams that had people who could be listed on all of these lists."""
    return tuple(sorted(each for each in teams if all(_find_free(panel, team, (each, week)).size for week in weeks)))


def _find_no_starts(found: Sequence[Start]) -> str:
    if len(found) >= FEWEST_STARTS:
        return ""
    return (
        f"it asks for {FEWEST_STARTS} teams whose start can be held against {FEWEST_OTHERS} that had not begun, and "
        f"there are {len(found) or 'none'}"
    )


def choose_windows(starts: Sequence[Start], panel: Panel, team: Indices, day: Days, span: int) -> dict[Window, Indices]:
    """The people of each window: as large a share of each team, by the highest estimates.

    The share is how many of their people the teams that began listed within `span` days of their start, over all.
    """
    free = {window: _find_free(panel, team, window) for start in starts for window in start.list_windows()}
    listed = 0
    for start in starts:
        over = day[np.maximum(panel.first_week, 0)] - day[start.week]
        new = (panel.first_week >= start.week) & (over < np.timedelta64(span, "D"))
        listed += int(new[free[start.team, start.week]].sum())
    share = listed / sum(len(free[start.team, start.week]) for start in starts)
    return {window: _choose_highest(panel.margin[window[1]], people, share) for window, people in free.items()}


def _find_free(panel: Panel, team: Indices, window: Window) -> Indices:
    """The people of a team who could be listed, and had not been."""
    number, week = window
    never = (panel.first_week < 0) | (panel.first_week >= week)
    return np.flatnonzero((team[week] == number) & never & ~np.isnan(panel.margin[week]))


def _choose_highest(margin: Numbers, people: Indices, share: float) -> Indices:
    """A share of people, at least one, by margin; of equal ones the first."""
    return people[np.argsort(-margin[people], kind="stable")[: max(1, round(share * len(people)))]]


def stack_windows(windows: Mapping[Window, Indices]) -> WindowRows:
    """The people of all windows, one after another."""
    sizes = [len(people) for people in windows.values()]
    person = np.concatenate([*windows.values()])
    return WindowRows(
        tuple(windows), np.repeat(np.arange(len(sizes)), sizes), person, np.repeat([week for _, week in windows], sizes)
    )


def add_windows(
    rows: WindowRows, before: Numbers, after: Numbers, expected: Numbers, kept: npt.NDArray[np.bool_]
) -> dict[Window, WindowTotals]:
    """The totals of each window. kept: rows that count; the rest by row, as in `WindowTotals`."""
    columns = (np.ones(len(kept)), before + after > 0, before, after, expected)
    sums = [np.bincount(rows.window[kept], column[kept], len(rows.windows)).tolist() for column in columns]
    return {
        window: WindowTotals(int(people), int(affected), *rest)
        for window, people, affected, *rest in zip(rows.windows, *sums, strict=True)
    }


def estimate_starts(starts: Sequence[Start], totals: Mapping[Window, WindowTotals]) -> StartsEffect:
    """The effect, from what teams that began had after being listed over what they would have had.

    What they would have had: as many for what the model expected as in the time before, times how much that changed in
    the teams that had not begun. Events from being listed on are changed by one ratio, as in `estimate_effect`. The
    errors come from leaving out each team in turn, as one that began and as one compared with (CR3), and Student's t
    has one degree less than there are starts: both hold with few teams.
    """
    critical = float(stats.t.ppf(0.975, max(len(starts) - 1, 1)))
    people = sum(totals[start.team, start.week].people for start in starts)
    whole = _add_starts(starts, totals)
    teams = sorted({team for start in starts for team in (start.team, *start.others)})
    parts = [_add_starts(starts, totals, team) for team in teams]
    if whole is None or whole[1] <= 0 or any(part is None for part in parts):
        return StartsEffect(None, critical, people)
    moved, held = whole
    apart = np.array(parts, float) - np.array(whole)
    spread = apart.T @ apart * (len(teams) - 1) / len(teams)
    after = [totals[start.team, start.week] for start in starts]
    others = {(other, start.week) for start in starts for other in start.others}
    fewest = min(sum(one.affected for one in after), sum(totals[window].affected for window in others))
    mean = sum(one.events for one in after) / people
    would = mean + (held - moved) * sum(one.expected for one in after) / people
    shared = float(spread[0, 0]), float(spread[0, 1]), float(spread[1, 1])
    return StartsEffect(Effect(moved / held, held, shared, mean, would, fewest), critical, people)


def check_before(starts: Sequence[Start], totals: Mapping[Window, WindowTotals]) -> WayBefore:
    """The starts moved back by one time, and by more as far as enough of them can be.

    Nobody was listed by then, so that events should be what they would have been (the pre-treatment effects of Callaway
    and Sant'Anna).

    All times are tested together (Hotelling's T squared, from leaving out each team in turn), with one degree less than
    there are starts.
    """
    moved = [_move_back(starts, times) for times in range(1, MOST_BEFORE + 1)]
    moved = [each for times, each in enumerate(moved, 1) if len(each) >= max(FEWEST_STARTS, STARTS_A_TIME * times)]
    teams = sorted({team for start in starts for team in (start.team, *start.others)})
    apart = [_measure_apart(each, totals) for each in moved]
    without = [[_measure_apart(each, totals, team) for each in moved] for team in teams]
    if not moved or None in apart or any(None in row for row in without):
        return WayBefore(0, None)
    found = np.array(apart, float)
    parts = np.array(without, float) - found
    spread = parts.T @ parts * (len(teams) - 1) / len(teams)
    return WayBefore(len(moved), _test_jointly(found, spread, min(map(len, moved))))


def _move_back(starts: Sequence[Start], times: int) -> list[Start]:
    return [moved for start in starts if (moved := start.move_back(times)) is not None]


def _measure_apart(
    starts: Sequence[Start], totals: Mapping[Window, WindowTotals], without: int | None = None
) -> float | None:
    """Events of teams before they began less those that would have been, for what was expected."""
    found = _add_starts(starts, totals, without)
    return None if found is None else found[0] - found[1]


def _test_jointly(found: Numbers, spread: Numbers, starts: int) -> float:
    """The chance of differences as large as these where there are none; 0 where nothing varies and there are any."""
    inverse, times = np.linalg.pinv(spread), len(found)
    if not np.allclose(spread @ inverse @ found, found, atol=1e-9):
        return 0.0
    squared = float(found @ inverse @ found) * (starts - times) / (times * (starts - 1))
    return float(stats.f.sf(squared, times, starts - times))


def _add_starts(
    starts: Sequence[Start], totals: Mapping[Window, WindowTotals], without: int | None = None
) -> tuple[float, float] | None:
    """Events after being listed, and what they would have been, for what was expected; None where nothing is left."""
    moved, held, weight = 0.0, 0.0, 0.0
    for start in starts:
        others = [team for team in start.others if team != without]
        if start.team == without or not others:
            continue
        now, then = totals[start.team, start.week], totals[start.team, start.earlier]
        change = _measure_change(totals, others, start)
        if change is None or not then.expected or not now.expected:
            return None
        moved += now.after
        held += now.expected * then.events / then.expected * change - now.before
        weight += now.expected
    return (moved / weight, held / weight) if weight else None


def _measure_change(totals: Mapping[Window, WindowTotals], teams: Sequence[int], start: Start) -> float | None:
    """Events for what was expected of some teams, after a start over before it."""
    sums = [
        (sum(totals[team, week].events for team in teams), sum(totals[team, week].expected for team in teams))
        for week in (start.week, start.earlier)
    ]
    (now, expected_now), (then, expected_then) = sums
    return (now / expected_now) / (then / expected_then) if then and expected_now and expected_then else None
