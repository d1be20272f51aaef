"""Whose names a server may be given, for whom and on what basis: [[names]] of identity.toml. None until written in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.audit import holds_nhs_number, holds_telephone_number
from riskstrat.definitions.declared import Declared
from riskstrat.errors import IdentityError
from riskstrat.identity.store import IDENTIFIERS

REFERRAL, PUT_FORWARD = "referral", "put_forward"
"""To be told who somebody is that was put forward and stands on no list; and to put somebody forward."""

ServedRole = Literal["coordinator", "clinician", "social care worker"]
ListPurpose = Literal["direct_care", "safeguarding"]
LookPurpose = Literal["direct_care", "safeguarding", "referral"]

SERVED: dict[str, tuple[str, ...]] = {
    "coordinator": ("direct_care", REFERRAL, PUT_FORWARD),
    "clinician": ("direct_care", "safeguarding", REFERRAL, PUT_FORWARD),
    "social care worker": ("direct_care", REFERRAL),
}
"""Each role of the worklist that may be given names, with the purposes that it can have."""

CLIENT_NAME = r"^[a-z][a-z0-9-]{0,39}$"


def _require_recorded(text: str) -> str:
    """Text that can stand in every line of the log."""
    if len(text.split()) < 2:
        raise ValueError("must say where it is recorded, in two words or more")
    if holds_nhs_number(text) or holds_telephone_number(text):
        raise ValueError("is logged with every look and may not hold a number of a person")
    return text.strip()


Recorded = Annotated[str, AfterValidator(_require_recorded)]


class SuppliedNames(Declared):
    """What one server may be told for users of one role, of the people of some teams, on a recorded basis."""

    client: str = Field(pattern=CLIENT_NAME)
    role: ServedRole
    teams: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = Field(min_length=1)
    purposes: tuple[str, ...] = Field(min_length=1)
    told: tuple[str, ...] = ()
    """Which identifiers, by the names of `IDENTIFIERS`."""
    basis: Recorded
    """Where it is recorded why this role may know who these people are."""
    approved_by: Recorded
    valid_until: date

    @field_validator("told")
    @classmethod
    def _check_told(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        for name in told:
            if name not in IDENTIFIERS:
                raise ValueError(f'"{name}" is not held of a person (allowed: {", ".join(IDENTIFIERS)})')
        if "contact" in told and "contact_safely" not in told:
            raise ValueError("whoever is told the contact is told contact_safely too; add it")
        return told

    @model_validator(mode="after")
    def _check_purposes(self) -> SuppliedNames:
        for purpose in self.purposes:
            if purpose not in SERVED[self.role]:
                raise ValueError(
                    f'a {self.role} has no purpose "{purpose}" here (allowed: {", ".join(SERVED[self.role])})'
                )
        if {*self.purposes} != {PUT_FORWARD} and "name" not in self.told:
            raise ValueError('told must hold "name": without it nobody could tell whose the rest is')
        return self


def find_supply(
    entries: Iterable[SuppliedNames], client: str, role: str, team: str, purpose: str, today: date
) -> SuppliedNames:
    """The first entry that holds for what is asked. Raises IdentityError if none does, or what did has ended."""
    found = [
        one
        for one in entries
        if (one.client, one.role) == (client, role) and team in one.teams and purpose in one.purposes
    ]
    if not found:
        raise IdentityError(
            f"identity.toml lets no {role} have that of team {team} for {purpose}; a basis must be recorded under "
            "[[names]] first"
        )
    for one in found:
        if one.valid_until >= today:
            return one
    raise IdentityError(
        f"what identity.toml allows a {role} for {purpose} ended on {max(one.valid_until for one in found)}; it must "
        "be approved anew"
    )
