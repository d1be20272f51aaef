"""How a paper words a figure. Papers leave the tool, so every count of people or rows follows the small number rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from math import floor, isnan
from typing import Any

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.words import joined, printable, spaced, suppressed

NONE = "not available"
FEW = "too few"
HIDDEN = "hidden"

SITE = "For the site to state."
FOR_THE_SITE = "for the site to state."

MODELS = {
    "lightgbm": "LightGBM",
    "stack": "Stack of LightGBM and logistic regression",
    "transferred": "The other site's model, calibrated here",
    "logistic_regression": "Logistic regression",
    "age_and_sex": "Age and sex",
    "champion": "The champion so far",
    "everybody": "Everybody",
}

MEASURES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "scaled_brier": "Scaled Brier score",
    "ici": "ICI",
    "ici_of_top_5_percent": "ICI among the 5% at highest risk",
    "e90": "E90",
    "emax": "Emax",
    "ppv": "PPV",
    "ppv_at_capacity": "PPV at capacity",
    "mean_risk": "Mean risk",
    "mean_risk_over_observed": "Mean risk over observed",
    "imd_quintile": "Deprivation fifth",
    "imd_fifth": "Deprivation fifth",
    "conditions": "Long-term conditions",
    "no_admission_24m": "Admissions in 24 months",
    "platt": "Platt scaling",
    "isotonic": "Smoothed isotonic",
    "venn_abers": "Venn–Abers",
}

_KIND = r"(?:\w+ )?(?:people|persons?|patients?|rows?|events?|admissions?|discharges?|records?|values?)\b"
_COUNTED = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d+)"
    # "3 rows", "3 of 40 rows", "3 of a kind that is none of ...", and "without effect: 3; mend them".
    rf"(?= {_KIND}| of [\d,]+ {_KIND}| of a kind |; these are |; mend them)"
)
_SHARE_OF_FEW = re.compile(rf"(1 to 7 of [\d,]+ {_KIND}) \(\d+%\)")
"""A count that is hidden, with the share that would lead back to it."""


def known(value: object) -> bool:
    """Whether there is a figure: neither null nor not-a-number."""
    return value is not None and not (isinstance(value, float) and isnan(value))


def count(number: Any) -> str:
    """A count fit to leave: 0, "1 to 7", or the nearest 5."""
    return suppressed(int(number)) if known(number) else NONE


def rounded(number: int) -> int | None:
    """The count as it may leave, as a number; None for 1 to 7."""
    if 1 <= number <= 7:
        return None
    return 5 * floor(number / 5 + 0.5)


def share(part: Any, whole: Any) -> str:
    """The percentage that two counts make, worked out from the counts as they may leave."""
    if not known(part) or not known(whole) or not whole:
        return NONE
    top, bottom = rounded(int(part)), rounded(int(whole))
    if top is None or not bottom:
        return HIDDEN
    # One decimal would be finer than what rounding to 5 leaves of a smaller count.
    return f"{100 * top / bottom:.{1 if bottom >= 1000 else 0}f}%"


def share_interval(part: Any, whole: Any) -> str:
    """The Wilson 95% interval of `share`, from the same counts; empty where there is no share."""
    from scipy.stats import binomtest

    if share(part, whole).rstrip("%") in (NONE, HIDDEN):
        return ""
    top, bottom = rounded(int(part)), rounded(int(whole))
    ends = binomtest(min(top or 0, bottom or 0), bottom or 1).proportion_ci(method="wilson")
    return f"{percent(ends.low)} to {percent(ends.high)}"


def figure(value: object, places: int = 3) -> str:
    """A measure with its decimals; a minus sign that a reader can see."""
    return _format_sign(f"{value:.{places}f}") if known(value) else NONE


def difference(value: object, places: int = 4) -> str:
    """A difference with its sign."""
    return _format_sign(f"{value:+.{places}f}") if known(value) else NONE


def _format_sign(text: str) -> str:
    zero = text.lstrip("+-").strip("0.") == ""
    return text.lstrip("+-") if zero else text.replace("-", "−")


def interval(low: object, high: object, places: int = 3) -> str:
    """The two ends of an interval; empty where there is none."""
    return f"{figure(low, places)} to {figure(high, places)}" if known(low) and known(high) else ""


def spread(row: Mapping[str, object], measure: str, places: int = 3, *, signed: bool = False) -> str:
    """A measure of a row with its interval in brackets, read from `measure`, `measure_low` and `measure_high`."""
    value, low, high = (row.get(f"{measure}{end}") for end in ("", "_low", "_high"))
    word = difference if signed else figure
    said = word(value, places)
    ends = known(value) and known(low) and known(high)
    return f"{said} ({word(low, places)} to {word(high, places)})" if ends else said


def percent(value: Any) -> str:
    """A share as a whole percentage, which does not lead back to the counts behind it; below 5% with one decimal."""
    return f"{100 * value:.{_choose_decimal_places(value)}f}%" if known(value) else NONE


def _choose_decimal_places(value: float) -> int:
    return 0 if value >= 0.05 or value == 0 else 1


def percent_spread(row: Mapping[str, Any], name: str) -> str:
    """A share of a row with its interval in brackets, as percentages."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    value = row.get(name)
    if low is None or high is None or not (known(value) and known(low) and known(high)):
        return percent(value)
    places = 1 if value is None or value < 0.05 else 0
    said, below, above = (f"{100 * float(one or 0):.{places}f}%" for one in (value, low, high))
    return f"{said} ({below} to {above})"


def model(name: str) -> str:
    """The name of a model that every version is compared with, as people say it."""
    return MODELS.get(name, sentence_case(name))


def measure(name: str) -> str:
    """The name of a measure, a dimension or a calibrator as people say it."""
    return MEASURES.get(name, sentence_case(name))


def sentence_case(name: str) -> str:
    """A name of the code as words, with a capital at its start."""
    words = spaced(name)
    return words[:1].upper() + words[1:]


def day(given: object) -> str:
    """A date in words; a period, given as two dates or as "date to date", likewise; anything else as it is written."""
    ends = given if isinstance(given, list | tuple) else str(given).split(" to ")
    if len(ends) > 1:
        return " to ".join(day(one) for one in ends)
    try:
        return long_date(date.fromisoformat(str(given)))
    except ValueError:
        return printable(given)


def days(given: Iterable[object] | None) -> str:
    """Several dates in words, the earliest first; periods that follow each other without a gap are one."""
    whole: list[list[str]] = []
    for one in sorted(" to ".join(each) if isinstance(each, list | tuple) else str(each) for each in given or ()):
        first, _, last = one.partition(" to ")
        if last and whole and _is_next_day(whole[-1][-1], first):
            whole[-1][-1] = last
        else:
            whole.append([first, last] if last else [first])
    return joined(" to ".join(map(day, each)) for each in whole) if whole else NONE


def _is_next_day(last: str, first: str) -> bool:
    try:
        return date.fromisoformat(last) + timedelta(days=1) == date.fromisoformat(first)
    except ValueError:
        return False


def fit_to_leave(text: object) -> str:
    """A sentence in which counts of people, rows and events follow the small number rule."""
    hidden = _COUNTED.sub(lambda found: suppressed(int(found[1].replace(",", ""))), printable(text))
    return _SHARE_OF_FEW.sub(r"\1", hidden)
