"""The first start: database, secret and accounts; each later one: the tables of this version, and files taken in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from riskstrat.worklist.folder import is_started, make_secrets, mark_started, require_same_database
from riskstrat.worklist.pointing import point_at
from riskstrat.worklist.roles import OF_TEAMS, SECOND_FACTOR, Role
from riskstrat.workspace import Workspace

READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""What a first password is made of: it may be read out over the telephone."""


@dataclass(frozen=True)
class Credential:
    """What somebody signs in with for the first time; printed once and kept nowhere.

    `second_factor` is the address that an authenticator app reads (otpauth://...); blank where the role needs none.
    """

    username: str
    role: Role
    password: str
    second_factor: str


@dataclass(frozen=True)
class Started:
    """What a start did: accounts it made, and files of reviews it took in."""

    credentials: tuple[Credential, ...]
    files_taken_in: int


def start(workspace: Workspace, *, demo: bool) -> Started:
    """Bring a workspace's worklist up to this version, and make its accounts where it has none.

    demo: whether to make an account for each role that works with every team, instead of an administrator alone.
    Raises StorageError, WorkspaceError and PublicationError; nothing is marked as started then.
    """
    rules = workspace.settings.worklist
    started_before = is_started(workspace.root, rules)
    if started_before:
        require_same_database(workspace.root, rules)
    make_secrets(workspace.root, rules)
    point_at(workspace)
    from django.core.management import call_command
    from django.db import transaction

    from riskstrat.worklist.emptied import refuse_emptied

    if started_before:
        refuse_emptied()
    call_command("migrate", interactive=False, verbosity=0, stdout=StringIO())
    from riskstrat.worklist.models import User
    from riskstrat.worklist.store import DatabaseReviewStore

    with transaction.atomic():
        taken = DatabaseReviewStore(workspace).take_in_files()
        roles = tuple(Role) if demo else (Role.ADMINISTRATOR,)
        teams = [team.code for team in workspace.settings.teams]
        made = () if User.objects.exists() else tuple(make_account(role.value, role, teams) for role in roles)
        # On made-up records nobody is harmed by a password that two people know.
        User.objects.filter(username__in=[each.username for each in made]).update(must_change_password=not demo)
    mark_started(workspace.root, rules)
    return Started(made, taken)


def make_account(name: str, role: Role, team_codes: Sequence[str] = ()) -> Credential:
    """Make an account with a random password and, where its role needs one, a second factor."""
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from riskstrat.worklist.models import TeamMembership, User

    password = choose_password()
    user = User.objects.create_user(name.replace(" ", "-"), name.capitalize(), role, password)
    if role in OF_TEAMS:
        TeamMembership.objects.bulk_create(TeamMembership(user=user, team_code=code) for code in team_codes)
    factor = ""
    if role in SECOND_FACTOR:
        factor = str(TOTPDevice.objects.create(user=user, name="authenticator", confirmed=True).config_url)
    return Credential(user.username, role, password, factor)


def choose_password() -> str:
    """A password by chance: five groups of four letters and figures, none of which reads like another (98 bits)."""
    drawn = [secrets.choice(READABLE) for _ in range(20)]
    return "-".join("".join(drawn[place : place + 4]) for place in range(0, 20, 4))
