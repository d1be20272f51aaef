"""The verbs on what lists and estimates come to, before anything is promised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, PageOut, RecipeName, Workspace
from riskstrat.cli.showing import show
from riskstrat.site.dates import written_date

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report


def capacity(
    out: PageOut,
    index_date: Annotated[
        str | None,
        typer.Option("--index-date", help="A past date whose time is over [default: the latest Monday of such]."),
    ] = None,
    people: Annotated[
        list[int] | None, typer.Option("--people", help="People on the list; may be given again [default: a ladder].")
    ] = None,
    effect: Annotated[
        list[float] | None,
        typer.Option("--effect", help="Share avoided, assumed; may be given again [default: 0.05, 0.1 and 0.2]."),
    ] = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say what lists of some lengths could free at an assumed effect: admissions and beds, with their ranges."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.capacity import capacity as run

        day = None if index_date is None else written_date(index_date, "--index-date")
        return run(workspace, out, day, people or (), effect or (), recipe, progress)

    show(verb, json)


def cohorts(
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .html, .csv or .json.")],
    list_date: Annotated[
        str | None, typer.Option("--list-date", help="Date of a published list [default: the latest].")
    ] = None,
    references: Annotated[
        bool,
        typer.Option("--references", help="Name listed people by reference too; the file is then for teams alone."),
    ] = False,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say how large each cohort is, who of it has a care plan on record, and who is at high risk and in none."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.cohorts import cohorts as run

        day = None if list_date is None else written_date(list_date, "--list-date")
        return run(workspace, out, day, recipe, progress, references=references)

    show(verb, json)


def demand(
    out: PageOut,
    index_date: Annotated[
        str | None, typer.Option("--index-date", help="Date that it counts from [default: the data's latest Monday].")
    ] = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say how many people each place and age must expect to be admitted, the caseload in 12 months, and a year back."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.demand import demand as run

        day = None if index_date is None else written_date(index_date, "--index-date")
        return run(workspace, out, day, recipe, progress)

    show(verb, json)
