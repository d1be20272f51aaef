"""Exclusions that could not be checked are said: small tables of statuses in, sentences out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from riskstrat.casefinding import CaseFacts, ListTeam, Memory, find_cases
from riskstrat.casefinding.checks import describe_unchecked
from riskstrat.definitions.settings import Settings

MONDAY = date(2026, 11, 16)
LISTED = pd.Series([0, 1])
TOLD: dict[str, Any] = {"inpatient": False, "died": False, "moved": False, "palliative_register": False}


def statuses(*persons: int, as_at: date = MONDAY, **said: Any) -> pd.DataFrame:
    return pd.DataFrame([{"person": person, "as_at": as_at} | TOLD | said for person in persons])


CASELOAD = pd.DataFrame(columns=["person", "team", "status", "from_on", "to_on", "referred_in"])
NO_STATUS = "(no same-day status was landed by the day of this list)"
SILENT = "(the same-day statuses that were landed do not say)"
THREE = "died since the records end, moved away since the records end, in hospital now"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1)), ()),
        (
            CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1), not_landed=frozenset({"opt_outs"})),
            ("Not checked: opted out (no opt-outs were landed)",),
        ),
        (
            CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1), not_landed=frozenset({"registrations", "opt_outs"})),
            (
                "Not checked: opted out (no opt-outs were landed)",
                "Not checked: registered with a practice today (no registrations were landed)",
            ),
        ),
        (
            CaseFacts(statuses=statuses(0, 1)),
            ("Not checked: already on a team's caseload (no caseload was landed)",),
        ),
        (CaseFacts(caseload=CASELOAD), (f"Not checked: {THREE}, palliative care register {NO_STATUS}",)),
        (CaseFacts(caseload=CASELOAD, palliative=frozenset()), (f"Not checked: {THREE} {NO_STATUS}",)),
        (
            CaseFacts(
                caseload=CASELOAD, statuses=statuses(0, 1, as_at=MONDAY + timedelta(days=1)), palliative=frozenset({0})
            ),
            (f"Not checked: {THREE} {NO_STATUS}",),
        ),
        (
            CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1, palliative_register=None)),
            (f"Not checked: palliative care register {SILENT}",),
        ),
        (CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1, palliative_register=None), palliative=frozenset()), ()),
        (
            CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1).drop(columns=["died", "moved"])),
            (f"Not checked: died since the records end, moved away since the records end {SILENT}",),
        ),
        (CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1, as_at=MONDAY - timedelta(days=6))), ()),
        (
            CaseFacts(caseload=CASELOAD, statuses=statuses(0, 1, as_at=MONDAY - timedelta(days=7))),
            ("Not checked: in hospital now (last said by a same-day status 7 days ago)",),
        ),
        (
            CaseFacts(
                caseload=CASELOAD,
                statuses=pd.concat([statuses(0, 1, as_at=MONDAY - timedelta(days=30)), statuses(0, 1, inpatient=None)]),
            ),
            ("Not checked: in hospital now (last said by a same-day status 30 days ago)",),
        ),
        (
            CaseFacts(caseload=CASELOAD, statuses=statuses(0)),
            ("Not checked for 1 of the 2 people on this list, who have no same-day status",),
        ),
    ],
)
def test_what_was_not_checked_is_said_with_the_reason(facts: CaseFacts, said: tuple[str, ...]) -> None:
    assert describe_unchecked(facts, LISTED, MONDAY) == said


def test_each_team_is_told_of_its_own_list() -> None:
    people = pd.DataFrame(
        {
            "patient_id": ["a", "b"],
            "person": [0, 1],
            "margin": [1.0, 0.5],
            "risk": [0.7, 0.6],
            "index_date": pd.Timestamp(MONDAY),
            "team": ["Kirkby", "Huyton"],
        }
    )
    teams = (ListTeam("Kirkby", "KIR", 3), ListTeam("Huyton", "HUY", 3))
    facts = CaseFacts(caseload=CASELOAD, statuses=statuses(0))
    kirkby, huyton = find_cases(people, teams, facts, Memory(), MONDAY, Settings())
    assert kirkby.unchecked == ()
    assert huyton.unchecked == ("Not checked for 1 of the 1 people on this list, who have no same-day status",)


def test_residents_and_people_in_palliative_care_are_counted_towards_their_own_route() -> None:
    people = pd.DataFrame(
        {
            "patient_id": list("abc"),
            "person": [0, 1, 2],
            "margin": [3.0, 2.0, 1.0],
            "risk": [0.9, 0.8, 0.7],
            "index_date": pd.Timestamp(MONDAY),
            "team": "Kirkby",
            "care_home": [False, True, False],
        }
    )
    team = ListTeam("Kirkby", "KIR", 3, excludes=("care home",))
    (case,) = find_cases(people, (team,), CaseFacts(palliative=frozenset({0})), Memory(), MONDAY, Settings())
    assert list(case.rows["patient_id"]) == ["c"]
    assert dict(case.routed) == {"palliative lead": 1, "home round": 1}
