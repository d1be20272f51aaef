"""The worklist's own colours of links: NHS.UK colours each state of a link, so each state is stated here too.

Axe cannot tell: a browser gives scripts the colour of a visited link as if nobody had been there.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

WORKLIST = Path(__file__).resolve().parents[2] / "riskstrat" / "worklist"
CSS = re.sub(r"/\*.*?\*/", "", (WORKLIST / "static/worklist/worklist.css").read_text("utf-8"), flags=re.S)
STATES = ("link", "visited", "hover", "active", "focus")
SEEN = ("link", "visited")
"""On paper nobody points at a link."""

RULES = re.findall(r"([^{}@;]+)\{([^{}]*)\}", CSS)
OF_LINKS = {
    name
    for path in (WORKLIST / "templates").rglob("*.jinja")
    for tag in re.findall(r"<a\b[^>]*>", path.read_text("utf-8"))
    for name in chain.from_iterable(map(str.split, re.findall(r'class="([^"]*)"', tag)))
}


def list_colours() -> dict[str, set[str]]:
    """By selector without its state, the states in which a link is given a colour; "" for all of them at once."""
    found: dict[str, set[str]] = {}
    for selectors, body in RULES:
        if not re.search(r"(?:^|[;\s])color\s*:", body):
            continue
        for selector in map(str.strip, selectors.split(",")):
            base, _, state = selector.partition(":")
            last = base.split()[-1]
            if re.match(r"a(?![\w-])", last) or set(re.findall(r"\.([\w-]+)", last)) & OF_LINKS:
                found.setdefault(base, set()).add(state)
    return found


def test_a_colour_of_links_is_stated_for_each_state() -> None:
    found = list_colours()
    assert ".wl-header a" in found
    for selector, states in found.items():
        assert states >= set(STATES if selector != "a" else SEEN), selector
        assert "" not in states, selector


def test_the_header_states_focus_last_and_no_part_of_it_another_colour() -> None:
    inside = [selectors for selectors, body in RULES if ".wl-header" in selectors and "color:" in body]
    (plain,) = (one for one in inside if ".wl-header a:link" in one)
    (focus,) = (one for one in inside if ".wl-header a:focus" in one)
    assert inside.index(plain) < inside.index(focus)
    assert all(f".wl-header a:{state}" in plain for state in STATES[:-1])


@pytest.mark.parametrize("name", ["wl-header__name", "wl-reference"])
def test_the_classes_of_links_are_found_in_the_templates(name: str) -> None:
    assert name in OF_LINKS
