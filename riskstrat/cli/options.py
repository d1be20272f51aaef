"""Options that several verbs take, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="Folder with riskstrat.toml [default: this folder or one above it]."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print a summary for machines on stdout.")]
Wait = Annotated[
    bool, typer.Option("--wait", help="Where another run writes the same, wait until it has ended instead of ending.")
]
RecipeName = Annotated[
    str | None,
    typer.Option("--recipe", help="Recipe in training/ [default: the one the lists use, in riskstrat.toml]."),
]
PageOut = Annotated[Path, typer.Option("--out", help="File to write, ending in .html.")]
ListsPageOut = Annotated[
    Path | None, typer.Option("--out", help="Page to write, ending in .html [default: in the lists' folder].")
]
TableOut = Annotated[Path, typer.Option("--out", help="File to write, ending in .parquet or .csv.")]
Format = Annotated[str, typer.Option("--format", help="canonical, hes, omop, synthea, meds or mimic.")]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option("--leave-out", help="opt_outs, statuses and the like: leave rows out that cannot be read."),
]
LookPurpose = Annotated[
    str | None,
    typer.Option("--purpose", help="Why you look at this person, in a few words; logged, and needed for real records."),
]
