"""The verb `demo`: a simulated borough through the whole of the main job, ending with files to open.

With two weeks or more each team gives its filled-in workbook back before the next list, so that what changed, who is
carried over and what was decided can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import PublicationError, SourceError, WorkspaceError
from riskstrat.publication import INDEX
from riskstrat.reviews import Entries, fill_in
from riskstrat.site.dates import find_latest_monday
from riskstrat.sources.store import is_ingested, open_store
from riskstrat.verbs.ingest import ingest
from riskstrat.verbs.promote import promote
from riskstrat.verbs.report import Report
from riskstrat.verbs.reviews_import import import_reviews
from riskstrat.verbs.simulate import simulate
from riskstrat.verbs.train import train
from riskstrat.verbs.weekly import weekly
from riskstrat.verbs.withdraw import withdraw
from riskstrat.workspace import find, load

SOURCE, RETURNED = "demo/borough", "demo/returned"
SEED = 2026
WEEKS, MOST_WEEKS = 2, 12
SERVE = "  riskstrat worklist serve --local"
Say = Callable[[str], None]


def demo(root: Path | None, people: int, weeks: int = WEEKS, progress: Progress = silent, say: Say = print) -> Report:
    """Simulate, ingest, train, promote, and publish the lists of the last weeks with the teams' outcomes in between.

    The model is trained as at the first list. Raises SourceError for a number of weeks outside 1 to 12, WorkspaceError
    if the workspace holds data that no demo made: the demo would take their place.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise SourceError(f"--weeks {weeks} is not from 1 to {MOST_WEEKS}; leave it out for {WEEKS}")
    workspace = load(find(root))
    here, recipe = workspace.root, workspace.settings.lists.recipe
    _require_no_other_data(here, here / workspace.settings.data.store)
    steps = _Steps(3 + 2 * weeks, say)
    steps.report("simulate", simulate(people, SEED, here / SOURCE, progress=progress))
    steps.report("ingest", ingest(here, here / SOURCE, progress=progress))
    mondays = _find_mondays(open_store(here / workspace.settings.data.store).data_as_at, weeks)
    trained = steps.report("train", train(here, recipe, mondays[0], progress=progress))
    steps.report("promote", promote(here, recipe))
    for monday in mondays:
        published = steps.report("weekly", _publish(here, monday, progress))
        if monday != mondays[-1]:
            steps.report("reviews import", _return_workbooks(here, Path(str(published.summary["folder"])), monday))
    files = _list_files_to_open(Path(str(published.summary["folder"])))
    lines = ("", "Open these:", *(f"  {path}" for path in files), "", "Or work through them in a browser:", SERVE)
    summary = {"lists": published.summary, "training": trained.summary, "files": [str(path) for path in files]}
    return Report(summary, lines)


@dataclass
class _Steps:
    """Says a line for each step as it ends."""

    count: int
    say: Say
    done: int = 0

    def report(self, title: str, report: Report) -> Report:
        self.done += 1
        self.say(f"{self.done} of {self.count}  {title}: {report.lines[0]}")
        return report


def _return_workbooks(here: Path, lists: Path, monday: date) -> Report:
    """Each team's workbook of a list, filled in and imported."""
    reports = []
    for workbook in sorted(lists.glob("*/*.xlsx")):
        filled = here / RETURNED / lists.name / workbook.name
        fill_in(workbook, filled, _decide_cases(monday))
        reports.append(import_reviews(here, filled))
    outcomes = sum(int(str(report.summary["outcomes"])) for report in reports)
    said = f"{outcomes} outcomes of {len(reports)} teams on the list of {monday}: {here / RETURNED / lists.name}"
    return Report({"outcomes": outcomes}, (said,))


def _decide_cases(monday: date) -> tuple[Entries, ...]:
    """What the meeting of a made-up team decides about the first people of its list; the others are not discussed."""
    met = {"Status checked": "Yes", "Decided on": monday, "Decided by": "MDT meeting"}
    week, month = monday + timedelta(days=7), monday + timedelta(days=28)
    return (
        met
        | {"Outcome 1": "Case management", "Owner 1": "Community matron", "Due 1": month, "Agree": "Yes"}
        | {"Outcome 2": "Medication review", "Owner 2": "Practice pharmacist", "Due 2": month},
        met | {"Outcome 1": "Could not contact", "Note": "No answer on two days"},
        met | {"Outcome 1": "Already known to a service", "Agree": "No", "Note": "Heart failure nurse visits"},
        met | {"Outcome 1": "Deferred", "Due 1": week, "Note": "Daughter to be at the next meeting"},
    )


def _list_files_to_open(folder: Path) -> list[Path]:
    """The lists' index and each team's list; the pages of each person are led to from the lists."""
    own = sorted(path for path in folder.glob("*/*") if path.suffix in (".html", ".xlsx") and _is_to_open(path.stem))
    return [folder / INDEX, *own]


def _is_to_open(stem: str) -> bool:
    return stem != "naming" and not stem.endswith("-people")


def _require_no_other_data(here: Path, store: Path) -> None:
    if is_ingested(store) and not ((here / SOURCE).exists() and open_store(store).simulated):
        raise WorkspaceError(
            f"{store.name} holds data that no demo made, and the demo would replace them; "
            'run it in a folder of its own: "riskstrat init DIR", then "riskstrat demo -w DIR"'
        )


def _find_mondays(as_at: date, weeks: int) -> tuple[date, ...]:
    """The latest Mondays for which data are there, the earliest first: MDTs meet on Mondays."""
    latest = find_latest_monday(as_at)
    return tuple(latest - timedelta(weeks=ago) for ago in reversed(range(weeks)))


def _publish(here: Path, monday: date, progress: Progress) -> Report:
    try:
        return weekly(here, monday.isoformat(), progress=progress)
    except PublicationError:
        withdraw(here, monday.isoformat(), "The demo was run again.")
        return weekly(here, monday.isoformat(), progress=progress)
