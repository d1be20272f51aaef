"""The time of day and the person at the machine: asked here and nowhere else."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime


def now() -> str:
    """The time in UTC to the second, such as 2026-11-16T08:30:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> date:
    """The date in UTC, for what is valid until a day."""
    return datetime.now(UTC).date()


def system_user() -> str:
    """The user as the operating system knows them; a variable of the environment cannot change it."""
    if sys.platform == "win32":
        return os.getlogin()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
