"""In which order the kernel meets what a row counts for, and what it leaves out once a row lies too far back."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.definitions.features import Feature, Wording
from riskstrat.features import kernel, kinds
from riskstrat.features.links import build_links
from riskstrat.features.plan import Measure, ScanPlan
from riskstrat.sources.tables import STREAMS

TODAY = 20_000
WORDING = Wording(theme="hospital use", unit="contacts", says="{n} contacts.", why="A test.", sensitive=False)
Wanted = tuple[int, int, int, int]
"""Kind, filter, day and lookback of a measure."""


def make_scan(*wanted: Wanted) -> ScanPlan:
    """A scan with these measures, its filters numbered as they are."""
    scan = ScanPlan(STREAMS["contacts"])
    for column, (kind, filter_, day, lookback) in enumerate(wanted):
        feature = Feature("count", WORDING, 0.0, lookback=lookback, within=1)
        scan.measures.append(Measure(feature, column, kind, filter_, day, -1, -1, -1))
    scan.filters.update({str(number): () for number in range(1 + max(one[1] for one in wanted))})
    return scan


def fill(scan: ScanPlan, words: list[int], *ago: list[int]) -> list[float]:
    """What the kernel makes of one person's rows, each with a filter word and as many days ago as each list says."""
    different = np.unique(words)
    links, measures, keys = build_links(scan, different.tolist(), [])
    rows = len(words)
    facts = kernel.Facts(
        start=np.array([0, rows], np.int64),
        valid_from=np.zeros(rows, np.int32),
        valid_to=np.full(rows, kernel.FOREVER, np.int32),
        spell=np.full(rows, -1, np.int32),
        word=np.array(words, np.int64),
        alike=np.searchsorted(different, words).astype(np.int32),
        days=TODAY - np.array(ago, np.int32),
        values=np.empty((0, rows), np.int64),
        untils=np.empty((0, rows), np.int32),
        codes=np.empty((0, rows), np.int32),
    )
    people = kernel.CohortArrays(np.array([0, 1], np.int64), np.array([TODAY], np.int32), np.array([-1], np.int32))
    out, behind = np.full((1, len(scan.measures)), np.nan, np.float32), np.empty((1, 0), np.float32)
    state, seen = kernel.state_for(measures), np.full(keys, -1, np.int64)
    kernel.fill_values(people, facts, measures, links, state, seen, out, behind)
    return [float(value) for value in out[0]]


def test_links_of_a_word_stand_by_day_and_the_furthest_reach_first() -> None:
    scan = make_scan((kinds.COUNT, 0, 1, 7), (kinds.COUNT, 1, 0, 30), (kinds.COUNT, 0, 0, 400), (kinds.COUNT, 1, 1, 90))
    links, _, _ = build_links(scan, [0b11, 0b10], [])
    assert links.plain_start.tolist() == [0, 4, 6]
    assert links.plain.tolist() == [2, 1, 3, 0, 1, 3]
    assert links.plain_reach.tolist() == [400, 30, 90, 7, 30, 90]
    assert links.plain_next.tolist() == [2, 2, 4, 4, 5, 6]


@pytest.mark.parametrize(
    ("ago", "counted"), [(6, [1, 1, 1]), (7, [0, 1, 1]), (89, [0, 1, 1]), (90, [0, 0, 1]), (-1, [0, 0, 0])]
)
def test_a_row_counts_for_each_lookback_that_holds_it_and_for_no_shorter_one(ago: int, counted: list[int]) -> None:
    scan = make_scan((kinds.COUNT, 0, 0, 7), (kinds.COUNT, 0, 0, 90), (kinds.EXISTS, 0, 0, 1000))
    assert fill(scan, [1], [ago]) == counted


def test_a_day_that_lies_too_far_back_does_not_end_what_another_day_of_the_row_counts_for() -> None:
    scan = make_scan((kinds.COUNT, 0, 0, 30), (kinds.COUNT, 0, 1, 30), (kinds.LAST, 0, 1, 60))
    assert fill(scan, [1, 1], [500, 3], [10, 45]) == [1, 1, 10]


def test_what_lies_before_the_lookback_still_begins_an_episode() -> None:
    """With `within` of a day: rows 8 and 7 days ago are one episode, which began before the last 7 days."""
    scan = make_scan((kinds.EPISODES, 0, 0, 8), (kinds.COUNT, 0, 0, 8))
    assert fill(scan, [1, 1, 1], [8, 7, 2]) == [1, 2]


def test_rows_count_by_the_filters_of_their_word() -> None:
    scan = make_scan((kinds.COUNT, 0, 0, 90), (kinds.COUNT, 2, 0, 90), (kinds.COUNT, 1, 0, 9))
    assert fill(scan, [0b100, 0b101, 0b000, 0b110], [5, 50, 5, 20]) == [1, 3, 0]
