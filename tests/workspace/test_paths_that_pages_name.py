"""The pages name files of the shipped decisions, and every path that they name is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
PAGES["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_path_of_the_project_that_a_page_names_exists() -> None:
    made_by_commands = ("registry/artifacts/", "registry/cards/", "features/missed_contacts.py")
    named = {
        (page, path)
        for page, text in PAGES.items()
        for path in re.findall(r"`((?:riskstrat|features|training|tests|docs|notebooks|registry)/[\w./]*)`", text)
        if not path.startswith(made_by_commands)
    }
    folders_of_a_workspace = {"registry/"}
    missing = [one for one in sorted(named) if not (ROOT / one[1]).exists() and one[1] not in folders_of_a_workspace]
    assert missing == []
