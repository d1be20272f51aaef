"""Showing a verb: progress on a terminal, a report on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskstrat.errors import AttentionError, RiskstratError

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report


_STARTING = "starting"
"""The first stage of every verb: seconds of imports, before any work can say how it goes."""


class StoppedError(RiskstratError):
    """The user stopped it (exit code 130, as shells have it)."""

    exit_code = 130


def show(verb: Callable[[Progress], Report], as_json: bool, *, lasting: bool = False) -> None:
    """Run `verb` with progress, then print its report: JSON for machines, or lines and a table for people.

    lasting: the verb works until it is stopped, so that there is no progress to show.
    """
    try:
        with watching(sys.stderr.isatty() and not lasting) as progress:
            progress(_STARTING, 0.0)
            report = verb(progress)
    except KeyboardInterrupt:
        # Typer would end without a word.
        raise StoppedError("interrupted; what was not finished was not written") from None
    _print_report(report, as_json)
    if report.attention:
        raise AttentionError(report.attention)


def _print_report(report: Report, as_json: bool) -> None:
    if as_json:
        print(_format_summary(report.summary))
        return
    for line in report.lines:
        print(line)
    if report.table:
        _print_table(report.table)


def _format_summary(summary: Mapping[str, object]) -> str:
    """JSON for stdout, with escapes where its encoding lacks a letter: it must stay JSON."""
    text = json.dumps(summary, indent=2, default=str, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(summary, indent=2, default=str)
    return text


@contextmanager
def watching(shown: bool) -> Iterator[Progress]:
    """A progress display on stderr, or silence."""
    if not shown:
        yield lambda stage, share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, share: float) -> None:
            if stage not in tasks:
                if tasks:
                    display.update(tasks[_STARTING], completed=1.0)
                tasks[stage] = display.add_task(stage, total=1.0)
            display.update(tasks[stage], completed=share)

        yield progress


def _print_table(rows: tuple[tuple[str, ...], ...]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 240, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(rows[0]):
        figures = all(_is_figure(row[number]) for row in rows[1:])
        table.add_column(Text(name), justify="right" if figures else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _is_figure(cell: str) -> bool:
    return not cell or cell.replace(",", "").replace(".", "").lstrip("+-").isdigit()
