"""The verb `worklist anchor`: the days of the worklist's log put into the audit log."""

from __future__ import annotations

from pathlib import Path

from riskstrat.errors import WorkspaceError
from riskstrat.verbs.report import Report
from riskstrat.verbs.worklist_serve import require_installed
from riskstrat.workspace import find, load


def anchor(root: Path | None) -> Report:
    """Anchor each day that has ended since the last one. Raises WorkspaceError where the worklist was never started."""
    require_installed()
    from riskstrat.worklist import is_started, point_at

    workspace = load(find(root))
    if not is_started(workspace.root, workspace.settings.worklist):
        raise WorkspaceError("there is no worklist to anchor: riskstrat worklist serve makes it")
    point_at(workspace)
    from riskstrat.worklist.anchoring import anchor as run

    days = [day.isoformat() for day in run(workspace.root)]
    number = f"{len(days)} day{'' if len(days) == 1 else 's'}"
    return Report({"days": days}, (f"{number} of the worklist's log anchored in the audit log",))
