"""The verbs that write what the tables say: a clean table on a day, features, and a month's indicators for a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, RecipeName, Workspace
from riskstrat.cli.showing import show
from riskstrat.site.dates import written_date, written_month

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report


def table(
    name: Annotated[str, typer.Argument(help="Table, such as admissions, continuous_stays or all_falls.")],
    as_at: Annotated[str, typer.Option("--as-at", help="Day such as 2026-11-16; not after the data-as-at.")],
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .parquet or .csv.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write a clean table as it was known on a day: the rows that the engine sees then."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.table import table as run

        return run(workspace, name, written_date(as_at, "--as-at"), out, progress)

    show(verb, json)


def features(
    index_date: Annotated[str | None, typer.Option("--index-date", help="Date such as 2026-11-16.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write, ending in .parquet or .csv.")] = None,
    describe: Annotated[bool, typer.Option("--describe", help="List every feature instead.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the scans as SQL instead.")] = False,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Build the features of everybody eligible at an index date."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs import features

        if (describe or sql) and ((describe and sql) or index_date or out or recipe):
            raise typer.BadParameter("--describe and --sql go with no other option but --workspace and --json")
        if describe:
            return features.describe(workspace)
        if sql:
            return features.scan_sql(workspace)
        if index_date is None or out is None:
            raise typer.BadParameter("give --index-date and --out, or --describe, or --sql")
        return features.features(workspace, index_date, out, recipe, progress)

    show(verb, json)


def board(
    month: Annotated[str, typer.Option("--month", help="Month such as 2026-10; must be over in the data.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for page, workbook and PDF; new or empty.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write the indicators that a board reads each month, hidden and charted, as page, workbook and PDF."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.board import board as run

        return run(workspace, written_month(month, "--month"), out, progress)

    show(verb, json)
