"""Who may open which page: denied unless the page says who may, and then by role, team and second factor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode

from riskstrat.casefinding import parse_reference
from riskstrat.worklist.models import User
from riskstrat.worklist.roles import OF_TEAMS, SECOND_FACTOR, Role
from riskstrat.worklist.signed_in import find_account, is_verified

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
TEAM, REFERENCE = "team_code", "reference"
BY_PROVIDER, WITH_FACTOR = "by_provider", "provider_second_factor"
"""In the session: that a provider said who this is, and that it asked for a second factor."""
LAST_SEEN, SEEN_EVERY = "last_seen", 60
"""In the session, and after how many seconds it is written again: not at each request."""


@dataclass(frozen=True)
class AccessRule:
    """Who may open a page. Without roles it is open to everybody, signed in or not.

    of_team: only to members of the team that the address names by code or by a case's reference.
    before_code: also to somebody who has not given the second factor yet, or must choose a password of their own.
    before_new_password: also to somebody who must choose a password of their own first.
    """

    roles: frozenset[Role] = frozenset()
    of_team: bool = False
    before_code: bool = False
    before_new_password: bool = False


OF_ADMINISTRATOR = AccessRule(frozenset({Role.ADMINISTRATOR}))
"""Of Django's own administration pages, which say nothing themselves."""


def allow(
    *roles: Role, of_team: bool = False, before_code: bool = False, before_new_password: bool = False
) -> Callable[[View], View]:
    """Say of a view who may open it; one that says nothing is open to nobody."""
    rule = AccessRule(frozenset(roles), of_team, before_code, before_new_password)

    def attach(view: View) -> View:
        view.rule = rule  # type: ignore[attr-defined]
        return view

    return attach


def find_rule(view: object) -> AccessRule | None:
    """The rule of a view; None where it has none, and then nobody may open it."""
    rule = getattr(view, "rule", None)
    if isinstance(rule, AccessRule):
        return rule
    return OF_ADMINISTRATOR if getattr(view, "__module__", "").startswith("django.contrib.admin") else None


class RequireRule:
    """The middleware that holds every page to its rule, before the page runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out whoever was idle for too long, and keep pages about people out of every cache."""
        _end_idle_session(request)
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self, request: HttpRequest, view: object, _: tuple[object, ...], named: dict[str, object]
    ) -> HttpResponse | None:
        """None where the page may be opened; else the way to sign in. Raises PermissionDenied or Http404."""
        rule = find_rule(view)
        if rule is None:
            raise PermissionDenied
        if not rule.roles and not rule.before_code:
            return None
        if not request.user.is_authenticated:
            return _send_to("sign-in", request)
        user = find_account(request)
        if not rule.before_code and (missing := _find_missing_step(request, rule)):
            return _send_to(missing, request)
        if rule.roles and user.role not in rule.roles:
            raise PermissionDenied
        if rule.of_team and not is_of_team(user, named):
            # As if there were no such team or case: what exists elsewhere is nobody's business here.
            raise Http404
        return None


def _find_missing_step(request: HttpRequest, rule: AccessRule) -> str | None:
    """The name of the page that somebody must pass first; None where there is none."""
    user = find_account(request)
    if must_verify(user) and not (is_verified(request) or request.session.get(WITH_FACTOR)):
        return "code"
    # Whom a provider names uses no password of this server.
    must_change = user.must_change_password and not request.session.get(BY_PROVIDER)
    return "change-password" if must_change and not rule.before_new_password else None


def must_verify(user: User) -> bool:
    """Whether somebody must give a second factor: by their role, or because they have set one up."""
    return user.role in SECOND_FACTOR or user.has_second_factor()


def is_of_team(user: User, named: Mapping[str, object]) -> bool:
    """Whether an address that names a team, or a case by a reference as it is printed, is of a team of the user's."""
    reference = str(named.get(REFERENCE, ""))
    if reference and parse_reference(reference) != reference:
        return False
    code = str(named.get(TEAM) or reference[:3])
    return user.role in OF_TEAMS and code in user.team_codes()


def _send_to(name: str, request: HttpRequest) -> HttpResponse:
    response = redirect(name)
    if request.method == "GET":
        response["Location"] += f"?{urlencode({'next': request.get_full_path()})}"
    return response


def _end_idle_session(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        return
    now, seen = int(timezone.now().timestamp()), request.session.get(LAST_SEEN)
    if seen is not None and now - seen > settings.RISKSTRAT_IDLE_SECONDS:
        logout(request)
    elif seen is None or now - seen >= SEEN_EVERY:
        request.session[LAST_SEEN] = now
