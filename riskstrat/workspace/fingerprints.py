"""The fingerprint of each feature with all it rests on: named inputs, constants of its file, lists of its stream."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from riskstrat.definitions.codelists import Codelist, near
from riskstrat.definitions.continuous_stays import STAY_RULES, ContinuousStays
from riskstrat.definitions.features import Feature
from riskstrat.errors import DefinitionError
from riskstrat.sources.streams import STREAM_CODELISTS, STREAMS_OF_STAYS
from riskstrat.storage import compute_digest


def fingerprints_of(
    features: Mapping[str, Feature],
    codelists: Mapping[str, Codelist],
    origins: Mapping[str, str],
    continuous_stays: ContinuousStays,
    left_out: str | None = None,
) -> dict[str, str]:
    """sha256 for each feature name. Raises DefinitionError for an input that does not exist, or a circle of inputs.

    left_out: the codelist whose rows features do not read, so that a model made with them is not taken for one without.
    """
    done: dict[str, str] = {}

    def named(name: str, asked_by: tuple[str, ...]) -> str:
        if name in asked_by:
            circle = " -> ".join((*asked_by[asked_by.index(name) :], name))
            raise DefinitionError(f"{origins[name]}: derive goes round in a circle: {circle}")
        if name not in features:
            raise DefinitionError(
                f'{origins[asked_by[-1]]}: {asked_by[-1]} asks for a feature "{name}" that does not exist'
                f"{near(name, tuple(features))}"
            )
        if name not in done:
            done[name] = whole(features[name], (*asked_by, name))
        return done[name]

    def whole(feature: Feature, asked_by: tuple[str, ...]) -> str:
        given = feature.inputs.values()
        inputs = [named(part, asked_by) if isinstance(part, str) else whole(part, asked_by) for part in given]
        facts = [
            feature.fingerprint,
            *_list_codelist_fingerprints(feature, codelists),
            *_list_constants(feature),
            *_list_stay_rules(feature, continuous_stays),
            *inputs,
        ]
        return compute_digest("\n".join(facts))

    made = {name: named(name, ()) for name in features}
    if left_out is None or left_out not in codelists:
        return made
    return {name: compute_digest(f"{one}\nwithout {codelists[left_out].fingerprint}") for name, one in made.items()}


def _list_codelist_fingerprints(feature: Feature, codelists: Mapping[str, Codelist]) -> Iterator[str]:
    for name in STREAM_CODELISTS.get(feature.rows.stream if feature.rows else "", ()):
        if name in codelists:
            yield codelists[name].fingerprint


def _list_stay_rules(feature: Feature, continuous_stays: ContinuousStays) -> Iterator[str]:
    if feature.rows and feature.rows.stream in STREAMS_OF_STAYS:
        yield f"continuous_stays={STAY_RULES[continuous_stays]!r}"


def _list_constants(feature: Feature) -> Iterator[str]:
    """What the formula reads of its file besides its inputs: a constant's value, a function's text."""
    formula = feature.formula
    if not isinstance(formula, FunctionType):
        return
    for name in sorted(set(_list_referenced_names(formula.__code__))):
        value: Any = formula.__globals__.get(name)
        if isinstance(value, FunctionType):
            yield f"{name}={inspect.getsource(value)}"
        elif value is not None and not isinstance(value, ModuleType | type):
            yield f"{name}={value!r}"


def _list_referenced_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_referenced_names(constant)
