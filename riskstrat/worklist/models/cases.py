"""A case under its one reference, and what happens to it besides decisions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from riskstrat.worklist.models.accounts import User

TEXT = 2000
"""Characters of a free text, at most."""


class Case(models.Model):
    """One person with one team: one row per reference, made when somebody first writes something about the case.

    `patient_id` is the pseudonym of the workspace. `version` rises with each change, so that two at once are noticed.
    `proof` came with the pseudonym from the identity install where somebody was put forward, and is shown to it when
    their name is asked for; blank for everybody else.
    """

    reference = models.CharField(primary_key=True, max_length=16)
    team_code = models.CharField(max_length=3, db_index=True)
    patient_id = models.CharField(max_length=128, db_index=True)
    opened_on = models.DateField()
    proof = models.CharField(max_length=100, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A pseudonym may have one case after another with a team, never two of one number."""

        indexes: ClassVar = [models.Index(fields=["team_code", "patient_id"])]

    def __str__(self) -> str:
        return self.reference


class Referral(models.Model):
    """Somebody whom a clinician put forward: one row per case that began so."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="referral")
    reason = models.CharField(max_length=TEXT)
    referred_by = models.ForeignKey(User, on_delete=models.PROTECT)
    referred_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)


class TakenUp(models.Model):
    """Somebody in reserve of a list whom a team took up in place of a case of it that fell through: one row each.

    They are listed from then on. `in_place_of` is the reference of the other case.
    """

    class Why(models.TextChoices):
        """How a case falls through."""

        DIED = "died", "The person has died"
        MOVED = "moved", "The person has moved away"
        OBJECTED = "objected", "The person objected or opted out"
        DECLINED = "declined", "The person declined"
        CLOSED = "closed", "The case was closed before the meeting"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="taken_up")
    list_date = models.DateField()
    edition = models.PositiveIntegerField()
    in_place_of = models.CharField(max_length=16, db_index=True)
    why = models.CharField(max_length=20, choices=Why.choices)
    words = models.CharField(max_length=TEXT, blank=True)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()

    class Meta:
        """Nobody is taken up twice from a list, and in an edition one case that fell through makes room for one."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "list_date"], name="taken_up_once"),
            models.UniqueConstraint(fields=["in_place_of", "list_date", "edition"], name="one_in_place"),
        ]


class FaultReport(models.Model):
    """Somebody said that something is wrong. While it is not settled, and until `due_on`, the person is off lists."""

    class Kind(models.TextChoices):
        """What can be wrong."""

        WRONG_PERSON = "wrong person", "This is about another person"
        DEAD = "dead", "The person has died"
        MOVED = "moved", "The person has moved away"
        WRONG_FACT = "wrong fact", "A fact on the page is wrong"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    words = models.CharField(max_length=TEXT)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    owner = models.CharField(max_length=80)
    due_on = models.DateField()
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    was_right = models.BooleanField(null=True)
    settlement = models.CharField(max_length=TEXT, blank=True)
    version = models.PositiveIntegerField(default=1)


class Release(models.Model):
    """A case shown to social care: on what basis, by whom, which fields, until when. One row per release."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="releases")
    basis = models.CharField(max_length=TEXT)
    fields = models.JSONField()
    council_reference = models.CharField(max_length=40, blank=True)
    released_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class Objection(models.Model):
    """Somebody objects to sharing: no release stands beside it. One row per objection."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="objections")
    words = models.CharField(max_length=TEXT, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)


class Attempt(models.Model):
    """One attempt to reach a person."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts")
    tried_on = models.DateField()
    how = models.CharField(max_length=40)
    reached = models.BooleanField()
    tried_by = models.CharField(max_length=80)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
