"""Whether one person may be named, and what is printed of them: one rule for named copies and for the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from riskstrat.definitions.phrases import long_date
from riskstrat.documents import NOT_HELD
from riskstrat.identity import IDENTIFIERS, grouped, is_restricted
from riskstrat.naming.agreement import is_of_age

OF_ANOTHER_AGE = "not named: the date of birth held does not agree with the age on the list"
RESTRICTED = "restricted: do not contact, ask the practice or the IG lead"


@dataclass(frozen=True)
class JudgedNaming:
    """`why_not`: what stands in place of a name, blank for somebody who may be named; `age`: whether theirs agrees."""

    why_not: str
    age: bool | None = None
    """None where it could not be checked."""


def judge_naming(person: Mapping[str, str], age_band: str, at: date) -> JudgedNaming:
    """Whether who is held under a pseudonym may be named as the person of that age band on that date.

    A person who is not held, is restricted, or cannot be of that age is not: a wrong name is worse than none.
    """
    if not person:
        return JudgedNaming(NOT_HELD)
    if is_restricted(person):
        return JudgedNaming(RESTRICTED)
    age = is_of_age(person.get("date_of_birth", ""), age_band, at)
    return JudgedNaming(OF_ANOTHER_AGE if age is False else "", age)


def count_judged(judged: Iterable[JudgedNaming]) -> dict[str, int]:
    """How many are not held, of another age and restricted, and how many are named without a check of their age."""
    each = list(judged)
    why = [one.why_not for one in each]
    return {
        "not_held": why.count(NOT_HELD),
        "of_another_age": why.count(OF_ANOTHER_AGE),
        "restricted": why.count(RESTRICTED),
        "age_not_checked": sum(not one.why_not and one.age is None for one in each),
    }


def print_person(person: Mapping[str, str]) -> dict[str, str]:
    """What is held of one person as it is printed, by the names of `IDENTIFIERS` and in their order."""
    printed = {name: person.get(name, "") for name in IDENTIFIERS}
    if printed["nhs_number"]:
        printed["nhs_number"] = grouped(printed["nhs_number"])
    printed["date_of_birth"] = _format_long_date(printed["date_of_birth"])
    return printed


def _format_long_date(written: str) -> str:
    """A date such as 4 March 2026; what is not one stays as it was written."""
    try:
        return long_date(date.fromisoformat(written))
    except ValueError:
        return written
