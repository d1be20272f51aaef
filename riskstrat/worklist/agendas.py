"""A team's agenda for one list: the order that the list proposes, or that the team gave it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import transaction

from riskstrat.documents import AgendaCase, PrintedPerson, describe_about, describe_why, word_pathways
from riskstrat.publication import TeamList
from riskstrat.worklist.gathering import gather_standing
from riskstrat.worklist.models import Action, AgendaItem, Decision, FaultReport, Meeting, Opinion, User
from riskstrat.worklist.published import CurrentList
from riskstrat.worklist.standing import is_decided, select_open_actions, word_decision
from riskstrat.worklist.writing import ConflictError, describe_row, log_edit, update_row


@dataclass(frozen=True)
class AgendaRow:
    """One case of an agenda; `actions` are those of earlier decisions that are still to be done."""

    place: int
    person: PrintedPerson
    minutes: int
    asked: str
    decision: Decision | None
    report: FaultReport | None
    warning: str
    taken: str
    opinions: tuple[Opinion, ...]
    actions: tuple[Action, ...]

    @property
    def why(self) -> str:
        """Why the case is on the agenda, and whether somebody was taken up."""
        return " ".join(filter(None, (describe_why(self.person), self.taken)))

    @property
    def about(self) -> str:
        """Age, sex and places of the person."""
        return describe_about(self.person)

    @property
    def pathways(self) -> str:
        """The pathways to consider."""
        return word_pathways(self.person)

    @cached_property
    def decided(self) -> str:
        """This week's decision in words; blank without one."""
        return word_decision(self.decision) if self.decision else ""

    @property
    def is_open(self) -> bool:
        """Whether the case is still to be decided."""
        return not is_decided(self.decision) and self.report is None


@dataclass(frozen=True)
class PlannedItem:
    """What a team says of one case of its agenda."""

    reference: str
    place: int
    minutes: int
    asked: str


def find_meeting(team_code: str, list_date: date) -> Meeting | None:
    """The meeting about a list; None where nobody has entered anything about it."""
    return Meeting.objects.filter(team_code=team_code, list_date=list_date).first()


def find_last_meeting(team_code: str, before: date) -> Meeting | None:
    """The latest meeting about an earlier list."""
    return Meeting.objects.filter(team_code=team_code, list_date__lt=before).order_by("list_date").last()


def build_agenda_rows(current: CurrentList, team: TeamList, meeting: Meeting | None) -> list[AgendaRow]:
    """The cases of a team's list in the order in which to take them."""
    code, day = team.team_code, current.list_date
    planned = _find_planned(meeting)
    cases = _order_cases(current, code, planned)
    stands, actions = gather_standing(current, team), _group_actions(code, day)
    opinions: dict[str, list[Opinion]] = {}
    given = Opinion.objects.filter(case__team_code=code, list_date=day).select_related("given_by").order_by("pk")
    for one in given if Opinion in stands.held else ():
        opinions.setdefault(one.case_id, []).append(one)
    rows = []
    for place, case in enumerate(cases, start=1):
        reference, item = case.person.reference, planned.get(case.person.reference)
        rows.append(
            AgendaRow(
                place,
                case.person,
                item.minutes if item else case.minutes,
                item.asked if item else "",
                stands.decisions.get(reference),
                stands.reports.get(reference),
                stands.warnings.get(reference, ""),
                stands.taken.get(reference, ""),
                tuple(opinions.get(reference, ())),
                tuple(actions.get(reference, ())),
            )
        )
    return rows


def order_agenda(current: CurrentList, team: TeamList, meeting: Meeting | None) -> list[str]:
    """The references of a team's list in the order of its agenda."""
    return [case.person.reference for case in _order_cases(current, team.team_code, _find_planned(meeting))]


def _find_planned(meeting: Meeting | None) -> dict[str, AgendaItem]:
    return {item.reference: item for item in meeting.items.all()} if meeting else {}


def _order_cases(current: CurrentList, code: str, planned: Mapping[str, AgendaItem]) -> list[AgendaCase]:
    return sorted(current.list_agenda(code), key=lambda case: _find_place(planned.get(case.person.reference)))


def _find_place(item: AgendaItem | None) -> tuple[bool, int]:
    """Cases that the team gave a place come first; the others stay as the list proposes."""
    return (item is None, item.place if item else 0)


def _group_actions(team_code: str, before: date) -> dict[str, list[Action]]:
    found: dict[str, list[Action]] = {}
    for action in select_open_actions(team_code).filter(decision__list_date__lt=before):
        found.setdefault(action.decision.case_id, []).append(action)
    return found


def find_next(order: Sequence[str], undecided: Collection[str], after: str = "") -> str | None:
    """The reference of the next case to decide: below one on the agenda, else from its top; None where none is left."""
    at = order.index(after) + 1 if after in order else 0
    return next((reference for reference in (*order[at:], *order[:at]) if reference in undecided), None)


def change_meeting(team_code: str, list_date: date, version: int, user: User, **values: object) -> Meeting:
    """Change what stands about a meeting; `version` is 0 where nothing stood. Raises ConflictError as `update_row`."""
    with transaction.atomic():
        meeting, made = Meeting.objects.get_or_create(team_code=team_code, list_date=list_date)
        if not made and not version:
            raise ConflictError(meeting)
        update_row(meeting, meeting.version if made else version, user, team_code, **values)
    return meeting


def move_changed(items: Sequence[PlannedItem]) -> list[PlannedItem]:
    """The cases in their new order. items: in the order so far, with the place that each is given.

    A case whose place was changed is taken at that place, and the others make room in the order that they had.
    """
    numbered = list(enumerate(items, start=1))
    order = [item for place, item in numbered if item.place == place]
    first_free = 0
    for _, item in sorted((pair for pair in numbered if pair[1].place != pair[0]), key=lambda pair: pair[1].place):
        at = max(item.place - 1, first_free)
        order.insert(at, item)
        first_free = min(at + 1, len(order))
    return order


def keep_order(team_code: str, list_date: date, version: int, user: User, items: Sequence[PlannedItem]) -> None:
    """Keep the order, minutes and people asked of an agenda. items: as `move_changed` takes them.

    Raises ConflictError as `change_meeting`.
    """
    with transaction.atomic():
        meeting = change_meeting(team_code, list_date, version, user)
        before = _describe_items(meeting)
        meeting.items.all().delete()
        AgendaItem.objects.bulk_create(
            AgendaItem(meeting=meeting, reference=one.reference, place=place, minutes=one.minutes, asked=one.asked)
            for place, one in enumerate(move_changed(items), start=1)
        )
        log_edit(meeting, user, team_code, before, _describe_items(meeting))


def _describe_items(meeting: Meeting) -> Mapping[str, Any]:
    return {"agenda": [describe_row(item) for item in meeting.items.all()]}
