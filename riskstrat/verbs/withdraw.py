"""The verb `withdraw`: a published list is taken back, with a reason."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.publication import find_unfinished_withdrawal, withdraw_list
from riskstrat.site.dates import written_date
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load


def withdraw(root: Path | None, when: str, reason: str) -> Report:
    """Take the list of a date back: it moves to `lists/withdrawn/` with the reason, and the date is free again."""
    workspace = load(find(root))
    day = written_date(when, "list date")
    lists = workspace.root / workspace.settings.lists.folder
    if not (lists / day.isoformat()).is_dir() and find_unfinished_withdrawal(lists, day) is None:
        raise PublicationError(
            f"no list of {day} is published in {workspace.settings.lists.folder}; nothing to withdraw"
        )
    reason = audit.require_reason(reason, "--reason")
    audit.require_ready(workspace.root)
    target = withdraw_list(lists, day, reason)
    audit.log_withdrawn(workspace.root, day.isoformat(), reason)
    summary = {"list_date": day, "reason": reason, "folder": str(target)}
    return Report(summary, (f"the list of {day} is withdrawn and kept in {target}",))
