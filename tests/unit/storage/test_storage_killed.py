"""A process killed between any two steps of a write: a reader sees the old or the new whole, never a half."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskstrat.storage import clear_leftovers, write_bytes, write_folder_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

OLD, NEW = b"old\n" * 5_000, b"new\n" * 6_000

KILLED_BEFORE_EACH_STEP = """
import os, signal, sys
from itertools import count
from pathlib import Path
from riskstrat.storage import write_atomically, write_bytes, write_folder_atomically

root, scenario, stood = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True"
old, new = b"old\\n" * 5_000, b"new\\n" * 6_000
left = -1


def step():
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1


def watch(event, arguments):
    opened_to_write = event == "open" and set("wax+") & set(str(arguments[1]))
    if opened_to_write or event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"):
        step()


def sync(handle, real=os.fsync):
    step()
    real(handle)


def fill(path, content):
    with path.open("wb") as file:
        file.write(content[:10_000])
        file.flush()
        step()
        file.write(content[10_000:])


def write(target, content):
    if scenario == "file":
        with write_atomically(target, mode=0o600) as incoming:
            fill(incoming, content)
    else:
        with write_folder_atomically(target, replace=True) as incoming:
            fill(incoming / "first.bin", content)
            write_bytes(content, incoming / "tables" / ("old.bin" if content == old else "new.bin"), parents=True)


os.fsync = sync
sys.addaudithook(watch)
for number in count():
    target = root / str(number) / "target"
    target.parent.mkdir()
    if stood:
        write(target, old)
    child = os.fork()
    if not child:
        left = number
        write(target, new)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
print(number)
"""
"""Writes the new over the old again and again, each time in a process that kills itself one step later."""


def content(target: Path) -> object:
    """What a reader finds: the bytes of a file, or those of each file of a folder by its name."""
    if target.is_dir():
        return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    return target.read_bytes() if target.exists() else None


def write_whole(scenario: str, content: bytes, target: Path) -> None:
    if scenario == "file":
        write_bytes(content, target)
        return
    with write_folder_atomically(target, replace=True) as incoming:
        write_bytes(content, incoming / "first.bin")
        write_bytes(content, incoming / "tables" / f"{'old' if content == OLD else 'new'}.bin", parents=True)


@pytest.mark.parametrize("stood", [True, False], ids=["over an old one", "where none stood"])
@pytest.mark.parametrize(("scenario", "fewest"), [("file", 8), ("folder", 15)])
def test_killed_before_each_step_the_old_or_the_new_stands_and_the_next_write_tidies_up(
    scenario: str, fewest: int, stood: bool, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED_BEFORE_EACH_STEP, str(tmp_path), scenario, str(stood)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps >= fewest
    if stood:
        write_whole(scenario, OLD, tmp_path / "old")
    write_whole(scenario, NEW, tmp_path / "new")
    old, new = content(tmp_path / "old"), content(tmp_path / "new")
    found = []
    for target in (tmp_path / str(step) / "target" for step in range(steps + 1)):
        if not target.exists():
            # As whoever opens a store does.
            clear_leftovers(target)
        found.append(content(target))
        write_whole(scenario, NEW, target)
        assert content(target) == new
        assert os.listdir(target.parent) == ["target"]
    assert all(each in (old, new) for each in found)
    turned = found.index(new)
    assert 0 < turned < steps
    assert found == [old] * turned + [new] * (steps + 1 - turned)


def test_what_a_killed_run_left_is_no_list_store_or_table_to_anybody_who_looks_by_ending(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from riskstrat.storage import write_atomically\n"
        "with write_atomically(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "people.csv")], capture_output=True, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.glob("*.csv")) == []


def test_what_a_run_that_goes_on_writes_is_left_alone(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from riskstrat.storage import write_atomically\n"
        "with write_atomically(Path(sys.argv[1])) as incoming:\n"
        "    print('writing', flush=True); sys.stdin.readline(); incoming.write_text('theirs')\n"
    )
    target = tmp_path / "target"
    command = [sys.executable, "-c", program, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        write_bytes(b"ours", target)
        other.communicate("\n")
        assert other.returncode == 0
    assert target.read_text(encoding="utf-8") == "theirs"
    assert os.listdir(tmp_path) == ["target"]
