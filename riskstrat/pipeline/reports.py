"""What every verb gives back: a summary for machines and lines for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Progress = Callable[[str, float], None]
"""Told the stage of long work and the share of it that is done, from 0 to 1."""


def silent(stage: str, share: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Report:
    """`summary` is what `--json` prints; `lines` are printed otherwise; `table`, if given, is printed below them."""

    summary: Mapping[str, Any]
    lines: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()
