"""Every address of the worklist from its own table of addresses, with values that fit its parameters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.suite.worklists import LIST_DATE


@dataclass(frozen=True)
class Address:
    """One entry: its name with that of its group ("" without one), its parameters, and the view that it opens."""

    name: str
    parameters: Mapping[str, Any]
    view: Any

    def fill(self, values: Mapping[str, object]) -> str | None:
        """The path with these values, and others that fit where none is given; None where nothing fits."""
        from django.urls import NoReverseMatch, reverse

        offered = [_offer(values.get(name)) for name in self.parameters]
        for chosen in itertools.product(*offered):
            try:
                return reverse(self.name, kwargs=dict(zip(self.parameters, chosen, strict=True)))
            except (NoReverseMatch, ValueError, AttributeError):
                continue
        return None


def list_addresses() -> list[Address]:
    """Every address that the worklist answers."""
    from django.urls import get_resolver

    return list(_walk(get_resolver().url_patterns, "", {}))


def _walk(patterns: Any, group: str, outer: Mapping[str, Any]) -> Iterator[Address]:
    for pattern in patterns:
        inner = {**outer, **dict.fromkeys(pattern.pattern.regex.groupindex)}
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns, pattern.namespace or group, inner)
        else:
            name = pattern.name or ""
            yield Address(f"{group}:{name}" if group else name, inner, pattern.callback)


def _offer(value: object) -> list[object]:
    """The value that is given, else what the converters of paths take."""
    return [value] if value is not None else [1, "1", LIST_DATE.isoformat(), LIST_DATE, "x"]
