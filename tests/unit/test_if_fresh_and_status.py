"""What a scheduler asks: whether there is a list to make, and whether a workspace needs somebody."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from riskstrat import audit
from riskstrat.casefinding import CaseRegister
from riskstrat.publication import find_folders
from riskstrat.reviews import FileReviewStore
from riskstrat.site.opening import open_workspace
from riskstrat.site.resources import write_alone
from riskstrat.weekly.planning import plan_week
from riskstrat.weekly.source_checks import check_freshness
from tests.suite.daily import SETTINGS, ingest_everybody, land
from tests.suite.hand_made import MODEL, STANDING, THREE_FEATURES, import_reviews, publish_list, register_champion
from tests.suite.verbs import Done, Verb

NEXT = STANDING + timedelta(days=7)
Refused = Callable[[Done, int], str]


def write_list(root: Path, day: date, version: int = 1) -> None:
    """Publish a list that was made from the data that the workspace has now."""
    store = open_workspace(root).store
    publish_list(root, day, CaseRegister(), {"inputs": {"data": store.fingerprint}, "version": version})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a champion, a list of one Monday, and data as at that Monday."""
    folder = tmp_path_factory.mktemp("fresh")
    root = folder / "workspace"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "riskstrat.toml"
    gate = '[data.freshness]\nadmissions = { days = 20, then = "refuse" }'
    settings.write_text(settings.read_text("utf-8") + SETTINGS.format(data=gate), "utf-8")
    ingest_everybody(folder, root)
    register_champion(root)
    write_list(root, STANDING)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "workspace"))


def plan(root: Path, when: date | None = None) -> tuple[str, str]:
    found = plan_week(open_workspace(root), FileReviewStore(root), str(when) if when else None)
    return found.verdict, found.why


def test_a_list_that_stands_and_one_that_nothing_moved_since_end_with_their_own_code(
    verb: Verb, root: Path, refused: Refused
) -> None:
    stands = "nothing to do: the list of 16 November 2026 stands"
    assert refused(verb("weekly", "--if-fresh", "-w", root), 16) == stands
    assert refused(verb("weekly", "--if-fresh", "--index-date", STANDING, "-w", root), 16) == stands
    said = refused(verb("weekly", "--if-fresh", "--index-date", NEXT, "-w", root), 16)
    assert said.startswith("nothing to do: no source has moved and no outcome has come since the list of 16 November")
    assert sorted(find_folders(root / "lists")) == [STANDING]


def test_without_a_date_weekly_asks_for_one(verb: Verb, root: Path, refused: Refused) -> None:
    assert "add --index-date DATE, or --if-fresh" in refused(verb("weekly", "-w", root), 6)


def test_each_thing_that_moves_makes_a_list(verb: Verb, root: Path, tmp_path: Path) -> None:
    def copy(name: str) -> Path:
        return Path(shutil.copytree(root, tmp_path / name))

    ingested = copy("ingested")
    ingest_everybody(tmp_path, ingested, NEXT)
    assert plan(ingested) == ("publish", f"a list of {NEXT} would be made")
    # What is asked of the date comes after whether anything moved.
    for name, move in {"reviewed": import_reviews, "refreshed": refresh(verb)}.items():
        moved = copy(name)
        move(moved)
        verdict, why = plan(moved, NEXT)
        assert (verdict, "is in the future" in why) == ("refuse", True), name


def refresh(verb: Verb) -> Callable[[Path], None]:
    def run(root: Path) -> None:
        rows = "patient_id,kind,from_on,to_on\np1,type1,,\n"
        done = verb("refresh", land(root.parent / "new", {"opt_outs": rows}), "-w", root, "--as-at", STANDING)
        assert done.returncode == 0, done.stderr

    return run


def test_another_champion_makes_a_list(root: Path) -> None:
    write_list(root, STANDING + timedelta(days=1), version=7)
    assert plan(root, NEXT)[0] == "refuse"


def test_a_gate_that_refuses_comes_before_that_nothing_moved(verb: Verb, root: Path, refused: Refused) -> None:
    late = STANDING + timedelta(days=28)
    assert "at most 20 are accepted here" in refused(verb("weekly", "--if-fresh", "--index-date", late, "-w", root), 5)
    assert plan(root, late)[0] == "refuse"


@pytest.mark.parametrize("table", ["contacts", "registrations"])
def test_a_gate_on_a_source_that_no_row_dates_refuses_too(root: Path, table: str) -> None:
    settings = root / "riskstrat.toml"
    gate, written = f'{table} = {{ days = 3660, then = "refuse" }}', settings.read_text("utf-8")
    settings.write_text(written.replace("[data.freshness]", f"[data.freshness]\n{gate}"), "utf-8")
    verdict, why = plan(root, NEXT)
    assert verdict == "refuse"
    assert "no row was landed that says when they end" in why
    assert f"change {table} under [data.freshness]" in why
    settings.write_text(settings.read_text("utf-8").replace(gate, gate.replace("refuse", "mark")), "utf-8")
    assert check_freshness(open_workspace(root), NEXT) == [why.partition("; ingest later")[0]]


def ask(verb: Verb, root: Path, *more: object) -> tuple[int, dict[str, Any]]:
    done = verb("status", "-w", root, "--json", *more)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["well"] == (done.returncode == 0)
    return done.returncode, found


@pytest.fixture
def on_tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "today", lambda: STANDING + timedelta(days=1))


@pytest.mark.usefixtures("on_tuesday")
def test_a_workspace_that_is_well_says_how_it_stands(verb: Verb, root: Path) -> None:
    refresh(verb)(root)
    code, found = ask(verb, root)
    assert code == 0, found["needs"]
    assert found["data"]["as_at"] == f"{STANDING}"
    gate = {"days_old_today": 1, "at_most": 20, "then": "refuse", "late": False}
    assert found["data"]["gates"] == {"admissions": gate}
    assert found["model"] == {"name": MODEL, "version": 1}
    assert found["last_list"] == {"date": f"{STANDING}", "edition": 1, "teams": 1, "version": 1}
    assert found["reviews"] == {"came_since": 0, "taken_back_since": 0}
    assert found["refresh"] == {"as_at": f"{STANDING}", "days_old": 1, "open_cases_kept_off": 0}
    assert found["week"]["verdict"] == "nothing"
    assert (found["running"], found["needs"]) == ([], [])
    assert found["disk"]["bytes"]["store"] > 0
    screen = verb("status", "-w", root)
    assert screen.stdout.splitlines()[-1] == "all is well"
    assert len(screen.stdout.splitlines()) < 24
    assert "p1" not in screen.stdout


@pytest.mark.usefixtures("on_tuesday")
def test_what_needs_somebody_is_said_with_its_own_code_and_hides_nothing_else(verb: Verb, root: Path) -> None:
    import_reviews(root)
    pointer = root / "data" / "current.json"
    pointer.write_text("{}")
    (root / "lists" / f"{STANDING}" / "manifest.json").write_text("{}")
    code, found = ask(verb, root)
    assert code == 17
    assert [need for need in found["needs"] if "current.json" in need]
    assert [need for need in found["needs"] if "manifest.json cannot be read" in need]
    assert found["model"]["version"] == 1
    done = verb("status", "-w", root)
    assert (done.returncode, done.stderr) == (17, "riskstrat: 2 things need somebody\n")
    assert "data: cannot be told" in done.stdout


def test_a_source_that_is_late_today_needs_somebody(verb: Verb, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "today", lambda: STANDING + timedelta(days=21))
    assert ask(verb, root)[1]["needs"] == [
        "admissions: 21 days old today, and at most 20 are accepted; ingest later data"
    ]


@pytest.mark.usefixtures("on_tuesday")
def test_who_runs_and_what_a_killed_run_left_is_said(verb: Verb, root: Path) -> None:
    audit.append(root, audit.BEGUN, {"deed": "list withdrawn", "details": {}, "leaves": [["lists/x", "a" * 64]]})
    with write_alone(root, "weekly", wait=False):
        code, found = ask(verb, root)
    assert code == 17
    assert "run riskstrat withdraw for that date again" in found["needs"][0]
    assert [said for said in found["running"] if said.startswith('"riskstrat weekly"')]
    assert ask(verb, root)[1]["running"] == []


@pytest.mark.usefixtures("on_tuesday")
def test_a_list_that_would_be_refused_needs_somebody(verb: Verb, root: Path) -> None:
    shutil.rmtree(root / "registry")
    code, found = ask(verb, root, "--index-date", NEXT)
    assert (code, found["week"]["verdict"]) == (17, "refuse")


@pytest.mark.usefixtures("on_tuesday")
def test_a_file_that_goes_while_it_is_measured_hides_nothing(
    verb: Verb, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what a running ingest takes away: it is listed, and gone when its size is asked."""
    (root / "data" / "gone").symlink_to(root / "nowhere")
    monkeypatch.setattr(Path, "is_file", lambda path, **options: path.name == "gone" or os.path.isfile(path))
    done = verb("status", "-w", root, "--json")
    assert json.loads(done.stdout)["disk"]["bytes"]["store"] > 0, done.stderr


def test_a_full_disk_is_foreseen(verb: Verb, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))
    assert "make room" in ask(verb, root)[1]["needs"][0]
