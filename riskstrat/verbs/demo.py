"""The verb `demo`: a simulated borough through the whole of the main job, ending with files to open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import PublicationError, WorkspaceError
from riskstrat.publication import INDEX
from riskstrat.sources.store import open_store
from riskstrat.verbs.ingest import ingest
from riskstrat.verbs.promote import promote
from riskstrat.verbs.report import Report
from riskstrat.verbs.simulate import simulate
from riskstrat.verbs.train import train
from riskstrat.verbs.weekly import weekly
from riskstrat.verbs.withdraw import withdraw
from riskstrat.workspace import find, load

SOURCE = "demo/borough"
SEED = 2026
Say = Callable[[str], None]


def demo(root: Path | None, people: int, progress: Progress = silent, say: Say = print) -> Report:
    """Simulate, ingest, train, promote and publish a week's lists in the workspace.

    Raises WorkspaceError if the workspace holds data that no demo made: the demo would take their place.
    """
    workspace = load(find(root))
    here = workspace.root
    _require_no_other_data(here, here / workspace.settings.data.store)
    _report_step(say, "1 of 5  simulate", simulate(people, SEED, here / SOURCE, progress=progress))
    _report_step(say, "2 of 5  ingest", ingest(here, here / SOURCE, progress=progress))
    trained = _report_step(say, "3 of 5  train", train(here, workspace.settings.lists.recipe, progress=progress))
    _report_step(say, "4 of 5  promote", promote(here, workspace.settings.lists.recipe))
    monday = _find_latest_monday(open_store(here / workspace.settings.data.store).data_as_at)
    published = _report_step(say, "5 of 5  weekly", _publish(here, monday, progress))
    folder = Path(str(published.summary["folder"]))
    # The pages of each person are led to from the lists.
    own = sorted(path for path in folder.glob("*/*") if path.suffix in (".html", ".xlsx") and _is_to_open(path.stem))
    files = [folder / INDEX, *own]
    lines = ("", "Open these:", *(f"  {path}" for path in files))
    summary = {"lists": published.summary, "training": trained.summary, "files": [str(path) for path in files]}
    return Report(summary, lines)


def _is_to_open(stem: str) -> bool:
    return stem != "naming" and not stem.endswith("-people")


def _require_no_other_data(here: Path, store: Path) -> None:
    if store.exists() and not (here / SOURCE).exists():
        raise WorkspaceError(
            f"{store.name} holds data that no demo made, and the demo would replace them; "
            'run it in a folder of its own: "riskstrat init DIR", then "riskstrat demo -w DIR"'
        )


def _report_step(say: Say, title: str, report: Report) -> Report:
    say(f"{title}: {report.lines[0]}")
    return report


def _find_latest_monday(as_at: date) -> date:
    """The latest Monday for which data are there: MDTs meet on Mondays."""
    return as_at - timedelta(days=as_at.weekday())


def _publish(here: Path, monday: date, progress: Progress) -> Report:
    try:
        return weekly(here, monday.isoformat(), progress=progress)
    except PublicationError:
        withdraw(here, monday.isoformat(), "The demo was run again.")
        return weekly(here, monday.isoformat(), progress=progress)
