"""The tables of the worklist. None holds a name, an NHS number or a date of birth of anybody who is listed."""

from riskstrat.worklist.models.accounts import Deputy, TeamMembership, User
from riskstrat.worklist.models.cases import Attempt, Case, FaultReport, Objection, Referral, Release, TakenUp
from riskstrat.worklist.models.decisions import Action, Decision, Opinion
from riskstrat.worklist.models.logs import Anchor, Edit, Look
from riskstrat.worklist.models.meetings import AgendaItem, Meeting
from riskstrat.worklist.models.records import RecordEntry

__all__ = [
    "Action",
    "AgendaItem",
    "Anchor",
    "Attempt",
    "Case",
    "Decision",
    "Deputy",
    "Edit",
    "FaultReport",
    "Look",
    "Meeting",
    "Objection",
    "Opinion",
    "RecordEntry",
    "Referral",
    "Release",
    "TakenUp",
    "TeamMembership",
    "User",
]
