"""The worklist's database as the store of reviews: what the weekly run reads, and where imported workbooks land too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.timezone import localdate

from riskstrat.errors import PublicationError, WorkspaceError
from riskstrat.publication import find_withdrawn, open_published
from riskstrat.reviews import (
    Correction,
    FileReviewStore,
    FromReserve,
    InQuestion,
    Notices,
    PutForward,
    Review,
    ReviewLogging,
    Snapshot,
    StandingReviews,
    cut_snapshot,
)
from riskstrat.worklist.models import Action, Case, Decision, FaultReport, Referral, TakenUp, User
from riskstrat.worklist.reporting import select_confirmed_reports, select_looked_at
from riskstrat.workspace import Workspace


class DatabaseReviewStore:
    """The store of reviews of a workspace whose worklist has been started and that Django points at.

    An imported workbook is kept as a file too, as before: the audit log speaks of it. What is read comes from the
    database alone.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.files = FileReviewStore(workspace.root)
        self.lists = workspace.root / workspace.settings.lists.folder

    def read_standing(self, list_date: date, team_code: str) -> StandingReviews:
        """The reviews of one list as they stand, by patient_id."""
        rows = _select_standing().filter(list_date=list_date, case__team_code=team_code)
        return _group_by_patient(rows)

    def add(
        self,
        edition: tuple[date, str],
        reviews: Sequence[Review],
        correction: Correction | None,
        logging: ReviewLogging,
    ) -> str:
        """Keep the reviews of an imported workbook; gives the file that they are kept in as well."""
        with transaction.atomic():
            self.take_in_files()
            name = self.files.add(edition, reviews, correction, logging)
            by_patient = {who: tuple(rows) for who, rows in _group_reviews(reviews)}
            self._keep(edition, by_patient, correction, name.rpartition("/")[2])
        return name

    def take_snapshot(self, cut_off: date) -> Snapshot:
        """Every review that stands and was decided before a day."""
        return cut_snapshot((review for one in _select_standing() for review in build_reviews(one)), cut_off)

    def take_notices(self, cut_off: date) -> Notices:
        """Who was put forward before a day and has not been decided about since, and who is in question on it."""
        waiting = Referral.objects.filter(taken_back_at=None, referred_at__lt=_start_day(cut_off))
        decided = select_looked_at().filter(case=OuterRef("case"), entered_at__gte=OuterRef("referred_at"))
        put_forward = [
            PutForward(
                one.case.patient_id, one.case.team_code, read_number(one.case.reference), localdate(one.referred_at)
            )
            for one in waiting.filter(~Exists(decided)).select_related("case").order_by("case")
        ]
        reports = FaultReport.objects.filter(reported_at__lt=_start_day(cut_off), due_on__gte=cut_off)
        unsettled = reports.filter(Q(settled_at=None) | Q(settled_at__gte=_start_day(cut_off)))
        in_question = {
            InQuestion(one.case.patient_id, localdate(one.reported_at), one.due_on)
            for one in unsettled.select_related("case")
        }
        # Somebody found to have died, moved or be another person stays off until the team has decided.
        in_question |= {
            InQuestion(one.case.patient_id, localdate(one.reported_at), date.max)
            for one in select_confirmed_reports().filter(settled_at__lt=_start_day(cut_off))
        }
        return Notices(tuple(put_forward), tuple(sorted(in_question, key=str)), _list_taken_up(cut_off))

    def take_in_files(self) -> int:
        """Take in what files hold and the database does not, as the reviews of before it was started; how many files.

        Raises PublicationError where somebody in a file is on no list that stands or was withdrawn.
        """
        known = set(Decision.objects.values_list("kept_as", flat=True).distinct())
        taken = 0
        with transaction.atomic():
            for file in self.files.read_imports():
                if file.name not in known:
                    self._keep((file.list_date, file.team_code), file.reviews, file.correction, file.name)
                    taken += 1
        return taken

    def _keep(
        self,
        edition: tuple[date, str],
        reviews: StandingReviews,
        correction: Correction | None,
        kept_as: str,
    ) -> None:
        references, number = self._read_references(edition)
        now = timezone.now()
        for patient, own in sorted(reviews.items()):
            if patient not in references:
                raise PublicationError(
                    f"{kept_as} holds a review of somebody who is not on the list of {edition[0]}; restore that list"
                )
            case = find_or_open_case(references[patient], patient, edition[0])
            corrected = correction if correction and patient in correction.patients else None
            keep_decision(case, own, number, kept_as, now, corrected)

    def _read_references(self, edition: tuple[date, str]) -> tuple[dict[str, str], int | None]:
        """The reference of each patient on one team's lists of a date, withdrawn ones too, and the standing edition."""
        day, code = edition
        folders = [*find_withdrawn(self.lists, day), self.lists / day.isoformat()]
        references: dict[str, str] = {}
        number = None
        for folder in (folder for folder in folders if folder.is_dir()):
            published = open_published(folder)
            number = published.edition
            reserve = (one for one in published.read_reserve() if one.team_code == code)
            references |= {one.patient_id: one.reference for one in reserve}
            references |= {patient: reference for reference, patient in published.read_patients(code).items()}
        return references, number


def find_or_open_case(reference: str, patient_id: str, opened_on: date) -> Case:
    """The case of a reference. Raises PublicationError where it is another person's."""
    case, _ = Case.objects.get_or_create(
        reference=reference,
        defaults={"team_code": reference[:3], "patient_id": patient_id, "opened_on": opened_on},
    )
    if case.patient_id != patient_id:
        raise PublicationError(f"{reference} is the case of another person in the worklist; nothing was kept")
    return case


def keep_decision(
    case: Case,
    reviews: Sequence[Review],
    edition: int | None,
    kept_as: str,
    at: datetime,
    correction: Correction | None = None,
    entered_by: User | None = None,
) -> Decision:
    """Keep one decision of a list, in place of the one that stood; what stood is kept too. Inside a transaction."""
    first = reviews[0]
    Decision.objects.filter(case=case, list_date=first.list_date, stands=True).update(stands=False)
    decision = Decision.objects.create(
        case=case,
        list_date=first.list_date,
        edition=edition,
        team=first.team,
        agrees=first.agrees,
        note=first.reason or "",
        decided_on=first.decided_on,
        decided_by=first.decided_by or "",
        entered_by=entered_by,
        entered_at=at,
        kept_as=kept_as,
        corrected_by=correction.by if correction else "",
        correction_reason=correction.reason if correction else "",
    )
    Action.objects.bulk_create(
        Action(decision=decision, outcome=review.outcome, owner=review.owner or "", due_on=review.due_on)
        for review in reviews
        if not review.takes_back
    )
    return decision


def build_reviews(decision: Decision) -> tuple[Review, ...]:
    """A decision as reviews, one for each action; none where it takes back."""
    return tuple(
        Review(
            decision.case.patient_id,
            decision.list_date,
            decision.team,
            action.outcome,
            decision.note or None,
            decision.agrees,
            decision.decided_on,
            decision.decided_by or None,
            action.due_on,
            action.owner or None,
        )
        for action in decision.actions.all()
    )


def read_number(reference: str) -> int:
    """The number of a case by its reference."""
    return int(reference[4:-2])


def require_reachable() -> None:
    """Raises WorkspaceError where the database does not answer, is emptied, or has not the tables of this version."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    from riskstrat.worklist.emptied import refuse_emptied

    try:
        refuse_emptied()
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        raise WorkspaceError(
            "the worklist's database, which keeps the reviews, does not answer; see that it runs and may be reached, "
            "then run this again; a damaged one comes back from its backup with riskstrat worklist restore"
        ) from None
    if behind:
        raise WorkspaceError(
            "the worklist's database is of an earlier version; start the worklist once with this version, then run "
            "this again"
        )


def _list_taken_up(cut_off: date) -> tuple[FromReserve, ...]:
    """Whom teams took up from the reserve of a list before a day, by case and list."""
    rows = TakenUp.objects.filter(taken_at__lt=_start_day(cut_off))
    return tuple(
        FromReserve(
            *(one.case.patient_id, one.case.team_code, read_number(one.case.reference)),
            *(one.list_date, localdate(one.taken_at)),
        )
        for one in rows.select_related("case").order_by("case", "list_date")
    )


def _start_day(day: date) -> datetime:
    """Midnight in London, with which a day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _select_standing() -> QuerySet[Decision]:
    return Decision.objects.filter(stands=True).select_related("case").prefetch_related("actions")


def _group_by_patient(decisions: Iterable[Decision]) -> StandingReviews:
    found = {decision.case.patient_id: build_reviews(decision) for decision in decisions}
    return {patient: tuple(sorted(reviews, key=Review.sort_key)) for patient, reviews in found.items() if reviews}


def _group_reviews(reviews: Sequence[Review]) -> Iterable[tuple[str, Iterable[Review]]]:
    return groupby(sorted(reviews, key=Review.sort_key), key=lambda review: review.patient_id)
