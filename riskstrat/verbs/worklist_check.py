"""The verb `worklist check`: whether the worklist may be opened to people who work with it."""

from __future__ import annotations

from pathlib import Path

from riskstrat.errors import WorkspaceError
from riskstrat.verbs.report import Report
from riskstrat.verbs.worklist_serve import require_installed
from riskstrat.workspace import find, load


def check(root: Path | None) -> Report:
    """Settings, folder, secret, database, tables, accounts, and Django's own check of a deployment.

    Raises WorkspaceError with everything that stands in the way.
    """
    require_installed()
    from riskstrat.worklist.checking import find_faults

    workspace = load(find(root))
    faults = find_faults(workspace)
    if faults:
        number = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise WorkspaceError(f"the worklist must not be opened yet, {number}: {' | '.join(faults)}")
    hosts = list(workspace.settings.worklist.hosts)
    return Report({"hosts": hosts, "faults": []}, (f"fit to be opened as {', '.join(hosts)}",))
