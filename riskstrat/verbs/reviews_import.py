"""The verb `reviews import`: one filled-in list into the workspace, all of it, or a refusal that names every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.publication import PublishedList
from riskstrat.returning import (
    Additions,
    Difference,
    compare_with_record,
    describe_conflicts,
    find_additions,
    find_edition,
    parse_names,
)
from riskstrat.reviews import Edition, Filled, Judged, Terms, is_numbered, judge, read_filled
from riskstrat.site.resources import write_alone
from riskstrat.storage import require_plain
from riskstrat.verbs.exported_decisions import import_export
from riskstrat.verbs.report import Report
from riskstrat.verbs.review_store import open_review_store
from riskstrat.workspace import Workspace, find, load


def import_reviews(
    root: Path | None,
    file: Path,
    list_date: str | None = None,
    *,
    correct: bool = False,
    by: str | None = None,
    reason: str | None = None,
    leave_out: str | None = None,
    confirm: str | None = None,
    wait: bool = False,
) -> Report:
    """Take the outcomes of a filled-in list into `reviews/`; the same contents a second time change nothing.

    A file that ends in .json is the export of a worklist on another machine (`import_export`).

    list_date: of a file that does not say itself which list it is. leave_out: rows, columns and sheets to pass over.
    confirm: rows whose entries are meant, though they do not seem to go together. Raises PublicationError, and writes
    nothing, where something cannot be read or is in doubt, or where a review differs from one imported before and no
    correction was asked for; BusyError while another run imports, unless it is to wait.
    """
    _refuse_nameless(correct, by, reason)
    require_plain(file)
    if file.suffix.lower() == ".json":
        if correct or list_date or leave_out or confirm:
            raise PublicationError(f"{file.name} is a signed export, which is taken whole; leave out the other options")
        return import_export(root, file, wait=wait)
    filled = read_filled(file)
    workspace = load(find(root))
    with write_alone(workspace.root, "reviews import", wait=wait):
        lists = workspace.root / workspace.settings.lists.folder
        edition, published = find_edition(workspace.root, lists, filled, list_date, file.name)
        judged = judge(filled, edition, _build_terms(workspace, filled, leave_out, confirm))
        _require_settled(judged, file.name)
        return _import(workspace, filled, published, edition, judged, correct=correct, by=by, reason=reason)


def _import(
    workspace: Workspace,
    filled: Filled,
    published: PublishedList,
    edition: Edition,
    judged: Judged,
    *,
    correct: bool,
    by: str | None,
    reason: str | None,
) -> Report:
    audit.require_ready(workspace.root)
    store = open_review_store(workspace)
    before = store.read_standing(edition.list_date, edition.team_code)
    difference = compare_with_record(judged, before, edition)
    if difference.conflicts and not correct:
        raise PublicationError(describe_conflicts(difference, before))
    correction = difference.build_correction(edition, by or "", reason or "") if correct else None
    written = difference.list_written(edition, correct=correct)
    details = {
        "list_date": edition.list_date.isoformat(),
        "team": edition.team_code,
        "reviews": sum(not review.takes_back for review in written),
        "correction": f"by {by}: {reason}" if correction else None,
    }

    def logging(target: Path, digest: str) -> AbstractContextManager[None]:
        return audit.log_importing(workspace.root, target, digest, details)

    name = store.add((edition.list_date, edition.team_code), written, correction, logging) if written else None
    additions = find_additions(filled, published, edition.team_code)
    summary = _summarise_import(edition, judged, difference, name, correct=correct)
    return _report(summary | _summarise_rest(filled, judged, additions), len(judged.reviews))


def _refuse_nameless(correct: bool, by: str | None, reason: str | None) -> None:
    if correct and not (by and by.strip() and reason and reason.strip()):
        raise PublicationError("--correct needs --by NAME and --reason TEXT: they are kept with the correction")
    if not correct and (by or reason):
        raise PublicationError("--by and --reason go with --correct; leave them out, or add it")
    if any(given and is_numbered(given) for given in (by, reason)):
        raise PublicationError("--by and --reason must hold no number of nine digits or more; say it without")
    if correct:
        audit.require_reason(reason or "", "--reason")


def _build_terms(workspace: Workspace, filled: Filled, leave_out: str | None, confirm: str | None) -> Terms:
    return Terms(
        audit.today(),
        workspace.settings.reviews.contradictions,
        parse_names(leave_out, "--leave-out", filled),
        parse_names(confirm, "--confirm", filled),
    )


def _require_settled(judged: Judged, name: str) -> None:
    """Raises PublicationError with everything that is wrong or in doubt, and what to do about either."""
    if not judged.problems and not judged.doubts:
        return
    said = "; ".join(map(str, (*judged.problems, *judged.doubts)))
    settle = ["put this right and import it again"]
    settle += ["leave out rows, columns or sheets by name with --leave-out"]
    settle += ["confirm with --confirm REFERENCE what is meant as it stands"] if judged.doubts else []
    raise PublicationError(f"nothing was imported from {name}: {said}; {', or '.join(settle)}")


def _summarise_import(
    edition: Edition, judged: Judged, difference: Difference, file: str | None, *, correct: bool
) -> dict[str, Any]:
    return {
        "list_date": edition.list_date,
        "team": edition.team,
        "people": len(difference.changed),
        "outcomes": sum(map(len, difference.changed.values())),
        "corrected": len(difference.conflicts),
        "taken_back": list(difference.emptied) if correct else [],
        "recorded_but_emptied": [] if correct else list(difference.emptied),
        "recorded_but_not_given": list(difference.absent),
        "already_recorded": len(judged.reviews) - len(difference.changed),
        "file": file,
    }


def _summarise_rest(filled: Filled, judged: Judged, additions: Additions) -> dict[str, Any]:
    """What was not taken, and what a person should look at."""
    return {
        "without_outcome": len(judged.emptied),
        "left_out": judged.left_out,
        "columns_not_found": list(filled.absent),
        "status_not_ticked": judged.unchecked,
        "ticked_without_outcome": judged.ticked,
        "deferred_without_due": judged.undated,
        "dues_in_series": judged.dues_in_series,
        "hidden": judged.hidden,
        "rows_not_read": judged.not_read,
        "columns_not_read": list(additions.columns),
        "facts_changed": list(additions.cells),
        "sheets_not_read": list(additions.sheets),
        "comments_not_read": list(additions.comments),
    }


def _report(summary: Mapping[str, object], reviewed: int) -> Report:
    lines = (*_tell_import(summary), *_tell_record(summary), *_tell_rows(summary, reviewed), *_tell_unread(summary))
    return Report(dict(summary), lines)


def _tell_import(summary: Mapping[str, Any]) -> Iterator[str]:
    about = f"the list of {summary['team']} of {summary['list_date']}"
    if not summary["file"]:
        yield f"{about}: nothing new"
    else:
        outcomes, people = _format_count(summary["outcomes"], "outcome"), _format_people(summary["people"])
        yield f"{about}: {outcomes} of {people} imported to {summary['file']}"


def _tell_record(summary: Mapping[str, Any]) -> Iterator[str]:
    """What became of what was on record before."""
    if summary["corrected"]:
        yield f"put right: the review of {_format_people(summary['corrected'])}; what was recorded before is kept"
    if summary["taken_back"]:
        yield f"taken back: the review of {_name_people(summary['taken_back'])}; what was recorded before is kept"
    if summary["file"] and summary["already_recorded"]:
        yield f"recorded before: the review of {_format_people(summary['already_recorded'])}"
    if summary["recorded_but_emptied"]:
        yield (
            "on record and not in this file, and it stands: the review of "
            f"{_name_people(summary['recorded_but_emptied'])}; to take back what an emptied row said, import with "
            "--correct --by NAME --reason TEXT"
        )
    if summary["recorded_but_not_given"]:
        yield (
            "on record, with no row of theirs that was read, and it stands: the review of "
            f"{_name_people(summary['recorded_but_not_given'])}"
        )


def _tell_rows(summary: Mapping[str, Any], reviewed: int) -> Iterator[str]:
    if summary["left_out"]:
        yield f"left out as asked: {', '.join(summary['left_out'])}"
    if summary["without_outcome"]:
        yield f"left out: {_format_count(summary['without_outcome'], 'row')} without an outcome"
    if summary["ticked_without_outcome"]:
        yield f"status ticked, and nothing else filled in: {', '.join(summary['ticked_without_outcome'])}"
    if summary["status_not_ticked"]:
        yield f"status not ticked as checked: {summary['status_not_ticked']} of {_format_people(reviewed)} reviewed"
    if summary["deferred_without_due"]:
        yield (f"deferred to no due date, so listed again at once: {', '.join(summary['deferred_without_due'])}")
    if summary["dues_in_series"]:
        yield f"due dates that follow each other from row to row; look at them: {', '.join(summary['dues_in_series'])}"
    if summary["hidden"]:
        yield f"read from rows that do not show: {', '.join(summary['hidden'])}"


def _tell_unread(summary: Mapping[str, Any]) -> Iterator[str]:
    for key, what in (
        ("columns_not_found", "no column of that title, so nothing was read of it"),
        ("rows_not_read", "not read, for no reference of this list stands there"),
        ("columns_not_read", "columns of the team's own, not read"),
        ("facts_changed", "facts that were written over, not read"),
        ("sheets_not_read", "sheets with something of the team's own, not read"),
        ("comments_not_read", "comments, not read, at"),
    ):
        if summary[key]:
            yield f"{what}: {', '.join(summary[key])}"


def _name_people(references: Sequence[str]) -> str:
    return f"{_format_people(len(references))} ({', '.join(references)})"


def _format_count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _format_people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
