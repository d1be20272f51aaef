"""The verbs on evidence packs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

HELP = "Evidence about a version, for those who assess it."
app = typer.Typer(name="pack", help=HELP, no_args_is_help=True)


@app.callback()
def _group_verbs() -> None:
    """Evidence about a version, for those who assess it."""


@app.command()
def make(
    out: Annotated[Path, typer.Option("--out", help="Folder to make; must be empty or not exist.")],
    model: Annotated[
        str | None, typer.Option("--model", help="Model [default: the recipe that lists use].", show_default=False)
    ] = None,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Version [default: the champion].")] = None,
    bill: Annotated[
        Path | None, typer.Option("--sbom", help="Bill of materials to take in, as make sbom writes it.")
    ] = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write one folder of evidence about a version, with drafts for what assessors ask."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.pack_make import make_pack

        return make_pack(workspace, out, model, version, bill, progress)

    show(verb, json)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A pack.")],
    publisher: Annotated[
        Path | None, typer.Option("--publisher", help="The site's audit/publisher.pub, which says who sealed it.")
    ] = None,
    trust_definitions: Annotated[
        bool, typer.Option("--trust-definitions", help="Run definitions in the pack that are not this riskstrat's own.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Prove a pack unchanged, and work out its sample again on this computer."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.pack_verify import verify_pack

        return verify_pack(folder, publisher, trust_definitions=trust_definitions, progress=progress)

    show(verb, json)
