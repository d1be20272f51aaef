"""What social care sees: nothing until a release, then exactly what was ticked, and nothing once it ends."""

from __future__ import annotations

import pytest

from riskstrat.worklist.roles import Role
from tests.browser.reading_back import Reader

HERE, ADDRESS = "KIR-012-Q", "/cases/KIR-012-Q/release"
ATTACK = "<script>alert(1)</script>"

SHOWN = {
    "age_band": "85 and over",
    "sex": "Female",
    "practice": "Millbrook Medical Centre",
    "why_listed": "On the list of Kirkby locality hub of 16 November 2026: to help a multidisciplinary team",
    "falls": "25 April 2026: recorded fall.",
    "package": "20 September 2025 to 19 November 2025: home care.",
    "support": "Pendant alarm",
    "last_decision": "No decision of this team is on record.",
    "frailty": "Electronic frailty index",
    "conditions": "heart failure (June 2019)",
    "risk": "About 61 in 100",
    "reasons": "emergency admissions in the last 12 months",
}
"""Words of each field that stand in no other."""


def release(client, *fields: str, basis: str = "Consent, in the GP record", council: str = ""):
    return client.post(ADDRESS, {"basis": basis, "fields_shown": list(fields), "council_reference": council})


def read_released(sign_in) -> str:
    response = sign_in(Role.SOCIAL_CARE, "KIR").get(f"/released/{HERE}")
    assert response.status_code == 200
    return Reader(response.content.decode()).words()


def test_every_field_that_may_be_released_is_tested_here() -> None:
    from riskstrat.worklist.releasing import RELEASE_FIELDS

    assert list(SHOWN) == list(RELEASE_FIELDS)


def test_nothing_is_ticked_at_first_that_tells_the_estimate_or_what_led_to_it() -> None:
    from riskstrat.worklist.releasing import RELEASE_FIELDS

    ticked = {name for name, field in RELEASE_FIELDS.items() if field.ticked}
    assert ticked == {"age_band", "practice", "why_listed", "falls", "package", "support"}


def test_social_care_sees_nothing_until_a_release(sign_in) -> None:
    from riskstrat.worklist.models import Look

    worker = sign_in(Role.SOCIAL_CARE, "KIR")
    assert worker.get(f"/released/{HERE}").status_code == 404
    assert HERE.encode() not in worker.get("/released/").content
    assert not Look.objects.exists()
    release(sign_in(Role.CLINICIAN, "KIR"), "age_band")
    assert worker.get(f"/released/{HERE}").status_code == 200
    assert HERE.encode() in worker.get("/released/").content
    looks = Look.objects.filter(user=worker.user).order_by("pk").values_list("reference", "page")
    assert list(looks) == [(HERE, "released case"), ("KIR", "released cases")]


@pytest.mark.parametrize("name", SHOWN)
def test_a_field_is_shown_where_it_is_ticked_and_nowhere_else(sign_in, name: str) -> None:
    clinician = sign_in(Role.CLINICIAN, "KIR")
    release(clinician, name)
    alone = read_released(sign_in)
    assert [other for other, words in SHOWN.items() if words in alone] == [name]
    release(clinician, *(other for other in SHOWN if other != name))
    rest = read_released(sign_in)
    assert [other for other, words in SHOWN.items() if words not in rest] == [name]


def test_a_release_says_on_what_basis_by_whom_and_is_logged(sign_in) -> None:
    from riskstrat.worklist.models import Edit, Release

    client = sign_in(Role.COORDINATOR, "KIR")
    assert release(client, "sex", "age_band", council="AB/12")["Location"] == f"/cases/{HERE}"
    one = Release.objects.get()
    assert (one.basis, one.fields, one.council_reference) == ("Consent, in the GP record", ["age_band", "sex"], "AB/12")
    assert (one.released_by, one.ended_at) == (client.user, None)
    assert Edit.objects.get().what == "release"
    said = read_released(sign_in)
    assert f"Released by {client.user.display_name} on" in said
    assert "Basis: Consent, in the GP record" in said


@pytest.mark.parametrize(
    ("basis", "fields", "where"),
    [
        ("", ["sex"], "basis"),
        ("Consent", [], "fields_shown"),
        ("Consent", ["patient_id"], "fields_shown"),
        ("Told by 0151 496 0123", ["sex"], "basis"),
    ],
)
def test_a_release_without_a_basis_or_a_known_field_is_refused(sign_in, basis: str, fields, where: str) -> None:
    from riskstrat.worklist.models import Release

    said = release(sign_in(Role.CLINICIAN, "KIR"), *fields, basis=basis).content.decode()
    assert f'href="#id_{where}"' in said
    assert "patient_id" not in said
    assert not Release.objects.exists()


def test_an_ended_release_shows_nothing(sign_in) -> None:
    from riskstrat.worklist.models import Release

    client = sign_in(Role.CLINICIAN, "KIR")
    release(client, "sex")
    one = Release.objects.get()
    assert client.get(f"/cases/{HERE}/releases/{one.pk}/end").status_code == 200
    assert Release.objects.get().ended_at is None
    client.post(f"/cases/{HERE}/releases/{one.pk}/end")
    one.refresh_from_db()
    assert one.ended_by == client.user
    assert sign_in(Role.SOCIAL_CARE, "KIR").get(f"/released/{HERE}").status_code == 404


def test_a_later_release_takes_the_place_of_the_one_before(sign_in) -> None:
    from riskstrat.worklist.models import Release

    client = sign_in(Role.CLINICIAN, "KIR")
    release(client, *SHOWN)
    release(client, "practice")
    said = read_released(sign_in)
    assert SHOWN["practice"] in said
    assert SHOWN["conditions"] not in said
    assert Release.objects.filter(ended_at__isnull=True).count() == 1


def test_an_objection_ends_the_release_and_prevents_another_until_it_is_withdrawn(sign_in) -> None:
    from riskstrat.worklist.models import Objection, Release

    client, worker = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.SOCIAL_CARE, "KIR")
    release(client, "sex")
    client.post(f"/cases/{HERE}/objection", {"words": ATTACK})
    assert Release.objects.get().ended_by == client.user
    assert worker.get(f"/released/{HERE}").status_code == 404
    release(client, "sex")
    assert Release.objects.count() == 1
    assert "objects to sharing. Nothing was released." in client.get(f"/cases/{HERE}").content.decode()
    assert ATTACK not in client.get(f"/cases/{HERE}/objection").content.decode()
    client.post(f"/cases/{HERE}/objections/{Objection.objects.get().pk}/end")
    assert worker.get(f"/released/{HERE}").status_code == 404
    release(client, "sex")
    assert worker.get(f"/released/{HERE}").status_code == 200


def test_a_release_that_stands_beside_an_objection_shows_nothing_all_the_same(sign_in) -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import Objection, Release

    client = sign_in(Role.CLINICIAN, "KIR")
    release(client, "sex")
    case = Release.objects.get().case
    Objection.objects.create(case=case, recorded_by=client.user, recorded_at=timezone.now())
    worker = sign_in(Role.SOCIAL_CARE, "KIR")
    assert worker.get(f"/released/{HERE}").status_code == 404
    assert HERE.encode() not in worker.get("/released/").content


def test_while_a_report_is_open_nothing_is_shown(sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    release(client, *SHOWN)
    client.post(f"/cases/{HERE}/report", {"kind": "wrong person", "words": "Another man of that name"})
    said = read_released(sign_in)
    assert "checking whether this page is right" in said
    assert not [name for name, words in SHOWN.items() if words in said]


def test_other_teams_and_other_roles_see_no_released_case(sign_in) -> None:
    release(sign_in(Role.CLINICIAN, "KIR"), "sex")
    elsewhere = sign_in(Role.SOCIAL_CARE, "HUY")
    assert elsewhere.get(f"/released/{HERE}").status_code == 404
    assert HERE.encode() not in elsewhere.get("/released/").content
    assert sign_in(Role.COORDINATOR, "KIR").get(f"/released/{HERE}").status_code == 403


def test_social_care_starts_at_what_is_released(sign_in) -> None:
    assert sign_in(Role.SOCIAL_CARE, "KIR").get("/")["Location"] == "/released/"


def test_each_look_is_logged(sign_in) -> None:
    from riskstrat.worklist.models import Look

    release(sign_in(Role.CLINICIAN, "KIR"), "sex")
    read_released(sign_in)
    assert Look.objects.get(page="released case").role == "social care worker"


def test_the_council_reference_is_kept_unless_a_colleague_was_first(sign_in) -> None:
    from riskstrat.worklist.models import Edit, Release

    release(sign_in(Role.CLINICIAN, "KIR"), "sex")
    worker = sign_in(Role.SOCIAL_CARE, "KIR")
    worker.post(f"/released/{HERE}", {"council_reference": "<b>LAS/1</b>", "seen": ""})
    assert Release.objects.get().council_reference == "<b>LAS/1</b>"
    assert Edit.objects.order_by("-pk").first().user == worker.user
    worker.post(f"/released/{HERE}", {"council_reference": "LAS/2", "seen": ""})
    assert Release.objects.get().council_reference == "<b>LAS/1</b>"
    said = worker.get(f"/released/{HERE}").content.decode()
    assert "A colleague has changed this meanwhile" in said
    assert "<b>LAS" not in said
    refused = worker.post(f"/released/{HERE}", {"council_reference": "943 476 5919", "seen": "<b>LAS/1</b>"})
    assert b'href="#id_council_reference"' in refused.content


def test_basis_is_shown_escaped(sign_in) -> None:
    from riskstrat.worklist.models import Release

    client = sign_in(Role.CLINICIAN, "KIR")
    release(client, "sex", basis=ATTACK)
    worker = sign_in(Role.SOCIAL_CARE, "KIR").get(f"/released/{HERE}").content.decode()
    ending = client.get(f"/cases/{HERE}/releases/{Release.objects.get().pk}/end").content.decode()
    for said in (worker, ending, client.get(ADDRESS).content.decode()):
        assert "&lt;script&gt;alert(1)" in said
        assert ATTACK not in said
