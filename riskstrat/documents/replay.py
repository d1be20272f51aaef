"""The page for the decision to go live: what the lists of the past year would have found, as known at the time.

It leaves the tool, so every count of people follows the small number rule and no hidden count can be worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.documents.rendering import write_html
from riskstrat.documents.words import (
    TOO_FEW,
    format_share,
    number,
    printable,
    round_count,
    sentence,
    suppressed,
    word_count,
)
from riskstrat.errors import PublicationError

NOT_SHOWN = "not shown"
FOUND, FOLLOWED, ADMITTED = "People found", "Followed long enough", "Of those, with the outcome"
ORDER_COLUMNS = (FOUND, FOLLOWED, ADMITTED)
GROUP_COLUMNS = ("Eligible at the first list", "Found", "Found per 1,000 eligible")
GROUP_ADMITTED = "Of those found, with the outcome"
REPLAY_LIMITS = (
    "No team has used these lists. The page shows whom they would have held, and what was recorded about those people "
    "later. It does not show that a team could have prevented an admission.",
    "The lead time is the number of weeks from the first list on which the person stood to the outcome. Half of the "
    "people had longer than the median.",
    "“Already known” means that the person was on the team's caseload at the time. Known people are not listed.",
    "“New in a list each week” compares two lists in a row as if nobody had been reviewed in between. With reviews, "
    "those discussed rest, and others take their places.",
)


@dataclass(frozen=True)
class ReplayTeam:
    """What the replayed lists of one team, or of all teams together, would have held.

    `listed` counts rows (one person on three lists counts three times), `people` distinct people first found by this
    team, `known` distinct people that the team knew already and that were left off. `followed` of the people found have
    a complete window; `admitted` of these had the model's outcome in it, `expected` by the estimates, `lead_weeks`
    is their median lead time in weeks. `changed_per_week` is the mean number of people of a list who were not on the
    one before, had nobody been reviewed; None for a single list. `weight_per_week` is the mean case weight of a list
    and `capacity` the case weight that the team can take on.
    """

    team: str
    weeks: int
    listed: int
    people: int
    known: int
    followed: int
    admitted: int
    expected: float
    lead_weeks: float | None
    changed_per_week: float | None
    weight_per_week: float
    capacity: float | None = None

    def __post_init__(self) -> None:
        """Refuse figures that contradict each other."""
        if min(self.weeks, self.listed, self.people, self.known, self.followed, self.admitted, self.expected) < 0:
            raise PublicationError("a replay needs counts of 0 and more")
        if not self.admitted <= self.followed <= self.people <= self.listed:
            raise PublicationError("a replay cannot have more people admitted than followed, than found, than listed")


@dataclass(frozen=True)
class ReplayOrderFigures:
    """What lists of the same size by another order would have held, over all teams: counts as in `ReplayTeam`."""

    title: str
    people: int
    followed: int
    admitted: int


@dataclass(frozen=True)
class ReplayGroup:
    """One group of people by one dimension: how many were eligible at the first list, were found, had the outcome."""

    dimension: str
    group: str
    eligible: int
    found: int
    admitted: int


@dataclass(frozen=True)
class ReplaySummary:
    """A replay of weekly lists from `first_list` to `last_list`, per team and over all teams.

    `over_all.people` counts a person once even where two teams listed them. `data_as_at` is the date to which
    outcomes are known. `model` is its title, which names the outcome. Outcomes count within `window_days` after a list
    (`whole_window`: the model's own horizon), on lists up to `last_followed`; both are None where no list was followed
    for a week. `notes` are sentences on what the replay could not rebuild.
    """

    first_list: date
    last_list: date
    data_as_at: date
    model: str
    model_version: str
    definitions: str
    intended_purpose: str
    clinical_use: str
    window_days: int | None
    whole_window: bool
    last_followed: date | None
    teams: tuple[ReplayTeam, ...]
    over_all: ReplayTeam
    orders: tuple[ReplayOrderFigures, ...] = ()
    groups: tuple[ReplayGroup, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a replay of no team."""
        if not self.teams:
            raise PublicationError("there is no team to replay; name at least one team in riskstrat.toml")


def write_replay_page(summary: ReplaySummary, path: Path) -> None:
    """Write the page on a replay. Raises StorageError if the file cannot be written."""
    teams = sorted(summary.teams, key=lambda team: team.team)
    columns = _list_columns(summary)
    write_html(
        "replay.html.j2",
        path,
        date=summary.last_list.isoformat(),
        period=f"{long_date(summary.first_list)} to {long_date(summary.last_list)}",
        run_line=_run_line(summary),
        purpose=f"{sentence(summary.intended_purpose)} {sentence(summary.clinical_use)}",
        window=describe_window(summary),
        limits=REPLAY_LIMITS,
        notes=[sentence(note) for note in summary.notes],
        columns=[title for title, _ in columns],
        rows=[(printable(team.team), [cell(team) for _, cell in columns]) for team in teams],
        over_all=[_format_over_all(title, cell, summary) for title, cell in columns],
        **_describe_orders(summary),
        **_describe_groups(summary),
    )


def describe_window(summary: ReplaySummary) -> str:
    """What the outcome is, within which time it counts, and for whom, in words."""
    if summary.window_days is None or summary.last_followed is None:
        return "None of these lists was followed for a week yet, so nothing is said of what came later."
    weeks, odd = divmod(summary.window_days, 7)
    length = word_count(summary.window_days, "day") if odd else word_count(weeks, "week")
    over = "is" if length.startswith("1 ") else "are"
    lists = f"Lists after {long_date(summary.last_followed)} are left out of it: their {length} {over} not over."
    short = "" if summary.whole_window else " This is shorter than the time that the estimate is for."
    return (
        f"The outcome is what the model tells the chance of: {lower_first(printable(summary.model))}. It counts within "
        f"{length} of the list on which the person first stood.{short} {lists} “Expected” is what the estimates come "
        "to, spread evenly over their time."
    )


def _run_line(summary: ReplaySummary) -> str:
    return (
        f"Data as at {long_date(summary.data_as_at)}. Model {printable(summary.model)}, version "
        f"{printable(summary.model_version)}. Definitions {printable(summary.definitions)}."
    )


def _is_few(count: float) -> bool:
    return 0 < count < TOO_FEW


def _format_expected(team: ReplayTeam) -> str:
    return NOT_SHOWN if team.followed < TOO_FEW else suppressed(round(team.expected))


def _format_lead_time(team: ReplayTeam) -> str:
    if team.lead_weeks is None or team.admitted < TOO_FEW:
        return NOT_SHOWN
    return word_count(round(team.lead_weeks), "week")


def _format_change(team: ReplayTeam) -> str:
    if team.changed_per_week is None:
        return "no list to compare with"
    return NOT_SHOWN if _is_few(team.changed_per_week * (team.weeks - 1)) else f"{team.changed_per_week:.1f}"


def _format_workload(team: ReplayTeam) -> str:
    if _is_few(team.listed):
        return NOT_SHOWN
    most = "" if team.capacity is None else f" of {number(round(team.capacity, 1))}"
    return f"{team.weight_per_week:.1f}{most}"


Column = tuple[str, Callable[[ReplayTeam], str]]
Cells = dict[str, list[tuple[str, list[str]]] | list[str] | str]


def _list_columns(summary: ReplaySummary) -> tuple[Column, ...]:
    """Headings and cells; what came later stands there only where a list was followed."""
    found: tuple[Column, ...] = (
        ("Lists", lambda team: number(team.weeks)),
        (FOUND, lambda team: suppressed(team.people)),
        ("Already known, not listed", lambda team: suppressed(team.known)),
    )
    later: tuple[Column, ...] = (
        (FOLLOWED, lambda team: suppressed(team.followed)),
        (ADMITTED, lambda team: format_share(team.admitted, team.followed)),
        ("Expected", _format_expected),
        ("Median lead time", _format_lead_time),
    )
    work: tuple[Column, ...] = (
        ("New in a list each week", _format_change),
        ("Case weight a week", _format_workload),
    )
    return (*found, *(later if summary.window_days is not None else ()), *work)


def _format_over_all(title: str, cell: Callable[[ReplayTeam], str], summary: ReplaySummary) -> str:
    """The cell of all teams; not shown where a team's is hidden, as its count could be worked out from the total."""
    hidden = any(cell(team) in (NOT_SHOWN, suppressed(1)) for team in summary.teams)
    return NOT_SHOWN if hidden and title != "Median lead time" else cell(summary.over_all)


def _describe_orders(summary: ReplaySummary) -> Cells:
    """The model's lists and those of the same size by other orders, over all teams."""
    columns = _list_columns(summary)
    shown = [column for column in columns if column[0] in ORDER_COLUMNS]
    own = ("The model", [_format_over_all(title, cell, summary) for title, cell in shown])
    rows = [own] if summary.orders else []
    for one in summary.orders:
        cells = [suppressed(one.people), suppressed(one.followed), format_share(one.admitted, one.followed)]
        rows.append((printable(one.title), cells[: len(shown)]))
    return {"order_columns": [title for title, _ in shown], "orders": rows}


def _describe_groups(summary: ReplaySummary) -> Cells:
    """How many of each group were eligible and found; what a team's hidden count could be worked out from is left out.

    A group that could be worked out from the others of its dimension is hidden too.
    """
    if _hides_a_team(summary, "people"):
        return {"group_columns": [], "groups": []}
    later = [] if summary.window_days is None or _hides_a_team(summary, "admitted") else [GROUP_ADMITTED]
    rows: list[tuple[str, list[str]]] = []
    for dimension in dict.fromkeys(group.dimension for group in summary.groups):
        inside = [group for group in summary.groups if group.dimension == dimension]
        eligible, found, admitted = (
            _suppress_together([getattr(group, name) for group in inside]) for name in ("eligible", "found", "admitted")
        )
        for place, group in enumerate(inside):
            rate = _format_rate(group, NOT_SHOWN in (eligible[place], found[place]))
            told = [eligible[place], found[place], rate, *([admitted[place]] if later else [])]
            rows.append((f"{dimension}: {group.group}", told))
    return {"group_columns": [*GROUP_COLUMNS, *later], "groups": rows}


def _suppress_together(counts: Sequence[int]) -> list[str]:
    """The counts of all groups of one dimension; where one alone is 1 to 7, the next smallest is hidden with it."""
    few = [place for place, count in enumerate(counts) if _is_few(count)]
    others = sorted((count, place) for place, count in enumerate(counts) if count >= TOO_FEW)
    hidden = others[0][1] if len(few) == 1 and others else None
    return [NOT_SHOWN if place == hidden else suppressed(count) for place, count in enumerate(counts)]


def _format_rate(group: ReplayGroup, hidden: bool) -> str:
    if hidden or _is_few(group.found) or group.eligible < TOO_FEW:
        return NOT_SHOWN
    return f"{1000 * round_count(group.found) / round_count(group.eligible):.0f}"


def _hides_a_team(summary: ReplaySummary, name: str) -> bool:
    """Whether a count of that name is hidden for a team, so that no sum over all teams may stand on the page."""
    return any(_is_few(getattr(team, name)) for team in summary.teams)
