"""A workspace backed up while it is in use, and restored elsewhere: the same lists, models, reviews and log."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.suite.stores import find_version
from tests.suite.verbs import Verb

Tree = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def restored(
    demo_workspace: Path,
    verb: Verb,
    copy: Callable[[Path, Path], Path],
    monday: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path]:
    """A workspace, and what was restored from its backup."""
    folder = tmp_path_factory.mktemp("backup")
    workspace = copy(demo_workspace, folder / "workspace")
    for verb_name, *given in (
        ("reviews import", workspace / "lists" / monday / "pwc" / "pwc.xlsx"),
        ("backup", "--out", folder / "kept.zip"),
    ):
        done = verb(*verb_name.split(), *given, "-w", workspace)
        assert done.returncode == 0, done.stderr
    done = verb("restore", folder / "kept.zip", folder / "restored")
    assert done.returncode == 0, done.stderr
    return workspace, folder / "restored"


def test_lists_data_decisions_and_log_are_the_same_to_the_byte(restored: tuple[Path, Path], tree: Tree) -> None:
    one, other = restored
    for part in ("lists", "audit", "features", "training", "registry/artifacts"):
        kept = {name: digest for name, digest in tree(one / part).items() if not name.endswith((".lock", ".pyc"))}
        assert tree(other / part) == kept, part
    assert tree(find_version(other / "data")) == tree(find_version(one / "data"))


def test_the_restored_workspace_works_and_its_log_is_whole(
    restored: tuple[Path, Path], verb: Verb, monday: str
) -> None:
    one, other = restored
    assert verb("models", "-w", other).stdout == verb("models", "-w", one).stdout
    assert verb("audit", "verify", "-w", other).stdout == verb("audit", "verify", "-w", one).stdout
    again = verb("weekly", "--index-date", monday, "-w", other)
    assert "already published from the same inputs; nothing changed" in again.stdout, again.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_every_file_of_it_is_for_its_owner_alone(restored: tuple[Path, Path]) -> None:
    _, other = restored
    modes = {path.relative_to(other).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in other.rglob("*")}
    assert {name for name, mode in modes.items() if mode & 0o077} == set()


def test_a_backup_stands_outside_what_is_backed_up_and_is_not_written_over(
    restored: tuple[Path, Path], verb: Verb, refused: Callable
) -> None:
    one, _ = restored
    assert "the published lists" in refused(verb("backup", "--out", one / "lists" / "a.zip", "-w", one), 11)
    assert "stands already" in refused(verb("backup", "--out", one.with_name("kept.zip"), "-w", one), 11)
