"""Signing in and out, and the password and second factor of one's own account."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as keep_verified
from django_otp import match_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from riskstrat.worklist.access import allow
from riskstrat.worklist.models import User
from riskstrat.worklist.roles import SECOND_FACTOR, Role
from riskstrat.worklist.signed_in import find_account, is_verified
from riskstrat.worklist.writing import log_edit

FACTOR_NAME = "authenticator"
WRONG_CODE = "The code is wrong, or was used already. Wait for the next one in your app, and check its clock."


class CodeForm(forms.Form):
    """Six figures from an authenticator app; spaces between them do no harm."""

    code = forms.CharField(max_length=12, error_messages={"required": "Enter the code that your app shows."})

    def clean_code(self) -> str:
        """The figures. Raises ValidationError for anything else."""
        code = "".join(str(self.cleaned_data["code"]).split())
        if not (code.isascii() and code.isdigit() and len(code) == 6):
            raise forms.ValidationError("A code is six figures, such as 123456.")
        return code


class OwnPasswordForm(PasswordChangeForm):
    """The old password once and the new one twice. Raises ValidationError for the old one as the new one."""

    def clean(self) -> dict[str, Any]:
        """Refuse to keep the password: an account's first one is known to whoever made it."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("old_password") and cleaned.get("old_password") == cleaned.get("new_password1"):
            self.add_error("new_password1", "Choose another password than the one you have.")
        return cleaned


def show_lockout(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The page after too many wrong passwords for one account."""
    words = "There were too many wrong passwords for this account. Wait half an hour, or ask your administrator."
    return render(request, "worklist/message.jinja", {"title": "Account locked", "words": words}, status=429)


def show_csrf_refusal(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that did not come from a page of this server, or from one that was open for too long."""
    words = "Nothing was kept. Open the page again and enter it once more."
    return render(request, "worklist/message.jinja", {"title": "The form was too old", "words": words}, status=403)


@allow(*Role)
def show_account(request: HttpRequest) -> HttpResponse:
    """Somebody's own account: teams, password, second factor."""
    user = find_account(request)
    teams = [settings.RISKSTRAT_TEAMS.get(code, code) for code in sorted(user.team_codes())]
    return render(request, "worklist/account.jinja", {"teams": teams, "has_factor": user.has_second_factor()})


@allow(*Role, before_new_password=True)
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Choose another password; every other browser that is signed in with the account is signed out."""
    user = find_account(request)
    form = OwnPasswordForm(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form, "must": user.must_change_password, "next": _read_next(request)}
        return render(request, "worklist/change_password.jinja", context, status=422 if form.errors else 200)
    with transaction.atomic():
        user.must_change_password = False
        form.save()
        log_edit(user, user, "", None, {"password": "changed by its owner"})
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed, and every other browser is signed out.")
    return redirect(_read_next(request))


@allow(*Role, before_code=True)
def enter_code(request: HttpRequest) -> HttpResponse:
    """Give the code of the second factor; whoever has none yet sets it up first."""
    user = find_account(request)
    if not user.has_second_factor():
        return redirect("second-factor")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        device = match_token(user, form.cleaned_data["code"])
        if device is not None:
            _verify(request, device)
            return redirect(_read_next(request))
        form.add_error("code", WRONG_CODE)
    context = {"form": form, "next": _read_next(request)}
    return render(request, "worklist/code.jinja", context, status=422 if form.errors else 200)


@allow(*Role, before_code=True)
def show_second_factor(request: HttpRequest) -> HttpResponse:
    """What a second factor is, and the way to set one up; the key, while one is being set up."""
    user = find_account(request)
    if user.has_second_factor() and not is_verified(request):
        return redirect("code")
    return _show_factor(request, CodeForm(), 200)


@allow(*Role, before_code=True)
@require_POST
def begin_second_factor(request: HttpRequest) -> HttpResponse:
    """Make a new key, which counts for nothing until its first code has been given."""
    user = find_account(request)
    if user.has_second_factor() and not is_verified(request):
        return redirect("code")
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        TOTPDevice.objects.create(user=user, name=FACTOR_NAME, confirmed=False)
    return redirect("second-factor")


@allow(*Role, before_code=True)
@require_POST
def confirm_second_factor(request: HttpRequest) -> HttpResponse:
    """Give the first code of a new key: from then on it is the account's only one."""
    user = find_account(request)
    device = _find_unconfirmed(user)
    if device is None or (user.has_second_factor() and not is_verified(request)):
        return redirect("second-factor")
    form = CodeForm(request.POST)
    if form.is_valid() and not device.verify_token(form.cleaned_data["code"]):
        form.add_error("code", WRONG_CODE)
    if form.errors:
        return _show_factor(request, form, 422)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        device.confirmed = True
        device.save()
        log_edit(user, user, "", None, {"second factor": "set up"})
    _verify(request, device)
    messages.success(request, "Your second factor is set up. You will be asked for a code each time you sign in.")
    return redirect("home")


def _show_factor(request: HttpRequest, form: CodeForm, status: int) -> HttpResponse:
    user = find_account(request)
    device = _find_unconfirmed(user)
    context = {
        "form": form,
        "has_factor": user.has_second_factor(),
        "required": user.role in SECOND_FACTOR,
        "picture": draw_key(device.config_url) if device else None,
        "key": _spell_key(device) if device else "",
    }
    return render(request, "worklist/second_factor.jinja", context, status=status)


def _find_unconfirmed(user: User) -> TOTPDevice | None:
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("pk").last()
    return found


def draw_key(address: str) -> SafeString:
    """The address of a key as a QR code: an SVG element that holds paths alone, so no content policy forbids it."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    drawn = BytesIO()
    qrcode.make(address, image_factory=SvgPathFillImage, box_size=20).save(drawn)
    element = drawn.getvalue().decode("utf-8").partition("?>")[2].strip()
    # Nothing of the address stands in it but its pattern.
    return mark_safe(element.replace("<svg ", '<svg role="img" aria-label="QR code for your authenticator app" ', 1))  # noqa: S308


def _spell_key(device: TOTPDevice) -> str:
    """The key in groups of four, for whoever types it."""
    from base64 import b32encode

    key = b32encode(device.bin_key).decode("ascii").rstrip("=")
    return " ".join(key[place : place + 4] for place in range(0, len(key), 4))


def _verify(request: HttpRequest, device: object) -> None:
    """The session counts as verified from here on, under a new key: one that was planted before is worth nothing."""
    keep_verified(request, device)
    request.session.cycle_key()


def _read_next(request: HttpRequest) -> str:
    """The page that was asked for before, if it is one of this server's; else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("home")


class SignInView(LoginView):
    """By a password of this server, with the way to the site's own provider where it has one."""

    template_name = "worklist/sign_in.jinja"
    redirect_authenticated_user = True

    def get_context_data(self, **given: object) -> dict[str, Any]:
        """With what the button to the provider says; blank without one."""
        provider = settings.RISKSTRAT_RULES.sign_in
        return super().get_context_data(**given) | {"provider": provider.label if provider.client_id else ""}


sign_in = allow()(SignInView.as_view())
sign_out = allow(*Role, before_code=True)(LogoutView.as_view())

urlpatterns = [
    path("sign-in", sign_in, name="sign-in"),
    path("sign-out", sign_out, name="sign-out"),
    path("account", show_account, name="account"),
    path("account/password", change_password, name="change-password"),
    path("account/code", enter_code, name="code"),
    path("account/second-factor", show_second_factor, name="second-factor"),
    path("account/second-factor/begin", begin_second_factor, name="begin-second-factor"),
    path("account/second-factor/confirm", confirm_second_factor, name="confirm-second-factor"),
]
