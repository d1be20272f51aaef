"""`weekly` where a lot leaves people off: what was approved is said, and the same draw leaves off the same."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]
Tree = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def drawn(
    verb: Verb, demo_workspace: Path, copy: Callable, monday: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Done]:
    """The folder of a list of which a lot left people off, in a workspace of its own, and what was said of it."""
    workspace = copy(demo_workspace, tmp_path_factory.mktemp("drawn") / "workspace")
    day = str(date.fromisoformat(monday) - timedelta(weeks=1))
    lot = (
        f"\n[lists.hold_out]\nshare = 0.25\nwithin = 1.0\nnever_above = 0.95\nbegins = {day}\nends = {day}\n"
        'approval = "REC 26/NW/0001"\nethics = "One in four newcomers near the line is left off by lot, to learn '
        'what happens without a list; a committee agreed; teams may put anybody forward; ask the guardian."\n'
    )
    with (workspace / "riskstrat.toml").open("a", encoding="utf-8") as settings:
        settings.write(lot)
    done = verb("weekly", "-w", workspace, "--index-date", day)
    assert done.returncode == 0, done.stderr
    return workspace / "lists" / day, done


def test_a_lot_that_was_approved_stands_in_list_manifest_log_and_answers(verb: Verb, drawn: tuple[Path, Done]) -> None:
    folder, done = drawn
    workspace, day = folder.parents[1], folder.name
    terms = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["hold_out"]
    everyone = pq.read_table(folder / "internal/everyone.parquet").to_pandas()
    off = everyone[everyone["reason"] == "left off by lot, for research"]
    codes = {team["team"]: team["code"] for team in json.loads((folder / "manifest.json").read_text())["teams"]}
    assert 0 < len(off) < 24
    assert terms["left_off"] == dict.fromkeys(codes.values(), 0) | dict(Counter(off["team"].map(codes)))
    assert f"left off by lot, near the line: {len(off)} (approval REC 26/NW/0001)" in done.stdout
    logged = json.loads((workspace / "audit/log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert logged["details"]["hold_out"] == terms
    first = off.iloc[0]
    page = (folder / codes[first["team"]].lower() / f"{codes[first['team']].lower()}.html").read_text("utf-8")
    assert "What was approved: One in four newcomers near the line is left off by lot" in page
    why = verb("why", first["patient_id"], "-w", workspace, "--index-date", day)
    assert "left off by lot, for research; whoever a team puts forward has a place before others" in why.stdout


@pytest.mark.exhaustive
def test_a_second_run_changes_nothing(verb: Verb, drawn: tuple[Path, Done], tree: Tree) -> None:
    """Of a list of which a lot left people off: the same draw leaves off the same."""
    folder = drawn[0]
    workspace, lists = folder.parents[1], folder.parent
    before, times = tree(workspace), modified(lists)
    done = verb("weekly", "-w", workspace, "--index-date", folder.name, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "already published from the same inputs; nothing changed"
    assert tree(workspace) == before
    assert modified(lists) == times


def modified(folder: Path) -> dict[str, int]:
    return {path.as_posix(): path.stat().st_mtime_ns for path in [folder, *sorted(folder.rglob("*"))]}
