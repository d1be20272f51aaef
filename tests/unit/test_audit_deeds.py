"""A deed stands in the log before and after it is done, once, whenever its run was killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.audit import Deed, log_deed
from riskstrat.errors import AuditError
from riskstrat.storage import compute_digest

ONE, TWO = b"one", b"two"


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it."""


def deed_of(*names: str, content: bytes = ONE) -> Deed:
    return Deed("pages", {"of": list(names)}, [[name, compute_digest(content)] for name in names])


def do(root: Path, names: tuple[str, ...], upto: int | None = None, content: bytes = ONE) -> None:
    """Do a deed that writes files; killed after so many of them, and before its second line."""
    try:
        with log_deed(root, deed_of(*names, content=content), "ann"):
            for name in names[:upto]:
                (root / name).write_bytes(content)
            if upto is not None:
                raise KilledError
    except KilledError:
        # What the block logs as it ends is what a killed run could not have logged.
        _drop_lines_after_begun(root)


def _drop_lines_after_begun(root: Path) -> None:
    lines = audit.read(root)
    kept = lines[: max(line.number for line in lines if line.action == "begun")]
    shutil.rmtree(root / "audit")
    for line in kept:
        audit.append(root, line.action, line.details, line.user)


def actions(root: Path) -> list[str]:
    return [line.action for line in audit.read(root)]


def test_a_deed_has_a_line_before_it_and_one_after_that_names_it(tmp_path: Path) -> None:
    with log_deed(tmp_path, deed_of("a.csv"), "ann"):
        (tmp_path / "a.csv").write_bytes(ONE)
        assert actions(tmp_path) == ["begun"]
    begun, done = audit.read(tmp_path)
    assert (begun.details["deed"], done.action, done.details["begun"]) == ("pages", "pages", 1)
    assert done.details["leaves"] == [["a.csv", compute_digest(ONE)]]
    assert audit.verify(tmp_path).whole


def test_a_deed_that_fails_is_logged_as_not_done(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), log_deed(tmp_path, deed_of("a.csv")):
        raise ZeroDivisionError
    assert actions(tmp_path) == ["begun", "not done"]
    assert audit.verify(tmp_path).whole


@pytest.mark.parametrize("upto", [0, 1, 2])
def test_the_same_deed_again_after_a_kill_is_logged_once(tmp_path: Path, upto: int) -> None:
    do(tmp_path, ("a.csv", "b.csv"), upto)
    assert "the run was killed" in audit.verify(tmp_path).problems[0]
    do(tmp_path, ("a.csv", "b.csv"))
    assert actions(tmp_path) == ["begun", "pages"]
    assert audit.verify(tmp_path).whole


@pytest.mark.parametrize(("upto", "settled"), [(0, ["not done"]), (1, []), (2, ["pages"])])
def test_whoever_comes_next_settles_what_is_not_half_done(tmp_path: Path, upto: int, settled: list[str]) -> None:
    do(tmp_path, ("a.csv", "b.csv"), upto)
    audit.require_ready(tmp_path)
    assert actions(tmp_path) == ["begun", *settled]
    do(tmp_path, ("c.csv",))
    assert actions(tmp_path) == ["begun", *settled, "begun", "pages"]
    assert audit.verify(tmp_path).whole == bool(settled)


def test_a_deed_that_writes_over_one_half_done_settles_it(tmp_path: Path) -> None:
    do(tmp_path, ("a.csv", "b.csv"), 1)
    do(tmp_path, ("a.csv", "c.csv"), content=TWO)
    assert actions(tmp_path) == ["begun", "pages", "begun", "pages"]
    assert audit.verify(tmp_path).whole


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_deed_begins_on_a_log_of_which_any_line_was_changed(tmp_path: Path, number: int) -> None:
    for _ in range(3):
        audit.append(tmp_path, "pages", {}, "ann")
    log = tmp_path / "audit" / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    lines[number] = lines[number].replace(b'"ann"', b'"bob"')
    log.write_bytes(b"".join(lines))
    with pytest.raises(AuditError, match="run riskstrat audit verify"):
        audit.require_ready(tmp_path)
    with pytest.raises(AuditError, match="run riskstrat audit verify"):
        do(tmp_path, ("a.csv",))
    assert not (tmp_path / "a.csv").exists()
    assert log.read_bytes() == b"".join(lines)


def test_a_settled_line_names_who_began_it(tmp_path: Path) -> None:
    do(tmp_path, ("a.csv",), 1)
    audit.require_ready(tmp_path)
    assert [line.user for line in audit.read(tmp_path)] == ["ann", "ann"]


def test_a_clock_set_back_is_named_and_the_log_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in ("2026-11-16T08:30:00Z", "2024-01-05T08:30:00Z", "2024-01-04T08:30:00Z", "2026-11-17T08:30:00Z"):
        monkeypatch.setattr("riskstrat.audit.log.now", lambda at=at: at)
        audit.append(tmp_path, "pages", {})
    found = audit.verify(tmp_path)
    assert found.whole
    assert len(found.notes) == 1
    assert "line 2 is of 2024-01-05T08:30:00Z, earlier than line 1" in found.notes[0]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]",
        b"{}",
        b'{"count": "5", "hash": "x", "size": 1}',
        b'{"count": -1, "hash": "x", "size": -1}',
        b'{"count": true, "hash": "x", "size": 0}',
        b'{"count": 1.5, "hash": "x", "size": 2}',
        b'{"count": 1, "hash": [], "size": {}}',
        b'{"count": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"count": 99999999999999999999, "hash": "x", "size": 99999999999999999999}',
    ],
)
def test_a_damaged_head_is_one_line_for_whoever_adds_and_whoever_proves(tmp_path: Path, head: bytes) -> None:
    audit.append(tmp_path, "pages", {})
    (tmp_path / "audit" / "head.json").write_bytes(head)
    with pytest.raises(AuditError, match="run riskstrat audit verify"):
        audit.append(tmp_path, "pages", {})
    assert not audit.verify(tmp_path).whole


@pytest.mark.skipif(os.name == "nt", reason="rights of folders as POSIX has them")
def test_a_log_that_may_only_be_read_is_proved_all_the_same(tmp_path: Path, made_read_only: Callable) -> None:
    audit.append(tmp_path, "pages", {})
    made_read_only(tmp_path / "audit")
    assert audit.verify(tmp_path).whole


@pytest.fixture
def made_read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """A folder in which nothing may be made, also for the superuser, whom the system refuses nothing."""

    def make(folder: Path) -> None:
        allowed = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode: not (Path(path) == folder and mode & os.W_OK) and allowed(path, mode)
        )
        (folder / "log.lock").unlink()
        folder.chmod(0o500)

    return make
