"""The page for the decision to go live: what the lists of the past year would have found, as known at the time.

It leaves the tool, so every count of people follows the small number rule and no hidden count can be worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor
from pathlib import Path

from riskstrat.documents.rendering import write_html
from riskstrat.documents.words import long_date, number, printable, sentence, suppressed
from riskstrat.errors import PublicationError

TOO_FEW = 8
NOT_SHOWN = "not shown"
WITHOUT_HIDDEN = "{} without the hidden counts"
REPLAY_LIMITS = (
    "No team has used these lists. The page shows whom they would have held, and what was recorded about those people "
    "later. It does not show that a team could have prevented an admission.",
    "An admission counts if it was an emergency and began in the 12 months after the list on which the person first "
    "stood, as far as the records go. For late lists, less than 12 months is known, so the true count is higher.",
    "The lead time is the number of weeks from the first list on which the person stood to that admission. Half of the "
    "people had longer than the median.",
    "“Already known” means that the person was on the team's caseload at the time. Known people are not listed.",
)


@dataclass(frozen=True)
class ReplayTeam:
    """What the replayed lists of one team, or of all teams together, would have held.

    `listed` counts rows (one person on three lists counts three times), `people` distinct people found, `known`
    distinct people that the team knew already and that were left off, `admitted` distinct people found who had an
    emergency admission in the 12 months after they were first listed, as far as known, and `lead_weeks` their median
    lead time in weeks. `entered_per_week` and `left_per_week` are means of people over the lists after the first;
    `weight_per_week` is the mean case weight of a list and `capacity` the case weight that the team can take on.
    """

    team: str
    weeks: int
    listed: int
    people: int
    known: int
    admitted: int
    lead_weeks: float | None
    entered_per_week: float
    left_per_week: float
    weight_per_week: float
    capacity: float | None = None

    def __post_init__(self) -> None:
        """Refuse figures that contradict each other."""
        if min(self.weeks, self.listed, self.people, self.known, self.admitted) < 0 or self.admitted > self.people:
            raise PublicationError("a replay needs counts of 0 and more, and no more people admitted than found")
        if self.people > self.listed:
            raise PublicationError("a replay cannot find more people than it has listed rows")


@dataclass(frozen=True)
class ReplaySummary:
    """A replay of weekly lists from `first_list` to `last_list`, per team and over all teams.

    `over_all.people` counts a person once even where two teams listed them. `data_as_at` is the date to which
    admissions are known. `notes` are sentences on what the replay could not rebuild.
    """

    first_list: date
    last_list: date
    data_as_at: date
    model: str
    model_version: str
    definitions: str
    intended_purpose: str
    clinical_use: str
    teams: tuple[ReplayTeam, ...]
    over_all: ReplayTeam
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a replay of no team."""
        if not self.teams:
            raise PublicationError("there is no team to replay; name at least one team in riskstrat.toml")


def write_replay_page(summary: ReplaySummary, path: Path) -> None:
    """Write the page on a replay. Raises StorageError if the file cannot be written."""
    teams = sorted(summary.teams, key=lambda team: team.team)
    write_html(
        "replay.html.j2",
        path,
        date=summary.last_list.isoformat(),
        period=f"{long_date(summary.first_list)} to {long_date(summary.last_list)}",
        run_line=_run_line(summary),
        purpose=f"{sentence(summary.intended_purpose)} {sentence(summary.clinical_use)}",
        limits=REPLAY_LIMITS,
        notes=[sentence(note) for note in summary.notes],
        columns=[title for title, _ in _COLUMNS],
        rows=[(printable(team.team), [cell(team) for _, cell in _COLUMNS]) for team in teams],
        over_all=_build_overall_row(summary.over_all, teams),
    )


def _run_line(summary: ReplaySummary) -> str:
    return (
        f"Data as at {long_date(summary.data_as_at)}. Model {printable(summary.model)}, version "
        f"{printable(summary.model_version)}. Definitions {printable(summary.definitions)}."
    )


def _format_share(part: int, whole: int) -> str:
    """A count with its percentage, both from rounded counts; too small ones are hidden."""
    if 0 < part < TOO_FEW or whole < TOO_FEW:
        return suppressed(part)
    return f"{suppressed(part)} ({100 * _round_count(part) / _round_count(whole):.0f}%)"


def _round_count(count: int) -> int:
    return 5 * floor(count / 5 + 0.5)


def _format_lead_time(team: ReplayTeam) -> str:
    if team.lead_weeks is None or team.admitted < TOO_FEW:
        return NOT_SHOWN
    return f"{team.lead_weeks:.0f} weeks"


def _is_mean_of_few(mean: float, team: ReplayTeam) -> bool:
    """Whether a weekly mean rests on too few people to be shown."""
    return 0 < mean * team.weeks < TOO_FEW


def _format_weekly_mean(mean: float, team: ReplayTeam) -> str:
    return NOT_SHOWN if _is_mean_of_few(mean, team) else f"{mean:.1f}"


def _format_workload(team: ReplayTeam) -> str:
    if 0 < team.listed < TOO_FEW:
        return NOT_SHOWN
    most = "" if team.capacity is None else f" of {number(round(team.capacity, 1))}"
    return f"{team.weight_per_week:.1f}{most}"


_COLUMNS: tuple[tuple[str, Callable[[ReplayTeam], str]], ...] = (
    ("Lists", lambda team: number(team.weeks)),
    ("People found", lambda team: suppressed(team.people)),
    ("Already known, not listed", lambda team: suppressed(team.known)),
    ("Found people with an emergency admission later", lambda team: _format_share(team.admitted, team.people)),
    ("Median lead time", _format_lead_time),
    ("New people a week", lambda team: _format_weekly_mean(team.entered_per_week, team)),
    ("People leaving a week", lambda team: _format_weekly_mean(team.left_per_week, team)),
    ("Case weight a week", _format_workload),
)


def _build_overall_row(whole: ReplayTeam, teams: Sequence[ReplayTeam]) -> list[str]:
    """The line over all teams; where a team's count is hidden, the sum of what is shown instead of the total."""
    return [
        number(whole.weeks),
        _format_total(whole.people, [team.people for team in teams]),
        _format_total(whole.known, [team.known for team in teams]),
        _format_total(whole.admitted, [team.admitted for team in teams]),
        _format_lead_time(whole),
        NOT_SHOWN
        if any(_is_mean_of_few(team.entered_per_week, team) for team in teams)
        else _format_weekly_mean(whole.entered_per_week, whole),
        NOT_SHOWN
        if any(_is_mean_of_few(team.left_per_week, team) for team in teams)
        else _format_weekly_mean(whole.left_per_week, whole),
        NOT_SHOWN if any(_format_workload(team) == NOT_SHOWN for team in teams) else _format_workload(whole),
    ]


def _format_total(whole: int, parts: Sequence[int]) -> str:
    if any(0 < part < TOO_FEW for part in parts):
        return WITHOUT_HIDDEN.format(f"{sum(_round_count(part) for part in parts if part >= TOO_FEW):,}")
    return suppressed(whole)
