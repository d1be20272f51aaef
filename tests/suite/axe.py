"""axe-core on the page that a browser shows, with or without its dearest rule."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from playwright.sync_api import Page

WITHOUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}


def run_axe(page: Page, *, contrast: bool = True) -> dict[str, Any]:
    """What each rule of axe finds on a page, by outcome: `violations`, `passes` and so on.

    contrast: whether the colours of each text are compared with what is behind it. That is most of what axe takes, and
    no colour of a text hangs on the width of the screen.
    """
    found: dict[str, Any] = Axe().run(page, options=DEFAULT_OPTIONS | ({} if contrast else WITHOUT_CONTRAST)).response
    return found
