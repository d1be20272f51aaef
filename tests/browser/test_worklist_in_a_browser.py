"""The worklist in a real browser, served by its own process: a week of a coordinator and a clinician, by hand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.suite.worklists import make_site

ROOT = Path(__file__).resolve().parents[2]
LONGEST_START, WIDTHS = 120, (320, 1366)


class Served:
    """A running worklist: where it is, and the password of the account of each role."""

    def __init__(self, address: str, passwords: dict[str, str]) -> None:
        self.address, self.passwords = address, passwords

    def sign_in(self, page: Page, role: str) -> None:
        page.goto(self.address)
        page.get_by_label("User name").fill(role)
        page.get_by_label("Password", exact=True).fill(self.passwords[role])
        page.get_by_role("button", name="Sign in").click()
        # Whatever the test opens next would break off a sign-in that is still on its way.
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site of two teams, served on a free port of this machine until the tests are over."""
    from riskstrat.worklist.starting import start

    workspace = make_site(tmp_path_factory.mktemp("served") / "site")
    # In a thread of its own: the browser's event loop runs in this one, where Django asks no database.
    with ThreadPoolExecutor(1) as thread:
        started = thread.submit(start, workspace, demo=True).result()
    passwords = {one.username: one.password for one in started.credentials}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (sys.executable, "-m", "riskstrat", "worklist", "serve", "--local", "--port", str(port))
    running = subprocess.Popen(
        [*command, "-w", str(workspace.root)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(port, running)
        yield Served(f"http://127.0.0.1:{port}/", passwords)
    finally:
        running.terminate()
        running.wait(timeout=30)


def wait_for(port: int, running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + LONGEST_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert running.poll() is None, running.communicate()[0]
            assert time.monotonic() < until, "the worklist did not start"
            time.sleep(0.2)


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page whose every request stays on the server and whose console stays empty."""
    strangers: list[str] = []
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.on("request", lambda request: strangers.append(request.url) if not is_own(request.url, served) else None)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert strangers == []
    assert said == []


def is_own(url: str, served: Served) -> bool:
    return url.startswith((served.address, "data:"))


def check(page: Page, path: str, served: Served) -> None:
    """Axe finds nothing on a page, and it does not scroll sideways, on a phone and on a laptop."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 768})
        response = page.goto(served.address + path)
        assert response is not None
        assert response.ok, path
        found = [violation["id"] for violation in Axe().run(page).response["violations"]]
        assert found == [], f"{path} at {width}: {found}"
        wide: Any = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} at {width}"
    page.set_viewport_size({"width": 1366, "height": 768})


def test_a_coordinator_decides_two_cases_and_the_agenda_says_so(page: Page, served: Served) -> None:
    served.sign_in(page, "coordinator")
    page.get_by_role("link", name="Kirkby locality hub").click()
    page.get_by_role("link", name="Start with the first case").click()
    page.wait_for_url("**/decision")
    decided = []
    for _ in range(2):
        decided.append(page.url.split("/cases/")[1].split("/")[0])
        page.get_by_label("Outcome 1").select_option(label="Medication review")
        page.get_by_label("Decided by").fill("AB")
        page.get_by_role("button", name="Keep and go to the next case").click()
        expect(page.get_by_text(f"{decided[-1]}: the decision is kept")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Agenda").click()
    for reference in decided:
        change = page.get_by_role("link", name=f"Change decision for {reference}")
        expect(page.get_by_role("row").filter(has=change)).to_contain_text("Medication review")


PAGES = {
    "coordinator": (
        *("", "teams/KIR/list", "teams/KIR/changes", "teams/KIR/agenda", "teams/KIR/agenda/order", "teams/KIR/actions"),
        *("cases/KIR-012-Q", "cases/KIR-012-Q/decision", "cases/KIR-012-Q/history", "cases/KIR-012-Q/report"),
        *("teams/KIR/reports", "cases/KIR-012-Q/release", "cases/KIR-012-Q/attempts", "cases/KIR-012-Q/objection"),
    ),
    "clinician": ("teams/KIR/refer", "cases/KIR-057-I"),
    "social-care-worker": ("released/",),
    "manager": ("figures",),
}


@pytest.mark.parametrize("role", list(PAGES))
def test_axe_finds_nothing_and_no_page_scrolls_sideways(page: Page, served: Served, role: str) -> None:
    served.sign_in(page, role)
    for path in PAGES[role]:
        check(page, path, served)


def test_a_clinician_works_without_scripts_and_puts_somebody_forward(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    served.sign_in(page, "clinician")
    page.goto(f"{served.address}teams/KIR/refer")
    page.get_by_label("Pseudonym").fill("p-below-kir-2")
    page.get_by_label("Reason").fill("Two falls this month, and lives alone.")
    page.get_by_role("button", name="Put forward").click()
    expect(page.get_by_text("KIR-5001").first).to_be_visible()
    page.goto(f"{served.address}teams/KIR/list")
    expect(page.get_by_role("heading", name="Put forward for the next list")).to_be_visible()
    context.close()


def test_a_keyboard_alone_signs_in_and_reaches_the_first_person(page: Page, served: Served) -> None:
    page.goto(served.address)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("User name").focus()
    page.keyboard.type("coordinator")
    page.keyboard.press("Tab")
    page.keyboard.type(served.passwords["coordinator"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your teams").wait_for()
    page.goto(f"{served.address}teams/KIR/list")
    reached: list[str] = []
    while "KIR-012-Q" not in reached and len(reached) < 80:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert reached[-1] == "KIR-012-Q", reached
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/KIR-012-Q")
