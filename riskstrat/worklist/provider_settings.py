"""What mozilla-django-oidc is told of a site's own provider."""

from __future__ import annotations

import os
from typing import Any

from riskstrat.definitions.worklist_settings import FROM_ENVIRONMENT, SignInSettings
from riskstrat.errors import WorkspaceError

PROVIDER_BACKEND = "riskstrat.worklist.provider.ProviderBackend"
RETURN = "sign-in-return"
"""The name of the page to which the provider sends people back."""

LONGEST_WAIT = 10
"""Seconds for an answer of the provider."""


def describe_provider(sign_in: SignInSettings) -> dict[str, Any]:
    """Django's settings for it; none where a site has no provider. Raises WorkspaceError without its secret."""
    if not sign_in.client_id:
        return {}
    return {
        "OIDC_RP_CLIENT_ID": sign_in.client_id,
        "OIDC_RP_CLIENT_SECRET": _read_secret(sign_in),
        "OIDC_RP_SIGN_ALGO": sign_in.algorithm,
        "OIDC_RP_SCOPES": sign_in.scopes,
        "OIDC_OP_AUTHORIZATION_ENDPOINT": sign_in.authorization_endpoint,
        "OIDC_OP_TOKEN_ENDPOINT": sign_in.token_endpoint,
        "OIDC_OP_USER_ENDPOINT": sign_in.user_endpoint,
        "OIDC_OP_JWKS_ENDPOINT": sign_in.keys_endpoint,
        "OIDC_AUTHENTICATION_CALLBACK_URL": RETURN,
        "OIDC_CREATE_USER": False,
        "OIDC_USE_PKCE": True,
        "OIDC_TIMEOUT": LONGEST_WAIT,
    }


def _read_secret(sign_in: SignInSettings) -> str:
    found = FROM_ENVIRONMENT.fullmatch(sign_in.client_secret)
    name = found[1] if found else ""
    secret = os.environ.get(name, "")
    if not secret:
        raise WorkspaceError(f"the environment variable {name} must hold the secret of worklist.sign_in.client_id")
    return secret
