"""What a server's processes have used of the processor, as Linux tells it in /proc."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path

PROCESSES = Path("/proc")


def read_used(server: int) -> float:
    """The processor's seconds so far, of this process and of a server: its first process and all that it started."""
    return time.process_time() + read_tree(server)


def read_tree(first: int) -> float:
    """Seconds that a process, those that it started and those that these have waited for have used."""
    told = {int(place.name): one for place in PROCESSES.glob("[0-9]*") if (one := _read_process(place))}
    started = defaultdict(list)
    for number, (parent, _) in told.items():
        started[parent].append(number)
    used, waiting = 0.0, [first]
    while waiting:
        number = waiting.pop()
        used += told[number][1] if number in told else 0.0
        waiting += started[number]
    return used


def _read_process(place: Path) -> tuple[int, float] | None:
    """Who started a process, and its seconds with those of the processes that it waited for; None if it has ended."""
    try:
        # The name, in brackets, may hold anything.
        fields = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
