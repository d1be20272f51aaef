"""The pages of `power` and `impact demonstrate`, and what they refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.casefinding import CaseRegister
from riskstrat.documents.figures_page import MOST_WORDS, FiguresPage, render_figures_page
from riskstrat.errors import PublicationError
from riskstrat.impact.detecting import Assumptions
from riskstrat.impact.listings import Listings, read_listings
from riskstrat.impact.powering import build_power_page, compute_detectable, compute_events, word_detectable
from riskstrat.publication import EVERYONE_COLUMNS
from riskstrat.reviews import Notices
from tests.suite.hand_made import publish_list
from tests.suite.verbs import Verb


def listings(last: date, days: list[date]) -> Listings:
    firsts = pd.DataFrame({"patient_id": [f"P{n}" for n in range(len(days))], "risk": 0.3, "day": pd.to_datetime(days)})
    return Listings(date(2026, 1, 5), last, 10, firsts)


def test_the_pace_leaves_out_the_people_of_the_first_list() -> None:
    first, later = [date(2026, 1, 5)] * 40, [date(2026, 2, 2)] * 10
    assert listings(date(2026, 3, 19), first + later).count_new_a_year() == pytest.approx(50)


def publish_two_people(root: Path, day: date, *listed: str) -> None:
    frame = pd.DataFrame(None, index=range(len(listed)), columns=list(EVERYONE_COLUMNS))
    everyone = frame.assign(patient_id=list(listed), team="KIR", place="listed", margin=0.0, risk=0.5)
    publish_list(root, day, CaseRegister(), everyone=everyone)


def test_whoever_was_listed_more_than_a_year_ago_and_comes_back_is_not_new(tmp_path: Path) -> None:
    """p0 and p1 were listed first in 2023 and 2024; the year begins with p3, and p4 alone is new after it."""
    given = {"2023-01-02": "p0", "2024-01-01": "p1", "2025-06-09": "p3", "2025-09-01": "p4", "2026-06-01": "p0 p1"}
    for day, listed in given.items():
        publish_two_people(tmp_path, date.fromisoformat(day), *listed.split())
    found = read_listings(tmp_path / "lists", Notices())
    assert list(found.firsts["patient_id"]) == ["p3", "p4"]
    assert found.count_new_a_year() == pytest.approx(365 / 357)
    shutil.rmtree(tmp_path / "lists" / "2025-06-09")
    shutil.rmtree(tmp_path / "lists" / "2025-09-01")
    with pytest.raises(PublicationError, match="nobody stands for the first time on the lists from 2026-06-01"):
        read_listings(tmp_path / "lists", Notices())


def test_a_pace_that_cannot_be_told_is_refused_with_what_to_give() -> None:
    with pytest.raises(PublicationError, match="give --new-a-year"):
        listings(date(2026, 2, 2), [date(2026, 1, 5)]).count_new_a_year()


def test_events_come_from_risks_of_one_within_the_horizon() -> None:
    """A risk of 1 - 1/e in 364 days is one event in them, and half a one in 26 weeks."""
    assert compute_events(pd.Series([0.6321205588]), 364, 26) == pytest.approx(0.5)


def test_each_span_has_one_plain_sentence() -> None:
    found = compute_detectable(400, 0.4, Assumptions())
    assert [one.months for one in found] == [3, 6, 12, 24]
    assert word_detectable(found[2]).startswith("With 400 people listed in 12 months, effects below ")
    nothing = compute_detectable(8, 0.1, Assumptions())
    assert word_detectable(nothing[0]).endswith("no effect of any size could be told from none.")


def test_the_page_is_the_same_twice_and_has_no_script() -> None:
    given = listings(date(2026, 3, 16), [date(2026, 2, 2)] * 10)
    found = compute_detectable(400, 0.4, Assumptions())
    page = build_power_page(given, found, 0.4, 26, Assumptions())
    once = render_figures_page(page)
    assert once == render_figures_page(page)
    assert b"<script" not in once
    assert b"5 January 2026" in once
    assert b"http" not in once.replace(b"http-equiv", b"")


def test_a_summary_too_long_for_a_board_is_refused() -> None:
    with pytest.raises(PublicationError, match="151 words"):
        FiguresPage("t", "a", ["word " * (MOST_WORDS + 1)], [], [])


def test_the_demonstration_says_what_its_figures_say(verb: Verb, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = verb("impact", "demonstrate", "--runs", 2, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    falls = [-run["before_and_after"]["10"][1] for run in told["runs"]]
    text = out.read_text(encoding="utf-8")
    assert f"fell by {sum(falls) / 2:.0%} (from {min(falls):.0%} to {max(falls):.0%})" in text
    assert "88.45%" in text
    assert "regression to the mean" in text


def test_power_without_a_list_says_what_to_do(verb: Verb, refused: Callable, tmp_path: Path) -> None:
    assert verb("init", tmp_path / "site").returncode == 0
    said = refused(verb("power", "-w", tmp_path / "site", "--out", tmp_path / "power.html"), 10)
    assert said == "no list is published yet; publish one first: riskstrat weekly"
    assert not (tmp_path / "power.html").exists()
