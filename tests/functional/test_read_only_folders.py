"""A folder that may not be written, or is no folder: one line, exit code 11, nothing changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

STORAGE = 11
MODEL = "emergency_admission_12m"


@pytest.fixture
def read_only(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a verb while a folder is mounted read-only, which binds even the administrator."""

    def run(folder: Path, *given: object) -> subprocess.CompletedProcess[str]:
        mount = f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"
        inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        if shutil.which("unshare") is None or subprocess.run([*inside, mount], check=False).returncode:
            pytest.skip("this system does not let the test mount a folder read-only")
        program = [f'{mount} && exec {sys.executable} -m riskstrat "$@"', "sh", *map(str, given)]
        return subprocess.run([*inside, *program], capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("name", ["weekly", "ingest", "train", "withdraw", "promote"])
def test_a_workspace_that_is_read_only(
    name: str,
    read_only: Callable,
    refused: Callable,
    workspace: Path,
    demo_workspace: Path,
    monday: str,
    tree: Tree,
    quick_recipe: Callable,
) -> None:
    quick_recipe(workspace)
    given: dict[str, tuple[Any, ...]] = {
        "weekly": ("--index-date", "2026-11-09"),
        "ingest": (demo_workspace / "demo" / "borough",),
        "train": (MODEL,),
        "withdraw": (monday, "--reason", "Wrong."),
        "promote": (MODEL, 1),
    }
    before = tree(workspace)
    said = refused(read_only(workspace, name, *given[name], "-w", workspace), STORAGE)
    assert "ead-only" in said or "readonly" in said
    assert tree(workspace) == before


@pytest.mark.parametrize("name", ["score", "list", "models", "features"])
def test_what_only_reads_works_in_a_workspace_that_is_read_only(
    name: str, read_only: Callable, workspace: Path, monday: str, tmp_path: Path
) -> None:
    dated = ("--index-date", monday)
    written = (*dated, "--out", tmp_path / "out.parquet")
    given = {"score": written, "features": written, "list": dated, "models": ()}[name]
    done = read_only(workspace, name, *given, "-w", workspace)
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
