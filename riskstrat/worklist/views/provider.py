"""Signing in through the site's own provider: the way there and the way back."""

from __future__ import annotations

import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET
from jwt import PyJWTError
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from riskstrat.worklist.access import BY_PROVIDER, WITH_FACTOR, allow
from riskstrat.worklist.provider_settings import RETURN

NOT_SIGNED_IN = (
    "The provider did not say who you are, or there is no account here under the user name that it gave. Try again; if "
    "it stays so, ask your administrator."
)


class ReturnView(OIDCAuthenticationCallbackView):
    """Where the provider sends people back."""

    def login_success(self) -> HttpResponse:
        """A new session that knows who said so, and the page that was asked for."""
        with_factor = self.request.session.get(WITH_FACTOR, False)
        response: HttpResponse = super().login_success()
        self.request.session[BY_PROVIDER] = True
        self.request.session[WITH_FACTOR] = with_factor
        return response

    def login_failure(self) -> HttpResponse:
        """One page for each way in which it can fail: it tells nobody which accounts there are."""
        self.request.session.flush()
        context = {"title": "You are not signed in", "words": NOT_SIGNED_IN}
        return render(self.request, "worklist/message.jinja", context, status=403)


@allow()
@require_GET
def leave_for_provider(request: HttpRequest) -> HttpResponseBase:
    """Send somebody to the provider. Raises Http404 where the site has none."""
    _require_provider()
    return OIDCAuthenticationRequestView.as_view()(request)


@allow()
@require_GET
def return_from_provider(request: HttpRequest) -> HttpResponseBase:
    """Sign somebody in whom the provider names. Raises Http404 where the site has none."""
    _require_provider()
    view = ReturnView()
    view.setup(request)
    try:
        return view.dispatch(request)
    # What a provider answers, or does not, is nobody's fault here: a key without its number, a page that is no JSON.
    except (SuspiciousOperation, PyJWTError, requests.RequestException, KeyError, ValueError, TypeError):
        return view.login_failure()


def _require_provider() -> None:
    if not settings.RISKSTRAT_RULES.sign_in.client_id:
        raise Http404


urlpatterns = [
    path("sign-in/provider", leave_for_provider, name="sign-in-provider"),
    path("sign-in/return", return_from_provider, name=RETURN),
]
