"""The verbs of a silent trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, RecipeName, Wait, Workspace
from riskstrat.cli.showing import show
from riskstrat.site.dates import written_date

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

HELP = "A silent trial before lists are used: limits fixed first, lists sealed each week, one go / no-go page."
app = typer.Typer(name="trial", help=HELP, no_args_is_help=True)
PrivateKey = Annotated[Path, typer.Option("--key", help="The sponsor's private key, as trial key made it.")]


@app.command()
def key(
    out: Annotated[Path, typer.Option("--out", help="File for the private key, ending in .pem; outside a workspace.")],
    json: AsJson = False,
) -> None:
    """Make the sponsor's key pair, on the sponsor's own machine."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.trial_key import key as run

        return run(out)

    show(verb, json)


@app.command()
def start(
    public_key: Annotated[Path, typer.Option("--public-key", help="The sponsor's public key, as trial key made it.")],
    weeks: Annotated[int, typer.Option("--weeks", min=4, max=52, help="Weekly lists to seal.")] = 12,
    first_list: Annotated[
        str | None, typer.Option("--first-list", help="Date of the first list [default: the next Monday of the data].")
    ] = None,
    again: Annotated[
        str | None, typer.Option("--again", help="After another trial: why it is begun again; logged and printed.")
    ] = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Fix the limits of registry/trial.toml, the weeks, the model and the key; from then on lists are sealed."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.trial_start import start as run

        day = None if first_list is None else written_date(first_list, "--first-list")
        return run(workspace, public_key, weeks, day, again, recipe, wait=wait)

    show(verb, json)


@app.command()
def status(workspace: Workspace = None, json: AsJson = False) -> None:
    """Say what was fixed and which weeks are sealed; nothing of a list."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.trial_status import status as run

        return run(workspace)

    show(verb, json)


@app.command()
def close(
    key: PrivateKey,
    pages_checked: Annotated[
        int | None, typer.Option("--pages-checked", min=0, help="Pages held against the GP record, blind to the score.")
    ] = None,
    pages_right: Annotated[
        int | None, typer.Option("--pages-right", min=0, help="How many of them agreed with it.")
    ] = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Open the sealed lists and write the go / no-go page: each limit, what was found, what that makes of it."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.trial_close import close as run

        return run(workspace, key, pages_checked, pages_right, progress, wait=wait)

    show(verb, json)


@app.command()
def unseal(
    key: PrivateKey,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence; logged first.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to make for the opened lists.")],
    blind: Annotated[
        bool, typer.Option("--blind", help="After the close: pages without estimates, and their key apart.")
    ] = False,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Lay the sealed lists out to be read: in an emergency before the close, or after it."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.trial_unseal import unseal as run

        return run(workspace, key, reason, out, blind=blind, wait=wait)

    show(verb, json)
