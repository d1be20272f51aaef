"""A run that is killed or interrupted: what stood before stands whole, and the next run works and tidies up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from riskstrat import audit
from tests.suite.forked import run_forked, signal_at
from tests.suite.quick import take_one_learner
from tests.suite.stores import find_version

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

MODEL = "emergency_admission_12m"

MORE = pytest.mark.exhaustive
"""Of a moment that leaves the same lying about as another does, or that a deed is killed at below."""

INGEST = {
    "while the new version is filled": r"os.mkdir \S+/data/versions/new.incoming-\d+/tables",
    "before its manifest is written": r"open \S+/data/versions/new.incoming-\d+/manifest.json",
    "before it has its name": r"os.rename \S+/new.incoming-\d+ \S+/data/versions/[0-9a-f]{32}",
    "before it is the one that is read": r"os.rename \S+/current.json.incoming-\d+ \S+/current.json$",
    "when it is the one that is read": r"open \S+/data/codes.html",
}
WEEKLY = {
    "half-way": r"open \S+/pwc/pwc.xlsx",
    "before the manifest": r"open \S+/manifest.json",
    "before it is put in place": r"os.rename \S+ \S+/lists/\d{4}-\d\d-\d\d$",
}

MOVED = r"os.rename \S+ \S+/withdrawn/"
"""The moment before a list that is withdrawn leaves its place."""


def choose_moments(moments: dict[str, str], *exhaustive: str) -> list[object]:
    """Parameters of the moments, some of them for `make test-all` alone."""
    assert moments.keys() > set(exhaustive)
    return [pytest.param(m, id=name, marks=[MORE] if name in exhaustive else []) for name, m in moments.items()]


def run_killed(moment: str, *given: object) -> None:
    """Run a verb that is killed at a moment; fails if that moment never came."""
    done = run_forked(*given, before=partial(signal_at, moment, signal.SIGKILL))
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture(scope="module")
def other_source(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other") / "borough"
    assert verb("simulate", "--people", 300, "--seed", 3, "--out", folder).returncode == 0
    return folder


@pytest.mark.parametrize("moment", choose_moments(INGEST, "before its manifest is written", "before it has its name"))
def test_ingest_killed_leaves_a_whole_store_and_the_next_one_tidies_up(
    moment: str, verb: Verb, workspace: Path, other_source: Path, tree: Tree
) -> None:
    old = find_version(workspace / "data")
    files = tree(old)
    run_killed(moment, "ingest", other_source, "-w", workspace)
    assert verb("features", "--sql", "-w", workspace).returncode == 0
    assert (find_version(workspace / "data") == old) == ("codes.html" not in moment)
    assert verb("ingest", other_source, "-w", workspace).returncode == 0
    new = find_version(workspace / "data")
    assert new != old
    assert tree(old) == files
    assert {path.name for path in new.parent.iterdir() if path.is_dir()} == {old.name, new.name}


@pytest.mark.parametrize("moment", choose_moments(WEEKLY, "half-way", "before it is put in place"))
def test_weekly_killed_publishes_nothing_and_the_next_one_publishes_the_same(
    moment: str, verb: Verb, workspace: Path, monday: str, tree: Tree
) -> None:
    whole = tree(workspace / "lists")
    shutil.rmtree(workspace / "lists" / monday)
    run_killed(moment, "weekly", "-w", workspace, "--index-date", monday)
    assert not (workspace / "lists" / monday).exists()
    assert verb("weekly", "-w", workspace, "--index-date", monday).returncode == 0
    assert tree(workspace / "lists") == whole


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.exhaustive
def test_train_killed_while_it_registers_leaves_the_versions_there_were(
    verb: Verb, workspace: Path, quick_recipe: Callable
) -> None:
    quick_recipe(workspace)
    take_one_learner(workspace)
    before = verb("models", "-w", workspace, "--json").stdout
    run_killed(r"open \S+/registry/artifacts/\S+/booster.txt", "train", MODEL, "-w", workspace)
    assert verb("models", "-w", workspace, "--json").stdout == before
    assert "version 2" in verb("train", MODEL, "-w", workspace).stdout


@pytest.mark.exhaustive
def test_withdraw_killed_leaves_the_list_published_and_can_be_run_again(
    verb: Verb, workspace: Path, monday: str, tree: Tree
) -> None:
    published = tree(workspace / "lists" / monday)
    run_killed(MOVED, "withdraw", monday, "--reason", "The wrong week.", "-w", workspace)
    assert tree(workspace / "lists" / monday) == published
    assert verb("weekly", "-w", workspace, "--index-date", monday).returncode == 0
    assert verb("withdraw", monday, "--reason", "The wrong week.", "-w", workspace).returncode == 0
    assert not (workspace / "lists" / monday).exists()


@pytest.mark.parametrize("name", ["weekly", "ingest"])
def test_interrupted_from_the_keyboard_it_says_so_and_leaves_no_trace(
    name: str, refused: Callable, workspace: Path, demo_workspace: Path, monday: str, tree: Tree
) -> None:
    shutil.rmtree(workspace / "lists" / monday)
    before = tree(workspace)
    given = ["--index-date", monday] if name == "weekly" else [demo_workspace / "demo" / "borough"]
    done = run_forked(name, *given, "-w", workspace, before=partial(signal_at, INTERRUPTED_AT[name], signal.SIGINT))
    assert refused(done, 130) == "interrupted; what was not finished was not written"
    assert tree(workspace) == before


INTERRUPTED_AT = {"weekly": WEEKLY["half-way"], "ingest": INGEST["before its manifest is written"]}

WITHDRAW = ("withdraw", "MONDAY", "--reason", "It was the wrong week.")
PROMOTE = ("promote", MODEL, "1", "--override", "--by", "A. Analyst", "--reason", "The gates were judged by hand.")
DEEDS = {
    "withdraw before the list is moved": (WITHDRAW, MOVED, "list withdrawn"),
    "withdraw before its note": (WITHDRAW, r"open \S+/withdrawal.json", "list withdrawn"),
    "withdraw before the first line is counted": (WITHDRAW, r"os.rename \S+ \S+/audit/head.json", "list withdrawn"),
    "promote before the champion is named": (PROMOTE, r"open \S+/champion.json", "promoted"),
    "promote before its papers": (PROMOTE, r"os.mkdir \S+/cards/", "promoted"),
    "weekly before the list has its name": (
        ("weekly", "--index-date", "MONDAY"),
        r"os.rename \S+ \S+/lists/\d{4}-\d\d-\d\d$",
        "list published",
    ),
}


@pytest.mark.parametrize(
    ("given", "moment", "deed"),
    [pytest.param(*deed, id=name, marks=[MORE] if name.startswith("weekly") else []) for name, deed in DEEDS.items()],
)
def test_a_deed_whose_run_was_killed_is_logged_once_by_the_next(
    given: tuple[str, ...], moment: str, deed: str, verb: Verb, workspace: Path, monday: str, tree: Tree
) -> None:
    given = tuple(monday if each == "MONDAY" else each for each in given)
    if given[0] == "weekly":
        assert verb("withdraw", monday, "--reason", "To be made once more.", "-w", workspace).returncode == 0
    if given[0] == "promote":
        (workspace / "registry" / "artifacts" / MODEL / "champion.json").unlink()
        shutil.rmtree(workspace / "registry" / "cards")
    before, published = audit.read(workspace), tree(workspace / "lists" / monday)
    run_killed(moment, *given, "-w", workspace)
    if moment == MOVED:
        assert tree(workspace / "lists" / monday) == published
    assert verb("audit", "verify", "-w", workspace).returncode == 13
    assert verb(*given, "-w", workspace).returncode == 0
    after = [line.action for line in audit.read(workspace)[len(before) :]]
    assert after.count(deed) == 1
    proved = verb("audit", "verify", "-w", workspace)
    assert proved.returncode == 0, proved.stderr
    assert verb(*given, "-w", workspace).returncode == 0, "and a third time changes nothing"
    assert [line.action for line in audit.read(workspace)[len(before) :]] == after
