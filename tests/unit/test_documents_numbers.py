"""Numbers in documents: as exact as the sentences about them, and one of a thing is not several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.documents import ReplayTeam, accounting, describe_window, write_replay_page
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.tripod_answers import answers
from riskstrat.documents.words import number
from riskstrat.explanation import in_figures
from riskstrat.people import printed_counts
from riskstrat.people.comparison import reliability
from riskstrat.publication import TeamCounts
from tests.browser.listed_team import changed_people, replayed, team_list
from tests.browser.reading_back import Reader, csv_rows, everything

MEASURED = (0.24, 0.3, -0.13, -0.004, 0.0, 31.25, 12.0, 1234.5)
WORDS = ("0.24", "0.3", "-0.13", "0", "0", "31.2", "12", "1,234.5")


def test_a_measured_number_is_as_exact_on_a_list_as_in_a_sentence(tmp_path: Path) -> None:
    counts = [{**one.counts, "attendances_12m": value} for one, value in zip(team_list().people, MEASURED, strict=True)]
    team = changed_people(counts=counts)
    said = everything(team, tmp_path)
    for words in WORDS:
        assert f"A&E attendances, 12 months: {words} " in said["page"]
        assert f"A&E attendances, 12 months: {words}." in said["People"]
    assert [in_figures(value) for value in MEASURED if value != -0.004] == [*WORDS[:3], *WORDS[4:]]
    # A sign is no formula: a system that takes off no apostrophe reads the number.
    written = [line["attendances_12m"] for line in csv_rows(team, tmp_path)]
    assert [float(cell) for cell in written] == list(MEASURED)


@pytest.mark.parametrize("value", [-0.0, -0.001, 0.001])
def test_there_is_no_negative_nought(value: float) -> None:
    assert number(value) == "0"


def test_one_of_a_thing_is_not_several(tmp_path: Path) -> None:
    one = replace(team_list(), people=(), counts=TeamCounts(1, 0, 1, 0), routed={}, moves=(), swaps=())
    assert accounting(one).startswith("1 person in this team was eligible: ")
    doubtful = replace(one, counts=TeamCounts(1, 0, 0, 0, {DOUBTFUL_DEATH: 1}))
    assert "1 person in this team was eligible or is recorded dead with later activity: " in accounting(doubtful)
    week = replace(replayed(), window_days=7)
    assert "within 1 week of" in describe_window(week)
    assert "their 1 week is not over" in describe_window(week)
    lead = replace(week, teams=(ReplayTeam("Kirkby", 52, 416, 203, 311, 101, 48, 46.2, 1.2, 1.2, 8.0, 8),))
    write_replay_page(lead, tmp_path / "replay.html")
    assert "Median lead time 1 week New" in Reader((tmp_path / "replay.html").read_text(encoding="utf-8")).words()


def test_a_model_that_was_tested_once_is_said_to_have_been() -> None:
    recipe = {"label": {"gap_days": 1, "horizon": "365d"}}
    once = Registered({"test_dates": ["2025-11-16"], "recipe": recipe}, "1", "", "")
    assert "as it would have been for 1 test date (16 November 2025), from what" in once.tested
    twice = Registered({"test_dates": ["2024-11-16", "2025-11-16"]}, "1", "", "")
    assert "for each of 2 test dates (16 November 2024 and 16 November 2025), from what" in twice.tested
    assert "Counted over 365 days after a gap of 1 day," in answers(once)["8a"]
    listed = {"capacity": 1, "listed": 40, "listed_events": 20, "rate": 0.5, "low": 0.4, "high": 0.6}
    assert reliability({"at_capacity": listed}, {}, 0.9, "x")[0].startswith("Lists of 1 person, tried")


def test_a_number_of_the_matrix_is_printed_without_the_digits_that_it_stands_for() -> None:
    told = SimpleNamespace(select=lambda _: np.array([[0.22], [np.nan], [3]], np.float32))
    records: Any = SimpleNamespace(rows=pd.DataFrame({"patient_id": ["a", "b", "c"]}), told=told)
    counts = printed_counts(cast(Any, None), cast(Any, None), pd.Series(dtype=object), ["efi"], records)
    assert counts["efi"].tolist()[::2] == [0.22, 3.0]
    assert counts["efi"].isna().tolist() == [False, True, False]
