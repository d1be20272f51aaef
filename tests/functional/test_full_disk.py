"""A full disk: one line, exit code 11, and what stood before stands as it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.suite.forked import allow_no_file_above, run_forked

pytest.importorskip("resource", reason="limits on the size of a file are set with `resource`")

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

MODEL = "emergency_admission_12m"
STORAGE = 11


def run_short_of_disk(size: int, *given: object) -> subprocess.CompletedProcess[str]:
    """Run a verb in a process in which no file may grow beyond `size` bytes."""
    return run_forked(*given, before=partial(allow_no_file_above, size))


@pytest.fixture(scope="module")
def source(demo_workspace: Path) -> Path:
    return demo_workspace / "demo" / "borough"


@pytest.mark.parametrize("size", [4_000, 60_000, 400_000])
def test_ingest_keeps_the_store_that_stood(
    size: int, refused: Callable, workspace: Path, source: Path, tree: Tree
) -> None:
    before = tree(workspace)
    said = refused(run_short_of_disk(size, "ingest", source, "-w", workspace), STORAGE)
    assert "free disk space" in said
    assert "what was there before is unchanged" in said
    assert tree(workspace) == before


@pytest.mark.parametrize("name", ["features.parquet", "features.csv"])
def test_features_leave_no_part_of_a_file(
    name: str, refused: Callable, demo_workspace: Path, monday: str, tmp_path: Path
) -> None:
    given = ("-w", demo_workspace, "--index-date", monday, "--out", tmp_path / name)
    said = refused(run_short_of_disk(20_000, "features", *given), STORAGE)
    assert said.startswith(f"cannot write {name}: ")
    assert said.endswith("make room or choose another place")
    assert list(tmp_path.iterdir()) == []


def test_weekly_publishes_nothing_rather_than_a_part(
    refused: Callable, workspace: Path, monday: str, tree: Tree
) -> None:
    shutil.rmtree(workspace / "lists" / monday)
    before = tree(workspace)
    said = refused(run_short_of_disk(9_000, "weekly", "-w", workspace, "--index-date", monday), STORAGE)
    assert said.startswith("cannot write ")
    assert "free space" in said
    assert tree(workspace) == before


@pytest.mark.exhaustive
def test_train_registers_no_version(verb: Verb, refused: Callable, workspace: Path, quick_recipe: Callable) -> None:
    """The registry's database may have grown; what `models` and `weekly` read in it has not changed."""
    quick_recipe(workspace)
    before = verb("models", "-w", workspace, "--json").stdout
    files = set(workspace.rglob("booster.txt"))
    said = refused(run_short_of_disk(30_000, "train", MODEL, "-w", workspace), STORAGE)
    assert "make room" in said
    assert verb("models", "-w", workspace, "--json").stdout == before
    assert set(workspace.rglob("booster.txt")) == files


def test_init_leaves_no_file_behind(refused: Callable, tmp_path: Path) -> None:
    said = refused(run_short_of_disk(3_000, "init", tmp_path / "new"), STORAGE)
    assert "nothing was kept there" in said
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


class TestARealDiskThatIsFull:
    """A small file system in memory, in a mount namespace of its own that ends with the command."""

    FREE = 60_000

    @pytest.fixture
    def on_a_small_disk(self, tmp_path: Path) -> Callable[..., Any]:
        """Runs a verb on a copy of a workspace on a disk with little room; gives the run and the files after it."""
        if shutil.which("unshare") is None or sys.platform != "linux" or not _may_mount(tmp_path):
            pytest.skip("this system does not let the test mount a small disk")

        def run(workspace: Path, *given: object) -> tuple[subprocess.CompletedProcess[str], set[str]]:
            size = sum(_blocks(path) for path in workspace.rglob("*")) + self.FREE
            disk, after = tmp_path / "disk", tmp_path / "after.txt"
            disk.mkdir()
            script = (
                f"mount -t tmpfs -o size={size} none {disk} && cp -a {workspace}/. {disk} && "
                f'{{ {sys.executable} -m riskstrat "$@" -w {disk}; code=$?; '
                f"cd {disk}; find . -type f -exec sha256sum {{}} + > {after}; exit $code; }}"
            )
            command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *map(str, given)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return done, set(after.read_text().splitlines())

        return run

    def test_ingest_keeps_the_store_that_stood(
        self, on_a_small_disk: Callable, refused: Callable, workspace: Path, source: Path, tree: Tree
    ) -> None:
        done, files = on_a_small_disk(workspace, "ingest", source)
        assert "what was there before is unchanged" in refused(done, STORAGE)
        assert files == _sums(tree(workspace))

    @pytest.mark.exhaustive
    def test_weekly_publishes_nothing_rather_than_a_part(
        self, on_a_small_disk: Callable, refused: Callable, workspace: Path, monday: str, tree: Tree
    ) -> None:
        shutil.rmtree(workspace / "lists" / monday)
        done, files = on_a_small_disk(workspace, "weekly", "--index-date", monday)
        assert "No space left on device" in refused(done, STORAGE)
        assert files == _sums(tree(workspace))


def _blocks(path: Path) -> int:
    return -(-path.stat().st_size // 4096) * 4096 if path.is_file() else 0


def _sums(tree: dict[str, str]) -> set[str]:
    return {f"{digest}  ./{name}" for name, digest in tree.items() if digest}


def _may_mount(folder: Path) -> bool:
    trial = folder / "trial"
    trial.mkdir()
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", str(trial)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
