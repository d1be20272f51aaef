"""Accounts, their one role, and the teams that they work with."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from riskstrat.worklist.fetching import list_teams
from riskstrat.worklist.roles import Role


class UserManager(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, username: str, display_name: str, role: Role, password: str | None = None) -> User:
        """Make an account; without a password nobody signs in with one."""
        user = self.model(username=self.model.normalize_username(username), display_name=display_name, role=role)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who works with the worklist: one row per account."""

    username = models.CharField(
        max_length=60, unique=True, validators=[RegexValidator(r"^[\w.@+-]+\Z", "Letters, figures and . @ + - _ only.")]
    )
    display_name = models.CharField("name shown to colleagues", max_length=80)
    role = models.CharField(max_length=20, choices=[(role.value, role.value.capitalize()) for role in Role])
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    digest_to = models.EmailField("e-mail for the digest", blank=True)
    digest_sent_on = models.DateField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name", "role"]

    class Meta:
        """What Django's own administration pages call it."""

        verbose_name = "account"

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_staff(self) -> bool:
        """Whether the account may use Django's own administration pages."""
        return self.role == Role.ADMINISTRATOR

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """An administrator may change accounts and memberships, and nothing that is about a person."""
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """As `has_perm`."""
        return self.is_active and self.is_staff

    def team_codes(self) -> frozenset[str]:
        """The codes of the teams that the account works with or stands in for today; read once for each request."""
        if not hasattr(self, "_team_codes"):
            self._team_codes = list_teams(self.pk, timezone.localdate())
        return self._team_codes

    def has_second_factor(self) -> bool:
        """Whether the account has set up a second factor."""
        from django_otp import user_has_device

        return bool(user_has_device(self))


class TeamMembership(models.Model):
    """One row per account and team it works with."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team_code = models.CharField(max_length=3)

    class Meta:
        """A membership stands once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "team_code"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team_code}"


class Deputy(models.Model):
    """Somebody stands in for a colleague with a team between two days, both included. One row per period."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="standing_in")
    team_code = models.CharField(max_length=3)
    for_whom = models.CharField(max_length=80)
    from_on = models.DateField()
    to_on = models.DateField()
