"""The verb `weekly`: lists are published whole, once, and never silently replaced."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.progress import Progress, silent
from riskstrat.errors import IndexDateError, NothingToDoError, PublicationError
from riskstrat.identity import naming_page
from riskstrat.publication import (
    TeamList,
    compute_manifest_digest,
    find_unfinished_withdrawal,
    name_files,
    publish,
    require_same,
    require_same_register,
)
from riskstrat.reviews import ReviewStore, count_changes
from riskstrat.site.dates import find_latest_monday
from riskstrat.site.opening import Site, open_data
from riskstrat.site.resources import Resource, list_places, write_alone
from riskstrat.trial.standing import find_running_trial
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.verbs.sealed_week import seal_week
from riskstrat.weekly.listing import Listed, headline, make_lists, summary_of
from riskstrat.weekly.planning import find_list_date, find_nothing_to_do
from riskstrat.weekly.publishing import (
    build_weekly_list,
    compute_early_inputs,
    compute_inputs,
    describe_publication,
    write_documents,
)
from riskstrat.workspace import find, load


def weekly(
    root: Path | None,
    when: str | None = None,
    recipe: str | None = None,
    progress: Progress = silent,
    *,
    if_fresh: bool = False,
    wait: bool = False,
) -> Report:
    """Score, explain, list and publish to `lists/<date>/`; while a silent trial runs, seal instead.

    A second run on the same inputs changes nothing. if_fresh: only where there is something to do, else raises
    NothingToDoError; without a date for the latest Monday of the data. Raises PublicationError when a list of that date
    stands and the inputs have changed since, or its files have; IndexDateError for no date; BusyError while another run
    writes lists, unless it is to wait.
    """
    if when is None and not if_fresh:
        raise IndexDateError("no date is given; add --index-date DATE, or --if-fresh for the latest Monday of the data")
    workspace = load(find(root))
    with write_alone(workspace.root, "weekly", wait=wait):
        opened = open_data(workspace)
        day = when or find_latest_monday(opened.store.data_as_at).isoformat()
        store = open_review_store(workspace)
        audit.settle(workspace.root)
        trial = find_running_trial(workspace.root)
        if trial is not None:
            return seal_week(opened, trial, day, recipe, progress, store, if_fresh=if_fresh)
        if if_fresh and (why := find_nothing_to_do(opened, store, day, recipe)):
            raise NothingToDoError(f"nothing to do: {why}")
        _require_publishable(opened, day)
        return _publish(make_lists(opened, day, recipe, progress, store), day, progress, store)


def _require_publishable(opened: Site, when: str) -> None:
    """Raises what stops a list of the date from being published whatever it says, before the minutes that it takes."""
    workspace, day = opened.workspace, find_list_date(opened, when)
    lists = list_places(workspace)[Resource.LISTS]
    audit.require_ready(workspace.root)
    _require_no_unfinished_withdrawal(lists, day)
    if (lists / day.isoformat()).exists():
        require_same(lists / day.isoformat(), compute_early_inputs(opened))


def _publish(listed: Listed, when: str, progress: Progress, store: ReviewStore) -> Report:
    workspace = listed.opened.workspace
    lists = list_places(workspace)[Resource.LISTS]
    folder = lists / listed.list_date.isoformat()
    inputs = compute_inputs(listed, when)
    listed.steps.done("compare with what is published")
    audit.require_ready(workspace.root)
    _require_no_unfinished_withdrawal(lists, listed.list_date)
    if folder.exists():
        require_same(folder, inputs)
        audit.require_published(workspace.root, folder.name, compute_manifest_digest(folder))
        unread = _report_unread_reviews(listed, store)
        return _report(listed, folder, "already published from the same inputs; nothing changed", unread)
    progress("documents", 0.0)
    facts, readers = describe_publication(listed, inputs), workspace.settings.lists.readers

    def logging(manifest: Path, digest: str) -> AbstractContextManager[None]:
        return audit.log_publishing(workspace.root, manifest, folder.name, digest, facts.get("hold_out"))

    seal = partial(audit.make_seal, workspace.root)
    with publish(folder, build_weekly_list(listed), facts, logging, readers, seal) as part:
        require_same_register(lists, listed.register)
        write_documents(listed, part, naming_page(), progress)
        listed.steps.done("documents")
    return _report(listed, folder, "published")


def _require_no_unfinished_withdrawal(lists: Path, day: date) -> None:
    """Raises PublicationError where a list of the date was being withdrawn: a new one would be taken for it."""
    if find_unfinished_withdrawal(lists, day) is not None:
        raise PublicationError(
            f"a withdrawal of the list of {day} was cut short; finish it first: riskstrat withdraw {day} --reason TEXT"
        )


def _report_unread_reviews(listed: Listed, store: ReviewStore) -> tuple[str, ...]:
    """A line where a list of today would read more reviews than the published one did, and one where it would not read
    some of them any more."""
    now = store.take_snapshot(listed.list_date)
    more, fewer = count_changes(listed.reviews, now)
    lines = []
    if more:
        said = "1 outcome was" if more == 1 else f"{more:,} outcomes were"
        lines.append(f"{said} imported since it was published; the next list reads {'it' if more == 1 else 'them'}")
    if fewer:
        said = "1 outcome that it read was" if fewer == 1 else f"{fewer:,} outcomes that it read were"
        lines.append(f"{said} put right or taken back since; the next list reads what stands now")
    return tuple(lines)


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
        known = "cannot be told" if document.known is None else str(document.known)
        rows.append((document.team, str(counts.listed), known, f"{counts.eligible:,}", name))
    return tuple(rows)
