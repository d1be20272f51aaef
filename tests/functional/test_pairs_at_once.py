"""Any two verbs at once: each is done or refused as busy, and what stands is what one after the other would leave."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from riskstrat import audit
from tests.functional.test_random_kills import NOT_COMPARED
from tests.suite.forked import run_forked
from tests.suite.quick import MODEL
from tests.suite.small_site import DAY_AFTER, MONDAY, OVERRIDE, make_small_site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows forks no process")

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

BUSY = 15
WRITERS: dict[str, tuple[str | int, ...]] = {
    "ingest": ("ingest", "{folder}/other"),
    "ingest --add": ("ingest", "{folder}/more", "--add"),
    "train": ("train", MODEL),
    "promote": ("promote", MODEL, 2, *OVERRIDE),
    "weekly": ("weekly", "--index-date", MONDAY),
    "withdraw": ("withdraw", MONDAY, "--reason", "It was the wrong week."),
    "reviews import": ("reviews", "import", "{folder}/filled.csv", "--list-date", MONDAY),
    "refresh": ("refresh", "{folder}/today", "--as-at", DAY_AFTER),
    "backup": ("backup", "--out", "{folder}/{place}.zip"),
}
READER = "list"
"""The tenth verb: it writes nothing, and waits for nobody."""

COMPARED = ("data", "lists", "reviews", "refreshed", "registry/artifacts")
NOT_ALIKE = (*NOT_COMPARED, ".pyc", "ingest.json", "codes.html")
"""Beside what no two runs have alike: what says when something was done."""


def write_call(name: str, folder: Path, place: int) -> tuple[str, ...]:
    """The arguments of a verb in a folder; `place` tells two of one verb apart."""
    given = WRITERS[name] if name != READER else ("list", "--index-date", MONDAY)
    said = [str(each).format(folder=folder, place=place) for each in given]
    return (*said, "-w", str(folder / "workspace"))


def read_state(tree: Tree, workspace: Path) -> dict[str, str]:
    """Every file that a verb writes and two runs have alike, by its digest."""
    found = {f"{part}/{name}": digest for part in COMPARED for name, digest in tree(workspace / part).items()}
    return {name: digest for name, digest in found.items() if digest and not any(each in name for each in NOT_ALIKE)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small site."""
    return make_small_site(tmp_path_factory.mktemp("pairs") / "site").parent


def do_nothing() -> None:
    """Before a verb that is run as it is."""


def run_at_once(calls: list[tuple[str, ...]]) -> list[subprocess.CompletedProcess[str]]:
    """Run verbs in processes of their own that begin together."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: run_forked(*call, before=do_nothing), calls))


def run_in_turn(order: list[str], folder: Path, small: Path, verb: Verb) -> list[int]:
    """The codes of verbs that are run one after the other in a copy."""
    shutil.copytree(small, folder)
    return [verb(*write_call(name, folder, place)).returncode for place, name in enumerate(order)]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("one", "other"), list(combinations_with_replacement([*WRITERS, READER], 2)))
def test_two_verbs_at_once_leave_what_one_after_the_other_would(
    one: str, other: str, small: Path, verb: Verb, tree: Tree, tmp_path: Path
) -> None:
    folder, names = tmp_path / "at once", [one, other]
    shutil.copytree(small, folder)
    before = audit.read(folder / "workspace")
    calls = [write_call(name, folder, place) for place, name in enumerate(names)]
    done = run_at_once(calls)
    codes = [each.returncode for each in done]
    for place, each in enumerate(done):
        assert "Traceback" not in each.stderr
        if each.returncode == BUSY:
            codes[place] = verb(*calls[place]).returncode
    turns = [
        run_in_turn(order, tmp_path / f"turn {place}", small, verb) for place, order in enumerate((names, names[::-1]))
    ]
    assert codes in (turns[0], turns[1][::-1]), [each.stderr for each in done]
    left = read_state(tree, folder / "workspace")
    alike = [read_state(tree, tmp_path / f"turn {place}" / "workspace") for place in (0, 1)]
    if "train" not in names:
        assert left in alike
    assert verb("audit", "verify", "-w", folder / "workspace").returncode == 0
    lines = [line.action for line in audit.read(folder / "workspace")[len(before) :]]
    assert len(lines) == len(audit.read(tmp_path / "turn 0" / "workspace")) - len(before) or one != other
    shutil.rmtree(tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("writer", WRITERS)
def test_who_reads_while_another_writes_gets_what_stood_or_what_stands_then(
    writer: str, small: Path, verb: Verb, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    shutil.copytree(small, folder)
    reading, writing = write_call(READER, folder, 0), write_call(writer, folder, 1)
    first = verb(*reading)
    done = run_at_once([writing, reading, reading, reading])
    last = verb(*reading)
    assert done[0].returncode == 0, done[0].stderr
    allowed = {(each.returncode, each.stdout) for each in (first, last)}
    assert {(each.returncode, each.stdout) for each in done[1:]} <= allowed, [each.stderr for each in done]


SHORT = ("withdraw", "promote", "reviews import", "backup")


@pytest.mark.parametrize("name", SHORT)
def test_two_of_one_verb_at_once_do_it_once(
    name: str, demo_workspace: Path, copy: Callable[[Path, Path], Path], verb: Verb, monday: str, tmp_path: Path
) -> None:
    workspace = copy(demo_workspace, tmp_path / "workspace")
    if name == "promote":
        (workspace / "registry" / "artifacts" / MODEL / "champion.json").unlink()
    given: dict[str, tuple[object, ...]] = {
        "withdraw": ("withdraw", monday, "--reason", "It was the wrong week."),
        "promote": ("promote", MODEL, 1, *OVERRIDE),
        "reviews import": ("reviews", "import", workspace / "lists" / monday / "pwc" / "pwc.xlsx"),
        "backup": ("backup", "--out", tmp_path / "kept.zip"),
    }
    before = len(audit.read(workspace))
    call = tuple(map(str, (*given[name], "-w", workspace)))
    done = run_at_once([call, call])
    assert 0 in [each.returncode for each in done], [each.stderr for each in done]
    for each in done:
        assert each.returncode in (0, BUSY) or name == "backup", each.stderr
        assert "Traceback" not in each.stderr
    at_once = [line.action for line in audit.read(workspace)[before:]]
    assert len(at_once) == len(set(at_once)), at_once
    assert verb("audit", "verify", "-w", workspace).returncode == 0
