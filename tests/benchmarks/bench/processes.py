"""What work takes: seconds of the processor and of the clock, and the most memory that a process held."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Took(NamedTuple):
    """What one whole process took: seconds of processor and clock."""

    processor: float
    clock: float


def time_rounds(work: Callable[[], object], rounds: int) -> list[list[float]]:
    """Seconds of the processor and of the clock, by round."""
    made = []
    for _ in range(rounds):
        clock, used = time.perf_counter(), sum(os.times()[:2])
        work()
        made.append([sum(os.times()[:2]) - used, time.perf_counter() - clock])
    return made


def measure_peak() -> float:
    """The most memory that this process has held, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most * 1024)


def run_whole(command: Sequence[str | Path]) -> Took:
    """What one process took from start to end. Raises CalledProcessError if it fails."""
    begun = time.perf_counter()
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise subprocess.CalledProcessError(started.returncode, [*map(str, command)])
    return Took(used.ru_utime + used.ru_stime, time.perf_counter() - begun)


def read_figures(command: Sequence[str | Path]) -> dict[str, Any]:
    """What a process prints of itself, as JSON. Raises CalledProcessError if it fails."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
