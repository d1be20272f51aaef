"""The verb `withdraw`: a published list is taken back, with a reason."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.publication import WITHDRAWN, find_unfinished_withdrawal, withdraw_list
from riskstrat.site.dates import written_date
from riskstrat.site.resources import write_alone
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, read_settings


def withdraw(root: Path | None, when: str, reason: str, *, wait: bool = False) -> Report:
    """Take the list of a date back: it moves to `lists/withdrawn/` with the reason, and the date is free again.

    One that a killed run began is finished, with the reason that it was begun for. Raises PublicationError where none
    stands, BusyError while another run writes lists, unless it is to wait.
    """
    workspace = find(root)
    name = read_settings(workspace).lists.folder
    with write_alone(workspace, "withdraw", wait=wait):
        return _withdraw(workspace, name, when, reason)


def _withdraw(workspace: Path, name: str, when: str, reason: str) -> Report:
    day = written_date(when, "list date")
    lists = workspace / name
    reason = audit.require_reason(reason, "--reason")
    standing = (lists / day.isoformat()).is_dir() or find_unfinished_withdrawal(lists, day) is not None
    if not standing and not (lists / WITHDRAWN).is_dir():
        raise _refuse_absent(day, name)
    audit.require_ready(workspace)
    if not standing and not audit.is_withdrawn_so(workspace, day.isoformat(), reason):
        raise _refuse_absent(day, name)
    if not standing:
        return Report(
            {"list_date": day, "reason": reason}, (f"the list of {day} was withdrawn already for that reason",)
        )
    reason = audit.find_begun_reason(workspace, day.isoformat()) or reason
    target = withdraw_list(lists, day, reason, partial(audit.log_withdrawing, workspace, day.isoformat(), reason))
    summary = {"list_date": day, "reason": reason, "folder": str(target)}
    return Report(summary, (f"the list of {day} is withdrawn and kept in {target}",))


def _refuse_absent(day: date, folder: str) -> PublicationError:
    return PublicationError(f"no list of {day} is published in {folder}; nothing to withdraw")
