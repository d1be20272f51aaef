"""What every test may ask for, and how the suite runs: see tests/suite."""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Callable, Generator
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

# A second thread of a small product of vectors mostly waits, and waits busily. Read once, when NumPy is first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.suite import kept, order, properties, quick, undrawn, verbs
from tests.suite.verbs import Done, Verb

DEMO_PEOPLE = 4000
MUST_RUN_IN_CI = ("browser", "network", "real_data", "server", "spark")

properties.register_profiles()
# Until the last test is collected nothing is thrown away, and looking for it is a quarter of that time.
gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.relative_to(Path(__file__).parent).parts:
            item.add_marker("browser")
    order.put_longest_first(items)


def pytest_collection_finish() -> None:
    """What was made before the first test stands to the last: the garbage collector need not look at it each time."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test fails that would skip for want of a browser, the network or the real records."""
    report = yield
    wanted = [name for name in MUST_RUN_IN_CI if item.get_closest_marker(name)]
    if report.skipped and wanted and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"in CI this must run, for it needs: {', '.join(wanted)}; it skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real records that RISKSTRAT_REAL_DATA names. Without it a test skips, and in CI it fails."""
    named = os.environ.get("RISKSTRAT_REAL_DATA", "")
    if named and Path(named).is_dir():
        return Path(named).resolve()
    message = "RISKSTRAT_REAL_DATA does not name a folder of real records"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session", autouse=True)
def _write_behind() -> Generator[None]:
    """Nothing waits for the disk: no test cuts the power, and tests/unit/storage sees what is synced, and when."""
    with mock.patch("os.fsync", return_value=None):
        yield


# ---- The command line ----


@pytest.fixture(scope="session")
def verb() -> Verb:
    """Runs `riskstrat ...` in this process, and gives what a process of its own would; `cwd=` names a folder."""
    return verbs.run_verb


@pytest.fixture(scope="session")
def command() -> Verb:
    """Runs `riskstrat ...` in a process of its own: for tests of the process itself, since it costs ten seconds."""
    return verbs.run_process


@pytest.fixture(scope="session")
def run_riskstrat() -> Callable[..., str]:
    """A function that runs the command line in a process: `run_riskstrat("check", cwd=workspace)` gives its stdout."""

    def run(*arguments: str, cwd: Path) -> str:
        done = verbs.run_process(*arguments, cwd=cwd, timeout=kept.LONGEST_SECONDS)
        assert done.returncode == 0, f"riskstrat {' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    return run


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


# ---- Workspaces: the demo and the quick versions are made once for a run, and kept for the next ----


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory, run_riskstrat: Callable[..., str]) -> Path:
    """A workspace after `riskstrat init` and `riskstrat demo --weeks 1`; what the demo printed stands beside it.

    One for the whole run, whichever worker comes first: copy it before changing anything in it.
    """

    def make(folder: Path) -> None:
        workspace = folder / "borough"
        run_riskstrat("init", str(workspace), cwd=folder)
        quick.leave_out_pdf(workspace)
        recipe = workspace / "training" / f"{quick.MODEL}.toml"
        shorter = quick.rewrite_recipe(recipe.read_text(encoding="utf-8"), quick.FEWER_MODELS)
        recipe.write_text(shorter, encoding="utf-8")
        given = ("demo", "-w", str(workspace), "--people", str(DEMO_PEOPLE), "--weeks", "1")
        (folder / quick.PRINTED).write_text(run_riskstrat(*given, cwd=folder), encoding="utf-8")

    return kept.make_once(tmp_path_factory, "demo", make) / "borough"


@pytest.fixture(scope="session")
def quick_workspace(tmp_path_factory: pytest.TempPathFactory, demo_workspace: Path) -> Path:
    """A copy of the demo without its source tables, with quick recipes and four quick versions beside the demo's.

    Version 1 is the demo's and champion; 2 the quick recipe's; 3 the same again; 4 as at 1 June; 5 of another label.
    One for the whole run: copy it before changing anything in it.
    """
    made = kept.make_once(tmp_path_factory, "quick", lambda folder: quick.train_quick_versions(demo_workspace, folder))
    return made / "borough"


@pytest.fixture(scope="session")
def quick_training(quick_workspace: Path) -> Callable[[int], dict[str, Any]]:
    """What `train --json` printed when it made a version of `quick_workspace`."""

    def read(version: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((quick_workspace.parent / f"train-{version}.json").read_text("utf-8"))
        return found

    return read


@pytest.fixture(scope="session")
def monday(demo_workspace: Path) -> str:
    """The date of the list that the demo published."""
    (folder,) = (path for path in (demo_workspace / "lists").iterdir() if path.is_dir())
    return date.fromisoformat(folder.name).isoformat()


@pytest.fixture
def workspace(demo_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the demo's workspace for one test to change."""
    return quick.copy_workspace(demo_workspace, tmp_path / "workspace")


@pytest.fixture(scope="session")
def copy() -> Callable[[Path, Path], Path]:
    """Copies a workspace, its source tables left out."""
    return quick.copy_workspace


@pytest.fixture(scope="session")
def quick_recipe() -> Callable[[Path], None]:
    """Makes the recipes of a workspace train in seconds, and opens its gates."""
    return quick.make_recipes_quick


@pytest.fixture(scope="module")
def without_pictures() -> Generator[None]:
    """What a file's tests train has papers without pictures: for files that look at none."""
    with undrawn.leave_out_pictures():
        yield


@pytest.fixture(scope="session")
def state_basis() -> Callable[[Path], None]:
    """Writes a legal basis for every table into a workspace's settings, as a site with real records must."""
    from riskstrat.definitions.schemas import SCHEMAS

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


@pytest.fixture(autouse=True)
def _stay_in_the_folder() -> Generator[None]:
    """A verb must not leave the process in another folder."""
    before = os.getcwd()
    yield
    assert os.getcwd() == before
