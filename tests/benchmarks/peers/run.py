"""`run.py ENGINE JOB ROUNDS`: one engine over a job, in its own environment; prints seconds and the version.

The values of the first date are written beside the job, for the bench to compare.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np


def main() -> None:
    """Run every date set of the job; the first round warms up and is not counted."""
    engine, job_file, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    peer = importlib.import_module(f"by_{engine}")
    job = json.loads(job_file.read_text("utf-8"))
    days = sorted(job["cohorts"], reverse=True)
    # What a peer loads before its time is taken, if it does, is the whole of what it is given then.
    given = (lambda day: (peer.prepare(job, day),)) if hasattr(peer, "prepare") else (lambda day: (job, day))
    # A peer whose work is done by another process as well tells what both have used.
    read_used = peer.watch(job) if hasattr(peer, "watch") else time.process_time
    first = given(days[0])
    np.save(job_file.with_name(f"{engine}.npy"), peer.compute(*first))
    figures: dict[str, object] = {"one": _time(lambda: peer.compute(*first), rounds, read_used)}
    if len(days) > 1:
        figures["four"] = _time(lambda: [peer.compute(*given(day)) for day in days], rounds, read_used)
    figures["version"] = version(getattr(peer, "PACKAGE", engine))
    print(json.dumps(figures))


def _time(work: Callable[[], object], rounds: int, read_used: Callable[[], float]) -> list[list[float]]:
    """Seconds of the processor and of the clock, by round."""
    made = []
    for _ in range(rounds):
        clock, used = time.perf_counter(), read_used()
        work()
        made.append([read_used() - used, time.perf_counter() - clock])
    return made


if __name__ == "__main__":
    main()
