"""The verbs on whether lists change what comes of the people on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, PageOut, RecipeName, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

HELP = "Whether lists change what comes of the people on them."
app = typer.Typer(name="impact", help=HELP, no_args_is_help=True)


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


@app.command()
def plan(
    analysis: Annotated[str, typer.Option("--analysis", help="Date of the last look, such as 2027-12-01.")],
    looks: Annotated[
        list[str] | None, typer.Option("--look", help="Date of a look before that; may be given several times.")
    ] = None,
    outcome: Annotated[
        str, typer.Option("--outcome", help="emergency_admissions, attendances or falls.")
    ] = "emergency_admissions",
    since: Annotated[
        str | None, typer.Option("--since", help="Lists count from this date on [default: today].")
    ] = None,
    followed_weeks: Annotated[
        int, typer.Option("--followed-weeks", min=4, max=52, help="Weeks for which each person is followed.")
    ] = 26,
    least_fall: Annotated[
        int, typer.Option("--least-fall", min=1, max=50, help="The least fall worth having, in percent.")
    ] = 10,
    most_caught_up: Annotated[
        int,
        typer.Option(
            "--most-caught-up",
            min=0,
            max=100,
            help="Of 100 people just below the line, how many may be listed within 12 weeks for it to tell anything.",
        ),
    ] = 50,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why a plan that stands is changed; it is logged and printed.")
    ] = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Log what will be judged, how and when, before any result is seen."""

    def verb(progress: Progress) -> Report:
        from riskstrat.site.dates import written_date
        from riskstrat.verbs.impact_plan import plan_impact as run

        days = [*(written_date(look, "--look") for look in looks or []), written_date(analysis, "--analysis")]
        first = None if since is None else written_date(since, "--since")
        return run(workspace, days, outcome, first, followed_weeks, least_fall, reason, recipe, most_caught_up)

    show(verb, json)


@app.command()
def look(out: PageOut, workspace: Workspace = None, json: AsJson = False) -> None:
    """Say whether the lists changed what came of people, by the plan that is logged."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.impact_look import look_at_impact as run

        return run(workspace, out, progress)

    show(verb, json)


def power(
    out: PageOut,
    followed_weeks: Annotated[
        int, typer.Option("--followed-weeks", min=4, max=52, help="Weeks for which each person is followed.")
    ] = 26,
    new_a_year: Annotated[
        float | None,
        typer.Option(
            "--new-a-year",
            min=1,
            max=10_000_000,
            help="People listed for the first time in a year [default: as the lists so far].",
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
