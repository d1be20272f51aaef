"""Whatever the register, the reviews and the earlier lists say, everybody is accounted for once, week after week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import (
    NO_ROOM,
    CaseFacts,
    CaseList,
    CaseRegister,
    ListTeam,
    Memory,
    find_cases,
    tabulate_cases,
)
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.settings import Settings
from riskstrat.definitions.vocabulary import ARRIVALS, OUTCOMES, REGISTER
from tests.suite.properties import property_settings

FIRST = date(2026, 9, 7)
TEAMS = ("North", "South", None)
SERVICES = ("falls_service", "medication_review", "telecare")
RULES = Settings.model_validate(
    {
        "casefinding": {
            "rest_weeks": 4,
            "rest_weeks_after": {"monitor": 2, "declined": 6},
            "case_weights": {"very high": 1.5, "high": 0.5},
            "complex_weight": 1.3,
        }
    }
)


@st.composite
def boroughs(draw: st.DrawFn, least: int = 0) -> tuple[pd.DataFrame, CaseFacts, tuple[ListTeam, ...]]:
    """A small borough of at least so many people with what is known of it on one Monday, and its two teams."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    number = draw(st.integers(least, 30))
    people = people_of(rng, number)
    some = draw(st.integers(min(least, 10), 25)) if number else 0
    caseload = pd.DataFrame(
        {
            "person": rng.integers(0, max(number, 1), some),
            "team": rng.choice(["North", "South"], some),
            "status": rng.choice(REGISTER, some),
            "from_on": pd.Timestamp(FIRST) - pd.to_timedelta(rng.integers(-30, 30, some), unit="D"),
            "to_on": [
                None if rng.random() < 0.6 else FIRST + timedelta(days=int(rng.integers(-20, 80))) for _ in range(some)
            ],
            "referred_in": rng.choice([True, False, None], some),
        }
    )
    statuses = pd.DataFrame({"person": np.arange(number), "as_at": FIRST - timedelta(days=int(rng.integers(0, 9)))})
    for name, often in (("inpatient", 0.1), ("died", 0.03), ("moved", 0.03), ("palliative_register", 0.05)):
        statuses[name] = rng.random(number) < often
    in_hospital = frozenset(int(who) for who in rng.integers(0, max(number, 1), 2))
    # Whom the records call dead and show active later has no estimate.
    doubtful = rng.random(number) < 0.1
    people = people.astype({"care_home": object})
    people.loc[doubtful, ["margin", "risk", "age", "care_home", "conditions", "pathways"]] = np.nan
    active = pd.Series(pd.Timestamp(FIRST) - pd.to_timedelta(rng.integers(0, 30, number), unit="D"))
    facts = CaseFacts(
        caseload,
        random_reviews(rng, number, some),
        statuses,
        in_hospital,
        frozenset({3, 40}),
        doubtful=frozenset(np.flatnonzero(doubtful).tolist()),
        last_active=active,
    )
    slots: dict[str, int] = {name: int(rng.integers(0, 3)) for name in SERVICES} if draw(st.booleans()) else {}
    teams = (
        ListTeam("North", "NOR", draw(st.integers(0, 40)), min_age=30, excludes=("care home",), rest_weeks=1),
        ListTeam("South", "SOU", draw(st.integers(0, 5)), slots=slots),
    )
    return people, facts, teams


def people_of(rng: np.random.Generator, number: int) -> pd.DataFrame:
    margin = rng.integers(-6, 5, number) / 2
    return pd.DataFrame(
        {
            "patient_id": [f"P{place:02d}" for place in rng.permutation(number)],
            "person": np.arange(number),
            "index_date": pd.Timestamp(FIRST),
            "team": rng.choice(np.array(TEAMS, dtype=object), number, p=[0.5, 0.4, 0.1]),
            "margin": margin,
            "risk": 1 / (1 + np.exp(-margin)),
            "age": rng.integers(18, 95, number).astype(float),
            "care_home": rng.random(number) < 0.1,
            "conditions": rng.integers(0, 7, number).astype(float),
            "pathways": [tuple(name for name in SERVICES if rng.random() < 0.4) for _ in range(number)],
        }
    )


def random_reviews(rng: np.random.Generator, number: int, some: int) -> pd.DataFrame:
    days = pd.to_datetime(FIRST) - pd.to_timedelta(rng.integers(0, 12, some) * 7, unit="D")
    return pd.DataFrame(
        {
            "person": rng.integers(0, max(number, 1), some),
            "list_date": days,
            "outcome": rng.choice(OUTCOMES, some),
            "decided_on": [None if rng.random() < 0.5 else day + timedelta(days=2) for day in days],
            "due_on": [None if rng.random() < 0.5 else day + timedelta(days=21) for day in days],
        }
    )


def check_nobody_held_back_is_listed(facts: CaseFacts, cases: tuple[CaseList, ...], monday: date) -> None:
    """Read from the facts alone: no dead, moved, routed or known person, and nobody too young for the team."""
    statuses, caseload = facts.statuses, facts.caseload
    assert statuses is not None
    assert caseload is not None
    gone = statuses[statuses["died"] | statuses["moved"] | statuses["palliative_register"]]
    now = pd.Timestamp(monday)
    begun = caseload[pd.to_datetime(caseload["from_on"]) <= now]
    ended = set(begun.loc[(begun["status"] == "closed") | begun["to_on"].notna(), "person"])
    active = set(begun.loc[begun["status"].isin(["accepted", "assessed", "active", "monitored"]), "person"]) - ended
    rows_of_one = begun["person"].value_counts()
    held = {who for who in active if rows_of_one[who] == 1}
    for case in cases:
        listed = set(case.rows["person"])
        assert not listed & (set(gone["person"]) | set(facts.palliative or ()) | held | facts.doubtful)
        apart = case.everyone[case.everyone["person"].isin(facts.doubtful)]
        assert set(apart["reason"]) <= {DOUBTFUL_DEATH}
        by_itself = case.rows["arrival"] != "referred in"
        assert (case.rows.loc[by_itself, "age"] >= (case.team.min_age or 0)).all()


def check_whole(people: pd.DataFrame, cases: tuple[CaseList, ...]) -> None:
    """Everybody with a team is in that team's accounting once; lists keep to capacity and hold candidates alone."""
    for case in cases:
        own = people[people["team"] == case.team.name]
        assert sorted(case.everyone["patient_id"]) == sorted(own["patient_id"])
        assert len(case.rows) + case.below_the_line + case.known + sum(case.excluded.values()) == case.eligible
        by_place = case.everyone.groupby("place")["patient_id"].agg(set).to_dict()
        assert set(case.rows["patient_id"]) == by_place.get("listed", set())
        assert case.rows["weight"].sum() <= case.team.capacity + 1e-9
        assert case.rows["margin"].is_monotonic_decreasing
        assert case.rows["rank"].tolist() == list(range(1, len(case.rows) + 1))
        assert case.rows["reference"].is_unique
        assert set(case.rows["arrival"]) <= set(ARRIVALS)
        check_order_and_reasons(case)
        check_slots(case)


def check_order_and_reasons(case: CaseList) -> None:
    candidates = case.everyone["place"].isin(["listed", "below the line"])
    assert case.everyone.loc[candidates, "order"].tolist() == list(range(1, int(candidates.sum()) + 1))
    assert case.everyone.loc[~candidates, "order"].isna().all()
    excluded = case.everyone["place"] == "excluded"
    assert case.everyone.loc[excluded, "reason"].notna().all()
    told = case.everyone[~excluded & case.everyone["reason"].notna()]
    assert set(told["reason"]) <= {NO_ROOM}
    assert set(told["place"]) <= {"below the line"}


def check_slots(case: CaseList) -> None:
    taken = case.rows["slot"].dropna().value_counts().to_dict()
    assert {name: case.team.slots.get(name, 0) - number for name, number in taken.items()} == {
        name: case.unfilled[name] for name in taken
    }
    assert all(left >= 0 for left in case.unfilled.values())
    for row in case.rows.itertuples():
        assert row.slot is None or row.slot in row.pathways
        if case.team.slots and row.arrival == "new":
            assert row.slot is not None


def same(one: tuple[CaseList, ...], other: tuple[CaseList, ...]) -> bool:
    return all(
        a.rows.equals(b.rows) and a.everyone.equals(b.everyone) and a.swaps == b.swaps
        for a, b in zip(one, other, strict=True)
    )


def turned(table: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if table is None else table.iloc[::-1]


@given(boroughs())
@property_settings(4, drawn=8)
def test_everybody_is_accounted_for_once_in_any_order_of_the_rows(borough: tuple[Any, ...]) -> None:
    people, facts, teams = borough
    cases = find_cases(people, teams, facts, Memory(), FIRST, RULES)
    check_whole(people, cases)
    check_nobody_held_back_is_listed(facts, cases, FIRST)
    tables = {name: turned(getattr(facts, name)) for name in ("caseload", "reviews", "statuses")}
    turned_facts = replace(facts, **tables)
    assert same(cases, find_cases(people.iloc[::-1], teams, turned_facts, Memory(), FIRST, RULES))


@given(boroughs(least=25), st.integers(0, 2**32 - 1))
@property_settings(1, drawn=2)
def test_ten_weeks_in_a_row_keep_the_account_and_the_memory(borough: tuple[Any, ...], seed: int) -> None:
    people, facts, teams = borough
    rng = np.random.default_rng(seed)
    reviews, listed, estimates, lists, cases_so_far = facts.reviews, [], [], [], CaseRegister()
    for week in range(10):
        monday = FIRST + timedelta(weeks=week)
        memory = Memory(
            pd.concat(listed, ignore_index=True) if listed else Memory().listed,
            estimates[0] if estimates else Memory().estimates,
            tuple(lists),
            cases_so_far,
        )
        now = replace(facts, reviews=reviews)
        cases = find_cases(people, teams, now, memory, monday, RULES)
        check_whole(people, cases)
        check_nobody_held_back_is_listed(now, cases, monday)
        check_memory(cases, listed[-1] if listed else None, memory, monday)
        rows = pd.concat([case.rows.assign(team=case.team.name) for case in cases], ignore_index=True)
        listed.append(rows.assign(list_date=pd.Timestamp(monday)))
        estimates.append(people.set_index("patient_id")[["margin", "risk"]].assign(list_date=pd.Timestamp(monday)))
        cases_so_far = cases_so_far.list_cases(tabulate_cases(cases, monday), monday)
        lists.append(monday)
        discussed = rows[rng.random(len(rows)) < 0.5]
        reviews = pd.concat([reviews, decided_on(rng, discussed, monday)], ignore_index=True)
        people = people.assign(margin=people["margin"] + rng.integers(-1, 2, len(people)) / 2)
        people["risk"] = 1 / (1 + np.exp(-people["margin"]))


def decided_on(rng: np.random.Generator, rows: pd.DataFrame, monday: date) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": rows["person"].to_numpy(),
            "list_date": pd.Timestamp(monday),
            "outcome": rng.choice(OUTCOMES, len(rows)),
            "decided_on": pd.Timestamp(monday) + timedelta(days=2),
            "due_on": pd.NaT,
        }
    )


def check_memory(cases: tuple[CaseList, ...], last: pd.DataFrame | None, memory: Memory, monday: date) -> None:
    """Who is carried over was on the last list under the same reference, and counts on unless discussed since."""
    before = {} if last is None else last.set_index("patient_id").to_dict("index")
    ever = {} if memory.listed.empty else memory.listed.groupby("reference")["patient_id"].agg(set).to_dict()
    for row in (row for case in cases for row in case.rows.itertuples()):
        assert row.weeks_on_list == (pd.Timestamp(monday) - row.listed_since).days // 7 + 1
        assert row.escalate == (row.weeks_on_list >= RULES.casefinding.escalate_after_weeks)
        assert ever.get(row.reference, {row.patient_id}) == {row.patient_id}
        if row.arrival == "new":
            assert row.patient_id not in before
        if row.arrival == "carried over":
            assert row.weeks_on_list in (1, before[row.patient_id]["weeks_on_list"] + 1)
        if row.weeks_on_list > 1:
            assert row.reference == before[row.patient_id]["reference"]
