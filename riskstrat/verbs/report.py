"""What every verb gives back: a summary for machines and lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Report:
    """`summary` is what `--json` prints; `lines` are printed otherwise; `table`, if given, is printed below them.

    attention: what needs somebody, in a line; with it the command ends with the exit code of that, after printing.
    """

    summary: Mapping[str, Any]
    lines: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()
    attention: str = ""
