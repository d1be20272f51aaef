"""Django's own administration pages, for accounts, the teams they work with, and who stands in for whom: nothing else.

A password is neither typed nor read here: an account gets a first one by chance, shown once to whoever made it, and its
owner must choose another at the first sign-in. An account is closed, never deleted, since logs name it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from axes.utils import reset as forget_wrong_passwords
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django_otp.plugins.otp_totp.models import TOTPDevice

from riskstrat.worklist.access import allow
from riskstrat.worklist.models import Deputy, TeamMembership, User
from riskstrat.worklist.roles import Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.starting import choose_password
from riskstrat.worklist.views.accounts import sign_out
from riskstrat.worklist.writing import log_edit

SHOWN = ("username", "display_name", "role", "is_active")


class TeamForm(forms.ModelForm):
    """A team is chosen from those of riskstrat.toml."""

    team_code = forms.ChoiceField(label="Team")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        choices = [("", "Choose a team"), *settings.RISKSTRAT_TEAMS.items()]
        self.fields["team_code"].choices = choices  # type: ignore[attr-defined]


class AccountForm(forms.ModelForm):
    """An account in the words of its page."""

    class Meta:
        """What each field is called, and what may stand in it."""

        labels: ClassVar = {"username": "User name", "is_active": "May sign in"}
        help_texts: ClassVar = {
            "username": "Letters, figures and . @ + - _ only, as its owner types it to sign in",
            "digest_to": "An address at work, to be told how much waits; blank for no e-mail",
        }


class DeputyForm(TeamForm):
    """A period ends on the day that it begins, or later."""

    class Meta:
        """What each field is called."""

        labels: ClassVar = {"from_on": "First day", "to_on": "Last day"}

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        cleaned = super().clean() or self.cleaned_data
        begins, ends = cleaned.get("from_on"), cleaned.get("to_on")
        if begins and ends and ends < begins:
            self.add_error("to_on", "The last day is before the first.")
        return cleaned


class MembershipRows(admin.StackedInline):
    """The teams of an account: stacked, since the fields of Django's table of rows have no labels."""

    model = TeamMembership
    form = TeamForm
    extra = 1
    verbose_name, verbose_name_plural = "team", "Teams"


class DeputyRows(admin.StackedInline):
    """The teams that an account stands in with, and when."""

    model = Deputy
    form = DeputyForm
    fields = (("team_code", "for_whom"), ("from_on", "to_on"))
    extra = 0
    verbose_name, verbose_name_plural = "period of standing in", "Stands in"


class AccountAdmin(admin.ModelAdmin):
    """Accounts: made, changed, closed; a new first password, a lost second factor, too many wrong passwords."""

    form = AccountForm
    list_display = ("username", "display_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "display_name")
    ordering = ("username",)
    fields = (*SHOWN, "digest_to")
    inlines: ClassVar = [MembershipRows, DeputyRows]
    actions = ("renew_password", "remove_second_factor", "unlock")

    def get_urls(self) -> list[Any]:
        """Django's addresses but a nameless one, of before 2015."""
        return [each for each in super().get_urls() if each.name]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: logs name accounts."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody changes their own role or closes their own account: the last administrator would lock all out."""
        return ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        """Keep an account; a new one with a first password."""
        obj.described = describe_account(User.objects.get(pk=obj.pk)) if change else None  # type: ignore[attr-defined]
        if not change:
            obj.first_password = give_first_password(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Keep its teams too, and log from what to what the whole of it changed."""
        super().save_related(request, form, formsets, change)
        before, after = form.instance.described, describe_account(form.instance)
        if before != after:
            log_edit(form.instance, find_account(request), "", before, after)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        """The first password, this once."""
        return _show_passwords(request, [(obj, obj.first_password)])  # type: ignore[attr-defined]

    @admin.action(description="Give a new first password")
    def renew_password(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        """Give new first passwords, shown this once; whoever is signed in with an old one is signed out."""
        given = [(user, give_first_password(user)) for user in queryset.exclude(pk=find_account(request).pk)]
        for user, _ in given:
            user.save()
            log_edit(user, find_account(request), "", None, {"password": "a new first one given"})
        return _show_passwords(request, given)

    @admin.action(description="Take the second factor away (a lost phone)")
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Take second factors away, so that their owners set up new ones when they next sign in."""
        for user in queryset.exclude(pk=find_account(request).pk):
            TOTPDevice.objects.filter(user=user).delete()
            log_edit(user, find_account(request), "", None, {"second factor": "taken away"})
            messages.success(request, f"{user} sets up a new second factor when next signing in.")

    @admin.action(description="Unlock after too many wrong passwords")
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Forget the wrong passwords of accounts."""
        for user in queryset:
            forget_wrong_passwords(username=user.username)
            log_edit(user, find_account(request), "", None, {"lock": "taken away"})
            messages.success(request, f"{user} may sign in again.")


class AccountSite(admin.AdminSite):
    """Django's administration, entered and left as every other page is."""

    site_header = site_title = "Worklist accounts"
    index_title = "Accounts"
    site_url = None

    def get_urls(self) -> list[Any]:
        """Django's addresses but those that reach into any table."""
        wide = ("view_on_site", "autocomplete")
        return [each for each in super().get_urls() if getattr(each, "name", None) not in wide]

    @allow(Role.ADMINISTRATOR)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Nobody signs in here: whoever comes this far has done so."""
        return redirect("home")

    @allow(Role.ADMINISTRATOR)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out as from every other page."""
        return sign_out(request)

    @allow(Role.ADMINISTRATOR)
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The worklist's own page."""
        return redirect("change-password")


def describe_account(user: User) -> dict[str, Any]:
    """An account as the log of edits has it; no password and no key."""
    return {
        **{name: getattr(user, name) for name in (*SHOWN, "digest_to")},
        "teams": sorted(user.memberships.values_list("team_code", flat=True)),
        "stands in": [
            f"{one.team_code} for {one.for_whom} from {one.from_on} to {one.to_on}"
            for one in user.standing_in.order_by("from_on", "pk")
        ],
    }


def give_first_password(user: User) -> str:
    """Set a password by chance that its owner must change; the account is not saved yet."""
    password = choose_password()
    user.set_password(password)
    user.must_change_password = True
    return password


def _show_passwords(request: HttpRequest, given: list[tuple[User, str]]) -> HttpResponse:
    return render(request, "worklist/first_passwords.jinja", {"given": given})


site = AccountSite(name="admin")
site.register(User, AccountAdmin)

urlpatterns = [path("admin/", site.urls)]
