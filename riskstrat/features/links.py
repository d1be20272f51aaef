"""Which features a row counts for, as the kernel reads it: by the row's filters, and by its codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.codelists import Codelist
from riskstrat.features import kernel, kinds
from riskstrat.features.plan import Measure, ScanPlan

_Link = tuple[int, int, int]
"""A measure's number, and the key and weight that a row has there."""


def build_links(
    scan: ScanPlan, words: Iterable[int], names: Sequence[Sequence[str]]
) -> tuple[kernel.Links, npt.NDArray[np.void], int]:
    """The links of rows with these filter words and codes, the table of measures, and the number of keys."""
    by_code: list[list[_Link]] = [[] for column in names for _ in column]
    by_filter: list[list[_Link]] = [[] for _ in scan.filters]
    first_key, keys, offsets = [], 0, np.cumsum([0] + [len(column) for column in names])
    for number, measure in enumerate(scan.measures):
        first_key.append(keys)
        if measure.code < 0:
            by_filter[measure.filter].append((number, 0, 1))
            continue
        codes = names[measure.code]
        for position, links in enumerate(match_codes(measure, codes), start=int(offsets[measure.code])):
            by_code[position] += [(number, key, weight) for key, weight in links]
        keys += _count_keys(measure, codes)
    by_word = [[link for bit in _iterate_bits(int(word)) for link in by_filter[bit]] for word in words]
    plain_start, (plain, plain_reach, plain_next, _, _) = _flatten_links(by_word, scan.measures)
    code_start, (code, code_reach, code_next, key_of, weight_of) = _flatten_links(by_code, scan.measures)
    made = kernel.Links(
        plain_start, plain, plain_reach, plain_next, code_start, code, code_reach, code_next, key_of, weight_of
    )
    return made, _tabulate_measures(scan.measures, first_key), max(keys, 1)


def _iterate_bits(word: int) -> Iterator[int]:
    return (bit for bit in range(word.bit_length()) if word >> bit & 1)


def _flatten_links(
    parts: Sequence[Sequence[_Link]], measures: Sequence[Measure]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each part begins, and rows of the measure, its reach, the next link of another day, the key and weight."""
    start = np.cumsum([0] + [len(part) for part in parts]).astype(np.int64)
    flat = [
        link for part, first in zip(parts, start, strict=False) for link in _order_links(part, measures, int(first))
    ]
    return start, np.ascontiguousarray(np.array(flat, np.int64).reshape(-1, 5).T)


def _order_links(
    part: Sequence[_Link], measures: Sequence[Measure], first: int
) -> Iterator[tuple[int, int, int, int, int]]:
    """The links of one part, which begins at place `first`, by day and with the furthest reach before the others."""
    days = [measures[number].day for number, _, _ in part]
    ends = {day: first + sum(one <= day for one in days) for day in days}
    ordered = sorted(part, key=lambda link: (measures[link[0]].day, -_find_reach(measures[link[0]])))
    for number, key, weight in ordered:
        yield number, _find_reach(measures[number]), ends[measures[number].day], key, weight


def _find_reach(measure: Measure) -> int:
    """Days before an index date within which a row can change the measure."""
    return kernel.UNBOUNDED if measure.kind in kinds.WITHOUT_LOOKBACK else measure.feature.lookback


def _count_keys(measure: Measure, codes: Sequence[str]) -> int:
    codelist = measure.feature.codes
    if codelist is None:
        return len(codes)
    return len(codelist.groups) if measure.feature.key == "group" else len(codelist.entries)


def match_codes(measure: Measure, codes: Sequence[str]) -> list[list[tuple[int, int]]]:
    """For each code the (key, weight) pairs it gives this measure: none, one, or one for each entry or group."""
    codelist = measure.feature.codes
    if codelist is None:
        return [[(number, 1)] for number in range(len(codes))]
    groups = {group: number for number, group in enumerate(codelist.groups)}
    found = [codelist.find(code, system) for system, _, code in (label.partition(":") for label in codes)]
    given = {entries: _list_key_weights(measure, codelist, entries, groups) for entries in set(found)}
    return [given[entries] for entries in found]


def _list_key_weights(
    measure: Measure, codelist: Codelist, entries: tuple[int, ...], groups: dict[str, int]
) -> list[tuple[int, int]]:
    if not entries:
        return []
    if measure.feature.key == "entry":
        return [
            (number, codelist.entries[number].weight if measure.feature.verb == "weighted" else 1) for number in entries
        ]
    if measure.feature.key == "group":
        weights = {groups[codelist.entries[n].group]: codelist.entries[n].weight for n in entries}
        return [(group, weight if measure.feature.verb == "weighted" else 1) for group, weight in weights.items()]
    return [(0, 1)]


def _tabulate_measures(measures: Sequence[Measure], first_key: Sequence[int]) -> npt.NDArray[np.void]:
    table = np.zeros(len(measures), kernel.MEASURE)
    for row, measure, key in zip(table, measures, first_key, strict=True):
        feature = measure.feature
        for name in ("kind", "filter", "day", "value", "until", "column"):
            row[name] = getattr(measure, name)
        for name in ("lookback", "within", "scale"):
            row[name] = getattr(feature, name)
        row["missing"] = np.nan if feature.missing is None else feature.missing
        row["first_key"] = key
    return table
