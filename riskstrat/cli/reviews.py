"""The verbs of what teams decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Wait, Workspace
from riskstrat.cli.showing import show

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

app = typer.Typer(name="reviews", help="What the teams decided about the people on their lists.", no_args_is_help=True)


@app.callback()
def _group_verbs() -> None:
    """What the teams decided about the people on their lists."""


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(help="Filled-in workbook or CSV of a list, named or not, or a worklist's export (.json)."),
    ],
    list_date: Annotated[
        str | None, typer.Option("--list-date", help="Date of the list, for a file that does not say it itself.")
    ] = None,
    correct: Annotated[bool, typer.Option("--correct", help="Put right what was imported before.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="With --correct: who decides.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="With --correct: why; kept with the reviews.")] = None,
    leave_out: Annotated[
        str | None,
        typer.Option("--leave-out", help='Rows, columns and sheets to pass over: "NKI-012-4, row 9, Due 2, sheet 7".'),
    ] = None,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", help="References of rows that are meant as they stand, though it seems a slip."),
    ] = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Take outcomes back from a filled-in list, by reference."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.reviews_import import import_reviews as run

        settled = {"leave_out": leave_out, "confirm": confirm}
        return run(workspace, file, list_date, correct=correct, by=by, reason=reason, **settled, wait=wait)

    show(verb, json)
