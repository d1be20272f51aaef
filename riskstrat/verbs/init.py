"""The verb `init`: a new workspace."""

from __future__ import annotations

from pathlib import Path

from riskstrat import workspace
from riskstrat.verbs.report import Report


def init(target: Path) -> Report:
    """Copy the workspace template to `target`."""
    made = workspace.init(target)
    files = [str(path.relative_to(target)) for path in made]
    lines = (f"{len(made)} files in {target}", f"Try it: riskstrat demo -w {target}")
    return Report({"workspace": str(target), "files": files}, lines)
