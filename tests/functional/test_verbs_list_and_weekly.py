"""`list`, `weekly` and `withdraw`: each team's list, published whole, once, and never silently replaced."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.publication import REVIEWS, open_published
from riskstrat.registry import champion
from riskstrat.reviews import FileReviewStore, Review
from tests.suite.checked_week import on_caseload, parts_of, persons_listed, table, teams_of
from tests.suite.shown_twice import ShownTwice
from tests.suite.stores import read_facts
from tests.suite.unlogged import do_unlogged

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]
Tree = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def published(demo_workspace: Path, monday: str) -> Path:
    return demo_workspace / "lists" / monday


@pytest.fixture(scope="module")
def manifest(published: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def listed(published: Path) -> list[dict[str, str]]:
    """One row per person on a list: reference, patient_id, index_date."""
    rows: list[dict[str, str]] = []
    for path in sorted(published.glob("*/references.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


class TestWhatIsPublished:
    def test_each_team_has_a_folder_with_its_documents_its_references_and_the_naming_page(
        self, published: Path, manifest: dict[str, Any]
    ) -> None:
        stems = [team["code"].lower() for team in manifest["teams"]]
        shared = {"index.html", "list.json", "manifest.json", "internal"}
        assert {path.name for path in published.iterdir()} == {*stems, *shared}
        for stem in stems:
            documents = {f"{stem}{ending}" for ending in (".csv", ".xlsx", ".html", "-people.html")}
            there = {path.name for path in (published / stem).iterdir()}
            assert there == documents | {"references.csv", "naming.html"}
        assert {path.name for path in (published / "internal").iterdir()} == {
            *("everyone.parquet", "reviews.csv", "cases.csv"),
        }

    def test_nothing_in_a_teams_folder_is_of_another_team(
        self, published: Path, manifest: dict[str, Any], listed: list[dict[str, str]]
    ) -> None:
        for team in manifest["teams"]:
            others = [row for row in listed if not row["reference"].startswith(f"{team['code']}-")]
            told = [one for row in others for one in (row["reference"], row["patient_id"])]
            told += [one["team"] for one in manifest["teams"] if one["code"] != team["code"]]
            assert told
            for path in (published / team["code"].lower()).iterdir():
                for part in parts_of(path):
                    assert not any(one.encode() in part for one in told), path.name

    @pytest.mark.skipif(os.name == "nt", reason="Windows has rights of folders instead")
    def test_nobody_but_the_account_that_published_can_open_a_list(self, published: Path) -> None:
        found = {path.stat().st_mode & 0o777 for path in published.rglob("*") if path.is_file()}
        folders = {path.stat().st_mode & 0o777 for path in (published, *published.rglob("*")) if path.is_dir()}
        assert (found, folders) == ({0o600}, {0o700})

    def test_the_manifest_has_the_sha256_of_every_other_file(self, published: Path, manifest: dict[str, Any]) -> None:
        files = [path for path in published.rglob("*") if path.is_file()]
        digests = {
            path.relative_to(published).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }
        del digests["manifest.json"]
        assert manifest["files"] == digests

    def test_the_manifest_names_model_definitions_and_the_data_of_each_table(
        self, manifest: dict[str, Any], demo_workspace: Path, monday: str
    ) -> None:
        model, version = champion(demo_workspace / "registry", "emergency_admission_12m")
        store = read_facts(demo_workspace / "data")
        dates = {name: one["data_as_at"] for name, one in store["tables"].items() if one["data_as_at"]}
        assert (manifest["model"], manifest["version"]) == (version.name, version.version)
        assert manifest["definitions_hash"] == model.definitions_hash
        assert manifest["index_date"] == monday
        assert manifest["data_as_at"] == store["data_as_at"]
        assert manifest["data_as_at_by_table"] == dates

    def test_the_counts_add_up(self, manifest: dict[str, Any]) -> None:
        cohort = dict(manifest["cohort"])
        candidates, eligible = cohort.pop("candidates"), cohort.pop("eligible")
        assert candidates - sum(cohort.values()) == eligible
        assert sum(team["eligible"] for team in manifest["teams"]) + manifest["without_team"] == eligible
        for team in manifest["teams"]:
            left_out = team["known_on_caseload"] + team["below_the_line"] + sum(team["excluded"].values())
            assert team["eligible"] == team["listed"] + left_out
            assert team["listed"] <= team["capacity"]

    def test_every_person_listed_stands_in_one_csv_and_in_the_references(
        self, published: Path, manifest: dict[str, Any], listed: list[dict[str, str]]
    ) -> None:
        rows = []
        for team in manifest["teams"]:
            stem = team["code"].lower()
            with (published / stem / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
                own = list(csv.DictReader(file))
            assert [int(row["rank"]) for row in own] == list(range(1, team["listed"] + 1))
            risks = [float(row["risk"]) for row in own]
            assert risks == sorted(risks, reverse=True)
            assert all(row["reference"].startswith(team["code"]) and row["reasons"] for row in own)
            rows += own
        assert Counter(row["reference"] for row in rows) == Counter(row["reference"] for row in listed)
        assert len({row["patient_id"] for row in listed}) == len(listed) == sum(t["listed"] for t in manifest["teams"])

    def test_no_pseudonym_stands_in_what_the_teams_get(self, published: Path, listed: list[dict[str, str]]) -> None:
        for path in published.rglob("*"):
            if path.is_file() and path.name != "references.csv" and path.parent.name != "internal":
                for part in parts_of(path):
                    assert not any(row["patient_id"].encode() in part for row in listed), path.name

    def test_nobody_listed_is_on_a_caseload(
        self, demo_workspace: Path, listed: list[dict[str, str]], monday: str
    ) -> None:
        open_now = on_caseload(demo_workspace, monday)
        people = persons_listed(demo_workspace, listed)
        assert len(open_now)
        assert not set(people["person"]) & set(open_now["person"])

    def test_nobody_listed_has_opted_out(self, demo_workspace: Path, listed: list[dict[str, str]]) -> None:
        rows = table(demo_workspace, "opt_outs")
        as_at = pd.Timestamp(read_facts(demo_workspace / "data")["data_as_at"])
        standing = rows[~(rows["to_on"] <= as_at)]
        assert len(standing)
        assert not set(persons_listed(demo_workspace, listed)["person"]) & set(standing["person"])

    def test_nobody_listed_is_known_to_be_dead(
        self, demo_workspace: Path, listed: list[dict[str, str]], monday: str
    ) -> None:
        people = table(demo_workspace, "people")
        known = people["died_known_on"] <= pd.Timestamp(monday)
        assert known.any()
        assert not set(persons_listed(demo_workspace, listed)["person"]) & set(people.loc[known, "person"])

    def test_nobody_left_out_has_a_higher_score_than_somebody_on_their_teams_list(
        self, verb: Verb, demo_workspace: Path, monday: str, listed: list[dict[str, str]], tmp_path: Path
    ) -> None:
        file = tmp_path / "score.parquet"
        assert verb("score", "-w", demo_workspace, "--index-date", monday, "--out", file).returncode == 0
        risks = pq.read_table(file).to_pandas().set_index("patient_id")["risk"]
        lowest: dict[str, float] = {}
        for row in listed:
            team = row["reference"][:3]
            lowest[team] = min(lowest.get(team, 1.0), risks[row["patient_id"]])
        teams = teams_of(demo_workspace, monday)
        people = table(demo_workspace, "people").set_index("patient_id")["person"]
        rows = pd.read_parquet(demo_workspace / "lists" / monday / "internal" / "everyone.parquet")
        others = rows.loc[rows["place"] == "below the line", "patient_id"]
        assert len(others) > 1000
        for patient in others:
            assert risks[patient] <= lowest[teams[people[patient]]]


@pytest.fixture(scope="module")
def shown(
    verb: Verb, demo_workspace: Path, copy: Callable, monday: str, tree: Tree, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Done, Done, bool]:
    """`list` of a copy of the demo for machines and for people, and whether it left every file as it was."""
    workspace, lists = copy(demo_workspace, tmp_path_factory.mktemp("l") / "workspace"), ShownTwice(LIST)
    before, given = tree(workspace), ("list", "-w", workspace, "--index-date", monday)
    with lists.once():
        told = verb(*given, "--json"), verb(*given)
    return *told, tree(workspace) == before


LIST = "riskstrat.verbs.list.list_"


class TestList:
    def test_it_shows_what_weekly_would_publish_and_publishes_nothing(
        self, shown: tuple[Done, Done, bool], manifest: dict[str, Any], listed: list[dict[str, str]]
    ) -> None:
        done, _, untouched = shown
        assert (done.returncode, done.stderr) == (0, "")
        teams = json.loads(done.stdout)["teams"]
        people = {row["reference"]: row["patient_id"] for team in teams for row in team.pop("people")}
        assert people == {row["reference"]: row["patient_id"] for row in listed}
        assert teams == manifest["teams"]
        assert untouched

    def test_for_people_it_names_each_reference_and_no_pseudonym(
        self, shown: tuple[Done, Done, bool], listed: list[dict[str, str]]
    ) -> None:
        done = shown[1]
        assert done.returncode == 0
        assert all(row["reference"] in done.stdout for row in listed)
        assert not any(row["patient_id"] in done.stdout for row in listed)


@pytest.fixture
def no_list_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that comes to make lists fails: what stops them whatever they say is refused before that work."""

    def fail(*given: object, **named: object) -> None:
        raise AssertionError("lists are made")

    monkeypatch.setattr("riskstrat.verbs.weekly.make_lists", fail)


class Withdrawn(NamedTuple):
    """A week of which an outcome came late, then settings were changed: refused, withdrawn, published, withdrawn."""

    workspace: Path
    patient: str
    late: Done
    late_touched: bool
    refusal: Done
    touched: bool
    first: Done
    teams: list[dict[str, Any]]


@pytest.fixture(scope="module")
def withdrawn(
    verb: Verb, demo_workspace: Path, copy: Callable, monday: str, tree: Tree, tmp_path_factory: pytest.TempPathFactory
) -> Withdrawn:
    workspace = copy(demo_workspace, tmp_path_factory.mktemp("withdrawn") / "workspace")
    settings, weekly = workspace / "riskstrat.toml", ("weekly", "-w", workspace, "--index-date", monday)
    patient, published = read_all_patients(workspace / "lists" / monday)[0], tree(workspace / "lists")
    times = modified(workspace / "lists")
    earlier = date.fromisoformat(monday) - timedelta(weeks=1)
    review = Review(patient, earlier, "North Huyton", "monitor", None, True, earlier, "Ann", None)
    FileReviewStore(workspace).add((earlier, "NHU"), [review], None, do_unlogged)
    late = verb(*weekly)
    late_touched = (tree(workspace / "lists"), modified(workspace / "lists")) != (published, times)
    settings.write_text(settings.read_text(encoding="utf-8").replace("capacity = 8", "capacity = 3"), "utf-8")
    before = tree(workspace)
    # Said before anybody is scored, which takes minutes.
    with mock.patch("riskstrat.verbs.weekly.make_lists", None):
        refusal = verb(*weekly)
    touched = tree(workspace) != before
    first = verb("withdraw", monday, "--reason", "Capacity was wrong.", "-w", workspace, "--json")
    assert verb(*weekly).returncode == 0
    teams = json.loads((workspace / "lists" / monday / "manifest.json").read_text(encoding="utf-8"))["teams"]
    assert verb("withdraw", monday, "--reason", "So was the second.", "-w", workspace).returncode == 0
    return Withdrawn(workspace, patient, late, late_touched, refusal, touched, first, teams)


def modified(folder: Path) -> dict[str, int]:
    return {path.as_posix(): path.stat().st_mtime_ns for path in [folder, *sorted(folder.rglob("*"))]}


def read_all_patients(folder: Path) -> list[str]:
    """Everybody listed, by team and rank."""
    published = open_published(folder)
    return [patient for code in sorted(published.team_names) for patient in published.read_patients(code).values()]


class TestWeekly:
    def test_reviews_imported_late_leave_the_published_list_as_it_is_and_are_said(self, withdrawn: Withdrawn) -> None:
        late = withdrawn.late
        assert late.returncode == 0, late.stderr
        assert "already published from the same inputs; nothing changed" in late.stdout
        assert "1 outcome was imported since it was published; the next list reads it" in late.stdout
        assert not withdrawn.late_touched

    def test_the_next_edition_reads_them(self, withdrawn: Withdrawn, monday: str) -> None:
        published = open_published(withdrawn.workspace / "lists" / "withdrawn" / f"{monday}-2")
        assert withdrawn.patient in published.read_file(REVIEWS).decode()
        assert published.read_list().edition == 2
        assert withdrawn.patient not in read_all_patients(published.folder)

    @pytest.mark.exhaustive
    def test_another_copy_of_the_workspace_gives_the_same_bytes(
        self, verb: Verb, workspace: Path, demo_workspace: Path, monday: str, tree: Tree
    ) -> None:
        shutil.rmtree(workspace / "lists" / monday)
        done = verb("weekly", "-w", workspace, "--index-date", monday, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["status"] == "published"
        assert tree(workspace / "lists") == tree(demo_workspace / "lists")

    def test_changed_settings_are_refused_until_the_list_is_withdrawn(
        self, refused: Callable, withdrawn: Withdrawn, published: Path, tree: Tree
    ) -> None:
        said = refused(withdrawn.refusal, 10)
        assert "these have changed since: settings; withdraw it first: riskstrat withdraw" in said
        assert not withdrawn.touched
        kept = Path(json.loads(withdrawn.first.stdout)["folder"])
        withdrawal = json.loads((kept / "withdrawal.json").read_text(encoding="utf-8"))
        assert withdrawal == {"list_date": published.name, "reason": "Capacity was wrong."}
        assert {name: digest for name, digest in tree(kept).items() if name != "withdrawal.json"} == tree(published)
        assert {team["listed"] for team in withdrawn.teams} == {3}

    @pytest.mark.usefixtures("no_list_is_made")
    def test_a_file_changed_by_hand_is_refused(
        self, verb: Verb, refused: Callable, workspace: Path, monday: str
    ) -> None:
        file = workspace / "lists" / monday / "hal" / "hal.csv"
        file.write_text(file.read_text(encoding="utf-8") + "one more line\n", encoding="utf-8")
        said = refused(verb("weekly", "-w", workspace, "--index-date", monday), 10)
        assert said.startswith(f"hal/hal.csv of the list of {monday} was changed after publication; withdraw it first")

    @pytest.mark.usefixtures("no_list_is_made")
    def test_a_file_that_was_deleted_is_refused(
        self, verb: Verb, refused: Callable, workspace: Path, monday: str
    ) -> None:
        (workspace / "lists" / monday / "index.html").unlink()
        said = refused(verb("weekly", "-w", workspace, "--index-date", monday), 10)
        assert said.startswith("index.html")

    @pytest.mark.usefixtures("no_list_is_made")
    def test_a_manifest_that_is_no_manifest_is_refused(
        self, verb: Verb, refused: Callable, workspace: Path, monday: str
    ) -> None:
        (workspace / "lists" / monday / "manifest.json").write_text("{}", encoding="utf-8")
        assert "or withdraw it" in refused(verb("weekly", "-w", workspace, "--index-date", monday), 13)

    @pytest.mark.usefixtures("no_list_is_made")
    def test_nothing_is_published_or_withdrawn_while_the_audit_log_is_not_whole(
        self, verb: Verb, refused: Callable, workspace: Path, monday: str, tree: Tree
    ) -> None:
        log = workspace / "audit" / "log.jsonl"
        log.write_text(log.read_text(encoding="utf-8").replace("list published", "list withdrawn", 1), "utf-8")
        before = tree(workspace / "lists")
        assert "audit" in refused(verb("withdraw", monday, "--reason", "Wrong week published.", "-w", workspace), 13)
        assert tree(workspace / "lists") == before
        shutil.rmtree(workspace / "lists" / monday)
        assert "audit" in refused(verb("weekly", "-w", workspace, "--index-date", monday), 13)
        assert not (workspace / "lists" / monday).exists()


class TestWithdraw:
    def test_twice_keeps_both(self, withdrawn: Withdrawn, monday: str) -> None:
        lists = withdrawn.workspace / "lists"
        assert sorted(path.name for path in (lists / "withdrawn").iterdir()) == [f"{monday}-1", f"{monday}-2"]
        assert not (lists / monday).exists()

    def test_a_date_without_a_list_is_refused(self, verb: Verb, refused: Callable, demo_workspace: Path) -> None:
        said = refused(verb("withdraw", "2026-01-05", "--reason", "The wrong week.", "-w", demo_workspace), 10)
        assert said == "no list of 2026-01-05 is published in lists; nothing to withdraw"

    @pytest.mark.parametrize("reason", [" ", "No."])
    def test_a_reason_that_says_nothing_is_refused(
        self, verb: Verb, refused: Callable, demo_workspace: Path, monday: str, tree: Tree, reason: str
    ) -> None:
        before = tree(demo_workspace / "lists")
        assert "says too little" in refused(verb("withdraw", monday, "--reason", reason, "-w", demo_workspace), 13)
        assert tree(demo_workspace / "lists") == before
