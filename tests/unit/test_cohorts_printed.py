"""Where listed people stand by the rules of cohorts: the same on page, workbook, CSV and in the worklist's filter."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from riskstrat.documents.page import write_page
from riskstrat.documents.person import people_of
from riskstrat.documents.systems_csv import write_csv
from riskstrat.documents.workbook import build_workbook
from riskstrat.errors import PublicationError
from riskstrat.neighbourhoods.listed import TeamReferences, gather_references
from riskstrat.publication import CohortStanding, WeeklyList
from tests.browser.listed_team import HOUSEBOUND_NOT_TOLD, LIST_DATE, team_list
from tests.browser.reading_back import people_pages
from tests.suite.cohort_site import SHIPPED

UNTOLD = "Cannot be told: housebound or end of life."
WHY_UNTOLD = "Housebound or end of life cannot be told: recorded circumstances are not in these data."
"""What the sample list says of everybody, and what their own page does."""


def test_the_tags_stand_beside_each_person_wherever_a_list_is_printed(tmp_path: Path) -> None:
    team = team_list()
    said = [dict(person.health)["Cohorts"] for person in people_of(team)]
    assert said == [f"75 or over and frail. {UNTOLD}" if place % 2 == 0 else UNTOLD for place in range(8)]
    write_page(team, tmp_path / "list.html")
    page = (tmp_path / "list.html").read_text(encoding="utf-8")
    assert page.count("75 or over and frail.") >= 4
    own = people_pages(team, tmp_path).words()
    assert (own.count(WHY_UNTOLD), own.count(UNTOLD)) == (len(said), 0)
    book = tmp_path / "list.xlsx"
    book.write_bytes(build_workbook(team))
    head, *rows = openpyxl.load_workbook(book)["List"].iter_rows(values_only=True)
    assert [row[head.index("Cohorts")] for row in rows] == said
    write_csv(team, tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
        first, second, *_ = csv.DictReader(file)
    why = "Housebound or end of life: recorded circumstances are not in these data"
    assert (first["cohorts"], first["cohorts_not_told"]) == ("75 or over and frail", why)
    assert (second["cohorts"], second["cohorts_not_told"]) == ("", why)


def test_a_list_that_was_made_without_cohorts_says_nothing_of_them() -> None:
    team = team_list(people=tuple(replace(one, cohorts=()) for one in team_list().people))
    assert all("Cohorts" not in dict(person.health) for person in people_of(team))


def test_whoever_is_in_none_by_every_rule_is_said_to_be() -> None:
    nowhere = (CohortStanding("frail", "Frail", "not in"),)
    team = team_list(people=tuple(replace(one, cohorts=nowhere) for one in team_list().people))
    assert {dict(person.health)["Cohorts"] for person in people_of(team)} == {"None."}


@pytest.mark.parametrize(("answer", "why"), [("cannot be told", ""), ("in", "a reason"), ("perhaps", "")])
def test_an_answer_without_its_reason_is_refused(answer: str, why: str) -> None:
    with pytest.raises(PublicationError):
        CohortStanding("frail", "Frail", answer, why)  # type: ignore[arg-type]


def test_listed_people_are_named_by_risk_and_by_what_their_list_says_of_cohorts() -> None:
    inside, outside = (CohortStanding("frail", "Frail", answer) for answer in ("in", "not in"))  # type: ignore[arg-type]
    people = team_list().people[:4]
    standings = [(inside, outside), (outside, outside), (outside, HOUSEBOUND_NOT_TOLD), ()]
    bands = ["high", "very high", "high", "high"]
    changed = tuple(
        replace(one, cohorts=standing, band=band) for one, standing, band in zip(people, standings, bands, strict=True)
    )
    low = replace(team_list().people[4], cohorts=(inside,), band="lower")
    counts = replace(team_list().counts, listed=5, below_the_line=team_list().counts.below_the_line + 3)
    team = team_list(people=(*changed, low), counts=counts)
    rules = SHIPPED.cohort_rules
    assert rules is not None
    assert gather_references(WeeklyList(LIST_DATE, 1, "a_model", 3, (team,)), rules) == (
        TeamReferences(team.team, (people[1].reference,), (people[2].reference,), (low.reference,)),
    )
