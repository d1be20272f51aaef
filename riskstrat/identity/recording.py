"""Who may have a practice's file of entries for GP records: [[records]] of identity.toml. Nobody until written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from riskstrat.definitions.declared import Declared
from riskstrat.errors import IdentityError
from riskstrat.identity.supplying import Recorded


def _require_practice(text: str) -> str:
    """A practice as lists name it."""
    if not text.strip() or text != text.strip():
        raise ValueError("must be a practice as the lists name it, without blanks around it")
    return text


class RecordsAuthority(Declared):
    """What one account may take to which practices, of which teams, on a recorded basis, until a day."""

    user: Annotated[str, Field(min_length=1)]
    role: Literal["coordinator", "clinician"]
    teams: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = Field(min_length=1)
    practices: tuple[Annotated[str, AfterValidator(_require_practice)], ...] = Field(min_length=1)
    """As the lists name them: what stands in the column practice of people."""
    basis: Recorded
    approved_by: Recorded
    valid_until: date


@dataclass(frozen=True)
class RecordsAllowance:
    """What one account may take to one practice now, by every entry of [[records]] that holds: its teams and bases."""

    teams: tuple[str, ...]
    roles: tuple[str, ...]
    bases: tuple[str, ...]


def find_records_allowance(
    entries: Iterable[RecordsAuthority], user: str, practice: str, today: date
) -> RecordsAllowance:
    """What the entries that hold allow together.

    Raises IdentityError, which repeats no practice, where none does or each has ended.
    """
    own = [one for one in entries if one.user == user]
    if not own:
        raise IdentityError(
            f"user {user} is not written into identity.toml under [[records]]; nobody may have a practice's entries "
            "until they are"
        )
    found = [one for one in own if practice in one.practices]
    if not found:
        allowed = ", ".join(sorted({name for one in own for name in one.practices}))
        raise IdentityError(f"user {user} may not have the entries of that practice (allowed: {allowed})")
    valid = [one for one in found if one.valid_until >= today]
    if not valid:
        last = max(one.valid_until for one in found)
        raise IdentityError(
            f"what identity.toml allows user {user} for that practice ended on {last}; it must be approved anew"
        )
    return RecordsAllowance(
        tuple(sorted({team for one in valid for team in one.teams})),
        tuple(sorted({one.role for one in valid})),
        tuple(dict.fromkeys(one.basis for one in valid)),
    )
