"""The command line as the tests of verbs use it: in a process of its own, or in this one, where it is quicker."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import riskstrat
from riskstrat.cli import main
from riskstrat.definitions.schemas import SCHEMAS

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]

QUICK = {
    "rounds = 300": "rounds = 30",
    "train_dates = 5": "train_dates = 2",
    "test_dates = 5": "test_dates = 1",
    "freshness_months = [1, 3, 6, 12, 24]": "freshness_months = []",
    "person_disjoint = true": "person_disjoint = false",
}
"""What makes a recipe train in seconds."""

NO_GATES = """\
evidence = { least_test_dates = 1, least_events = 1 }
discrimination = { least_auroc = 0.5, not_worse_than = [], least_lift = 0 }
calibration = { slope_within = [0.01, 100], largest_ici = 0.9, largest_ici_of_top_5_percent = 0.9 }
subgroups = { mean_risk_over_observed_within = [0.01, 100] }
leakage = { single_feature_auroc = 1, single_feature_ppv = 1, early_over_late = 0.5, above_logistic_regression = 0.5 }
"""


@pytest.fixture(scope="session")
def command() -> Verb:
    """Runs `riskstrat ...` in a process of its own; stdout and stderr are kept apart."""

    path = os.pathsep.join([str(Path(riskstrat.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(*given: object, **options: object) -> Done:
        arguments = [sys.executable, "-m", "riskstrat", *map(str, given)]
        options["env"] = os.environ | {"PYTHONPATH": path} | options.get("env", {})  # type: ignore[operator]
        return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]

    return run


@pytest.fixture(scope="session")
def verb() -> Verb:
    """Runs `riskstrat ...` in this process, and gives what a process of its own would."""

    def run(*given: object) -> Done:
        arguments = ["riskstrat", *map(str, given)]
        out, err, before = io.StringIO(), io.StringIO(), sys.argv
        code = 0
        sys.argv = arguments
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            sys.argv = before
        return Done(arguments, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def monday(demo_workspace: Path) -> str:
    """The date of the list that the demo published."""
    (folder,) = (path for path in (demo_workspace / "lists").iterdir() if path.is_dir())
    return date.fromisoformat(folder.name).isoformat()


@pytest.fixture
def workspace(demo_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the demo's workspace for one test to change."""
    return copy_of(demo_workspace, tmp_path / "workspace")


@pytest.fixture(scope="session")
def copy() -> Callable[[Path, Path], Path]:
    """Copies a workspace, its source tables left out."""
    return copy_of


def copy_of(workspace: Path, target: Path) -> Path:
    shutil.copytree(workspace, target, ignore=shutil.ignore_patterns("demo"))
    return target


@pytest.fixture(scope="session")
def quick_recipe() -> Callable[[Path], None]:
    """Makes the recipes of a workspace train in seconds, with fewer rounds and dates, and opens its gates."""

    def change(workspace: Path) -> None:
        for path in (workspace / "training").glob("*.toml"):
            text = path.read_text(encoding="utf-8").replace("bootstrap_rounds = 200", "bootstrap_rounds = 20")
            for before, after in QUICK.items():
                text = text.replace(before, after)
            path.write_text(text, encoding="utf-8")
        (workspace / "registry" / "promotion.toml").write_text(NO_GATES, encoding="utf-8")

    return change


@pytest.fixture(scope="session")
def state_basis() -> Callable[[Path], None]:
    """Writes a legal basis for every table into a workspace's settings, as a site with real records must."""

    def state(workspace: Path) -> None:
        settings = workspace / "riskstrat.toml"
        lines = [f'{table} = "for this test"' for table in SCHEMAS]
        stated = "\n".join(["", "[data.legal_basis]", *lines, ""])
        settings.write_text(settings.read_text(encoding="utf-8") + stated, encoding="utf-8")

    return state


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, str]]:
    """Every file and folder below a folder, by its relative path: the sha256 of a file, "" for a folder."""

    def of(folder: Path) -> dict[str, str]:
        paths = sorted(folder.rglob("*"))
        return {path.relative_to(folder).as_posix(): _digest(path) for path in paths}

    return of


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@pytest.fixture(scope="session")
def refused() -> Callable[[Done, int], str]:
    """Asserts that a run ended with one line on stderr and that exit code; gives the line without its beginning."""

    def check(done: Done, code: int) -> str:
        lines = done.stderr.splitlines()
        assert done.returncode == code, done.stderr
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("riskstrat: ")
        assert done.stdout == ""
        return lines[0].removeprefix("riskstrat: ")

    return check


@pytest.fixture(autouse=True)
def _stay_in_the_folder() -> object:
    """A verb must not leave the process in another folder."""
    before = os.getcwd()
    yield
    assert os.getcwd() == before
