"""A board's pack where part of the records stopped or never came: no fall is told of that is a silence."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.suite.board_site import Rows, make_board_site
from tests.suite.verbs import Verb

MONTH = "2026-03"
BEGINS, STOPS, ENDS = date(2024, 4, 1), date(2025, 11, 20), date(2026, 3, 31)


def make_tables(stopped: bool) -> dict[str, Rows]:
    """600 people of a practice in North and one in South. Of two hospitals the smaller sends nothing after STOPS, if
    stopped. 100 people of North came onto the caseload and half of them left it; nobody of South ever did."""
    tables: dict[str, Rows] = {name: [] for name in ("people", "registrations", "admissions", "caseload")}
    for number in range(600):
        patient, practice = f"p{number:03}", ("A10001", "B20001")[number % 2]
        tables["people"].append({"patient_id": patient, "date_of_birth": "1950-06-15", "sex": "FM"[number % 3 % 2]})
        tables["registrations"].append({"patient_id": patient, "practice": practice, "registered_from": "2015-01-01"})
        if practice == "A10001" and number < 200:
            start = BEGINS + timedelta(days=7 * (number // 2))
            ended = f"{start + timedelta(days=40)}" if number % 4 else ""
            row = {"patient_id": patient, "team": "North", "status": "active", "from_on": f"{start}", "to_on": ended}
            tables["caseload"].append(row)
    for number in range((ENDS - BEGINS).days * 2):
        start, provider = BEGINS + timedelta(days=number // 2), ("RAA01", "RAA01", "RBB01")[number % 3]
        if provider == "RBB01" and stopped and start > STOPS:
            continue
        spell = {"patient_id": f"p{number * 7 % 600:03}", "spell_id": f"s{number}", "provider": provider}
        stay = {"admitted_on": f"{start}", "discharged_on": f"{min(start + timedelta(days=2), ENDS)}", "method": "21"}
        kind = {"source": "19", "patient_class": "1", "discharge_method": "1", "destination": "19"}
        tables["admissions"].append(spell | stay | kind)
    areas = [
        {"practice": one, "locality": locality, "from_on": "2010-01-01"}
        for one, locality in (("A10001", "North"), ("B20001", "South"))
    ]
    return tables | {"areas": areas}


def ask(verb: Verb, root: Path, out: Path) -> dict[str, Any]:
    done = verb("board", "--month", MONTH, "--out", out, "--json", "-w", root)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def site(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_board_site(verb, tmp_path_factory.mktemp("silent") / "site", make_tables(True), f"{ENDS}")


def test_a_hospital_that_stopped_leaves_no_figure_that_reads_as_a_fall(verb: Verb, site: Path, tmp_path: Path) -> None:
    untold = ask(verb, site, tmp_path / "pack")["cannot_be_told"]
    said = "hospital admissions of 1 large contributor are missing from 21 November 2025, while others go on"
    assert untold["K09"] == untold["K11"] == said
    settings = site / "riskstrat.toml"
    before = settings.read_text("utf-8")
    settings.write_text(f"{before}\n[data.coverage]\nadmissions = {{complete_to = {ENDS}}}\n", "utf-8")
    assert "K09" in ask(verb, site, tmp_path / "stated")["told"]
    settings.write_text(before, "utf-8")


def test_hospitals_that_all_send_are_told_of(verb: Verb, tmp_path: Path) -> None:
    root = make_board_site(verb, tmp_path / "site", make_tables(False), f"{ENDS}")
    assert {"K08", "K09", "K11"} <= {*ask(verb, root, tmp_path / "pack")["told"]}


def test_a_place_of_which_the_caseload_holds_nobody_has_no_figure_nor_has_what_it_is_part_of(
    verb: Verb, site: Path, tmp_path: Path
) -> None:
    said = ask(verb, site, tmp_path / "pack")
    alone = "0 of 21 indicators can be told from the tables. K08 can be told of some places alone."
    assert said["summary"].startswith(f"March 2026: {alone}")
    book = openpyxl.load_workbook(tmp_path / "pack" / f"board-{MONTH}.xlsx", read_only=True)
    rows = [row for row in book["Places"].iter_rows(values_only=True) if row[0] == "K08"]
    told = {row[3]: row[4] for row in rows}
    assert told["South"] == told["B20001"] == "cannot be told"
    assert isinstance(told["North"], int)
    whole = next(row for row in book["Indicators"].iter_rows(values_only=True) if row[0] == "K08")
    assert whole[3] == "cannot be told"
    page = (tmp_path / "pack" / f"board-{MONTH}.html").read_text("utf-8")
    assert "of some of these people nobody was ever on the caseload that was landed" in page
