"""The verbs on whether lists change what comes of the people on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

HELP = "Whether lists change what comes of the people on them."
app = typer.Typer(name="impact", help=HELP, no_args_is_help=True)
PageOut = Annotated[Path, typer.Option("--out", help="File to write, ending in .html.")]


@app.callback()
def _group_verbs() -> None:
    """Whether lists change what comes of the people on them."""


@app.command()
def demonstrate(
    out: PageOut,
    runs: Annotated[int, typer.Option("--runs", min=2, max=500, help="Simulated boroughs to run.")] = 20,
    json: AsJson = False,
) -> None:
    """Show on simulated people how far admissions fall after a list that does nothing, and why."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.impact_demonstrate import demonstrate as run

        return run(out, runs, progress)

    show(verb, json)


def power(
    out: PageOut,
    followed_weeks: Annotated[
        int, typer.Option("--followed-weeks", min=4, max=52, help="Weeks for which each person is followed.")
    ] = 26,
    new_a_year: Annotated[
        float | None,
        typer.Option(
            "--new-a-year", min=1, help="People listed for the first time in a year [default: as the lists so far]."
        ),
    ] = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say which effects these lists could show, before anybody promises fewer admissions."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.power import power as run

        return run(workspace, out, followed_weeks, new_a_year)

    show(verb, json)
