"""A team of nobody, one with room for everybody, one sized to its services, one whose name tries to be code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

Verb = Callable[..., subprocess.CompletedProcess[str]]

NAME = '=HYPERLINK("x") عائشة <script>alert(1)</script> & a name of more than eighty letters'
NOBODY = """
[[teams]]
name = "A team of nobody"
code = "NOB"
capacity = 8
localities = ["Nowhere"]
"""


@pytest.fixture(scope="module")
def odd(
    demo_workspace: Path,
    copy: Callable[[Path, Path], Path],
    verb: Verb,
    monday: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a published week."""
    workspace = copy(demo_workspace, tmp_path_factory.mktemp("odd") / "workspace")
    settings = workspace / "riskstrat.toml"
    text = settings.read_text(encoding="utf-8").replace('name = "North Kirkby"', f"name = {json.dumps(NAME)}", 1)
    before, halewood = text.split('code = "HAL"')
    sized = 'code = "SKI"\nslots = { falls_service = 1, medication_review = 1 }'
    before = before.replace('code = "SKI"', sized, 1)
    # Of one practice: everybody has a page.
    halewood = halewood.replace("= 8", "= 9999", 1).replace('localities = ["Halewood"]', 'practices = ["X99021"]', 1)
    settings.write_text(before + 'code = "HAL"' + halewood + NOBODY, encoding="utf-8")
    assert verb("withdraw", monday, "--reason", "Begin again.", "-w", workspace).returncode == 0
    done = verb("weekly", "--index-date", monday, "-w", workspace)
    assert done.returncode == 0, done.stderr
    return workspace / "lists" / monday


@pytest.fixture(scope="module")
def teams(odd: Path) -> dict[str, Any]:
    manifest = json.loads((odd / "manifest.json").read_text(encoding="utf-8"))
    return {team["code"]: team for team in manifest["teams"]}


def test_a_team_of_nobody_has_every_document_and_they_say_so(odd: Path, teams: dict[str, Any]) -> None:
    assert (teams["NOB"]["eligible"], teams["NOB"]["listed"]) == (0, 0)
    for name in ("nob.html", "nob-people.html"):
        assert "Nobody is listed" in (odd / "nob" / name).read_text(encoding="utf-8")
    said = str(openpyxl.load_workbook(odd / "nob" / "nob.xlsx")["List"]["A1"].value)
    assert said.startswith("Nobody is listed for this team")


def test_a_team_with_room_for_everybody_lists_everybody_who_may_be_listed(odd: Path, teams: dict[str, Any]) -> None:
    team = teams["HAL"]
    assert team["below_the_line"] == 0
    assert team["listed"] == team["eligible"] - team["known_on_caseload"] - sum(team["excluded"].values()) > 100
    assert (odd / "hal" / "hal-people.html").read_text(encoding="utf-8").count("<article") == team["listed"]


def test_a_team_sized_to_its_services_lists_no_more_than_they_have_places_and_says_what_it_gives_up(
    odd: Path, teams: dict[str, Any]
) -> None:
    assert 0 < teams["SKI"]["listed"] <= 2
    assert teams["SKI"]["given_up_to_services"] > 0
    page = (odd / "ski" / "ski.html").read_text(encoding="utf-8")
    assert "Exchanges made to keep to the places of services" in page


def test_a_name_that_tries_to_be_code_is_text_everywhere(odd: Path) -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in odd.rglob("*.html")}
    assert [name for name, page in pages.items() if "<script>alert" in page] == []
    assert {"nki.html", "nki-people.html", "index.html"} <= {
        n for n, page in pages.items() if "&lt;script&gt;alert" in page
    }
    for sheet in openpyxl.load_workbook(odd / "nki" / "nki.xlsx"):
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    first = (odd / "nki" / "nki.csv").read_text(encoding="utf-8").splitlines()[1]
    assert not first.startswith(("=", "+", "-", "@"))
