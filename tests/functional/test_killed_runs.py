"""A run that is killed or interrupted: what stood before stands whole, and the next run works and tidies up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

KILLED_AT_ITS_STEP = """
import os, signal, sys

step, folder = int(sys.argv.pop(1)), sys.argv.pop(1)
taken = 0


def watch(event, arguments):
    global taken
    changes = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")
    writes = event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1])
    if (changes or writes) and folder in str(arguments[0]):
        taken += 1
        if taken == step:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(watch)
sys.argv[0] = "riskstrat"
from riskstrat.cli import main

main()
"""
"""Kills itself just before it changes a file of the folder for the n-th time."""


@pytest.fixture
def killed(command: Verb) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a verb that is killed before its n-th change of a file below the workspace."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def run(step: int, workspace: Path, *given: object) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-c", KILLED_AT_ITS_STEP, str(step), str(workspace)]
        arguments = [*map(str, given), "-w", str(workspace)]
        return subprocess.run([*program, *arguments], capture_output=True, text=True, check=False, env=environment)

    return run


class TestIngest:
    """Its steps: make a folder, fill it, put the old store aside, put the new one in its place, remove the old one."""

    @pytest.fixture
    def other_source(self, verb: Verb, tmp_path: Path) -> Path:
        assert verb("simulate", "--people", 300, "--seed", 3, "--out", tmp_path / "other").returncode == 0
        return tmp_path / "other"

    def test_killed_at_any_step_a_whole_store_stands(
        self, killed: Callable, verb: Verb, workspace: Path, other_source: Path, tree: Tree
    ) -> None:
        """One run for each step until a run is not killed any more; between runs the store must be old or new."""
        old = tree(workspace / "data")
        assert verb("ingest", other_source, "-w", workspace).returncode == 0
        new = tree(workspace / "data")
        seen = []
        for step in STEPS_OF_INGEST:
            shutil.rmtree(workspace / "data")
            assert verb("ingest", _demo_source(workspace), "-w", workspace).returncode == 0
            done = killed(step, workspace, "ingest", other_source)
            assert done.returncode == -signal.SIGKILL, f"step {step}: {done.stderr}"
            assert verb("features", "--sql", "-w", workspace).returncode == 0
            assert tree(workspace / "data") in (old, new)
            seen.append(tree(workspace / "data") == new)
            assert verb("ingest", other_source, "-w", workspace).returncode == 0
            assert tree(workspace / "data") == new
            assert _beside(workspace, "data.") == []
        assert seen[0] is False
