"""The worklist's own fields are what NHS.UK's macros make: quicker, and not other ones."""

from __future__ import annotations

import itertools
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from riskstrat.worklist.rendering import build_environment

HERE = Path(__file__).resolve().parents[2] / "riskstrat" / "worklist" / "templates"
VALUES = ("", "falls", "A & B <i>“c”</i>", '" onfocus="x')
OFFERED = [("", "None"), ("falls", "Falls & frailty"), ("other", "Other")]


class _Parts(HTMLParser):
    """Tags with their attributes, in whatever order these stand, and texts, without blanks around them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(tag)

    def handle_data(self, data: str) -> None:
        self.parts += [data.strip()] if data.strip() else []


@pytest.fixture(scope="module")
def pages() -> Environment:
    from jinja2 import FileSystemLoader

    return build_environment(loader=FileSystemLoader(str(HERE)))


def read_parts(pages: Environment, template: str, **given: object) -> list[object]:
    parser = _Parts()
    parser.feed(pages.from_string(template).render(**given))
    return parser.parts


OWN_TEXT = """{% from "worklist/pieces.jinja" import text_field %}
{{ text_field("due-1", "Due & 1", {"due-1": value}, wrong, hint=hint, width=width, attributes=attributes) }}"""
THEIR_TEXT = """{% from "nhsuk/components/input/macro.jinja" import input %}
{{ input({"label": {"text": "Due & 1"}, "id": "due-1", "name": "due-1", "value": value, "hint": hint and {"text": hint},
"errorMessage": {"text": wrong["due-1"]} if wrong else none, "width": width, "attributes": attributes,
"autocomplete": "off"}) }}"""
OWN_CHOICE = """{% from "worklist/pieces.jinja" import choice_field %}
{{ choice_field("outcome-1", "Outcome 1", {"outcome-1": value}, wrong, offered) }}"""
THEIR_CHOICE = """{% from "nhsuk/components/select/macro.jinja" import select %}
{{ select({"label": {"text": "Outcome 1"}, "id": "outcome-1", "name": "outcome-1", "items": items, "value": value,
"errorMessage": {"text": wrong["outcome-1"]} if wrong else none}) }}"""


def test_a_field_for_text_is_that_of_nhs_uk(pages) -> None:
    choices = (VALUES, ({}, {"due-1": "Not a <day>"}), (None, "Such as 16/11/2026"), (None, "10"), ({}, {"list": "o"}))
    for value, wrong, hint, width, attributes in itertools.product(*choices):
        given = {"value": value, "wrong": wrong, "hint": hint, "width": width, "attributes": attributes}
        assert read_parts(pages, OWN_TEXT, **given) == read_parts(pages, THEIR_TEXT, **given), given


def test_a_field_of_choices_is_that_of_nhs_uk(pages) -> None:
    items = [{"value": value, "text": text} for value, text in OFFERED]
    for value, wrong in itertools.product(VALUES, ({}, {"outcome-1": "Choose an <outcome>"})):
        given = {"value": value, "wrong": wrong, "offered": OFFERED, "items": items}
        assert read_parts(pages, OWN_CHOICE, **given) == read_parts(pages, THEIR_CHOICE, **given), given
