"""Runs `riskstrat ...` at a time that a test chooses: `python -m tests.suite.on_a_day FILE worklist serve ...`.

FILE holds a time (ISO 8601, with its zone). That is the time at which the file was written, and time passes from then
on; whenever the file is written anew a server that runs is on another day.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

_read_machine = time.time


def compute_now(clock: Path | None) -> float:
    """Seconds since 1970 by the file; by the machine where there is none."""
    if clock is None:
        return _read_machine()
    written = datetime.fromisoformat(clock.read_text(encoding="utf-8")).timestamp()
    return written + _read_machine() - clock.stat().st_mtime


def set_clock(clock: Path, at: datetime) -> None:
    """Move whatever runs by this file to a time. Whoever reads it meanwhile reads the old or the new one whole."""
    new = clock.with_suffix(".new")
    new.write_text(at.isoformat(), encoding="utf-8")
    new.replace(clock)


def shift(clock: Path) -> None:
    """Let Python, Django and the audit log tell the time by the file. Whoever imported time.time before does not."""
    time.time = lambda: compute_now(clock)

    class ByTheFile(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            """The time by the file."""
            return datetime.fromtimestamp(compute_now(clock), tz)

    from django.utils import timezone

    from riskstrat.audit import clock as asked

    timezone.datetime = asked.datetime = ByTheFile  # type: ignore[attr-defined,assignment]


def main() -> None:
    """Run the command line."""
    shift(Path(sys.argv[1]))
    from riskstrat.__main__ import main as run

    sys.argv = ["riskstrat", *sys.argv[2:]]
    run()


if __name__ == "__main__":
    main()
