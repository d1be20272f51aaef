"""Pages to hold against the GP record: every fact to tick, and nothing that tells of the estimate or its rank."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from riskstrat.documents import write_blind_pages
from tests.browser.listed_team import team_list
from tests.browser.reading_back import people_pages


def write(folder: Path, team=None) -> tuple[str, tuple[str, ...]]:
    path = folder / "blind.html"
    references = write_blind_pages(team or team_list(), path)
    return path.read_text("utf-8"), references


def test_each_person_has_a_page_of_the_facts_that_their_own_page_has(tmp_path: Path) -> None:
    html, references = write(tmp_path)
    assert sorted(references) == sorted(person.reference for person in team_list().people)
    assert html.count("<article") == len(references)
    first = next(person for person in team_list().people if person.reference == references[0])
    page = html.split("<article")[1]
    told = [condition.name for condition in first.conditions] + [kind for kind, _ in first.page.medicines]
    assert told
    assert all(name in page for name in told)
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>", page)
    assert {"Frailty", "NG249 falls criteria", "Flags", "Who is involved now", "Hospital, 24 months"} <= set(rows)
    assert page.count('class="tick"') == 3 * len(rows) + 2


def test_nothing_of_the_estimate_its_reasons_its_rank_or_its_reference_is_there(tmp_path: Path) -> None:
    html, references = write(tmp_path)
    printed = html[html.index("<main") :].lower()
    whole = people_pages(team_list(), tmp_path).words().lower()
    for said in ("in 100", "estimate", "raised", "lowered", "band", "very high"):
        assert said in whole
        assert said not in printed
    assert not any(reference in html for reference in references)


@given(st.lists(st.floats(0.01, 0.99), min_size=8, max_size=8))
def test_the_order_is_the_same_whatever_the_estimates(tmp_path_factory, risks: list[float]) -> None:
    team = team_list()
    other = replace(
        team,
        people=tuple(
            replace(person, risk=risk, risk_low=0.0, risk_high=1.0)
            for person, risk in zip(team.people, risks, strict=True)
        ),
    )
    folder = tmp_path_factory.mktemp("blind")
    assert write(folder, other) == write(folder, team)
