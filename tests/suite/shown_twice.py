"""A verb that runs once and is shown in both ways, for machines and for people: what it prints is one report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch

from riskstrat.verbs.report import Report


class ShownTwice:
    """The verb of that name, as "riskstrat.verbs.list.list_": whoever asks within `once` is given its first report."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reports: list[Report] = []

    @contextmanager
    def once(self) -> Iterator[None]:
        """While it lasts the verb runs, unless it did before."""
        room, _, name = self._name.rpartition(".")
        verb = getattr(import_module(room), name)

        def run(*given: Any, **named: Any) -> Report:
            if not self._reports:
                self._reports.append(verb(*given, **named))
            return self._reports[0]

        with patch(self._name, run):
            yield
