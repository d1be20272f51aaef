"""A full disk, a folder that may not be written, a file that Windows holds: one line, the old intact, nothing left."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from riskstrat.errors import StorageError
from riskstrat.storage import (
    OPEN_FILE,
    append_bytes,
    find_reason,
    move_folder,
    syncing,
    write_atomically,
    write_bytes,
    write_folder_atomically,
    write_json,
    write_text,
)

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def refuse(*_: object, **__: object) -> None:
    raise FULL


def fill_file(target: Path) -> None:
    with write_atomically(target, mode=0o600) as incoming:
        incoming.write_bytes(b"new" * 1000)


def fill_folder(target: Path) -> None:
    with write_folder_atomically(target, replace=True) as incoming:
        (incoming / "file").write_bytes(b"new" * 1000)


def stands_as_file(target: Path) -> None:
    target.write_bytes(b"old")


def stands_as_folder(target: Path) -> None:
    target.mkdir()
    (target / "file").write_bytes(b"old")


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


WRITERS = pytest.mark.parametrize(
    ("stands", "fill"), [(stands_as_file, fill_file), (stands_as_folder, fill_folder)], ids=["file", "folder"]
)


@WRITERS
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_is_full_at_the_end_leaves_the_old_and_nothing_else(
    call: str, stands: Callable, fill: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(tmp_path / "target")
    before = files_of(tmp_path)
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(StorageError) as refused:
        fill(tmp_path / "target")
    assert str(refused.value) == "cannot write target: No space left on device; make room or choose another place"
    assert files_of(tmp_path) == before


@WRITERS
def test_a_disk_that_is_full_while_the_content_is_written(
    stands: Callable, fill: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(tmp_path / "target")
    before = files_of(tmp_path)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageError, match="No space left on device"):
        fill(tmp_path / "target")
    assert files_of(tmp_path) == before


@WRITERS
def test_the_second_of_two_renames_that_is_refused_brings_the_old_back(
    stands: Callable, fill: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(tmp_path / "target")
    before, rename = files_of(tmp_path), os.replace

    def only_incoming_is_refused(source: Path, target: Path) -> None:
        refuse() if "incoming" in source.name else rename(source, target)

    monkeypatch.setattr(os, "replace", only_incoming_is_refused)
    with pytest.raises(StorageError):
        fill(tmp_path / "target")
    assert files_of(tmp_path) == before


@WRITERS
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError])
def test_whatever_ends_the_block_early_leaves_the_old_and_nothing_else(
    interruption: type[BaseException], stands: Callable, fill: Callable, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    stands(target)
    before = files_of(tmp_path)

    def write_half() -> None:
        write = write_atomically(target) if target.is_file() else write_folder_atomically(target, replace=True)
        with write as incoming:
            (incoming / "half" if incoming.is_dir() else incoming).write_bytes(b"half")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert files_of(tmp_path) == before


def test_a_refusal_in_the_callers_own_words(tmp_path: Path) -> None:
    def say(path: Path, reason: str) -> str:
        return f"{path.name} of the {{list}}: {reason}"

    with pytest.raises(StorageError, match=r"^a\.json of the {list}: No such file or directory$"):
        write_json({}, tmp_path / "missing" / "a.json", refusal=say)
    write_text("", tmp_path / "file", refusal=say)
    with pytest.raises(StorageError, match=r"^b of the {list}: Not a directory$"):
        write_bytes(b"", tmp_path / "file" / "b", parents=True, refusal=say)


def test_the_systems_words_are_found_in_what_a_library_says() -> None:
    wrapped = OSError(28, "Error writing bytes to file. Detail: [errno 28] No space left on device")
    assert find_reason(wrapped) == "No space left on device"
    assert find_reason(RuntimeError('Could not write "x.db": No space left on device')) == "No space left on device"
    assert find_reason(RuntimeError("the value 943 476 5919")) == "RuntimeError"
    assert find_reason(OSError("no number")) == "no number"


def test_a_folder_where_a_file_should_be_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with (
        pytest.raises(StorageError, match="cannot write target: Is a directory"),
        write_atomically(tmp_path / "target"),
    ):
        pytest.fail("work was done")


def write_new_folder(target: Path) -> None:
    with write_folder_atomically(target) as incoming:
        (incoming / "new").write_bytes(b"new")


def test_a_new_folder_takes_the_place_of_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    write_new_folder(tmp_path / "target")
    assert files_of(tmp_path) == {"target": b"", "target/new": b"new"}


def test_a_new_folder_takes_the_place_of_no_other(tmp_path: Path) -> None:
    stands_as_folder(tmp_path / "target")
    with pytest.raises(StorageError, match="cannot write target: Directory not empty"):
        write_new_folder(tmp_path / "target")
    assert files_of(tmp_path) == {"target": b"", "target/file": b"old"}


class TestAsOnWindows:
    """An open file may not be renamed over, no folder may be renamed over another, and no folder can be synced."""

    @pytest.fixture
    def pauses(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        taken: list[float] = []
        monkeypatch.setattr(syncing.time, "sleep", taken.append)
        return taken

    @contextmanager
    def refusing_renames(self, monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[None]:
        rename, left = os.replace, [times]

        def held(source: Any, target: Any) -> None:
            if left[0]:
                left[0] -= 1
                raise PermissionError(errno.EACCES, "The process cannot access the file")
            rename(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", held)
            yield

    @WRITERS
    def test_a_file_that_a_scanner_holds_for_a_moment_is_waited_for(
        self, stands: Callable, fill: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        with self.refusing_renames(monkeypatch, 3):
            stands(tmp_path / "target")
            fill(tmp_path / "target")
        assert b"new" * 1000 in files_of(tmp_path).values()
        assert pauses == [0.05, 0.1, 0.2]

    @WRITERS
    def test_a_file_that_stays_open_is_said_in_one_line(
        self, stands: Callable, fill: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        stands(tmp_path / "target")
        before = files_of(tmp_path)
        said = "cannot write target: The process cannot access the file; make room or choose another place"
        with self.refusing_renames(monkeypatch, 1000), pytest.raises(StorageError) as refused:
            fill(tmp_path / "target")
        assert str(refused.value) == said
        assert sum(pauses) < 2
        assert files_of(tmp_path) == before

    def test_no_folder_is_renamed_over_another_and_none_need_be_synced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        rename, open_handle = os.replace, os.open

        def over_no_folder(source: Any, target: Any) -> None:
            if Path(target).is_dir():
                raise PermissionError(errno.EACCES, "Access is denied")
            rename(source, target)

        def open_no_folder(path: Any, flags: int, mode: int = 0o777, **given: Any) -> int:
            if flags == os.O_RDONLY and Path(path).is_dir() and not given:
                raise PermissionError(errno.EACCES, "Access is denied")
            return open_handle(path, flags, mode, **given)

        monkeypatch.setattr(os, "replace", over_no_folder)
        monkeypatch.setattr(os, "open", open_no_folder)
        stands_as_folder(tmp_path / "target")
        fill_folder(tmp_path / "target")
        (tmp_path / "empty").mkdir()
        with write_folder_atomically(tmp_path / "empty") as incoming:
            write_text("new", incoming / "file")
        move_folder(tmp_path / "empty", tmp_path / "withdrawn" / "empty")
        append_bytes(b"line", tmp_path / "log")
        assert files_of(tmp_path) == {
            "target": b"",
            "target/file": b"new" * 1000,
            "withdrawn": b"",
            "withdrawn/empty": b"",
            "withdrawn/empty/file": b"new",
            "log": b"line",
        }


@pytest.mark.skipif(os.name == "nt", reason="permission bits are those of POSIX")
class TestPermissions:
    def test_a_private_file_is_private_from_its_first_moment(self, tmp_path: Path) -> None:
        with write_atomically(tmp_path / "key", mode=0o600) as incoming:
            assert incoming.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600

    def test_a_mode_is_exact_and_without_one_a_file_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            write_bytes(b"", tmp_path / "shared", mode=0o644)
            write_bytes(b"", tmp_path / "plain")
            write_bytes(b"", tmp_path / "about nobody", mode=OPEN_FILE)
            with write_folder_atomically(tmp_path / "private", mode=0o700):
                pass
        finally:
            os.umask(before)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert modes == {"shared": 0o644, "plain": 0o600, "about nobody": 0o640, "private": 0o700}
