"""A feature's conditions as nested lists, `["Equals", ["Field", "method"], ["Literal", "21"]]`, read by each peer.

Each peer has a function for each operation, by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any


def translate(tree: list[Any], operations: Mapping[str, Any]) -> Any:
    """The expression in a peer's own form. Raises KeyError for an operation that the peer has not."""
    name, *given = tree
    if name == "Field":
        return operations["Field"](given[0])
    if name == "Literal":
        return operations["Literal"](given[0])
    if name == "Date":
        return operations["Literal"](date.fromisoformat(given[0]))
    parts = [translate(one, operations) if isinstance(one, list) and one and one[0] in NAMES else one for one in given]
    return operations[name](*parts)


def list_coded(stream: Mapping[str, Any], column: int) -> list[int]:
    """The numbers of the features that count some codes of one code column."""
    return [one["number"] for one in stream["features"] if one["coded"] and one["code"] == column]


COMPARED = ("Equals", "NotEquals", "Greater", "GreaterEqual", "Less", "LessEqual")
NAMES = (
    "Field",
    "Literal",
    "Date",
    *COMPARED,
    "InValues",
    "IsNull",
    "NotNull",
    "Not",
    "And",
    "Or",
    "Add",
    "Subtract",
    "Multiply",
    "DateDelta",
    "Cast",
    "Round",
    "Substring",
    "StringConcat",
    "StartsWith",
)
