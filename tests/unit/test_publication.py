"""A published list as data: what is written is read back equal, and nothing else is ever read as it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.casefinding import RESERVE_COLUMNS
from riskstrat.errors import PublicationError
from riskstrat.publication import (
    CASES,
    EVERYONE,
    EVERYONE_COLUMNS,
    FORMAT,
    REFERENCES,
    RESERVE,
    ListedPerson,
    PublishedList,
    Readers,
    TeamList,
    WeeklyList,
    count_editions,
    describe_format,
    dump_list,
    find_earlier,
    find_published,
    find_unfinished_withdrawal,
    name_references,
    open_published,
    parse_list,
    publish,
    read_case_register,
    require_same,
    require_same_register,
    withdraw_list,
)
from riskstrat.storage import compute_digest
from tests.browser.listed_team import LIST_DATE, changed_people, empty_team, team_list
from tests.suite.unlogged import do_unlogged
from tests.suite.worklists import add_reserve

ROOT = Path(__file__).resolve().parents[2]
MODEL = "emergency_admission_12m"
INPUTS = {"data": "d1", "model": "m1"}


def weekly_list(day: date = LIST_DATE) -> WeeklyList:
    return WeeklyList(day, 1, MODEL, 3, (team_list(), replace(empty_team(), team="Huyton", team_code="HUY")))


def published(lists: Path, day: date = LIST_DATE, model: str = MODEL, readers: Readers = "owner") -> Path:
    """A list of two teams, published below a folder of lists; gives its folder."""
    folder = lists / day.isoformat()
    weekly = weekly_list(day)
    teams = [{"code": team.team_code, "team": team.team} for team in weekly.teams]
    facts = {"index_date": day, "model": model, "version": 3, "teams": teams, "inputs": INPUTS}
    with publish(folder, weekly, facts, do_unlogged, readers) as part:
        for team in weekly.teams:
            people = enumerate(person.reference for person in team.people)
            rows = "".join(f"{one},p{place},{day}\n" for place, one in people)
            target = part / name_references(team.team_code)
            target.write_text(f"reference,patient_id,index_date\n{rows}", encoding="utf-8")
        (part / EVERYONE).parent.mkdir()
        pd.DataFrame({name: ["p0"] for name in EVERYONE_COLUMNS}).to_parquet(part / EVERYONE)
    return folder


def change_manifest(folder: Path, **fields: object) -> None:
    """Replace fields of a manifest; a field given as None goes."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | fields
    kept = {name: value for name, value in manifest.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")


@pytest.mark.parametrize(
    "team",
    [team_list(), empty_team(), changed_people(practice=None, index_date=LIST_DATE, caution='1\u20442 "é\\')],
    ids=["a team", "nobody", "odd values"],
)
def test_a_list_is_read_back_equal_and_written_again_to_the_same_bytes(team: object) -> None:
    weekly = WeeklyList(LIST_DATE, 1, MODEL, 3, (team,))  # type: ignore[arg-type]
    content = dump_list(weekly)
    assert parse_list(content) == weekly
    assert dump_list(parse_list(content)) == content


def _as_format(number: int, content: bytes) -> bytes:
    """The bytes of an earlier version: up to 4 it knew no end of a condition, up to 3 no cohorts and no reserve."""
    given = json.loads(content)
    for team in given["list"]["teams"]:
        for person in (*team["people"], *team["reserve"]):
            for condition in person["conditions"]:
                del condition["ended"]
            if number == 3:
                del person["cohorts"]
        if number == 3:
            del team["reserve"]
    return json.dumps(given | {"format": number}, indent=2, ensure_ascii=False).encode() + b"\n"


def _without_ends(team: TeamList) -> TeamList:
    """A list as it was before conditions had ends."""
    return replace(team, people=_drop_ends(team.people), reserve=_drop_ends(team.reserve))


def _drop_ends(people: tuple[ListedPerson, ...]) -> tuple[ListedPerson, ...]:
    return tuple(replace(one, conditions=tuple(replace(each, ended=None) for each in one.conditions)) for one in people)


def test_a_list_of_format_3_is_read_as_one_without_cohorts_and_reserve() -> None:
    people = tuple(replace(one, cohorts=()) for one in team_list().people)
    teams = (_without_ends(team_list(people=people)), *weekly_list().teams[1:])
    content = _as_format(3, dump_list(weekly_list()))
    assert parse_list(content) == replace(weekly_list(), teams=teams)
    with pytest.raises(PublicationError, match="damaged or of another format"):
        parse_list(content.replace(b'"format": 3', b'"format": 2'))


def test_a_list_of_format_4_is_read_as_one_whose_conditions_have_no_end() -> None:
    with_reserve = add_reserve(team_list())
    now = replace(weekly_list(), teams=(with_reserve, empty_team()))
    earlier = replace(now, teams=(_without_ends(with_reserve), empty_team()))
    content = dump_list(now)
    assert parse_list(content) == now != earlier
    assert parse_list(_as_format(4, content)) == earlier
    with pytest.raises(PublicationError, match="damaged or of another format"):
        parse_list(content.replace(b'"format": %d' % FORMAT, b'"format": 4'))


def _another_format(content: bytes) -> bytes:
    return content.replace(b'"format": %d' % FORMAT, b'"format": %d' % (FORMAT - 1))


def _no_format(content: bytes) -> bytes:
    return content.replace(b'  "format": %d,\n' % FORMAT, b"")


def _an_unknown_key(content: bytes) -> bytes:
    return content.replace(b'"edition": 1', b'"edition": 1, "extra": 0', 1)


def _a_probability_above_one(content: bytes) -> bytes:
    return content.replace(b'"risk": 0.6149', b'"risk": 6.149')


def _a_number_as_text(content: bytes) -> bytes:
    return content.replace(b'"risk": 0.6149', b'"risk": "0.6149"')


def _cut(content: bytes) -> bytes:
    return content[:-20]


@pytest.mark.parametrize(
    "spoil",
    [_another_format, _no_format, _an_unknown_key, _a_probability_above_one, _a_number_as_text, _cut],
)
def test_what_is_not_exactly_a_list_of_this_format_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    content = dump_list(weekly_list())
    assert spoil(content) != content
    with pytest.raises(PublicationError, match="damaged or of another format"):
        parse_list(spoil(content))


def test_a_published_list_gives_back_its_teams_and_the_key_to_its_references(tmp_path: Path) -> None:
    found = open_published(published(tmp_path))
    assert (found.list_date, found.edition, found.model, found.version) == (LIST_DATE, 1, MODEL, 3)
    assert found.read_list() == weekly_list()
    assert found.read_list().team("KIR") == team_list()
    assert found.read_patients("KIR")["KIR-012-Q"] == "p0"
    assert found.read_patients("HUY") == {}
    assert found.team_names == {"KIR": "Kirkby locality hub", "HUY": "Huyton"}
    assert found.digest == hashlib.sha256((found.folder / "manifest.json").read_bytes()).hexdigest()
    found.require_unchanged()


def test_a_list_of_an_earlier_format_is_remembered_and_not_read_as_data(tmp_path: Path) -> None:
    folder = published(tmp_path)
    change_manifest(folder, format=1, edition=None)
    (found,) = find_earlier(tmp_path, MODEL, LIST_DATE + timedelta(weeks=1))
    assert (found.edition, found.read_patients("KIR")["KIR-012-Q"]) == (None, "p0")
    with pytest.raises(PublicationError, match="was published by an earlier version"):
        found.read_list()


def test_every_team_of_a_list_is_of_its_edition() -> None:
    with pytest.raises(PublicationError, match="must be of edition 2"):
        WeeklyList(LIST_DATE, 2, MODEL, 3, (team_list(),))


def test_cases_are_read_of_lists_that_stand_and_of_withdrawn_ones_in_their_order(tmp_path: Path) -> None:
    assert read_case_register(tmp_path).rows.empty
    for place, number in (("withdrawn/2026-11-16-1", 7), ("withdrawn/2026-11-16-10", 9), ("2026-11-09", 6)):
        write_cases(tmp_path / place, f"KIR,{number},p1,2026-11-09,2026-11-16\n")
    (tmp_path / "2026-11-02").mkdir()  # a list of an earlier version opened no cases
    found = read_case_register(tmp_path)
    assert found.rows["number"].tolist() == [7, 9, 6]
    require_same_register(tmp_path, found)
    write_cases(tmp_path / "2026-11-16", "")
    require_same_register(tmp_path, found)
    write_cases(tmp_path / "2026-11-16", "KIR,10,p1,2026-11-16,2026-11-16\n")
    with pytest.raises(PublicationError, match="another list was published while this one was made"):
        require_same_register(tmp_path, found)


@pytest.mark.parametrize("rows", ["KIR,seven,p1,2026-11-09,2026-11-16\n", "KIR,7,p1,soon,2026-11-16\n", "KIR,7\n"])
def test_cases_that_cannot_be_read_stop_the_next_list(tmp_path: Path, rows: str) -> None:
    write_cases(tmp_path / "withdrawn" / "2026-11-16-1", rows)
    with pytest.raises(PublicationError, match="a reference might be given to a second person; restore that folder"):
        read_case_register(tmp_path)


HELD = {
    CASES: "team_code,number,patient_id,opened_on,listed_on\nKIR,7,p1,2026-11-09,2026-11-16\n",
    RESERVE: f"{','.join(RESERVE_COLUMNS)}\nKIR,3,KIR-003-1,c,new\n",
}


@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("name", [CASES, RESERVE])
def test_a_list_whose_cases_or_reserve_are_lost_or_others_stops_the_next_list(
    name: str, lost: bool, withdrawn: bool, tmp_path: Path
) -> None:
    folder = published(tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(HELD[name], encoding="utf-8")
    change_manifest(folder, files={name: compute_digest((folder / name).read_bytes())})
    read_case_register(tmp_path)
    if lost:
        (folder / name).unlink()
    else:
        (folder / name).write_text(HELD[name].replace("KIR", "HUY"), encoding="utf-8")
    if withdrawn:
        withdraw_list(tmp_path, LIST_DATE, "Wrong extract.", do_unlogged)
    with pytest.raises(PublicationError, match="a reference might be given to a second person; restore that folder"):
        read_case_register(tmp_path)


def test_a_list_that_lost_who_was_on_it_is_never_taken_for_none(tmp_path: Path) -> None:
    folder = published(tmp_path)
    (folder / EVERYONE).unlink()
    (found,) = find_earlier(tmp_path, MODEL, LIST_DATE + timedelta(weeks=1))
    for each in (found, find_published(tmp_path, MODEL, LIST_DATE)):
        assert each is not None
        with pytest.raises(PublicationError, match=r"everyone.parquet of the list of 2026-11-16 is missing"):
            each.read_everyone(["patient_id"])


def test_a_list_that_was_put_under_another_date_is_refused(tmp_path: Path) -> None:
    published(tmp_path).rename(tmp_path / "2026-11-09")
    with pytest.raises(PublicationError, match=r"list of 2026-11-09 cannot be read.*is of the list of 2026-11-16"):
        find_earlier(tmp_path, MODEL, LIST_DATE)
    with pytest.raises(PublicationError, match="is of the list of 2026-11-16"):
        find_published(tmp_path, MODEL, date(2026, 11, 9))


def write_cases(folder: Path, rows: str) -> None:
    """The cases of one list, below its folder."""
    (folder / CASES).parent.mkdir(parents=True, exist_ok=True)
    (folder / CASES).write_text(f"team_code,number,patient_id,opened_on,listed_on\n{rows}", encoding="utf-8")


def test_the_references_of_one_team_are_never_read_from_another_teams_folder(tmp_path: Path) -> None:
    folder = published(tmp_path)
    (folder / "huy" / REFERENCES).write_bytes((folder / "kir" / REFERENCES).read_bytes())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    same = manifest["files"]["kir/references.csv"]
    change_manifest(folder, files=manifest["files"] | {"huy/references.csv": same})
    assert open_published(folder).read_patients("HUY") == {}


def test_a_list_of_an_earlier_version_has_one_file_of_references_and_a_team_reads_its_own(tmp_path: Path) -> None:
    folder = published(tmp_path)
    content = b"reference,patient_id,index_date\nKIR-012-Q,p0,2026-11-16\nHUY-1116-01-H,p1,2026-11-16\n"
    (folder / REFERENCES).write_bytes(content)
    change_manifest(folder, files={REFERENCES: hashlib.sha256(content).hexdigest()})
    found = open_published(folder)
    assert found.read_patients("KIR") == {"KIR-012-Q": "p0"}
    assert found.read_patients("HUY") == {"HUY-1116-01-H": "p1"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has rights of folders instead")
@pytest.mark.parametrize(
    ("readers", "shared"), [("owner", (0o700, 0o600)), ("group", (0o750, 0o640))], ids=["owner", "group"]
)
def test_who_may_open_what(tmp_path: Path, readers: Readers, shared: tuple[int, int]) -> None:
    folder = published(tmp_path / "lists", readers=readers)
    modes = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in sorted(tmp_path.rglob("*"))}
    below = f"lists/{folder.name}"
    assert modes == {
        "lists": shared[0],
        below: shared[0],
        f"{below}/huy": shared[0],
        f"{below}/huy/references.csv": shared[1],
        f"{below}/internal": 0o700,
        f"{below}/internal/everyone.parquet": 0o600,
        f"{below}/kir": shared[0],
        f"{below}/kir/references.csv": shared[1],
        f"{below}/list.json": 0o600,
        f"{below}/manifest.json": 0o600,
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has rights of folders instead")
def test_while_it_is_written_and_after_it_is_withdrawn_nobody_else_can_open_a_list(tmp_path: Path) -> None:
    weekly, facts = weekly_list(), {"index_date": LIST_DATE, "model": MODEL, "version": 3, "teams": []}
    with publish(tmp_path / "lists" / "2026-11-16", weekly, facts, do_unlogged, "group") as part:
        assert part.stat().st_mode & 0o777 == 0o700
    target = withdraw_list(tmp_path / "lists", LIST_DATE, "Wrong week", do_unlogged)
    assert target.parent.stat().st_mode & 0o777 == 0o700


def test_a_team_that_is_not_on_the_list_is_refused_by_its_code() -> None:
    with pytest.raises(PublicationError, match="no team XXX; its teams: HUY, KIR"):
        weekly_list().team("XXX")


def test_a_list_of_an_earlier_version_is_remembered_and_not_read_as_data(tmp_path: Path) -> None:
    folder = published(tmp_path)
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    (folder / "list.json").unlink()
    change_manifest(folder, format=None, files={name: one for name, one in files.items() if name != "list.json"})
    found = open_published(folder)
    assert list(found.read_everyone(["patient_id"])["patient_id"]) == ["p0"]
    with pytest.raises(PublicationError, match="published by an earlier version"):
        found.read_list()


def test_a_list_of_a_later_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = published(tmp_path)
    change_manifest(folder, format=FORMAT + 1)
    with pytest.raises(PublicationError, match=f"format {FORMAT + 1}, this one reads up to {FORMAT}.; upgrade"):
        open_published(folder)
    with pytest.raises(PublicationError, match=r"would forget it .*later version"):
        find_earlier(tmp_path, MODEL, date(2026, 11, 23))


@pytest.mark.parametrize("name", ["list.json", "kir/references.csv"])
def test_a_file_changed_after_publication_is_never_read(tmp_path: Path, name: str) -> None:
    found = open_published(published(tmp_path))
    with (found.folder / name).open("ab") as file:
        file.write(b" ")
    reads: dict[str, Callable[[PublishedList], object]] = {
        "list.json": PublishedList.read_list,
        "kir/references.csv": lambda found: found.read_patients("KIR"),
    }
    with pytest.raises(PublicationError, match="changed after publication"):
        reads[name](found)
    with pytest.raises(PublicationError, match=f"{name}.*changed after publication; withdraw it first"):
        require_same(found.folder, INPUTS)


@pytest.mark.parametrize("fields", [{"version": "x"}, {"teams": None}, {"files": 3}, {"index_date": "Monday"}])
def test_a_manifest_that_lacks_what_readers_need_is_refused_once(tmp_path: Path, fields: dict[str, object]) -> None:
    folder = published(tmp_path)
    change_manifest(folder, **fields)
    with pytest.raises(PublicationError, match=r"manifest.json cannot be read"):
        open_published(folder)


def test_a_folder_without_a_manifest_is_no_published_list(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match=r"no manifest.json"):
        open_published(tmp_path)


def test_earlier_lists_are_those_of_the_model_within_a_year_latest_first(tmp_path: Path) -> None:
    days = [date(2025, 11, 10), date(2026, 11, 2), date(2026, 11, 9), LIST_DATE]
    for day in days:
        published(tmp_path, day)
    published(tmp_path, date(2026, 10, 26), model="another")
    (tmp_path / "2026-99-99").mkdir()
    found = find_earlier(tmp_path, MODEL, LIST_DATE)
    assert [one.list_date for one in found] == [date(2026, 11, 9), date(2026, 11, 2)]
    assert find_published(tmp_path, "another", LIST_DATE) is None
    assert find_published(tmp_path, MODEL, date(2026, 11, 23)) is None


def test_a_withdrawn_list_frees_its_date_and_counts_as_an_edition(tmp_path: Path) -> None:
    folder = published(tmp_path)
    require_same(folder, INPUTS)
    with pytest.raises(PublicationError, match="changed since: model; withdraw it first"):
        require_same(folder, INPUTS | {"model": "m2"})
    target = withdraw_list(tmp_path, LIST_DATE, "Wrong extract.", do_unlogged)
    assert not folder.exists()
    assert json.loads((target / "withdrawal.json").read_text(encoding="utf-8"))["reason"] == "Wrong extract."
    assert count_editions(tmp_path, LIST_DATE) == 1


def test_a_withdrawal_cut_short_after_the_move_is_finished(tmp_path: Path) -> None:
    published(tmp_path)
    target = withdraw_list(tmp_path, LIST_DATE, "Wrong extract.", do_unlogged)
    (target / "withdrawal.json").unlink()
    assert find_unfinished_withdrawal(tmp_path, LIST_DATE) == target
    assert withdraw_list(tmp_path, LIST_DATE, "Wrong extract.", do_unlogged) == target
    assert (target / "withdrawal.json").is_file()
    assert find_unfinished_withdrawal(tmp_path, LIST_DATE) is None


def test_a_list_that_fails_while_it_is_written_is_not_there(tmp_path: Path) -> None:
    def fail_halfway() -> None:
        with publish(tmp_path / "2026-11-16", weekly_list(), {}, do_unlogged) as part:
            (part / "kir.csv").write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert list(tmp_path.iterdir()) == []


def test_the_schema_in_the_documentation_is_the_one_that_is_read() -> None:
    written = json.loads((ROOT / "docs" / "list.schema.json").read_text(encoding="utf-8"))
    assert written == describe_format()
