"""Help comes at once, and asking for it imports nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import riskstrat

Verb = Callable[..., subprocess.CompletedProcess[str]]

VERBS = (
    "init",
    "demo",
    "simulate",
    "check",
    "ingest",
    "table",
    "features",
    "train",
    "promote",
    "compare",
    "score",
    "explain",
    "why",
    "list",
    "weekly",
    "withdraw",
    "replay",
)
GROUPS = {
    "models": ("export",),
    "reviews": ("import",),
    "audit": ("verify",),
    "identity": ("init", "pseudonymise", "crosswalk", "translate", "name", "page"),
}
HEAVY = ("pandas", "numpy", "ibis", "duckdb", "lightgbm", "sklearn", "scipy", "shap", "mlflow", "pyarrow", "rich")
AT_MOST_SECONDS = 0.5


def test_the_help_names_every_verb_in_the_order_of_the_data(verb: Verb) -> None:
    done = verb("--help")
    listed = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert done.returncode == 0
    assert tuple(name for name in listed if name in (*VERBS, *GROUPS)) == (*VERBS, *GROUPS)


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_says_what_it_does_and_takes_json(name: str, verb: Verb) -> None:
    done = verb(name, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert ("--workspace" in done.stdout) == (name != "init")


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, names in GROUPS.items() for name in names])
def test_each_verb_of_a_group_says_what_it_does_and_takes_json(group: str, name: str, verb: Verb) -> None:
    done = verb(group, name, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def test_help_and_version_come_in_half_a_second(command: Verb) -> None:
    """The least processor time of three runs, as a busy machine adds to some. `pytest -rP` shows the figures."""
    for given in (("--help",), ("weekly", "--help"), ("train", "--help"), ("--version",)):
        took = []
        for _ in range(3):
            before = _processor_seconds()
            assert command(*given).returncode == 0
            took.append(_processor_seconds() - before)
        print(f"riskstrat {' '.join(given)}: {min(took):.2f} s")
        assert min(took) < AT_MOST_SECONDS


def _processor_seconds() -> float:
    """What finished child processes have used so far."""
    so_far = os.times()
    return so_far.children_user + so_far.children_system


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    program = f"import sys, riskstrat.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_a_verb_the_help_is_shown(command: Verb) -> None:
    done = command()
    assert "Usage" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


NOT_FOR_LISTS = (
    "ibis.backends.duckdb",
    "mlflow",
    "sqlalchemy",
    "shap",
    "optuna",
    "fairlearn",
    "matplotlib",
    "riskstrat.training",
    "sklearn.base",
)
"""LightGBM only looks where scikit-learn lies, for the runtime that it brings: `sklearn.base` would be loading it."""

NOT_FOR_ANSWERS = (*NOT_FOR_LISTS, "lightgbm", "sklearn", "numba", "riskstrat.people")
NOT_FOR_CHECKS = (
    *(*NOT_FOR_ANSWERS, "pandas", "scipy", "duckdb", "pyarrow"),
    *("riskstrat.features", "riskstrat.documents"),
)
NOT_FOR_MODELS = (*NOT_FOR_CHECKS, "ibis", "sqlglot", "riskstrat.workspace.loading")
LOADS_NOTHING_OF = """
import json, sys

refused = set()

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in refused:
            raise AssertionError(f"{name} is loaded")

sys.meta_path.insert(0, Refuse())
from riskstrat.cli import main
for names, given in json.load(sys.stdin):
    refused = set(names)
    assert not refused & set(sys.modules), (given, refused & set(sys.modules))
    sys.argv = ["riskstrat", *given]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, (given, ended.code)
"""
EARLIER = "2026-11-09"
"""A Monday of which the demo has published no list."""

STRICTEST_FIRST = {
    ("models",): NOT_FOR_MODELS,
    ("check",): NOT_FOR_CHECKS,
    ("why",): NOT_FOR_ANSWERS,
    ("score", "explain", "list", "weekly"): NOT_FOR_LISTS,
}
"""What each verb may not load. In one process what was loaded for one verb is there for the next."""


def test_each_group_of_verbs_may_load_what_the_one_before_may_and_more() -> None:
    """Else what a verb loads itself could have been loaded for the verb before, and would not be seen."""
    groups = [set(names) for names in STRICTEST_FIRST.values()]
    assert all(stricter > less for stricter, less in pairwise(groups))


@pytest.mark.parametrize(
    "left_out",
    [
        # What `weekly` loads besides is what writes documents, and `why` has told the person's reasons.
        pytest.param(("explain", "weekly"), id="but explain and weekly"),
        pytest.param((), id="all", marks=pytest.mark.exhaustive),
    ],
)
def test_scoring_listing_and_explaining_load_nothing_that_only_training_needs(
    workspace: Path, monday: str, verb: Verb, left_out: tuple[str, ...]
) -> None:
    """The verbs run one after another in one process, those that may load least first.

    `workspace` is a copy, so that what `weekly` publishes is its own. `models` asks MLflow only where its database has
    changed since it last did.
    """
    assert verb("models", "-w", workspace).returncode == 0
    published = pd.read_parquet(workspace / "lists" / monday / "internal" / "everyone.parquet")
    patient = published.loc[published["place"] == "listed", "patient_id"].iloc[0]
    own = {"score": ("--out", "scores.csv"), "explain": (patient,), "why": (patient,)}
    dated: dict[str, tuple[str, ...]] = {"check": (), "models": (), "weekly": ("--index-date", EARLIER)}
    lines = [
        (refused, [name, *own.get(name, ()), *dated.get(name, ("--index-date", monday)), "-w", str(workspace)])
        for verbs, refused in STRICTEST_FIRST.items()
        for name in verbs
        if name not in left_out
    ]
    path = os.pathsep.join([str(Path(riskstrat.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", LOADS_NOTHING_OF],
        input=json.dumps(lines),
        cwd=workspace,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (workspace / "lists" / EARLIER).is_dir() is ("weekly" not in left_out)
