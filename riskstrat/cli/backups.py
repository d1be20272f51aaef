"""The verbs of a workspace as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Wait, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report


def backup(
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .zip; it will hold patients' records.")],
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Write the whole workspace to one file, also while it is in use."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.backup import backup as run

        return run(workspace, out, wait=wait)

    show(verb, json)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    folder: Annotated[Path, typer.Argument(help="Folder to make; must be empty or not exist.")],
    json: AsJson = False,
) -> None:
    """Make a workspace out of its backup, and prove that every file is as it was."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.restore import restore as run

        return run(file, folder)

    show(verb, json)
