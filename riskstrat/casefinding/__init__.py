"""Each team's list: who belongs to it, who is on it and why, and where everybody else is."""

from riskstrat.casefinding.cases import CASE_COLUMNS, CaseRegister
from riskstrat.casefinding.facts import CaseFacts, Memory
from riskstrat.casefinding.falls_criteria import GRADED, FallsCriteria, FallsGuideline, falls_criteria
from riskstrat.casefinding.lists import CaseList, find_cases, tabulate_cases
from riskstrat.casefinding.references import check_character, is_sound, parse_reference, reference
from riskstrat.casefinding.statuses import bring_forward
from riskstrat.casefinding.swaps import CaseSwap
from riskstrat.casefinding.teams import ListTeam, Membership, assign_teams
from riskstrat.casefinding.weights import bands_of

__all__ = [
    "CASE_COLUMNS",
    "GRADED",
    "CaseFacts",
    "CaseList",
    "CaseRegister",
    "CaseSwap",
    "FallsCriteria",
    "FallsGuideline",
    "ListTeam",
    "Membership",
    "Memory",
    "assign_teams",
    "bands_of",
    "bring_forward",
    "check_character",
    "falls_criteria",
    "find_cases",
    "is_sound",
    "parse_reference",
    "reference",
    "tabulate_cases",
]
