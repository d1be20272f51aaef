"""`capacity` and `demand` on a simulated borough: a year back scored by the model of that time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.suite.verbs import Verb


def test_more_people_use_more_and_a_year_back_is_within_its_range(
    demo_workspace: Path, verb: Verb, tmp_path: Path
) -> None:
    out = tmp_path / "capacity.html"
    done = verb("capacity", "-w", demo_workspace, "--out", out, "--people", 48, "--people", 400, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["index_date"] == "2025-09-01"
    short, longer = told["lengths"]
    assert short["bed_days"][0] < longer["bed_days"][0]
    assert short["share_of_bed_days"][0] > 48 / 400 * longer["share_of_bed_days"][0]
    assert longer["freed"][1]["admissions"][0] == pytest.approx(longer["admissions"][0] / 10, abs=0.05)
    assert "of a bed" in out.read_text(encoding="utf-8")


def test_each_person_expected_is_counted_in_one_team_and_one_practice(
    demo_workspace: Path, verb: Verb, tmp_path: Path
) -> None:
    given = ("demand", "-w", demo_workspace, "--json", "--out")
    done = verb(*given, tmp_path / "demand.html")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    by_kind = {kind: [one for one in told["places"] if one["kind"] == kind] for kind in ("all", "team", "practice")}
    (whole,) = by_kind["all"]
    assert sum(one["expected"] for one in by_kind["team"]) == pytest.approx(whole["expected"], abs=3)
    assert {one["team"] for one in by_kind["practice"]} == {one["name"] for one in by_kind["team"]}
    caseload = told["caseload"]
    assert caseload["why_none"] == ""
    assert caseload["ages"][0]["low"] <= caseload["ages"][0]["expected"] <= caseload["ages"][0]["high"]
    shown = [one for one in told["past"] if one["inside"] in ("yes", "more", "fewer")]
    assert sum(one["inside"] == "yes" for one in shown) > len(shown) / 2
    assert verb(*given, tmp_path / "again.html").returncode == 0
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "demand.html").read_bytes()
