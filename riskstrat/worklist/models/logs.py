"""What is only ever added: who looked at whom, and what was changed by whom from what to what."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from riskstrat.worklist.models.accounts import User


class AddedOnly(models.Model):
    """A row that is written once. Changing or deleting it through a model raises TypeError."""

    class Meta:
        """Rows of a table of their own each."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row."""
        if not self._state.adding:
            raise TypeError("a line of a log is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        """Never: a line of a log stays."""
        raise TypeError("a line of a log is never deleted")


class Look(AddedOnly):
    """Somebody opened a page about one person: when, who in which role, whom by reference, and which page."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    reference = models.CharField(max_length=16, db_index=True)
    page = models.CharField(max_length=40)


class Edit(AddedOnly):
    """Something was changed: who, when, what, from what to what. `undoes` is the edit that this one took back."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=16, blank=True, db_index=True)
    team_code = models.CharField(max_length=3, blank=True)
    what = models.CharField(max_length=60)
    row = models.CharField(max_length=60, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")


class Anchor(AddedOnly):
    """The digest over all looks and edits of one day, as it stands in the workspace's audit log. One row per day."""

    day = models.DateField(unique=True)
    lines = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    anchored_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By day."""

        ordering: ClassVar = ["day"]
