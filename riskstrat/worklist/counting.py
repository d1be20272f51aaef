"""Counts of what each team does, fit to leave it: small ones hidden, others to the nearest five, nobody named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from riskstrat.definitions.vocabulary import PUT_OFF
from riskstrat.documents import format_share, suppressed
from riskstrat.worklist.models import Action, Decision, FaultReport
from riskstrat.worklist.published import CurrentList
from riskstrat.worklist.standing import select_every_action


@dataclass(frozen=True)
class TeamFigures:
    """One team's week in words that may be passed on.

    listed: people on the list. decided: those of them about whom the team has decided, and their share. put_off: those
    whose decision is no more than that, as when a meeting is cancelled. open_actions: of every list,
    with a day by which they are due and not done. overdue: those of them whose day has passed.
    """

    team: str
    listed: str
    decided: str
    put_off: str
    open_actions: str
    overdue: str


@dataclass(frozen=True)
class ReportFigures:
    """Reports of one kind that something is wrong: how many wait, were right and were not; whole counts, no people."""

    kind: str
    waiting: int
    right: int
    not_right: int


def count_teams(current: CurrentList, today: date) -> list[TeamFigures]:
    """One row per team of a list, in its order."""
    decided, put_off = count_decided(current)
    waiting = select_every_action().filter(done_on=None, due_on__isnull=False)
    open_actions, overdue = _count_by_team(waiting), _count_by_team(waiting.filter(due_on__lt=today))
    return [
        TeamFigures(
            team.team,
            suppressed(len(team.people)),
            format_share(decided[team.team_code], len(team.people)),
            suppressed(put_off[team.team_code]),
            suppressed(open_actions.get(team.team_code, 0)),
            suppressed(overdue.get(team.team_code, 0)),
        )
        for team in current.weekly.teams
    ]


def count_decided(current: CurrentList) -> tuple[Counter[str], Counter[str]]:
    """By the code of the team, how many people on a list have a decision that says what to do, and one that only puts
    them off."""
    standing = Decision.objects.filter(list_date=current.list_date, stands=True, actions__isnull=False)
    rows = standing.values_list("case_id", "actions__outcome")
    listed = {(case, outcome) for case, outcome in rows if current.find_person(case)}
    decided = {case for case, outcome in listed if outcome != PUT_OFF}
    put_off = {case for case, _ in listed} - decided
    return Counter(case[:3] for case in decided), Counter(case[:3] for case in put_off)


def count_reports() -> list[ReportFigures]:
    """One row per kind of report, in the order in which they are offered."""
    rows = FaultReport.objects.values("kind").annotate(
        waiting=Count("pk", filter=Q(settled_at=None)),
        right=Count("pk", filter=Q(was_right=True, settled_at__isnull=False)),
        not_right=Count("pk", filter=Q(was_right=False, settled_at__isnull=False)),
    )
    found = {row["kind"]: (row["waiting"], row["right"], row["not_right"]) for row in rows}
    return [ReportFigures(str(kind.label), *found.get(kind.value, (0, 0, 0))) for kind in FaultReport.Kind]


def _count_by_team(actions: QuerySet[Action]) -> Mapping[str, int]:
    by_team = actions.values_list("decision__case__team_code").annotate(number=Count("pk"))
    return dict(by_team)
