"""The verb `worklist export-decisions`: what teams decided, signed, for the machine on which lists are made."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit
from riskstrat.reviews import ExportedDecisions
from riskstrat.site.outputs import require_free_place, require_new_file
from riskstrat.storage import write_bytes
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_started_worklist


def export_decisions(root: Path | None, out: Path) -> Report:
    """Write everything that the worklist tells the next lists to `out`, signed with the workspace's key.

    It holds pseudonyms, decisions and notes, and nobody's name. Raises WorkspaceError where no worklist was started,
    StorageError where a file of that name stands.
    """
    require_free_place(out, (".json",))
    require_new_file(out)
    workspace = open_started_worklist(root, "export from")
    from riskstrat.worklist.exporting import gather_decisions, gather_notices
    from riskstrat.worklist.store import DatabaseReviewStore

    store, now = DatabaseReviewStore(workspace), audit.now()
    unsealed = ExportedDecisions(now, gather_decisions(store), gather_notices(store, audit.today()), {})
    exported = ExportedDecisions(
        now, unsealed.lists, unsealed.notices, audit.make_seal(workspace.root, unsealed.sealed_bytes)
    )
    counts = {
        "lists": len(exported.lists),
        "outcomes": sum(len(one.reviews) for one in exported.lists),
        "put_forward": len(exported.notices.put_forward),
        "in_question": len(exported.notices.in_question),
    }
    with audit.log_writing_out(workspace.root, audit.EXPORTED, {"made_at": now, **counts}, out, exported.dump()):
        write_bytes(exported.dump(), out)
    lines = (
        f"{out}: {counts['outcomes']:,} outcomes about {counts['lists']:,} lists, {counts['put_forward']:,} people put "
        f"forward, {counts['in_question']:,} in question; pseudonyms and notes, no names",
        f"signed with {exported.key}; where lists are made, that key stands in reviews.exports_from",
    )
    return Report({"out": str(out), "made_at": now, "key": exported.key, **counts}, lines)
