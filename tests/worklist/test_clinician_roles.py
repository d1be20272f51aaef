"""Which role opens which of the pages about one person, and that other teams' are not there."""

from __future__ import annotations

import pytest

from riskstrat.casefinding import REFERRED
from riskstrat.casefinding import reference as build_reference
from riskstrat.worklist.roles import Role

LISTING = (Role.COORDINATOR, Role.CLINICIAN)
PUT_FORWARD = build_reference("KIR", REFERRED.start)
ALLOWED = {
    "/cases/KIR-012-Q": LISTING,
    "/cases/KIR-012-Q/opinion": (Role.CLINICIAN,),
    "/cases/KIR-012-Q/report": LISTING,
    "/cases/KIR-012-Q/reports/{report}": LISTING,
    "/cases/KIR-012-Q/release": LISTING,
    "/cases/KIR-012-Q/releases/{release}/end": LISTING,
    "/cases/KIR-012-Q/objection": LISTING,
    "/cases/KIR-012-Q/objections/{objection}/end": LISTING,
    "/cases/KIR-012-Q/attempts": LISTING,
    f"/cases/{PUT_FORWARD}/referral/take-back": (Role.CLINICIAN,),
    "/teams/KIR/refer": (Role.CLINICIAN,),
    "/teams/KIR/reports": LISTING,
}
OF_NO_TEAM = {"/reports": (Role.ANALYST,), "/released/": (Role.SOCIAL_CARE,)}


@pytest.fixture
def rows(sign_in) -> dict[str, int]:
    """The numbers of a report, a release and an objection of one case; and one referral."""
    from django.utils import timezone

    from riskstrat.worklist.models import FaultReport, Objection, Release

    client = sign_in(Role.CLINICIAN, "KIR")
    client.post("/cases/KIR-012-Q/release", {"basis": "Consent", "fields_shown": ["sex"]})
    client.post("/cases/KIR-012-Q/report", {"kind": "moved", "words": "Told at the door"})
    client.post("/teams/KIR/refer", {"patient_id": "p-below-kir-1", "reason": "Falls"})
    case = Release.objects.get().case
    objection = Objection.objects.create(case=case, recorded_by=client.user, recorded_at=timezone.now())
    return {"report": FaultReport.objects.get().pk, "release": Release.objects.get().pk, "objection": objection.pk}


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_its_own_pages_and_no_other(sign_in, rows: dict[str, int], role: Role) -> None:
    own, other = sign_in(role, "KIR"), sign_in(role, "HUY")
    for address, roles in ALLOWED.items():
        at = address.format(**rows)
        assert (address, own.get(at).status_code) == (address, 200 if role in roles else 403)
        assert (address, other.get(at).status_code) == (address, 404 if role in roles else 403)
        # Nothing is changed by a form that another team's member sends.
        assert (address, other.post(at).status_code) == (address, 404 if role in roles else 403)
    for address, roles in OF_NO_TEAM.items():
        assert (address, own.get(address).status_code) == (address, 200 if role in roles else 403)


def test_nobody_who_is_not_signed_in_opens_any(site, rows: dict[str, int]) -> None:
    from django.test import Client

    for address in (*ALLOWED, *OF_NO_TEAM):
        response = Client().get(address.format(**rows))
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/sign-in")
