"""A published list as data: what is written is read back equal, and nothing else is ever read as it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.errors import PublicationError
from riskstrat.publication import (
    EVERYONE,
    EVERYONE_COLUMNS,
    FORMAT,
    REFERENCES,
    PublishedList,
    WeeklyList,
    compute_manifest_digests,
    count_editions,
    describe_format,
    dump_list,
    find_earlier,
    find_published,
    find_unfinished_withdrawal,
    open_published,
    parse_list,
    publish,
    require_same,
    withdraw_list,
)
from tests.browser.listed_team import LIST_DATE, changed_people, empty_team, team_list

ROOT = Path(__file__).resolve().parents[2]
MODEL = "emergency_admission_12m"
INPUTS = {"data": "d1", "model": "m1"}


def weekly_list(day: date = LIST_DATE) -> WeeklyList:
    return WeeklyList(day, 1, MODEL, 3, (team_list(), replace(empty_team(), team="Huyton", team_code="HUY")))


def published(lists: Path, day: date = LIST_DATE, model: str = MODEL) -> Path:
    """A list of two teams, published below a folder of lists; gives its folder."""
    folder = lists / day.isoformat()
    weekly = weekly_list(day)
    teams = [{"code": team.team_code, "team": team.team} for team in weekly.teams]
    facts = {"index_date": day, "model": model, "version": 3, "teams": teams, "inputs": INPUTS}
    with publish(folder, weekly, facts) as part:
        people = [person.reference for team in weekly.teams for person in team.people]
        rows = "".join(f"{one},p{place},{day}\n" for place, one in enumerate(people))
        (part / REFERENCES).write_text(f"reference,patient_id,index_date\n{rows}", encoding="utf-8")
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
    weekly = WeeklyList(LIST_DATE, 2, MODEL, 3, (team,))  # type: ignore[arg-type]
    content = dump_list(weekly)
    assert parse_list(content) == weekly
    assert dump_list(parse_list(content)) == content


def _another_format(content: bytes) -> bytes:
    return content.replace(b'"format": 1', b'"format": 2')


def _no_format(content: bytes) -> bytes:
    return content.replace(b'  "format": 1,\n', b"")


def _an_unknown_key(content: bytes) -> bytes:
    return content.replace(b'"edition": 1', b'"edition": 1, "extra": 0')


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
    assert (found.list_date, found.model, found.version) == (LIST_DATE, MODEL, 3)
    assert found.read_list() == weekly_list()
    assert found.read_list().team("KIR") == team_list()
    assert found.read_patients()["KIR-1116-01-H"] == "p0"
    assert found.team_names == {"KIR": "Kirkby locality hub", "HUY": "Huyton"}
    assert found.digest == hashlib.sha256((found.folder / "manifest.json").read_bytes()).hexdigest()
    found.require_unchanged()


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


@pytest.mark.parametrize("name", ["list.json", REFERENCES])
def test_a_file_changed_after_publication_is_never_read(tmp_path: Path, name: str) -> None:
    found = open_published(published(tmp_path))
    with (found.folder / name).open("ab") as file:
        file.write(b" ")
    reads: dict[str, Callable[[PublishedList], object]] = {
        "list.json": PublishedList.read_list,
        REFERENCES: PublishedList.read_patients,
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
    target = withdraw_list(tmp_path, LIST_DATE, "Wrong extract.")
    assert not folder.exists()
    assert json.loads((target / "withdrawal.json").read_text(encoding="utf-8"))["reason"] == "Wrong extract."
    assert count_editions(tmp_path, LIST_DATE) == 1
    assert compute_manifest_digests(tmp_path) == {}


def test_a_withdrawal_cut_short_after_the_move_is_finished(tmp_path: Path) -> None:
    published(tmp_path)
    target = withdraw_list(tmp_path, LIST_DATE, "Wrong extract.")
    (target / "withdrawal.json").unlink()
    assert find_unfinished_withdrawal(tmp_path, LIST_DATE) == target
    assert withdraw_list(tmp_path, LIST_DATE, "Wrong extract.") == target
    assert (target / "withdrawal.json").is_file()
    assert find_unfinished_withdrawal(tmp_path, LIST_DATE) is None


def test_a_list_that_fails_while_it_is_written_is_not_there(tmp_path: Path) -> None:
    def fail_halfway() -> None:
        with publish(tmp_path / "2026-11-16", weekly_list(), {}) as part:
            (part / "kir.csv").write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert list(tmp_path.iterdir()) == []


def test_the_schema_in_the_documentation_is_the_one_that_is_read() -> None:
    written = json.loads((ROOT / "docs" / "list.schema.json").read_text(encoding="utf-8"))
    assert written == describe_format()
