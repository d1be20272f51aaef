"""Recipes that train in seconds, and the workspace in which they have trained."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.suite.undrawn import leave_out_pictures
from tests.suite.verbs import run_verb

MODEL = "emergency_admission_12m"
EARLIER = "2026-06-01"

QUICK = {
    "bootstrap_rounds = 200": "bootstrap_rounds = 20",
    "rounds = 300": "rounds = 30",
    "train_dates = 5": "train_dates = 2",
    "test_dates = 5": "test_dates = 1",
    "freshness_months = [1, 3, 6, 12, 24]": "freshness_months = []",
    "person_disjoint = true": "person_disjoint = false",
}
"""What makes a recipe train in seconds."""

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
        for before, after in QUICK.items():
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    (workspace / "registry" / "promotion.toml").write_text(NO_GATES, encoding="utf-8")


def copy_workspace(workspace: Path, target: Path) -> Path:
    """Copies a workspace to `target`, its source tables left out; gives `target`."""
    shutil.copytree(workspace, target, ignore=shutil.ignore_patterns("demo"))
    return target


def train_quick_versions(demo: Path, folder: Path) -> None:
    """Copies the demo to `folder`/borough and trains quick versions; what training printed is in train-<version>.json.

    Version 1 is the demo's and champion; 2 the quick recipe's; 3 the same again, with sensitive records both ways; 4 as
    at EARLIER; 5 with deaths counted as outcomes. The recipe is then again as it was for version 2. No pictures
    of those trained here are drawn.
    """
    workspace = copy_workspace(demo, folder / "borough")
    make_recipes_quick(workspace)
    _train(workspace, 2)
    _train(workspace, 3, "--compare-sensitive")
    _train(workspace, 4, "--as-at", EARLIER)
    recipe = workspace / "training" / f"{MODEL}.toml"
    text = recipe.read_text(encoding="utf-8")
    assert 'death = "negative"' in text
    recipe.write_text(text.replace('death = "negative"', 'death = "composite"'), encoding="utf-8")
    _train(workspace, 5)
    recipe.write_text(text, encoding="utf-8")


def _train(workspace: Path, version: int, *options: str) -> None:
    with leave_out_pictures():
        done = run_verb("train", MODEL, "-w", workspace, "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    (workspace.parent / f"train-{version}.json").write_text(done.stdout, encoding="utf-8")
