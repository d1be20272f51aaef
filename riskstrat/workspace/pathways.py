"""What is wrong with the rules of pathways.toml and changeable.toml, seen beside the features of the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskstrat.definitions.changeable import Opportunity
from riskstrat.definitions.codelists import near
from riskstrat.definitions.durations import EVER, in_words
from riskstrat.definitions.features import Feature
from riskstrat.definitions.rules import ComparisonRule, Condition

LOOKS_BACK = ("count", "exists", "total", "distinct", "weighted", "episodes", "days_in")
"""Verbs whose value means something only with the length of time behind it."""


def problems_of(rule: ComparisonRule, features: Mapping[str, Feature], age: str | None) -> Iterator[str]:
    """Each as the end of a sentence that begins with the rule's name. age: the feature of the completed years."""
    for condition in rule.conditions:
        feature = features.get(condition.feature)
        if feature is None:
            close = near(condition.feature, tuple(features))
            yield f'asks for a feature "{condition.feature}" that does not exist{close}'
            continue
        yield from _check_condition(condition, feature)
        if feature.wording.printed_from is not None and not _has_minimum_age(rule, feature.wording.printed_from, age):
            least = f"{age or 'the age'} at_least = {feature.wording.printed_from}"
            yield f"reads {condition.feature}, which is valid from {feature.wording.printed_from}; add {least} to all"


def find_absence_problems(rule: Opportunity, features: Mapping[str, Feature]) -> Iterator[str]:
    """What is wrong with the features whose absence a rule speaks of, as `problems_of` gives it."""
    for name in rule.not_recorded:
        feature = features.get(name)
        if feature is None:
            yield f'not_recorded names a feature "{name}" that does not exist{near(name, tuple(features))}'
        elif feature.wording.sensitive:
            yield f"speaks of {name}, which is sensitive and never printed; take it out"
        elif feature.missing != 0:
            yield f"speaks of {name}, which is not 0 where nothing is recorded; name a count or a yes/no feature"
        elif feature.verb in LOOKS_BACK and feature.lookback < EVER and in_words(feature.lookback) not in rule.says:
            yield f'speaks of {name}, but its words do not say "{in_words(feature.lookback)}"'


def _check_condition(condition: Condition, feature: Feature) -> Iterator[str]:
    name = condition.feature
    if feature.wording.sensitive:
        yield f"reads {name}, which is sensitive and never printed; take it out"
    if feature.wording.context:
        yield f"reads {name}, which is true of a place and not of the person; take it out"
    if (condition.recorded is True) != (feature.wording.unit == "yes/no"):
        yield f"reads {name}, which is in {feature.wording.unit}; yes/no features, and only they, take recorded = true"
    lookback = in_words(feature.lookback)
    if feature.verb in LOOKS_BACK and feature.lookback < EVER and lookback not in condition.says:
        yield f'reads {name}, but its words do not say "{lookback}"'


def _has_minimum_age(rule: ComparisonRule, valid_from: int, age: str | None) -> bool:
    ages = [condition.at_least for condition in rule.all if condition.feature == age]
    return any(least is not None and least >= valid_from for least in ages)
