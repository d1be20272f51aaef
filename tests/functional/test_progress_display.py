"""Progress is shown on a terminal, and nowhere else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="a pseudo-terminal is needed")

Verb = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def on_a_terminal() -> Callable[..., tuple[int, str, str]]:
    """Runs a verb whose stderr is a terminal; gives the exit code, stdout, and what the terminal was sent."""

    def run(*given: object) -> tuple[int, str, str]:
        ours, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        program = [sys.executable, "-m", "riskstrat", *map(str, given)]
        child = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment)
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        out = child.communicate()[0]
        return child.returncode, out, shown.decode("utf-8", "replace")

    return run


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_long_work_shows_its_stages_and_clears_them_away(
    on_a_terminal: Callable, demo_workspace: Path, tmp_path: Path, monday: str
) -> None:
    given = ("features", "-w", demo_workspace, "--index-date", monday, "--out", tmp_path / "features.csv")
    code, out, shown = on_a_terminal(*given)
    assert code == 0
    assert "\x1b[" in shown
    assert "features" in shown
    assert "\x1b" not in out
    assert "features at" in out


def test_an_error_on_a_terminal_ends_in_the_same_one_line(on_a_terminal: Callable, tmp_path: Path) -> None:
    code, out, shown = on_a_terminal("check", "-w", tmp_path)
    assert (code, out) == (3, "")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert text.strip().splitlines()[-1].strip().startswith("riskstrat: ")


@pytest.mark.exhaustive
def test_without_a_terminal_nothing_is_shown(command: Verb, demo_workspace: Path, tmp_path: Path, monday: str) -> None:
    done = command("features", "-w", demo_workspace, "--index-date", monday, "--out", tmp_path / "features.csv")
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
