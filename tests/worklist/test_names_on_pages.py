"""Names on the pages of the worklist: asked of a real identity install for one response, and kept nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from riskstrat import audit, identity
from riskstrat.identity.store import changing
from riskstrat.naming import NamesApplication, NamesDesk
from riskstrat.verbs.identity_serve import configure_server
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.workspace import Workspace
from tests.suite.worklists import load_with, name_patient

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
"""


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
