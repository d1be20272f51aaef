"""The verb that takes away what is no longer kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Wait, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report


def retention(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete it; without, only say what would go and why.")
    ] = False,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Delete what has been kept for longer than riskstrat.toml says, and leave a record of what went."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.retention import apply_retention as run

        return run(workspace, delete=delete, wait=wait)

    show(verb, json)
