"""Codelists: named sets of code prefixes, each entry with its group, its weight and its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from riskstrat.errors import DefinitionError
from riskstrat.storage import compute_digest


@dataclass(frozen=True)
class Entry:
    """One code prefix of a codelist. `weight` is fixed-point: the published weight times the codelist's `scale`."""

    code: str
    group: str
    description: str
    source: str
    system: str = "icd10"
    weight: int = 1


@dataclass(frozen=True)
class Codelist:
    """A named set of prefixes; a code belongs to every entry whose prefix it starts with, in the same code system."""

    name: str
    entries: tuple[Entry, ...]
    source: str
    scale: int = 1

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The prefixes in the order of the file."""
        return tuple(dict.fromkeys(entry.code for entry in self.entries))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups in the order of the file."""
        return tuple(dict.fromkeys(entry.group for entry in self.entries))

    def only(self, *groups: str) -> Codelist:
        """The part of the codelist that belongs to `groups`. Raises DefinitionError for an unknown group."""
        for group in groups:
            if group not in self.groups:
                raise DefinitionError(f'codelist {self.name} has no group "{group}"{near(group, self.groups)}')
        kept = tuple(entry for entry in self.entries if entry.group in groups)
        return Codelist(self.name, kept, self.source, self.scale)

    def matches(self, code: str, system: str) -> Iterator[tuple[int, Entry]]:
        """Entry number and entry for each prefix that `code` starts with."""
        for number, entry in enumerate(self.entries):
            if entry.system == system and code.startswith(entry.code):
                yield number, entry

    def overlaps(self, other: Codelist) -> bool:
        """Whether a code can belong to both lists."""
        return any(
            a.system == b.system and (a.code.startswith(b.code) or b.code.startswith(a.code))
            for a in self.entries
            for b in other.entries
        )

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of what decides values: system, prefix, group and weight of every entry, and the scale."""
        facts = sorted((e.system, e.code, e.group, e.weight) for e in self.entries)
        return compute_digest(repr((facts, self.scale)))


_loaded: ContextVar[Mapping[str, Codelist] | None] = ContextVar("loaded_codelists", default=None)


@contextmanager
def available(codelists: Mapping[str, Codelist]) -> Iterator[None]:
    """While a workspace loads its definition files, `codelist(name)` finds these."""
    token = _loaded.set(codelists)
    try:
        yield
    finally:
        _loaded.reset(token)


def codelist(name: str) -> Codelist:
    """The codelist of that name in the workspace being loaded. Raises DefinitionError if there is none."""
    loaded = _loaded.get() or {}
    if name not in loaded:
        raise DefinitionError(f'no codelist "{name}" in features/codelists{near(name, tuple(loaded))}')
    return loaded[name]


def near(word: str, choices: tuple[str, ...]) -> str:
    """`; did you mean "..."?` when something close to `word` exists, else nothing."""
    close = get_close_matches(word, choices, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
