"""The verb `retention`: what has been kept for longer than the site says goes, and a record of it stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.documents import long_date
from riskstrat.retention import (
    DeletionRecord,
    Expired,
    compute_first_days,
    delete_files,
    find_expired,
    name_next_record,
)
from riskstrat.site.resources import write_alone
from riskstrat.storage import compute_file_digest
from riskstrat.trial.standing import find_closed_lists
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import is_in_database, require_installed
from riskstrat.workspace import Workspace, find, load

WORDS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "lists": ("lists of before", "lists", ()),
    "decisions": ("decisions about lists of before", "files of reviews", ("decisions", "actions", "meetings")),
    "cases": ("cases of which nothing was entered since", "", ("cases", "entries about cases")),
    "looks": ("the worklist's log of before", "", ("looks", "edits")),
    "versions": ("versions of the data ingested before", "versions", ()),
    "backups": ("backups written before", "backups", ()),
}
"""By what has a time of its own: what is said of it, what its files are, and its rows in the worklist."""

SHOWN = 6
"""Names that a line spells out; of more the first and the last."""

_NAMES = {
    "lists": "lists",
    "decisions": "decisions",
    "cases": "cases",
    "looks": "the worklist's log",
    "versions": "versions of the data",
    "backups": "backups",
}

Rows = Mapping[str, int]


def apply_retention(root: Path | None, *, delete: bool = False, wait: bool = False) -> Report:
    """Say what has been kept for longer than riskstrat.toml says; with `delete` take it away and log what went.

    What a killed run began is completed first, as it was begun. Raises BusyError while another run writes data, lists
    or reviews, unless it is to wait; StorageError where something cannot be removed: then the next run completes it.
    """
    workspace = load(find(root))
    before = compute_first_days(workspace.settings.retention, audit.today())
    if not delete:
        expired = _find_expired(workspace, before)
        with _forget(workspace, before, keep=False) as (rows, _):
            return _report(workspace, before, expired, dict(rows), None)
    with write_alone(workspace.root, "retention", wait=wait):
        audit.require_ready(workspace.root)
        finished = _finish(workspace)
        expired = _find_expired(workspace, before)
        rows, record = _delete(workspace, before, expired)
        return _report(workspace, before, expired, rows, record, finished)


def _find_expired(workspace: Workspace, before: Mapping[Any, date]) -> list[Expired]:
    """What is to go: with the published lists those that a trial sealed, once it is closed."""
    sealed = find_closed_lists(workspace.root) if "lists" in before else ()
    return [
        *find_expired(workspace, before),
        *(
            Expired("lists", path.relative_to(workspace.root).as_posix(), compute_file_digest(path))
            for day, path in sealed
            if day < before["lists"]
        ),
    ]


def _finish(workspace: Workspace) -> DeletionRecord | None:
    """Complete what a killed run began to delete; None without such a run."""
    begun = audit.find_begun_deletion(workspace.root)
    if begun is None:
        return None
    record = DeletionRecord(workspace.root, begun)
    days = {str(name): date.fromisoformat(str(day)) for name, day in begun["before"].items()}
    with ExitStack() as rows:
        rows.enter_context(_forget(workspace, days, keep=True))
        _take(workspace, record, rows)
    return record


def _delete(
    workspace: Workspace, before: Mapping[Any, date], expired: Sequence[Expired]
) -> tuple[Rows, DeletionRecord | None]:
    """The rows that went, and the record; none where nothing is to go."""
    with ExitStack() as rows:
        told, heads = rows.enter_context(_forget(workspace, before, keep=True))
        if not expired and not any(told.values()):
            return told, None
        details = {
            "number": name_next_record(workspace.root),
            "gone": [[one.path, one.digest] for one in expired],
            "rows": dict(told),
            "before": {name: day.isoformat() for name, day in before.items()},
            "heads": heads,
        }
        record = DeletionRecord(workspace.root, details)
        _take(workspace, record, rows)
    return told, record


def _take(workspace: Workspace, record: DeletionRecord, rows: ExitStack) -> None:
    with audit.log_deleting(workspace.root, record.details, record.leaves):
        record.write()
        delete_files(workspace, record.details["gone"])
        # Before the line that says so: what is killed here is completed by the next run.
        rows.close()
        record.write_done()


@contextmanager
def _forget(workspace: Workspace, before: Mapping[Any, date], *, keep: bool) -> Iterator[tuple[Rows, list[list[Any]]]]:
    """Rows by kind that go from the worklist's database when the block ends, and the heads of its log after that."""
    if not is_in_database(workspace) or not before.keys() & {"decisions", "cases", "looks"}:
        yield {}, []
        return
    require_installed()
    from riskstrat.worklist import point_at

    point_at(workspace)
    from riskstrat.worklist.forgetting import forget
    from riskstrat.worklist.store import require_reachable

    require_reachable()
    with forget(before, keep=keep) as told:
        yield told.rows, told.heads


def _report(
    workspace: Workspace,
    before: Mapping[Any, date],
    expired: Sequence[Expired],
    rows: Rows,
    record: DeletionRecord | None,
    finished: DeletionRecord | None = None,
) -> Report:
    summary = {
        "deleted": record is not None,
        "before": before,
        "gone": [vars(one) for one in expired],
        "rows": rows,
        "record": record.path.relative_to(workspace.root).as_posix() if record else None,
        "completed": finished.path.relative_to(workspace.root).as_posix() if finished else None,
    }
    lines = [f"completed what an earlier run began: {summary['completed']}"] if finished else []
    lines += [_describe(name, day, expired, rows) for name, day in before.items()]
    kept = [_NAMES[name] for name in WORDS if name not in before]
    lines += [f"kept for ever, for riskstrat.toml gives no time: {', '.join(kept)}"] if kept else []
    return Report(summary, (*lines, _describe_end(record, expired, rows)))


def _describe(name: str, day: date, expired: Sequence[Expired], rows: Rows) -> str:
    said, files, kinds = WORDS[name]
    found = Counter(one.kind for one in expired)
    parts = [f"{found[name]:,} {files}"] if files else []  # type: ignore[index]
    parts += [f"{rows[kind]:,} {kind}" for kind in kinds if kind in rows]
    names = [Path(one.path).name for one in expired if one.kind == name and name in ("lists", "backups")]
    return f"{said} {long_date(day)}: {', '.join(parts) or 'none'}{f' ({_shorten(names)})' if names else ''}"


def _shorten(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= SHOWN else f"{names[0]} to {names[-1]}"


def _describe_end(record: DeletionRecord | None, expired: Sequence[Expired], rows: Rows) -> str:
    if record is not None:
        return f"deleted; what went is recorded in retention/{record.path.name} and in the audit log"
    if expired or any(rows.values()):
        return "nothing was deleted yet: to delete this, add --delete"
    return "nothing has been kept for longer than that"
