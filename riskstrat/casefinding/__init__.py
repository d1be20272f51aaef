"""Each team's list: who belongs to it, who is known already, and whom its capacity reaches."""

from riskstrat.casefinding.lists import CaseList, find_cases
from riskstrat.casefinding.references import check_character, reference
from riskstrat.casefinding.teams import ListTeam, Membership, assign_teams

__all__ = [
    "CaseList",
    "ListTeam",
    "Membership",
    "assign_teams",
    "check_character",
    "find_cases",
    "reference",
]
