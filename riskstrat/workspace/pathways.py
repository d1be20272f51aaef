"""What is wrong with the rules of training/pathways.toml, seen beside the features and teams of the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskstrat.definitions.codelists import near
from riskstrat.definitions.durations import EVER, in_words
from riskstrat.definitions.features import Feature
from riskstrat.definitions.pathways import Condition, Pathway

LOOKS_BACK = ("count", "exists", "total", "distinct", "weighted", "episodes", "days_in")
"""Verbs whose value means something only with the length of time behind it."""


def problems_of(pathway: Pathway, features: Mapping[str, Feature], age: str | None) -> Iterator[str]:
    """Each as the end of a sentence that begins with the pathway's name. age: the feature of the completed years."""
    for condition in pathway.conditions:
        feature = features.get(condition.feature)
        if feature is None:
            close = near(condition.feature, tuple(features))
            yield f'asks for a feature "{condition.feature}" that does not exist{close}'
            continue
        yield from _check_condition(condition, feature)
        if feature.wording.printed_from is not None and not _has_minimum_age(
            pathway, feature.wording.printed_from, age
        ):
            least = f"{age or 'the age'} at_least = {feature.wording.printed_from}"
            yield f"reads {condition.feature}, which is valid from {feature.wording.printed_from}; add {least} to all"


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


def _has_minimum_age(pathway: Pathway, valid_from: int, age: str | None) -> bool:
    ages = [condition.at_least for condition in pathway.all if condition.feature == age]
    return any(least is not None and least >= valid_from for least in ages)
