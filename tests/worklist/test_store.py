"""The database as the store of reviews: what it keeps is what a list reads, as the files would have it."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta
from functools import partial

import pytest

from riskstrat.errors import PublicationError, WorkspaceError
from riskstrat.reviews import Correction, FileReviewStore, InQuestion, Notices, PutForward, Review, build_taking_back
from riskstrat.reviews.record import Edition
from riskstrat.workspace import Workspace
from tests.browser.listed_team import LIST_DATE
from tests.suite.worklists import BEFORE, name_patient

TEAM = "Kirkby locality hub"
NEXT = LIST_DATE + timedelta(weeks=1)
FIRST, SECOND = name_patient("KIR-012-Q"), name_patient("KIR-057-I")


def log_nothing(*_: object) -> nullcontext[None]:
    return nullcontext()


def review(patient: str, outcome: str, day: date = LIST_DATE, **more: object) -> Review:
    facts = {"reason": "A note", "agrees": True, "decided_on": day, "decided_by": "AB", "due_on": None, "owner": "CD"}
    return Review(patient, day, TEAM, outcome, **(facts | more))  # type: ignore[arg-type]


IMPORTS = (
    (LIST_DATE, [review(FIRST, "monitor"), review(FIRST, "telecare", due_on=NEXT), review(SECOND, "declined")], None),
    (BEFORE, [review(SECOND, "deferred", BEFORE, agrees=None, reason=None, owner=None)], None),
    (LIST_DATE, [review(SECOND, "moved")], Correction(frozenset({SECOND}), "EF", "Entered for the wrong person.")),
    (
        LIST_DATE,
        [build_taking_back(FIRST, Edition("KIR", TEAM, LIST_DATE, {}))],
        Correction(frozenset({FIRST}), "EF", "Not discussed after all."),
    ),
)


@pytest.mark.parametrize("imports", range(1, len(IMPORTS) + 1))
def test_the_database_reads_as_the_files_do_after_each_import(site: Workspace, tmp_path, imports: int) -> None:
    from riskstrat.worklist.store import DatabaseReviewStore

    database, files = DatabaseReviewStore(site), FileReviewStore(tmp_path)
    database.files = FileReviewStore(tmp_path / "beside")
    for day, reviews, correction in IMPORTS[:imports]:
        names = {store.add((day, "KIR"), reviews, correction, log_nothing) for store in (database, files)}
        assert len(names) == 1
    for day in (BEFORE, LIST_DATE):
        assert database.read_standing(day, "KIR") == files.read_standing(day, "KIR")
        assert database.read_standing(day, "HUY") == {}
    for cut_off in (BEFORE, LIST_DATE, LIST_DATE + timedelta(days=1), NEXT):
        assert database.take_snapshot(cut_off) == files.take_snapshot(cut_off)


def test_reviews_of_before_the_first_start_are_taken_in_once(site: Workspace, tmp_path) -> None:
    from riskstrat.worklist.models import Decision
    from riskstrat.worklist.store import DatabaseReviewStore

    database, files = DatabaseReviewStore(site), FileReviewStore(tmp_path)
    database.files = files
    for day, reviews, correction in IMPORTS:
        files.add((day, "KIR"), reviews, correction, log_nothing)
    assert [database.take_in_files(), database.take_in_files()] == [4, 0]
    assert database.take_snapshot(NEXT) == files.take_snapshot(NEXT)
    assert list(Decision.objects.exclude(corrected_by="").values_list("correction_reason", flat=True)) == [
        "Entered for the wrong person.",
        "Not discussed after all.",
    ]


def test_a_review_of_somebody_who_is_on_no_list_is_refused_and_nothing_is_kept(site: Workspace, tmp_path) -> None:
    from riskstrat.worklist.models import Decision
    from riskstrat.worklist.store import DatabaseReviewStore

    database = DatabaseReviewStore(site)
    database.files = FileReviewStore(tmp_path)
    with pytest.raises(PublicationError, match="not on the list of 2026-11-16"):
        database.add((LIST_DATE, "KIR"), [review(FIRST, "monitor"), review("p-stranger", "died")], None, log_nothing)
    assert not Decision.objects.exists()


def test_what_clinicians_put_forward_and_what_is_in_question_reaches_the_next_list(site: Workspace) -> None:
    from riskstrat.worklist.store import DatabaseReviewStore, find_or_open_case, keep_decision

    database = DatabaseReviewStore(site)
    at = partial(make_moment, 10)
    waiting, decided, taken_back, wrong, settled, put_off = (
        find_or_open_case(f"KIR-{number}-X", f"p{number}", LIST_DATE) for number in range(5001, 5007)
    )
    user = make_user()
    for case in (waiting, decided, taken_back, put_off):
        case_referral(case, user, at(LIST_DATE), at(NEXT) if case is taken_back else None)
    for case, outcome in ((decided, "monitor"), (put_off, "deferred")):
        keep_decision(case, [review(case.patient_id, outcome)], 1, "entry", at(LIST_DATE + timedelta(days=1)))
    case_report(wrong, user, at(LIST_DATE), None)
    case_report(settled, user, at(LIST_DATE), at(LIST_DATE + timedelta(days=2)))
    assert database.take_notices(LIST_DATE) == Notices()
    due = LIST_DATE + timedelta(days=5)
    question = (InQuestion("p5004", LIST_DATE, due), InQuestion("p5005", LIST_DATE, due))
    put_forward = tuple(PutForward(f"p{number}", "KIR", number, LIST_DATE) for number in (5001, 5006))
    assert database.take_notices(LIST_DATE + timedelta(days=1)) == Notices(put_forward, question)
    assert database.take_notices(due) == Notices(put_forward, question[:1])
    assert database.take_notices(NEXT) == Notices(put_forward)


def test_a_workspace_whose_worklist_has_started_never_reads_the_files_instead(site: Workspace) -> None:
    from riskstrat.verbs.review_store import open_review_store
    from riskstrat.worklist.store import DatabaseReviewStore

    assert isinstance(open_review_store(site), DatabaseReviewStore)
    rules = site.settings.worklist.model_copy(update={"database": "$RISKSTRAT_OTHER"})
    other = site.settings.model_copy(update={"worklist": rules})
    with pytest.raises(WorkspaceError, match="keeps its reviews in"):
        open_review_store(replace_settings(site, other))


def replace_settings(site: Workspace, settings: object) -> Workspace:
    from dataclasses import replace

    return replace(site, settings=settings)  # type: ignore[arg-type]


def make_moment(hour: int, day: date):  # type: ignore[no-untyped-def]
    from datetime import datetime, time

    from django.utils import timezone

    return timezone.make_aware(datetime.combine(day, time(hour)))


def make_user():  # type: ignore[no-untyped-def]
    from riskstrat.worklist.models import User
    from riskstrat.worklist.roles import Role

    return User.objects.create_user("clinician", "A clinician", Role.CLINICIAN)


def case_referral(case, user, at, taken_back_at) -> None:  # type: ignore[no-untyped-def]
    from riskstrat.worklist.models import Referral

    Referral.objects.create(
        case=case, reason="Two falls", referred_by=user, referred_at=at, taken_back_at=taken_back_at
    )


def case_report(case, user, at, settled_at) -> None:  # type: ignore[no-untyped-def]
    from riskstrat.worklist.models import FaultReport

    due = at.date() + timedelta(days=5)
    FaultReport.objects.create(
        case=case, kind="moved", reported_by=user, reported_at=at, owner="lead", due_on=due, settled_at=settled_at
    )
