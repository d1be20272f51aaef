"""The verbs of registered models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

app = typer.Typer(name="models", invoke_without_command=True)


@app.callback()
def models(context: typer.Context, workspace: Workspace = None, json: AsJson = False) -> None:
    """List the registered versions and which is champion."""
    if context.invoked_subcommand is not None:
        if workspace is not None or json:
            raise typer.BadParameter(f"give --workspace and --json after {context.invoked_subcommand}, not before it")
        return

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.models import models as run

        return run(workspace)

    show(verb, json)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="Model, which has the name of its recipe.")],
    version: Annotated[int, typer.Argument(help="Version.")],
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .json.")],
    licence: Annotated[str, typer.Option("--licence", help="The line under which the other site may use it.")],
    approval: Annotated[str, typer.Option("--approval", help="Reference of your controller's approval.")],
    recipient_approval: Annotated[
        str, typer.Option("--recipient-approval", help="Reference of the other site's controller's approval.")
    ],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write a version's model to a file that another site may start from; it tells of no person."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.models_export import export as run

        return run(workspace, model, version, out, licence, approval, recipient_approval)

    show(verb, json)
