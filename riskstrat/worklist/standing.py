"""What stands in the database about the cases of a team: decisions, reports that are open, actions to be done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db.models import F, QuerySet
from django.utils import timezone

from riskstrat.definitions.vocabulary import NEVER_PRINTED, NO_ACTION
from riskstrat.documents import describe_decision
from riskstrat.publication import CaseAction, CaseDecision
from riskstrat.worklist.models import Action, Decision
from riskstrat.worklist.rendering import word_outcome
from riskstrat.worklist.statuses import find_warnings
from riskstrat.worklist.writing import describe_row

NOT_REPEATED = "An outcome that is not repeated here: open the decision"
"""In place of an outcome that no overview and no print may show."""


class ToldAction(NamedTuple):
    """An action as an overview tells it. warning: why nobody is contacted about its case today; else blank."""

    action: Action
    overdue: bool
    words: str
    warning: str


def find_decisions(list_date: date, team_code: str) -> dict[str, Decision]:
    """By reference the decision that stands of each case of a team on one list; one that takes back has no actions."""
    rows = Decision.objects.filter(stands=True, list_date=list_date, case__team_code=team_code)
    return {decision.case_id: decision for decision in rows.prefetch_related("actions")}


def find_decision(list_date: date, reference: str) -> Decision | None:
    """The decision that stands of one case on one list, one that takes back too; None where none was entered."""
    found = Decision.objects.filter(stands=True, list_date=list_date, case_id=reference).select_related("entered_by")
    # The database holds one at most, so that none comes first.
    return next(iter(found.prefetch_related("actions")), None)


def is_decided(decision: Decision | None) -> bool:
    """Whether a decision holds an outcome."""
    return decision is not None and bool(decision.actions.all())


def select_open_actions(team_code: str) -> QuerySet[Action]:
    """Actions of a team that are to be done, the earliest due first; those without a day last."""
    own = select_actions(team_code).filter(done_on__isnull=True)
    return own.order_by(F("due_on").asc(nulls_last=True), "decision__case_id", "pk")


def select_actions(team_code: str) -> QuerySet[Action]:
    """Every action of the standing decisions of a team."""
    return select_every_action().filter(decision__case__team_code=team_code).select_related("decision__case", "done_by")


def select_every_action() -> QuerySet[Action]:
    """Every action of the standing decisions of all teams; an outcome by which nothing is done is none."""
    return Action.objects.filter(decision__stands=True).exclude(outcome__in=NO_ACTION)


def is_overdue(action: Action) -> bool:
    """Whether an action should have been done before today."""
    return action.done_on is None and action.due_on is not None and action.due_on < timezone.localdate()


def tell_actions(actions: Iterable[Action]) -> list[ToldAction]:
    """Actions in words, in their order, with what the last refresh or the latest list says of who they are about."""
    every = list(actions)
    warnings = find_warnings({action.decision.case_id for action in every})
    return [ToldAction(one, is_overdue(one), word_action(one), warnings.get(one.decision.case_id, "")) for one in every]


def word_decision(decision: Decision) -> str:
    """A decision in the words of the documents; an outcome that no page repeats is left out, and then so is the note.

    Blank for one that takes back.
    """
    actions = list(decision.actions.all())
    if not actions:
        return ""
    shown = [action for action in actions if action.outcome not in NEVER_PRINTED]
    told = tuple(CaseAction(word_outcome(action.outcome), action.owner, action.due_on) for action in shown)
    note = decision.note if len(shown) == len(actions) else ""
    return describe_decision(CaseDecision(decision.decided_on or decision.list_date, told, note))


def word_action(action: Action) -> str:
    """An outcome as an overview says it."""
    return NOT_REPEATED if action.outcome in NEVER_PRINTED else word_outcome(action.outcome)


def describe_kept(decision: Decision) -> dict[str, Any]:
    """A decision with its actions, as the log of edits holds it."""
    return describe_row(decision) | {"actions": [describe_row(action) for action in decision.actions.all()]}
