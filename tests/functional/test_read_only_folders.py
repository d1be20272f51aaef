"""A folder that may not be written, or is no folder: one line, exit code 11, nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.suite.kept import hash_of_folder
from tests.suite.verbs import Done, Verb

Tree = Callable[[Path], dict[str, str]]

STORAGE = 11
MODEL = "emergency_admission_12m"


IN_ONE_PROCESS = """
import json, sys
from pathlib import Path
from tests.suite.kept import hash_of_folder
from tests.suite.verbs import run_verb

workspace, told = Path(sys.argv[1]), {}
for name, given in json.loads(sys.argv[2]).items():
    done = run_verb(name, *given, "-w", workspace)
    told[name] = [done.returncode, done.stdout, done.stderr, hash_of_folder(workspace)]
print(json.dumps(told))
"""
"""Runs several verbs, one after the other; gives of each how it ended, what it said, and the hash of all files then."""


class ReadOnly(NamedTuple):
    """How each verb ended while the workspace was mounted read-only, and the hash of its files before and after."""

    before: str
    done: dict[str, Done]
    after: dict[str, str]


@pytest.fixture(scope="module")
def read_only(
    demo_workspace: Path,
    monday: str,
    copy: Callable,
    quick_recipe: Callable,
    tmp_path_factory: pytest.TempPathFactory,
) -> ReadOnly:
    """Verbs in a workspace that is mounted read-only, which binds even the administrator."""
    folder = tmp_path_factory.mktemp("read-only")
    workspace: Path = copy(demo_workspace, folder / "workspace")
    quick_recipe(workspace)
    dated = ("--index-date", monday)
    given: dict[str, tuple[Any, ...]] = {
        "weekly": ("--index-date", "2026-11-09"),
        "ingest": (demo_workspace / "demo" / "borough",),
        "train": (MODEL,),
        "withdraw": (monday, "--reason", "Wrong week published."),
        "promote": (MODEL, 1),
        "why": ("NOBODY", *dated),
        "score": (*dated, "--out", folder / "score.parquet"),
        "features": (*dated, "--out", folder / "features.parquet"),
        "list": dated,
        "models": (),
    }
    before = hash_of_folder(workspace)
    told = json.loads(run_mounted(workspace, IN_ONE_PROCESS, json.dumps(given, default=str)))
    done = {name: Done([name], code, out, err) for name, (code, out, err, _) in told.items()}
    return ReadOnly(before, done, {name: files for name, (*_, files) in told.items()})


def run_mounted(folder: Path, program: str, *given: str) -> str:
    """What a Python program printed that ran while `folder`, its first argument, was mounted read-only."""
    mount = f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*inside, mount], check=False).returncode:
        pytest.skip("this system does not let the test mount a folder read-only")
    command = [*inside, f'{mount} && exec {sys.executable} -c "$@"', "sh", program, str(folder), *given]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout


@pytest.mark.parametrize("name", ["weekly", "ingest", "train", "withdraw", "promote", "why"])
def test_what_writes_is_refused_in_a_workspace_that_is_read_only_and_changes_nothing(
    name: str, read_only: ReadOnly, refused: Callable
) -> None:
    said = refused(read_only.done[name], STORAGE)
    assert "ead-only" in said or "readonly" in said
    assert read_only.after[name] == read_only.before


@pytest.mark.parametrize("name", ["score", "list", "models", "features"])
def test_what_only_reads_works_in_a_workspace_that_is_read_only(name: str, read_only: ReadOnly) -> None:
    done = read_only.done[name]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("verb_name", ["score", "features"])
def test_a_place_that_is_no_folder(
    verb_name: str, verb: Verb, refused: Callable, demo_workspace: Path, monday: str, tmp_path: Path, tree: Tree
) -> None:
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "folder.csv").mkdir()
    before = tree(tmp_path)
    for out in (tmp_path / "file.txt" / "out.csv", tmp_path / "folder.csv"):
        done = verb(verb_name, "-w", demo_workspace, "--index-date", monday, "--out", out)
        assert refused(done, STORAGE).startswith(f"cannot write {out.name}: ")
    assert tree(tmp_path) == before


def test_init_into_a_file(verb: Verb, refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    refused(verb("init", tmp_path / "file.txt" / "workspace"), STORAGE)
    refused(verb("init", tmp_path / "file.txt"), 3)
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "mine"


def test_simulating_into_a_file(verb: Verb, refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    done = verb("simulate", "--people", 100, "--seed", 1, "--out", tmp_path / "file.txt")
    refused(done, 5)
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "mine"
