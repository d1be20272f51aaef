"""The verb `source check`: a site's mapping tried on a sample, without a store."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.settings import Settings
from riskstrat.documents.codes import describe_entry
from riskstrat.sources import SOURCE_FILE
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.ingest import ingest
from riskstrat.sources.mapping import choose_mapping
from riskstrat.verbs.ingest import find_legal_basis, report_ignored, report_outcomes, report_unread, tabulate_tables
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, find_compared_words, load


def source_check(root: Path | None, rows: int, progress: Progress = silent) -> Report:
    """What `ingest` would make of the first `rows` of each table, and what it would refuse.

    People and admissions are read whole, as every other row is judged by them. Raises SourceError where the mapping or
    the source cannot be read at all.
    """
    workspace = load(find(root))
    mapping = choose_mapping(None, "canonical", workspace.root / SOURCE_FILE)
    with _end_cleanly(), tempfile.TemporaryDirectory(prefix="riskstrat-") as folder:
        made = ingest(
            mapping,
            Path(folder) / "store",
            _lift_limits(workspace.settings),
            legal_basis=find_legal_basis(mapping, workspace.settings),
            known=KnownCodes(workspace.codelists, find_compared_words(workspace)),
            sample=rows,
            progress=progress,
        )
    summary = made.to_dict()
    lines = (
        f"{mapping.where}: {rows:,} rows at most of each table but people and admissions; nothing was written",
        *report_unread(summary),
        *report_outcomes(summary),
        *report_ignored(summary),
        *_report_quarantined(summary, workspace.settings.data.quarantine_limit),
        *(describe_entry(entry) for entry in summary["codes"] if entry["understood"] < 1),
    )
    return Report(summary, lines, tabulate_tables(summary))


@contextmanager
def _end_cleanly() -> Iterator[None]:
    """While the block runs, a request to end lets it take away what it made, as Ctrl-C does."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _lift_limits(settings: Settings) -> Settings:
    """The settings with limits that stop nothing, so that everything there is to mend is said at once."""
    data = settings.data.model_copy(update={"quarantine_limit": 1.0, "unmatched_limit": 1.0})
    return settings.model_copy(update={"data": data})


def _report_quarantined(summary: Mapping[str, Any], limit: float) -> Iterator[str]:
    for name, rules in summary["quarantined"].items():
        table = summary["tables"][name]
        for rule, count in sorted(rules.items(), key=lambda item: -item[1]):
            yield f"{name}: {count:,} of {table['landed']:,} rows quarantined: {rule}"
        if table["quarantined"] > limit * table["limit_rows"]:
            yield f"{name}: more than {limit:.0%} are quarantined, so that ingest would stop"
