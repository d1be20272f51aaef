"""What earlier spells still bring: all of them, however many pieces they came in, and nothing to whoever is inside."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from riskstrat.simulation import borough, hazard, truth
from riskstrat.simulation.calendar import STEPS_A_YEAR, Calendar
from riskstrat.simulation.hospital import Spells

CALENDAR = Calendar.ending(date(2026, 11, 16), 2)
STEP = CALENDAR.steps
NOW = CALENDAR.boundary(STEP)


def project(spells: Spells, inside: float) -> np.ndarray:
    """Further admissions due to one person in each step ahead, who is in hospital until a day."""
    state = SimpleNamespace(calendar=CALENDAR, people=[None], in_hospital_until=np.array([inside]))
    return np.asarray(truth._project_further_admissions(state, spells, STEP))[:, 0]  # type: ignore[arg-type]


def discharge(days: list[float]) -> Spells:
    """A spell of one person, each in a piece of its own, that ended so many days ago."""
    one = [np.zeros(1, int) for _ in days]
    return Spells(who=one, discharged=[np.array([NOW - ago]) for ago in days], factor=[np.ones(1) for _ in days])


@pytest.mark.parametrize("pieces", [0, 1, 36, 37, 200])
def test_every_recent_spell_counts_however_often_somebody_came(pieces: int) -> None:
    spells = discharge([1.0] * pieces)
    assert len(spells.since(NOW - 180)[0]) == pieces
    assert project(spells, NOW - 1).sum() == pytest.approx(pieces * project(discharge([1.0]), NOW - 1).sum(), rel=1e-5)


def test_nothing_comes_to_whoever_is_in_hospital_already() -> None:
    """An earlier spell's further admissions are due after the stay that goes on, and only those."""
    due, (_, last, _) = discharge([10.0]), hazard.OFFSPRING[-1]
    free, inside = project(due, NOW - 10), project(due, CALENDAR.boundary(STEP + 2))
    assert inside[:2].sum() == 0
    assert inside[2:] == pytest.approx(free[2:])
    assert project(due, NOW + last).sum() == 0
    assert len(free) == STEPS_A_YEAR


def test_a_last_few_people_without_any_spell_are_people_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(borough, "CHUNK", 100)
    made = borough.simulate(101, 5, tmp_path / "borough", years=2)
    assert made.rows["people"] == 101
