"""Signing in through the site's own provider: whole sign-ins against a real one, and each way to be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread

from riskstrat.errors import WorkspaceError
from riskstrat.worklist.roles import Role
from riskstrat.workspace import Workspace
from tests.suite.worklists import load_with

SECRET = "RISKSTRAT_OIDC_SECRET"
PEOPLE = (
    Person(sub="1", claims={"preferred_username": "aisha@example.nhs.uk", "amr": ["pwd"]}),
    Person(sub="2", claims={"preferred_username": "admin@example.nhs.uk", "amr": ["pwd", "mfa"]}),
    Person(sub="3", claims={"preferred_username": "stranger@example.nhs.uk", "amr": ["mfa"]}),
    Person(sub="4", claims={"name": "Nobody in particular"}),
    Person(sub="5", claims={"preferred_username": "left@example.nhs.uk"}),
    Person(sub="6", claims={"preferred_username": "Aisha@example.nhs.uk"}),
    Person(sub="7", claims={"preferred_username": ["aisha@example.nhs.uk"]}),
)
ACCOUNTS = {
    "aisha@example.nhs.uk": Role.COORDINATOR,
    "admin@example.nhs.uk": Role.ADMINISTRATOR,
    "left@example.nhs.uk": Role.COORDINATOR,
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an OpenID Connect provider, served until the tests are over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        with run_server_in_thread(user_claims=PEOPLE) as server:
            yield f"http://localhost:{server.server_port}"


def describe(provider: str, **changed: str) -> str:
    found = {
        "client_id": "worklist",
        "label": "Example NHS",
        "issuer": provider,
        "authorization_endpoint": f"{provider}/oauth2/authorize",
        "token_endpoint": f"{provider}/oauth2/token",
        "user_endpoint": f"{provider}/userinfo",
        "keys_endpoint": f"{provider}/jwks",
    } | changed
    lines = [f'{name} = "{value}"' for name, value in found.items()]
    return "\n".join(["[worklist.sign_in]", *lines, 'second_factor_values = ["mfa"]', ""])


@pytest.fixture
def served(site: Workspace, provider: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The worklist of `site` with the provider, and accounts that nobody has signed in with yet."""
    from django.conf import settings

    from riskstrat.worklist import point_at
    from riskstrat.worklist.models import TeamMembership, User

    monkeypatch.setenv(SECRET, "of the tests")
    wanted = load_with(site, describe(provider))
    point_at(wanted)
    # The provider of the tests gives its keys no number; a real one must.
    monkeypatch.setattr(settings, "OIDC_VERIFY_KID", False, raising=False)
    for name, role in ACCOUNTS.items():
        user = User.objects.create_user(name, name, role)
        User.objects.filter(pk=user.pk).update(must_change_password=True, is_active=not name.startswith("left"))
        if role is Role.COORDINATOR:
            TeamMembership.objects.create(user=user, team_code="KIR")
    yield wanted
    point_at(site)


def leave(client: Any, wanted: str = "") -> str:
    """Where the button leads."""
    response = client.get("/sign-in/provider", {"next": wanted} if wanted else {})
    assert response.status_code == 302
    return str(response["Location"])


def come_back(client: Any, address: str, person: str, change: Callable[[str], str] = str) -> Any:
    """What the worklist answers when the provider has sent somebody back."""
    sent = requests.post(address, data={"sub": person}, allow_redirects=False, timeout=20)
    assert sent.status_code == 302, sent.text
    back = urlsplit(change(sent.headers["Location"]))
    assert back.netloc == "testserver"
    return client.get(f"{back.path}?{back.query}")


def make_client() -> Any:
    from django.test import Client

    return Client()


def is_signed_in(client: Any) -> bool:
    return client.get("/account").status_code == 200


def test_somebody_with_an_account_signs_in_and_chooses_no_password(served) -> None:
    client = make_client()
    assert "Sign in with Example NHS" in client.get("/sign-in").content.decode()
    asked = parse_qs(urlsplit(leave(client, "/teams/KIR/list")).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    response = come_back(client, leave(client, "/teams/KIR/list"), "1")
    assert (response.status_code, response["Location"]) == (302, "/teams/KIR/list")
    assert client.get("/teams/KIR/list").status_code == 200
    assert client.get("/teams/HUY/list").status_code == 404


@pytest.mark.parametrize("person", ["3", "4", "5", "6", "7"])
def test_whom_no_active_account_names_to_the_letter_is_refused_in_the_same_words(served, person) -> None:
    from riskstrat.worklist.models import User

    before, client = User.objects.count(), make_client()
    response = come_back(client, leave(client), person)
    assert response.status_code == 403
    assert "You are not signed in" in response.content.decode()
    assert "example.nhs.uk" not in response.content.decode()
    assert not is_signed_in(client)
    assert User.objects.count() == before


def test_ten_refusals_lock_nobody_out(served) -> None:
    client = make_client()
    for _ in range(10):
        assert come_back(client, leave(client), "3").status_code == 403
    assert come_back(client, leave(client), "1").status_code == 302
    assert is_signed_in(client)


def test_the_providers_second_factor_counts_where_the_site_says_so(served, monkeypatch) -> None:
    from django.conf import settings

    client = make_client()
    come_back(client, leave(client), "2")
    assert client.get("/admin/").status_code == 200
    sign_in = settings.RISKSTRAT_RULES.sign_in.model_copy(update={"second_factor_values": ()})
    monkeypatch.setattr(settings, "RISKSTRAT_RULES", settings.RISKSTRAT_RULES.model_copy(update={"sign_in": sign_in}))
    client = make_client()
    come_back(client, leave(client), "2")
    assert client.get("/admin/")["Location"].startswith("/account/")


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("state=", "state=x"),
        lambda address: address.replace("code=", "code=x"),
        lambda address: address.partition("?")[0],
        lambda address: f"{address.partition('?')[0]}?error=access_denied",
        lambda address: address.replace("state=", "nothing="),
    ],
    ids=["another state", "another code", "neither", "denied", "no state"],
)
def test_what_the_provider_did_not_send_signs_nobody_in(served, change) -> None:
    client = make_client()
    assert come_back(client, leave(client), "1", change).status_code == 403
    assert not is_signed_in(client)


def test_an_answer_serves_the_browser_that_asked_and_once(served) -> None:
    asked, other = make_client(), make_client()
    address = leave(asked)
    sent = requests.post(address, data={"sub": "1"}, allow_redirects=False, timeout=20).headers["Location"]
    path = sent.removeprefix("http://testserver")
    leave(other)
    assert other.get(path).status_code == 403
    assert asked.get(path).status_code == 302
    asked.post("/sign-out")
    assert asked.get(path).status_code == 403
    assert not is_signed_in(asked)


@pytest.mark.parametrize(
    "changed", [{"issuer": "http://localhost:1/another"}, {"client_id": "another"}, {"user_name_claim": "sub_of_none"}]
)
def test_a_token_of_another_provider_or_for_another_server_is_refused(served, provider, monkeypatch, changed) -> None:
    from django.conf import settings

    client, address = make_client(), ""
    address = leave(client)
    sign_in = settings.RISKSTRAT_RULES.sign_in.model_copy(update=changed)
    monkeypatch.setattr(settings, "RISKSTRAT_RULES", settings.RISKSTRAT_RULES.model_copy(update={"sign_in": sign_in}))
    assert come_back(client, address, "1").status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["OIDC_OP_TOKEN_ENDPOINT", "OIDC_OP_USER_ENDPOINT", "OIDC_OP_JWKS_ENDPOINT"])
@pytest.mark.parametrize("instead", ["http://localhost:9/closed", "/.well-known/openid-configuration"])
def test_a_provider_that_fails_refuses_and_breaks_nothing(served, provider, monkeypatch, name, instead) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, name, instead if instead.startswith("http") else provider + instead)
    client = make_client()
    assert come_back(client, leave(client), "1").status_code == 403


def test_keys_without_a_number_are_refused_and_not_believed(served, monkeypatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "OIDC_VERIFY_KID", True)
    client = make_client()
    assert come_back(client, leave(client), "1").status_code == 403


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_nobody_is_sent_on_to_another_server(served, wanted) -> None:
    client = make_client()
    assert come_back(client, leave(client, wanted), "1")["Location"] == "/"


def test_a_second_factor_of_a_refused_person_is_not_left_to_whoever_was_signed_in(served) -> None:
    from riskstrat.worklist.models import User

    client = make_client()
    client.force_login(User.objects.get(username="admin@example.nhs.uk"), "django.contrib.auth.backends.ModelBackend")
    come_back(client, leave(client), "3")
    assert not is_signed_in(client)
    assert client.get("/admin/")["Location"].startswith("/sign-in")


def test_without_a_provider_there_is_no_button_and_no_way_there(site) -> None:
    client = make_client()
    assert "Sign in with" not in client.get("/sign-in").content.decode()
    assert client.get("/sign-in/provider").status_code == 404
    assert client.get("/sign-in/return", {"code": "1", "state": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"token_endpoint": "http://provider.example/token"}, "token_endpoint must begin with https://"),
        ({"keys_endpoint": ""}, "needs keys_endpoint"),
        ({"client_secret": "hunter2-hunter2"}, "never written here"),
    ],
)
def test_settings_that_would_not_be_safe_are_refused(site, changed, words) -> None:
    with pytest.raises(WorkspaceError, match=words) as refused:
        load_with(site, describe("https://provider.example", **changed))
    assert "hunter2" not in str(refused.value)


def test_a_provider_without_https_is_a_fault_of_a_worklist_that_others_reach(served) -> None:
    from riskstrat.worklist.checking import find_faults

    assert [fault for fault in find_faults(served) if "worklist.sign_in" in fault]


def test_without_its_secret_the_worklist_says_which_variable_it_wants(site, monkeypatch) -> None:
    from riskstrat.worklist import point_at

    monkeypatch.delenv(SECRET, raising=False)
    with pytest.raises(WorkspaceError, match=SECRET):
        point_at(load_with(site, describe("https://provider.example")))
