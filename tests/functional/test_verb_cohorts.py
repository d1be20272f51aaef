"""`cohorts` on a simulated borough: what lists and counts say against the landed files, worked out with pandas."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.oracle.landed_truth import LandedTruth
from tests.oracle.plain_cohorts import PlainCohorts
from tests.suite.verbs import Verb


@pytest.fixture(scope="module")
def plain(demo_workspace: Path, monday: str) -> PlainCohorts:
    source, codelists = demo_workspace / "demo" / "borough", demo_workspace / "features" / "codelists"
    return PlainCohorts(LandedTruth(source, codelists, date.fromisoformat(monday)))


def test_each_listed_person_is_in_the_cohorts_that_the_landed_files_say(
    demo_workspace: Path, monday: str, plain: PlainCohorts
) -> None:
    folder = demo_workspace / "lists" / monday
    wrong, seen = [], set()
    for team in json.loads((folder / "list.json").read_text(encoding="utf-8"))["list"]["teams"]:
        with (folder / team["team_code"].lower() / "references.csv").open(encoding="utf-8", newline="") as file:
            patients = {row["reference"]: row["patient_id"] for row in csv.DictReader(file)}
        for person in team["people"]:
            printed = {one["name"] for one in person["cohorts"] if one["answer"] == "in"}
            untold = {one["name"] for one in person["cohorts"] if one["answer"] == "cannot be told"}
            seen |= printed
            if printed != plain.find(patients[person["reference"]]) - untold:
                wrong.append((person["reference"], printed, untold))
    assert wrong == []
    assert seen >= {"older_and_frail", "care_home", "several_conditions"}


def test_the_borough_is_counted_as_the_landed_files_count_it_and_twice_alike(
    demo_workspace: Path, monday: str, plain: PlainCohorts, verb: Verb, tmp_path: Path
) -> None:
    done = verb("cohorts", "-w", demo_workspace, "--json", "--out", tmp_path / "cohorts.html")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    everyone = pd.read_parquet(demo_workspace / "lists" / monday / "internal" / "everyone.parquet")
    eligible = everyone.dropna(subset="risk")["patient_id"].unique()
    members = {patient: plain.find(patient) for patient in eligible}
    for cohort in told["cohorts"]:
        inside = [patient for patient, names in members.items() if cohort["name"] in names]
        planned = sum(map(plain.has_plan, inside))
        whole = cohort["places"][0]
        assert whole["In it"] in (f"{5 * int(len(inside) / 5 + 0.5):,}", "not shown")
        assert whole["Care plan on record"] in (f"{5 * int(planned / 5 + 0.5):,}", "not shown")
    assert [one["places"][0]["In it"] for one in told["cohorts"]].count("not shown") <= 1
    assert verb("cohorts", "-w", demo_workspace, "--out", tmp_path / "again.html").returncode == 0
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "cohorts.html").read_bytes()


def test_a_workspace_without_the_file_or_a_list_is_told_what_to_do(
    quick_workspace: Path, verb: Verb, refused: object, tmp_path: Path, copy: object
) -> None:
    workspace = copy(quick_workspace, tmp_path / "workspace")  # type: ignore[operator]
    given = ("cohorts", "-w", workspace, "--out", tmp_path / "cohorts.csv")
    said = refused(verb(*given, "--list-date", "2020-01-06"), 10)  # type: ignore[operator]
    assert said.startswith("no list of 2020-01-06 of emergency_admission_12m is published")
    (workspace / "training" / "cohorts.toml").unlink()
    assert "take it from a new workspace" in refused(verb(*given), 4)  # type: ignore[operator]
    assert not (tmp_path / "cohorts.csv").exists()
