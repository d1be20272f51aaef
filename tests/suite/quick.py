"""Recipes that train in seconds, and the workspace in which they have trained."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.suite.undrawn import leave_out_pictures
from tests.suite.verbs import run_verb

MODEL = "emergency_admission_12m"
EARLIER = "2026-06-01"
PRINTED = "printed.txt"
"""The file beside the demo's workspace with what the demo printed."""

QUICK = {
    r"(?m)^bootstrap_rounds = \d+": "bootstrap_rounds = 20",
    r"(?m)^rounds = \d+": "rounds = 30",
    r"(?m)^train_dates = \d+": "train_dates = 2",
    r"(?m)^test_dates = \d+": "test_dates = 1",
    r"(?m)^freshness_months = \[.*\]": "freshness_months = []",
    r"(?m)^person_disjoint = true": "person_disjoint = false",
}
"""What makes a recipe train in seconds."""

ONE_LEARNER = {
    r'(?m)^kind = "stack"': 'kind = "lightgbm"',
    r"(?m)^larger = .*\n": "",
    r'(?m)^method = "best"': 'method = "platt"',
}
"""What makes a quick recipe train in half the time: it learns trees alone, and tries no second calibration."""

FEWER_MODELS = {
    r"(?m)^test_dates = \d+": "test_dates = 3",
    r"(?m)^freshness_months = \[.*\]": "freshness_months = [12]",
}
"""What makes the evidence of a recipe rest on half as many models; the model that is registered stays as it is."""

NO_GATES = """\
evidence = { least_test_dates = 1, least_events = 1, least_people_with_outcome = 1 }
discrimination = { least_auroc = 0.5, not_worse_than = [], least_lift = 0 }
calibration = { slope_within = [0.01, 100], largest_ici = 0.9, largest_ici_of_top_5_percent = 0.9 }
subgroups = { mean_risk_over_observed_within = [0.01, 100] }
equity = { recall_not_below = [] }
leakage = { single_feature_auroc = 1, single_feature_ppv = 1, early_over_late = 0.5, above_logistic_regression = 0.5 }
"""


def make_recipes_quick(workspace: Path) -> None:
    """Makes the recipes of a workspace train in seconds, with fewer rounds and dates, and opens its gates."""
    for path in (workspace / "training").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if "[learner]" in text:
            path.write_text(rewrite_recipe(text, QUICK), encoding="utf-8")
    (workspace / "registry" / "promotion.toml").write_text(NO_GATES, encoding="utf-8")


def take_one_learner(workspace: Path) -> None:
    """Makes the main recipe of a workspace learn trees alone, for tests of something else than what is learned."""
    path = workspace / "training" / f"{MODEL}.toml"
    path.write_text(rewrite_recipe(path.read_text(encoding="utf-8"), ONE_LEARNER), encoding="utf-8")


def rewrite_recipe(text: str, changes: dict[str, str]) -> str:
    """The text of a recipe with each pattern's lines replaced; fails for one that stands nowhere in it."""
    for pattern, line in changes.items():
        text, times = re.subn(pattern, line, text)
        assert times == 1, pattern
    return text


def leave_out_pdf(workspace: Path) -> None:
    """Publishes no PDF from a workspace: a browser's start for every page is most of the time of a small list."""
    settings = workspace / "riskstrat.toml"
    settings.write_text(_replace_once(settings.read_text(encoding="utf-8"), 'pdf = "auto"', 'pdf = "off"'), "utf-8")


def _replace_once(text: str, before: str, after: str) -> str:
    assert text.count(before) == 1, before
    return text.replace(before, after)


def copy_workspace(workspace: Path, target: Path) -> Path:
    """Copies a workspace to `target`, its source tables left out; gives `target`."""
    shutil.copytree(workspace, target, ignore=shutil.ignore_patterns("demo"))
    return target


def train_quick_versions(demo: Path, folder: Path) -> None:
    """Copies the demo to `folder`/borough and trains quick versions; what training printed is in train-<version>.json.

    Version 1 is the demo's and champion; 2 the quick recipe's; 3 the same again, with sensitive records both ways; 4 as
    at EARLIER; 5 of trees alone, with deaths counted as outcomes. The recipe is then again as it was for version 2. No
    pictures of those trained here are drawn.
    """
    workspace = copy_workspace(demo, folder / "borough")
    make_recipes_quick(workspace)
    _train(workspace, 2)
    _train(workspace, 3, "--compare-sensitive")
    _train(workspace, 4, "--as-at", EARLIER)
    recipe = workspace / "training" / f"{MODEL}.toml"
    text = recipe.read_text(encoding="utf-8")
    composite = rewrite_recipe(text, {'(?m)^death = "negative"': 'death = "composite"'} | ONE_LEARNER)
    recipe.write_text(composite, encoding="utf-8")
    _train(workspace, 5)
    recipe.write_text(text, encoding="utf-8")


def _train(workspace: Path, version: int, *options: str) -> None:
    with leave_out_pictures():
        done = run_verb("train", MODEL, "-w", workspace, "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    (workspace.parent / f"train-{version}.json").write_text(done.stdout, encoding="utf-8")
