"""A run that is killed or interrupted: what stood before stands whole, and the next run works and tidies up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

MODEL = "emergency_admission_12m"

KILLS_ITSELF = """
import os, re, signal, sys

moment = re.compile(sys.argv.pop(1))


def watch(event, arguments):
    opened_to_write = event == "open" and set("wax+") & set(str(arguments[1]))
    if opened_to_write or event in ("os.rename", "os.mkdir", "shutil.rmtree"):
        if moment.search(" ".join([event, *map(str, arguments[:2])])):
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(watch)
sys.argv[0] = "riskstrat"
from riskstrat.cli import main

main()
"""
"""Runs the command line, and kills itself just before the first change of a file that a pattern names."""

INGEST = {
    "while the new store is filled": r"os.mkdir \S+/data.incoming-\d+/tables",
    "before its manifest is written": r"open \S+/data.incoming-\d+/manifest.json",
    "before the old store is put aside": r"os.rename \S+/data \S+/data.previous",
    "when the old store is put aside": r"os.rename \S+/data.incoming-\d+ \S+/data$",
    "before the old store is removed": r"shutil.rmtree \S+/data.previous",
}
WEEKLY = {
    "half-way": r"open \S+/pwc.xlsx",
    "before the manifest": r"open \S+/manifest.json",
    "before it is put in place": r"os.rename \S+ \S+/lists/\d{4}-\d\d-\d\d$",
}


@pytest.fixture(scope="module")
def killed() -> Callable[..., None]:
    """Runs a verb that is killed at a moment; fails if that moment never came."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def run(moment: str, *given: object) -> None:
        program = [sys.executable, "-c", KILLS_ITSELF, moment, *map(str, given)]
        done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == -signal.SIGKILL, done.stderr

    return run


@pytest.fixture(scope="module")
def other_source(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other") / "borough"
    assert verb("simulate", "--people", 300, "--seed", 3, "--out", folder).returncode == 0
    return folder


@pytest.mark.parametrize("moment", INGEST.values(), ids=INGEST.keys())
def test_ingest_killed_leaves_a_whole_store_and_the_next_one_tidies_up(
    moment: str, killed: Callable, verb: Verb, workspace: Path, other_source: Path, tree: Tree
) -> None:
    old = tree(workspace / "data")
    killed(moment, "ingest", other_source, "-w", workspace)
    assert verb("features", "--sql", "-w", workspace).returncode == 0
    stands = tree(workspace / "data")
    assert (stands == old) == ("removed" not in moment and "rmtree" not in moment)
    assert verb("ingest", other_source, "-w", workspace).returncode == 0
    assert tree(workspace / "data") != old
    assert [path.name for path in workspace.iterdir() if path.name.startswith("data.")] == []


@pytest.mark.parametrize("moment", WEEKLY.values(), ids=WEEKLY.keys())
def test_weekly_killed_publishes_nothing_and_the_next_one_publishes_the_same(
    moment: str, killed: Callable, verb: Verb, workspace: Path, monday: str, tree: Tree
) -> None:
    whole = tree(workspace / "lists")
    shutil.rmtree(workspace / "lists" / monday)
    killed(moment, "weekly", "-w", workspace, "--index-date", monday)
    assert not (workspace / "lists" / monday).exists()
    assert verb("weekly", "-w", workspace, "--index-date", monday).returncode == 0
    assert tree(workspace / "lists") == whole


def test_train_killed_while_it_registers_leaves_the_versions_there_were(
    killed: Callable, verb: Verb, workspace: Path, quick_recipe: Callable
) -> None:
    quick_recipe(workspace)
    before = verb("models", "-w", workspace, "--json").stdout
    killed(r"open \S+/registry/artifacts/\S+/booster.txt", "train", MODEL, "-w", workspace)
    assert verb("models", "-w", workspace, "--json").stdout == before
    assert "version 2" in verb("train", MODEL, "-w", workspace).stdout


def test_withdraw_killed_leaves_the_list_published_and_can_be_run_again(
    killed: Callable, verb: Verb, workspace: Path, monday: str
) -> None:
    killed(r"os.rename \S+ \S+/withdrawn/", "withdraw", monday, "--reason", "Wrong.", "-w", workspace)
    assert verb("weekly", "-w", workspace, "--index-date", monday).returncode == 0
    assert verb("withdraw", monday, "--reason", "Wrong.", "-w", workspace).returncode == 0
    assert not (workspace / "lists" / monday).exists()


@pytest.mark.parametrize("name", ["weekly", "ingest"])
def test_interrupted_from_the_keyboard_it_says_so_and_leaves_no_trace(
    name: str, refused: Callable, workspace: Path, demo_workspace: Path, monday: str, tree: Tree
) -> None:
    shutil.rmtree(workspace / "lists" / monday)
    before = tree(workspace)
    given = ["--index-date", monday] if name == "weekly" else [str(demo_workspace / "demo" / "borough")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", INTERRUPTS_ITSELF, INTERRUPTED_AT[name], name, *given, "-w", str(workspace)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert refused(done, 130) == "interrupted; what was not finished was not written"
    assert tree(workspace) == before


INTERRUPTED_AT = {"weekly": WEEKLY["half-way"], "ingest": INGEST["before its manifest is written"]}
INTERRUPTS_ITSELF = KILLS_ITSELF.replace("SIGKILL", "SIGINT")
"""The same with the signal that Ctrl-C sends."""
