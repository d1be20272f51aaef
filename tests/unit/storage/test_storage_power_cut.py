"""A power cut: what has its name was on the disk before it got it, and the name is on the disk when a write returns."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from riskstrat import audit
from riskstrat.casefinding import CaseRegister
from riskstrat.definitions.worklist_settings import WorklistSettings
from riskstrat.publication import WeeklyList
from riskstrat.storage import move_folder, write_atomically, write_bytes, write_folder_atomically
from riskstrat.verbs import weekly

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows syncs no folder")

Events = list[tuple[str, object]]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    """Everything synced, by its number in the file system, and everything renamed, by number and new name, in order."""
    found: Events = []
    sync, replace = os.fsync, os.replace

    def record_sync(handle: int) -> None:
        found.append(("sync", os.fstat(handle).st_ino))
        sync(handle)

    def record_rename(source: Any, target: Any) -> None:
        found.append(("rename", (os.stat(source).st_ino, str(target))))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_sync)
    monkeypatch.setattr(os, "replace", record_rename)
    return found


def synced(path: Path) -> tuple[str, object]:
    return ("sync", path.stat().st_ino)


def renamed_to(path: Path) -> tuple[str, object]:
    return ("rename", (path.stat().st_ino, str(path)))


@pytest.mark.parametrize("stood", [True, False])
def test_a_file_is_synced_then_named_then_its_folder_is_synced(stood: bool, events: Events, tmp_path: Path) -> None:
    target = tmp_path / "target"
    if stood:
        target.write_bytes(b"old")
    with write_atomically(target) as incoming:
        incoming.write_bytes(b"new")
    assert events == [synced(target), renamed_to(target), synced(tmp_path)]


@pytest.mark.parametrize("stood", [True, False])
def test_every_file_and_folder_within_is_synced_before_the_whole_is_named(
    stood: bool, events: Events, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    if stood:
        target.mkdir()
        (target / "old.txt").write_bytes(b"old")
    with write_folder_atomically(target, replace=True) as incoming:
        (incoming / "tables" / "deeper").mkdir(parents=True)
        (incoming / "first").write_bytes(b"1")
        (incoming / "tables" / "deeper" / "second").write_bytes(b"2")
    named = events.index(renamed_to(target))
    within = [target, *target.rglob("*")]
    assert len(within) == 5
    assert all(synced(path) in events[:named] for path in within)
    for folder in (path for path in within if path.is_dir()):
        assert all(events.index(synced(path)) < events.index(synced(folder)) for path in folder.iterdir())
    assert events[named + 1] == synced(tmp_path)


def test_folders_that_are_made_on_the_way_are_on_the_disk_too(events: Events, tmp_path: Path) -> None:
    target = tmp_path / "lists" / "2026" / "target"
    write_bytes(b"new", target, parents=True)
    assert events[:2] == [synced(tmp_path), synced(tmp_path / "lists")]
    assert events[-1] == synced(target.parent)


def test_a_moved_folder_is_on_the_disk_in_both_places(events: Events, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "from").mkdir()
    move_folder(tmp_path / "from", tmp_path / "there" / "to")
    assert events == [renamed_to(tmp_path / "there" / "to"), synced(tmp_path / "there"), synced(tmp_path)]


def test_a_published_list_is_on_the_disk_between_its_two_lines_in_the_log(
    events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = SimpleNamespace(
        root=tmp_path,
        settings=SimpleNamespace(
            lists=SimpleNamespace(folder="lists", readers="owner"),
            data=SimpleNamespace(store="data"),
            worklist=WorklistSettings(),
        ),
    )
    listed = SimpleNamespace(
        opened=SimpleNamespace(workspace=workspace, store=SimpleNamespace(data_as_at=date(2026, 11, 16))),
        list_date=date(2026, 11, 16),
        register=CaseRegister(),
        steps=SimpleNamespace(done=lambda step: None),
    )
    stand_ins: dict[str, Callable[..., Any]] = {
        "find": lambda root: root,
        "load": lambda root: workspace,
        "open_data": lambda given: listed.opened,
        "make_lists": lambda *given: listed,
        "compute_inputs": lambda *given: {},
        "build_weekly_list": lambda *given: WeeklyList(listed.list_date, 1, "m", 1, ()),
        "describe_publication": lambda *given: {},
        "write_documents": lambda listed, folder, *given: write_bytes(b"<html>", folder / "kir.html"),
        "_report": lambda listed, folder, what: what,
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(weekly, name, stand_in)
    assert weekly.weekly(tmp_path, "latest") == "published"
    folder = tmp_path / "lists" / "2026-11-16"
    named = events.index(renamed_to(folder))
    assert all(synced(path) in events[:named] for path in (folder, *folder.iterdir()))
    begun, done = (place for place, event in enumerate(events) if event == synced(tmp_path / "audit" / "log.jsonl"))
    assert begun < named
    assert synced(folder.parent) in events[named:done]
    assert [line.action for line in audit.read(tmp_path)] == ["begun", "list published"]
