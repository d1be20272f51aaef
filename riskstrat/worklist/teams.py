"""The teams that an account works with, by code and name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

if TYPE_CHECKING:
    from riskstrat.worklist.models import User


class NamedTeam(NamedTuple):
    """A team of this workspace."""

    code: str
    name: str


def find_teams_of(user: User) -> list[NamedTeam]:
    """The teams of an account, in the order of riskstrat.toml; one that is no longer there is left out."""
    codes = user.team_codes()
    return [NamedTeam(code, name) for code, name in settings.RISKSTRAT_TEAMS.items() if code in codes]
