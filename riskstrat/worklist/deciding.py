"""A decision entered on a page: judged by the rules of a returned workbook, and kept so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from riskstrat.definitions.vocabulary import NO_ACTION, OUTCOME_WORDS
from riskstrat.documents import PrintedPerson
from riskstrat.reviews import (
    AGREE,
    CHECKED,
    DECIDED,
    DECIDED_BY,
    DECIDED_WITHIN,
    DUES,
    NOTE,
    OUTCOMES,
    OWNERS,
    REFERENCE,
    Correction,
    Edition,
    Problem,
    Review,
    Terms,
    build_taking_back,
    judge_entry,
)
from riskstrat.worklist.models import Action, Decision, User
from riskstrat.worklist.models.cases import TEXT
from riskstrat.worklist.published import KEPT_LISTS, CurrentList, find_list, list_dates
from riskstrat.worklist.standing import describe_kept, find_decision, is_decided
from riskstrat.worklist.store import find_or_open_case, keep_decision
from riskstrat.worklist.texts import SHORT, Fault, find_text_fault, write_day
from riskstrat.worklist.writing import ConflictError, lock_case, log_edit, update_row

ENTERED = "entered on a page"
"""What such a decision is kept as; an imported one has the name of its file."""

NUMBERED: Mapping[str, tuple[str, ...]] = {"outcome": OUTCOMES, "owner": OWNERS, "due": DUES}
TITLES: Mapping[str, str] = {
    "checked": CHECKED,
    **{f"{name}-{place}": title for name, titles in NUMBERED.items() for place, title in enumerate(titles, start=1)},
    "agree": AGREE,
    "note": NOTE,
    "decided-on": DECIDED,
    "decided-by": DECIDED_BY,
}
"""The title in the workbook of each field of the form."""

_FIELDS = {title: name for name, title in TITLES.items()}
REASON, CONFIRM = "reason", "confirm"
_LONGEST = {"note": TEXT}


@dataclass(frozen=True)
class ListedCase:
    """A case on a list that stands: what a decision is about."""

    current: CurrentList
    person: PrintedPerson

    @property
    def reference(self) -> str:
        """The reference of the case."""
        return self.person.reference

    @property
    def team_code(self) -> str:
        """The team that has the case."""
        return self.reference[:3]

    def read_edition(self) -> Edition:
        """The list as a judge of reviews needs it. Raises PublicationError if it cannot be read."""
        current, code = self.current, self.team_code
        return Edition(code, current.team_names[code], current.list_date, current.read_patients(code))


@dataclass(frozen=True)
class JudgedEntry:
    """`reviews` mean nothing while there are faults; doubts may be confirmed."""

    reviews: tuple[Review, ...]
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]

    def word_doubts(self) -> str:
        """Which doubts these are: what a tick that confirms them is worth."""
        return "; ".join(f"{fault.field} {fault.words}" for fault in self.doubts)


def find_listed_case(reference: str, day: date | None = None) -> ListedCase | None:
    """A case on the list of a day, or on the latest one that holds it; None where none that stands does."""
    for each in [day] if day else list_dates()[: -KEPT_LISTS - 1 : -1]:
        current = find_list(each)
        person = current.find_person(reference) if current else None
        if current and person:
            return ListedCase(current, person)
    return None


def suggest_fields(listed: ListedCase, user: User) -> dict[str, str]:
    """What stands in the form before anybody types: the day, and who decided the cases that the user entered before."""
    first = listed.current.list_date
    day = min(max(timezone.localdate(), first), first + DECIDED_WITHIN)
    latest = Decision.objects.filter(list_date=first, case__team_code=listed.team_code, entered_by=user).last()
    return dict.fromkeys(TITLES, "") | {
        "decided-on": write_day(day),
        "decided-by": latest.decided_by if latest else "",
    }


def fill_fields(decision: Decision) -> dict[str, str]:
    """The fields of the form as a decision that was kept fills them."""
    fields = dict.fromkeys(TITLES, "")
    for place, action in enumerate(decision.actions.all()[: len(OUTCOMES)], start=1):
        values = (action.outcome, action.owner, write_day(action.due_on))
        fields |= dict(zip((f"{name}-{place}" for name in NUMBERED), values, strict=True))
    return fields | {
        "checked": "yes" if decision.status_checked else "",
        "agree": {True: "yes", False: "no", None: ""}[decision.agrees],
        "note": decision.note,
        "decided-on": write_day(decision.decided_on),
        "decided-by": decision.decided_by,
    }


def judge_fields(fields: Mapping[str, str], listed: ListedCase) -> JudgedEntry:
    """What was typed about a case, judged as a row of a returned workbook is."""
    cells = {title: fields[name] for name, title in TITLES.items()} | {REFERENCE: listed.reference}
    terms = Terms(timezone.localdate(), settings.RISKSTRAT_WORKSPACE.settings.reviews.contradictions)
    judged = judge_entry(cells, listed.read_edition(), terms)
    faults = list(_find_length_faults(fields))
    if not any(fields[name] for name in TITLES if name.startswith("outcome")):
        faults.append(Fault("outcome-1", "Choose an outcome"))
    else:
        faults += map(_word_problem, judged.problems)
    doubts = tuple(_word_doubt(problem, fields) for problem in judged.doubts)
    return JudgedEntry(judged.reviews.get(listed.reference, ()), tuple(faults), doubts)


def _find_length_faults(fields: Mapping[str, str]) -> Sequence[Fault]:
    long = ((name, _LONGEST.get(name, SHORT)) for name in TITLES)
    return [
        Fault(name, f"Shorten {TITLES[name]} to {most:,} characters") for name, most in long if len(fields[name]) > most
    ]


def _word_problem(problem: Problem) -> Fault:
    return Fault(_FIELDS.get(problem.column, "outcome-1"), f"{problem.column} {problem.what}")


def _word_doubt(problem: Problem, fields: Mapping[str, str]) -> Fault:
    """What does not go together and why, with the outcomes that the reader chose."""
    if not problem.beside:
        return _word_problem(problem)
    field, beside = _FIELDS[problem.column], fields[_FIELDS[problem.beside]]
    said, other = _quote(beside), fields[field]
    if field.startswith("due"):
        words = f"{said} takes no due date: leave {problem.column} blank"
    elif field == "agree":
        words = f"{said} does not go with “No”: the team does not agree that the person belongs on the list"
    elif beside in NO_ACTION and other not in NO_ACTION:
        words = f"{said} means that nothing is done, and {_quote(other)} that something is"
    elif beside in NO_ACTION:
        words = f"{said} leaves nothing else to decide, so {_quote(other)} does not go with it"
    else:
        words = f"{_quote(other)} does not go with {said}, by the rules of your site"
    return Fault(field, words)


def _quote(outcome: str) -> str:
    return f"“{OUTCOME_WORDS.get(outcome, outcome)}”"


def find_reason_fault(decision: Decision | None, reason: str) -> list[Fault]:
    """What is wrong with the reason for changing a decision: it needs one, as a corrected workbook does."""
    words = find_text_fault("why the decision is changed", reason, TEXT, required=is_decided(decision))
    return [Fault(REASON, words)] if words else []


def keep_entry(
    user: User,
    listed: ListedCase,
    reviews: Sequence[Review],
    based_on: str,
    *,
    reason: str = "",
    status_checked: bool = False,
) -> Decision:
    """Keep what was decided about a case, in place of what stood, and log from what to what.

    based_on: the decision that the page showed, as `name_basis` gives it. Raises ConflictError, keeping nothing, where
    another has been entered since.
    """
    day, reference = listed.current.list_date, listed.reference
    try:
        with transaction.atomic():
            lock_case(reference)
            before = find_decision(day, reference)
            if before is not None and name_basis(before) != based_on:
                raise ConflictError(before)
            patient = reviews[0].patient_id
            case = find_or_open_case(reference, patient, day)
            correction = Correction(frozenset({patient}), user.display_name, reason) if reason else None
            done = _find_done(before)
            stood = describe_kept(before) if before else None
            number = listed.current.edition
            kept = keep_decision(case, reviews, number, ENTERED, timezone.now(), correction, entered_by=user)
            kept.status_checked = status_checked
            kept.save(update_fields=["status_checked"])
            _keep_done(kept, done)
            log_edit(kept, user, reference, stood, describe_kept(kept))
    except IntegrityError:
        now = find_decision(day, reference)
        if now is None:
            raise
        raise ConflictError(now) from None
    return kept


def take_back(user: User, listed: ListedCase, based_on: str, reason: str) -> Decision:
    """Take back the decision of a case, with the reason. Raises ConflictError as `keep_entry` does."""
    about = listed.read_edition()
    back = build_taking_back(about.patients[listed.reference], about)
    return keep_entry(user, listed, [back], based_on, reason=reason)


def name_basis(decision: Decision | None) -> str:
    """What a form carries of the decision that its page showed, as its actions then were; blank where none stood."""
    return f"{decision.pk}.{sum(one.version for one in decision.actions.all())}" if decision else ""


def update_action(action: Action, version: int, user: User, **values: object) -> None:
    """Change an action of a decision that stands. Raises ConflictError where either has changed since it was read."""
    with transaction.atomic():
        lock_case(action.decision.case_id)
        if not Decision.objects.filter(pk=action.decision_id, stands=True).exists():
            raise ConflictError(action)
        update_row(action, version, user, action.decision.case_id, **values)


def _find_done(before: Decision | None) -> dict[str, Action]:
    """The actions of a decision that were done, by outcome."""
    return {action.outcome: action for action in before.actions.all() if action.done_on} if before else {}


def _keep_done(kept: Decision, done: Mapping[str, Action]) -> None:
    """What was done stays done where the same outcome stands in the decision that takes the place of the first."""
    for action in kept.actions.all() if done else ():
        if earlier := done.get(action.outcome):
            action.done_on, action.done_by = earlier.done_on, earlier.done_by
            action.done_note = earlier.done_note
            action.save(update_fields=["done_on", "done_by", "done_note"])


def word_kept(reviews: Sequence[Review]) -> str:
    """That a decision is kept, and which of its outcomes somebody may look for among the actions in vain."""
    about = [one.outcome for one in reviews if one.outcome in NO_ACTION and (one.owner or one.due_on)]
    without = "".join(f" {_quote(one)} is no action, so it does not stand on “Actions”." for one in about)
    return f"the decision is kept.{without}"


def list_no_action() -> str:
    """The outcomes that become no action, in words, as a page lists them."""
    return ", ".join(words for outcome, words in OUTCOME_WORDS.items() if outcome in NO_ACTION)


def list_outcomes() -> list[tuple[str, str]]:
    """The outcomes to choose from, each as kept and in words."""
    return list(OUTCOME_WORDS.items())
