"""Words that teams and the engine share: outcomes of a review, statuses of the register, how a person came to a list.

Landed tables may hold other words (a site's own): nothing here refuses them. What the engine writes, and what a
workbook offers in its drop-downs, is this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

OUTCOME_WORDS: Mapping[str, str] = {
    "no_action_well_supported": "No action: well supported",
    "already_known_to_service": "Already known to a service",
    "monitor": "Monitor",
    "deferred": "Deferred",
    "falls_service": "Falls service",
    "urgent_community_response": "Urgent community response",
    "reablement": "Reablement",
    "medication_review": "Medication review",
    "social_prescribing": "Social prescribing",
    "telecare": "Telecare",
    "social_care_assessment": "Social care assessment",
    "carer_support": "Carer support",
    "housing_or_benefits": "Housing or benefits",
    "mental_health": "Mental health",
    "safeguarding": "Safeguarding",
    "case_management": "Case management",
    "ltc_review": "Long-term condition review",
    "personalised_care_support_plan": "Personalised care and support plan",
    "advance_care_plan": "Advance care plan",
    "palliative_care": "Palliative care",
    "declined": "Declined",
    "could_not_contact": "Could not contact",
    "in_hospital": "In hospital",
    "moved": "Moved away",
    "died": "Died",
    "data_error": "Data error",
    "other": "Other",
}
"""What a review can end in, and how a person reads it; in the order in which a drop-down offers them."""

OUTCOMES: tuple[str, ...] = tuple(OUTCOME_WORDS)

PUT_OFF = "deferred"
"""The outcome of a case that was not discussed, and comes to a later meeting."""

NEVER_PRINTED = ("safeguarding",)
"""Outcomes of an earlier review that no page repeats: they would tell of abuse."""

NO_ACTION = (
    *("no_action_well_supported", "already_known_to_service", "monitor", "deferred", "declined"),
    *("could_not_contact", "in_hospital", "moved", "died", "data_error"),
)
"""Outcomes of a review by which nothing was done for the person; any other outcome is an action."""

CLOSED = "closed"
"""The one status of the register of somebody whom the team no longer holds."""

REGISTER = (
    *("identified", "screened", "not_suitable", "awaiting_contact", "accepted", "declined"),
    *("assessed", "active", "monitored", CLOSED),
)
"""Statuses of a caseload row, from first sight to the end."""

NOT_TAKEN_ON = ("identified", "screened", "not_suitable", "awaiting_contact", "declined")
"""Statuses of a caseload row of somebody with whom nothing was begun; any other row is an action on its `from_on`."""

Arrival = Literal["new", "carried over", "referred in"]
"""How a person came to this list; `riskstrat.casefinding` says which holds when several could."""

ARRIVALS: tuple[Arrival, ...] = get_args(Arrival)

SOURCE_WORDS: Mapping[str, str] = {
    "admissions": "hospital admissions",
    "diagnoses": "hospital diagnoses",
    "conditions": "conditions from the GP record",
    "prescriptions": "GP prescriptions",
    "measurements": "measurements from the GP record",
    "contacts": "GP, community and outpatient contacts",
    "attendances": "A&E visits",
    "falls": "reported falls",
    "social_care": "social care services",
    "people": "the list of people",
    "registrations": "GP registrations",
    "care_plans": "care plans",
    "circumstances": "recorded circumstances",
}
"""The sources as a reader knows them."""
