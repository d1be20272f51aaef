"""Who is named to the worklist and who is not, by the rules of the named copy, and what the log is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hmac import compare_digest
from typing import Any

from riskstrat.errors import IdentityError, PublicationError
from riskstrat.identity import (
    PUT_FORWARD,
    Identities,
    IdentityFolder,
    SuppliedNames,
    find_supply,
    usable,
)
from riskstrat.identity.key import SiteKey
from riskstrat.naming.asking import (
    NOT_A_NUMBER,
    NOT_KNOWN,
    AnsweredNames,
    AnsweredPseudonym,
    AskedNames,
    AskedPerson,
    AskedPseudonym,
    QuietForm,
)
from riskstrat.naming.judging import JudgedNaming, count_judged, judge_naming, print_person
from riskstrat.naming.weeks import open_sent_week
from riskstrat.publication import PublishedList
from riskstrat.storage import compute_digest

NOT_LISTED = "not named: not on the list of that team as it was published"
NOT_PUT_FORWARD = "not named: this identity install did not put them forward to that team"

SHOWN, PUT = "names shown", "put forward"


@dataclass(frozen=True)
class Answered:
    """An answer, and the line of the log that must stand before it leaves."""

    answer: QuietForm
    action: str
    logged: Mapping[str, Any]


def answer_names(
    folder: IdentityFolder, identities: Identities, client: str, asked: AskedNames, today: date
) -> Answered:
    """The names of the people asked for, as far as identity.toml, the list and what is held of each allow.

    Raises IdentityError for a role without a recorded basis, or a list that no publisher sealed as it was sent.
    """
    supply = find_supply(folder.settings.names, client, asked.role, asked.team, asked.purpose, today)
    week = _open_week(asked, folder.settings.publishers)
    due = _find_due(asked, week, folder.key())
    held = {one.reference: identities.people.get(one.patient_id, {}) for one in due}
    at = week.list_date if week else today
    judged = {one.reference: judge_naming(held[one.reference], one.age_band, one.index_date or at) for one in due}
    why_not = {one.reference: NOT_LISTED if week else NOT_PUT_FORWARD for one in asked.people}
    why_not |= {reference: one.why_not for reference, one in judged.items()}
    answer = AnsweredNames(
        named={reference: _tell(held[reference], supply) for reference, why in why_not.items() if not why},
        not_named={reference: why for reference, why in why_not.items() if why},
    )
    return Answered(answer, SHOWN, _describe_look(client, asked, supply, week, judged))


def answer_pseudonym(
    folder: IdentityFolder, identities: Identities, client: str, asked: AskedPseudonym, today: date
) -> Answered:
    """The pseudonym of somebody whose NHS number and date of birth are both those that are held.

    Of anybody else only that is said, and never which of the two is wrong. Raises IdentityError for a role without a
    recorded basis.
    """
    supply = find_supply(folder.settings.names, client, asked.role, asked.team, PUT_FORWARD, today)
    answer = _find_pseudonym(folder.key(), identities, asked)
    logged = {
        **describe_asker(client, asked),
        "basis": supply.basis,
        "person": compute_digest(answer.patient_id) if answer.patient_id else None,
        "answer": answer.why_not or "pseudonym given",
    }
    return Answered(answer, PUT, logged)


def describe_asker(client: str, asked: AskedNames | AskedPseudonym) -> dict[str, Any]:
    """Who asked, as what, what for and of which team."""
    purpose = asked.purpose if isinstance(asked, AskedNames) else PUT_FORWARD
    return {"client": client, "asked_by": asked.user, "role": asked.role, "purpose": purpose, "team": asked.team}


def _open_week(asked: AskedNames, publishers: tuple[str, ...]) -> PublishedList | None:
    """The list that the cases stand on; None for those put forward."""
    sent = asked.published
    if sent is None:
        return None
    week = open_sent_week(sent.manifest, sent.references, asked.team, publishers, sent.reserve)
    if (week.list_date, week.edition) != (sent.list_date, sent.edition):
        raise IdentityError("the manifest is that of another list than the one asked about; send its own")
    return week


def _find_due(asked: AskedNames, week: PublishedList | None, key: SiteKey) -> list[AskedPerson]:
    """The people whose names may be asked for: on the list under that reference, in its reserve, of which the worklist
    asks for those taken up alone, or put forward to that team."""
    if week is None:
        return [one for one in asked.people if _is_vouched_for(one, asked.team, key)]
    try:
        listed = week.read_patients(asked.team)
        if asked.published and asked.published.reserve:
            reserve = (one for one in week.read_reserve() if one.team_code == asked.team)
            listed |= {one.reference: one.patient_id for one in reserve}
    except PublicationError as refused:
        raise IdentityError(f"{refused}; send the file of that team's references as it stands") from None
    return [one for one in asked.people if listed.get(one.reference) == one.patient_id]


def _is_vouched_for(person: AskedPerson, team: str, key: SiteKey) -> bool:
    return compare_digest(key.vouch(team, person.patient_id).encode(), person.proof.encode())


def _tell(person: Mapping[str, str], supply: SuppliedNames) -> dict[str, str]:
    return {name: text for name, text in print_person(person).items() if name in supply.told and text}


def _describe_look(
    client: str,
    asked: AskedNames,
    supply: SuppliedNames,
    week: PublishedList | None,
    judged: Mapping[str, JudgedNaming],
) -> dict[str, Any]:
    """What the log is told: the references that are the list's own or of people put forward, and no other text."""
    look = {
        **describe_asker(client, asked),
        "basis": supply.basis,
        "told": list(supply.told),
        "references": sorted(judged),
        "named": sum(not one.why_not for one in judged.values()),
        "not_due": len(asked.people) - len(judged),
        **count_judged(judged.values()),
    }
    if week is None:
        people = {one.reference: one.patient_id for one in asked.people}
        return look | {"people": [compute_digest(people[reference]) for reference in sorted(judged)]}
    return look | {"list_date": week.list_date.isoformat(), "edition": week.edition, "manifest": week.digest}


def _find_pseudonym(key: SiteKey, identities: Identities, asked: AskedPseudonym) -> AnsweredPseudonym:
    number, _ = usable(asked.nhs_number)
    if number is None:
        return AnsweredPseudonym(why_not=NOT_A_NUMBER)
    patient = key.pseudonym(number)
    if identities.people.get(patient, {}).get("date_of_birth") != asked.date_of_birth.isoformat():
        return AnsweredPseudonym(why_not=NOT_KNOWN)
    return AnsweredPseudonym(patient_id=patient, proof=key.vouch(asked.team, patient))
