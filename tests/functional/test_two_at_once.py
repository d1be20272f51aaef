"""Verbs at once: of two that write the same the second is told who it is; whoever reads is kept waiting by nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from riskstrat.site.resources import WRITTEN_BY, write_alone
from tests.suite.verbs import Verb

MODEL = "emergency_admission_12m"
WRITES = """
import sys
from pathlib import Path
from riskstrat.site.resources import write_alone
with write_alone(Path(sys.argv[1]), "withdraw", wait=False):
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def bench(demo_workspace: Path, copy: Callable[[Path, Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(demo_workspace, tmp_path_factory.mktemp("at-once") / "workspace")


@pytest.fixture
def all_written(bench: Path) -> Iterator[None]:
    """While every part of the workspace is being written by some other run."""
    with ExitStack() as held:
        for verb in ("ingest", "weekly", "reviews import", "train", "refresh"):
            held.enter_context(write_alone(bench, verb, wait=False))
        yield


@pytest.mark.usefixtures("all_written")
def test_each_verb_that_writes_is_refused_with_a_code_of_its_own_and_says_who_writes(
    bench: Path, refused: Callable, verb: Verb, demo_workspace: Path, monday: str
) -> None:
    (workbook,) = (bench / "lists" / monday).glob("pwc/pwc.xlsx")
    given: dict[str, tuple[Any, ...]] = {
        "ingest": (demo_workspace / "demo" / "borough",),
        "weekly": ("--index-date", monday),
        "withdraw": (monday, "--reason", "The wrong week."),
        "promote": (MODEL, 1),
        "train": (MODEL,),
        "reviews import": (workbook,),
        "backup": ("--out", bench.with_name("backup.zip")),
        "refresh": (demo_workspace / "demo" / "borough",),
        "retention": ("--delete",),
        "trial start": ("--public-key", "key.pem"),
        "trial close": ("--key", "key.pem"),
        "trial unseal": ("--key", "key.pem", "--reason", "A person may be at risk.", "--out", bench.with_name("out")),
    }
    # `models` does without, and `replay` and `monitor` wait with the page that they have made.
    assert given.keys() == WRITTEN_BY.keys() - {"models", "replay", "monitor"}
    for name, arguments in given.items():
        said = refused(verb(*name.split(), *arguments, "-w", bench), 15)
        assert said.startswith('"riskstrat '), name
        assert " writes the " in said, name


@pytest.mark.usefixtures("all_written")
def test_what_only_reads_does_not_wait(bench: Path, verb: Verb, monday: str, tmp_path: Path) -> None:
    dated = ("--index-date", monday)
    given: dict[str, tuple[Any, ...]] = {
        "score": (*dated, "--out", tmp_path / "score.parquet"),
        "list": dated,
        "why": ("NOBODY", *dated),
        "models": (),
        "check": (),
        "audit": ("verify",),
    }
    for name, arguments in given.items():
        done = verb(name, *arguments, "-w", bench)
        assert done.returncode == 0, done.stderr
    assert 'not held against its records: "riskstrat train" (process ' in verb("models", "-w", bench).stdout


def test_whoever_waits_does_its_work_when_the_other_has_ended(
    demo_workspace: Path, copy: Callable[[Path, Path], Path], verb: Verb, monday: str, tmp_path: Path
) -> None:
    workspace = copy(demo_workspace, tmp_path / "workspace")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WRITES, str(workspace)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == "writing\n"
        end = threading.Timer(1.0, other.stdin.close)
        end.start()
        done = verb("withdraw", monday, "--reason", "The wrong week.", "--wait", "-w", workspace)
        assert not end.is_alive()
    assert done.returncode == 0, done.stderr
    assert not (workspace / "lists" / monday).exists()
