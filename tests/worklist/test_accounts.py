"""Signing in, the password and the second factor of an account, from the first time to a lost phone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from riskstrat.worklist.roles import SECOND_FACTOR, Role

FIRST, OWN = "mallow-tern-43-gate", "quiet river 7 lantern"


@pytest.fixture
def account(site):
    """A function that makes an account with a first password: `account(Role.ANALYST)`."""
    from riskstrat.worklist.models import User

    def make(role: Role, name: str = "ann.example", *, must_change: bool = False) -> Any:
        user = User.objects.create_user(name, "Ann Example", role, FIRST)
        user.must_change_password = must_change
        user.save()
        return user

    return make


@pytest.fixture
def browser(site):
    from django.test import Client

    return Client


def enter(browser: Any, name: str = "ann.example", password: str = FIRST, **more: str) -> Any:
    return browser.post("/sign-in", {"username": name, "password": password, **more})


def read_code(user: Any, steps: int = 0) -> str:
    """The code that the account's newest key shows; `steps` half minutes from now."""
    from django_otp.oath import TOTP
    from django_otp.plugins.otp_totp.models import TOTPDevice

    clock = TOTP(TOTPDevice.objects.filter(user=user).latest("pk").bin_key)
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06d}"


def add_factor(user: Any) -> None:
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.create(user=user, name="authenticator", confirmed=True)


# ---- Passwords ----


def test_signing_in_leads_to_the_page_that_was_asked_for(account, browser) -> None:
    account(Role.MANAGER)
    response = enter(browser(), next="/account")
    assert (response.status_code, response["Location"]) == (302, "/account")


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"]
)
def test_no_page_sends_anybody_to_another_host(account, browser, elsewhere) -> None:
    user = account(Role.MANAGER)
    client = browser()
    assert enter(client, next=elsewhere)["Location"] == "/"
    changed = {"old_password": FIRST, "new_password1": OWN, "new_password2": OWN, "next": elsewhere}
    assert client.post("/account/password", changed)["Location"] == "/"
    add_factor(user)
    assert client.post("/account/code", {"code": read_code(user), "next": elsewhere})["Location"] == "/"


def test_a_made_account_chooses_a_password_of_its_own_before_anything_else(account, browser) -> None:
    user = account(Role.MANAGER, must_change=True)
    client = browser()
    enter(client)
    assert client.get("/account")["Location"] == "/account/password?next=%2Faccount"
    kept = client.post("/account/password", {"old_password": FIRST, "new_password1": FIRST, "new_password2": FIRST})
    assert (kept.status_code, "Choose another password" in kept.content.decode()) == (422, True)
    done = client.post("/account/password", {"old_password": FIRST, "new_password1": OWN, "new_password2": OWN})
    assert done.status_code == 302
    assert client.get("/account").status_code == 200
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(OWN)) == (False, True)


@pytest.mark.parametrize("password", ["short one", "1234567890123", "password1234", "ann.example.1"])
def test_a_password_that_is_easily_guessed_is_refused(account, browser, password) -> None:
    user = account(Role.MANAGER)
    client = browser()
    enter(client)
    new = {"old_password": FIRST, "new_password1": password, "new_password2": password}
    response = client.post("/account/password", new)
    assert response.status_code == 422
    assert password not in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(FIRST)


def test_changing_the_password_signs_every_other_browser_out(account, browser) -> None:
    account(Role.MANAGER)
    here, there = browser(), browser()
    enter(here), enter(there)
    here.post("/account/password", {"old_password": FIRST, "new_password1": OWN, "new_password2": OWN})
    assert here.get("/account").status_code == 200
    assert there.get("/account")["Location"].startswith("/sign-in")


def test_the_key_of_a_session_changes_when_somebody_signs_in_and_when_they_give_their_code(account, browser) -> None:
    user = account(Role.AUDITOR)
    add_factor(user)
    client = browser()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["session"] = session.session_key
    enter(client)
    signed_in = client.cookies["session"].value
    client.post("/account/code", {"code": read_code(user)})
    verified = client.cookies["session"].value
    assert len({session.session_key, signed_in, verified}) == 3


def test_an_account_is_locked_after_five_wrong_passwords_even_for_the_right_one(account, browser) -> None:
    account(Role.MANAGER)
    client = browser()
    wrong = [enter(client, password=f"a guess {number}").status_code for number in range(5)]
    locked = enter(client)
    assert (wrong[:4], locked.status_code) == ([200] * 4, 429)
    assert "Account locked" in locked.content.decode()
    assert client.get("/account")["Location"].startswith("/sign-in")


def test_an_unknown_account_is_refused_in_the_words_of_a_known_one(account, browser) -> None:
    account(Role.MANAGER)
    known, unknown = (enter(browser(), name=name, password="a guess").content for name in ("ann.example", "bob.none"))
    assert known.count(b"do not fit together") == unknown.count(b"do not fit together") == 1


def test_an_account_that_was_closed_is_signed_out_at_once(account, browser) -> None:
    user = account(Role.MANAGER)
    client = browser()
    enter(client)
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/account")["Location"].startswith("/sign-in")
    assert enter(browser()).status_code == 200


def test_an_idle_session_ends_and_a_busy_one_does_not(account, browser, monkeypatch) -> None:
    account(Role.MANAGER)
    client = browser()
    enter(client)
    now = datetime.now(UTC)
    for minutes, status in ((0, 200), (19, 200), (38, 200), (59, 302)):
        clock = SimpleNamespace(now=lambda minutes=minutes: now + timedelta(minutes=minutes))
        monkeypatch.setattr("riskstrat.worklist.access.timezone", clock)
        assert client.get("/account").status_code == status


def test_signing_out_takes_a_post_and_ends_the_session(account, browser) -> None:
    account(Role.MANAGER)
    client = browser()
    enter(client)
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert client.get("/account")["Location"].startswith("/sign-in")


# ---- The second factor ----


@pytest.mark.parametrize("role", sorted(SECOND_FACTOR))
def test_a_role_that_needs_a_second_factor_sets_one_up_before_anything_else(account, browser, role) -> None:
    user = account(role)
    client = browser()
    enter(client)
    assert client.get("/account")["Location"] == "/account/code?next=%2Faccount"
    assert client.get("/account/code")["Location"] == "/account/second-factor"
    assert client.post("/account/second-factor/begin")["Location"] == "/account/second-factor"
    page = client.get("/account/second-factor").content.decode()
    assert '<svg role="img"' in page
    assert "style=" not in page
    assert client.post("/account/second-factor/confirm", {"code": "000000"}).status_code == 422
    assert client.get("/account").status_code == 302
    wait_out_throttle(user)
    assert client.post("/account/second-factor/confirm", {"code": read_code(user)})["Location"] == "/"
    assert client.get("/account").status_code == 200


def wait_out_throttle(user: Any) -> None:
    """As if the time had passed that a wrong code costs."""
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.filter(user=user).update(throttling_failure_count=0, throttling_failure_timestamp=None)


def test_whoever_set_up_a_second_factor_of_their_own_will_is_asked_for_it(account, browser) -> None:
    user = account(Role.CLINICIAN)
    client = browser()
    enter(client)
    client.post("/account/second-factor/begin")
    client.post("/account/second-factor/confirm", {"code": read_code(user)})
    later = browser()
    enter(later)
    assert later.get("/account")["Location"].startswith("/account/code")
    assert later.post("/account/code", {"code": read_code(user, steps=1)}).status_code == 302
    assert later.get("/account").status_code == 200


def test_a_code_counts_once(account, browser) -> None:
    user = account(Role.AUDITOR)
    add_factor(user)
    first, second = browser(), browser()
    enter(first), enter(second)
    code = read_code(user)
    assert first.post("/account/code", {"code": code}).status_code == 302
    assert second.post("/account/code", {"code": code}).status_code == 422
    assert second.get("/account").status_code == 302


def test_codes_cannot_be_tried_one_after_another(account, browser) -> None:
    user = account(Role.AUDITOR)
    add_factor(user)
    client = browser()
    enter(client)
    assert [client.post("/account/code", {"code": guess}).status_code for guess in ("000000", "000001")] == [422, 422]
    # The right one, at once after two wrong ones.
    assert client.post("/account/code", {"code": read_code(user)}).status_code == 422


@pytest.mark.parametrize("address", ["begin", "confirm"])
def test_a_stolen_password_cannot_replace_the_second_factor(account, browser, address) -> None:
    from django_otp.plugins.otp_totp.models import TOTPDevice

    user = account(Role.AUDITOR)
    add_factor(user)
    if address == "confirm":
        TOTPDevice.objects.create(user=user, name="authenticator", confirmed=False)
    before = set(TOTPDevice.objects.values_list("pk", "confirmed"))
    client = browser()
    enter(client)
    response = client.post(f"/account/second-factor/{address}", {"code": read_code(user)})
    assert response.status_code == 302
    assert set(TOTPDevice.objects.values_list("pk", "confirmed")) == before
    assert client.get("/account").status_code == 302


def test_a_stolen_password_cannot_be_changed_without_the_second_factor(account, browser) -> None:
    user = account(Role.AUDITOR)
    add_factor(user)
    client = browser()
    enter(client)
    client.post("/account/password", {"old_password": FIRST, "new_password1": OWN, "new_password2": OWN})
    user.refresh_from_db()
    assert user.check_password(FIRST)


def test_a_qr_code_holds_nothing_but_a_pattern(site) -> None:
    from riskstrat.worklist.views.accounts import draw_key

    drawn = draw_key("otpauth://totp/Worklist:<script>alert(1)</script>?secret=ABC")
    assert "script" not in drawn
    assert drawn.startswith("<svg ")
    assert drawn.count("<path ") == 1
