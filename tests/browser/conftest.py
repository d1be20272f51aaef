"""One browser for all tests of pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from riskstrat.documents import find_browser


# Not of more than a module: the event loop that Playwright runs would be in the way of tests that run one themselves.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """This machine's Edge, Chrome or Chromium, or Playwright's own where it was installed; started once for a file."""
    with sync_playwright() as playwright:
        sandbox = [] if getattr(os, "geteuid", lambda: 1)() else ["--no-sandbox"]
        running = playwright.chromium.launch(executable_path=_path_of_browser(playwright), args=sandbox)
        yield running
        running.close()


def _path_of_browser(playwright: Playwright) -> str:
    found = find_browser() or Path(playwright.chromium.executable_path)
    if not Path(found).exists():
        pytest.skip("no Edge, Chrome or Chromium on this machine")
    return str(found)
