"""The summary page over all teams and the page on a replay: nothing on them points to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from riskstrat.documents import ReplaySummary, ReplayTeam, write_index, write_replay_page
from riskstrat.errors import PublicationError
from riskstrat.publication import Move, TeamCounts, name_files
from tests.browser.listed_team import empty_team, replayed, team_list
from tests.browser.reading_back import Reader, index

NOT_LISTED = "Not being listed does not mean low risk. People below the line have had no human review."


def replay_page(summary: ReplaySummary, folder: Path) -> Reader:
    """The page on a replay, read back."""
    write_replay_page(summary, folder / "replay.html")
    return Reader((folder / "replay.html").read_text(encoding="utf-8"))


# Index


def test_the_index_leads_to_the_files_of_every_team_by_name(tmp_path: Path) -> None:
    teams = [team_list(), replace(empty_team(), team="Huyton", team_code="HUY")]
    (tmp_path / "kir").mkdir()
    (tmp_path / "kir" / "kir.pdf").write_bytes(b"a PDF that stands already")
    read = index(teams, tmp_path)
    links = [link["href"] for link in read.named("a") if not str(link["href"]).startswith("#")]
    endings = (".html", "-people.html", ".xlsx", ".csv")
    own = [*(f"huy/huy{ending}" for ending in endings), *(f"kir/kir{ending}" for ending in endings), "kir/kir.pdf"]
    assert links == own
    assert [name_files(team.team_code) for team in teams] == ["kir", "huy"]
    assert NOT_LISTED in read.words()


def test_the_index_shows_no_count_that_could_point_to_a_person(tmp_path: Path) -> None:
    moves = (*(Move(f"R{number}", "left", "") for number in range(12)), Move("N", "entered", ""))
    words = index([team_list(counts=TeamCounts(1031, 8, 1020, 3), routed={}, moves=moves)], tmp_path).words()
    table = words[words.index("Teams and their files") :]
    assert "Listed 8 Below the line 1,020 Known on the caseload 1 to 7 Not listed for another reason 0" in table
    assert "Entered since the last list 1 to 7 Left since the last list 10" in table
    assert "1,031" not in table
    assert "Eligible" not in table


def test_the_index_says_how_recent_each_source_is(tmp_path: Path) -> None:
    late = team_list(
        team_code="LAT", data_as_at_by_table={"admissions": date(2026, 11, 1), "people": date(2026, 11, 16)}
    )
    words = index([team_list(), late], tmp_path).words()
    assert "Admissions 1 November 2026 15 days before" in words
    assert "People 14 November 2026 2 days before" in words
    assert "Social care 31 October 2026 16 days before" in words


def test_the_index_says_that_no_source_has_moved_only_where_none_has(tmp_path: Path) -> None:
    still = team_list(no_source_moved=True)
    assert "No source has moved" in index([still], tmp_path).words()
    assert "No source has moved" not in index([still, team_list(team_code="TWO")], tmp_path).words()


def test_an_index_of_no_team_of_two_dates_or_of_two_equal_codes_is_refused(tmp_path: Path) -> None:
    later = team_list(index_date=date(2026, 11, 23))
    for teams in ([], [team_list(), team_list(team_code="kir")], [team_list(), later]):
        with pytest.raises(PublicationError):
            write_index(teams, tmp_path / "index.html")
    assert list(tmp_path.iterdir()) == []


# Replay


def test_a_replay_says_what_was_found_and_how_long_before(tmp_path: Path) -> None:
    words = replay_page(replace(replayed(), model="High use of A&E in 12 months"), tmp_path).words()
    assert "The lists of 17 November 2025 to 9 November 2026, rebuilt from what was known on each day." in words
    assert (
        "Kirkby locality hub Lists 52 People found 205 Already known, not listed 310 Followed long enough 100 Of "
        "those, with the outcome 50 (50%) Expected 45 Median lead time 17 weeks New in a list each week "
        "1.2 Case weight a week 8.0 of 8"
    ) in words
    assert (
        "The outcome is what the model tells the chance of: high use of A&E in 12 months. It counts within 26 weeks of "
        "the list on which the person first stood. This is shorter than the time that the estimate is for. Lists "
        "after 16 May 2026 are left out of it: their 26 weeks are not over."
    ) in words
    assert "No status records were kept before 1 March 2026." in words
    assert "It does not show that a team could have prevented an admission." in words


def test_a_small_team_of_a_replay_is_hidden_and_cannot_be_worked_out(tmp_path: Path) -> None:
    words = replay_page(replayed(), tmp_path).words()
    small = words[words.index("Halewood") : words.index("Huyton")]
    assert "People found 1 to 7 Already known, not listed 1 to 7 Followed long enough 1 to 7" in small
    assert "the outcome 1 to 7 Expected not shown Median lead time not shown" in small
    assert "New in a list each week not shown" in small
    whole = words[words.index("All teams Lists") : words.index("Lists of the same size")]
    assert "People found not shown Already known, not listed not shown Followed long enough not shown" in whole
    assert "with the outcome not shown Expected not shown" in whole
    assert "The model People found not shown Followed long enough not shown" in words
    assert "Whom the lists would have found: not shown" in words
    assert not {"395", "595", "200", "90"} & set(words.replace(",", "").split())


LARGE = replace(
    replayed(),
    teams=replayed().teams[:2],
    over_all=ReplayTeam("All teams", 52, 826, 390, 591, 195, 89, 90.2, 16.2, 2.3, 15.9, 16),
)


def test_a_replay_with_nothing_to_hide_shows_rounded_totals(tmp_path: Path) -> None:
    words = replay_page(LARGE, tmp_path).words()
    assert "All teams Lists 52 People found 390 Already known, not listed 590" in words
    assert "New in a list each week 2.3" in words


def test_lists_by_other_orders_stand_beside_the_models(tmp_path: Path) -> None:
    words = replay_page(LARGE, tmp_path).words()
    told = "People found {} Followed long enough {} Of those, with the outcome {}"
    assert f"The model {told.format(390, 195, '90 (46%)')}" in words
    assert f"Age alone {told.format(410, 205, '50 (24%)')}" in words
    assert f"Admissions last year {told.format(400, 205, '80 (39%)')}" in words


def test_groups_are_counted_and_one_hidden_alone_takes_the_next_with_it(tmp_path: Path) -> None:
    words = replay_page(LARGE, tmp_path).words()
    told = "Eligible at the first list {} Found {} Found per 1,000 eligible {} Of those found, with the "
    told += "outcome {}"
    for group, cells in {
        "Age: 65 to 74": ("2,210", 100, 45, 20),
        "Age: 75 to 84": ("1,495", 200, 134, 50),
        "Ethnic group: Asian": (205, "1 to 7", "not shown", "1 to 7"),
        "Ethnic group: Black": (100, "not shown", "not shown", "1 to 7"),
        "Ethnic group: White": ("3,805", 380, 100, 85),
    }.items():
        assert f"{group} {told.format(*cells)}" in words


def test_what_came_of_groups_is_left_out_where_a_teams_count_could_be_worked_out_from_it(tmp_path: Path) -> None:
    few = (LARGE.teams[0], replace(LARGE.teams[1], admitted=3))
    words = replay_page(replace(LARGE, teams=few), tmp_path).words()
    assert "Of those found, with the outcome" not in words
    assert "Age: 65 to 74 Eligible at the first list 2,210 Found 100 Found per 1,000 eligible 45" in words
    assert "The model People found 390 Followed long enough 195 Of those, with the outcome not shown" in words


def test_where_no_list_was_followed_for_a_week_nothing_is_said_of_what_came_later(tmp_path: Path) -> None:
    soon = replace(LARGE, window_days=None, last_followed=None)
    words = replay_page(soon, tmp_path).words()
    assert "None of these lists was followed for a week yet" in words
    for heading in ("Followed long enough", "with the outcome", "Expected", "Median lead time"):
        assert heading not in words[words.index("What the lists would have held") :]


def test_a_replay_of_a_team_that_listed_nobody_is_said(tmp_path: Path) -> None:
    nobody = ReplayTeam("Empty", 52, 0, 0, 0, 0, 0, 0.0, None, 0.0, 0.0, 8)
    summary = replace(replayed(), teams=(nobody,), over_all=nobody)
    words = replay_page(summary, tmp_path).words()
    assert "People found 0 Already known, not listed 0 Followed long enough 0" in words


def test_the_same_replay_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    summary = replayed()
    write_replay_page(summary, tmp_path / "one.html")
    write_replay_page(replace(summary, teams=summary.teams[::-1]), tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_replay_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(PublicationError):
        replace(replayed(), teams=())
    for wrong in ({"admitted": 102}, {"followed": 204}, {"people": 417}, {"known": -1}):
        with pytest.raises(PublicationError):
            replace(replayed().teams[0], **wrong)
