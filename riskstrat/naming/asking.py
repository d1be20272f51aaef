"""What the worklist's server asks of the identity install and is answered: one form, read at both ends.

Nothing that stands in one is ever repeated in an error or shown by `repr`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from riskstrat.audit import holds_nhs_number
from riskstrat.casefinding.references import is_sound, parse_reference
from riskstrat.definitions.declared import Declared
from riskstrat.errors import IdentityError
from riskstrat.identity import REFERRAL, LookPurpose, ServedRole

NAMES, PSEUDONYMS = "/names", "/pseudonyms"
MOST_PEOPLE, MOST_BYTES = 200, 2_000_000
"""The most people of one question, and the most bytes of a question or an answer."""

NOT_A_NUMBER = "not a usable NHS number: check its ten digits"
NOT_KNOWN = "not known here under that NHS number and date of birth: ask the practice"


def _require_no_number(text: str) -> str:
    """Text that the log takes."""
    if holds_nhs_number(text):
        raise ValueError("must hold no NHS number")
    return text


User = Annotated[str, Field(pattern=r"^[\w.@+-]{1,150}$"), AfterValidator(_require_no_number)]
Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Short = Annotated[str, Field(max_length=100, repr=False)]


class QuietForm(Declared):
    """A form whose contents no error repeats."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AskedPerson(QuietForm):
    """One case whose name is asked for: its reference, and whom the worklist holds under it."""

    reference: Annotated[str, Field(min_length=1, max_length=30)]
    patient_id: Annotated[str, Field(min_length=1, max_length=100, repr=False)]
    age_band: Short = ""
    """As the list gives it; blank where it gives none."""
    index_date: date | None = None
    """The date at which the age band held, where that is another than the list's."""
    proof: Short = ""
    """For somebody put forward: what came with their pseudonym."""


class AskedList(QuietForm):
    """Which published list the cases stand on, and its proof: files of it as they stand.

    `reserve` is among them only where somebody is asked for who was taken up from the list's reserve.
    """

    list_date: date
    edition: int | None
    manifest: Annotated[str, Field(repr=False)]
    references: Annotated[str, Field(repr=False)]
    reserve: Annotated[str, Field(repr=False)] = ""

    @model_serializer(mode="wrap")
    def _leave_out_blank(self, serialise: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Without a blank reserve, which an identity install of an earlier version does not know."""
        told: dict[str, object] = serialise(self)
        return {name: value for name, value in told.items() if name != "reserve" or value}


class AskedNames(QuietForm):
    """Who asks for the names of which cases of one team, and what for."""

    user: User
    role: ServedRole
    purpose: LookPurpose
    team: Code
    published: AskedList | None = None
    """The list that the cases stand on; none for those that were put forward, whose purpose is `referral`."""
    people: Annotated[tuple[AskedPerson, ...], Field(min_length=1, max_length=MOST_PEOPLE)]

    @model_validator(mode="after")
    def _check_list(self) -> AskedNames:
        if (self.purpose == REFERRAL) != (self.published is None):
            raise ValueError("those put forward are asked for without a list, and all others with theirs")
        references = [one.reference for one in self.people]
        if len(set(references)) < len(references):
            raise ValueError("a reference stands twice")
        if self.published is None and not all(_is_printed_reference(one, self.team) for one in references):
            raise ValueError("those put forward have a reference of that team")
        return self


class AskedPseudonym(QuietForm):
    """Who puts somebody forward to which team: their NHS number and date of birth."""

    user: User
    role: ServedRole
    team: Code
    nhs_number: Short
    date_of_birth: Annotated[date, Field(repr=False)]


class AnsweredNames(QuietForm):
    """By reference: what is told of each person who is named, and why another is not."""

    named: Annotated[dict[str, dict[str, str]], Field(repr=False)]
    not_named: dict[str, str]


class AnsweredPseudonym(QuietForm):
    """The pseudonym of somebody put forward with what later shows that they were, or why there is none."""

    patient_id: Short = ""
    proof: Short = ""
    why_not: Annotated[str, Field(max_length=100)] = ""


class RefusedQuestion(QuietForm):
    """Why a question was not answered, in one line."""

    refused: str


Form = TypeVar("Form", bound=QuietForm)


def read_form(form: type[Form], content: bytes) -> Form | None:
    """What was sent as a form; None for what is not one, of which nothing is kept."""
    try:
        return form.model_validate_json(content)
    except ValidationError:
        return None


def write_form(form: QuietForm) -> bytes:
    """A form as it is sent."""
    return form.model_dump_json().encode("utf-8")


def require_form(form: type[Form], content: bytes) -> Form:
    """What was sent as a form. Raises IdentityError, which repeats nothing of it, for what is not one."""
    found = read_form(form, content)
    if found is None:
        raise IdentityError(
            "the question is not of the form that this version reads: run the same riskstrat on both sides, and ask "
            f"for 1 to {MOST_PEOPLE} people of one team"
        )
    return found


def _is_printed_reference(reference: str, team: str) -> bool:
    return reference.startswith(f"{team}-") and parse_reference(reference) == reference and is_sound(reference)
