"""axe-core on the page that a browser shows; its dearest rule on every text, on one text of each kind, or on none."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from playwright.sync_api import Page

Texts = Literal["every", "of each kind", "none"]
"""Whose colours are compared with what is behind them: most of what axe takes."""

SELECTORS = {"every": "*", "of each kind": "[data-first-of-kind], [data-last-of-kind]", "none": "*"}

MARK_KINDS = """() => {
  const kinds = new Map([[null, 0]]), numbers = new Map(), last = new Map();
  const number = key => numbers.get(key) ?? numbers.set(key, numbers.size + 1).get(key);
  const texts = ['color', 'fontSize', 'fontWeight', 'textShadow', 'webkitTextStrokeWidth'];
  const behind = ['backgroundColor', 'backgroundImage', 'opacity', 'filter', 'mixBlendMode', 'position', 'zIndex',
    'visibility', 'clip', 'clipPath'];
  for (const one of document.querySelectorAll('*')) {
    const look = getComputedStyle(one);
    const idle = one.matches(':disabled, [aria-disabled=true]') || Boolean(one.control?.disabled);
    const place = [kinds.get(one.parentElement), one.tagName, one.className, idle, ...behind.map(name => look[name])];
    kinds.set(one, number(place.join('\\n')));
    const said = [...one.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join('');
    const field = one.matches('input, select, textarea, button');
    if (!said && !field) continue;
    // What axe leaves undecided, such as a single sign, must not stand for what it judges.
    const judged = [said.length > 1, /[\\p{L}\\p{N}]/u.test(said), one.checkVisibility(), one.offsetWidth > 1];
    const kind = number(['text', kinds.get(one), field, ...judged, ...texts.map(name => look[name])].join('\\n'));
    if (!last.has(kind)) one.setAttribute('data-first-of-kind', '');
    last.set(kind, one);
  }
  for (const one of last.values()) one.setAttribute('data-last-of-kind', '');
}"""
"""Marks the first and the last text of each kind: alike in colour and letters and, up to the root, in tags, classes and
whatever is painted behind."""

RUN = """([selector, options]) => {
  axe.configure({rules: [{id: 'color-contrast', selector}]});
  return axe.run(options);
}"""


def run_axe(page: Page, *, contrast: Texts = "every") -> dict[str, Any]:
    """What each rule of axe finds on a page, by outcome: `violations`, `passes` and so on.

    contrast: whose colours are compared. No colour of a text hangs on the width of the screen.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    if contrast == "of each kind":
        page.evaluate(MARK_KINDS)
    options = DEFAULT_OPTIONS | {"rules": {"color-contrast": {"enabled": contrast != "none"}}}
    found: dict[str, Any] = page.evaluate(RUN, [SELECTORS[contrast], options])
    return found
