"""The reserve of a list: the next people below the line, whose numbers are theirs, and who count once taken up."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from riskstrat import audit
from riskstrat.casefinding import (
    CASE_COLUMNS,
    NO_ROOM,
    RESERVE_COLUMNS,
    CaseFacts,
    CaseList,
    CaseRegister,
    ListTeam,
    Memory,
    find_cases,
    tabulate_cases,
    tabulate_reserve,
)
from riskstrat.definitions.settings import Settings
from riskstrat.disclosure.lists import read_own_entries
from riskstrat.documents import build_people
from riskstrat.errors import PublicationError
from riskstrat.publication import (
    EVERYONE,
    EVERYONE_COLUMNS,
    FORMAT,
    RESERVE,
    ForClinicians,
    PublishedList,
    SensitiveFact,
    TeamList,
    WeeklyList,
    dump_list,
    dump_reserve,
    find_last_numbers,
    open_published,
    parse_list,
    parse_reserve,
    publish,
    read_case_register,
    require_same_register,
)
from riskstrat.reviews import FromReserve, Notices, parse_notices
from riskstrat.verbs import cohorts as cohorts_verb
from riskstrat.weekly.between_lists import open_told
from riskstrat.weekly.listing import gather_for_clinicians
from riskstrat.weekly.memory import read_listed_before, remember
from tests.browser.listed_team import LIST_DATE, people, team_list
from tests.suite.unlogged import do_unlogged
from tests.suite.worklists import add_reserve
from tests.unit.test_casefinding_lists import FIVE, MONDAY, one, table

NEXT = MONDAY + timedelta(weeks=1)
TWO = ListTeam("Kirkby", "KIR", 2)
CASELOAD = ["person", "team", "status", "from_on", "to_on", "referred_in"]


def keep(reserve: int, **more: Any) -> CaseList:
    """The list of two of five people (d, a; then c, e, b) with a reserve of so many."""
    settings = Settings.model_validate({"lists": {"reserve": reserve}})
    return one(FIVE, team=TWO, settings=settings, **more)


def references(case: CaseList) -> dict[str, str]:
    rows = pd.concat([case.rows, case.reserve])
    return dict(zip(rows["patient_id"], rows["reference"], strict=True))


# ---- Who is in it ----


def test_the_next_below_the_line_are_in_reserve_in_their_order_and_stay_below_it() -> None:
    without, case = keep(0), keep(2)
    assert case.reserve[["patient_id", "rank", "number", "arrival"]].to_numpy().tolist() == [
        ["c", 3, 3, "new"],
        ["e", 4, 4, "new"],
    ]
    assert (len(without.reserve), len(keep(20).reserve), keep(20).below_the_line) == (0, 3, 3)
    pd.testing.assert_frame_equal(case.rows, without.rows)
    pd.testing.assert_frame_equal(case.everyone, without.everyone)
    assert case.reserve.columns.tolist() == case.rows.columns.tolist()


def test_nobody_who_may_not_be_listed_is_in_reserve() -> None:
    facts = CaseFacts(caseload=table(CASELOAD, (2, "Kirkby", "active", "2026-01-01")), palliative=frozenset({4}))
    assert keep(5, facts=facts).reserve["patient_id"].tolist() == ["b"]


def test_somebody_put_forward_for_whom_there_is_no_room_is_the_first_in_reserve() -> None:
    waiting = [(who, "Kirkby", "identified", "2026-11-01", None, True) for who in (1, 3, 0)]
    case = keep(2, facts=CaseFacts(caseload=table(CASELOAD, *waiting)))
    assert (case.rows["patient_id"].tolist(), case.reserve["patient_id"].tolist()) == (["d", "a"], ["b", "c"])
    assert case.reserve["arrival"].tolist() == ["referred in", "new"]


def test_what_clinicians_alone_are_shown_is_gathered_of_those_in_reserve_and_printed_of_nobody_there() -> None:
    facts = (SensitiveFact("Prison", "contact", 77, MONDAY, MONDAY),)
    told = pd.Series({who: facts if who == "c" else () for who in "abcde"})
    case = keep(2)
    shown = gather_for_clinicians({"Prison": "CG 4"}, (case, keep(0)), told)
    expected = {reference: told[who] for who, reference in references(case).items()}
    assert shown == ForClinicians({"Prison": "CG 4"}, expected)
    assert len(expected) == 4
    team = add_reserve(team_list())
    of_team = {one.reference: () for one in team.people} | {one.reference: facts for one in team.reserve}
    page = build_people(team, shown=ForClinicians({"Prison": "CG 4"}, of_team)).decode()
    assert ("Prison" in page, "77 contacts" in page) == (True, False)
    taken = team.count_taken_up([team.reserve[0].reference])
    assert "77 contacts" in build_people(taken, shown=ForClinicians({"Prison": "CG 4"}, of_team)).decode()


# ---- Their numbers ----


def register(*lists: tuple[CaseList, date]) -> CaseRegister:
    """What lists of some dates, the oldest first, opened and kept in reserve."""
    kept = [
        (code, int(text.split("-")[1]), who, day, day)
        for case, day in lists
        for code, _, text, who, _ in tabulate_reserve([case]).itertuples(index=False)
    ]
    found = CaseRegister()
    for case, day in lists:
        found = found.list_cases(tabulate_cases([case], day), day)
    return replace(found, reserved=pd.DataFrame(kept, columns=list(CASE_COLUMNS)))


def test_a_number_of_the_reserve_is_given_to_nobody_else_and_stays_with_the_person() -> None:
    first = keep(2)
    told = register((first, MONDAY))
    # Of the five now e, b and somebody new stand highest; e was in reserve, b was not.
    given = FIVE.assign(margin=[-9.0, 2.0, -8.0, -7.0, 3.0])
    (second,) = find_cases(given, (TWO,), CaseFacts(), Memory(cases=told), NEXT, Settings())
    assert dict(zip(second.rows["patient_id"], second.rows["number"], strict=True)) == {"e": 4, "b": 5}
    assert set(second.rows["opened_on"]) == {NEXT}
    (again,) = find_cases(FIVE, (TWO,), CaseFacts(), Memory(cases=told), MONDAY, settings_of(2))
    assert references(again) == references(first)


def settings_of(reserve: int) -> Settings:
    return Settings.model_validate({"lists": {"reserve": reserve}})


def test_the_last_number_of_the_reserve_is_handed_on_and_says_of_nobody() -> None:
    handed_on = register((keep(2), MONDAY)).list_cases(pd.DataFrame(columns=list(CASE_COLUMNS)), NEXT)
    assert list(zip(handed_on.rows["number"], handed_on.rows["patient_id"], strict=True)) == [
        *((1, "d"), (2, "a")),
        (4, ""),
    ]


def test_a_number_that_became_a_case_says_whose_it_is_whatever_the_order_of_lists() -> None:
    kept = pd.DataFrame([("KIR", 4, "e", NEXT, NEXT)], columns=list(CASE_COLUMNS))
    case = pd.DataFrame([("KIR", 4, "e", MONDAY, MONDAY)], columns=list(CASE_COLUMNS))
    for told, listed in ((CaseRegister(case, kept), case.iloc[:0]), (CaseRegister(reserved=kept), case)):
        assert told.list_cases(listed, NEXT).rows["patient_id"].tolist() == ["e"]


ADA, BEN, WYN, XIA, YAN = "abwxy"


def rank_people(*highest_first: str) -> pd.DataFrame:
    margins = {who: float(len(highest_first) - place) for place, who in enumerate(highest_first)}
    return FIVE.assign(patient_id=list(margins), margin=list(margins.values()))


def add_list(told: CaseRegister, case: CaseList, day: date) -> CaseRegister:
    """The register as it is read once this list stands beside, or in place of, those before it."""
    own = told.list_cases(tabulate_cases([case], day), day).rows
    kept = [(case.team.code, row.number, row.patient_id, day, day) for row in case.reserve.itertuples(index=False)]
    more = pd.DataFrame(kept, columns=list(CASE_COLUMNS))
    return CaseRegister(*(pd.concat(pair, ignore_index=True) for pair in ((told.rows, own), (told.reserved, more))))


def list_two(told: CaseRegister, day: date, *highest_first: str, notices: Notices | None = None) -> CaseList:
    cases = open_told(told, notices or Notices())
    (case,) = find_cases(rank_people(*highest_first), (TWO,), CaseFacts(), Memory(cases=cases), day, settings_of(3))
    return case


def test_the_highest_number_of_a_reserve_stays_with_its_person_on_later_lists_and_editions() -> None:
    numbered = {ADA: 1, BEN: 2, XIA: 3, YAN: 4, WYN: 5}
    first = list_two(CaseRegister(), MONDAY, ADA, BEN, XIA, YAN, WYN)
    told = add_list(CaseRegister(), first, MONDAY)
    again = list_two(told, MONDAY, BEN, XIA, WYN, YAN, ADA)
    second = list_two(told, NEXT, XIA, ADA, BEN, YAN, WYN)
    for case in (first, again, second):
        assert {who: int(text.split("-")[1]) for who, text in references(case).items()} == numbered
    told = add_list(told, second, NEXT)
    # The last number is handed on without a name; whose it is the reserve says.
    assert [tuple(row) for row in told.rows[["number", "patient_id"]].to_numpy()][-1] == (5, "")
    after = NEXT + timedelta(weeks=1)
    taken = Notices(taken_up=(FromReserve(WYN, "KIR", 5, NEXT, NEXT + timedelta(days=2)),))
    for notices in (Notices(), taken):
        third = list_two(told, after, WYN, XIA, ADA, BEN, YAN, notices=notices)
        assert dict(zip(third.rows["patient_id"], third.rows["number"], strict=True)) == {WYN: 5, XIA: 3}
    assert third.rows["opened_on"].tolist() == [NEXT + timedelta(days=2), NEXT]
    other = list_two(add_list(told, again, NEXT), after, "n", WYN, XIA, ADA, BEN)
    assert dict(zip(other.rows["patient_id"], other.rows["number"], strict=True)) == {"n": 6, WYN: 5}


# ---- As data ----


def test_the_reserve_is_read_back_and_anything_else_refused() -> None:
    content = dump_reserve(tabulate_reserve([keep(2)]))
    assert [(each.patient_id, each.rank, each.number) for each in parse_reserve(content)] == [("c", 3, 3), ("e", 4, 4)]
    head = ",".join(RESERVE_COLUMNS)
    for row in ("KIR,x,KIR-003-1,c,new", "KIR,3,KIR,c,new", "KIR,3,KIR-003-1,,new", "KIR,3"):
        with pytest.raises(PublicationError, match="cannot be read; restore"):
            parse_reserve(f"{head}\n{row}\n".encode())


def test_a_list_of_the_format_before_is_read_and_has_no_reserve() -> None:
    of_before = tuple(replace(one, cohorts=(), conditions=one.standing_conditions) for one in people())
    weekly = WeeklyList(LIST_DATE, 1, "m", 3, (team_list(people=of_before),))
    content = dump_list(weekly)
    now, format_3 = b'"format": %d' % FORMAT, b'"format": 3'
    of_later = rb',\n *"((reserve|cohorts)": \[\]|ended": null)'
    before = re.sub(of_later, b"", content.replace(now, format_3))
    assert len(before) < len(content) - 10
    assert parse_list(before) == weekly
    for spoilt in (content.replace(now, format_3), before.replace(format_3, b'"format": 2')):
        with pytest.raises(PublicationError, match="of another format"):
            parse_list(spoilt)


def test_whoever_is_taken_up_stands_at_the_end_of_the_list_in_that_order() -> None:
    team = add_reserve(team_list())
    first, second = (person.reference for person in team.reserve)
    taken = team.count_taken_up([second])
    assert [(one.rank, one.reference) for one in taken.people[-2:]] == [(8, team.people[-1].reference), (9, second)]
    assert [(one.rank, one.reference) for one in taken.reserve] == [(10, first)]
    assert (taken.counts.listed, taken.counts.below_the_line) == (9, team.counts.below_the_line - 1)
    assert team.count_taken_up(["KIR-999-X"]) is team
    assert team.count_taken_up([second, first]).reserve == ()


@pytest.mark.parametrize("change", [{"rank": 3}, {"reference": "KIR-012-Q"}, {"counts": {}}])
def test_a_reserve_that_does_not_fit_the_list_is_refused(change: dict[str, Any]) -> None:
    spare = replace(people()[0], **({"rank": 9, "reference": "KIR-201-F"} | change))
    with pytest.raises(PublicationError, match="team KIR"):
        team_list(reserve=(spare,))


# ---- Once taken up ----


def publish_with_reserve(lists: Path, day: date = LIST_DATE) -> Path:
    """A list of one team with two in reserve, `p-x` and `p-y`; gives its folder."""
    team: TeamList = add_reserve(team_list(index_date=day))
    facts = {"index_date": day, "model": "m", "version": 3, "teams": [{"code": "KIR", "team": team.team}]}
    rows = [("KIR", one.rank, one.reference, who, "new") for one, who in zip(team.reserve, ("p-x", "p-y"), strict=True)]
    everyone = [
        dict.fromkeys(EVERYONE_COLUMNS) | {"patient_id": who, "team": team.team} for who in ("p-1", "p-x", "p-y")
    ]
    frame = pd.DataFrame(everyone).assign(
        place=["listed", "below the line", "below the line"],
        reason=[None, NO_ROOM, None],
        reference=[team.people[0].reference, None, None],
        rank=pd.array([1, None, None], "Int64"),
        weeks_on_list=pd.array([2, None, None], "Int64"),
        listed_since=pd.to_datetime([day, None, None]),
    )
    folder = lists / day.isoformat()
    with publish(folder, WeeklyList(day, 1, "m", 3, (team,)), facts, do_unlogged) as part:
        (part / EVERYONE).parent.mkdir()
        frame.to_parquet(part / EVERYONE)
        (part / RESERVE).write_bytes(dump_reserve(pd.DataFrame(rows, columns=list(RESERVE_COLUMNS))))
    return folder


def test_a_list_counts_whoever_was_taken_up_as_listed_since_then(tmp_path: Path) -> None:
    published = open_published(publish_with_reserve(tmp_path))
    first = published.read_reserve()[0]
    on = LIST_DATE + timedelta(days=2)
    counted = published.count_taken_up(
        {("p-x", "KIR", 201): on, ("p-y", "KIR", 201): on, ("p-y", "HUY", 202): on, ("a stranger", "KIR", 202): on}
    )
    assert counted.taken_up == {"p-x": on}
    rows = counted.read_everyone(["place", "reference", "rank", "listed_since", "weeks_on_list"])
    assert rows["place"].tolist() == ["listed", "listed", "below the line"]
    assert (published.read_everyone(["reason"])["reason"] == NO_ROOM).sum() == 1
    assert counted.read_everyone(["reason"])["reason"].isna().all()
    assert rows.loc[1, ["reference", "rank", "weeks_on_list"]].tolist() == [first.reference, first.rank, 1]
    assert rows.loc[1, "listed_since"] == pd.Timestamp(on)
    assert counted.read_everyone(["place"]).columns.tolist() == ["place"]
    assert published.read_everyone(["place"])["place"].tolist() == ["listed", "below the line", "below the line"]
    listed = read_listed_before([remember(counted)])
    assert listed["patient_id"].tolist() == ["p-1", "p-x"]


def test_whoever_was_taken_up_is_on_the_list_as_data_in_the_order_of_days(tmp_path: Path) -> None:
    published = open_published(publish_with_reserve(tmp_path))
    first, second = (one.reference for one in published.read_reserve())
    assert published.read_counted_list() == published.read_list()
    later, sooner = LIST_DATE + timedelta(days=2), LIST_DATE + timedelta(days=1)
    counted = published.count_taken_up({("p-x", "KIR", 201): later, ("p-y", "KIR", 202): sooner})
    (team,) = counted.read_counted_list().teams
    assert [one.reference for one in team.people[-2:]] == [second, first]
    assert team.reserve == ()


def test_cohorts_name_whoever_was_taken_up_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = open_published(publish_with_reserve(tmp_path))
    told = Notices(taken_up=(FromReserve("p-y", "KIR", 202, LIST_DATE, LIST_DATE + timedelta(days=1)),))
    asked: list[date] = []
    store = SimpleNamespace(take_notices=lambda cut_off: asked.append(cut_off) or told)
    monkeypatch.setattr(cohorts_verb, "open_review_store", lambda workspace: store)
    opened: Any = SimpleNamespace(workspace=None)
    (team,) = cohorts_verb.count_taken_up_so_far(opened, published).read_counted_list().teams
    # Those taken up today count too.
    assert asked == [audit.today() + timedelta(days=1)]
    assert [one.reference for one in team.people][-1] == published.read_reserve()[1].reference


def test_somebody_who_asks_is_told_what_the_list_kept_of_them_in_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = open_published(publish_with_reserve(tmp_path))
    (entry,) = read_own_entries(tmp_path, "p-x")
    assert (entry["place"], entry["reserve_reference"]) == ("below the line", published.read_reserve()[0].reference)
    (record,) = entry["in_reserve"]["person"]
    assert record["reference"] == entry["reserve_reference"]
    assert "shown_to_clinicians" not in entry
    facts = (SensitiveFact("Prison", "contact", 2, MONDAY, LIST_DATE),)
    shown = ForClinicians({"Prison": "CG 4"}, {record["reference"]: facts})
    monkeypatch.setattr(PublishedList, "read_for_clinicians", lambda published: shown)
    (entry,) = read_own_entries(tmp_path, "p-x")
    assert [fact["first"] for fact in entry["shown_to_clinicians"]] == [MONDAY]


def test_the_next_list_carries_over_whoever_was_taken_up_under_the_same_reference(tmp_path: Path) -> None:
    published = open_published(publish_with_reserve(tmp_path, MONDAY))
    told = Notices(taken_up=(FromReserve("p-x", "KIR", 201, MONDAY, MONDAY + timedelta(days=2)),))
    past = remember(published.count_taken_up(told.find_taken_up(MONDAY)))
    cases = open_told(read_case_register(tmp_path), told)
    memory = Memory(read_listed_before([past]), lists=(MONDAY,), cases=cases)
    given = FIVE.assign(patient_id=["p-x", "b", "p-y", "d", "e"], margin=[9.0, 8.0, 7.0, 1.0, 0.0])
    given["team"] = "Kirkby locality hub"
    team = ListTeam("Kirkby locality hub", "KIR", 3)
    (case,) = find_cases(given, (team,), CaseFacts(), memory, NEXT, settings_of(1))
    assert case.rows[["patient_id", "number", "arrival", "opened_on"]].to_numpy().tolist() == [
        ["p-x", 201, "carried over", MONDAY + timedelta(days=2)],
        ["b", 203, "new", NEXT],
        ["p-y", 202, "new", NEXT],
    ]
    assert case.reserve["number"].tolist() == [204]


def test_the_register_knows_the_numbers_of_every_reserve(tmp_path: Path) -> None:
    folder = publish_with_reserve(tmp_path)
    found = read_case_register(tmp_path)
    assert found.reserved[["number", "patient_id"]].to_numpy().tolist() == [[201, "p-x"], [202, "p-y"]]
    assert find_last_numbers(folder) == {("KIR", False): 202}
    publish_with_reserve(tmp_path, LIST_DATE + timedelta(weeks=1))
    with pytest.raises(PublicationError, match="another list was published while this one was made"):
        require_same_register(tmp_path, found)
    (folder / RESERVE).write_text("team_code\n", encoding="utf-8")
    with pytest.raises(PublicationError, match=r"internal/reserve.csv of the list in .* cannot be read"):
        read_case_register(tmp_path)


def test_notices_say_who_was_taken_up_and_read_as_before_where_nobody_was() -> None:
    told = Notices(taken_up=(FromReserve("p9", "KIR", 9, MONDAY, NEXT),))
    assert parse_notices(told.dump()) == told
    assert b"taken_up" not in Notices().dump()
    assert told.said
    assert told.find_taken_up(MONDAY) == {("p9", "KIR", 9): NEXT}
    assert told.find_taken_up(NEXT) == {}
