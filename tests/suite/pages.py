"""What a page of the worklist offers, read from its HTML as a browser would."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    """The value of each input by its name; of boxes and radio buttons the one that could be ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.values[str(given["name"])] = given.get("value") or ""


def read_form(response: Any) -> dict[str, str]:
    """The inputs of a page by name, each with its value; of several of one name the last."""
    fields = _Fields()
    fields.feed(response.content.decode())
    return fields.values


def find_link(response: Any, words: str) -> str:
    """Where the link with some words leads."""
    found = re.search(rf'href="([^"]*)"[^>]*>\s*{re.escape(words)}', response.content.decode())
    assert found, words
    return unescape(found[1])
