"""A team's meeting about one list: its agenda, and whether it was held."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from riskstrat.worklist.models.cases import TEXT


class Meeting(models.Model):
    """One row per team and list. `cancelled_because` is blank where it is not cancelled."""

    team_code = models.CharField(max_length=3)
    list_date = models.DateField()
    held_on = models.DateField(null=True)
    cancelled_because = models.CharField(max_length=TEXT, blank=True)
    note = models.CharField(max_length=TEXT, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A list is discussed at one meeting."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["team_code", "list_date"], name="one_meeting")]


class AgendaItem(models.Model):
    """One case on the agenda of a meeting, where it differs from what the list proposes."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="items")
    reference = models.CharField(max_length=16)
    place = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    asked = models.CharField("who is asked", max_length=200, blank=True)

    class Meta:
        """A case stands once on an agenda."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["meeting", "reference"], name="one_agenda_item")]
        ordering: ClassVar = ["place"]
