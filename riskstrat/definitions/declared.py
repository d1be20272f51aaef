"""TOML declarations read whole and strictly: an unknown key is refused with the nearest known one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Tag, ValidationError

from riskstrat.definitions.codelists import near
from riskstrat.errors import RiskstratError


class Declared(BaseModel):
    """A frozen declaration that refuses keys it does not know, and nan and inf, which compare as nobody means."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Model = TypeVar("Model", bound=Declared)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_Named)


def refuse_repeated_names(parts: tuple[Named, ...]) -> tuple[Named, ...]:
    """The same parts. Raises ValueError if two of them have one name."""
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'"{name}" stands {names.count(name)} times; rename one')
    return parts


def read(
    model: type[Model], given: dict[str, Any], where: str, error: type[RiskstratError], context: str | None = None
) -> Model:
    """`given` as a `model`. Raises `error` naming `where`, the key, what is wrong and what is allowed.

    context: what the model's own checks may ask for, such as who wrote the declaration.
    """
    try:
        return model.model_validate(given, context=context)
    except ValidationError as invalid:
        raise error(f"{where}: {_describe_fault(model, invalid)}") from None


def _describe_fault(model: type[Declared], invalid: ValidationError) -> str:
    fault = invalid.errors(include_url=False)[0]
    path = [str(part) for part in fault["loc"]]
    key = ".".join(path)
    if fault["type"] == "extra_forbidden":
        known = _list_known_keys(model, path[:-1])
        return f'unknown key "{key}"{near(path[-1], known)} (known: {", ".join(known)})'
    if fault["type"] == "missing":
        return f'key "{key}" is missing'
    if fault["type"] == "literal_error" and isinstance(fault["input"], str):
        words = tuple(re.findall(r"'([^']*)'", fault["ctx"]["expected"]))
        return f'key "{key}": "{fault["input"]}" is none of {", ".join(words)}{near(fault["input"], words)}'
    says = fault["msg"].removeprefix("Value error, ")
    return f'key "{key}": {says}' if key else says


def _list_known_keys(model: type[Declared], path: list[str]) -> tuple[str, ...]:
    current: Any = model
    tagged: dict[str, Any] = {}
    for part in path:
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        if part in tagged:  # which of several kinds it was read as; may be called as a key of that kind is
            current, tagged = tagged[part], {}
        elif part in fields:  # else a place in a list, or a name that the site gave
            annotation = fields[part].annotation
            current, tagged = _find_inner_model(annotation) or current, dict(_find_tagged_models(annotation))
    return tuple(field.alias or name for name, field in current.model_fields.items())


def _find_tagged_models(annotation: object) -> Iterator[tuple[str, Any]]:
    """Tag and model of each kind that a value may be of, where tags tell them apart."""
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Tag):
            yield mark.tag, _find_inner_model(annotation)
    for part in getattr(annotation, "__args__", ()):
        yield from _find_tagged_models(part)


def _find_inner_model(annotation: object) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _find_inner_model(part)
        if found is not None:
            return found
    return None
