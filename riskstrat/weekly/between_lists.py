"""What teams told between lists, as case finding takes it: nominations, their cases, and people who are in question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from riskstrat.casefinding import CASE_COLUMNS, CaseFacts, CaseRegister
from riskstrat.reviews import Notices
from riskstrat.site.opening import Site

NOMINATION = "identified"
"""The status of the register in which somebody put forward waits for the team to look."""


def add_notices(facts: CaseFacts, opened: Site, notices: Notices) -> CaseFacts:
    """The facts with a nomination for each person put forward, and who is in question; strangers are passed over."""
    if not notices.said:
        return facts
    people = opened.store.people()["patient_id"]
    person = pd.Series(np.arange(len(people)), index=people)
    question = [one.patient_id for one in notices.in_question if one.patient_id in person.index]
    put_forward = [one for one in notices.put_forward if one.patient_id in person.index]
    names = {team.code: team.name for team in opened.workspace.settings.teams}
    rows = pd.DataFrame(
        {
            "person": [int(person[one.patient_id]) for one in put_forward],
            "team": [names.get(one.team_code, one.team_code) for one in put_forward],
            "status": NOMINATION,
            "from_on": pd.to_datetime([one.put_on for one in put_forward]).astype("datetime64[s]"),
            "to_on": pd.Series(pd.NaT, index=range(len(put_forward)), dtype="datetime64[s]"),
            "referred_in": pd.Series(True, index=range(len(put_forward)), dtype="boolean"),
        }
    )
    known = [] if facts.caseload is None else [facts.caseload]
    caseload = pd.concat([*known, rows], ignore_index=True) if len(rows) else facts.caseload
    return replace(facts, caseload=caseload, in_question=frozenset(int(one) for one in person[question]))


def open_told(register: CaseRegister, notices: Notices) -> CaseRegister:
    """The register with the case of each person put forward or taken up; one that a list has told of stands there.

    Whoever was taken up before is held by the list on which they were in reserve.
    """
    # A row that names nobody hands on the last number, which may be of somebody in reserve.
    named = register.rows[register.rows["patient_id"].ne("")]
    told = set(zip(named["team_code"], named["number"], strict=True))
    opened = [
        *((one.team_code, one.number, one.patient_id, one.put_on, one.put_on) for one in notices.put_forward),
        *((one.team_code, one.number, one.patient_id, one.taken_on, one.list_date) for one in notices.taken_up),
    ]
    rows = [row for row in opened if row[:2] not in told]
    if not rows:
        return register
    more = pd.DataFrame(rows, columns=list(CASE_COLUMNS))
    return replace(register, rows=pd.concat([more, register.rows], ignore_index=True))
