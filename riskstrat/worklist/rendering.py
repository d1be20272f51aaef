"""Pages as Jinja templates: NHS.UK's components, and the words and dates of this product."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.messages import get_messages
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from jinja2.runtime import Macro
from markupsafe import Markup

from riskstrat import __version__
from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import word_pathways
from riskstrat.worklist.published import CurrentList

MOST_PATHS, MOST_PARTS = 4096, 256
"""How many paths, and how many components of the product's own words, stay in memory."""

_made: dict[tuple[str, str], Markup] = {}


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
    environment.filters |= {"lower_first": lower_first, "word_pathways": word_pathways}
    environment.globals |= {"static": static, "url": build_url, "version": __version__}
    environment.globals |= {"get_messages": get_messages, "make_once": make_once, "keep_part": keep_part}
    return environment


def build_url(name: str, /, *arguments: object, **named: object) -> str:
    """The path of a page by its name; what the address names may be called `name` too."""
    return _build_path(get_script_prefix(), name, arguments, tuple(named.items()))


@lru_cache(maxsize=MOST_PATHS)
def _build_path(prefix: str, name: str, arguments: tuple[object, ...], named: tuple[tuple[str, object], ...]) -> str:
    """The path below a prefix, which Django adds itself: a page of the list asks for some fifty."""
    return reverse(name, args=arguments, kwargs=dict(named))


def make_once(macro: Macro, options: dict[str, object]) -> Markup:
    """What a component makes of options, made once: of the product's own words, and never of what somebody typed."""
    key = (macro.name, repr(options))
    made = _made.get(key)
    if made is None:
        made = Markup(macro(options))  # noqa: S704
        if len(_made) < MOST_PARTS:
            _made[key] = made
    return made


def keep_part(current: CurrentList, reference: str, macro: Macro, about: object) -> Markup:
    """What a macro makes of a listed person, made once while that list is in memory: of what the list says alone.

    Nothing that stands in the database, no name and no path may be in it.
    """
    key = (macro.name, reference)
    made = current.parts.get(key)
    if made is None:
        made = current.parts[key] = Markup(macro(about))  # noqa: S704
    return made


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
