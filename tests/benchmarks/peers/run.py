"""`run.py ENGINE JOB ROUNDS`: one engine over a job, in its own environment; prints seconds and the version.

The values of the first date are written beside the job, for the bench to compare.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
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
    first = given(days[0])
    np.save(job_file.with_name(f"{engine}.npy"), peer.compute(*first))
    figures = {"one": _time(lambda: peer.compute(*first), rounds)}
    if len(days) > 1:
        figures["four"] = _time(lambda: [peer.compute(*given(day)) for day in days], rounds)
    figures["version"] = importlib.import_module(engine).__version__
    print(json.dumps(figures))


def _time(work: object, rounds: int) -> list[list[float]]:
    """Seconds of the processor and of the clock, by round."""
    made = []
    for _ in range(rounds):
        clock, used = time.perf_counter(), time.process_time()
        work()
        made.append([time.process_time() - used, time.perf_counter() - clock])
    return made


if __name__ == "__main__":
    main()
