"""One fall has one date, that of its first report, in whatever sentence tells of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.expressions import Rows
from riskstrat.definitions.features import Feature, Wording
from riskstrat.people.falls import ONE_FALL, date_by_first_report, find_first_reports
from riskstrat.people.timeline import falls

WORDS = Wording(theme="falls and frailty", unit="falls", says="{n}", why="for the test", sensitive=False)
FEATURES = {
    "falls": Feature("episodes", WORDS, 0, Rows("all_falls", ())),
    "stays": Feature("count", WORDS, 0, Rows("admissions", ())),
}


def days(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[D]")


def test_a_date_behind_a_fall_is_moved_to_its_first_report_and_no_other_date_is() -> None:
    reports = pd.DataFrame(
        {
            "patient_id": ["a", "a", "a", "b"],
            "fell_on": pd.to_datetime(["2026-08-20", "2026-08-18", "2026-08-22", "2026-08-20"]),
        }
    )
    evidence = np.array([days("2026-08-20", "2026-08-20"), days("2026-08-20", "2026-08-20"), days("NaT", "2026-08-20")])
    moved = date_by_first_report(evidence, FEATURES, pd.Series(["a", "b", "c"]), reports)
    assert moved.astype(str).tolist() == [
        ["2026-08-18", "2026-08-20"],
        ["2026-08-20", "2026-08-20"],
        ["NaT", "2026-08-20"],
    ]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_every_report_has_the_date_under_which_the_timeline_shows_its_fall(offsets: list[int]) -> None:
    reported = days("2026-01-01")[0] + np.array(sorted(offsets), "timedelta64[D]")
    table = pd.DataFrame({"patient_id": "a", "fell_on": reported.astype("datetime64[s]"), "injury": False})
    shown = set(falls(table)["start"].dt.date)
    first = find_first_reports(reported)
    assert set(first.tolist()) == shown
    assert all(0 <= (day - start).astype(int) <= ONE_FALL for day, start in zip(reported, first, strict=True))
