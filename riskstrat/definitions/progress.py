"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told the stage of long work and the share of it that is done, from 0 to 1."""


def silent(stage: str, share: float) -> None:
    """Progress that nobody watches."""
