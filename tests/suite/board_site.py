"""A workspace of hand-made tables for a board's pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from riskstrat.simulation import MARK
from tests.suite.adapters import write
from tests.suite.quick import leave_out_pdf
from tests.suite.verbs import Verb

Rows = list[dict[str, str]]


def make_board_site(
    verb: Verb, root: Path, tables: Mapping[str, Rows], as_at: str, change: Callable[[Path], None] | None = None
) -> Path:
    """A new workspace in `root` with these tables as CSV, data as at a day, without PDF; change: edits it first."""
    assert verb("init", root).returncode == 0
    leave_out_pdf(root)
    if change:
        change(root)
    source = root / "source"
    source.mkdir()
    (source / MARK).touch()
    for name, rows in tables.items():
        write(source, f"{name}.csv", rows)
    done = verb("ingest", source, "--as-at", as_at, "-w", root)
    assert done.returncode == 0, done.stderr
    return root
