"""What an attacker would try, on every page and form that there is: found from the addresses, not named one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

import riskstrat.worklist
from riskstrat.worklist.roles import OF_TEAMS, Role
from tests.suite.addresses import Address, list_addresses
from tests.suite.planting import plant_everywhere
from tests.suite.worklists import LIST_DATE, undo_after

HERE = Path(riskstrat.worklist.__file__).parent
MARK = "\"'><b onx=1>${7*7}{{7*7}}"
"""Breaks out of an attribute and of text, and would be 49 where it is taken for a template."""

NASTY = (MARK, "' OR 1=1 --", 'x"; DROP TABLE worklist_user; --', "a\x00b", "x" * 5000, "‮٣", "-1", "9" * 30)
MOST_PAGES = 60

WIDEST = (Role.COORDINATOR, Role.ADMINISTRATOR)
"""Roles with most forms; the same for the others takes longer than it tells."""

ONE_BY_ONE = [pytest.param(role, marks=[] if role in WIDEST else [pytest.mark.exhaustive]) for role in Role]


class Forms(HTMLParser):
    """The links and forms of a page, and what no page may hold."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.fetched: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given and "json" not in given.get("type", "")):
            self.inline.append(tag)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe", "link", "source", "object", "embed"):
            self.fetched += [given[name] for name in ("src", "href", "data") if given.get(name)]
        if tag == "form":
            self.forms.append((given.get("method", "get").lower(), given.get("action", ""), {}))
        if self.forms and tag in ("input", "textarea", "select", "button") and given.get("name"):
            self.forms[-1][2][given["name"]] = given.get("value", "")


def read_page(response: Any) -> tuple[str, Forms]:
    page = response.content.decode()
    found = Forms()
    found.feed(page)
    return page, found


def is_page(response: Any) -> bool:
    return "text/html" in response.headers.get("Content-Type", "") and not response.streaming


@pytest.fixture
def reference(site) -> str:
    from riskstrat.worklist.published import find_current

    current = find_current()
    assert current is not None
    return current.list_people("KIR")[0].reference


def fill(address: Address, reference: str) -> str | None:
    values = {"team_code": "KIR", "reference": reference, "kind": "looks"}
    return address.fill(values | {"day": LIST_DATE.isoformat()}) or address.fill(values)


def crawl(client: Any, reference: str) -> Iterator[tuple[str, Any]]:
    """Every page that somebody can open: each address, and each link from there."""
    waiting = [path for address in list_addresses() if (path := fill(address, reference))]
    seen: set[str] = set()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        cookies = client.cookies.copy()
        response = client.get(path)
        client.cookies = cookies
        yield path, response
        if response.status_code == 200 and is_page(response):
            links = [urlsplit(link) for link in read_page(response)[1].links]
            waiting += [f"{each.path or path}?{each.query}".rstrip("?") for each in links if _is_worth(each)]


def _is_worth(link: Any) -> bool:
    """Whether a link may lead to another page: the administration's own list sorts itself in a hundred ways."""
    return not link.scheme and not (link.path.startswith("/admin/") and link.query)


OPENED: dict[Role | None, list[tuple[str, Any]]] = {}


def open_pages(sign_in: Any, reference: str, role: Role | None) -> list[tuple[str, Any]]:
    """Every page that a role can open, with the mark planted everywhere; opened once for all tests."""
    from django.test import Client

    if role not in OPENED:
        assert plant_everywhere(MARK, "KIR", reference) > 20
        OPENED[role] = list(crawl(Client() if role is None else sign_in_as(sign_in, role), reference))
    return OPENED[role]


def sign_in_as(sign_in: Any, role: Role) -> Any:
    return sign_in(role, *(["KIR"] if role in OF_TEAMS else []))


# ---- What is entered comes out as text ----


@pytest.mark.parametrize("role", list(Role))
def test_what_is_entered_anywhere_is_shown_as_text_on_every_page(sign_in, reference, role) -> None:
    shown = 0
    for path, response in open_pages(sign_in, reference, role):
        assert response.status_code < 500, path
        if is_page(response):
            page, found = read_page(response)
            assert "<b onx" not in page, path
            assert ("$49" in page, "{49}" in page) == (False, False), path
            assert found.inline == [], path
            shown += "&lt;b onx" in page
    # These see what others wrote.
    assert shown > 0 or role not in (Role.AUDITOR, Role.ADMINISTRATOR)


@pytest.mark.parametrize("role", ONE_BY_ONE)
def test_no_query_comes_back_as_anything_but_text_or_breaks_a_page(sign_in, reference, role) -> None:
    opened = open_pages(sign_in, reference, role)
    client = sign_in_as(sign_in, role)
    paths = sorted({path.partition("?")[0] for path, response in opened if response.status_code in (200, 302)})
    names = (
        "next",
        "q",
        "user",
        "reference",
        "from_on",
        "to_on",
        "page",
        "sort",
        "order",
        "practice",
        "status",
        "o",
        "p",
    )
    for path in paths:
        for text in NASTY[:4]:
            cookies = client.cookies.copy()
            response = client.get(path, dict.fromkeys(names, text))
            client.cookies = cookies
            assert response.status_code < 500, (path, text)
            assert "<b onx" not in (response.content.decode() if is_page(response) else ""), path
            sent_to = response.headers.get("Location", "")
            assert (urlsplit(sent_to).netloc, "<" in sent_to) == ("", False), path


@pytest.mark.parametrize("role", ONE_BY_ONE)
def test_no_form_breaks_on_what_is_put_into_it(sign_in, reference, role) -> None:
    from riskstrat.worklist.models import User

    opened = open_pages(sign_in, reference, role)
    plant_everywhere("words", "KIR", reference)
    client = sign_in_as(sign_in, role)
    users = User.objects.count()
    tried, done = 0, set[str]()
    for path, response in opened:
        if response.status_code != 200 or not is_page(response):
            continue
        for method, action, fields in read_page(response)[1].forms:
            if method != "post" or urlsplit(action).path == "/sign-out" or (action or path) in done:
                continue
            done.add(action or path)
            for text in NASTY:
                sent = {name: text for name in fields if name != "csrfmiddlewaretoken" and not name.endswith("_FORMS")}
                kept = {name: value for name, value in fields.items() if name.endswith("_FORMS")}
                cookies = client.cookies.copy()
                with undo_after():
                    answer = client.post(urlsplit(action).path or path.partition("?")[0], sent | kept)
                client.cookies = cookies
                assert answer.status_code < 500, (path, action, text)
                assert "<b onx" not in (answer.content.decode() if is_page(answer) else ""), path
                tried += 1
    assert tried > 0
    assert User.objects.count() == users


# ---- Forms from elsewhere, and too much ----


@pytest.mark.parametrize("role", [None, *Role])
def test_no_address_takes_a_form_without_its_token(sign_in, reference, role) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    if role is not None:
        client.cookies = sign_in_as(sign_in, role).cookies
    for address in list_addresses():
        path = fill(address, reference)
        assert not getattr(address.view, "csrf_exempt", False), address.name
        if path is not None:
            response = client.post(path, {"username": "x"})
            assert (response.status_code, "The form was too old" in response.content.decode()) == (403, True), path


@pytest.mark.parametrize(
    "body",
    [
        {"note": "x" * 300_000},
        {f"field-{number}": "x" for number in range(600)},
    ],
)
def test_a_form_that_is_too_large_is_refused(sign_in, body) -> None:
    client = sign_in(Role.MANAGER)
    assert client.post("/account/password", body).status_code == 400


def test_an_upload_that_nobody_asked_for_is_kept_nowhere(sign_in, tmp_path, monkeypatch) -> None:
    import io
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client = sign_in(Role.MANAGER)
    answer = client.post("/account/password", {"old_password": "x", "file": io.BytesIO(b"0" * 5_000_000)})
    assert answer.status_code < 500
    assert list(tmp_path.iterdir()) == []
    files = {name: io.BytesIO(b"0") for name in ("one", "two")}
    assert client.post("/account/password", files).status_code == 400


# ---- Addresses ----

WRONG = (
    "../../riskstrat.toml",
    "..",
    "%00",
    "KIR'--",
    "KIR/../HUY",
    "kir",
    "ＫＩＲ",
    "KIR\n",
    "x" * 3000,
    "<b>",
    "0",
    "-1",
)


def test_no_address_leads_to_anything_by_a_value_that_is_not_one(sign_in, reference) -> None:
    tried = try_wrong_values([sign_in_as(sign_in, role) for role in sorted(OF_TEAMS)], reference, by_turns=True)
    assert tried > 400


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", sorted(OF_TEAMS))
def test_no_address_leads_any_role_to_anything_by_a_value_that_is_not_one(sign_in, reference, role) -> None:
    assert try_wrong_values([sign_in_as(sign_in, role)], reference) > 500


def try_wrong_values(clients: list[Any], reference: str, *, by_turns: bool = False) -> int:
    """Asks each address for values that are none, as the first client does that opens it by a right one; how often.

    by_turns: each value by one of the methods that open it; else by both methods.
    """
    other = next(letter for letter in "ABCDEFGHJK" if letter != reference[-1])
    values = {
        "team_code": ("KIR", WRONG),
        "reference": (reference, (*WRONG, reference[:-1] + other, reference.replace("KIR", "HUY"), f"{reference}-1")),
        "day": (LIST_DATE.isoformat(), ("2026-13-01", "2026-02-30", "0000-00-00", "20261116", *WRONG)),
    }
    tried = 0
    for address in list_addresses():
        path = fill(address, reference)
        if path is None or path.startswith("/admin/"):
            continue
        named = set(address.parameters) & set(values)
        if not named:
            continue
        client, methods = next(
            ((one, by) for one in clients if (by := opens(one, path))), (clients[0], ["get", "post"])
        )
        for name in named:
            right, wrong = values[name]
            for turn, value in enumerate(wrong):
                for method in [methods[turn % len(methods)]] if by_turns else ("get", "post"):
                    with undo_after():
                        asked = path.replace(f"/{right}", f"/{quote(value, safe='')}", 1)
                        response = getattr(client, method)(asked)
                    assert response.status_code in (301, 400, 403, 404, 405), (method, asked)
                    tried += 1
    return tried


def opens(client: Any, path: str) -> list[str]:
    """The methods by which an address leads somebody past who may open it; what that changes is taken back."""
    found = []
    for method in ("get", "post"):
        cookies = client.cookies.copy()
        with undo_after():
            status = getattr(client, method)(path).status_code
        client.cookies = cookies
        found += [method] if status not in (403, 404, 405) else []
    return found


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../secret_key", "/static/%2e%2e/%2e%2e/worklist/secret_key", "/static/..%2f..%2fworklist.sqlite3"),
        *(
            "/static//etc/passwd",
            "/static/worklist/../../views/accounts.py",
            "/static/worklist/%00",
            "/worklist/secret_key",
        ),
    ],
)
def test_no_file_but_those_of_pages_is_sent(site, path) -> None:
    from django.test import Client

    assert Client().get(path).status_code in (302, 400, 403, 404)


# ---- Headers ----


def require_headers(response: Any, path: str) -> None:
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    assert "default-src 'none'" in policy.split("; "), path
    assert not re.search(r"unsafe|\*|https?:|data:", policy), (path, policy)
    assert "frame-ancestors 'none'" in policy, path
    assert "form-action 'self'" in policy, path
    assert headers.get("X-Frame-Options") == "DENY", path
    assert headers.get("X-Content-Type-Options") == "nosniff", path
    assert headers.get("Referrer-Policy") == "same-origin", path
    assert "no-store" in headers.get("Cache-Control", ""), path
    assert "Server" not in headers, path


@pytest.mark.parametrize("role", [None, *Role])
def test_every_answer_keeps_out_of_caches_frames_and_guesses(sign_in, reference, role) -> None:
    from django.test import Client

    client = Client() if role is None else sign_in_as(sign_in, role)
    statuses = set()
    for path, response in [*open_pages(sign_in, reference, role), ("/nowhere", client.get("/nowhere"))]:
        require_headers(response, path)
        statuses.add(response.status_code)
    assert statuses & {302, 403}
    require_headers(client.post("/account/password", {"note": "x" * 300_000}), "too large")


def test_over_https_browsers_are_told_to_stay_there_and_cookies_are_bound_to_the_host(site) -> None:
    from django.test import Client, override_settings

    from riskstrat.worklist.django_settings import _describe_transport

    rules = site.settings.worklist.model_copy(update={"https": True})
    with override_settings(**_describe_transport(rules)):
        client = Client()
        assert client.get("/sign-in")["Location"] == "https://testserver/sign-in"
        response = client.get("/sign-in", secure=True)
        assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
        cookie = response.cookies["__Host-csrf"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
    assert cookie["domain"] == ""


def test_a_request_for_another_name_is_refused(site) -> None:
    from django.test import Client

    assert Client(headers={"host": "evil.example"}).get("/sign-in").status_code == 400


# ---- Nothing from elsewhere ----

ELSEWHERE = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]", re.IGNORECASE)


def list_own_files() -> list[Path]:
    endings = (".jinja", ".css", ".js", ".svg", ".html")
    return [path for folder in ("templates", "static") for path in (HERE / folder).rglob("*") if path.suffix in endings]


@pytest.mark.parametrize("path", list_own_files(), ids=lambda path: path.name)
def test_no_file_of_the_pages_names_another_host_or_draws_the_nhs_logo(path) -> None:
    text = path.read_text(encoding="utf-8")
    fetched = [found for found in re.findall(r"(?:url\(|@import|src=|href=)[^)\s>]*", text) if ELSEWHERE.search(found)]
    assert fetched == []
    if not path.name.startswith("nhsuk-frontend"):
        assert ELSEWHERE.findall(text) == []
        assert re.search(r"nhsuk-logo|nhsuk-header__(transactional|organisation|logo)", text) is None
        assert re.search(r"\sstyle=|<style|javascript:", text) is None


@pytest.mark.parametrize("role", list(Role))
def test_no_page_fetches_or_links_to_another_host_or_draws_the_nhs_logo(sign_in, reference, role) -> None:
    for path, response in open_pages(sign_in, reference, role):
        if is_page(response):
            page, found = read_page(response)
            assert [each for each in (*found.fetched, *found.links) if urlsplit(each).netloc] == [], path
            assert "nhsuk-logo" not in page, path
