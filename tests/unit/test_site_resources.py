"""One writer at a time of each part of a workspace; the second is told who it is, or waits."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from riskstrat.errors import BusyError
from riskstrat.site.resources import WRITTEN_BY, write_alone

WRITES = """
import sys
from pathlib import Path
from riskstrat.site.resources import write_alone
with write_alone(Path(sys.argv[1]), sys.argv[2], wait=len(sys.argv) > 3):
    print("writing", flush=True)
    sys.stdin.readline()
"""


def start(folder: Path, verb: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITES, str(folder), verb, *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_the_second_is_told_who_writes_since_when(tmp_path: Path) -> None:
    with start(tmp_path, "weekly") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "writing\n"
        with pytest.raises(BusyError) as told, write_alone(tmp_path, "withdraw", wait=False):
            pytest.fail("two wrote")
        first.communicate("\n")
    assert str(told.value).startswith(f'"riskstrat weekly" (process {first.pid}, since 20')
    assert str(told.value).endswith(" writes the published lists; try again when that has ended, or add --wait")
    assert told.value.exit_code == 15


def test_whoever_waits_writes_when_the_other_has_ended(tmp_path: Path) -> None:
    with start(tmp_path, "ingest") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "writing\n"
        with start(tmp_path, "ingest", "--wait") as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(3)
            first.communicate("\n")
            assert second.communicate("\n")[0] == "writing\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_keeps_nobody_out_and_is_not_named_later(tmp_path: Path) -> None:
    with start(tmp_path, "train") as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()
    with (
        write_alone(tmp_path, "promote", wait=False),
        pytest.raises(BusyError, match=f'"riskstrat promote" \\(process {os.getpid()}'),
        write_alone(tmp_path, "train", wait=False),
    ):
        pytest.fail("two wrote")


@pytest.mark.parametrize(("one", "other"), list(combinations(WRITTEN_BY, 2)))
def test_two_verbs_run_at_once_exactly_where_they_write_nothing_in_common(one: str, other: str, tmp_path: Path) -> None:
    both = set(WRITTEN_BY[one]) & set(WRITTEN_BY[other])
    with write_alone(tmp_path, one, wait=False):
        try:
            with write_alone(tmp_path, other, wait=False):
                assert not both
        except BusyError:
            assert both


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_a_run_that_has_ended_leaves_nothing(tmp_path: Path) -> None:
    for verb in WRITTEN_BY:
        with write_alone(tmp_path, verb, wait=False):
            assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
