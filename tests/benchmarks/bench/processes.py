"""What work takes: seconds of the processor and of the clock, and the most memory that a process held."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

LAUNCH = Path(__file__).with_name("launch.py")


class Took(NamedTuple):
    """What one whole process took: seconds of processor and clock, and the bytes that it held at most."""

    processor: float
    clock: float
    peak: float


def time_rounds(work: Callable[[], object], rounds: int) -> list[list[float]]:
    """Seconds of the processor, also of processes that ended meanwhile, and of the clock, by round."""
    made = []
    for _ in range(rounds):
        clock, used = time.perf_counter(), _read_used()
        work()
        made.append([_read_used() - used, time.perf_counter() - clock])
    return made


def _read_used() -> float:
    """Seconds of the processor that this process and those of its that have ended used; finer than os.times has it."""
    told = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in told)


def measure_peak() -> float:
    """The most memory that this process has held, in bytes."""
    told = Path("/proc/self/status")
    if told.exists():
        return 1024.0 * next(int(line.split()[1]) for line in told.read_text().splitlines() if line.startswith("VmHWM"))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most * 1024)


def run_whole(command: Sequence[str | Path], rounds: int = 1) -> Took:
    """What one process took from start to end, the median of some rounds. Raises CalledProcessError if it fails."""
    given = [*map(str, command)]
    made = []
    for _ in range(rounds):
        told = read_figures([sys.executable, "-I", "-S", LAUNCH, *given])
        if told["code"]:
            raise subprocess.CalledProcessError(told["code"], given)
        made.append(told["took"])
    return Took(*map(median, zip(*made, strict=True)))


def read_figures(command: Sequence[str | Path]) -> dict[str, Any]:
    """What a process prints of itself, as JSON. Raises CalledProcessError if it fails."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
