"""What a clinician confirmed for the GP record of a person, and whether it was written there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from riskstrat.worklist.models.accounts import User
from riskstrat.worklist.models.cases import Case


class RecordEntry(models.Model):
    """One agreed code for the GP record of one person, after a decision about one list: one row per confirmation.

    `code`, `term` and `practice` are as they were confirmed. It waits until somebody ticks by whom and on which day it
    was written, or a clinician takes it back.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="record_entries")
    list_date = models.DateField()
    outcome = models.CharField(max_length=60)
    code = models.CharField(max_length=18)
    term = models.CharField(max_length=200)
    practice = models.CharField(max_length=200)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()
    due_on = models.DateField(db_index=True)
    written_by = models.CharField(max_length=80, blank=True)
    written_on = models.DateField(null=True)
    ticked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ticked_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Of one case and list an outcome is confirmed once, whoever confirms at the same time."""

        verbose_name = "entry for the GP record"
        verbose_name_plural = "entries for the GP record"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "list_date", "outcome"],
                condition=models.Q(taken_back_at=None),
                name="one_entry_confirmed",
            )
        ]
