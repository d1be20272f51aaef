"""The verbs, in the order in which data flow."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat import __version__
from riskstrat.cli import (
    audit,
    backups,
    daily,
    identity,
    impact,
    keeping,
    models,
    pack,
    planning,
    reviews,
    sources,
    tables,
    trial,
    worklist,
)
from riskstrat.cli.options import AsJson, ListsPageOut, LookPurpose, RecipeName, TableOut, Wait, Workspace
from riskstrat.cli.showing import show
from riskstrat.site.dates import written_date

if TYPE_CHECKING:
    from riskstrat.definitions.progress import Progress
    from riskstrat.verbs.report import Report

app = typer.Typer(
    name="riskstrat",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

IndexDate = Annotated[str, typer.Option("--index-date", help="Date such as 2026-11-16; not after the data-as-at.")]


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"riskstrat {__version__}")
        raise typer.Exit


@app.callback()
def read_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Risk stratification and case finding for integrated health and social care teams."""


def _date(given: str | None, option: str) -> date | None:
    return None if given is None else written_date(given, option)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make; must be empty or not exist.")], json: AsJson = False
) -> None:
    """Make a new workspace: definitions, recipes, settings."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.init import init as run

        return run(folder)

    show(verb, json)


@app.command()
def demo(
    workspace: Workspace = None,
    people: Annotated[int, typer.Option("--people", help="People in the simulated borough.")] = 20_000,
    weeks: Annotated[int, typer.Option("--weeks", help="Lists, a week apart, with the teams' outcomes between.")] = 2,
    json: AsJson = False,
) -> None:
    """Run the whole job on a simulated borough and name the files to open."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.demo import demo as run

        return run(workspace, people, weeks, progress, say=lambda line: typer.echo(line, err=json))

    show(verb, json)


@app.command()
def simulate(
    people: Annotated[int, typer.Option("--people", help="Number of people.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the source tables; the truth goes beside it.")],
    borough: Annotated[str, typer.Option("--borough", help="knowsley, halton, wirral or havering.")] = "knowsley",
    years: Annotated[int, typer.Option("--years", help="Years of records.")] = 9,
    effect: Annotated[
        float, typer.Option("--effect", help="Share of emergency admissions that an MDT's action prevents; 0 is none.")
    ] = 0.0,
    faults: Annotated[float, typer.Option("--faults", help="Share of rows to spoil, listed beside the truth.")] = 0.0,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Simulate a borough whose true risk is known."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.simulate import simulate as run

        options = {"borough": borough, "years": years, "intervention_effect": effect, "faults": faults}
        return run(people, seed, out, progress=progress, **options)

    show(verb, json)


@app.command()
def check(workspace: Workspace = None, json: AsJson = False) -> None:
    """Check definitions, codelists, recipes and settings; no data needed."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.check import check as run

        return run(workspace)

    show(verb, json)


app.command()(sources.ingest)
app.command()(daily.refresh)
app.command()(tables.table)
app.command()(tables.features)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="Recipe in training/, such as emergency_admission_12m.")],
    as_at: Annotated[
        str | None, typer.Option("--as-at", help="Use only what was known on this date [default: the data-as-at].")
    ] = None,
    sensitive: Annotated[
        bool,
        typer.Option(
            "--compare-sensitive",
            help="Say what it costs to keep sensitive records out of the score: each test date is learned both ways.",
        ),
    ] = False,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Package of another site: calibrate its model here instead of learning one."),
    ] = None,
    approval: Annotated[
        str | None, typer.Option("--approval", help="With --from: reference of your controller's approval.")
    ] = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Train, evaluate and register a version of a model."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.train import train as run

        asked = _date(as_at, "--as-at")
        return run(workspace, recipe, asked, progress, sensitive=sensitive, start=start, approval=approval, wait=wait)

    show(verb, json)


app.add_typer(models.app, name="models")


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="Model, which has the name of its recipe.")],
    version: Annotated[int | None, typer.Argument(help="Version [default: the latest].")] = None,
    override: Annotated[bool, typer.Option("--override", help="Promote over gates that do not pass.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="With --override: who decides.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="With --override: why; kept with the version.")] = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Make a version that passes its gates the champion that lists are made with."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.promote import promote as run

        return run(workspace, model, version, override=override, by=by, reason=reason, wait=wait)

    show(verb, json)


@app.command()
def compare(
    model: Annotated[str, typer.Argument(help="Model, which has the name of its recipe.")],
    a: Annotated[int, typer.Argument(help="One version.")],
    b: Annotated[int, typer.Argument(help="Another version.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File for who enters and leaves, ending in .parquet or .csv.")
    ] = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Compare two versions on the same test dates: figures, lists, and who enters and leaves."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.compare import compare as run

        return run(workspace, model, a, b, out, progress)

    show(verb, json)


@app.command()
def score(
    index_date: IndexDate, out: TableOut, recipe: RecipeName = None, workspace: Workspace = None, json: AsJson = False
) -> None:
    """Score everybody eligible at an index date with the champion."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.score import score as run

        return run(workspace, index_date, out, recipe, progress)

    show(verb, json)


@app.command()
def explain(
    patient: Annotated[str, typer.Argument(help="The patient_id of the source.")],
    index_date: IndexDate,
    purpose: LookPurpose = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say why one person has their score, in dated sentences."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.explain import explain as run

        return run(workspace, patient, index_date, recipe, progress, purpose)

    show(verb, json)


@app.command()
def why(
    patient: Annotated[str, typer.Argument(help="The patient_id of the source.")],
    index_date: IndexDate,
    purpose: LookPurpose = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Say in a sentence where one person stands at a list: on it, below the line, known, or why not."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.why import why as run

        return run(workspace, patient, index_date, recipe, progress, purpose)

    show(verb, json)


@app.command("list")
def list_(index_date: IndexDate, recipe: RecipeName = None, workspace: Workspace = None, json: AsJson = False) -> None:
    """Show each team's list, without publishing it."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.list import list_ as run

        return run(workspace, index_date, recipe, progress)

    show(verb, json)


@app.command()
def weekly(
    index_date: Annotated[
        str | None,
        typer.Option(
            "--index-date",
            help="Date such as 2026-11-16; not after the data-as-at [default with --if-fresh: their latest Monday].",
        ),
    ] = None,
    if_fresh: Annotated[
        bool,
        typer.Option("--if-fresh", help="Only where anything has moved since the last list; if not, end with code 16."),
    ] = False,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Score, explain, list and publish each team's documents."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.weekly import weekly as run

        return run(workspace, index_date, recipe, progress, if_fresh=if_fresh, wait=wait)

    show(verb, json)


app.command()(daily.status)


@app.command()
def withdraw(
    list_date: Annotated[str, typer.Argument(help="Date of the published list, such as 2026-11-16.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence; kept with the list.")],
    workspace: Workspace = None,
    wait: Wait = False,
    json: AsJson = False,
) -> None:
    """Take a published list back, with a reason."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.withdraw import withdraw as run

        return run(workspace, list_date, reason, wait=wait)

    show(verb, json)


@app.command()
def replay(
    weeks: Annotated[int, typer.Option("--weeks", help="Weekly lists to rebuild.")] = 52,
    until: Annotated[
        str | None, typer.Option("--until", help="Date of the last list [default: the latest Monday of the data].")
    ] = None,
    out: ListsPageOut = None,
    recipe: RecipeName = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Rebuild the lists of past weeks as known then: whom they would have found, and what came of it."""

    def verb(progress: Progress) -> Report:
        from riskstrat.verbs.replay import replay as run

        return run(workspace, weeks, _date(until, "--until"), out, recipe, progress)

    show(verb, json)


app.command()(tables.board)
app.command()(daily.monitor)
app.command("subject-access")(daily.subject_access)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(keeping.retention)
app.command()(impact.power)
app.command()(planning.capacity)
app.command()(planning.cohorts)
app.command()(planning.demand)
app.add_typer(impact.app, name="impact")
app.add_typer(pack.app, name="pack")
app.add_typer(trial.app, name="trial")
app.add_typer(reviews.app, name="reviews")
app.add_typer(worklist.app, name="worklist")
app.add_typer(audit.app, name="audit")
app.add_typer(sources.app, name="source")
app.add_typer(identity.app, name="identity")
