"""Codelists: named sets of codes, each entry with its group, its weight and its source.

How an entry matches follows from its code system. The codes of a classification begin with the code of the group that
they belong to, so its entries match as prefixes. SNOMED CT identifiers, ECDS values, names of registers and words have
no such order: they match whole. A phrase matches where its words stand next to each other in a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from riskstrat.errors import DefinitionError
from riskstrat.storage import compute_digest

BY_PREFIX = ("icd10", "icd10cm", "icd9", "bnf")
"""Code systems in which a longer code is part of what its beginning names; codes of any other system match whole."""

PHRASE = "phrase"
"""The system of entries that are words in a row, such as FELL OVER, looked for in a text."""

_ALSO_READS = {"icd10": ("icd10cm",), "snomed": ("complaint",), PHRASE: ("complaint",)}
"""Other systems whose codes an entry is asked about.

ICD-10-CM keeps the WHO's categories: each prefix of the shipped lists either means the same there or begins no code,
and what has another code there is an entry of system icd10cm. A complaint is a SNOMED CT identifier or a text.
"""


@dataclass(frozen=True)
class Entry:
    """One entry of a codelist. `weight` is fixed-point: the published weight times the codelist's `scale`.

    `tier` says to whom what is sensitive may be shown at all; other lists have none.
    """

    code: str
    group: str
    description: str
    source: str
    system: str = "icd10"
    weight: int = 1
    tier: str = ""

    @property
    def reads(self) -> tuple[str, ...]:
        """The code systems whose codes can belong to it."""
        also = _ALSO_READS.get(self.system, ())
        return also if self.system == PHRASE else (self.system, *also)

    def holds(self, code: str, system: str) -> bool:
        """Whether a code of `system` belongs to it."""
        if system not in self.reads:
            return False
        if self.system == PHRASE:
            return f" {self.code} " in f" {split_words(code)} "
        return code.startswith(self.code) if self.system in BY_PREFIX else code == self.code


def split_words(text: str) -> str:
    """The words of a text in capitals, one blank between them, without punctuation."""
    return re.sub(r"[^A-Z0-9]+", " ", text.upper()).strip()


@dataclass(frozen=True)
class Codelist:
    """A named set of entries; a code belongs to every entry that holds it."""

    name: str
    entries: tuple[Entry, ...]
    source: str
    scale: int = 1

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes in the order of the file."""
        return tuple(dict.fromkeys(entry.code for entry in self.entries))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups in the order of the file."""
        return tuple(dict.fromkeys(entry.group for entry in self.entries))

    def only(self, *groups: str) -> Codelist:
        """The part of the codelist that belongs to `groups`. Raises DefinitionError for an unknown group."""
        self._require_groups(groups)
        kept = tuple(entry for entry in self.entries if entry.group in groups)
        return Codelist(self.name, kept, self.source, self.scale)

    def _require_groups(self, groups: tuple[str, ...]) -> None:
        for group in groups:
            if group not in self.groups:
                raise DefinitionError(f'codelist {self.name} has no group "{group}"{near(group, self.groups)}')

    def find(self, code: str, system: str) -> tuple[int, ...]:
        """The numbers of the entries that a code of `system` belongs to, in the order of the file."""
        asked = (code, system)
        # Every partition of people asks again of the same codes.
        if asked not in self._found:
            self._found[asked] = self._find(code, system)
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[str, str], tuple[int, ...]]:
        return {}

    def _find(self, code: str, system: str) -> tuple[int, ...]:
        by_code, lengths, phrases = self._index
        beginnings = {code[:length] for length in lengths.get(system, ())}
        found = {number for start in beginnings for number in by_code.get((system, start), ())}
        found |= set(by_code.get((system, code), ()))
        found |= {number for number in phrases.get(system, ()) if self.entries[number].holds(code, system)}
        return tuple(sorted(found))

    @cached_property
    def _index(self) -> tuple[dict[tuple[str, str], list[int]], dict[str, set[int]], dict[str, list[int]]]:
        """Entry numbers by system and code, and by system the lengths of prefixes and the numbers of phrases."""
        by_code: dict[tuple[str, str], list[int]] = {}
        lengths: dict[str, set[int]] = {}
        phrases: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            for system in entry.reads:
                if entry.system == PHRASE:
                    phrases.setdefault(system, []).append(number)
                    continue
                by_code.setdefault((system, entry.code), []).append(number)
                if entry.system in BY_PREFIX:
                    lengths.setdefault(system, set()).add(len(entry.code))
        return by_code, lengths, phrases

    def covers_any(self, other: Codelist) -> bool:
        """Whether every code of some entry of the other list belongs to this one."""
        return any(self.find(entry.code, system) for entry in other.entries for system in entry.reads)

    def without(self, *groups: str) -> Codelist:
        """The part of the codelist that belongs to no group of `groups`. Raises as `only` does."""
        self._require_groups(groups)
        kept = tuple(entry for entry in self.entries if entry.group not in groups)
        return Codelist(self.name, kept, self.source, self.scale)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of what decides values: system, code, group and weight of every entry, and the scale."""
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
