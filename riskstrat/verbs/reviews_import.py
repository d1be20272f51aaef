"""The verb `reviews import`: one filled-in list into the workspace, all of it, or a refusal that names every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.errors import PublicationError
from riskstrat.publication import PublishedList, open_published
from riskstrat.reviews import (
    REFERENCE,
    Correction,
    Edition,
    FileReviewStore,
    Filled,
    Judged,
    ListMark,
    Review,
    StandingReviews,
    is_numbered,
    judge,
    read_filled,
)
from riskstrat.site.dates import written_date
from riskstrat.verbs.report import Report
from riskstrat.workspace import find, load


def import_reviews(
    root: Path | None,
    file: Path,
    list_date: str | None = None,
    *,
    correct: bool = False,
    by: str | None = None,
    reason: str | None = None,
) -> Report:
    """Take the outcomes of a filled-in list into `reviews/`; the same contents a second time change nothing.

    list_date: of a file that does not say itself which list it is. Raises PublicationError, and writes nothing, where
    a cell cannot be read, or where a review differs from one imported before and no correction was asked for.
    """
    _refuse_nameless(correct, by, reason)
    filled = read_filled(file)
    workspace = load(find(root))
    lists = workspace.root / workspace.settings.lists.folder
    edition = _find_edition(lists, filled, list_date, file.name)
    judged = judge(filled.rows, edition)
    if judged.problems:
        said = "; ".join(map(str, judged.problems))
        raise PublicationError(f"nothing was imported from {file.name}: {said}; put this right and import it again")
    audit.require_ready(workspace.root)
    store = FileReviewStore(workspace.root)
    with store.lock():
        before = store.read_standing(edition.list_date, edition.team_code)
        changed, conflicts = _compare(judged.reviews, before)
        if conflicts and not correct:
            raise PublicationError(_describe_conflicts(conflicts, judged.reviews, before))
        corrected = frozenset(judged.reviews[reference][0].patient_id for reference in conflicts)
        correction = Correction(corrected, by or "", reason or "") if conflicts else None
        written = [review for reviews in changed.values() for review in reviews]
        name = store.add((edition.list_date, edition.team_code), written, correction) if written else None
    if name is not None:
        why = f"by {by}: {reason}" if correction else None
        day, file_name = edition.list_date.isoformat(), Path(name).name
        audit.log_imported(workspace.root, day, edition.team_code, file_name, len(written), why)
    return _report(edition, judged, changed, conflicts, name, filled.absent)


def _refuse_nameless(correct: bool, by: str | None, reason: str | None) -> None:
    if correct and not (by and by.strip() and reason and reason.strip()):
        raise PublicationError("--correct needs --by NAME and --reason TEXT: they are kept with the correction")
    if not correct and (by or reason):
        raise PublicationError("--by and --reason go with --correct; leave them out, or add it")
    if any(given and is_numbered(given) for given in (by, reason)):
        raise PublicationError("--by and --reason must hold no number of nine digits or more; say it without")
    if correct:
        audit.require_reason(reason or "", "--reason")


def _find_edition(lists: Path, filled: Filled, given: str | None, name: str) -> Edition:
    """The published list that the file is of. Raises PublicationError if it cannot be told, or is not published."""
    day = _date_of(filled, given, name)
    try:
        published = open_published(lists / day.isoformat())
    except PublicationError as refused:
        raise PublicationError(
            f"no list of {day} stands published in {lists.name} ({refused}); check the date, or ask whether it was "
            "withdrawn"
        ) from None
    _require_edition(published, filled.mark, name)
    teams = published.team_names
    code = filled.mark.team_code if filled.mark else _find_only_team(filled, teams, name)
    if code not in teams:
        raise PublicationError(f"the list of {day} has no team {code}; its teams: {', '.join(sorted(teams))}")
    return Edition(code, teams[code], day, published.read_patients(code))


def _require_edition(published: PublishedList, mark: ListMark | None, name: str) -> None:
    """Raises PublicationError unless the file is of the edition that stands."""
    day = published.list_date
    if published.edition is None:
        raise PublicationError(
            f"the list of {day} was published by an earlier version, whose workbooks have other columns; withdraw it, "
            "publish it again, and fill in the new workbook"
        )
    if mark is not None and mark.edition != published.edition:
        of = f"edition {mark.edition}" if mark.edition else "an earlier edition"
        raise PublicationError(
            f"nothing was imported from {name}: it is of {of} of the list of {day}, which was withdrawn, and edition "
            f"{published.edition} stands, where other people may be listed; copy what still holds into the workbook of "
            "that edition by reference, and import that"
        )


def _date_of(filled: Filled, given: str | None, name: str) -> date:
    asked, said = written_date(given, "--list-date") if given else None, filled.mark.list_date if filled.mark else None
    if said and asked and asked != said:
        raise PublicationError(f"{name} is of the list of {said}, not of {asked}; leave out --list-date")
    day = said or asked
    if day is None:
        raise PublicationError(f"{name} does not say which list it is of; give --list-date, such as 2026-11-16")
    return day


def _find_only_team(filled: Filled, teams: Mapping[str, str], name: str) -> str:
    """The team whose references stand in a file that does not say it itself."""
    codes = {str(row[REFERENCE] or "").strip()[:4].upper() for row in filled.rows}
    found = sorted(code for code in teams if f"{code}-" in codes)
    if len(found) != 1:
        which = f"references of {len(found)} teams" if found else "no reference of that list"
        raise PublicationError(f"{name} has {which}; import one team's list at a time, with its references")
    return found[0]


def _compare(
    given: Mapping[str, tuple[Review, ...]], before: StandingReviews
) -> tuple[dict[str, tuple[Review, ...]], list[str]]:
    """What is not recorded yet, by reference, and the references among it of people with another review on record."""
    changed = {
        reference: reviews
        for reference, reviews in given.items()
        if set(before.get(reviews[0].patient_id, ())) != set(reviews)
    }
    return changed, [reference for reference, reviews in changed.items() if reviews[0].patient_id in before]


def _describe_conflicts(conflicts: list[str], given: Mapping[str, tuple[Review, ...]], before: StandingReviews) -> str:
    """What differs, in the words of the drop-downs; free text is only said to differ."""
    said = []
    for reference in conflicts:
        new = given[reference]
        old = before[new[0].patient_id]
        differs = (
            []
            if _describe_outcomes(old) == _describe_outcomes(new)
            else [f"{_describe_outcomes(old)} is recorded, {_describe_outcomes(new)} is given"]
        )
        recorded = old[0].shared()
        others = [title for title, value in new[0].shared().items() if recorded[title] != value]
        differs += [f"another {', '.join(others)}"] if others else []
        differs = differs or ["another owner or due date"]
        said.append(f"{reference}: {'; '.join(differs)}")
    return (
        f"nothing was imported: another review is on record for {' | '.join(said)}. Import the file as it was, or put "
        "the record right with --correct --by NAME --reason TEXT"
    )


def _describe_outcomes(reviews: tuple[Review, ...]) -> str:
    return " and ".join(
        OUTCOME_WORDS.get(review.outcome, review.outcome) for review in sorted(reviews, key=Review.sort_key)
    )


def _report(
    edition: Edition,
    judged: Judged,
    changed: Mapping[str, tuple[Review, ...]],
    conflicts: list[str],
    file: str | None,
    absent: tuple[str, ...],
) -> Report:
    written = sum(len(reviews) for reviews in changed.values())
    summary = {
        "list_date": edition.list_date,
        "team": edition.team,
        "people": len(changed),
        "outcomes": written,
        "corrected": len(conflicts),
        "already_recorded": len(judged.reviews) - len(changed),
        "without_outcome": judged.without_outcome,
        "unfinished": judged.unfinished,
        "columns_not_found": list(absent),
        "status_not_ticked": judged.unchecked,
        "file": file,
    }
    return Report(summary, tuple(_format_lines(summary, len(judged.reviews))))


def _format_lines(summary: Mapping[str, Any], reviewed: int) -> Iterator[str]:
    about = f"the list of {summary['team']} of {summary['list_date']}"
    if not summary["file"]:
        yield f"{about}: nothing new"
    else:
        outcomes, people = _format_count(summary["outcomes"], "outcome"), _format_people(summary["people"])
        yield f"{about}: {outcomes} of {people} imported to {summary['file']}"
    if summary["corrected"]:
        yield f"put right: the review of {_format_people(summary['corrected'])}; what was recorded before is kept"
    if summary["file"] and summary["already_recorded"]:
        yield f"recorded before: the review of {_format_people(summary['already_recorded'])}"
    if summary["without_outcome"]:
        yield f"left out: {_format_count(summary['without_outcome'], 'row')} without an outcome"
    if summary["unfinished"]:
        yield f"of these, something is written but no outcome, and it was not kept: {', '.join(summary['unfinished'])}"
    if summary["columns_not_found"]:
        yield f"no column of that title, so nothing was read of it: {', '.join(summary['columns_not_found'])}"
    if summary["status_not_ticked"]:
        yield f"status not ticked as checked: {summary['status_not_ticked']} of {_format_people(reviewed)} reviewed"


def _format_count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _format_people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
