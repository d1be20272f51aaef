"""The worklist served by its own process, and pages of a browser that go there, signed in by role."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from base64 import b32decode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from riskstrat.workspace import Workspace
from tests.suite.axe import Texts, run_axe
from tests.suite.on_a_day import compute_now

ROOT = Path(__file__).resolve().parents[2]
LONGEST_START, WIDTHS, HEIGHT = 120, (320, 1366), 768
PATIENCE = 120
"""Seconds after which a page is given up: many tests may share one processor."""

PICTURES = os.environ.get("RISKSTRAT_PICTURES", "")

expect.set_options(timeout=1000 * PATIENCE)


class Served:
    """A running worklist: where it is, and how the account of each role signs in.

    clock: the file that tells it the time; None where it is the machine's.
    """

    def __init__(self, address: str, accounts: Sequence[Any], clock: Path | None = None) -> None:
        self.address, self.clock = address, clock
        self.passwords = {one.username: one.password for one in accounts}
        self._keys = {one.username: one.second_factor for one in accounts if one.second_factor}
        self._sessions: dict[tuple[str, int], Any] = {}

    def sign_in(self, page: Page, role: str) -> None:
        """Sign in by password, with a code where the role needs one.

        A code counts once: on the same day a role that needs one comes again with the session that gave it.
        """
        key = (role, int(compute_now(self.clock) // (24 * 3600)))
        if key in self._sessions:
            page.context.add_cookies(self._sessions[key])
            page.goto(self.address)
            return
        page.goto(self.address)
        page.get_by_label("User name").fill(role)
        page.get_by_label("Password", exact=True).fill(self.passwords[role])
        page.get_by_role("button", name="Sign in").click()
        # Whatever the test opens next would break off a sign-in that is still on its way.
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        if role in self._keys:
            page.get_by_label("Code").fill(self.compute_code(role))
            page.get_by_role("button", name="Continue").click()
            expect(page.get_by_label("Code")).to_have_count(0)
            self._sessions[key] = page.context.cookies()

    def compute_code(self, role: str) -> str:
        """The six figures that the authenticator app of a role shows now."""
        from django_otp.oath import TOTP

        found = re.search(r"secret=([A-Z2-7]+)", self._keys[role])
        assert found is not None
        shown = TOTP(b32decode(found.group(1)))
        shown.time = compute_now(self.clock)
        return f"{shown.token():06d}"


@contextmanager
def serve(workspace: Workspace, clock: Path | None = None) -> Iterator[Served]:
    """The worklist of a workspace, with an account of each role, on a free port here while the block runs."""
    from riskstrat.worklist.starting import start

    # In a thread of its own: the browser's event loop runs in this one, where Django asks no database.
    with ThreadPoolExecutor(1) as thread:
        started = thread.submit(start, workspace, demo=True).result()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    module = ("riskstrat",) if clock is None else ("tests.suite.on_a_day", str(clock))
    running = subprocess.Popen(
        [sys.executable, "-m", *module, "worklist", "serve", "--local", "--port", str(port), "-w", workspace.root],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait_for(port, running)
        yield Served(f"http://127.0.0.1:{port}/", started.credentials, clock)
    finally:
        running.terminate()
        running.wait(timeout=30)


def _wait_for(port: int, running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + LONGEST_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert running.poll() is None, running.communicate()[0]
            assert time.monotonic() < until, "the worklist did not start"
            time.sleep(0.2)


@contextmanager
def open_watched(browser: Browser, served: Served, *, console: bool = True, **chosen: Any) -> Iterator[Page]:
    """A page whose requests all stay on the server and whose console stays empty.

    console: whether it must; not where axe itself writes there. chosen: of the browser's context.
    """
    strangers: list[str] = []
    said: list[str] = []
    context = browser.new_context(**{"viewport": {"width": WIDTHS[-1], "height": HEIGHT}} | chosen)
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    own = (served.address, "data:")
    page.on("request", lambda request: None if request.url.startswith(own) else strangers.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert strangers == [], strangers
    assert not (console and said), said


def check_page(page: Page, path: str, served: Served, whole: bool) -> None:
    """Axe finds nothing on a page, and it does not scroll sideways, on a phone and on a laptop.

    The page is opened once, and its style sheet lays it out for both. whole: it is opened anew for each width, and the
    colours of every text are compared at both; otherwise those of one text of each kind, on a laptop.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if whole or width == WIDTHS[0]:
            response = page.goto(served.address + path)
            assert response is not None
            assert response.ok, path
        # The menu takes up what fits when the next picture is drawn.
        page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        contrast: Texts = "every" if whole else "of each kind" if width == WIDTHS[-1] else "none"
        check_shown(page, f"{path} at {width}", contrast=contrast)


def check_here(page: Page, name: str) -> None:
    """The same of the page that is shown at both widths, whatever led there.

    Where RISKSTRAT_PICTURES names a folder a picture at each width and a print on A4 go there, to be looked at.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        check_shown(page, f"{name} at {width}")
        if PICTURES:
            page.screenshot(path=Path(PICTURES, f"{name}-{width}.png"), full_page=True)
    if PICTURES:
        page.pdf(path=Path(PICTURES, f"{name}.pdf"), prefer_css_page_size=True, format="A4")


def check_shown(page: Page, what: str, *, contrast: Texts = "every") -> None:
    """The same of the page as it is shown. contrast: of which texts axe compares the colours with what is behind."""
    violations = run_axe(page, contrast=contrast)["violations"]
    found = [f"{violation['id']}: {violation['nodes'][0]['html']}" for violation in violations]
    assert found == [], f"{what}: {found}"
    wide: Any = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, what
