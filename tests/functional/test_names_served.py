"""Names over a real connection: the service on a port of this machine, the client that asks it, and the two verbs."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from riskstrat import audit, identity
from riskstrat.errors import BusyError, IdentityError
from riskstrat.naming import (
    NamedPerson,
    NamesApplication,
    NamesService,
    NamesUnavailableError,
    open_service,
    prove_list,
    request_names,
    request_pseudonym,
)
from riskstrat.naming import client as names_client
from riskstrat.naming.asking import MOST_BYTES
from riskstrat.naming.judging import RESTRICTED
from riskstrat.naming.signing import NONCE, SIGNATURE, sign_answer
from riskstrat.publication import PublishedList, open_published
from riskstrat.storage import lock_exclusively
from riskstrat.verbs.identity_serve import configure_server, serve
from tests.suite.certificates import make_certificate
from tests.suite.names_site import CLINICIAN, LISTED, PEOPLE, NamesSite
from tests.suite.verbs import Verb

ANN, BEN, CARA, DEE = LISTED


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> NamesSite:
    site = NamesSite(tmp_path_factory.mktemp("made"))
    site.allow({}, CLINICIAN)
    return site


@pytest.fixture
def site(made: NamesSite, tmp_path: Path) -> NamesSite:
    return made.copy(tmp_path)


@contextmanager
def run_service(site: NamesSite, certificate: Path | None = None, key: Path | None = None) -> Iterator[int]:
    """The port of the service while it runs in a thread."""
    from uvicorn import Server

    server = Server(configure_server(NamesApplication(site.desk), "127.0.0.1", 0, certificate, key))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def run_other(answer: Callable[[str], tuple[bytes, str]], status: int = 200) -> Iterator[int]:
    """The port of a server that is not ours: it is given the nonce, and gives a body and its signature."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body, signature = answer(self.headers[NONCE])
            self.send_response(status)
            self.send_header(SIGNATURE, signature)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at_port(site: NamesSite, port: int, secret: str | None = None) -> NamesService:
    return open_service(f"http://127.0.0.1:{port}", "worklist", secret or site.written)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def require_unavailable(service: NamesService, site: NamesSite) -> str:
    """Why names could not be fetched; nothing else stands behind the error."""
    with pytest.raises(NamesUnavailableError) as caught:
        request_names(service, site.asked())
    assert caught.value.__cause__ is caught.value.__context__ is None
    said = str(caught.value)
    assert said.startswith("Names could not be fetched: ")
    return said


# ---- Names come


def test_names_come_for_one_page(site: NamesSite) -> None:
    with run_service(site) as port:
        named = request_names(at_port(site, port), site.asked())
        assert named[CARA] == NamedPerson(why_not=RESTRICTED)
        assert named[BEN].titled == [
            ("Name", "Ottoline Vanterpool"),
            ("NHS number", "999 000 0026"),
            ("Date of birth", "31 December 1951"),
            ("Contact", "2 High Street"),
        ]
        assert list(named) == [ANN, BEN, DEE, CARA]
        assert "Ottoline" not in repr(named)
        asked = site.put_forward(LISTED[ANN], PEOPLE[LISTED[ANN]]["date_of_birth"])
        given = request_pseudonym(at_port(site, port), asked)
        assert given.patient_id == site.key.pseudonym(LISTED[ANN])
    assert [action for action, _ in site.lines()] == ["names shown", "put forward"]


def test_what_a_workspace_published_proves_itself(site: NamesSite, tmp_path: Path) -> None:
    sent = site.published()
    (tmp_path / "kir").mkdir()
    (tmp_path / "manifest.json").write_bytes(sent.manifest.encode())
    (tmp_path / "kir" / "references.csv").write_bytes(sent.references.encode())
    published: PublishedList = open_published(tmp_path)
    assert prove_list(published, "KIR") == sent


def test_names_cross_a_network_by_https_that_the_client_trusts(site: NamesSite, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with run_service(site, certificate, key) as port:
        url = f"https://127.0.0.1:{port}"
        named = request_names(open_service(url, "worklist", site.written, certificate), site.asked())
        assert named[ANN].told["name"] == "Zebedee Quillfeather"
        assert "cannot be reached" in require_unavailable(open_service(url, "worklist", site.written), site)
        assert "cannot be reached" in require_unavailable(at_port(site, port), site)


# ---- Names do not come


def test_a_server_with_another_secret_is_told_nothing(site: NamesSite) -> None:
    with run_service(site) as port:
        assert "does not know this server" in require_unavailable(at_port(site, port, "0" * 64), site)
    assert site.lines() == []


def test_the_page_is_told_why_a_question_was_refused(site: NamesSite) -> None:
    site.forbid()
    with run_service(site) as port:
        assert "a basis must be recorded under [[names]] first" in require_unavailable(at_port(site, port), site)


def test_where_nobody_listens_or_nobody_answers_in_time_the_page_is_told(
    site: NamesSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot be reached" in require_unavailable(at_port(site, free_port()), site)
    assert names_client.SECONDS == 3
    monkeypatch.setattr(names_client, "SECONDS", 0.2)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "did not answer" in require_unavailable(at_port(site, silent.getsockname()[1]), site)
    assert time.monotonic() - began < 3


def test_what_another_server_answers_is_not_shown(site: NamesSite) -> None:
    right = b'{"named": {"KIR-001-N": {"name": "Somebody Else"}}, "not_named": {}}'
    with run_other(lambda nonce: (right, "0" * 64)) as port:
        assert "something else answered" in require_unavailable(at_port(site, port), site)
    with run_other(lambda nonce: (b"Service Unavailable", ""), 503) as port:
        assert "is busy" in require_unavailable(at_port(site, port), site)


def test_the_page_is_told_that_the_identity_install_needs_looking_after(site: NamesSite) -> None:
    (site.root / "identities.store").write_bytes(b"spoiled")
    with run_service(site) as port:
        assert "look after it there" in require_unavailable(at_port(site, port), site)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"named": {"KIR-001-N": {"name": "Somebody Else"}}, "not_named": {}}', "other references"),
        (b'{"named": "Somebody Else"}', "does not read"),
        (b"Somebody Else", "does not read"),
        (b" " * (MOST_BYTES + 1), "cannot be reached"),
    ],
)
def test_an_answer_that_is_not_one_is_not_shown_nor_repeated(site: NamesSite, body: bytes, why: str) -> None:
    with run_other(lambda nonce: (body, sign_answer(site.secret, nonce, 200, body))) as port:
        said = require_unavailable(at_port(site, port), site)
    assert why in said
    assert "Somebody" not in said


@pytest.mark.parametrize(
    "url",
    [
        "http://identity.example:8443",
        "http://10.0.0.4",
        "ftp://127.0.0.1",
        "https://",
        "https://identity.example/names",
        "https://somebody@identity.example",
        "https://identity.example:99999",
        "https://[::1",
        "identity.example",
        "",
    ],
)
def test_names_are_asked_for_nowhere_that_they_could_be_read_on_the_way(url: str) -> None:
    with pytest.raises(IdentityError, match=r"https"):
        open_service(url, "worklist", "0" * 64)


def test_a_service_is_opened_with_a_name_a_secret_and_certificates_that_are_such(tmp_path: Path) -> None:
    url = "https://identity.example:8443"
    with pytest.raises(IdentityError, match="64 hexadecimal"):
        open_service(url, "worklist", "secret")
    with pytest.raises(IdentityError, match="small letters"):
        open_service(url, "../worklist", "0" * 64)
    (tmp_path / "none.pem").write_text("none", encoding="utf-8")
    for path in (tmp_path / "none.pem", tmp_path / "nowhere.pem"):
        with pytest.raises(IdentityError, match="as PEM"):
            open_service(url, "worklist", "0" * 64, path)


# ---- The verbs


def test_a_secret_is_made_for_a_server_once_and_logged(site: NamesSite, verb: Verb, tmp_path: Path) -> None:
    out = tmp_path / "ward.key"
    done = verb("identity", "client", "ward-board", "--out", out, "--identity", site.root)
    assert done.returncode == 0, done.stderr
    written = out.read_text("ascii").strip()
    assert written not in done.stdout
    assert identity.read_secret(site.root, "ward-board").sign(b"x") == identity.parse_secret("a", written).sign(b"x")
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        assert stat.S_IMODE((site.root / "clients").stat().st_mode) == 0o700
    assert site.lines() == [("key made", {"client": "ward-board"})]
    again = verb("identity", "client", "ward-board", "--out", tmp_path / "again.key", "--identity", site.root)
    assert (again.returncode, again.stderr.count("\n")) == (14, 1)
    assert "that server has a secret" in again.stderr
    assert not (tmp_path / "again.key").exists()
    there = verb("identity", "client", "another", "--out", out, "--identity", site.root)
    assert (there.returncode, out.read_text("ascii").strip()) == (11, written)
    assert len(site.lines()) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.4", "identity.example", ""])
def test_nothing_listens_for_other_machines_without_a_certificate(site: NamesSite, host: str) -> None:
    with pytest.raises(IdentityError, match="HTTPS alone"):
        serve(site.root, host, 8443)


def test_what_cannot_be_served_is_refused_in_one_line(site: NamesSite, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with pytest.raises(IdentityError, match="both or neither"):
        serve(site.root, "127.0.0.1", 8443, certificate)
    with pytest.raises(IdentityError, match="its own key"):
        serve(site.root, "127.0.0.1", free_port(), certificate, certificate)
    with pytest.raises(IdentityError, match="its own key"):
        serve(site.root, "127.0.0.1", free_port(), tmp_path / "nowhere.pem", key)
    with socket.create_server(("127.0.0.1", 0)) as held, pytest.raises(IdentityError, match="cannot be had"):
        serve(site.root, "127.0.0.1", held.getsockname()[1])
    with (
        lock_exclusively(site.root / "service.lock", holder="identity serve"),
        pytest.raises(BusyError, match="already"),
    ):
        serve(site.root, "127.0.0.1", free_port())
    other = identity.init(tmp_path / "external", "external", user="ann")
    with pytest.raises(IdentityError, match="holds no identities"):
        serve(other.root, "127.0.0.1", 8443)


@pytest.mark.skipif(os.name != "posix", reason="an interrupt that a test can send")
def test_the_verb_serves_until_it_is_interrupted_and_prints_no_name(site: NamesSite, verb: Verb) -> None:
    port, named = free_port(), {}

    def ask_and_interrupt() -> None:
        try:
            for _ in range(500):
                try:
                    named.update(request_names(at_port(site, port), site.asked()))
                    break
                except NamesUnavailableError:
                    time.sleep(0.02)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    asking = Thread(target=ask_and_interrupt)
    asking.start()
    done = verb("identity", "serve", "--port", port, "--identity", site.root)
    asking.join()
    assert named[ANN].told["name"] == "Zebedee Quillfeather"
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first == f"http://127.0.0.1:{port}: names of 4 people, for servers of {site.root}; stop it with Ctrl+C"
    assert last == f"http://127.0.0.1:{port}: stopped"
    assert audit.verify(site.root).whole
