"""Independent parts of one job, on as many processor threads as the site allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Part = TypeVar("Part")


def run_in_threads(
    parts: Mapping[str, Callable[[], Part]], threads: int, done: Callable[[float], None]
) -> dict[str, Part]:
    """What each part gives, in the order asked. `done` is told the share that is finished, from 0 to 1.

    The first error ends it: what has not begun is not begun.
    """
    done(0.0)
    made: dict[str, Part] = {}
    pool = ThreadPoolExecutor(threads)
    try:
        running = {pool.submit(part): name for name, part in parts.items()}
        for future in as_completed(running):
            made[running[future]] = future.result()
            done(len(made) / len(parts))
    finally:
        pool.shutdown(cancel_futures=True)
    return {name: made[name] for name in parts}
