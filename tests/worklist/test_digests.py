"""E-mail digests over a real connection: counts and a link, once a day, and not a word about anybody."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from riskstrat import audit
from riskstrat.definitions.worklist_settings import WorklistSettings
from riskstrat.errors import WorkspaceError
from riskstrat.worklist.roles import Role
from riskstrat.workspace import load
from tests.suite.certificates import make_certificate
from tests.suite.mail_server import MailServer, serve_mail
from tests.suite.worklists import LIST_DATE, name_patient

TODAY = LIST_DATE + timedelta(days=10)
ON = """
[worklist.digests]
sender = "worklist@example.org"
link = "https://worklist.example.org/"
server = "127.0.0.1"
security = "none"
port = {port}
"""


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with serve_mail() as server:
        yield server


@pytest.fixture
def rules(mail: MailServer) -> Any:
    return make_rules(port=mail.port)


def make_rules(**given: Any) -> Any:
    said = {"sender": "worklist@example.org", "link": "https://worklist.example.org/", "server": "127.0.0.1"}
    return WorklistSettings(digests={**said, "security": "none", **given}).digests  # type: ignore[arg-type]


def send(rules: Any, day: Any = TODAY) -> Any:
    from riskstrat.worklist.digests import Sent, send_digests

    told = Sent()
    send_digests(rules, told, day)
    return told


def give_address(client: Any, address: str = "a.coordinator@example.org") -> None:
    client.user.digest_to = address
    client.user.save()


def decide(reference: str, *due: Any) -> None:
    from riskstrat.reviews import Review
    from riskstrat.worklist.store import find_or_open_case, keep_decision

    patient = name_patient(reference)
    words = ("safeguarding", "telecare", "reablement")
    made = [
        Review(patient, LIST_DATE, "Kirkby", what, "A secret note", True, LIST_DATE, "AB", day, "Dr Owner")
        for what, day in zip(words, due, strict=False)
    ]
    keep_decision(find_or_open_case(reference, patient, LIST_DATE), made, 1, "entered", timezone.now())


def test_each_account_with_an_address_is_told_how_much_waits_and_nothing_else(site, sign_in, mail, rules) -> None:
    from riskstrat.worklist.models import RecordEntry

    decide("KIR-012-Q", TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=8))
    decide("KIR-057-I", TODAY + timedelta(days=7))
    coordinator, both = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR", "HUY")
    entry = {"list_date": LIST_DATE, "code": "1", "confirmed_by": both.user, "confirmed_at": timezone.now()}
    RecordEntry.objects.create(case_id="KIR-057-I", due_on=TODAY - timedelta(days=1), **entry)
    give_address(coordinator)
    give_address(both, "b.clinician@example.org")
    sign_in(Role.COORDINATOR, "KIR")
    manager = sign_in(Role.MANAGER)
    give_address(manager, "c.manager@example.org")
    assert send(rules).sent == 2
    (to, first), (_, second) = mail.taken
    assert to == ["a.coordinator@example.org"]
    assert (first["From"], first["Subject"]) == ("worklist@example.org", "Worklist: what waits for you")
    text = first.get_content()
    assert "Cases on your teams' lists: 8, not decided yet: 6" in text
    assert "Actions due within 7 days: 2, overdue: 1" in text
    assert "To be written in GP records, due within 7 days: 0, overdue: 1" in text
    assert "https://worklist.example.org/" in text
    assert "Cases on your teams' lists: 16, not decided yet: 14" in second.get_content()
    for whole in (first.as_string(), second.as_string()):
        assert not re.search(r"KIR|HUY|Kirkby|Owner|secret|telecare|afeguarding|p-kir|AB\b", whole)


def test_a_case_in_question_is_not_said_to_wait_for_a_decision(site, sign_in, mail, rules) -> None:
    """As on the agenda: none can be entered about it."""
    from riskstrat.worklist.models import FaultReport
    from riskstrat.worklist.store import find_or_open_case

    coordinator = sign_in(Role.COORDINATOR, "KIR")
    give_address(coordinator)
    case = find_or_open_case("KIR-012-Q", name_patient("KIR-012-Q"), LIST_DATE)
    about = {"kind": FaultReport.Kind.WRONG_PERSON, "due_on": timezone.localdate()}
    FaultReport.objects.create(case=case, reported_by=coordinator.user, reported_at=timezone.now(), **about)
    send(rules)
    assert "Cases on your teams' lists: 8, not decided yet: 7" in mail.taken[0][1].get_content()


def test_of_two_runs_at_once_one_sends(site, sign_in, mail, rules, monkeypatch) -> None:
    from riskstrat.worklist import digests

    give_address(sign_in(Role.COORDINATOR, "KIR"))
    build = digests.build_digest

    def build_while_another_run_sends(*given: Any) -> Any:
        monkeypatch.setattr(digests, "build_digest", build)
        assert send(rules).sent == 1
        return build(*given)

    monkeypatch.setattr(digests, "build_digest", build_while_another_run_sends)
    told = send(rules)
    assert (told.sent, told.had, len(mail.taken)) == (0, 1, 1)


def test_a_second_run_sends_nobody_a_second_one_and_the_next_day_does(site, sign_in, mail, rules) -> None:
    give_address(sign_in(Role.COORDINATOR, "KIR"))
    assert (send(rules).sent, send(rules).had, len(mail.taken)) == (1, 1, 1)
    assert send(rules, TODAY + timedelta(days=1)).sent == 1


def test_whoever_has_nothing_waiting_or_may_not_sign_in_gets_none(site, sign_in, mail, rules) -> None:
    from riskstrat.worklist.models import User

    give_address(sign_in(Role.COORDINATOR), "nobody.waits@example.org")
    give_address(sign_in(Role.COORDINATOR, "KIR"), "has.left@example.org")
    User.objects.filter(digest_to="has.left@example.org").update(is_active=False)
    told = send(rules)
    assert (told.sent, told.nothing, mail.taken) == (0, 1, [])


def test_a_refused_address_keeps_nobody_else_from_theirs(site, sign_in, mail, rules) -> None:
    mail.refused = {"gone@example.org"}
    give_address(sign_in(Role.COORDINATOR, "KIR"), "gone@example.org")
    give_address(sign_in(Role.CLINICIAN, "KIR"))
    told = send(rules)
    assert (told.sent, told.refused) == (1, 1)


def test_a_server_that_fails_on_the_way_is_named_and_the_next_run_goes_on(site, sign_in, mail, rules) -> None:
    mail.left = 1
    give_address(sign_in(Role.COORDINATOR, "KIR"), "first@example.org")
    give_address(sign_in(Role.CLINICIAN, "KIR"), "second@example.org")
    with pytest.raises(WorkspaceError, match="after 1 were sent") as refused:
        send(rules)
    assert "example" not in str(refused.value)
    mail.left = None
    assert not mail.taken[1:]
    assert (send(rules).sent, [to for to, _ in mail.taken]) == (1, [["first@example.org"], ["second@example.org"]])


def test_a_server_that_is_not_there_or_a_password_that_is_not_set_is_told_in_a_line(site, sign_in, monkeypatch) -> None:
    give_address(sign_in(Role.COORDINATOR, "KIR"))
    with pytest.raises(WorkspaceError, match="was not reached"):
        send(make_rules(port=1))
    monkeypatch.delenv("RISKSTRAT_SMTP_PASSWORD", raising=False)
    with pytest.raises(WorkspaceError, match="RISKSTRAT_SMTP_PASSWORD"):
        send(make_rules(user="worklist"))


# ---- Over TLS ----


def serve_proved(folder: Path, security: str, **certificate: Any) -> Any:
    """A mail server with a certificate for 127.0.0.1, unless another is asked for, and the file that it is in."""
    made, key = make_certificate(folder, **certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return serve_mail(context=context, at_once=security == "tls"), str(made)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_proves_itself_is_told_nothing_in_the_clear(site, sign_in, security, tmp_path) -> None:
    give_address(sign_in(Role.COORDINATOR, "KIR"))
    serving, made = serve_proved(tmp_path, security)
    with serving as server:
        assert send(make_rules(port=server.port, security=security, certificates=made)).sent == 1
        assert [to for to, _ in server.taken] == [["a.coordinator@example.org"]]
        assert server.in_the_clear == ([] if security == "tls" else ["EHLO", "STAR"])


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("certificate", "trusted"), [({}, False), ({"address": "127.0.0.2"}, True), ({"expired": True}, True)]
)
def test_a_server_that_cannot_prove_itself_gets_no_password_and_no_mail(
    site, sign_in, monkeypatch, security, certificate, trusted, tmp_path
) -> None:
    monkeypatch.setenv("RISKSTRAT_SMTP_PASSWORD", "a secret word")
    give_address(sign_in(Role.COORDINATOR, "KIR"))
    serving, made = serve_proved(tmp_path, security, **certificate)
    chosen = {"certificates": made} if trusted else {}
    with serving as server:
        with pytest.raises(WorkspaceError, match="could not prove"):
            send(make_rules(port=server.port, security=security, user="worklist", **chosen))
        assert (server.taken, [word for word in server.in_the_clear if word not in ("EHLO", "STAR")]) == ([], [])


def test_a_server_that_offers_no_tls_gets_no_password_and_no_mail(site, sign_in, mail, monkeypatch) -> None:
    """Whoever stands between may have left the offer out."""
    monkeypatch.setenv("RISKSTRAT_SMTP_PASSWORD", "a secret word")
    give_address(sign_in(Role.COORDINATOR, "KIR"))
    with pytest.raises(WorkspaceError, match="SMTPNotSupportedError"):
        send(make_rules(port=mail.port, security="starttls", user="worklist"))
    assert (mail.taken, {"AUTH", "MAIL"} & set(mail.in_the_clear)) == ([], set())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, []),
        ({"security": "tls", "port": 465}, []),
        ({"security": "tls", "port": 2465}, []),
        ({"security": "tls"}, ["port 587"]),
        ({"security": "starttls", "port": 465}, ["port 465"]),
        ({"certificates": "nowhere.pem"}, ["worklist.digests.certificates cannot be read"]),
        ({"certificates": "riskstrat.toml"}, ["worklist.digests.certificates cannot be read"]),
        ({"user": "worklist"}, ["RISKSTRAT_SMTP_PASSWORD"]),
        ({"link": "https://elsewhere.example.org/"}, ["another host"]),
    ],
)
def test_the_check_says_what_would_keep_digests_from_being_sent(copied, monkeypatch, given, said) -> None:
    from riskstrat.worklist.checking import find_faults

    monkeypatch.delenv("RISKSTRAT_SMTP_PASSWORD", raising=False)
    lines = {
        "sender": "w@example.org",
        "link": "https://worklist.example.nhs.uk/",
        "server": "smtp.example.org",
    } | given
    written = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    path = copied / "riskstrat.toml"
    path.write_text(
        path.read_text("utf-8").replace("[[teams]]", f"[worklist.digests]\n{written}\n[[teams]]", 1), "utf-8"
    )
    found = find_faults(load(copied))
    assert len(found) == len(said), found
    assert all(words in line for words, line in zip(said, found, strict=True)), found


# ---- Settings, the verb, the account ----


@pytest.mark.parametrize(
    "given",
    [
        {"link": ""},
        {"link": "http://worklist.example.org/"},
        {"sender": "Worklist <worklist@example.org>"},
        {"sender": "a@b\nBcc: c@d"},
        {"server": "smtp.example.org"},
        {"password": "a password"},
        {"port": 0},
    ],
)
def test_settings_that_would_send_in_the_clear_or_lead_elsewhere_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="digests"):
        make_rules(**given)


def test_the_verb_sends_only_where_the_site_turned_it_on_and_logs_how_many(site, sign_in, mail, verb, refused) -> None:
    give_address(sign_in(Role.COORDINATOR, "KIR"))
    assert "digests are off" in refused(verb("worklist", "digest", cwd=site.root), 3)
    assert mail.taken == []
    path = site.root / "riskstrat.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("[[teams]]", f"{ON.format(port=mail.port)}\n[[teams]]", 1), encoding="utf-8")
    done = verb("worklist", "digest", cwd=site.root)
    path.write_text(before, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 digest sent;")
    last = audit.read(site.root)[-1]
    assert (last.action, last.details) == ("digests sent", {"had": 0, "nothing": 0, "refused": 0, "sent": 1})
    assert len(mail.taken) == 1


def test_an_administrator_sets_the_address_and_the_log_of_edits_has_it(sign_in) -> None:
    from riskstrat.worklist.models import Edit, User

    owner = sign_in(Role.COORDINATOR, "KIR").user
    sent = {"username": owner.username, "display_name": "A", "role": "coordinator", "is_active": "on"}
    rows = {f"{name}-{what}_FORMS": "0" for name in ("memberships", "standing_in") for what in ("TOTAL", "INITIAL")}
    client = sign_in(Role.ADMINISTRATOR)
    page = f"/admin/worklist/user/{owner.pk}/change/"
    assert client.post(page, sent | rows | {"digest_to": "no address"}).status_code == 200
    assert client.post(page, sent | rows | {"digest_to": "a@example.org"}).status_code == 302
    assert User.objects.get(pk=owner.pk).digest_to == "a@example.org"
    assert Edit.objects.get(what="account").after["digest_to"] == "a@example.org"
