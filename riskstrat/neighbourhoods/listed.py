"""Listed people by where their list puts them: at high risk and in no cohort, and in a cohort and not at high risk."""

from __future__ import annotations

from dataclasses import dataclass

from riskstrat.definitions.cohorts import CohortRules
from riskstrat.publication import ListedPerson, WeeklyList


@dataclass(frozen=True)
class TeamReferences:
    """The references of one team's list, by rank; empty where the list was made without cohorts."""

    team: str
    in_none: tuple[str, ...]
    untold: tuple[str, ...]
    not_high: tuple[str, ...]


def gather_references(weekly: WeeklyList, rules: CohortRules) -> tuple[TeamReferences, ...]:
    """For each team the listed people at high risk in no cohort or not told, and those in one and not at high risk."""
    return tuple(
        TeamReferences(
            team.team,
            tuple(one.reference for one in team.people if _is_high(one, rules) and _find_answers(one) == {"not in"}),
            tuple(one.reference for one in team.people if _is_high(one, rules) and _is_untold(one)),
            tuple(one.reference for one in team.people if not _is_high(one, rules) and "in" in _find_answers(one)),
        )
        for team in weekly.teams
    )


def _find_answers(person: ListedPerson) -> set[str]:
    return {one.answer for one in person.cohorts}


def _is_high(person: ListedPerson, rules: CohortRules) -> bool:
    return person.band in rules.high_risk


def _is_untold(person: ListedPerson) -> bool:
    answers = _find_answers(person)
    return "in" not in answers and "cannot be told" in answers
