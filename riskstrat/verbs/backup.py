"""The verb `backup`: a workspace as one file, while it is in use."""

from __future__ import annotations

from pathlib import Path

from riskstrat.site.backups import write_backup
from riskstrat.site.outputs import require_free_place, require_new_file
from riskstrat.site.resources import Resource, list_places, write_alone
from riskstrat.sources.store import is_ingested, open_store
from riskstrat.verbs.report import Report
from riskstrat.worklist.backing_up import is_in_file, list_sources
from riskstrat.worklist.folder import is_started
from riskstrat.workspace import find, load


def backup(root: Path | None, out: Path, *, wait: bool = False) -> Report:
    """Write decisions, data, lists, reviews, models, log and worklist of a workspace to `out`, each as of one moment.

    Raises BusyError while another run writes lists, reviews or the registry, unless it is to wait; StorageError where
    a file of that name stands.
    """
    require_free_place(out, (".zip",))
    require_new_file(out)
    workspace = load(find(root))
    rules = workspace.settings.worklist
    place = list_places(workspace)[Resource.STORE]
    with write_alone(workspace.root, "backup", wait=wait):
        store = open_store(place) if is_ingested(place) else None
        count = write_backup(workspace, store, out, list_sources(workspace.root, rules))
    size = out.stat().st_size
    line = f"{out}: {count:,} files, {size / 1e6:,.1f} MB; it holds records of patients and is not encrypted"
    summary = {"out": str(out), "files": count, "bytes": size, "data": store.version if store else None}
    lines = [line, "Keep it where the data may be; its proof is riskstrat restore into an empty folder"]
    if is_started(workspace.root, rules) and not is_in_file(rules):
        lines.append("The worklist's database is not in it: back that up with pg_dump, at the same time")
    return Report(summary, tuple(lines))
