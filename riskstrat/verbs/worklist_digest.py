"""The verb `worklist digest`: an e-mail to each account that says how much waits for it, and nothing about anybody."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import WorkspaceError
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_started_worklist


def digest(root: Path | None) -> Report:
    """Send the digests of today; who has had one gets no second.

    Raises WorkspaceError where no worklist was started, digests are off, or the mail server takes none.
    """
    workspace = open_started_worklist(root, "tell of")
    rules = workspace.settings.worklist.digests
    if not rules.sender:
        raise WorkspaceError("digests are off: set sender and link under [worklist.digests] in riskstrat.toml first")
    from riskstrat.worklist.digests import Sent, send_digests

    audit.require_ready(workspace.root)
    counted = Sent()
    try:
        send_digests(rules, counted)
    finally:
        # What went before a server failed is logged too.
        audit.append(workspace.root, "digests sent", asdict(counted))
    told = asdict(counted)
    others = f"{told['had']:,} accounts had today's, {told['nothing']:,} have nothing that waits"
    number = f"{told['sent']:,} digest{'' if told['sent'] == 1 else 's'}"
    lines = [f"{number} sent; {others}"]
    if told["refused"]:
        lines.append(f"{told['refused']:,} addresses were refused by the mail server: look at them under Accounts")
    return Report(told, tuple(lines))
