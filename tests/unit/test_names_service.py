"""The desk that names people for the worklist's server: who may ask, who is named, and what the log is told."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from riskstrat import audit, identity
from riskstrat.definitions.declared import read
from riskstrat.errors import IdentityError
from riskstrat.identity.authority import IdentitySettings
from riskstrat.identity.store import changing
from riskstrat.naming import NamesApplication, NamesDesk
from riskstrat.naming.answering import NOT_LISTED, NOT_PUT_FORWARD
from riskstrat.naming.asking import MOST_BYTES, MOST_PEOPLE, NAMES, NOT_A_NUMBER, NOT_KNOWN, PSEUDONYMS, AskedList
from riskstrat.naming.desk import NamesAnswer, NamesQuestion
from riskstrat.naming.judging import OF_ANOTHER_AGE, RESTRICTED
from riskstrat.naming.replays import MOST_HELD, SeenQuestions
from riskstrat.naming.signing import CLIENT, NONCE, SIGNATURE, TIME, is_answer_signed
from riskstrat.storage import compute_digest
from tests.suite.names_site import CLINICIAN, ENTRY, LISTED, PEOPLE, NamesSite

ANN, BEN, CARA, DEE = LISTED
ZEBEDEE, OTTOLINE, *_ = PEOPLE
NOW = "2026-11-16T08:30:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> NamesSite:
    return NamesSite(tmp_path_factory.mktemp("made"))


@pytest.fixture
def site(made: NamesSite, tmp_path: Path) -> NamesSite:
    return made.copy(tmp_path)


def said(answer: NamesAnswer) -> Any:
    return json.loads(answer.body)


def refusal(answer: NamesAnswer, status: int = 403) -> str:
    assert answer.status == status, answer.body
    assert said(answer).keys() == {"refused"}
    return str(said(answer)["refused"])


# ---- Who is named


def test_listed_people_are_named_as_the_named_copy_prints_them_and_others_are_not(site: NamesSite) -> None:
    answer = site.ask(site.asked())
    assert answer.status == 200
    assert said(answer)["named"] == {
        ANN: {
            "name": "Zebedee Quillfeather",
            "nhs_number": "999 000 0018",
            "date_of_birth": "9 March 1940",
            "contact": "7 Larkspur Lane\n0151 496 0999",
            "contact_safely": "Ring before noon",
        },
        BEN: {
            "name": "Ottoline Vanterpool",
            "nhs_number": "999 000 0026",
            "date_of_birth": "31 December 1951",
            "contact": "2 High Street",
        },
        DEE: {"name": "عائشة المزروعة", "nhs_number": "999 000 0042", "contact": "Flat 3"},
    }
    assert said(answer)["not_named"] == {CARA: RESTRICTED}


def test_a_person_whom_the_store_does_not_hold_is_not_named(site: NamesSite) -> None:
    listed = {ANN: "9990000069"}
    answer = site.ask(site.asked(published=site.published(listed), people=(site.person(ANN, "9990000069"),)))
    assert said(answer) == {"named": {}, "not_named": {ANN: "not named: not held here"}}


@pytest.mark.parametrize(
    ("band", "on", "named"),
    [
        ("85 and over", None, True),
        ("65 to 74", None, False),
        ("not recorded", None, True),
        ("", None, True),
        ("75 to 84", None, False),
        ("75 to 84", "2023-11-13", True),
    ],
)
def test_a_person_is_named_only_if_the_date_of_birth_is_of_the_age_on_the_list(
    site: NamesSite, band: str, on: str | None, named: bool
) -> None:
    answer = site.ask(site.asked(people=(site.person(ANN, age_band=band, index_date=on),)))
    assert list(said(answer)["named"]) == ([ANN] if named else [])
    assert said(answer)["not_named"] == ({} if named else {ANN: OF_ANOTHER_AGE})


def test_nobody_is_named_who_is_not_on_the_list_under_that_reference(site: NamesSite) -> None:
    people = (site.person(ANN, LISTED[BEN]), site.person("KIR-009-A", LISTED[ANN]), site.person(BEN))
    answer = site.ask(site.asked(people=people))
    assert list(said(answer)["named"]) == [BEN]
    assert said(answer)["not_named"] == {ANN: NOT_LISTED, "KIR-009-A": NOT_LISTED}
    details = site.lines()[-1][1]
    assert (details["references"], details["not_due"]) == ([BEN], 2)


def _forge(sent: AskedList, **changes: Any) -> AskedList:
    manifest = json.loads(sent.manifest) | changes
    return sent.model_copy(update={"manifest": json.dumps(manifest)})


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda sent: _forge(sent, seal=None), "no seal"),
        (lambda sent: _forge(sent, version=2), "was not sealed as it stands"),
        (lambda sent: sent.model_copy(update={"references": sent.references + " "}), "changed after publication"),
        (lambda sent: sent.model_copy(update={"manifest": "[]"}), "cannot be read"),
        (lambda sent: sent.model_copy(update={"manifest": "{"}), "cannot be read"),
        (lambda sent: sent.model_copy(update={"edition": 2}), "another list"),
    ],
)
def test_a_list_that_is_not_proved_names_nobody(
    site: NamesSite, spoil: Callable[[AskedList], AskedList], why: str
) -> None:
    assert why in refusal(site.ask(site.asked(published=spoil(site.published()))))
    assert site.lines()[-1][0] == "naming refused"


def test_a_list_that_another_workspace_published_names_nobody(site: NamesSite) -> None:
    site.allow(publisher="ab" * 32)
    assert "among its publishers" in refusal(site.ask(site.asked()))


def test_the_list_of_one_team_names_nobody_for_another(site: NamesSite) -> None:
    site.allow({"teams": ["KIR", "NKI"]})
    assert "missing" in refusal(site.ask(site.asked(team="NKI")))


# ---- On whose say


def test_without_a_recorded_basis_nobody_is_told_anything(site: NamesSite) -> None:
    site.forbid()
    assert "a basis must be recorded under [[names]] first" in refusal(site.ask(site.asked()))
    assert "a basis must be recorded" in refusal(site.ask(site.put_forward(ZEBEDEE, "1940-03-09"), PSEUDONYMS))


@pytest.mark.parametrize(
    "other",
    [
        {"role": "clinician"},
        {"role": "social care worker"},
        {"client": "another"},
        {"teams": ["NKI"]},
        {"role": "clinician", "purposes": ["safeguarding"]},
    ],
)
def test_an_entry_holds_for_its_own_server_role_team_and_purpose(site: NamesSite, other: Mapping[str, Any]) -> None:
    site.allow(other)
    assert "a basis must be recorded" in refusal(site.ask(site.asked()))


def test_an_entry_holds_until_its_day_and_no_longer(site: NamesSite) -> None:
    site.allow({"valid_until": audit.today().isoformat()})
    assert site.ask(site.asked()).status == 200
    site.allow({"valid_until": (audit.today() - timedelta(days=1)).isoformat()})
    assert "must be approved anew" in refusal(site.ask(site.asked()))


def test_a_role_is_told_what_its_entry_says_and_no_more(site: NamesSite) -> None:
    site.allow({"role": "social care worker", "told": ["name", "key_worker"]})
    answer = site.ask(site.asked(role="social care worker", people=(site.person(ANN),)))
    assert said(answer)["named"] == {ANN: {"name": "Zebedee Quillfeather", "key_worker": "Ines Underbough"}}


@pytest.mark.parametrize("role", ["analyst", "manager", "auditor", "administrator", "Coordinator", ""])
def test_no_other_role_can_be_written_in_or_ask(site: NamesSite, role: str) -> None:
    with pytest.raises(IdentityError, match="role"):
        read(IdentitySettings, {"names": [ENTRY | {"role": role}]}, "identity.toml", IdentityError)
    body = json.loads(site.question(site.asked()).body) | {"role": role}
    assert "not of the form" in refusal(site.ask(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"told": ["name", "contact"]}, "add it"),
        ({"told": ["date_of_birth"]}, "whose the rest is"),
        ({"told": ["name", "shoe_size"]}, "is not held of a person"),
        ({"purposes": ["safeguarding"]}, 'has no purpose "safeguarding"'),
        ({"role": "social care worker", "purposes": ["put_forward"]}, 'has no purpose "put_forward"'),
        ({"basis": "yes"}, "where it is recorded"),
        ({"basis": "see 999 000 0018"}, "number of a person"),
        ({"approved_by": "IG lead 0151 496 0999"}, "number of a person"),
        ({"client": "../site"}, "client"),
    ],
)
def test_what_a_site_may_not_decide_is_refused_where_it_is_written(other: Mapping[str, Any], why: str) -> None:
    with pytest.raises(IdentityError, match=why):
        read(IdentitySettings, {"names": [ENTRY | dict(other)]}, "identity.toml", IdentityError)


# ---- Who asks


def test_a_question_that_nobody_known_signed_is_refused_in_the_same_words_and_not_read(site: NamesSite) -> None:
    body = site.question(site.asked())
    other = identity.parse_secret("worklist", "0" * 64)
    stranger = identity.parse_secret("stranger", site.written)
    forged = [
        site.question(site.asked(), secret=other),
        site.question(site.asked(), secret=stranger),
        replace(body, body=body.body + b" "),
        replace(body, path=PSEUDONYMS),
        *(replace(body, headers={**body.headers, name: "0"}) for name in (CLIENT, TIME, NONCE, SIGNATURE)),
        *(replace(body, headers={**body.headers, name: ""}) for name in (CLIENT, TIME, NONCE, SIGNATURE)),
        replace(body, headers={**body.headers, SIGNATURE: "é"}),
        replace(body, headers={**body.headers, CLIENT: "../site"}),
        replace(body, headers={**body.headers, CLIENT: "Worklist"}),
        replace(body, headers={}),
    ]
    words = {refusal(site.desk.answer(one), 401) for one in forged}
    assert words == {"the question is not signed by a server that this install knows"}
    assert site.lines() == []
    assert site.desk.answer(body).status == 200


def test_a_question_is_answered_once(site: NamesSite) -> None:
    question = site.question(site.asked())
    assert site.desk.answer(question).status == 200
    assert "was asked before" in refusal(site.desk.answer(question))
    assert [action for action, _ in site.lines()] == ["names shown", "naming refused"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_question_signed_far_from_the_time_here_is_refused(site: NamesSite, minutes: int) -> None:
    at = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = site.desk.answer(site.question(site.asked(), at=at))
    assert "set the clocks" in refusal(answer)


@pytest.mark.parametrize(
    ("signed", "now", "why"),
    [
        ("2026-11-16T08:35:00Z", "2026-11-16T08:40:00Z", None),
        ("2026-11-16T08:45:00Z", "2026-11-16T08:40:00Z", None),
        ("2026-11-16T08:34:59Z", "2026-11-16T08:40:00Z", "clocks"),
        ("2026-11-16T08:45:01Z", "2026-11-16T08:40:00Z", "clocks"),
        ("2026-11-16T08:29:59Z", NOW, "before this service started"),
        ("2026-13-16T08:29:59Z", NOW, "clocks"),
    ],
)
def test_how_near_the_two_clocks_must_be(signed: str, now: str, why: str | None) -> None:
    found = SeenQuestions(NOW).refuse("a", signed, now)
    assert found is None if why is None else why in str(found)


def test_what_was_seen_is_remembered_as_long_as_it_could_be_taken_again_and_is_bounded() -> None:
    seen = SeenQuestions(NOW)
    assert seen.refuse("a", "2026-11-16T08:35:00Z", NOW) is None
    assert "before" in str(seen.refuse("a", "2026-11-16T08:35:00Z", "2026-11-16T08:40:00Z"))
    assert seen.refuse("a", "2026-11-16T08:41:00Z", "2026-11-16T08:41:00Z") is None
    many = SeenQuestions(NOW)
    many._until = {str(number): datetime.fromisoformat("2026-11-16T09:00:00Z") for number in range(MOST_HELD)}
    assert "too many" in str(many.refuse("a", NOW, NOW))
    assert many.refuse("a", "2026-11-16T09:00:01Z", "2026-11-16T09:00:01Z") is None


def test_an_answer_is_signed_for_its_own_question(site: NamesSite) -> None:
    question = site.question(site.asked())
    answer = site.desk.answer(question)
    signature, nonce = answer.headers[SIGNATURE], question.headers[NONCE]
    assert is_answer_signed(site.secret, nonce, 200, answer.body, signature)
    assert not is_answer_signed(site.secret, "0" * 32, 200, answer.body, signature)
    assert not is_answer_signed(site.secret, nonce, 403, answer.body, signature)
    assert not is_answer_signed(site.secret, nonce, 200, answer.body + b" ", signature)


def test_a_server_whose_secret_was_deleted_is_shut_out_at_once(site: NamesSite) -> None:
    (site.root / "clients" / "worklist.key").unlink()
    refusal(site.ask(site.asked()), 401)


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_a_secret_that_others_can_read_is_not_used(site: NamesSite) -> None:
    path = site.root / "clients" / "worklist.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    assert "look after it there" in refusal(site.ask(site.asked()), 503)


# ---- What is asked


@pytest.mark.parametrize(
    "change",
    [
        {"people": []},
        {"people": [{"reference": f"KIR-{n:03d}-A", "patient_id": "x"} for n in range(MOST_PEOPLE + 1)]},
        {"people": [{"reference": ANN, "patient_id": "x"}, {"reference": ANN, "patient_id": "y"}]},
        {"published": None},
        {"purpose": "referral"},
        {"purpose": "subject_access"},
        {"team": "kir"},
        {"user": ""},
        {"user": "two words"},
        {"user": "9990000018"},
        {"extra": 1},
    ],
)
def test_a_question_of_another_form_is_refused_and_repeated_nowhere(
    site: NamesSite, change: Mapping[str, object]
) -> None:
    body = json.loads(site.question(site.asked()).body) | dict(change)
    assert "not of the form" in refusal(site.ask(json.dumps(body).encode()))
    assert site.lines() == [("naming refused", site.lines()[-1][1])]
    assert site.lines()[-1][1].keys() == {"client", "why"}


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_question_is_refused(site: NamesSite, body: bytes) -> None:
    assert "not of the form" in refusal(site.ask(body))


def test_an_answer_that_is_too_long_does_not_leave_and_is_logged_as_refused(site: NamesSite) -> None:
    with changing(site.root, site.key) as held:
        held.learn(site.key.pseudonym(OTTOLINE), {"contact": "long " * (MOST_BYTES // 5)})
    assert "ask for fewer people" in refusal(site.ask(site.asked()))
    assert [action for action, _ in site.lines()] == ["naming refused"]


def test_there_is_nothing_elsewhere_and_nothing_to_get(site: NamesSite) -> None:
    refusal(site.desk.answer(site.question(site.asked(), "/")), 404)
    refusal(site.desk.answer(site.question(site.asked(), method="GET")), 405)


def test_no_error_of_a_form_repeats_what_it_was_given(site: NamesSite) -> None:
    with pytest.raises(ValidationError) as caught:
        site.put_forward("9990000018" * 20, "9 March 1940")
    assert "9990000018" not in str(caught.value)
    assert "March" not in str(caught.value)
    asked = site.put_forward("9990000018", "1940-03-09")
    assert "9990000018" not in repr(asked)
    assert "1940" not in repr(asked)


def _run_application(
    site: NamesSite, parts: list[bytes], query: bytes = b"", headers: Mapping[str, str] | None = None, path: str = NAMES
) -> tuple[int, dict[str, str], bytes, int]:
    """Status, headers and body of the answer, and how many parts of the body were read."""
    sent: list[Any] = []
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": query, "headers": pairs}
    asyncio.run(NamesApplication(site.desk)(scope, receive, send))
    start, body = sent
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], named, body["body"], len(parts) - len(waiting)


def test_a_question_that_comes_in_parts_is_answered_and_must_not_be_kept(site: NamesSite) -> None:
    question = site.question(site.asked())
    parts = [question.body[:10], question.body[10:]]
    status, headers, body, _ = _run_application(site, parts, headers=question.headers)
    assert (status, headers["cache-control"], headers["content-type"]) == (200, "no-store", "application/json")
    assert json.loads(body)["named"].keys() == {ANN, BEN, DEE}
    assert headers["content-length"] == str(len(body))


def test_a_question_that_is_too_long_is_not_read_to_its_end(site: NamesSite) -> None:
    part = b" " * (MOST_BYTES // 2)
    status, _, _, read_parts = _run_application(site, [part, part, b" ", part, part])
    assert (status, read_parts) == (413, 3)


def test_nothing_is_asked_in_the_address(site: NamesSite) -> None:
    assert _run_application(site, [b""], query=b"nhs_number=9990000018")[0] == 404


# ---- Somebody put forward


@pytest.fixture
def clinic(site: NamesSite) -> NamesSite:
    site.allow({}, CLINICIAN)
    return site


def test_somebody_put_forward_is_named_by_what_came_with_their_pseudonym(clinic: NamesSite) -> None:
    given = said(clinic.ask(clinic.put_forward("999 000 0018", "1940-03-09"), PSEUDONYMS))
    patient = clinic.key.pseudonym(ZEBEDEE)
    assert (given["patient_id"], given["why_not"]) == (patient, "")
    case = clinic.person("KIR-005-O", ZEBEDEE, proof=given["proof"])
    asked = clinic.asked(role="clinician", purpose="referral", published=None, people=(case,))
    assert list(said(clinic.ask(asked))["named"]) == ["KIR-005-O"]
    put, shown = clinic.lines()
    assert put[0] == "put forward"
    assert put[1] == {
        "client": "worklist",
        "asked_by": "d.octor",
        "role": "clinician",
        "purpose": "put_forward",
        "team": "KIR",
        "basis": "Sharing agreement 12, section 3",
        "person": compute_digest(patient),
        "answer": "pseudonym given",
    }
    assert shown[0] == "names shown"
    assert (shown[1]["purpose"], shown[1]["references"]) == ("referral", ["KIR-005-O"])
    assert shown[1]["people"] == [compute_digest(patient)]


@pytest.mark.parametrize("proof", ["", "0" * 64, "of another", "of another team"])
def test_nobody_is_named_as_put_forward_who_was_not(clinic: NamesSite, proof: str) -> None:
    patient = clinic.key.pseudonym(ZEBEDEE)
    given = {
        "of another": clinic.key.vouch("KIR", clinic.key.pseudonym(OTTOLINE)),
        "of another team": clinic.key.vouch("NKI", patient),
    }.get(proof, proof)
    case = clinic.person("KIR-005-O", ZEBEDEE, proof=given)
    answer = clinic.ask(clinic.asked(role="clinician", purpose="referral", published=None, people=(case,)))
    assert said(answer) == {"named": {}, "not_named": {"KIR-005-O": NOT_PUT_FORWARD}}
    assert clinic.lines()[-1][1]["references"] == []


def test_who_was_put_forward_and_is_restricted_is_not_named(clinic: NamesSite) -> None:
    given = said(clinic.ask(clinic.put_forward(LISTED[CARA], PEOPLE[LISTED[CARA]]["date_of_birth"]), PSEUDONYMS))
    case = clinic.person("KIR-005-O", LISTED[CARA], proof=given["proof"])
    answer = clinic.ask(clinic.asked(role="clinician", purpose="referral", published=None, people=(case,)))
    assert said(answer)["not_named"] == {"KIR-005-O": RESTRICTED}


@pytest.mark.parametrize("reference", ["KIR-005-A", "NKI-001-1", "KIR-ZEBEDEE", "KIR-005-o", "9990000018"])
def test_somebody_put_forward_has_a_sound_reference_of_the_team(clinic: NamesSite, reference: str) -> None:
    case = clinic.person(reference, ZEBEDEE)
    with pytest.raises(ValidationError, match="reference of that team"):
        clinic.asked(role="clinician", purpose="referral", published=None, people=(case,))


@pytest.mark.parametrize(
    ("number", "born", "why"),
    [
        ("9990000019", "1940-03-09", NOT_A_NUMBER),
        ("1111111111", "1940-03-09", NOT_A_NUMBER),
        ("", "1940-03-09", NOT_A_NUMBER),
        (ZEBEDEE, "1940-03-10", NOT_KNOWN),
        ("9990000069", "1940-03-09", NOT_KNOWN),
        # No date of birth is held to hold it against.
        ("9990000042", "1940-03-09", NOT_KNOWN),
    ],
)
def test_of_a_number_that_is_not_known_nothing_more_is_said(
    clinic: NamesSite, number: str, born: str, why: str
) -> None:
    answer = clinic.ask(clinic.put_forward(number, born), PSEUDONYMS)
    assert said(answer) == {"patient_id": "", "proof": "", "why_not": why}
    action, details = clinic.lines()[-1]
    assert (action, details["person"], details["answer"]) == ("put forward", None, why)


def test_nobody_puts_forward_whose_role_is_not_written_in_for_it(clinic: NamesSite) -> None:
    asked = clinic.put_forward(ZEBEDEE, "1940-03-09", role="coordinator")
    assert "for put_forward" in refusal(clinic.ask(asked, PSEUDONYMS))


# ---- What is logged


def test_each_look_is_one_line_that_names_nobody(site: NamesSite) -> None:
    site.ask(site.asked())
    ((action, details),) = site.lines()
    published = site.published()
    assert action == "names shown"
    assert details == {
        "client": "worklist",
        "asked_by": "c.oordinator",
        "role": "coordinator",
        "purpose": "direct_care",
        "team": "KIR",
        "basis": "Sharing agreement 12, section 3",
        "told": ENTRY["told"],
        "references": [ANN, BEN, CARA, DEE],
        "named": 3,
        "not_due": 0,
        "not_held": 0,
        "of_another_age": 0,
        "restricted": 1,
        "age_not_checked": 3,
        "list_date": "2026-11-16",
        "edition": 1,
        "manifest": compute_digest(published.manifest),
    }
    assert audit.verify(site.root).whole


def test_a_log_that_takes_no_line_lets_no_name_out(site: NamesSite) -> None:
    log = site.root / "audit" / "log.jsonl"
    log.write_bytes(log.read_bytes()[:-10])
    answer = site.ask(site.asked())
    assert refusal(answer, 503) == "the identity install cannot read or log what it must; look after it there"


def test_the_line_stands_before_the_answer_leaves(site: NamesSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("riskstrat.naming.desk.sign_answer", fail)
    with pytest.raises(KeyboardInterrupt):
        site.ask(site.asked())
    assert [action for action, _ in site.lines()] == ["names shown"]


def test_a_fault_is_told_by_its_kind_alone(site: NamesSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise ValueError("Zebedee Quillfeather")

    monkeypatch.setattr("riskstrat.naming.desk.answer_names", fail)
    answer = site.ask(site.asked())
    assert refusal(answer, 500) == "a fault of the identity install (ValueError); report this line"


def test_what_the_store_learns_while_the_service_runs_is_told(site: NamesSite) -> None:
    asked = site.asked(people=(site.person(ANN),))
    assert said(site.ask(asked))["named"][ANN]["contact"].startswith("7 Larkspur")
    with changing(site.root, site.key) as held:
        held.learn(site.key.pseudonym(ZEBEDEE), {"restricted": "yes"})
    assert said(site.ask(asked))["not_named"] == {ANN: RESTRICTED}


def test_a_damaged_store_or_settings_name_nobody_and_tell_no_place(site: NamesSite) -> None:
    (site.root / "identity.toml").write_text("names = 3", encoding="utf-8")
    assert str(site.root) not in refusal(site.ask(site.asked()), 503)
    site.allow()
    (site.root / "identities.store").write_bytes(b"spoiled")
    refusal(NamesDesk(site.root).answer(site.question(site.asked())), 503)


def test_a_question_shows_nothing_of_its_body(site: NamesSite) -> None:
    assert "pseudonym" not in repr(NamesQuestion("POST", NAMES, {}, b"pseudonym"))
    assert "Zebedee" not in repr(site.ask(site.asked()))
    assert site.written not in repr(site.secret)
