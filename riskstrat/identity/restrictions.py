"""Whose address or contact is restricted: they are neither named nor contacted. Whatever is in doubt is restricted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from riskstrat.errors import IdentityError
from riskstrat.identity.tables import plain_name

RESTRICTED = "restricted"
RESTRICTED_COLUMNS = (RESTRICTED, "address_restricted", "contact_restricted", "confidentiality_code")
"""Columns that say it: a site's own flag, and the code of the Personal Demographics Service."""

NOT_RESTRICTED = frozenset({"no", "n", "false", "0", "u", "unrestricted", "not restricted"})
"""The only values that say that somebody is not; U is the service's own (from background knowledge)."""


_WORDS = ("restrict", "confidential", "disclos", "sensitiv")
"""What a heading about restriction has in it, in a site's own words."""


def is_restricted(person: Mapping[str, str]) -> bool:
    """Whether what is held of a person says that they are restricted, or says something that cannot be read."""
    said = person.get(RESTRICTED, "")
    return bool(said.strip()) and any(_clean_value(part) not in NOT_RESTRICTED for part in said.split(","))


def add_known(person: dict[str, str], known: Mapping[str, str]) -> None:
    """Put what another row of the same file says into `person`: restricted in one row is restricted."""
    kept = person.get(RESTRICTED, "") if is_restricted(person) else ""
    person.update(known)
    if kept:
        person[RESTRICTED] = kept


def require_known_headings(headings: Iterable[str], where: str) -> None:
    """Raises IdentityError for a column that speaks of restriction under a heading that is not known."""
    for heading in headings:
        speaks = any(word in heading.casefold() for word in _WORDS) or plain_name(heading) == "s_flag"
        if speaks and plain_name(heading) not in RESTRICTED_COLUMNS:
            raise IdentityError(
                f"{where} has a column about restriction that is not read; name it {RESTRICTED}, with yes or no"
            )


def _clean_value(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())
