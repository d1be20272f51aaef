"""What reads a site's records: `ingest`, and the verbs of its mapping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Format, LeaveOut, Wait, Workspace
from riskstrat.cli.showing import show
from riskstrat.site.dates import written_date

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

app = typer.Typer(
    name="source", help="source.toml: what of a site's own records is which of ours.", no_args_is_help=True
)


def ingest(
    source: Annotated[
        Path | None,
        typer.Argument(help="Folder of <table>.parquet or <table>.csv, or a database file [default: source.toml]."),
    ] = None,
    format: Format = "canonical",
    as_at: Annotated[
        str | None,
        typer.Option("--as-at", help="Date of the extract [default: the day up to which rows arrive as usual]."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the landed rows too, so that others can be added.")
    ] = False,
    add: Annotated[bool, typer.Option("--add", help="Add the extract to those that were kept.")] = False,
    leave_out: LeaveOut = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Check and clean source tables into the workspace, in place of what stood there, or beside it with --add."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.ingest import ingest as run

        day = None if as_at is None else written_date(as_at, "--as-at")
        return run(workspace, source, format, day, progress, keep=keep, add=add, leave_out=leave_out or (), wait=wait)

    show(verb, json)


@app.callback()
def _group_verbs() -> None:
    """source.toml: what of a site's own records is which of ours."""


@app.command()
def check(
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows at most of each table but people.")] = 10_000,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Run source.toml on a sample and say what would come of it; nothing is written."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.source_check import source_check as run

        return run(workspace, rows, progress)

    show(verb, json)


@app.command()
def describe(
    source: Annotated[str, typer.Argument(help="Folder or database file, or $NAME of a variable with an address.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="With an address: postgres, sqlserver, databricks or snowflake.")
    ] = None,
    schema: Annotated[str | None, typer.Option("--schema", help="Schema of the database that is read.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write, such as source.toml [default: show].")
    ] = None,
    json: AsJson = False,
) -> None:
    """Propose a source.toml from the tables, columns and codes that lie in a source."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.source_describe import source_describe as run

        return run(source, kind, schema, out)

    show(verb, json)
