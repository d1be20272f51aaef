"""E-mail digests: how many cases and actions wait for somebody, and a link. No name, reference or reason is in one."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.worklist_settings import DigestsSettings
from riskstrat.errors import WorkspaceError
from riskstrat.worklist.gathering import gather_standing
from riskstrat.worklist.mailing import read_password, read_trust
from riskstrat.worklist.models import User
from riskstrat.worklist.published import CurrentList, find_current
from riskstrat.worklist.recording import select_waiting
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.standing import select_open_actions

SECONDS = 20
SUBJECT = "Worklist: what waits for you"


@dataclass(frozen=True)
class Digest:
    """How much waits for one account, in all of its teams.

    cases: on the list that stands. undecided: those of them without a decision. due: actions due within the days of
    riskstrat.toml, today's among them. overdue: those due before today. to_write, late_to_write: entries for GP
    records that are due or overdue likewise.
    """

    cases: int = 0
    undecided: int = 0
    due: int = 0
    overdue: int = 0
    to_write: int = 0
    late_to_write: int = 0

    @property
    def is_needed(self) -> bool:
        """Whether anything waits."""
        return any(getattr(self, one.name) for one in fields(self) if one.name != "cases")


@dataclass
class Sent:
    """How many accounts got a digest, had today's already, have nothing that waits, and were refused by the server."""

    sent: int = 0
    had: int = 0
    nothing: int = 0
    refused: int = 0


def build_digest(team_codes: Iterable[str], today: date, due_within: int) -> Digest:
    """What waits in some teams on a day. Raises PublicationError where the list cannot be read."""
    current, until = find_current(), today + timedelta(days=due_within)
    found = Digest()
    for code in team_codes:
        cases, undecided = _count_cases(current, code)
        days = [day for day in select_open_actions(code).values_list("due_on", flat=True) if day]
        entries = list(select_waiting(code).values_list("due_on", flat=True))
        more = (cases, undecided, *_count(days, today, until), *_count(entries, today, until))
        found = Digest(*(getattr(found, one.name) + number for one, number in zip(fields(found), more, strict=True)))
    return found


def _count_cases(current: CurrentList | None, code: str) -> tuple[int, int]:
    """How many cases a team has on the list that stands, and how many of them its agenda has still to decide."""
    team = current.find_team(code) if current else None
    if current is None or team is None:
        return 0, 0
    standing, people = gather_standing(current, team), current.list_people(code)
    return len(people), sum(standing.is_open(one.reference) for one in people)


def _count(days: list[date], today: date, until: date) -> tuple[int, int]:
    """How many are due from today until a day, and how many before today."""
    return sum(today <= day <= until for day in days), sum(day < today for day in days)


def write_digest(digest: Digest, rules: DigestsSettings, today: date) -> str:
    """The text of the e-mail: counts, a link, and nothing about anybody."""
    lines = [
        f"As of {long_date(today)}:",
        "",
        f"Cases on your teams' lists: {digest.cases}, not decided yet: {digest.undecided}",
        f"Actions due within {rules.due_within} days: {digest.due}, overdue: {digest.overdue}",
    ]
    if digest.to_write or digest.late_to_write:
        within = f"due within {rules.due_within} days: {digest.to_write}, overdue: {digest.late_to_write}"
        lines.append(f"To be written in GP records, {within}")
    return "\n".join([*lines, "", f"Sign in to see them: {rules.link}", ""])


def send_digests(rules: DigestsSettings, told: Sent, day: date | None = None) -> None:
    """Send each account that has an address its digest of the day, once, where anything waits; `told` counts meanwhile.

    The day is that of the worklist's pages unless another is given.
    Raises WorkspaceError where the password is not set, or the mail server is not reached or takes no mail.
    """
    connection, today = _open_connection(rules), day or timezone.localdate()
    accounts = User.objects.filter(is_active=True, role__in=LISTING).exclude(digest_to="").order_by("pk")
    try:
        for user in accounts:
            _tell(user, rules, today, connection, told)
        connection.close()
    except (OSError, SMTPException) as refused:
        raise WorkspaceError(
            f"the mail server of worklist.digests was not reached or did not take the mail ({type(refused).__name__}), "
            f"after {told.sent} were sent; see to it, then run this again: who has had one today gets no second"
        ) from None


def _tell(user: User, rules: DigestsSettings, today: date, connection: BaseEmailBackend, told: Sent) -> None:
    """Send one account its digest where that is due, and keep that it was sent."""
    if user.digest_sent_on == today:
        told.had += 1
        return
    digest = build_digest(sorted(user.team_codes()), today, rules.due_within)
    if not digest.is_needed:
        told.nothing += 1
        return
    # Kept before it goes, so that of two runs at once one sends it; a run that fails gives it back.
    mine = User.objects.filter(pk=user.pk, digest_sent_on=user.digest_sent_on)
    if not mine.update(digest_sent_on=today):
        told.had += 1
        return
    try:
        _send(user.digest_to, write_digest(digest, rules, today), rules, connection)
    except SMTPRecipientsRefused:
        told.refused += 1
        _give_back(user, today)
    except BaseException:
        _give_back(user, today)
        raise
    else:
        told.sent += 1


def _send(address: str, text: str, rules: DigestsSettings, connection: BaseEmailBackend) -> None:
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(SUBJECT, text, rules.sender, [address], connection=connection, headers=headers).send()


def _give_back(user: User, today: date) -> None:
    User.objects.filter(pk=user.pk, digest_sent_on=today).update(digest_sent_on=user.digest_sent_on)


def _open_connection(rules: DigestsSettings) -> Any:
    """The mail server, to which one connection is opened for all."""
    connection: Any = get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=rules.server,
        port=rules.port,
        username=rules.user,
        password=read_password(rules),
        use_tls=rules.security == "starttls",
        use_ssl=rules.security == "tls",
        timeout=SECONDS,
    )
    connection.ssl_context = read_trust(rules, Path(settings.RISKSTRAT_WORKSPACE.root))
    try:
        connection.open()
    except ssl.SSLCertVerificationError:
        raise WorkspaceError(
            "the mail server of worklist.digests could not prove that it is the one, and no digest was sent: its "
            "certificate is not trusted, over, or of another name; give whose certificates are trusted as "
            "worklist.digests.certificates, and the server by the name in its certificate"
        ) from None
    except (OSError, SMTPException) as refused:
        raise WorkspaceError(
            f"the mail server of worklist.digests was not reached ({type(refused).__name__}), and no digest was sent: "
            "see that it runs, and that server, port, security, user and password are right"
        ) from None
    return connection
