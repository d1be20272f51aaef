"""What social care sees of a case: nothing until it is released, then the fields that were ticked, until it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.documents import NO_SUPPORT, PrintedPerson, build_sheet, printable, sentence
from riskstrat.worklist.finding import FoundCase
from riskstrat.worklist.models import Case, Objection, Release, User
from riskstrat.worklist.writing import create_once, create_row, describe_row, lock_case, log_edit

Texts = tuple[str, ...]


class ReleaseField(NamedTuple):
    """One thing that may be released: its name on the page, whether it is ticked at first, and its words of a case."""

    label: str
    ticked: bool
    read: Callable[[FoundCase], Texts]


class ObjectionStandsError(Exception):
    """The person objects to sharing, so that nothing is released."""


def _read_about(title: str) -> Callable[[FoundCase], Texts]:
    return lambda found: (dict(_require_person(found).about).get(title, "not recorded"),)


def _read_lane(name: str) -> Callable[[FoundCase], Texts]:
    """The events of one lane of the last 24 months, the latest first."""

    def read(found: FoundCase) -> Texts:
        lane = next(lane for lane in build_sheet(_require_person(found)).strip.lanes if lane.name == name)
        return (*lane.events, *lane.earlier) or (f"{lane.empty.capitalize()}.",)

    return read


def _tell_why_listed(found: FoundCase) -> Texts:
    team, listing = found.team, found.listing
    if team is None or listing is None:
        raise LookupError("a case that stood on no list has no page")
    purpose = lower_first(sentence(team.intended_purpose))
    return (f"On the list of {printable(team.team)} of {long_date(listing.list_date)}: {purpose}",)


def _tell_reasons(found: FoundCase) -> Texts:
    lines = build_sheet(_require_person(found)).raises
    return tuple(f"{line.heading()}: {line.facts}" for line in lines) or ("None.",)


RELEASE_FIELDS: dict[str, ReleaseField] = {
    "age_band": ReleaseField("Age band", True, _read_about("Age")),
    "sex": ReleaseField("Sex", False, _read_about("Sex")),
    "practice": ReleaseField("Practice", True, _read_about("Practice")),
    "why_listed": ReleaseField("Why the team looks at this person", True, _tell_why_listed),
    "falls": ReleaseField("Falls in the last 24 months", True, _read_lane("Falls")),
    "package": ReleaseField("Social care in the last 24 months", True, _read_lane("Care")),
    "support": ReleaseField("Who is involved now", True, lambda found: _require_person(found).support or (NO_SUPPORT,)),
    "last_decision": ReleaseField(
        "Last decision of the team", False, lambda found: (_require_person(found).last_review,)
    ),
    "frailty": ReleaseField("Frailty", False, lambda found: (dict(_require_person(found).health)["Frailty"],)),
    "conditions": ReleaseField("Conditions", False, lambda found: (_require_person(found).conditions,)),
    "risk": ReleaseField("Estimate", False, lambda found: (_word_estimate(found),)),
    "reasons": ReleaseField("What raised the estimate", False, _tell_reasons),
}
"""By the name that a release keeps. What is ticked at first holds neither the estimate nor anything that led to it."""


def release_case(case: Case, user: User, *, basis: str, fields: Sequence[str], council_reference: str) -> Release:
    """Release fields of a case, in place of what was released before. Raises ObjectionStandsError."""
    with transaction.atomic():
        lock_case(case.pk)
        if has_objection(case.reference):
            raise ObjectionStandsError
        _end_releases(case, user)
        release = Release(
            case=case,
            basis=basis,
            fields=[name for name in RELEASE_FIELDS if name in fields],
            council_reference=council_reference,
            released_by=user,
            released_at=timezone.now(),
        )
        create_row(release, user, case.reference)
    return release


def end_release(release: Release, user: User) -> None:
    """End a release; one that has ended stays as it is."""
    with transaction.atomic():
        lock_case(release.case_id)
        _end_releases(release.case, user, pk=release.pk)


def record_objection(case: Case, words: str, user: User) -> None:
    """Keep an objection to sharing and end whatever is released."""
    with transaction.atomic():
        lock_case(case.pk)
        row = Objection(case=case, words=words, recorded_by=user, recorded_at=timezone.now())
        create_once(row, user, case.reference, at="recorded_at")
        _end_releases(case, user)


def withdraw_objection(objection: Objection, user: User) -> None:
    """Note that an objection stands no more; what it ended stays ended."""
    with transaction.atomic():
        lock_case(objection.case_id)
        objection.refresh_from_db()
        if objection.withdrawn_at is None:
            before = describe_row(objection)
            objection.withdrawn_at = timezone.now()
            objection.save(update_fields=["withdrawn_at"])
            log_edit(objection, user, objection.case_id, before, describe_row(objection))


def set_council_reference(release: Release, seen: str, given: str, user: User) -> bool:
    """Set the council's own reference where it is still the one that was seen; False, changing nothing, where not."""
    with transaction.atomic():
        before = describe_row(release)
        changed = select_releases().filter(pk=release.pk, council_reference=seen).update(council_reference=given)
        release.refresh_from_db()
        if changed:
            log_edit(release, user, release.case_id, before, describe_row(release))
        return bool(changed)


def select_releases(team_codes: Collection[str] | None = None) -> QuerySet[Release]:
    """The releases that stand, of some teams or of all, the latest first: not ended, and nobody objects."""
    objecting = Objection.objects.filter(case=OuterRef("case"), withdrawn_at__isnull=True)
    found = Release.objects.filter(~Exists(objecting), ended_at__isnull=True).order_by("-released_at", "-pk")
    return found if team_codes is None else found.filter(case__team_code__in=team_codes)


def has_objection(reference: str) -> bool:
    """Whether the person of a case objects to sharing."""
    return Objection.objects.filter(case_id=reference, withdrawn_at__isnull=True).exists()


def tell_released(release: Release, found: FoundCase) -> list[tuple[str, Texts]]:
    """What a release shows of a case: the name and the words of each field that was ticked, and of no other."""
    given = frozenset(release.fields)
    return [(field.label, field.read(found)) for name, field in RELEASE_FIELDS.items() if name in given]


def _word_estimate(found: FoundCase) -> str:
    person = _require_person(found)
    return f"{person.risk.capitalize()}, range {person.range}."


def _require_person(found: FoundCase) -> PrintedPerson:
    if found.person is None:
        raise LookupError("a case that stood on no list has no page")
    return found.person


def _end_releases(case: Case, user: User, **which: int) -> None:
    for release in Release.objects.filter(case=case, ended_at__isnull=True, **which):
        before = describe_row(release)
        release.ended_at, release.ended_by = timezone.now(), user
        release.save(update_fields=["ended_at", "ended_by"])
        log_edit(release, user, case.reference, before, describe_row(release))
