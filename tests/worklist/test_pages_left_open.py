"""Forms that were opened for one list and are sent once another stands: nothing of them is kept about the other."""

from __future__ import annotations

from typing import Any

import pytest

from riskstrat.worklist.roles import Role
from tests.suite.pages import read_form
from tests.suite.worklists import BEFORE, LIST_DATE

CASE = "KIR-012-Q"
DECISION = {"outcome-1": "telecare", "agree": "yes", "decided-on": f"{LIST_DATE:%d/%m/%Y}"}
HELD = {"deed": "held", "held-on": f"{LIST_DATE:%d/%m/%Y}", "note": "All came"}
CANCELLED = {"deed": "cancelled", "because": "Snow", "defer": "yes"}
OPINION = {"agrees": "no", "reason": "Too well", "outcome": "", "note": ""}
FORMS = {
    "decision": (f"/cases/{CASE}/decision", DECISION),
    "held": ("/teams/KIR/meeting", HELD),
    "cancelled": ("/teams/KIR/meeting", CANCELLED),
    "order": ("/teams/KIR/agenda/order", {f"minutes-{CASE}": "17"}),
    "opinion": (f"/cases/{CASE}/opinion", OPINION),
}


def open_last_week(client: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The fields of a page as it was before the newest list was published."""
    from riskstrat.worklist import deciding, finding, published
    from riskstrat.worklist.views import lists

    with monkeypatch.context() as patch:
        for module in (published, deciding, finding, lists):
            patch.setattr(module, "list_dates", lambda: [BEFORE])
        return read_form(client.get(path))


@pytest.mark.parametrize("form", FORMS)
def test_a_page_left_open_over_a_publication_keeps_nothing_about_the_new_list(sign_in, monkeypatch, form) -> None:
    from riskstrat.worklist.models import Decision, Edit, Meeting, Opinion

    path, typed = FORMS[form]
    client = sign_in(Role.CLINICIAN, "KIR")
    opened = open_last_week(client, path, monkeypatch)
    assert opened["edition"] == f"{BEFORE} 1"
    refused = client.post(path, opened | typed)
    assert (refused.status_code, b"Another list has taken the place" in refused.content) == (409, True)
    counts = [table.objects.count() for table in (Decision, Meeting, Opinion, Edit)]
    assert counts == [0, 0, 0, 0]
    # Whoever has read it may keep it about the list that the page now names.
    assert client.post(path, read_form(refused) | typed).status_code == 302


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_does_not_say_for_which_list_it_was_opened_is_refused(sign_in, form) -> None:
    path, typed = FORMS[form]
    client = sign_in(Role.CLINICIAN, "KIR")
    fields = {name: text for name, text in read_form(client.get(path)).items() if name != "edition"}
    assert client.post(path, fields | typed).status_code == 409


def test_a_decision_entered_while_a_meeting_is_cancelled_is_said_and_nothing_is_kept(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.models import Decision, Meeting
    from riskstrat.worklist.views import meeting
    from riskstrat.worklist.writing import ConflictError

    def meet_another(*_: Any, **__: Any) -> None:
        raise ConflictError(Decision(case_id=CASE))

    monkeypatch.setattr(meeting, "keep_entry", meet_another)
    client = sign_in(Role.COORDINATOR, "KIR")
    refused = client.post("/teams/KIR/meeting", CANCELLED | {"edition": f"{LIST_DATE} 1", "version": "0"})
    assert (refused.status_code, f"a decision about {CASE}" in refused.content.decode()) == (409, True)
    assert Meeting.objects.count() == 0


@pytest.mark.parametrize("reference", [f"{CASE}\0", f"{CASE} ", CASE.lower(), "KIR-", "KIR-012", "KIR" * 3000])
def test_what_is_no_reference_as_it_is_printed_is_nobodys_case(sign_in, reference: str) -> None:
    from riskstrat.worklist.access import is_of_team

    user = sign_in(Role.COORDINATOR, "KIR").user
    assert is_of_team(user, {"reference": CASE})
    assert not is_of_team(user, {"reference": reference})
