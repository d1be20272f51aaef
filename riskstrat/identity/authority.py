"""Who may name whom and for what: identity.toml. Nobody may until a person is written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.audit import WANTED, is_reason
from riskstrat.definitions.declared import Declared
from riskstrat.errors import IdentityError
from riskstrat.identity.recording import RecordsAuthority
from riskstrat.identity.shapes import list_word_columns
from riskstrat.identity.supplying import SuppliedNames

ROLES: dict[str, tuple[str, ...]] = {
    "coordinator": ("direct_care",),
    "clinician": ("direct_care", "safeguarding"),
    "ig_lead": ("subject_access", "incident_review"),
}
"""Each role with the purposes that it can have. An analyst has none, so there is no such role."""

PURPOSES = tuple(dict.fromkeys(purpose for purposes in ROLES.values() for purpose in purposes))
"""Every purpose that a list may be named for."""

Mode = Literal["nhs_number", "external"]
Word = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 _/&.-]{0,59}$")]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Team = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def _require_text(text: str) -> str:
    """Text that says something."""
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _require_why(text: str) -> str:
    """A reason that says something."""
    if not is_reason(text):
        raise ValueError(WANTED)
    return text


Kind = TypeVar("Kind", bound=Declared)
Said = Annotated[str, AfterValidator(_require_text)]
Why = Annotated[str, AfterValidator(_require_why)]


class AuthorisedPerson(Declared):
    """One person who may name the lists of their teams."""

    user: Said
    role: Literal["coordinator", "clinician", "ig_lead"]
    teams: tuple[Team, ...] = Field(min_length=1)
    purposes: tuple[str, ...] = Field(min_length=1)
    valid_until: date | None = None

    @model_validator(mode="after")
    def _check_purposes(self) -> AuthorisedPerson:
        return _check_role_purposes(self, self.role, self.purposes)


class Standing(Declared):
    """One authorisation for a scheduled task: one account, team, purpose and folder, until a day."""

    name: Said
    user: Said
    role: Literal["coordinator", "clinician", "ig_lead"]
    team: Team
    purpose: str
    reason: Why
    destination: Said
    approved_by: Said
    valid_until: date
    readers: Literal["owner", "group"] = "owner"
    """Who may read the file on Linux and macOS: the account alone, or its group as well."""
    document: Literal["workbook", "pages", "pdf"] = "workbook"
    """The workbook, or the page of each person, to read in a browser or as PDF."""

    @model_validator(mode="after")
    def _check_purpose(self) -> Standing:
        return _check_role_purposes(self, self.role, (self.purpose,))


def _check_role_purposes(declared: Kind, role: str, purposes: tuple[str, ...]) -> Kind:
    for purpose in purposes:
        if purpose not in ROLES[role]:
            raise ValueError(f'a {role} has no purpose "{purpose}" (allowed: {", ".join(ROLES[role])})')
    return declared


class IdentitySettings(Declared):
    """Everything identity.toml may say."""

    mode: Mode = "nhs_number"
    publishers: tuple[Key, ...] = ()
    """Public keys of the workspaces whose lists may be named: what stands in audit/publisher.pub of each."""
    people: tuple[AuthorisedPerson, ...] = ()
    standing: tuple[Standing, ...] = ()
    records: tuple[RecordsAuthority, ...] = ()
    """Who may have the entries for GP records of which practices."""
    names: tuple[SuppliedNames, ...] = ()
    """What a server that asks for names may be told, by its users' role; a role that is not there gets nothing."""
    words: dict[str, tuple[Word, ...]] = Field(default_factory=dict)
    """Further words that may leave in a text column, by "table.column": what a site calls its services or teams."""

    @field_validator("words")
    @classmethod
    def _check_columns(cls, words: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        allowed = sorted(f"{table}.{column}" for table, column in list_word_columns())
        for name in words:
            if name not in allowed:
                raise ValueError(f'"{name}" is no column of words (allowed: {", ".join(allowed)})')
        return words


@dataclass(frozen=True)
class Authority:
    """What one naming rests on."""

    user: str
    role: str
    team: str
    purpose: str
    reason: str
    standing: Standing | None = None


def permitted(settings: IdentitySettings, user: str, team: str, purpose: str, reason: str, today: date) -> Authority:
    """The authority of a person at a keyboard. Raises IdentityError unless identity.toml gives it."""
    _require_said(purpose, reason)
    entries = [person for person in settings.people if person.user == user]
    if not entries:
        raise IdentityError(f"user {user} is not written into identity.toml; nobody may name a list until they are")
    in_date = [one for one in entries if one.valid_until is None or one.valid_until >= today]
    if not in_date:
        raise IdentityError(f"what identity.toml allows user {user} has ended; a new date must be approved")
    with_team = [one for one in in_date if team in one.teams]
    if not with_team:
        raise IdentityError(f"user {user} may not name the lists of that team; identity.toml says which they may")
    for one in with_team:
        if purpose in one.purposes:
            return Authority(user, one.role, team, purpose, reason.strip())
    raise IdentityError(f"user {user} may not name lists for {purpose}; identity.toml says for what they may")


def standing(settings: IdentitySettings, name: str, user: str, today: date) -> Authority:
    """The authority of a scheduled task. Raises IdentityError if there is none, or it has ended, or is another's."""
    found = [one for one in settings.standing if one.name == name]
    if len(found) != 1:
        names = ", ".join(sorted({one.name for one in settings.standing})) or "none"
        many = "more than one has" if found else "none has"
        raise IdentityError(f"{many} that name among the standing authorisations of identity.toml (there: {names})")
    (one,) = found
    if one.user != user:
        raise IdentityError(f"the standing authorisation {name} is for another account than {user}")
    if one.valid_until < today:
        raise IdentityError(f"the standing authorisation {name} ended on {one.valid_until}; it must be approved anew")
    return Authority(user, one.role, one.team, one.purpose, one.reason.strip(), one)


def _require_said(purpose: str, reason: str) -> None:
    if purpose not in PURPOSES:
        raise IdentityError(f"that is not a purpose a list may be named for; the purposes are {', '.join(PURPOSES)}")
    if not is_reason(reason):
        raise IdentityError(f"naming needs a reason that names nobody, in --reason: {WANTED}")
