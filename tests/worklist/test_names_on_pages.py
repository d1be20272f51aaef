"""Names on the pages of the worklist: asked of a real identity install for one response, and kept nowhere."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from riskstrat import audit, identity
from riskstrat.errors import IdentityError, PublicationError
from riskstrat.identity.store import changing
from riskstrat.naming import NamesApplication, NamesDesk
from riskstrat.verbs.identity_serve import configure_server
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.workspace import Workspace
from tests.suite.worklists import LIST_DATE, load_with, name_patient, name_reserved

HERE, RESTRICTED, UNKNOWN = "KIR-012-Q", "KIR-057-I", "KIR-058-P"
NAMED = {"name": "Zebedee Quillfeather", "nhs_number": "9990000018", "contact": "7 Larkspur Lane", "key_worker": "Ines"}
HIDDEN = {"name": "Xanthippe Wilkersley", "nhs_number": "9990000034", "restricted": "yes"}
PLANTED = (*NAMED.values(), "999 000 0018", HIDDEN["name"], HIDDEN["nhs_number"], "999 000 0034")
PAGES = ("/teams/KIR/list", "/teams/KIR/agenda", "/teams/KIR/agenda/paper", f"/cases/{HERE}", f"/cases/{HERE}/decision")
ALLOWED = """
publishers = ["{publisher}"]

[[names]]
client = "worklist"
role = "coordinator"
teams = ["KIR"]
purposes = ["direct_care"]
told = ["name", "nhs_number", "contact", "contact_safely"]
basis = "Sharing agreement 12, section 3"
approved_by = "IG lead"
valid_until = "2126-03-31"

[[names]]
client = "worklist"
role = "clinician"
teams = ["KIR"]
purposes = ["referral", "put_forward"]
told = ["name", "date_of_birth"]
basis = "Sharing agreement 12, section 4"
approved_by = "IG lead"
valid_until = "2126-03-31"
"""
NEWCOMER = {"name": "Perpetua Oldershaw", "nhs_number": "9990000026", "date_of_birth": "1938-05-03"}
TAKEN_UP = {"name": "Thomasina Fairhurst", "nhs_number": "9990000042"}
WAITING = {"name": "Ambrose Tattersall", "nhs_number": "9990000050"}
SENT = {"nhs_number": "999 000 0026", "born_on": "3/5/1938", "patient_id": "", "reason": "Two falls since Friday"}


class Install:
    """An identity install that serves names on a port of this machine, and the worklist that asks it."""

    def __init__(self, root: Path, workspace: Workspace, port: int) -> None:
        self.root, self.workspace, self.port = root, workspace, port


@pytest.fixture(scope="module")
def install(started_site: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    from uvicorn import Server

    root = tmp_path_factory.mktemp("install") / "install"
    key = identity.init(root, "nhs_number", user="ann").key()
    with changing(root, key) as held:
        held.learn(name_patient(HERE), NAMED)
        held.learn(name_patient(RESTRICTED), HIDDEN)
        held.learn(key.pseudonym(NEWCOMER["nhs_number"]), NEWCOMER)
        held.learn("p-below-kir-1", TAKEN_UP)
        held.learn("p-below-kir-2", WAITING)
    written = identity.make_secret()
    identity.keep_secret(root, "worklist", written)
    publisher = (started_site.root / "audit" / "publisher.pub").read_text("ascii").strip()
    (root / "identity.toml").write_text(ALLOWED.format(publisher=publisher), encoding="utf-8")
    secret = started_site.root / "worklist" / "names.key"
    secret.write_bytes(written)
    server = Server(configure_server(NamesApplication(NamesDesk(root)), "127.0.0.1", 0, None, None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Install(root, started_site, server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join()
    secret.unlink()


@pytest.fixture
def named(site: Workspace, install: Install) -> Iterator[Install]:
    """The worklist of `site`, which asks the install."""
    from riskstrat.worklist import point_at

    point_at(load_with(site, f'[worklist.names]\nurl = "http://127.0.0.1:{install.port}"\n'))
    yield install
    point_at(site)


def stands_apart(word: str, content: bytes) -> bool:
    """Whether a word is told; a digest, a key or a fraction of a second may have any four figures within it."""
    return re.search(rb"(?<![0-9A-Za-z])" + re.escape(word.encode()) + rb"(?![0-9A-Za-z])", content) is not None


def read(client: Any, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200, page
    assert response["Cache-Control"] == "no-store"
    return response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_coordinator_reads_who_a_case_is(named, sign_in, page) -> None:
    said = read(sign_in(Role.COORDINATOR, "KIR"), page)
    assert NAMED["name"] in said
    assert "999 000 0018" in said
    assert ("7 Larkspur Lane" in said) == (page == f"/cases/{HERE}")
    # Not among what the site's agreement lets a coordinator be told.
    assert "Ines" not in said
    assert "could not be fetched" not in said


def test_somebody_restricted_and_somebody_unknown_are_not_named_and_it_says_so(named, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    for reference in (RESTRICTED, UNKNOWN):
        said = read(client, f"/cases/{reference}")
        assert "Not named" in said
        assert HIDDEN["name"] not in said
        assert "999 000 0034" not in said


@pytest.mark.parametrize("role", [role for role in LISTING if role != Role.COORDINATOR])
@pytest.mark.parametrize("page", PAGES)
def test_a_role_with_which_nothing_is_agreed_is_told_nobody(named, sign_in, role, page) -> None:
    said = read(sign_in(role, "KIR"), page)
    assert "Names could not be fetched" in said
    assert [word for word in PLANTED if word in said] == []


def test_whoever_is_taken_up_from_the_reserve_is_named_and_nobody_who_waits_there(named, sign_in) -> None:
    client, reference = sign_in(Role.COORDINATOR, "KIR"), name_reserved("KIR", 1)
    said = read(client, "/teams/KIR/reserve")
    assert reference in said
    given = {"in_place_of": HERE, "why": "died", "checked": "yes", "edition": f"{LIST_DATE} 1"}
    assert client.post(f"/reserve/{reference}", given).status_code == 302
    for page in ("/teams/KIR/list", "/teams/KIR/agenda", f"/cases/{reference}"):
        said_of = read(client, page)
        assert TAKEN_UP["name"] in said_of, page
        said += said_of
    assert WAITING["name"] not in said
    assert "could not be fetched" not in said


def test_a_reserve_that_was_not_published_names_nobody(named) -> None:
    from riskstrat.naming.client import prove_list
    from riskstrat.naming.weeks import open_sent_week
    from riskstrat.worklist.published import find_current

    current = find_current()
    assert current is not None
    plain, whole = (prove_list(current.published, "KIR", with_reserve=each) for each in (False, True))
    assert ("reserve" in plain.model_dump(), "reserve" in whole.model_dump()) == (False, True)
    publisher = (named.workspace.root / "audit" / "publisher.pub").read_text("ascii").strip()
    swapped = whole.reserve.replace("p-below-kir-1", "p-somebody")
    week = open_sent_week(whole.manifest, whole.references, "KIR", (publisher,), swapped)
    with pytest.raises(PublicationError, match="was changed after publication"):
        week.read_reserve()
    with pytest.raises(IdentityError, match="not sealed as it stands"):
        open_sent_week(whole.manifest, whole.references, "KIR", ("0" * 64,), whole.reserve)


def test_a_team_with_which_nothing_is_agreed_is_told_nobody(named, sign_in) -> None:
    said = read(sign_in(Role.COORDINATOR, "HUY"), "/teams/HUY/list")
    assert "Names could not be fetched" in said


def test_names_stand_in_no_file_of_the_worklist_and_each_look_in_the_log_of_the_install(named, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    before = len(list(audit.read(named.root)))
    for page in PAGES:
        read(client, page)
    assert len(list(audit.read(named.root))) == before + len(PAGES)
    from django.contrib.sessions.models import Session
    from django.core import serializers

    from riskstrat.worklist.models import Edit, Look

    kept = serializers.serialize("json", [*Session.objects.all(), *Look.objects.all(), *Edit.objects.all()])
    kept += "".join(str(session.get_decoded()) for session in Session.objects.all())
    files = [path.read_bytes() for path in named.workspace.root.rglob("*") if path.is_file()]
    for word in PLANTED:
        assert word not in kept
        assert not any(word.encode() in content for content in files)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('url = "http://127.0.0.1:9"', "cannot be reached"),
        ('url = "http://identity.example"', "do not hold"),
        ('url = "http://127.0.0.1:{port}"\nclient = "another"', "does not know this server"),
        ('url = "http://127.0.0.1:{port}"\nsecret = "worklist/nowhere.key"', "do not hold"),
        ('url = "http://127.0.0.1:{port}"\nsecret = "worklist/secret_key"', "do not hold"),
    ],
)
def test_a_page_serves_without_names_and_says_in_a_line_why(site, install, sign_in, more, words) -> None:
    from riskstrat.worklist import point_at

    point_at(load_with(site, f"[worklist.names]\n{more.format(port=install.port)}\n"))
    client = sign_in(Role.COORDINATOR, "KIR")
    for page in PAGES:
        said = read(client, page)
        assert "Names could not be fetched" in said
        assert words in said
        assert HERE in said
    point_at(site)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('url = "http://127.0.0.1:{port}"', False),
        ('url = "http://identity.example"', True),
        ('url = "http://127.0.0.1:{port}"\nsecret = "worklist/nowhere.key"', True),
    ],
)
def test_settings_by_which_nobody_could_be_named_are_a_fault(site, install, more, fault) -> None:
    from riskstrat.worklist import point_at
    from riskstrat.worklist.checking import find_faults

    found = find_faults(load_with(site, f"[worklist.names]\n{more.format(port=install.port)}\n"))
    assert any("worklist.names" in one or "nowhere.key" in one for one in found) == fault
    point_at(site)


def test_a_site_without_an_identity_install_reads_references_and_no_excuse(site, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    for page in PAGES:
        said = read(client, page)
        assert "Names could not be fetched" not in said
        assert "wl-name" not in said


# ---- Put forward ----


@pytest.fixture
def served(named: Install, monkeypatch: pytest.MonkeyPatch) -> str:
    """The pseudonym of NEWCOMER, whom Kirkby's list then says that the team serves."""
    from riskstrat.worklist.published import CurrentList

    patient = identity.open_folder(named.root).key().pseudonym(NEWCOMER["nhs_number"])
    monkeypatch.setattr(CurrentList, "find_served", lambda self, code: frozenset({patient} if code == "KIR" else ()))
    return patient


def refer(client: Any, team: str = "KIR", **changes: str) -> Any:
    return client.post(f"/teams/{team}/refer", SENT | changes)


def test_somebody_put_forward_by_number_is_named_as_listed_people_are(served, named, sign_in) -> None:
    from riskstrat.worklist.models import Case

    client = sign_in(Role.CLINICIAN, "KIR")
    address = refer(client)["Location"]
    case = Case.objects.get()
    assert (address, case.patient_id) == (f"/cases/{case.reference}", served)
    for page in (address, "/teams/KIR/refer", "/teams/KIR/reports", "/teams/KIR/list"):
        said = read(client, page)
        assert NEWCOMER["name"] in said, page
        assert "3 May 1938" in said
        assert "999 000 0026" not in said
    line = list(audit.read(named.root))[-1]
    assert (line.action, line.details["references"]) == ("names shown", [case.reference])
    # With this role nothing is agreed about people put forward.
    said = read(sign_in(Role.COORDINATOR, "KIR"), address)
    assert NEWCOMER["name"] not in said
    assert "Names could not be fetched" in said


def test_the_proof_of_one_case_names_nobody_else(served, named, sign_in) -> None:
    from riskstrat.worklist.models import Case

    client = sign_in(Role.CLINICIAN, "KIR")
    address = refer(client)["Location"]
    Case.objects.update(patient_id=name_patient(HERE))
    said = read(client, address)
    assert NAMED["name"] not in said
    assert "did not put them forward" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nhs_number": "999 000 0027"}, "Not a usable NHS number"),
        ({"born_on": "4/5/1938"}, "Not known here under that NHS number and date of birth"),
        ({"born_on": ""}, "Enter an NHS number with the date of birth, or else a pseudonym"),
        ({"nhs_number": ""}, "Enter an NHS number with the date of birth, or else a pseudonym"),
        ({"nhs_number": "", "born_on": ""}, "Enter an NHS number with the date of birth, or else a pseudonym"),
        ({"patient_id": "p-below-kir-1"}, "Enter an NHS number with the date of birth, or else a pseudonym"),
        ({"born_on": "the third"}, "Write the date of birth as a date"),
        ({"born_on": "3/5/1838"}, "Give the date of birth as a date from"),
        ({"reason": ""}, "Enter why the team should look at this person"),
        ({"nhs_number": "9" * 41}, "Enter the ten digits"),
    ],
)
def test_what_is_not_one_person_is_refused_keeps_nothing_and_repeats_nothing(served, sign_in, changes, words) -> None:
    from riskstrat.worklist.models import Case, Edit

    response = refer(sign_in(Role.CLINICIAN, "KIR"), **changes)
    said = response.content.decode()
    assert (response.status_code, words in said) == (200, True), said
    assert (Case.objects.count(), Edit.objects.count()) == (0, 0)
    assert not [value for name, value in (SENT | changes).items() if name != "reason" and value and value in said]


def test_somebody_whom_another_team_serves_gets_the_one_answer(served, named, sign_in, monkeypatch) -> None:
    from riskstrat.worklist.models import Case
    from riskstrat.worklist.published import CurrentList

    monkeypatch.setattr(CurrentList, "find_served", lambda self, code: frozenset())
    said = refer(sign_in(Role.CLINICIAN, "KIR")).content.decode()
    assert "This person is not served by this team, or may not be listed" in said
    assert Case.objects.count() == 0


def test_a_team_with_which_nothing_is_agreed_uses_the_practices_file(named, sign_in, monkeypatch) -> None:
    from riskstrat.worklist.models import Case
    from riskstrat.worklist.published import CurrentList

    monkeypatch.setattr(CurrentList, "find_served", lambda self, code: frozenset({"p-below-huy-1"}))
    client = sign_in(Role.CLINICIAN, "HUY")
    assert "The identity install gave no pseudonym" in refer(client, "HUY").content.decode()
    given = {"nhs_number": "", "born_on": "", "patient_id": "p-below-huy-1"}
    assert refer(client, "HUY", **given).status_code == 302
    assert (Case.objects.get().patient_id, Case.objects.get().proof) == ("p-below-huy-1", "")


def test_the_number_of_somebody_put_forward_stands_in_no_file_row_or_log(served, named, sign_in) -> None:
    refer(sign_in(Role.CLINICIAN, "KIR"))
    from django.apps import apps
    from django.core import serializers

    rows = [row for model in apps.get_models() for row in model.objects.all()] if apps.ready else []
    kept = serializers.serialize("json", rows)
    files = [path.read_bytes() for path in named.workspace.root.rglob("*") if path.is_file()]
    files.append((named.root / "audit" / "log.jsonl").read_bytes())
    words = (NEWCOMER["name"], NEWCOMER["nhs_number"], SENT["nhs_number"], "1938", "19380503")
    assert [word for word in words for content in (kept.encode(), *files) if stands_apart(word, content)] == []


def test_a_site_without_an_identity_install_asks_for_no_number(site, sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    assert "NHS number</label>" not in read(client, "/teams/KIR/refer").replace("\n", "").replace("  ", "")
    response = client.post("/teams/KIR/refer", SENT | {"patient_id": "p-below-kir-1"})
    assert response.status_code == 302
