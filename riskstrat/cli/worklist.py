"""The verbs of the worklist in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

HELP = "The web pages on which teams work through their lists."
app = typer.Typer(name="worklist", help=HELP, no_args_is_help=True)


@app.callback()
def _group_verbs() -> None:
    """The web pages on which teams work through their lists."""


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8080,
    local: Annotated[
        bool, typer.Option("--local", help="Serve this machine alone, without HTTPS: to try it, or for a demo.")
    ] = False,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Serve the worklist until it is stopped; the first start makes its database and accounts."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_serve import serve as run

        return run(workspace, host, port, local=local, say=lambda line: typer.echo(line, err=json))

    show(verb, json, lasting=True)


@app.command()
def check(workspace: Workspace = None, json: AsJson = False) -> None:
    """Say whether the worklist may be opened to people, or everything that stands in the way."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_check import check as run

        return run(workspace)

    show(verb, json)


@app.command()
def backup(
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .zip; it will hold decisions.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write the worklist's database to one file, also while it is in use."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_backup import backup as run

        return run(workspace, out)

    show(verb, json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup of a worklist.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Put a worklist back into a workspace that has none, and prove that it is as it was."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_restore import restore as run

        return run(file, workspace)

    show(verb, json)


@app.command()
def anchor(workspace: Workspace = None, json: AsJson = False) -> None:
    """Put the head of each past day of the worklist's log into the audit log; serve does it by itself."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_anchor import anchor as run

        return run(workspace)

    show(verb, json)


@app.command()
def digest(workspace: Workspace = None, json: AsJson = False) -> None:
    """E-mail each account how much waits for it, without a word about anybody: for a scheduler, once a day."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_digest import digest as run

        return run(workspace)

    show(verb, json)


@app.command("export-decisions")
def export_decisions(
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .json; it will hold decisions.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write what teams decided to one signed file, for a workspace on another machine that makes the lists."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_export_decisions import export_decisions as run

        return run(workspace, out)

    show(verb, json)


@app.command("export-records")
def export_records(
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .json; it will hold pseudonyms.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write what clinicians confirmed for GP records to one signed file, for the identity install to name."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.worklist_export_records import export_records as run

        return run(workspace, out)

    show(verb, json)
