"""Each team's list: who belongs to it, who is on it and why, and where everybody else is."""

from riskstrat.casefinding.cases import CASE_COLUMNS, CASE_WEEKS, REFERRED, CaseRegister
from riskstrat.casefinding.checks import NO_CASELOAD, WITHOUT_TABLE
from riskstrat.casefinding.facts import CaseFacts, Memory
from riskstrat.casefinding.falls_criteria import GRADED, FallsCriteria, FallsGuideline, falls_criteria
from riskstrat.casefinding.kept_off import (
    KNOWN,
    KeptOff,
    read_every_kept_off,
    read_kept_off,
    read_kept_off_patients,
)
from riskstrat.casefinding.lists import (
    BELOW,
    EXCLUDED,
    LISTED,
    NO_ROOM,
    RESERVE_COLUMNS,
    CaseList,
    find_cases,
    tabulate_cases,
    tabulate_reserve,
)
from riskstrat.casefinding.lots import IN_LOT, LEFT_OFF
from riskstrat.casefinding.references import (
    check_character,
    is_sound,
    list_readings,
    parse_reference,
    reference,
)
from riskstrat.casefinding.register import Holding, list_holders, list_holdings, tells_caseload_ends
from riskstrat.casefinding.standing import (
    DIED,
    IN_HOSPITAL,
    INPATIENT_DAYS,
    MOVED,
    NOT_DISCHARGED,
    PALLIATIVE,
    find_said_since,
    name_state,
    standings,
)
from riskstrat.casefinding.statuses import bring_forward
from riskstrat.casefinding.swaps import CaseSwap
from riskstrat.casefinding.teams import ListTeam, Membership, assign_teams
from riskstrat.casefinding.weights import bands_of

__all__ = [
    "BELOW",
    "CASE_COLUMNS",
    "CASE_WEEKS",
    "DIED",
    "EXCLUDED",
    "GRADED",
    "INPATIENT_DAYS",
    "IN_HOSPITAL",
    "IN_LOT",
    "KNOWN",
    "LEFT_OFF",
    "LISTED",
    "MOVED",
    "NOT_DISCHARGED",
    "NO_CASELOAD",
    "NO_ROOM",
    "PALLIATIVE",
    "REFERRED",
    "RESERVE_COLUMNS",
    "WITHOUT_TABLE",
    "CaseFacts",
    "CaseList",
    "CaseRegister",
    "CaseSwap",
    "FallsCriteria",
    "FallsGuideline",
    "Holding",
    "KeptOff",
    "ListTeam",
    "Membership",
    "Memory",
    "assign_teams",
    "bands_of",
    "bring_forward",
    "check_character",
    "falls_criteria",
    "find_cases",
    "find_said_since",
    "is_sound",
    "list_holders",
    "list_holdings",
    "list_readings",
    "name_state",
    "parse_reference",
    "read_every_kept_off",
    "read_kept_off",
    "read_kept_off_patients",
    "reference",
    "standings",
    "tabulate_cases",
    "tabulate_reserve",
    "tells_caseload_ends",
]
