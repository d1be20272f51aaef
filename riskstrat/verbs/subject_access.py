"""The verb `subject-access`: everything held of one pseudonym, for somebody to look through before it goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskstrat import audit
from riskstrat.disclosure import Held, gather_held
from riskstrat.documents.subject_access import DATA, PAGE, REVIEW, write_subject_access
from riskstrat.errors import StorageError
from riskstrat.site.opening import open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.storage import write_folder_atomically
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import is_in_database, open_review_store
from riskstrat.workspace import Workspace


def subject_access(root: Path | None, patient: str, out: Path, purpose: str | None = None) -> Report:
    """Write all that is held of one person to a new folder, as a page and as data; that it was asked is logged.

    Raises AuditError where the records are real and no purpose is given, StorageError where the folder holds anything.
    """
    require_free_place(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StorageError(f'"{out.name}" is not empty and is not written over; give a folder that is not there')
    opened = open_workspace(root)
    day = opened.store.data_as_at
    audit.log_look(
        opened.workspace.root, "subject-access", patient, day.isoformat(), purpose, simulated=opened.store.simulated
    )
    parts = (*gather_held(opened, patient), *_gather_worklist(opened.workspace, patient))
    with write_folder_atomically(out) as folder:
        write_subject_access(folder, patient, day, parts)
    counts = {part["title"]: len(part["rows"]) for part in parts}
    held = ", ".join(f"{title}: {count:,}" for title, count in counts.items()) or "nothing is held under this pseudonym"
    lines = (f"{out / PAGE} and {DATA}; rows by part: {held}", REVIEW)
    return Report({"folder": str(out), "held": counts, "review_before_it_goes": REVIEW}, lines)


def _gather_worklist(workspace: Workspace, patient: str) -> Sequence[Held]:
    """What the worklist holds, where it has been started."""
    if not is_in_database(workspace):
        return []
    open_review_store(workspace)
    from riskstrat.worklist.disclosing import gather_held_in_worklist

    return gather_held_in_worklist(patient)
