"""The verbs of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

app = typer.Typer(name="audit", help="The log of what was published, named and decided.", no_args_is_help=True)


@app.callback()
def _group_verbs() -> None:
    """The log of what was published, named and decided."""


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option("--head", help="COUNT:HASH that an earlier proof printed and somebody kept.")
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            "-w",
            help="Folder with riskstrat.toml, or an identity folder [default: this folder or one above it].",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Prove the log whole: nothing changed, cut, put in or moved."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.audit_verify import verify as run

        return run(workspace, head)

    show(verb, json)
