"""Pages as Jinja templates: NHS.UK's components, and the words and dates of this product."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.contrib.messages import get_messages
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from riskstrat import __version__
from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.definitions.vocabulary import OUTCOME_WORDS


def build_environment(**options: Any) -> Environment:
    """The environment of every page: what is undefined prints nothing, as NHS.UK's components expect."""
    folders = options["loader"].searchpath if isinstance(options.get("loader"), FileSystemLoader) else []
    own = FileSystemLoader([Path(folder) for folder in folders])
    # A person's page is told by the templates of the printed one, so that both say the same.
    printed = PrefixLoader({"documents": PackageLoader("riskstrat.documents", "templates")})
    loader = ChoiceLoader([own, PackageLoader("nhsuk_frontend_jinja"), printed])
    options |= {"loader": loader, "undefined": ChainableUndefined, "autoescape": True}
    environment = Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    environment.filters |= {"long_date": format_day, "moment": format_moment, "outcome": word_outcome}
    environment.filters["lower_first"] = lower_first
    environment.globals |= {"static": static, "url": build_url, "version": __version__}
    environment.globals["get_messages"] = get_messages
    return environment


def build_url(name: str, /, *arguments: object, **named: object) -> str:
    """The path of a page by its name; what the address names may be called `name` too."""
    return reverse(name, args=arguments, kwargs=named)


def format_day(day: date | None) -> str:
    """4 March 2026; blank without a day."""
    return "" if day is None else long_date(day)


def format_moment(at: datetime) -> str:
    """4 March 2026 at 14:05, by the time in London."""
    local = timezone.localtime(at)
    return f"{long_date(local.date())} at {local:%H:%M}"


def word_outcome(outcome: str) -> str:
    """An outcome as a person reads it."""
    return OUTCOME_WORDS.get(outcome, outcome.replace("_", " ").capitalize())
