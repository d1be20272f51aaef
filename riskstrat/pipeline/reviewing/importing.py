"""One filled-in list into the workspace: all of it, or a refusal that names every cell to put right."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.errors import PublicationError
from riskstrat.pipeline.auditing import MANIFEST, log_imported
from riskstrat.pipeline.dates import written_date
from riskstrat.pipeline.reports import Report
from riskstrat.pipeline.reviewing.filled import REFERENCE, Filled, read_filled
from riskstrat.pipeline.reviewing.judging import Judged, PublishedList, Review, is_numbered, judge
from riskstrat.pipeline.reviewing.keeping import FOLDER, Correction, keep, one_at_a_time, standing
from riskstrat.storage import parse_json
from riskstrat.workspace import find, load

REFERENCES = "references.csv"


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
    published = _published(lists, filled, list_date, file.name)
    judged = judge(filled.rows, published)
    if judged.problems:
        said = "; ".join(map(str, judged.problems))
        raise PublicationError(f"nothing was imported from {file.name}: {said}; put this right and import it again")
    audit.require_ready(workspace.root)
    with one_at_a_time(workspace.root):
        before = standing(workspace.root, published.list_date, published.team_code)
        changed, conflicts = _compared(judged.reviews, before)
        if conflicts and not correct:
            raise PublicationError(_refusal(conflicts, judged.reviews, before))
        corrected = frozenset(judged.reviews[reference][0].patient_id for reference in conflicts)
        correction = Correction(corrected, by or "", reason or "") if conflicts else None
        written = [review for reviews in changed.values() for review in reviews]
        path = keep(workspace.root, published.list_date, published.team_code, written, correction) if written else None
    if path is not None:
        why = f"by {by}: {reason}" if correction else None
        day, team = published.list_date.isoformat(), published.team_code
        log_imported(workspace.root, day, team, path.name, len(written), why)
    return _report(published, judged, changed, conflicts, path)


def _refuse_nameless(correct: bool, by: str | None, reason: str | None) -> None:
    if correct and not (by and by.strip() and reason and reason.strip()):
        raise PublicationError("--correct needs --by NAME and --reason TEXT: they are kept with the correction")
    if not correct and (by or reason):
        raise PublicationError("--by and --reason go with --correct; leave them out, or add it")
    if any(given and is_numbered(given) for given in (by, reason)):
        raise PublicationError("--by and --reason must hold no number of nine digits or more; say it without")


def _published(lists: Path, filled: Filled, given: str | None, name: str) -> PublishedList:
    """The published list that the file is of. Raises PublicationError if it cannot be told, or is not published."""
    day = _date_of(filled, given, name)
    folder = lists / day.isoformat()
    try:
        manifest = parse_json((folder / MANIFEST).read_bytes())
        teams = {str(team["code"]): str(team["team"]) for team in manifest["teams"]}
        with (folder / REFERENCES).open(encoding="utf-8", newline="") as file:
            patients = {row["reference"]: row["patient_id"] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, TypeError):
        raise PublicationError(
            f"no list of {day} stands published in {lists.name}; check the date, or ask whether it was withdrawn"
        ) from None
    code = filled.team_code or _only_team(filled, teams, name)
    if code not in teams:
        raise PublicationError(f"the list of {day} has no team {code}; its teams: {', '.join(sorted(teams))}")
    own = {reference: patient for reference, patient in patients.items() if reference.startswith(f"{code}-")}
    return PublishedList(code, teams[code], day, own)


def _date_of(filled: Filled, given: str | None, name: str) -> date:
    asked = written_date(given, "--list-date") if given else None
    if filled.list_date and asked and asked != filled.list_date:
        raise PublicationError(f"{name} is of the list of {filled.list_date}, not of {asked}; leave out --list-date")
    day = filled.list_date or asked
    if day is None:
        raise PublicationError(f"{name} does not say which list it is of; give --list-date, such as 2026-11-16")
    return day


def _only_team(filled: Filled, teams: Mapping[str, str], name: str) -> str:
    """The team whose references stand in a file that does not say it itself."""
    codes = {str(row[REFERENCE] or "").strip()[:4] for row in filled.rows}
    found = sorted(code for code in teams if f"{code}-" in codes)
    if len(found) != 1:
        which = f"references of {len(found)} teams" if found else "no reference of that list"
        raise PublicationError(f"{name} has {which}; import one team's list at a time, with its references")
    return found[0]


def _compared(
    given: Mapping[str, tuple[Review, ...]], before: Mapping[str, tuple[Review, ...]]
) -> tuple[dict[str, tuple[Review, ...]], list[str]]:
    """What is not recorded yet, by reference, and the references among it of people with another review on record."""
    changed = {
        reference: reviews
        for reference, reviews in given.items()
        if sorted(before.get(reviews[0].patient_id, ())) != sorted(reviews)
    }
    return changed, [reference for reference, reviews in changed.items() if reviews[0].patient_id in before]


def _refusal(
    conflicts: list[str], given: Mapping[str, tuple[Review, ...]], before: Mapping[str, tuple[Review, ...]]
) -> str:
    """What differs, in the words of the drop-downs; free text is only said to differ."""
    said = []
    for reference in conflicts:
        new = given[reference]
        old = before[new[0].patient_id]
        differs = [] if _words(old) == _words(new) else [f"{_words(old)} is recorded, {_words(new)} is given"]
        shared = {"reason": 4, "agree": 5, "decided on": 6, "owner": 7, "next due": 8}
        others = [title for title, place in shared.items() if old[0][place] != new[0][place]]
        differs += [f"another {', '.join(others)}"] if others else []
        said.append(f"{reference}: {'; '.join(differs)}")
    return (
        f"nothing was imported: another review is on record for {' | '.join(said)}. Import the file as it was, or put "
        "the record right with --correct --by NAME --reason TEXT"
    )


def _words(reviews: tuple[Review, ...]) -> str:
    return " and ".join(OUTCOME_WORDS.get(review.outcome, review.outcome) for review in sorted(reviews))


def _report(
    published: PublishedList,
    judged: Judged,
    changed: Mapping[str, tuple[Review, ...]],
    conflicts: list[str],
    path: Path | None,
) -> Report:
    written = sum(len(reviews) for reviews in changed.values())
    summary = {
        "list_date": published.list_date,
        "team": published.team,
        "people": len(changed),
        "outcomes": written,
        "corrected": len(conflicts),
        "already_recorded": len(judged.reviews) - len(changed),
        "without_outcome": judged.without_outcome,
        "status_not_ticked": judged.unchecked,
        "file": f"{FOLDER}/{path.name}" if path else None,
    }
    return Report(summary, tuple(_lines(summary, len(judged.reviews))))


def _lines(summary: Mapping[str, Any], reviewed: int) -> Iterator[str]:
    about = f"the list of {summary['team']} of {summary['list_date']}"
    if not summary["file"]:
        yield f"{about}: nothing new"
    else:
        outcomes, people = _counted(summary["outcomes"], "outcome"), _people(summary["people"])
        yield f"{about}: {outcomes} of {people} imported to {summary['file']}"
    if summary["corrected"]:
        yield f"put right: the review of {_people(summary['corrected'])}; what was recorded before is kept"
    if summary["file"] and summary["already_recorded"]:
        yield f"recorded before: the review of {_people(summary['already_recorded'])}"
    if summary["without_outcome"]:
        yield f"left out: {_counted(summary['without_outcome'], 'row')} without an outcome"
    if summary["status_not_ticked"]:
        yield f"status not ticked as checked: {summary['status_not_ticked']} of {_people(reviewed)} reviewed"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
