"""A list sized to services: who can be given a slot, who keeps a place, and what each swap gives up."""

from __future__ import annotations

from datetime import date
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import CaseFacts, CaseList, ListTeam, Memory, find_cases, reference
from riskstrat.casefinding.places import take, take_with_slots
from riskstrat.definitions.settings import Settings
from riskstrat.errors import WorkspaceError

MONDAY = date(2026, 11, 16)
FALLS, PHARMACY, TELECARE = "falls_service", "medication_review", "telecare"
BOTH = (FALLS, PHARMACY)


def people(*rows: tuple[str, float, tuple[str, ...]]) -> pd.DataFrame:
    """Patient, risk and pathways; the person is the letter's place in the alphabet."""
    frame = pd.DataFrame(rows, columns=["patient_id", "risk", "pathways"])
    frame["margin"] = np.log(frame["risk"] / (1 - frame["risk"]))
    frame["person"] = [ord(letter) - ord("a") for letter in frame["patient_id"]]
    return frame.assign(index_date=pd.Timestamp(MONDAY), team="Kirkby")


def case_of(
    given: pd.DataFrame,
    slots: dict[str, int],
    capacity: int = 3,
    facts: CaseFacts | None = None,
    memory: Memory | None = None,
) -> CaseList:
    team = ListTeam("Kirkby", "KIR", capacity, slots=slots)
    (case,) = find_cases(given, (team,), facts or CaseFacts(), memory or Memory(), MONDAY, Settings())
    return case


def slots_of(case: CaseList) -> dict[str, str | None]:
    return dict(zip(case.rows["patient_id"], case.rows["slot"], strict=True))


def swaps_of(case: CaseList) -> list[tuple[int | None, str | None, float]]:
    return [(swap.left_out_order, swap.taken_reference, round(swap.given_up, 6)) for swap in case.swaps]


def test_a_person_moves_to_another_service_that_suits_so_that_the_next_fits_too() -> None:
    case = case_of(people(("a", 0.5, BOTH), ("b", 0.4, (FALLS,)), ("c", 0.3, ())), {FALLS: 1, PHARMACY: 1})
    assert slots_of(case) == {"a": PHARMACY, "b": FALLS}
    assert swaps_of(case) == [(3, None, 0.3)]
    assert dict(case.unfilled) == {FALLS: 0, PHARMACY: 0}


def test_people_without_a_pathway_are_passed_over_and_each_swap_says_what_it_gives_up() -> None:
    given = people(
        ("a", 0.6, ()), ("b", 0.5, (FALLS,)), ("c", 0.4, (FALLS,)), ("d", 0.3, (PHARMACY,)), ("e", 0.2, BOTH)
    )
    case = case_of(given, {FALLS: 1, PHARMACY: 2})
    assert slots_of(case) == {"b": FALLS, "d": PHARMACY, "e": PHARMACY}
    assert swaps_of(case) == [(1, reference("KIR", 2), 0.3), (3, reference("KIR", 3), 0.2)]
    assert case.given_up == pytest.approx(0.5)


def test_slots_that_suit_nobody_stay_empty_and_are_said() -> None:
    case = case_of(people(("a", 0.5, (FALLS,)), ("b", 0.4, (FALLS,))), {FALLS: 1, TELECARE: 2})
    assert slots_of(case) == {"a": FALLS}
    assert dict(case.unfilled) == {FALLS: 0, TELECARE: 2}
    assert swaps_of(case) == [(2, None, 0.4)]


def test_capacity_ends_the_list_before_the_slots_do() -> None:
    case = case_of(people(*((letter, 0.5, BOTH) for letter in "abcd")), {FALLS: 2, PHARMACY: 2}, capacity=3)
    assert list(slots_of(case)) == ["a", "b", "c"]
    assert sum(case.unfilled.values()) == 1
    assert case.swaps == ()


def test_nominated_and_carried_over_people_keep_their_places_and_take_a_slot_if_they_can() -> None:
    given = people(("a", 0.6, (FALLS,)), ("b", 0.5, (PHARMACY,)), ("c", 0.4, ()), ("d", 0.3, (FALLS,)))
    columns = ["person", "team", "status", "from_on", "to_on", "referred_in"]
    nomination = pd.DataFrame([(3, "Kirkby", "identified", "2026-11-10", None, True)], columns=columns)
    before = pd.DataFrame(
        [("2026-11-09", "c", "KIR-1109-01-X", None)], columns=["list_date", "patient_id", "reference", "listed_since"]
    )
    case = case_of(given, {FALLS: 1, PHARMACY: 1}, 4, CaseFacts(caseload=nomination), Memory(listed=before))
    assert slots_of(case) == {"b": PHARMACY, "c": None, "d": FALLS}
    assert case.rows["arrival"].tolist() == ["new", "carried over", "referred in"]
    assert swaps_of(case) == [(1, None, 0.6)]


def test_slots_of_nought_list_nobody_new() -> None:
    case = case_of(people(("a", 0.6, (FALLS,))), {FALLS: 0})
    assert (len(case.rows), dict(case.unfilled)) == (0, {FALLS: 0})


def test_a_team_without_slots_has_no_swaps_and_needs_no_pathways() -> None:
    case = case_of(people(("a", 0.6, ()), ("b", 0.5, (FALLS,))).drop(columns="pathways"), {})
    assert (slots_of(case), case.swaps, dict(case.unfilled)) == ({"a": None, "b": None}, (), {})


def test_slots_without_pathways_are_refused() -> None:
    with pytest.raises(WorkspaceError, match=r'team "Kirkby" has slots.*training/pathways\.toml'):
        case_of(people(("a", 0.6, ())).drop(columns="pathways"), {FALLS: 1})


def can_all_be_given(chosen: tuple[int, ...], pathways: list[tuple[str, ...]], slots: dict[str, int]) -> bool:
    """By trying every order of the slots: whether each of `chosen` can have one of their own."""
    places = [name for name, number in slots.items() for _ in range(number)]
    if len(chosen) > len(places):
        return False
    return any(
        all(name in pathways[who] for who, name in zip(chosen, order, strict=False))
        for order in permutations(places, len(chosen))
    )


SOME = st.lists(st.sampled_from([FALLS, PHARMACY, TELECARE]), unique=True).map(tuple)


@given(
    st.lists(st.tuples(st.integers(1, 99), SOME), max_size=7),
    st.fixed_dictionaries({FALLS: st.integers(0, 2), PHARMACY: st.integers(0, 1), TELECARE: st.integers(0, 1)}),
    st.integers(0, 5),
)
def test_no_other_choice_has_a_larger_sum_of_risk(
    given_people: list[tuple[int, tuple[str, ...]]], slots: dict[str, int], capacity: int
) -> None:
    ordered = sorted(given_people, key=lambda one: -one[0])
    risks, pathways = [one[0] for one in ordered], [one[1] for one in ordered]
    weights = np.ones(len(ordered), dtype=np.int64)
    taken = take_with_slots(weights, capacity, pathways, slots, keeping=0)
    assert can_all_be_given(taken.positions, pathways, slots)
    assert all(taken.services[who] in pathways[who] for who in taken.positions)
    best = max(
        sum(risks[who] for who in chosen)
        for size in range(capacity + 1)
        for chosen in combinations(range(len(ordered)), size)
        if can_all_be_given(chosen, pathways, slots)
    )
    assert sum(risks[who] for who in taken.positions) == best


def test_a_service_that_can_take_nobody_more_is_not_searched_again() -> None:
    pathways = [(FALLS,), (FALLS,), BOTH, (FALLS,), (PHARMACY,), BOTH, (TELECARE,)]
    taken = take_with_slots(np.ones(7, dtype=np.int64), 9, pathways, {FALLS: 1, PHARMACY: 1, TELECARE: 1}, keeping=0)
    assert taken.positions == (0, 2, 6)
    assert dict(taken.services) == {0: FALLS, 2: PHARMACY, 6: TELECARE}


def test_each_who_still_fits_is_taken_in_order() -> None:
    assert take(np.array([1500, 3000, 1000, 1000, 500]), 3000).positions == (0, 2, 4)
    assert take(np.array([], dtype=np.int64), 3000).positions == ()
