"""What a team decided about a case, and the actions that follow."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from riskstrat.worklist.models.accounts import User
from riskstrat.worklist.models.cases import TEXT, Case


class Decision(models.Model):
    """One decision of a team about one person on one list; nothing is overwritten, the latest of a list stands.

    One without actions takes back what stood. `entered_by` is blank where it came from a workbook. `kept_as` names the
    import or entry that it came with. `status_checked`: whether it was ticked; None where it came from a workbook.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    list_date = models.DateField()
    edition = models.PositiveIntegerField(null=True)
    team = models.CharField(max_length=200)
    status_checked = models.BooleanField(null=True)
    agrees = models.BooleanField(null=True)
    note = models.CharField(max_length=TEXT, blank=True)
    decided_on = models.DateField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()
    kept_as = models.CharField(max_length=60, db_index=True)
    corrected_by = models.CharField(max_length=80, blank=True)
    correction_reason = models.CharField(max_length=TEXT, blank=True)
    stands = models.BooleanField(default=True)

    class Meta:
        """Of one case on one list one decision stands at most, whoever writes at the same time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "list_date"], condition=models.Q(stands=True), name="one_standing_decision"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["list_date", "stands"])]


class Action(models.Model):
    """One outcome of a decision, with who sees to it by when, and whether it is done. One to three for a decision."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="actions")
    outcome = models.CharField(max_length=60)
    owner = models.CharField(max_length=80, blank=True)
    due_on = models.DateField(null=True, db_index=True)
    done_on = models.DateField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    done_note = models.CharField(max_length=TEXT, blank=True)
    version = models.PositiveIntegerField(default=1)


class Opinion(models.Model):
    """What one clinician thinks of one case on one list, before the team decides: one row per clinician, case and list.

    It is for the meeting, and is fed to no model.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="opinions")
    list_date = models.DateField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    agrees = models.BooleanField(null=True)
    reason = models.CharField(max_length=TEXT, blank=True)
    outcome = models.CharField("pathway or outcome proposed", max_length=60, blank=True)
    note = models.CharField(max_length=TEXT, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A clinician has one opinion of a case on a list; changing it is an edit."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "list_date", "given_by"], name="one_opinion_each")
        ]
