"""A workspace backed up while it is in use, and restored elsewhere: the same lists, models, reviews and log."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat.simulation import MARK
from tests.suite.small_site import MONDAY, make_small_site
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


TABLES = {
    "people.csv": "patient_id,date_of_birth,sex\np1,1950-01-01,F\np2,1944-05-06,M\n",
    "admissions.csv": "patient_id,spell_id,admitted_on,method\np1,s1,2026-09-01,21\np2,s2,2026-09-28,21\n",
}
MORE = {"admissions.csv": "patient_id,spell_id,admitted_on,method,discharged_on\np2,s3,2026-09-29,21,2026-09-30\n"}


def write_extract(folder: Path, tables: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in tables.items():
        (folder / name).write_text(text, "utf-8")
    (folder / MARK).write_text("", "utf-8")
    return folder


def back_up_and_restore(verb: Verb, workspace: Path) -> Path:
    kept, other = workspace.with_suffix(".zip"), workspace.with_suffix(".restored")
    for given in (("backup", "--out", kept, "-w", workspace), ("restore", kept, other)):
        done = verb(*given)
        assert done.returncode == 0, done.stderr
    return other


@pytest.mark.parametrize(("kept", "code"), [((), 5), (("--keep",), 0)], ids=["whole", "kept"])
def test_an_extract_is_added_to_a_restored_workspace_as_to_the_one_that_was_backed_up(
    kept: tuple[str, ...], code: int, verb: Verb, tree: Tree, tmp_path: Path
) -> None:
    one = tmp_path / "workspace"
    first, second = write_extract(tmp_path / "first", TABLES), write_extract(tmp_path / "more", MORE)
    for given in (("init", one), ("ingest", first, *kept, "-w", one)):
        done = verb(*given)
        assert done.returncode == 0, done.stderr
    other = back_up_and_restore(verb, one)
    before = find_version(one / "data").name
    done = [verb("ingest", second, "--add", "-w", each) for each in (one, other)]
    assert [each.returncode for each in done] == [code, code], done[0].stderr
    assert done[1].stderr.replace(str(other), str(one)) == done[0].stderr
    assert (find_version(one / "data").name == before) is bool(code)
    stores = [find_version(each / "data") for each in (one, other)]
    assert stores[0].name == stores[1].name
    assert tree(stores[1]) == tree(stores[0])


@pytest.mark.exhaustive
def test_a_list_after_that_is_the_same_to_the_byte(verb: Verb, tree: Tree, tmp_path: Path) -> None:
    one = make_small_site(tmp_path / "site")
    other = back_up_and_restore(verb, one)
    for each in (one, other):
        for given in (
            ("ingest", one.with_name("more"), "--add"),
            ("withdraw", MONDAY, "--reason", "More rows came in since."),
            ("weekly", "--index-date", MONDAY),
        ):
            done = verb(*given, "-w", each)
            assert done.returncode == 0, done.stderr
    assert tree(find_version(other / "data")) == tree(find_version(one / "data"))
    published = [tree(each / "lists") for each in (one, other)]
    assert len(published[0]) > 20
    assert published[1] == published[0]
