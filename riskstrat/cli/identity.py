"""The verbs of the identity install."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, PageOut, TableOut
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

app = typer.Typer(
    name="identity",
    help="Who people are: keys, pseudonyms and named copies, in an install of their own.",
    no_args_is_help=True,
)

Identity = Annotated[
    Path | None,
    typer.Option("--identity", "-i", help="Folder with identity.toml [default: this folder or one above it]."),
]
TableName = Annotated[
    str | None, typer.Option("--table", help="The table that the file holds [default: the name of the file].")
]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make, apart from every analytics workspace.")],
    external: Annotated[
        bool, typer.Option("--external", help="The site holds no identities; the practice's own service names people.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Make an identity folder: site key, encrypted store, who may name whom, audit log."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_init import init as run

        return run(folder, external)

    show(verb, json)


@app.command()
def pseudonymise(
    file: Annotated[Path, typer.Argument(help="Identified rows, .parquet or .csv.")],
    out: TableOut,
    column: Annotated[str, typer.Option("--column", help="Column with the NHS number.")] = "nhs_number",
    birth_month: Annotated[
        bool, typer.Option("--birth-month", help="Put out the first day of the month of birth; the day never goes out.")
    ] = False,
    table: TableName = None,
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Replace NHS numbers by pseudonyms and keep what says who people are in the encrypted store."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_pseudonymise import pseudonymise as run

        return run(identity, file, out, column, birth_month, table=table)

    show(verb, json)


@app.command()
def crosswalk(
    file: Annotated[Path, typer.Argument(help="Columns source, pseudonym, and nhs_number or patient_id.")],
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Keep other pseudonyms of the same people, so that sources can be joined."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_crosswalk import crosswalk as run

        return run(identity, file)

    show(verb, json)


@app.command()
def translate(
    file: Annotated[Path, typer.Argument(help="Rows under the pseudonyms of another source, .parquet or .csv.")],
    source: Annotated[str, typer.Option("--source", help="The source, as the crosswalk names it.")],
    out: TableOut,
    column: Annotated[str, typer.Option("--column", help="Column with that source's pseudonym.")] = "patient_id",
    table: TableName = None,
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Give the rows of another source under this site's patient_id."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_translate import translate as run

        return run(identity, file, source, out, column, table=table)

    show(verb, json)


@app.command()
def name(
    week: Annotated[Path, typer.Argument(help="Folder of a published week, copied over whole.")],
    team: Annotated[str | None, typer.Option("--team", help="Code of the team, such as KIR.")] = None,
    purpose: Annotated[
        str | None,
        typer.Option("--purpose", help="direct_care, safeguarding, subject_access or incident_review."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why, in a sentence that names nobody; it is logged.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write, never in a workspace: .xlsx a workbook, .html or .pdf a page each (.csv if external).",
        ),
    ] = None,
    standing: Annotated[
        str | None,
        typer.Option("--standing", help="A standing authorisation of identity.toml instead, for a scheduled task."),
    ] = None,
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Write the named copy of one team's list, for somebody whom identity.toml allows it."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_name import Asked
        from riskstrat.verbs.identity_name import name as run

        return run(identity, week, Asked(team, purpose, reason, out, standing))

    show(verb, json)


@app.command()
def records(
    file: Annotated[Path, typer.Argument(help="What riskstrat worklist export-records wrote.")],
    practice: Annotated[str, typer.Option("--practice", help="The practice, as the lists name it.")],
    out: Annotated[Path, typer.Option("--out", help="File to write, never in a workspace, ending in .xlsx.")],
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Write what clinicians confirmed for one practice's GP records, with NHS numbers and agreed codes."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_records import records as run

        return run(identity, file, practice, out)

    show(verb, json)


@app.command()
def page(out: PageOut, json: AsJson = False) -> None:
    """Write the page on which a practice names its list in its own browser."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_page import page as run

        return run(out)

    show(verb, json)


@app.command()
def client(
    name: Annotated[str, typer.Argument(help="What the server is called in identity.toml, such as worklist.")],
    out: Annotated[Path, typer.Option("--out", help="File to write for that server, ending in .key.")],
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Make the secret by which the worklist's server may ask for names."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_client import client as run

        return run(identity, name, out)

    show(verb, json)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; another than this machine's own needs a certificate.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Port to listen on.")] = 8443,
    certificate: Annotated[Path | None, typer.Option("--certificate", help="Certificate for HTTPS, as PEM.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Key of that certificate, as PEM.")] = None,
    identity: Identity = None,
    json: AsJson = False,
) -> None:
    """Answer the worklist's server, which asks for the names of one page, until stopped."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.identity_serve import serve as run

        return run(identity, host, port, certificate, key, say=lambda line: typer.echo(line, err=json))

    show(verb, json, lasting=True)
