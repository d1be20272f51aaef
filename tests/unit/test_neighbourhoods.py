"""Cohorts counted by place: people in, every count out, and no small number by any difference."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.documents.figures_page import render_figures_page
from riskstrat.neighbourhoods.counting import IN, PLANS, UNTOLD, count_cohorts, name_answer, name_reason
from riskstrat.neighbourhoods.listed import TeamReferences
from riskstrat.neighbourhoods.page import (
    build_cohorts_page,
    describe_cohorts_found,
    format_cohorts_csv,
)
from riskstrat.neighbourhoods.places import WHOLE, CountedPlace, count_places, find_shown, list_families
from tests.suite.counted_cohorts import PEOPLE, RULES, find_cohorts, make_people


def test_every_place_is_counted_and_a_family_with_a_small_cell_is_hidden_whole() -> None:
    found = describe_cohorts_found(find_cohorts())
    (cohort,) = found["cohorts"]
    told = {one["name"]: (one["In it"], one["Cannot be told"], one["Care plan on record"]) for one in cohort["places"]}
    assert told == {
        "All together": ("55", "10", "25"),
        "North": ("40", "10", "25"),
        "South": ("15", "0", "0"),
        "Hill": ("30", "10", "not shown"),
        "Dale": ("10", "0", "not shown"),
        "Vale": ("15", "0", "0"),
        "A1": ("30", "10", "not shown"),
        "A2": ("10", "0", "not shown"),
        "B1": ("15", "0", "0"),
    }
    risk = {
        one["name"]: (one["High risk, in no cohort"], one["In a cohort, not at high risk"]) for one in found["risk"]
    }
    assert risk == {
        **dict.fromkeys(("All together",), ("10", "30")),
        "North": ("10", "15"),
        **dict.fromkeys(("South", "Vale", "B1"), ("0", "15")),
        **dict.fromkeys(("Hill", "Dale", "A1", "A2"), ("not shown", "not shown")),
    }
    assert cohort["cannot_be_told_because"] == ["nobody asked"]


def test_a_reason_of_few_people_is_not_given() -> None:
    people = make_people(("North", "Hill", "A1", UNTOLD, IN, False, 7), ("North", "Hill", "A1", IN, IN, False, 20))
    (cohort,) = describe_cohorts_found(find_cohorts(people))["cohorts"]
    assert cohort["cannot_be_told_because"] == []
    assert cohort["places"][0]["In it"] == "not shown"


def test_localities_that_are_the_teams_stand_once() -> None:
    families = list_families(PEOPLE.assign(locality=PEOPLE["team"]))
    north, south = CountedPlace("team", "North"), CountedPlace("team", "South")
    assert families == [
        (WHOLE, [north, south]),
        (north, [CountedPlace("practice", "A1", "North"), CountedPlace("practice", "A2", "North")]),
        (south, [CountedPlace("practice", "B1", "South")]),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from("NS"), st.sampled_from("hv"), st.sampled_from("123"), st.sampled_from("abc")),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.integers(0, 40), min_size=4, max_size=4),
)
def test_no_cell_that_is_shown_nor_what_is_left_of_its_family_is_a_small_number(
    groups: list[tuple[str, str, str, str]], sizes: list[int]
) -> None:
    rows = [group for group, size in zip(groups, sizes, strict=False) for _ in range(size + 1)]
    people = pd.DataFrame(rows, columns=["team", "locality", "practice", "part"])
    people["locality"], people["practice"] = people["team"] + people["locality"], people["team"] + people["practice"]
    families, counts = list_families(people), count_places(people, people["part"], tuple("abc"))
    shown = find_shown(counts, families)
    for place in shown:
        assert not ((counts.loc[[place]] > 0) & (counts.loc[[place]] < 8)).to_numpy().any()
    for whole, parts in families:
        assert (counts.loc[parts].sum() == counts.loc[[whole]].iloc[0]).all()
        # All of a family or none: so no part is what the others leave of the whole.
        assert len(shown.intersection(parts)) in (0, len(parts))
        assert whole in shown or shown.isdisjoint(parts)


def test_the_page_names_cases_only_where_asked_and_says_for_whom_it_is_then() -> None:
    listed = (TeamReferences("North", ("NOR-001-A",), ("NOR-002-B",), ()),)
    plain, named = (
        render_figures_page(build_cohorts_page(find_cohorts(references=one))).decode() for one in (None, listed)
    )
    assert "NOR-0" not in plain
    assert "NOR-001-A" in named
    assert "For the teams alone" in named
    assert "Unconfirmed by the site. Source: A paper." in plain
    assert "4 places are left out" in plain


def test_the_csv_has_a_line_for_each_count_of_each_place() -> None:
    rows = list(csv.DictReader(io.StringIO(format_cohorts_csv(find_cohorts()).decode())))
    places = 9
    assert len(rows) == places * (2 + 3 * len(PLANS)) + places * 4
    wanted = [row["people"] for row in rows if (row["place"], row["count"]) == ("A1", "In it")]
    assert wanted == ["30"]


@pytest.mark.parametrize("kind", list(PLANS))
def test_each_kind_of_plan_is_counted_of_those_in_the_cohort_alone(kind: str) -> None:
    people = PEOPLE.assign(**{kind: IN})
    (cohort,) = count_cohorts(people, RULES)
    assert cohort.plans[kind].counts.loc[[WHOLE]].to_numpy().tolist() == [[54, 0, 0, 80]]  # type: ignore[index]


@pytest.mark.parametrize("name", ["team", "practice", "patient_id", "high", "risk", *PLANS])
def test_a_rule_may_be_named_like_anything_else_that_is_told_of_people(name: str) -> None:
    told = {*PEOPLE.columns, "patient_id", "risk"}
    assert told.isdisjoint({name_answer(name), name_reason(name)})
    renamed = {name_answer("carers"): name_answer(name), name_reason("carers"): name_reason(name)}
    (rule,) = RULES.cohort
    other = RULES.model_copy(update={"cohort": (rule.model_copy(update={"name": name}),)})
    (before,), (after,) = count_cohorts(PEOPLE, RULES), count_cohorts(PEOPLE.rename(columns=renamed), other)
    assert after.answers.counts.equals(before.answers.counts)
    assert after.reasons == before.reasons
