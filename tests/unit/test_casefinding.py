"""Which team a person belongs to, whom the register holds or nominates, and what a reference catches."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from riskstrat.casefinding import CaseFacts, ListTeam, Memory, assign_teams, check_character, reference
from riskstrat.casefinding.register import Register, find_endings, find_quiet_holdings, register_at
from riskstrat.casefinding.waiting import histories
from riskstrat.definitions.settings import CasefindingSettings, Team
from riskstrat.weekly.memory import PastList, find_team_codes

MONDAY = date(2026, 11, 16)
AREA_COLUMNS = ["practice", "pcn", "locality", "hub", "borough", "from_on", "to_on"]
CASELOAD_COLUMNS = ["person", "team", "status", "from_on", "to_on", "referred_in"]


def areas(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=AREA_COLUMNS)
    return frame.assign(from_on=pd.to_datetime(frame["from_on"]), to_on=pd.to_datetime(frame["to_on"]))


def caseload(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame([(*row, None)[: len(CASELOAD_COLUMNS)] for row in rows], columns=CASELOAD_COLUMNS)
    return frame.assign(from_on=pd.to_datetime(frame["from_on"]), to_on=pd.to_datetime(frame["to_on"]))


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(frame.itertuples(index=False, name=None))


BOROUGH = areas(
    ("A00001", "North PCN", "Kirkby", "Hub 1", "Knowsley", None, None),
    ("A00002", "South PCN", "Huyton", "Hub 2", "Knowsley", None, None),
    ("A00003", "South PCN", "Halewood", "Hub 2", "Knowsley", None, None),
    ("A00004", "South PCN", None, "Hub 2", "Knowsley", None, None),
)

# ---- Teams ----


def test_a_team_that_names_the_practice_wins_over_one_that_names_its_locality() -> None:
    teams = (
        Team(name="Kirkby team", code="KIR", capacity=5, localities=("Kirkby",)),
        Team(name="Surgery team", code="SUR", capacity=2, practices=("A00001",)),
    )
    practices = pd.Series(["A00001", "A00002", "A00004", "Z99999", None], dtype=object)
    given = assign_teams(practices, BOROUGH, teams, 8, MONDAY)
    assert rows_of(given.rows) == [
        ("A00001", "North PCN", "Kirkby", "Hub 1", "Knowsley", "Surgery team"),
        ("A00002", "South PCN", "Huyton", "Hub 2", "Knowsley", "Huyton"),
        ("A00004", "South PCN", None, "Hub 2", "Knowsley", None),
        ("Z99999", None, None, None, None, None),
        (None, None, None, None, None, None),
    ]
    assert given.teams == (
        ListTeam("Huyton", "HUY", 8),
        ListTeam("Kirkby team", "KIR", 5),
        ListTeam("Surgery team", "SUR", 2),
    )


def test_a_locality_that_no_team_names_has_its_own_team_with_a_code_that_is_free() -> None:
    teams = (Team(name="Elsewhere", code="HUY", capacity=1),)
    given = assign_teams(pd.Series(["A00002", "A00003", "A00001"]), BOROUGH, teams, 3, MONDAY)
    assert given.rows["team"].tolist() == ["Huyton", "Halewood", "Kirkby"]
    assert given.teams == (
        ListTeam("Elsewhere", "HUY", 1),
        ListTeam("Halewood", "HAL", 3),
        ListTeam("Huyton", "HUA", 3),
        ListTeam("Kirkby", "KIR", 3),
    )


def past(week: int, **codes: str) -> PastList:
    return PastList(MONDAY - timedelta(weeks=week), 1, lambda columns: BOROUGH, codes)


@pytest.mark.parametrize(
    ("earlier", "codes"),
    [
        ((), {"Kirkby": "KIR", "Kirkdale": "KIA", "Kirkham": "KIB"}),
        ((past(1, Kirkdale="KIR", Kirkham="KIA"),), {"Kirkby": "KIB", "Kirkdale": "KIR", "Kirkham": "KIA"}),
        (
            (past(1, Kirkham="KIR"), past(2, Kirkdale="KIR", Kirkham="KIA")),
            {"Kirkby": "KIA", "Kirkdale": "KIB", "Kirkham": "KIR"},
        ),
        ((past(1, Kirklees="KIR", Kirkdale="NEW"),), {"Kirkby": "KIA", "Kirkdale": "KIB", "Kirkham": "KIC"}),
    ],
)
def test_a_team_keeps_the_code_of_its_lists_and_has_no_code_of_another(
    earlier: tuple[PastList, ...], codes: dict[str, str]
) -> None:
    names = ("Kirkby", "Kirkdale", "Kirkham")
    places = areas(*((f"A0000{n}", None, name, None, None, None, None) for n, name in enumerate(names)))
    teams = (Team(name="Newly named", code="NEW", practices=("A00009",)),)
    given = assign_teams(places["practice"], places, teams, 8, MONDAY, find_team_codes(earlier))
    assert {team.name: team.code for team in given.teams} == codes | {"Newly named": "NEW"}


def test_no_team_has_a_code_that_names_no_folder_on_windows() -> None:
    places = areas(
        *((f"A0000{n}", None, name, None, None, None, None) for n, name in enumerate(["Congleton", "Auxton"]))
    )
    given = assign_teams(places["practice"], places, (), 3, MONDAY)
    assert [(team.name, team.code) for team in given.teams] == [("Auxton", "AUA"), ("Congleton", "COA")]


def test_a_locality_whose_name_has_too_few_letters_still_gets_a_code_of_three() -> None:
    places = areas(*((f"A0000{n}", None, name, None, None, None, None) for n, name in enumerate(["7", "Ō", "A 1"])))
    given = assign_teams(places["practice"], places, (), 3, MONDAY)
    assert [(team.name, team.code) for team in given.teams] == [("7", "TXX"), ("A 1", "AXX"), ("Ō", "TXA")]


@pytest.mark.parametrize(
    ("when", "locality"),
    [
        (date(2026, 1, 1), "Before"),
        (date(2026, 5, 31), "Before"),
        (date(2026, 6, 1), "After"),
        (date(2026, 8, 31), "After"),
        (date(2026, 9, 1), None),
        (date(2026, 10, 1), "Later"),
    ],
)
def test_a_practice_belongs_to_the_area_of_the_index_date(when: date, locality: str | None) -> None:
    moved = areas(
        ("A00001", None, "Later", None, None, "2026-10-01", None),
        ("A00001", None, "Before", None, None, None, "2026-06-01"),
        ("A00001", None, "After", None, None, "2026-06-01", "2026-09-01"),
    )
    given = assign_teams(pd.Series(["A00001"]), moved, (), 8, when)
    assert given.rows["locality"].tolist() == given.rows["team"].tolist() == [locality]
    assert [team.name for team in given.teams] == ([locality] if locality else [])


def test_of_two_areas_that_overlap_the_latest_to_begin_counts() -> None:
    both = areas(
        ("A00001", None, "New", None, None, "2026-06-01", None),
        ("A00001", None, "Old", None, None, "2020-01-01", None),
        ("A00001", None, "Undated", None, None, None, None),
    )
    assert assign_teams(pd.Series(["A00001"]), both, (), 8, MONDAY).rows["team"].tolist() == ["New"]


def test_without_areas_everybody_belongs_to_one_team() -> None:
    teams = (Team(name="Kirkby", code="KIR", localities=("Kirkby",)),)
    given = assign_teams(pd.Series(["A00001", None], dtype=object), None, teams, 8, MONDAY)
    assert rows_of(given.rows) == [("A00001", None, None, None, None, "all"), (None, None, None, None, None, "all")]
    assert given.teams == (ListTeam("all", "ALL", 8),)


def test_the_one_team_may_be_named_in_the_settings() -> None:
    given = assign_teams(pd.Series(["A00001"]), None, (Team(name="all", code="MDT", capacity=3),), 8, MONDAY)
    assert given.teams == (ListTeam("all", "MDT", 3),)


def test_without_areas_teams_that_name_practices_take_theirs_and_nobody_else() -> None:
    teams = (Team(name="Surgery", code="SUR", capacity=4, practices=("A00001",)),)
    given = assign_teams(pd.Series(["A00001", "A00002", None], dtype=object), None, teams, 8, MONDAY)
    assert given.rows["team"].tolist() == ["Surgery", None, None]
    assert given.teams == (ListTeam("Surgery", "SUR", 4),)


def test_what_a_team_says_of_its_limits_and_slots_reaches_its_list() -> None:
    limits = {"min_age": 65, "max_age": 110, "excludes": ("care home",), "slots": {"telecare": 2}, "rest_weeks": 4}
    declared = Team(name="Kirkby", code="KIR", capacity=5, localities=("Kirkby",), **limits)
    given = assign_teams(pd.Series(["A00001"]), BOROUGH, (declared,), 8, MONDAY)
    assert given.teams == (ListTeam("Kirkby", "KIR", 5, **limits),)
    one = Team(name="all", code="MDT", capacity=3, **limits)
    assert assign_teams(pd.Series(["A00001"]), None, (one,), 8, MONDAY).teams == (ListTeam("all", "MDT", 3, **limits),)


# ---- The caseload ----


@pytest.mark.parametrize(
    ("status", "from_on", "to_on", "held"),
    [
        ("active", "2026-11-16", None, True),
        ("active", "2026-11-17", None, False),
        ("active", "2026-01-01", "2026-11-16", False),
        ("active", "2026-01-01", "2026-11-17", True),
        ("identified", "2026-01-01", None, True),
        ("closed", "2026-01-01", None, False),
        (" Closed ", "2026-01-01", None, False),
        ("closed", "2026-01-01", "2026-11-16", False),
        ("closed", "2026-01-01", "2026-11-17", True),
    ],
)
def test_a_person_is_held_from_the_first_day_until_the_last_or_until_closed(
    status: str, from_on: str, to_on: str | None, held: bool
) -> None:
    assert register_at(caseload((7, "Kirkby", status, from_on, to_on)), MONDAY).known == ({7} if held else set())


def test_a_closing_row_ends_the_rows_of_its_team_that_began_before_it() -> None:
    rows = [
        (1, "Kirkby", "active", "2026-01-01", None),
        (1, "Kirkby", "closed", "2026-06-01", None),
        (2, "Kirkby", "active", "2026-01-01", None),
        (2, "Huyton", "closed", "2026-06-01", None),
        (3, "Kirkby", "closed", "2026-01-01", None),
        (3, "Kirkby", "active", "2026-06-01", None),
        (4, "Kirkby", "closed", "2026-06-01", None),
        (4, "Kirkby", "active", "2026-06-01", None),
        (5, "Kirkby", "active", "2026-01-01", None),
        (5, "Kirkby", "closed", "2026-11-17", None),
        (6, "Kirkby", "closed", "2026-06-01", None),
        (6, "Kirkby", "monitored", "2026-06-01", None),
    ]
    assert register_at(caseload(*rows), MONDAY).known == {2, 3, 5}
    assert register_at(caseload(*reversed(rows)), MONDAY).known == {2, 3, 5}


def test_no_caseload_and_an_empty_one_hold_nobody() -> None:
    assert register_at(None, MONDAY) == register_at(caseload(), MONDAY) == Register()


@pytest.mark.parametrize(
    ("status", "referred_in", "place"),
    [
        ("identified", True, "nominated"),
        ("Screened", True, "nominated"),
        ("awaiting contact", True, "nominated"),
        ("identified", False, "known"),
        ("identified", None, "known"),
        ("accepted", True, "known"),
        ("active", True, "known"),
        ("not_suitable", True, "known"),
        ("declined", True, "declined"),
        ("declined", False, "declined"),
        ("closed", True, "nobody"),
    ],
)
def test_an_open_row_holds_nominates_or_declines(status: str, referred_in: bool | None, place: str) -> None:
    found = register_at(caseload((7, "Kirkby", status, "2026-11-02", None, referred_in)), MONDAY)
    held = {"known": found.known, "nominated": set(found.nominated), "declined": found.declined}
    assert {name: set(persons) for name, persons in held.items()} == {
        name: {7} if name == place else set() for name in held
    }
    assert found.nominated.get(7) in (None, date(2026, 11, 2))


def test_a_team_that_holds_a_person_outweighs_a_nomination_and_of_two_waiting_rows_the_latest_decides() -> None:
    rows = [
        (1, "Kirkby", "identified", "2026-11-02", None, True),
        (1, "Huyton", "active", "2026-01-01", None, False),
        (2, "Kirkby", "identified", "2026-03-01", None, True),
        (2, "Kirkby", "declined", "2026-04-01", None, True),
        (3, "Kirkby", "declined", "2026-03-01", None, False),
        (3, "Huyton", "identified", "2026-11-02", None, True),
        (4, "Kirkby", "identified", "2026-03-01", None, True),
        (4, "Kirkby", "accepted", "2026-04-01", None, True),
    ]
    for given in (rows, rows[::-1]):
        found = register_at(caseload(*given), MONDAY)
        assert (found.known, found.declined) == ({1, 4}, {2})
        assert found.nominated == {3: date(2026, 11, 2)}


@pytest.mark.parametrize(
    ("status", "to_on", "ended_on"),
    [
        ("closed", "2026-06-01", "2026-06-01"),
        ("active", "2026-06-01", "2026-06-01"),
        ("closed", None, "2026-01-01"),
        ("active", None, None),
        ("closed", "2026-12-01", None),
        ("identified", "2026-06-01", None),
        ("declined", "2026-06-01", None),
    ],
)
def test_a_person_has_left_a_caseload_that_took_them_on_and_ended(
    status: str, to_on: str | None, ended_on: str | None
) -> None:
    found = find_endings(caseload((7, "Kirkby", status, "2026-01-01", to_on)), MONDAY)
    expected = [] if ended_on is None else [(7, "Kirkby", pd.Timestamp(ended_on))]
    assert list(found.itertuples(name=None)) == expected


def test_of_several_endings_the_latest_counts() -> None:
    rows = [(7, "Kirkby", "active", "2024-01-01", "2026-06-01"), (7, "Huyton", "closed", "2026-08-01", None)]
    assert list(find_endings(caseload(*rows), MONDAY).itertuples(name=None)) == [
        (7, "Huyton", pd.Timestamp("2026-08-01"))
    ]


def test_a_team_whose_name_is_sensitive_is_told_of_nobody_and_counts_as_ever() -> None:
    rows = caseload((7, "Kirkby", "active", "2024-01-01", "2026-06-01"), (7, "Detox", "closed", "2026-08-01", None))
    people = pd.DataFrame({"person": [7], "patient_id": ["a"]})
    told = histories(
        people, CaseFacts(caseload=rows, unnamed=frozenset({"Detox"})), Memory(), MONDAY, CasefindingSettings()
    ).iloc[0]
    assert (told["left_team"], told["left_on"]) == ("Kirkby", pd.Timestamp("2026-06-01"))
    assert told["closed_on"] == pd.Timestamp("2026-08-01")


LONG_HELD = [(person, "Kirkby", "active", "2024-05-01", None) for person in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("contacted", "more", "quiet"),
    [
        ({1, 2, 3}, [], {4: "Kirkby"}),
        ({1, 2}, [], {3: "Kirkby", 4: "Kirkby"}),
        ({1}, [], {}),  # the feed sees too few of that team's people to say anything of the others
        ({1, 2, 3, 4}, [], {}),
        (None, [], {}),
        ({1, 2, 3}, [(5, "Kirkby", "active", "2025-11-17", None)], {4: "Kirkby"}),  # not held for so long
        ({1, 2, 3}, [(5, "Kirkby", "active", "2025-11-16", None)], {4: "Kirkby", 5: "Kirkby"}),
        ({1, 2, 3}, [(4, "Huyton", "active", "2026-09-01", None)], {}),  # another team holds them in earnest
        ({1, 2, 3}, [(4, "Kirkby", "closed", "2026-09-01", None)], {}),
    ],
)
def test_a_team_holds_on_paper_alone_whom_it_held_for_long_and_nobody_saw(
    contacted: set[int] | None, more: list[tuple[Any, ...]], quiet: dict[int, str]
) -> None:
    seen = None if contacted is None else frozenset(contacted)
    found = find_quiet_holdings(caseload(*LONG_HELD, *more), seen, MONDAY, months=12)
    assert found["team"].to_dict() == quiet


def test_a_caseload_without_the_column_of_referrals_nominates_nobody() -> None:
    rows = caseload((7, "Kirkby", "identified", "2026-11-02", None)).drop(columns="referred_in")
    assert register_at(rows, MONDAY) == Register(known=frozenset({7}))


# ---- References ----

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REFERENCES = [
    reference(code, number)
    for code in ("NKI", "HAL", "ZZZ")
    for number in (*range(1, 300), *range(990, 1100, 3), 12345)
]


def holds(given: str) -> bool:
    return check_character(given[:-1]) == given[-1]


def test_a_reference_is_team_number_of_the_case_and_check_character() -> None:
    assert reference("KIR", 12) == "KIR-012-Q"
    assert all(re.fullmatch(r"[A-Z]{3}-\d{3,5}-[0-9A-Z]", given) for given in REFERENCES)
    assert len(set(REFERENCES)) == len(REFERENCES)


def test_every_reference_holds_with_and_without_its_hyphens() -> None:
    assert all(holds(given) and holds(given.replace("-", "")) for given in REFERENCES)


def test_any_one_wrong_character_shows() -> None:
    for given in (text.replace("-", "") for text in REFERENCES[::9]):
        for place, right in enumerate(given):
            for wrong in set(CHARACTERS) - {right}:
                assert not holds(given[:place] + wrong + given[place + 1 :])


def test_any_two_swapped_neighbours_show() -> None:
    for given in (text.replace("-", "") for text in REFERENCES):
        for place in range(len(given) - 1):
            first, second = given[place : place + 2]
            assert first == second or not holds(given[:place] + second + first + given[place + 2 :])


def test_every_character_may_be_the_check_character() -> None:
    assert {check_character(f"A{character}") for character in CHARACTERS} == set(CHARACTERS)
