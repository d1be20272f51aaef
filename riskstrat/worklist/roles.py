"""Who works with the worklist, and what each role must show before it is let in."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account is for; an account has one role."""

    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    SOCIAL_CARE = "social care worker"
    ANALYST = "analyst"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


OF_TEAMS = frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.SOCIAL_CARE})
"""Roles that see people, and only those of the teams that the account is a member of."""

LISTING = frozenset({Role.COORDINATOR, Role.CLINICIAN})
"""Roles that see a team's whole list; social care sees a case once it has been released."""

SECOND_FACTOR = frozenset({Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles that sign in with a second factor always; it is offered to all."""
