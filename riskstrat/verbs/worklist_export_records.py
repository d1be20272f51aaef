"""The verb `worklist export-records`: what clinicians confirmed for GP records, signed, for the identity install."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit
from riskstrat.reviews import ConfirmedEntries
from riskstrat.site.outputs import require_free_place, require_new_file
from riskstrat.storage import write_bytes
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_started_worklist


def export_records(root: Path | None, out: Path) -> Report:
    """Write what is confirmed and not written yet to `out`, signed with the workspace's key.

    It holds pseudonyms, practices and codes, and nobody's name. Raises WorkspaceError where no worklist was started,
    StorageError where a file of that name stands.
    """
    require_free_place(out, (".json",))
    require_new_file(out)
    workspace = open_started_worklist(root, "export from")
    from riskstrat.worklist.recording import gather_confirmed

    entries, held_back = gather_confirmed()
    now = audit.now()
    unsealed = ConfirmedEntries(now, entries, {})
    exported = ConfirmedEntries(now, entries, audit.make_seal(workspace.root, unsealed.sealed_bytes))
    counts = {"entries": len(entries), "held_back": len(held_back)}
    told = {"made_at": now, **counts, "references": sorted({one.reference for one in entries})}
    with audit.log_writing_out(workspace.root, audit.RECORDS_EXPORTED, told, out, exported.dump()):
        write_bytes(exported.dump(), out)
    practices = sorted({one.practice for one in entries})
    lines = (
        f"{out}: {len(entries):,} entries for {len(practices):,} practices that wait to be written; no names",
        *(f"for {practice}: {sum(one.practice == practice for one in entries):,}" for practice in practices),
        *(f"{one.entry.case_id} is not in it: {one.held_back}" for one in held_back),
        f"signed with {exported.key}; in identity.toml that key stands among the publishers",
    )
    return Report({"out": str(out), "key": exported.key, "practices": practices, **told}, lines)
