"""The whole job on 100 real de-identified patients, whose dates are shifted from person to person."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.suite.stores import find_version

pytestmark = [pytest.mark.real_data, pytest.mark.usefixtures("without_pictures")]

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

MODEL = "emergency_readmission_30d"
LATEST = ("--recipe", MODEL, "--index-date", "latest")


@pytest.fixture(scope="module")
def ward(
    verb: Verb, real_data: Path, state_basis: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A workspace with the real records and a champion of the readmission recipe."""
    workspace = tmp_path_factory.mktemp("mimic") / "ward"
    assert verb("init", workspace).returncode == 0
    state_basis(workspace)
    source = real_data / "mimic_iv_demo_meds"
    over = ("--override", "--by", "A. Analyst", "--reason", "A hundred people cannot pass the gates.")
    for given in (("ingest", source, "--format", "mimic"), ("train", MODEL), ("promote", MODEL, *over)):
        done = verb(*given, "-w", workspace, "--json")
        assert done.returncode == 0, done.stderr
        (workspace.parent / f"{given[0]}.json").write_text(done.stdout, encoding="utf-8")
    return workspace


@pytest.fixture(scope="module")
def said(ward: Path) -> Callable[[str], dict[str, Any]]:
    return lambda name: json.loads((ward.parent / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scores(verb: Verb, ward: Path) -> dict[str, tuple[str, float]]:
    """Index date and risk of each patient."""
    file = ward.parent / "score.parquet"
    done = verb("score", *LATEST, "--out", file, "-w", ward, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert pq.read_schema(file).names == ["patient_id", "index_date", "risk", "risk_low", "risk_high"]
    rows = pq.read_table(file).to_pylist()
    found = {row["patient_id"]: (str(row["index_date"]), row["risk"]) for row in rows}
    assert len(found) == len(rows) == json.loads(done.stdout)["rows"]
    return found


def test_every_row_is_accepted_or_quarantined_and_dates_are_not_comparable(said: Callable) -> None:
    report = said("ingest")
    assert report["comparable_dates"] is False
    assert report["people"] == 100
    assert all(one["landed"] == one["accepted"] + one["quarantined"] for one in report["tables"].values())
    assert {"people", "admissions", "diagnoses"} <= set(report["tables"])


def test_the_model_is_split_by_person_and_its_weakness_is_said(said: Callable) -> None:
    report = said("train")
    assert report["model"] == MODEL
    assert sum(report["rows"].values()) > 100
    assert 0 <= report["evaluation"]["stack"]["auroc"] <= 1
    assert report["verdict"]
    assert not all(gate["passed"] for gate in said("promote")["gates"])
    assert sum(report["labels"].values()) == report["cohort"]["eligible"]


def test_everybody_is_scored_once_at_their_own_latest_discharge(
    scores: dict[str, tuple[str, float]], ward: Path
) -> None:
    admissions = pq.read_table(find_version(ward / "data") / "tables" / "admissions.parquet").to_pylist()
    people = pq.read_table(find_version(ward / "data") / "tables" / "people.parquet").to_pylist()
    left = {(people[row["person"]]["patient_id"], str(row["discharged_on"])) for row in admissions}
    assert len(scores) > 50
    assert all((patient, day) in left for patient, (day, _) in scores.items())
    assert len({day for day, _ in scores.values()}) > 50
    assert all(0 <= risk <= 1 for _, risk in scores.values())


def test_nobody_who_has_died_is_scored(scores: dict[str, tuple[str, float]], ward: Path) -> None:
    people = pq.read_table(find_version(ward / "data") / "tables" / "people.parquet").to_pylist()
    died = {row["patient_id"]: str(row["date_of_death"]) for row in people if row["date_of_death"]}
    assert died
    assert all(day < died[patient] for patient, (day, _) in scores.items() if patient in died)


def test_each_person_can_be_explained(verb: Verb, ward: Path, scores: dict[str, tuple[str, float]]) -> None:
    patient = max(scores, key=lambda one: scores[one][1])
    done = verb("explain", patient, *LATEST, "-w", ward, "--purpose", "Asked by the ward on Monday", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["index_date"] == scores[patient][0]
    assert found["risk"] == pytest.approx(scores[patient][1], abs=1e-12)
    assert found["themes"][-1] == {"theme": "other"}
    assert any(theme["sentences"] for theme in found["themes"])


def test_the_list_has_each_persons_own_index_date(verb: Verb, ward: Path, scores: dict[str, tuple[str, float]]) -> None:
    (team,) = json.loads(verb("list", *LATEST, "-w", ward, "--json").stdout)["teams"]
    assert team["team"] == "all"
    assert team["listed"] == team["capacity"]
    assert all(scores[row["patient_id"]][0] == row["index_date"] for row in team["people"])
    dead = find_discharged_dead(ward)
    assert dead & scores.keys(), "else nobody was kept off by a hospital's record alone"
    risks = [row["risk"] for row in team["people"]]
    alive = (risk for patient, (_, risk) in scores.items() if patient not in dead)
    assert risks == sorted(alive, reverse=True)[: len(risks)]


def find_discharged_dead(ward: Path) -> set[str]:
    """Patients of whom a stay ended in death by where it says that they went."""
    tables = find_version(ward / "data") / "tables"
    people = pq.read_table(tables / "people.parquet").to_pylist()
    stays = pq.read_table(tables / "admissions.parquet").to_pylist()
    return {people[row["person"]]["patient_id"] for row in stays if row["destination"] == "79"}


@pytest.fixture(scope="module")
def published(verb: Verb, ward: Path) -> Path:
    """The folder of the list that `weekly` published."""
    done = verb("weekly", *LATEST, "-w", ward, "--json")
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["folder"])


def test_weekly_publishes_it(published: Path, scores: dict[str, tuple[str, float]]) -> None:
    with (published / "all" / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["index_date"] for row in rows}) > 1
    assert {row["index_date"] for row in rows} <= {day for day, _ in scores.values()}
    assert all(row["reasons"] for row in rows)


@pytest.mark.exhaustive
def test_a_second_run_changes_nothing(verb: Verb, ward: Path, published: Path, tree: Tree) -> None:
    first = tree(published)
    assert verb("weekly", *LATEST, "-w", ward).returncode == 0
    assert tree(published) == first


@pytest.mark.exhaustive
def test_training_again_gives_the_same_figures(verb: Verb, ward: Path, said: Callable) -> None:
    again = json.loads(verb("train", MODEL, "-w", ward, "--json").stdout)
    assert again["evaluation"] == said("train")["evaluation"]


def test_a_recipe_with_calendar_dates_refuses_shifted_dates(verb: Verb, refused: Callable, ward: Path) -> None:
    said = refused(verb("train", "emergency_admission_12m", "-w", ward), 8)
    assert said == (
        "emergency_admission_12m has calendar index dates, but this source shifts dates from person to person; "
        "use a recipe whose index dates are discharges"
    )


def test_a_calendar_index_date_means_nothing_here(verb: Verb, refused: Callable, ward: Path, tmp_path: Path) -> None:
    given = ("--recipe", MODEL, "--index-date", "2150-01-01", "--out", tmp_path / "score.csv")
    assert '"--index-date latest"' in refused(verb("score", *given, "-w", ward), 6)
    assert list(tmp_path.iterdir()) == []
