"""Who somebody is, by the word of the site's own provider: its token is held to everything that it says of itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from riskstrat.worklist.access import WITH_FACTOR
from riskstrat.worklist.models import User


def is_without_password(request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
    """Whether somebody comes back from a provider, so that no password is guessed by it."""
    return "password" not in (credentials or {}) and "nonce" in (credentials or {})


class ProviderBackend(OIDCAuthenticationBackend):
    """Finds the account under the user name that a token and the provider's own answer agree on."""

    def verify_token(self, token: str, **kwargs: object) -> dict[str, Any]:
        """What a token says, if it is of this provider and meant for this server alone.

        Signature, nonce and expiry are the library's to judge. Raises SuspiciousOperation.
        """
        said: dict[str, Any] = super().verify_token(token, **kwargs)
        sign_in = settings.RISKSTRAT_RULES.sign_in
        audience = said.get("aud")
        if said.get("iss") != sign_in.issuer:
            raise SuspiciousOperation("a token of another provider")
        if audience not in (sign_in.client_id, [sign_in.client_id]) or "exp" not in said:
            raise SuspiciousOperation("a token for another server, or one that never ends")
        return said

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The provider's answer about somebody. Raises SuspiciousOperation where it is about another than the token."""
        found: dict[str, Any] = super().get_userinfo(access_token, id_token, payload)
        if not payload.get("sub") or found.get("sub") != payload["sub"]:
            raise SuspiciousOperation("an answer about somebody else")
        self.request.session[WITH_FACTOR] = _has_factor(payload)
        return found

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """Whether there is a user name among them."""
        name = claims.get(settings.RISKSTRAT_RULES.sign_in.user_name_claim)
        return isinstance(name, str) and bool(name)

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[User]:
        """The active account of that user name, to the letter."""
        name = claims[settings.RISKSTRAT_RULES.sign_in.user_name_claim]
        return User.objects.filter(username=name, is_active=True)

    def describe_user_by_claims(self, claims: dict[str, Any]) -> str:
        """Words for a log, which say nothing of anybody."""
        return "that user name"


def _has_factor(payload: dict[str, Any]) -> bool:
    """Whether the token, which the provider signed, says that a second factor was given."""
    sign_in = settings.RISKSTRAT_RULES.sign_in
    given = payload.get(sign_in.second_factor_claim)
    return bool(set([given] if isinstance(given, str) else given or ()) & set(sign_in.second_factor_values))
