"""Two at once: writers never mix or lose a whole, and a lock is held by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat.errors import BusyError, StorageError
from riskstrat.storage import append_bytes, lock_exclusively, write_atomically, write_bytes, write_folder_atomically

HOLDS = """
import sys, time
from pathlib import Path
from riskstrat.storage import lock_exclusively
with lock_exclusively(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""
WRITES = """
import sys
from pathlib import Path
from riskstrat.storage import write_bytes
for _ in range(100):
    write_bytes(sys.argv[2].encode() * 20_000, Path(sys.argv[1]))
"""


def test_two_processes_that_write_one_file_leave_it_whole_at_every_moment(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write_bytes(b"a" * 20_000, target)
    runs = [subprocess.Popen([sys.executable, "-c", WRITES, str(target), letter]) for letter in "ab"]
    seen = set()
    while any(run.poll() is None for run in runs):
        seen.add(target.read_bytes())
    assert [run.returncode for run in runs] == [0, 0]
    assert seen <= {b"a" * 20_000, b"b" * 20_000}
    assert os.listdir(tmp_path) == ["target"]


def test_threads_that_write_one_file_do_not_take_each_others_name(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def write(letter: bytes) -> None:
        try:
            for _ in range(50):
                write_bytes(letter * 5_000, tmp_path / "target")
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (tmp_path / "target").read_bytes() in [letter * 5_000 for letter in (b"a", b"b", b"c")]
    assert os.listdir(tmp_path) == ["target"]


def test_the_last_of_two_that_end_stands(tmp_path: Path) -> None:
    target = tmp_path / "target"
    with write_atomically(target) as first:
        with write_atomically(target) as second:
            assert first != second
            second.write_bytes(b"second")
        first.write_bytes(b"first")
    assert target.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["target"]


def test_of_two_that_publish_one_folder_the_second_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "2026-11-16"

    def publish(content: bytes, meanwhile: Callable[[], None] = lambda: None) -> None:
        with write_folder_atomically(target) as incoming:
            write_bytes(content, incoming / "file")
            meanwhile()

    with pytest.raises(StorageError, match="Directory not empty"):
        publish(b"first", meanwhile=lambda: publish(b"second"))
    assert (target / "file").read_bytes() == b"second"
    assert os.listdir(tmp_path) == [target.name]


def test_a_lock_that_another_run_holds_is_said(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    command = [sys.executable, "-c", HOLDS, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        said = f"{tmp_path.name}/a.lock is held by another run; wait until that has ended"
        with pytest.raises(BusyError) as refused, lock_exclusively(lock, wait=0.1):
            pytest.fail("two held it")
        assert str(refused.value) == said
        other.communicate("\n")
    with lock_exclusively(lock, wait=0.1):
        pass


def test_a_lock_is_not_held_twice_in_one_process_either(tmp_path: Path) -> None:
    with (
        lock_exclusively(tmp_path / "a.lock"),
        pytest.raises(BusyError, match="held by another run"),
        lock_exclusively(tmp_path / "a.lock", wait=0.1),
    ):
        pytest.fail("two held it")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_holds_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    command = [sys.executable, "-c", HOLDS, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        os.kill(other.pid, signal.SIGKILL)
    with lock_exclusively(lock, wait=0.1):
        assert lock.stat().st_mode & 0o777 == 0o600


def test_a_lock_is_given_back_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock_exclusively(tmp_path / "a.lock"):
        raise ZeroDivisionError
    with lock_exclusively(tmp_path / "a.lock", wait=0.1):
        pass


def test_a_lock_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"cannot write a\.lock: No such file or directory"),
        lock_exclusively(tmp_path / "lost" / "a.lock", wait=0.1),
    ):
        pytest.fail("a lock without a file")
    assert list(tmp_path.iterdir()) == []


def test_what_is_appended_under_a_lock_is_all_there(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from riskstrat.storage import append_bytes, lock_exclusively\n"
        "for n in range(30):\n"
        "    with lock_exclusively(Path(sys.argv[1]) / 'lock'): append_bytes(b'line\\n', Path(sys.argv[1]) / 'log')"
    )
    runs = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    append_bytes(b"last\n", tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == b"line\n" * 90 + b"last\n"
