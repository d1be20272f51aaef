"""What runs is dated by a row that runs: one that began later and has ended is not told of."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from real_engine import calendar, cohort_frame, engine_for, ingested

from riskstrat.workspace import Workspace, load

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 16)
SPELLS = {
    "runs": [("2026-04-06", None), ("2026-07-30", "2026-09-19")],
    "ended_today": [("2026-04-06", None), ("2026-07-30", "2026-11-16")],
    "both_run": [("2026-04-06", None), ("2026-07-30", "2026-11-17")],
    "neither": [("2026-04-06", "2026-05-01"), ("2026-07-30", "2026-09-19")],
}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


def test_a_service_is_in_place_since_the_latest_spell_that_still_runs(workspace: Workspace, tmp_path: Path) -> None:
    who = sorted(SPELLS)
    services = [
        {"patient_id": one, "service": "home_care", "started_on": date.fromisoformat(began)}
        | {"ended_on": date.fromisoformat(ended) if ended else None, "known_on": date.fromisoformat(began)}
        for one in who
        for began, ended in SPELLS[one]
    ]
    stay = {"patient_id": "runs", "spell_id": "s", "admitted_on": date(2025, 1, 1), "method": "21"}
    people = [{"patient_id": one, "date_of_birth": date(1940, 1, 1), "sex": "F"} for one in who]
    store = ingested(tmp_path, {"people": people, "admissions": [stay], "social_care": services}, DAY)
    chosen = {name: workspace.features[name] for name in ("home_care_running", "telecare_running")}
    cohort = cohort_frame(store, calendar(who, [DAY]))
    found = engine_for(store, workspace, chosen).evidence(cohort)
    days = dict(zip(cohort["patient_id"], found.astype("datetime64[D]").astype(str).tolist(), strict=True))
    assert days == {
        "runs": ["2026-04-06", "NaT"],
        "ended_today": ["2026-04-06", "NaT"],
        "both_run": ["2026-07-30", "NaT"],
        "neither": ["NaT", "NaT"],
    }
