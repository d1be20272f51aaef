"""The verbs between two lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.options import AsJson, Format, LeaveOut, ListsPageOut, LookPurpose, RecipeName, Wait, Workspace
from riskstrat.cli.showing import show
from riskstrat.site.dates import written_date

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report


def refresh(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="Folder or database file with new rows of statuses, opt_outs, caseload, people (deaths) or "
            "registrations [default: source.toml]."
        ),
    ] = None,
    format: Format = "canonical",
    as_at: Annotated[str | None, typer.Option("--as-at", help="Day of the rows [default: today].")] = None,
    leave_out: LeaveOut = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Take in who died, left, objected or went into hospital since the last whole ingest."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.refresh import refresh as run

        day = None if as_at is None else written_date(as_at, "--as-at")
        return run(workspace, source, format, day, progress, leave_out=leave_out or (), wait=wait)

    show(verb, json)


def status(
    index_date: Annotated[
        str | None,
        typer.Option("--index-date", help="Date of the list that is asked about [default: the data's latest Monday]."),
    ] = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say on one screen whether all is well: data, model, lists, reviews, refresh, runs, disk; code 17 if not."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.status import status as run

        return run(workspace, index_date)

    show(verb, json)


def monitor(
    as_at: Annotated[
        str | None, typer.Option("--as-at", help="Day on which everything is looked at [default: today].")
    ] = None,
    out: ListsPageOut = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Watch lists in use: recent, unchanged, calibrated, worked through, fair; code 17 for an alert."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.monitor import monitor as run

        day = None if as_at is None else written_date(as_at, "--as-at")
        return run(workspace, day, out, recipe, progress)

    show(verb, json)


def subject_access(
    patient: Annotated[str, typer.Argument(help="The patient_id of the source.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to make; it will hold all that is held of one person.")],
    purpose: LookPurpose = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Write everything held of one person, for somebody to look through before it goes to them."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.subject_access import subject_access as run

        return run(workspace, patient, out, purpose)

    show(verb, json)
