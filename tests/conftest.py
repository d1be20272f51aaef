"""What every test may ask for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DEMO_PEOPLE = 4000
LONGEST_DEMO_SECONDS = 1200
PRINTS = 'pdf = "auto"'


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


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after `riskstrat init` and `riskstrat demo`; what demo printed stands beside it in demo.txt.

    One for the whole run, whichever worker comes first: copy it before changing anything in it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo"
    try:
        shared.mkdir()
    except FileExistsError:
        _wait_for(shared / "done")
    else:
        try:
            _make_demo(shared)
        finally:
            (shared / "done").touch()
    assert (shared / "demo.txt").exists(), "the demo failed in another worker; its error stands there"
    return shared / "borough"


@pytest.fixture(scope="session")
def run_riskstrat() -> Callable[..., str]:
    """A function that runs the command line: `run_riskstrat("check", cwd=workspace)` gives what it printed."""
    return riskstrat


def _make_demo(folder: Path) -> None:
    workspace = folder / "borough"
    riskstrat("init", str(workspace), cwd=folder)
    settings = workspace / "riskstrat.toml"
    text = settings.read_text(encoding="utf-8")
    assert PRINTS in text
    # A browser's start for every page would be most of the time of every test that publishes.
    settings.write_text(text.replace(PRINTS, 'pdf = "off"'), encoding="utf-8")
    printed = riskstrat("demo", "-w", str(workspace), "--people", str(DEMO_PEOPLE), cwd=folder)
    (folder / "demo.txt").write_text(printed, encoding="utf-8")


def _wait_for(file: Path) -> None:
    until = time.monotonic() + LONGEST_DEMO_SECONDS
    while not file.exists():
        assert time.monotonic() < until, "another worker never finished the demo"
        time.sleep(0.5)


def riskstrat(*arguments: str, cwd: Path) -> str:
    """What the command printed on stdout; fails with what it said if it did not end well."""
    command = [sys.executable, "-m", "riskstrat", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", timeout=LONGEST_DEMO_SECONDS)
    assert done.returncode == 0, f"riskstrat {' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
    return done.stdout
