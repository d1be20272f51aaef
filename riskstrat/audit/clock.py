"""The time of day and the person at the machine: asked here and nowhere else."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, timedelta

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two machines may lie apart."""


def now() -> str:
    """The time in UTC to the second, such as 2026-11-16T08:30:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> date:
    """The date in UTC, for what is valid until a day."""
    return datetime.now(UTC).date()


def describe_ahead(moment: str, at: str) -> str:
    """How far what another machine made lies ahead of what `now` gives here, in words, both in that form.

    Blank where it does not, by more than the clocks of two machines may differ.
    """
    ahead = datetime.fromisoformat(moment) - datetime.fromisoformat(at)
    if ahead <= CLOCKS_DIFFER:
        return ""
    return (
        f"made at {moment}, which is {_word_time(ahead)} ahead of this machine's clock ({at}); clocks may differ by "
        f"{_word_time(CLOCKS_DIFFER)}: put right the one that is wrong, then export again or wait until then"
    )


def _word_time(span: timedelta) -> str:
    minutes = -int(-span.total_seconds() // 60)
    for number, unit in ((minutes // 1440, "day"), (minutes // 60, "hour")):
        if number:
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"{minutes} minutes"


def system_user() -> str:
    """The user as the operating system knows them; a variable of the environment cannot change it."""
    if sys.platform == "win32":
        return os.getlogin()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
