"""The verb `weekly`: lists are published whole, once, and never silently replaced."""

from __future__ import annotations

from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.identity import naming_page
from riskstrat.publication import (
    TeamList,
    compute_manifest_digest,
    name_files,
    publish,
    require_same,
    require_same_register,
)
from riskstrat.reviews import FileReviewStore
from riskstrat.verbs.report import Report
from riskstrat.weekly.listing import Listed, headline, make_lists, summary_of
from riskstrat.weekly.publishing import build_weekly_list, compute_inputs, describe_publication, write_documents


def weekly(root: Path | None, when: str, recipe: str | None = None, progress: Progress = silent) -> Report:
    """Score, explain, list and publish to `lists/<date>/`.

    A second run on the same inputs changes nothing. Raises PublicationError when a list of that date stands and the
    inputs have changed since, or its files have.
    """
    listed = make_lists(root, when, recipe, progress)
    workspace = listed.opened.workspace
    lists = workspace.root / workspace.settings.lists.folder
    folder = lists / listed.list_date.isoformat()
    inputs = compute_inputs(listed, when)
    listed.steps.done("compare with what is published")
    if folder.exists():
        require_same(folder, inputs)
        audit.log_published(workspace.root, folder.name, compute_manifest_digest(folder))
        return _report(
            listed, folder, "already published from the same inputs; nothing changed", _report_unread_reviews(listed)
        )
    audit.require_ready(workspace.root)
    progress("documents", 0.0)
    facts, readers = describe_publication(listed, inputs), workspace.settings.lists.readers
    with publish(folder, build_weekly_list(listed), facts, readers) as part:
        require_same_register(lists, listed.register)
        write_documents(listed, part, naming_page(), progress)
        listed.steps.done("documents")
    audit.log_published(workspace.root, folder.name, compute_manifest_digest(folder))
    return _report(listed, folder, "published")


def _report_unread_reviews(listed: Listed) -> tuple[str, ...]:
    """A line where reviews came in that a list of today would read and the published one did not."""
    now = FileReviewStore(listed.opened.workspace.root).take_snapshot(listed.list_date)
    more = len(set(now.reviews) - set(listed.reviews.reviews))
    if not more:
        return ()
    said = "1 outcome was" if more == 1 else f"{more:,} outcomes were"
    return (f"{said} imported since it was published; the next list reads {'it' if more == 1 else 'them'}",)


def _report(listed: Listed, folder: Path, what: str, more: tuple[str, ...] = ()) -> Report:
    seconds = {step: round(took, 3) for step, took in listed.steps.seconds.items()}
    summary = summary_of(listed) | {"folder": str(folder), "status": what, "seconds": seconds}
    lines = [*headline(listed), f"{folder}: {what}", *more, listed.steps.line()]
    return Report(summary, tuple(lines), _tabulate_teams(listed.documents))


def _tabulate_teams(documents: tuple[TeamList, ...]) -> tuple[tuple[str, ...], ...]:
    rows = [("team", "listed", "known", "eligible", "open")]
    for document in documents:
        counts = document.counts
        stem = name_files(document.team_code)
        name = f"{stem}/{stem}.xlsx / .html"
        rows.append((document.team, str(counts.listed), str(counts.known_on_caseload), f"{counts.eligible:,}", name))
    return tuple(rows)
