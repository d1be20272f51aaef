"""Signed questions are answered once, and only near the time at which they were signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

APART = timedelta(minutes=5)
"""How far the clocks of two servers may be apart."""

MOST_HELD = 20_000
"""Questions within twice that time that are remembered; more are refused."""


class SeenQuestions:
    """The questions that one running service has taken, for as long as their times would be accepted.

    What an earlier run took is not known, so whatever was signed before this one started is refused.
    """

    def __init__(self, started: str) -> None:
        self._started = _read_time(started)
        self._until: dict[str, datetime] = {}
        self._lock = Lock()

    def refuse(self, nonce: str, signed: str, now: str) -> str | None:
        """Why a question is not taken; None for one that is, which is remembered."""
        at, clock = _read_time(signed), _read_time(now)
        if at is None or clock is None or self._started is None or abs(clock - at) > APART:
            return "the question was signed more than 5 minutes from the time here: set the clocks of both servers"
        if at < self._started:
            return "the question was signed before this service started: ask again"
        with self._lock:
            self._until = {one: until for one, until in self._until.items() if until >= clock}
            if nonce in self._until:
                return "the question was asked before: each is answered once"
            if len(self._until) >= MOST_HELD:
                return "too many questions within ten minutes: ask again later"
            self._until[nonce] = at + APART
        return None


def _read_time(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None
