"""The account that a request is of."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from riskstrat.worklist.models import User


def is_verified(request: HttpRequest) -> bool:
    """Whether whoever is signed in has given their second factor: django-otp's middleware says so of the user."""
    return getattr(request.user, "otp_device", None) is not None


def find_account(request: HttpRequest) -> User:
    """Whoever is signed in. Raises PermissionDenied where nobody is."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user
