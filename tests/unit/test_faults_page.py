"""docs/faults.md: every fault once, and every place and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| [A-Z]\d", line)
]
TESTS = sorted(
    set(re.findall(r"`((?:browser|functional|fuzz|property|spec|unit|workspace)/[\w/]+\.py(?:::\w+)?)`", PAGE))
)


@cache
def list_tests(file: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_each_fault_stands_there_once_in_order() -> None:
    numbered = {"D": 26, "R": 19, "A": 17, "P": 16}
    wanted = [f"{letter}{number}" for letter, count in numbered.items() for number in range(1, count + 1)]
    assert [row[0] for row in ROWS] == wanted


def test_each_fault_has_a_kind_a_place_and_a_test() -> None:
    assert [row[0] for row in ROWS if len(row) != 4 or not row[1]] == []
    places = {row[0]: re.findall(r"`([^`]+)`", row[2]) for row in ROWS}
    assert [fault for fault, some in places.items() if not some] == []
    every = {place for some in places.values() for place in some}
    assert {place for place in every if not (ROOT / place).is_file()} == set()
    assert [row[0] for row in ROWS if not any(test in row[3] for test in TESTS)] == []


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_it_names_is_in_the_suite(test: str) -> None:
    file, _, name = test.partition("::")
    found = list_tests(ROOT / "tests" / file)
    assert name in found or (not name and any(each.startswith("test_") for each in found))


def test_nothing_in_ticks_is_passed_over() -> None:
    """Whatever looks like a test on the page is one of those held above."""
    assert set(re.findall(r"`([^`\s]*test_[^`\s]*)`", PAGE)) - {"tests/unit/test_faults_page.py"} - {*TESTS} == set()
