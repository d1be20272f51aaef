"""The audit log is only ever added to, and any change to it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError, StorageError
from riskstrat.storage import format_canonical_json

VALID = "9990000018"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose log has five lines."""
    for number in range(1, 6):
        audit.append(tmp_path, "pages", {"pages": number}, user="ann")
    return tmp_path


def log_of(folder: Path) -> Path:
    return folder / "audit" / "log.jsonl"


def rewritten(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> audit.Verified:
    """What a proof says after the lines of the log were changed, the head left as it was."""
    log = log_of(folder)
    log.write_bytes(b"".join(change(log.read_bytes().splitlines(keepends=True))))
    return audit.verify(folder)


def forged_head(folder: Path) -> None:
    """Make the head agree with whatever stands, as somebody would who knows how it is made."""
    raw = log_of(folder).read_bytes()
    lines = raw.splitlines()
    last = json.loads(lines[-1])["hash"]
    (folder / "audit" / "head.json").write_bytes(
        format_canonical_json({"count": len(lines), "hash": last, "size": len(raw)})
    )


def test_a_log_that_was_only_added_to_is_whole(folder: Path) -> None:
    found = audit.verify(folder)
    assert (found.lines, found.whole) == (5, True)
    assert found.head == audit.read(folder)[-1].hash


def test_a_folder_without_a_log_is_whole_and_empty(tmp_path: Path) -> None:
    assert audit.verify(tmp_path) == audit.Verified(0, "0" * 64)


def test_each_line_says_when_who_what_and_what_stood_before(folder: Path) -> None:
    first, second = audit.read(folder)[:2]
    assert (first.number, first.user, first.action, first.details) == (1, "ann", "pages", {"pages": 1})
    assert len(first.at) == len("2026-11-16T08:30:00Z")
    assert first.at.endswith("Z")
    assert second.previous == first.hash


@pytest.mark.parametrize("number", [1, 3, 5])
def test_an_edit_is_found_at_its_line(folder: Path, number: int) -> None:
    def edit(lines: list[bytes]) -> list[bytes]:
        lines[number - 1] = lines[number - 1].replace(b'"ann"', b'"bob"')
        return lines

    assert rewritten(folder, edit).problems[0].startswith(f"line {number} was changed")


def test_an_edit_of_nothing_but_a_space_is_found(folder: Path) -> None:
    found = rewritten(folder, lambda lines: [lines[0].replace(b":", b": ", 1), *lines[1:]])
    assert found.problems[0].startswith("line 1 was changed")


def test_an_edit_with_its_hash_made_anew_is_found_at_the_next_line(folder: Path) -> None:
    def edit(lines: list[bytes]) -> list[bytes]:
        line = audit.read(folder)[1]
        forged = audit.Line(line.number, line.at, "bob", line.action, line.details, line.previous)
        return [lines[0], forged.written(), *lines[2:]]

    assert rewritten(folder, edit).problems[0].startswith("line 3 does not follow line 2")


def test_a_cut_in_the_middle_is_found(folder: Path) -> None:
    found = rewritten(folder, lambda lines: [*lines[:2], *lines[3:]])
    assert found.problems[0].startswith("line 3 calls itself 4")


def test_a_cut_at_the_end_is_found_by_the_head(folder: Path) -> None:
    found = rewritten(folder, lambda lines: lines[:3])
    assert found.problems[0].startswith("line 4 is missing: the head counts 5")


def test_a_log_that_is_gone_is_found_by_the_head(folder: Path) -> None:
    log_of(folder).unlink()
    assert audit.verify(folder).problems[0].startswith("line 1 is missing")


def test_an_insertion_is_found(folder: Path) -> None:
    found = rewritten(folder, lambda lines: [*lines[:2], lines[1], *lines[2:]])
    assert found.problems[0].startswith("line 3 calls itself 2")


def test_an_insertion_at_the_end_is_found(folder: Path) -> None:
    last = audit.read(folder)[-1]
    extra = audit.Line(6, last.at, "bob", "pages", {}, last.hash)
    assert rewritten(folder, lambda lines: [*lines, extra.written()]).problems[0].startswith("line 6 is not counted")


def test_a_reordering_is_found(folder: Path) -> None:
    found = rewritten(folder, lambda lines: [lines[0], lines[2], lines[1], *lines[3:]])
    assert found.problems[0].startswith("line 2 calls itself 3")


def test_a_lost_head_and_one_that_cannot_be_read_are_found(folder: Path) -> None:
    head = folder / "audit" / "head.json"
    head.write_text("{", encoding="utf-8")
    assert "cannot be read" in audit.verify(folder).problems[0]
    head.unlink()
    assert "is lost" in audit.verify(folder).problems[0]


def test_a_log_written_anew_with_its_head_shows_against_an_earlier_proof(folder: Path) -> None:
    kept = audit.verify(folder)
    log_of(folder).unlink()
    (folder / "audit" / "head.json").unlink()
    for _ in range(6):
        audit.append(folder, "pages", {}, user="bob")
    assert audit.verify(folder).whole
    assert "not the one of the earlier proof" in audit.verify(folder, remembered=(5, kept.head)).problems[0]


def test_an_earlier_proof_still_holds_after_more_lines(folder: Path) -> None:
    kept = audit.verify(folder)
    audit.append(folder, "pages", {}, user="ann")
    assert audit.verify(folder, remembered=(kept.lines, kept.head)).whole


@pytest.mark.parametrize(
    "details",
    [
        {"who": VALID},
        {"who": int(VALID)},
        {"who": "999 000 0018"},
        {"why": "about 999-000-0018 again"},
        {"why": "about 999\u00a0000\u00a00018 again"},
        {"file": f"{VALID}_named.xlsx"},
        {"rows": [{"a": f"x{VALID}"}]},
        {VALID: 1},
    ],
)
def test_an_nhs_number_is_refused_wherever_it_stands_and_never_repeated(tmp_path: Path, details: dict) -> None:
    with pytest.raises(AuditError, match="hold an NHS number") as refused:
        audit.append(tmp_path, "named", details, user="ann")
    assert VALID not in str(refused.value).replace(" ", "").replace("-", "")
    assert audit.read(tmp_path) == []


@pytest.mark.parametrize("said", ["2026-11-16", "9990000019", "a" * 20 + VALID + "f" * 34, "HAL-1116-01-G"])
def test_dates_references_digests_and_other_numbers_are_taken(tmp_path: Path, said: str) -> None:
    assert audit.append(tmp_path, "named", {"said": said}, user="ann").details == {"said": said}


def test_an_unknown_action_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="list published, list withdrawn"):
        audit.append(tmp_path, "read", {})


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="text, numbers"):
        audit.append(tmp_path, "pages", {"path": Path()})


@pytest.mark.parametrize("length", [1, 65_300, 65_536, 70_000, 600_000, 4_500_000])
def test_a_line_may_be_of_any_length(folder: Path, length: int) -> None:
    """That of a deletion names every file that goes."""
    audit.append(folder, "deleted", {"gone": "x" * length}, user="ann")
    assert audit.append(folder, "pages", {"pages": 7}, user="ann").number == 7
    assert audit.verify(folder).whole
    forged_head(folder)
    log_of(folder).write_bytes(log_of(folder).read_bytes().replace(b'"pages":7', b'"pages":8'))
    with pytest.raises(AuditError, match="is not as its head says"):
        audit.append(folder, "pages", {"pages": 8}, user="ann")


def test_nothing_is_added_to_a_log_that_was_cut(folder: Path) -> None:
    rewritten(folder, lambda lines: lines[:3])
    before = log_of(folder).read_bytes()
    with pytest.raises(AuditError, match="riskstrat audit verify"):
        audit.append(folder, "pages", {})
    assert log_of(folder).read_bytes() == before


def test_nothing_is_added_when_the_head_is_lost(folder: Path) -> None:
    (folder / "audit" / "head.json").unlink()
    before = log_of(folder).read_bytes()
    with pytest.raises(AuditError, match=r"head\.json is lost"):
        audit.append(folder, "pages", {})
    assert log_of(folder).read_bytes() == before


def test_a_run_killed_between_line_and_head_is_completed_by_the_next(folder: Path) -> None:
    head = folder / "audit" / "head.json"
    before = head.read_bytes()
    audit.append(folder, "pages", {"pages": 6}, user="ann")
    head.write_bytes(before)
    assert not audit.verify(folder).whole
    audit.append(folder, "pages", {"pages": 7}, user="ann")
    assert audit.verify(folder).whole
    assert [line.details["pages"] for line in audit.read(folder)] == [1, 2, 3, 4, 5, 6, 7]


def test_half_a_line_of_a_killed_run_is_found_and_then_cut_off(folder: Path) -> None:
    with log_of(folder).open("ab") as log:
        log.write(b'{"action":"pag')
    assert "has no end" in audit.verify(folder).problems[0]
    audit.append(folder, "pages", {"pages": 6}, user="ann")
    assert audit.verify(folder).whole
    assert len(audit.read(folder)) == 6


def test_many_writers_at_once_lose_no_line(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from riskstrat import audit\n"
        "for n in range(20): audit.append(Path(sys.argv[1]), 'pages', {'n': n}, user=sys.argv[2])"
    )
    runs = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abc"]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert audit.verify(tmp_path).whole
    assert sorted(line.user for line in audit.read(tmp_path)) == sorted("abc" * 20)


@pytest.mark.skipif(os.name != "posix", reason="rights of folders as POSIX has them")
def test_a_log_that_cannot_be_written_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        audit.append(folder, "pages", {})


def test_the_user_is_the_systems_and_not_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "USERNAME", "LNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert audit.append(tmp_path, "pages", {}).user not in ("somebody-else", "")
