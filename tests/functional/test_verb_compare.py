"""`compare`: two versions on the same test dates and people, figures paired, lists side by side."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.suite.shown_twice import ShownTwice

Verb = Callable[..., subprocess.CompletedProcess[str]]

MODEL = "emergency_admission_12m"


@pytest.fixture(scope="module")
def versions(quick_workspace: Path) -> Path:
    """The demo's version 1, the quick recipe's version 2, the same again as version 3, another label as version 5."""
    return quick_workspace


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file for who enters and leaves."""
    return tmp_path_factory.mktemp("compare") / "scratch" / "moved.csv"


@pytest.fixture(scope="module")
def of_two() -> ShownTwice:
    """Version 1 against version 2."""
    return ShownTwice("riskstrat.verbs.compare.compare")


@pytest.fixture(scope="module")
def said(verb: Verb, versions: Path, moved: Path, of_two: ShownTwice) -> dict[str, Any]:
    with of_two.once():
        done = verb("compare", MODEL, 1, 2, "-w", versions, "--out", moved, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def evidence(workspace: Path, version: int) -> dict[str, Any]:
    paths = sorted(workspace.glob("registry/artifacts/**/evidence.json"), key=lambda path: path.stat().st_mtime_ns)
    found: dict[str, Any] = json.loads(paths[version - 1].read_text("utf-8"))
    return found


def test_both_are_tested_on_the_dates_by_which_each_had_a_model(said: dict[str, Any], versions: Path) -> None:
    one, two = (evidence(versions, number) for number in (1, 2))
    assert len(one["test_dates"]) > len(two["test_dates"]) == 1
    assert said["test_dates"] == two["test_dates"]


def test_each_figure_is_that_of_the_versions_own_test(said: dict[str, Any], versions: Path) -> None:
    """On a date that both were tested on, the AUROC is the one that training found."""
    (date,) = said["test_dates"]
    for number in (1, 2):
        (origin,) = [one for one in evidence(versions, number)["origins"] if one["test_date"] == date]
        (row,) = [
            row
            for row in said["intervals"]
            if (row["metric"], row["model"], row["versus"]) == ("auroc", f"version {number}", None)
        ]
        assert row["estimate"] == pytest.approx(origin["models"]["stack"]["auroc"], abs=1e-9)


def test_who_enters_and_leaves_is_written_and_adds_up_with_the_overlap(said: dict[str, Any], moved: Path) -> None:
    rows = pd.read_csv(moved)
    assert list(rows.columns) == ["index_date", "patient_id", "change", "rank_a", "rank_b"]
    (one,) = said["lists"]
    assert one["k"] - one["both"] == (rows["change"] == "leaves").sum() == (rows["change"] == "enters").sum()
    assert (rows.loc[rows["change"] == "enters", "rank_b"] <= one["k"]).all()
    assert (rows.loc[rows["change"] == "enters", "rank_a"] > one["k"]).all()


def test_for_people_it_begins_with_the_verdict_and_the_difference_is_the_second_less_the_first(
    verb: Verb, said: dict[str, Any], of_two: ShownTwice, versions: Path
) -> None:
    with of_two.once():
        lines = verb("compare", MODEL, 1, 2, "-w", versions).stdout.splitlines()
    assert lines[0] == said["verdict"]
    assert lines[0].startswith("version 2 ")
    cells = next(line.split() for line in lines if line.split()[:1] == ["auroc"])
    assert float(cells[3]) == pytest.approx(float(cells[2]) - float(cells[1]), abs=2e-4)


def test_the_same_recipe_on_the_same_data_gives_the_same_model_figures_and_lists(verb: Verb, versions: Path) -> None:
    found = json.loads(verb("compare", MODEL, 2, 3, "-w", versions, "--json").stdout)
    assert {row["estimate"] for row in found["intervals"] if row["versus"]} == {0.0}
    assert [one["overlap"] for one in found["lists"]] == [1.0]
    # The third was trained to say what sensitive records would bring, too.
    again = evidence(versions, 3)
    assert again.pop("sensitive")["rows"]
    assert evidence(versions, 2) == again


def test_versions_that_predict_different_things_are_refused(verb: Verb, refused: Callable, versions: Path) -> None:
    assert "differ in their label" in refused(verb("compare", MODEL, 1, 5, "-w", versions), 9)


def test_one_version_twice_or_one_that_is_not_there_is_refused(verb: Verb, refused: Callable, versions: Path) -> None:
    assert "version 2 was given twice" in refused(verb("compare", MODEL, 2, 2, "-w", versions), 9)
    said = refused(verb("compare", MODEL, 2, 9, "-w", versions), 9)
    assert said == f"{MODEL} has no version 9; it has: 1, 2, 3, 4, 5"
