"""Rooms whose modules are loaded when one of their names is first asked for: what is heavy waits until it is needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def load_on_demand(room: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of a room: it gives a name from its module, which is loaded then.

    homes: by module, as it is called below `riskstrat`, the names that it gives to the room, a space between them.
    """
    home_of = {name: module for module, names in homes.items() for name in names.split()}

    def find(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"riskstrat.{home_of[name]}"), name)
        # Kept, so that it is not asked for again.
        setattr(sys.modules[room], name, found)
        return found

    return find
