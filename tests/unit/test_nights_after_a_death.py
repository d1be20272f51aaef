"""A stay that nobody ended ends with the person's life, so that a death is no year in hospital."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from riskstrat.impact import measuring

LIST, END = np.datetime64("2025-06-02"), np.datetime64("2025-12-01")


@pytest.mark.parametrize(
    ("admitted", "discharged", "died", "nights"),
    [
        ("2025-06-10", "NaT", "2025-06-20", 10),
        ("2025-06-10", "NaT", "2025-06-10", 0),
        ("2025-06-10", "2025-06-15", "2025-06-20", 5),
        ("2025-06-10", "NaT", "NaT", 175),
        # A death before the stay is an error of the records, and ends nothing.
        ("2025-06-10", "NaT", "2025-01-01", 175),
    ],
)
def test_nights_end_with_the_life(
    monkeypatch: pytest.MonkeyPatch, admitted: str, discharged: str, died: str, nights: int
) -> None:
    stay = {
        "person": np.array([0], np.int32),
        "admitted_on": np.array([admitted], "datetime64[D]"),
        "discharged_on": np.array([discharged], "datetime64[D]"),
    }
    monkeypatch.setattr(measuring, "known_rows", lambda *_: (stay, ()))
    monkeypatch.setattr(measuring, "find_deaths", lambda *_: np.array([died], "datetime64[D]"))

    class Opened:
        store: Any = None

    tally = measuring._read_nights(Opened(), None, date(2026, 1, 1))  # type: ignore[arg-type]
    found = tally.count_between(np.array([0]), np.array([LIST]), np.array([END]))
    assert found.tolist() == [nights]
