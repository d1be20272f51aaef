"""The README's walk through a new feature is run as written, and the demo prints what the README says it prints."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from riskstrat.verbs.report import Report
from tests.suite.quick import PRINTED, leave_out_pdf, make_recipes_quick, take_one_learner
from tests.suite.verbs import Verb

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.slow


def section(title: str) -> str:
    """The text under a heading, up to the next of its kind."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.fixture(
    scope="module", params=["quick", pytest.param("whole", marks=pytest.mark.exhaustive)], ids="{} recipes".format
)
def walked(
    request: pytest.FixtureRequest,
    demo_workspace: Path,
    verb: Verb,
    without_pictures: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, str]]:
    """A demo in which the walk was walked, and what each command printed."""
    workspace = Path(shutil.copytree(demo_workspace, tmp_path_factory.mktemp("walk") / "borough"))
    if request.param == "quick":
        make_recipes_quick(workspace)
        take_one_learner(workspace)
    walk = section("Add a feature")
    blocks = CODE.findall(walk)
    (source,) = [code for language, code in blocks if language == "python"]
    (name,) = re.findall(r"Put this into `(features/\w+\.py)`", walk)
    (workspace / name).write_text(source, encoding="utf-8")
    printed = {}
    for line in "".join(code for language, code in blocks if language == "sh").splitlines():
        program, *arguments = shlex.split(line)
        assert program == "riskstrat"
        printed[line] = run(verb, workspace, *arguments)
    return workspace, printed


def run(verb: Verb, workspace: Path, *arguments: str) -> str:
    """What a verb printed that was run in the workspace; fails if it did not end well."""
    done = verb(*arguments, cwd=workspace)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_walk_checks_the_feature(walked: tuple[Path, dict[str, str]]) -> None:
    assert walked[1]["riskstrat check"].startswith("all well: ")


def test_the_walk_shows_the_feature_with_its_sentence(walked: tuple[Path, dict[str, str]]) -> None:
    described = walked[1]["riskstrat features --describe"]
    assert "days_since_missed_contact" in described
    assert "Last missed appointment {ago}, on {date}" in described


def test_the_walk_writes_values_of_the_feature(walked: tuple[Path, dict[str, str]]) -> None:
    import pandas as pd

    days = pd.read_parquet(walked[0] / "scratch" / "features.parquet")["days_since_missed_contact"]
    assert days.notna().any()
    assert days.isna().any()
    assert days.dropna().between(0, 364).all()


def test_the_walk_ends_with_two_versions_to_compare(walked: tuple[Path, dict[str, str]], verb: Verb) -> None:
    workspace, printed = walked
    assert printed["riskstrat models"].startswith("2 registered versions")
    models = json.loads(run(verb, workspace, "models", "--json"))["models"]
    assert [(row["version"], row["alias"]) for row in models] == [(1, "champion"), (2, "")]
    assert models[0]["definitions"] != models[1]["definitions"]
    (pattern,) = re.findall(r"`(registry/\S+?/evaluation\.csv)`", section("Add a feature"))
    compared = [workspace / pattern.replace("<run_id>", row["run_id"]) for row in models]
    assert all("lightgbm" in path.read_text(encoding="utf-8") for path in compared)


def test_the_champion_still_scores_with_the_feature_beside_it(walked: tuple[Path, dict[str, str]], verb: Verb) -> None:
    said = run(verb, walked[0], "score", "--index-date", "2026-11-16", "--out", "scratch/scores.csv")
    assert "emergency_admission_12m version 1" in said


@pytest.fixture(
    scope="module", params=["kept", pytest.param("whole", marks=pytest.mark.exhaustive)], ids="{} steps".format
)
def two_weeks(
    request: pytest.FixtureRequest,
    verb: Verb,
    copy: Callable[[Path, Path], Path],
    monday: str,
    without_pictures: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """A demo as a newcomer types it, and what it printed.

    Either of few people and with quick recipes, or in a copy of the kept demo, whose steps up to the first list were
    run when it was made.
    """
    workspace = tmp_path_factory.mktemp("newcomer") / "borough"
    given = ("demo", "-w", workspace, "--people", 600)
    if request.param == "whole":
        assert verb("init", workspace).returncode == 0
        make_recipes_quick(workspace)
        leave_out_pdf(workspace)
        done = verb(*given)
    else:
        kept: Path = request.getfixturevalue("demo_workspace")
        copy(kept, workspace)
        (workspace / "demo" / "borough").mkdir(parents=True)
        assert verb("withdraw", monday, "--reason", "To be made once more.", "-w", workspace).returncode == 0
        printed = (kept.parent / PRINTED).read_text(encoding="utf-8")
        with patch.multiple("riskstrat.verbs.demo", **{step: say_again(step, printed) for step in FIRST_STEPS}):
            done = verb(*given)
    assert done.returncode == 0, done.stderr
    return workspace, done.stdout


FIRST_STEPS = ("simulate", "ingest", "train", "promote")


def say_again(step: str, printed: str) -> Callable[..., Report]:
    """A stand-in for a step of the demo that has been run: it gives the line that was printed then."""
    (line,) = re.findall(rf"(?m)^\d of \d  {step}: (.*)$", printed)
    return lambda *given, **named: Report({}, (line,))


def test_the_second_week_of_the_demo_shows_who_was_carried_over_and_what_was_decided(
    two_weeks: tuple[Path, str],
) -> None:
    first, second = sorted(path.parent for path in two_weeks[0].glob("lists/*/manifest.json"))
    teams = json.loads((second / "list.json").read_text(encoding="utf-8"))["list"]["teams"]
    people = [person for team in teams for person in team["people"]]
    assert {team["previous_list"] for team in teams} == {first.name}
    assert {"new", "carried over"} <= {person["arrival"] for person in people}
    assert any(person["last_decision"] for person in people)
    assert any(team["moves"] for team in teams)
    assert len(list((two_weeks[0] / "demo" / "returned" / first.name).glob("*.xlsx"))) == len(teams)


def test_the_demo_prints_the_steps_and_files_of_the_readme(two_weeks: tuple[Path, str]) -> None:
    printed = two_weeks[1]
    (shown,) = re.findall(r"<!-- demo prints -->\n```text\n(.*?)```", README, re.DOTALL)
    assert shape(shown) == shape(printed)


def shape(printed: str) -> list[str]:
    """Each line without what differs from borough to borough: figures, the folder, and how the comparison came out."""
    lines = [re.sub(r"\S+/(demo|data|lists)\b", r"\1", line) for line in printed.strip().splitlines()]
    lines = [re.sub(r"(beats|does not beat|is worse than)", "compares with", line) for line in lines]
    return [line if "lists/" in line else re.sub(r"[-+]?\d[\d,.]*\d|\d", "#", line) for line in lines]
