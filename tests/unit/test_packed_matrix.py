"""A packed matrix is the plain one, bit for bit, in less room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as some_arrays

from riskstrat.definitions import packed_matrix
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.packed_matrix import (
    PackedMatrix,
    join_packed,
    pack_column,
    pack_values,
    pick_packed,
    unpack_column,
)

Column = npt.NDArray[np.float32]

COLUMNS = ("counts", "days", "rates", "nothing")
WHOLE = st.integers(-(2**15) - 2, 2**15 + 2).map(float) | st.integers(-2, 260).map(float)
VALUES = WHOLE | st.just(float("nan")) | st.just(-0.0) | st.floats(width=32, allow_nan=False)


def columns(values: st.SearchStrategy[float] = VALUES) -> st.SearchStrategy[Column]:
    return some_arrays.arrays(np.float32, st.integers(0, 12), elements=values)


def assert_same_bits(made: Column, expected: Column) -> None:
    """Every missing value is one NaN here; all others to the last bit, the sign of a zero among them."""
    assert made.dtype == np.float32
    missing = np.isnan(expected)
    assert np.array_equal(np.isnan(made), missing)
    assert made[~missing].tobytes() == expected[~missing].tobytes()


@given(columns())
@example(np.array([254, np.nan], np.float32))
@example(np.array([255, np.nan], np.float32))
@example(np.array([-(2**15), np.nan], np.float32))
@example(np.array([2**15 - 1, -(2**15) + 1], np.float32))
@example(np.array([0.0, -0.0], np.float32))
@example(np.array([np.inf, -np.inf, 3e38], np.float32))
def test_a_column_comes_back_as_it_was(column: Column) -> None:
    assert_same_bits(unpack_column(pack_column(column)), column)


@given(st.lists(columns(), min_size=1, max_size=4))
def test_parts_of_a_column_are_joined_whatever_kind_each_has(parts: list[Column]) -> None:
    joined = join_packed([pack_column(part) for part in parts])
    assert_same_bits(unpack_column(joined), np.concatenate(parts))


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([0, 3, np.nan, 254], np.uint8),
        ([0, 3, np.nan, 255], np.int16),
        ([-1, np.nan], np.int16),
        ([0.5, 1], np.float32),
        ([40_000], np.float32),
        ([np.nan, np.nan], np.uint8),
    ],
)
def test_each_column_takes_the_narrowest_numbers_that_hold_it(column: list[float], kind: type) -> None:
    assert pack_column(np.array(column, np.float32)).dtype == kind


def build_both(rows: int, seed: int = 4) -> tuple[FeatureMatrix, PackedMatrix]:
    random = np.random.default_rng(seed)
    values = np.full((rows, 4), np.nan, np.float32)
    values[:, 0] = random.poisson(2, rows)
    values[:, 1] = np.where(random.random(rows) < 0.3, np.nan, random.integers(0, 3000, rows))
    values[:, 2] = random.normal(size=rows)
    keys = pd.DataFrame({"patient_id": [f"p{row}" for row in range(rows)], "index_date": pd.Timestamp("2026-03-04")})
    fingerprints = {name: f"sha of {name}" for name in COLUMNS}
    packed = [pack_column(column) for column in values.T]
    return FeatureMatrix(keys, values, COLUMNS, fingerprints), PackedMatrix(keys, packed, COLUMNS, fingerprints)


def test_every_way_to_read_gives_what_the_plain_matrix_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_matrix, "BLOCK", 7)
    plain, packed = build_both(30)
    some, marked, asked = np.array([5, 2, 2, 29]), np.arange(30) % 3 == 0, ("rates", "counts")
    pairs = [
        (plain.values, packed.values),
        (plain.select(asked), packed.select(asked)),
        (plain.pick(some, asked), packed.pick(some, asked)),
        (plain.pick(marked, COLUMNS), packed.pick(marked, COLUMNS)),
        (plain.take(some).values, packed.take(some).values),
        (plain.keep(marked).values, packed.keep(marked).values),
        (np.vstack(list(plain.walk(asked))), np.vstack(list(packed.walk(asked)))),
        (np.vstack(list(plain.walk(asked, some))), np.vstack(list(packed.walk(asked, some)))),
    ]
    for expected, made in pairs:
        np.testing.assert_array_equal(made, expected)
    assert max(len(block) for block in packed.walk(asked)) == 7
    pd.testing.assert_frame_equal(packed.frame(), plain.frame())
    pd.testing.assert_frame_equal(packed.keep(marked).keys, plain.keep(marked).keys)
    assert packed.definitions_hash == plain.definitions_hash
    assert len(packed) == 30


def test_rows_stay_packed_whatever_the_matrix_is() -> None:
    plain, packed = build_both(30)
    some, asked = np.array([5, 2, 2, 29]), ("rates", "counts")
    for matrix in (plain, packed):
        picked = pick_packed(matrix, some, asked)
        assert picked.shape == (4, 2)
        assert [column.dtype for column in picked.columns] == [np.float32, np.uint8]
        np.testing.assert_array_equal(picked[:], plain.pick(some, asked))
        np.testing.assert_array_equal(picked[np.array([3, 0])], plain.pick(some[[3, 0]], asked))
        assert pack_values(picked) is picked


def test_no_rows_are_no_blocks_and_still_columns() -> None:
    plain, packed = build_both(0)
    nobody = np.zeros(0, np.int64)
    for matrix in (plain, packed, build_both(3)[1].take(nobody)):
        assert matrix.select(COLUMNS[:2]).shape == (0, 2)
        assert [len(block) for block in matrix.walk(COLUMNS) if len(block)] == []
    assert [len(block) for block in build_both(3)[1].walk(COLUMNS, nobody)] == []


def test_what_changes_a_part_leaves_the_whole_alone() -> None:
    _, packed = build_both(6)
    taken = packed.take(np.array([0, 1]))
    taken.values[:] = -1
    assert (packed.select(("counts",)) >= 0).all()


def test_counts_take_a_quarter_of_the_room() -> None:
    _, packed = build_both(1000)
    held = sum(column.nbytes for column in packed.packed.columns)
    assert held == 1000 * (1 + 2 + 4 + 1) < packed.values.nbytes
