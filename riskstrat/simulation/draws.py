"""Drawing events and keeping them: Poisson events over people, and records of parallel columns."""

from __future__ import annotations

import numpy as np


def happen(rng: np.random.Generator, rate: np.ndarray) -> np.ndarray:
    """Person numbers, ascending, of a Poisson number of events with the given rates."""
    cumulative = np.cumsum(rate, dtype=np.float64)
    total = float(cumulative[-1]) if len(cumulative) else 0.0
    u = np.sort(rng.random(rng.poisson(total)) * total)
    return np.minimum(np.searchsorted(cumulative, u, side="right"), len(rate) - 1).astype(np.int32)


def days_within(rng: np.random.Generator, count: int, before: int, last: int) -> np.ndarray:
    """`count` days, uniform on (before, last]."""
    return (
        (before + 1 + np.floor(rng.random(count, dtype=np.float32) * (last - before))).clip(max=last).astype(np.int32)
    )


def choose(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column number per row of `weights`, in proportion to them."""
    cumulative = np.cumsum(weights, axis=1)
    u = rng.random(len(weights)) * cumulative[:, -1]
    return (cumulative <= u[:, None]).sum(1).clip(0, weights.shape[1] - 1)


def one_of(rng: np.random.Generator, count: int, shares: tuple[float, ...]) -> np.ndarray:
    """`count` numbers below len(shares), in proportion to them."""
    cumulative = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(cumulative, rng.random(count), side="right").clip(0, len(shares) - 1).astype(np.int8)


def lag(rng: np.random.Generator, count: int, least: int, mean: float, most: int) -> np.ndarray:
    """Reporting lags in days: `least` plus a geometric tail with the given mean, cut at `most`."""
    tail = np.floor(rng.exponential(max(mean - least, 0.01), count))
    return np.minimum(least + tail, most).astype(np.int32)


class Record:
    """Rows kept as parallel columns, piece by piece."""

    def __init__(self, *columns: str) -> None:
        self._pieces: dict[str, list[np.ndarray]] = {column: [] for column in columns}

    def add(self, **columns: np.ndarray) -> None:
        """Append rows; every column must be given, all of one length."""
        for name, pieces in self._pieces.items():
            pieces.append(np.asarray(columns[name]))

    def rows(self) -> dict[str, np.ndarray]:
        """All rows so far, one array per column."""
        return {
            name: np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int32)
            for name, pieces in self._pieces.items()
        }
