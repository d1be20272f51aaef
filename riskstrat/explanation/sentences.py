"""A feature's own sentence about one person, with its number, lookback and date."""

from __future__ import annotations

from datetime import date

import numpy as np

from riskstrat.definitions.ages import name_age_band
from riskstrat.definitions.durations import in_words
from riskstrat.definitions.features import AGE, COUNT, SLOPE, ZERO_IS_A_VALUE, Feature
from riskstrat.definitions.phrases import capitalise_first, long_date
from riskstrat.errors import DefinitionError

EACH_HAS_A_DAY = frozenset({COUNT, "episodes"})
"""Verbs that count what happened once each: of one of them no latest day is said, since it has one day."""


def render(feature: Feature, value: float, when: date | np.datetime64 | None, age: float | None = None) -> str | None:
    """The sentence for `value` and the date of the latest row behind it, or None when there is nothing to say.

    A score that is valid from some age on is said only of people of that age, in completed years. What is not recorded
    is said in the feature's own words for it, if it has any; a sentence that needs a date nobody has is not said, and
    neither is a number too small to matter. Of an age only the band is said. Raises DefinitionError if the feature's
    words hold a placeholder that does not exist.
    """
    if feature.wording.printed_from is not None and not (age is not None and age >= feature.wording.printed_from):
        return None
    day = _date(when)
    template = _choose_template(feature, value, day)
    if template is None or ("{date}" in template and day is None):
        return None
    number = _word_value(feature, value)
    if feature.wording.unit == "years" and 0 < value < 1:
        template = template.replace("{n} year{s}", "less than a year")
    if feature.verb in EACH_HAS_A_DAY and number == "1":
        template = template.replace(", the latest on {date}", ", on {date}")
    words = {
        "n": number,
        "s": "" if number == "1" else "s",
        "times": {"1": "once", "2": "twice"}.get(number, f"{number} times"),
        "lookback": in_words(feature.lookback),
        "date": long_date(day) if day else "",
        "ago": ago_in_words(value),
        "roughly": roughly_in_words(value),
    }
    try:
        return _format_sentence(template.format_map(words))
    except (KeyError, IndexError, ValueError, AttributeError):
        raise DefinitionError(
            f'{feature.name or feature.verb}: "{template}" cannot be read; its placeholders may be '
            "{n}, {s}, {times}, {lookback}, {ago}, {roughly} and {date}"
        ) from None


def find_absence(feature: Feature, value: float, when: date | np.datetime64 | None) -> str | None:
    """The words, without their lookback, in which a value is said to be an absence; None for one that is none."""
    return feature.wording.absent if _is_unrecorded(feature, value, _date(when)) else None


def _choose_template(feature: Feature, value: float, day: date | None) -> str | None:
    """The words for a value; None for one that is not worth a sentence."""
    wording = feature.wording
    if _is_unrecorded(feature, value, day):
        return wording.absent
    if abs(value) < wording.said_from:
        return None
    if wording.says_always is not None and value >= feature.lookback:
        return wording.says_always
    return wording.says_negative if value < 0 and wording.says_negative is not None else wording.says


def _word_value(feature: Feature, value: float) -> str:
    """The value as {n}: an age by its band, a value that has words by these, and no sign where the words have it."""
    wording = feature.wording
    if feature.verb == AGE:
        return name_age_band(value)
    if wording.values and value in range(len(wording.values)):
        return wording.values[int(value)]
    size = abs(value) if wording.says_negative is not None else value
    # No measurement is that exact over years.
    return in_figures(round(size, 1) if feature.verb == SLOPE else size)


def ago_in_words(value: float) -> str:
    """A number of days in the words of a person: `today`, `45 days ago`, `7 months ago`, `12 years ago`."""
    if not np.isfinite(value):
        return ""
    if round(value) == 0:
        return "today"
    if value < 90:
        number, unit = round(value), "day"
    elif value < 731:  # two whole years
        number, unit = round(value / 30.44), "month"
    else:
        number, unit = int(value / 365.25), "year"
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def roughly_in_words(value: float) -> str:
    """`ago_in_words`, from which no day can be worked out: `less than 3 months ago`, `7 months ago`."""
    return "less than 3 months ago" if value < 90 else ago_in_words(value)


def in_figures(value: float) -> str:
    """Whole numbers without decimals, others with one from 10 and two below; thousands with a comma; "" if unknown."""
    if not np.isfinite(value):
        return ""
    rounded = round(float(value), 1 if abs(value) >= 10 else 2)
    if rounded == int(rounded):
        return f"{int(rounded):,}"
    return f"{rounded:,}"


def _is_unrecorded(feature: Feature, value: float, day: date | None) -> bool:
    if np.isnan(value):
        return True
    if value == 0 and feature.verb not in ZERO_IS_A_VALUE:
        return feature.verb != "derive" or feature.missing is not None
    return day is None and feature.missing is not None and bool(np.float32(value) == np.float32(feature.missing))


def _date(when: date | np.datetime64 | None) -> date | None:
    if isinstance(when, np.datetime64):
        return None if np.isnat(when) else when.astype("datetime64[D]").item()
    return when


def _format_sentence(text: str) -> str:
    text = text.strip()
    return capitalise_first(text) + ("" if text.endswith(".") else ".")
