"""What stands about every case of a team's list, asked of the database once for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskstrat.publication import TeamList
from riskstrat.worklist.holding import Held, find_held_of_list
from riskstrat.worklist.models import Decision, FaultReport, TakenUp
from riskstrat.worklist.published import CurrentList
from riskstrat.worklist.reporting import find_blocking_reports
from riskstrat.worklist.reserving import word_taken
from riskstrat.worklist.standing import find_decisions, is_decided
from riskstrat.worklist.statuses import find_warnings


@dataclass(frozen=True)
class CasesStanding:
    """By reference: this week's decisions, the reports that keep a case off, warnings of the last refresh or the
    latest list, who was taken up and which case fell through. held: what else there may be to read."""

    decisions: Mapping[str, Decision]
    reports: Mapping[str, FaultReport]
    warnings: Mapping[str, str]
    taken: Mapping[str, str]
    held: Held

    def is_open(self, reference: str) -> bool:
        """Whether a case is still to be decided."""
        return not is_decided(self.decisions.get(reference)) and reference not in self.reports


def gather_standing(current: CurrentList, team: TeamList) -> CasesStanding:
    """What stands about a team's list now."""
    code = team.team_code
    held = find_held_of_list(current.list_date, code)
    return CasesStanding(
        find_decisions(current.list_date, code),
        find_blocking_reports(code) if FaultReport in held else {},
        find_warnings(one.reference for one in team.people),
        word_taken(current, code) if TakenUp in held else {},
        held,
    )
