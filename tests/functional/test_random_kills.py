"""Verbs killed at random moments: the next run finishes, the bytes are the same, and each deed is logged once."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from riskstrat import audit
from tests.functional.test_identity_naming import REASON, Site, planted
from tests.suite.forked import kill_after, kill_at_change, run_forked
from tests.suite.quick import MODEL
from tests.suite.small_site import DAY_AFTER, MONDAY, OVERRIDE, make_small_site

pytestmark = [pytest.mark.exhaustive, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]

KILLS = {
    "ingest": 13,
    "ingest --add": 13,
    "train": 10,
    "promote": 20,
    "weekly": 14,
    "withdraw": 20,
    "reviews import": 20,
    "refresh": 18,
    "backup": 18,
    "restore": 18,
    "pseudonymise": 20,
    "name": 20,
}
"""Kills of each verb before a random change of a file: 204 in all, fewer of those that take long."""

AT_A_TIME = 1
"""Further kills of each verb after a random time, which may also fall between two changes or within one."""

NOT_COMPARED = ("withdrawal.json", ".reader-", ".lock")
"""The time of a withdrawal, and the marks of readers and writers, of which a killed one stays until the next run."""

REASONED = ("--reason", "It was the wrong week.")


@dataclass(frozen=True)
class Killed:
    """A verb: its arguments, where its log stands, the deed it logs, and which folders it writes.

    `out` is what it writes outside of them, or the folder that it makes: a rerun may be refused because it is there
    already, whole. `more` says that a rerun does another deed, as a second training does, or a file put out once more.
    """

    given: tuple[object, ...]
    root: Path
    deed: str | None
    folders: tuple[Path, ...] = ()
    out: Path | None = None
    more: bool = False


def prepare(verb_name: str, folder: Path, small: Path, run: Verb) -> None:
    """Fills a folder in which the verb has something to do; `small` is the folder of a small site."""
    if verb_name in ("pseudonymise", "name"):
        folder.mkdir(parents=True)
        Site(folder).allow()
        planted(folder)
        return
    shutil.copytree(small, folder)
    workspace = folder / "workspace"
    if verb_name == "weekly":
        assert run("withdraw", MONDAY, *REASONED, "-w", workspace).returncode == 0


def describe(verb_name: str, folder: Path) -> Killed:
    """What is run in a folder that was prepared, and what it writes."""
    identity = ("--identity", folder / "install")
    if verb_name == "name":
        out = folder / "team" / "kir.xlsx"
        asked = ("--team", "KIR", "--purpose", "direct_care", "--reason", REASON, "--out", out)
        given = ("identity", "name", folder / "copied" / MONDAY, *asked, *identity)
        return Killed(given, folder / "install", "named", out=out)
    if verb_name == "pseudonymise":
        out = folder / "again.parquet"
        given = ("identity", "pseudonymise", folder / "people.csv", "--table", "people", "--out", out, *identity)
        return Killed(given, folder / "install", "pseudonymised", out=out, more=True)
    workspace = folder / "workspace"
    lists, data, reviews, refreshed = (workspace / name for name in ("lists", "data", "reviews", "refreshed"))
    at = ("-w", workspace)
    if verb_name == "restore":
        restored = folder / "restored"
        return Killed(("restore", folder / "kept.zip", restored), workspace, None, (restored,), out=restored)
    if verb_name == "backup":
        out = folder / "again.zip"
        return Killed(("backup", "--out", out, *at), workspace, None, (data, lists), out=out)
    given, deed, folders = {
        "ingest": (("ingest", folder / "other"), None, (data, lists)),
        "ingest --add": (("ingest", folder / "more", "--add"), None, (data, lists)),
        "train": (("train", MODEL), "trained", (data, lists)),
        "promote": (("promote", MODEL, 2, *OVERRIDE), "promoted", (data, lists)),
        "weekly": (("weekly", "--index-date", MONDAY), "list published", (data, lists)),
        "withdraw": (("withdraw", MONDAY, *REASONED), "list withdrawn", (data, lists)),
        "reviews import": (
            ("reviews", "import", folder / "filled.csv", "--list-date", MONDAY),
            "reviews imported",
            (lists, reviews),
        ),
        "refresh": (("refresh", folder / "today", "--as-at", DAY_AFTER), "refreshed", (data, refreshed)),
    }[verb_name]
    return Killed((*given, *at), workspace, deed, folders, more=verb_name == "train")


def read_state(tree: Tree, folders: Iterable[Path]) -> dict[str, str]:
    """Every file below the folders that is the same in each run, by its name and digest."""
    found = {
        f"{folder.name}/{name}": digest
        for folder in folders
        if folder.exists()
        for name, digest in tree(folder).items()
    }
    return {name: digest for name, digest in found.items() if not any(part in name for part in NOT_COMPARED)}


def require_whole(out: Path) -> None:
    """Fails unless a file can be read to its end."""
    if out.suffix == ".zip":
        with zipfile.ZipFile(out) as archive:
            assert archive.testzip() is None
    elif out.suffix == ".parquet":
        assert len(pq.read_table(out))
    elif out.suffix == ".xlsx":
        assert openpyxl.load_workbook(out)["List"].max_row > 1


def count_deeds(killed: Killed, before: int) -> int:
    return [line.action for line in audit.read(killed.root)[before:]].count(str(killed.deed))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small site."""
    return make_small_site(tmp_path_factory.mktemp("kills") / "site").parent


class Rounds:
    """One verb that is run whole once, and then killed again and again in copies of the same folder."""

    def __init__(self, verb_name: str, folder: Path, small: Path, verb: Verb, tree: Tree) -> None:
        self.name, self.folder, self.verb, self.tree = verb_name, folder, verb, tree
        self.counted = folder / "changes"
        # A folder of its own for each kill: MLflow keeps the databases that it has open by their paths.
        self.places = (f"killed {number}" for number in count(1))
        prepare(verb_name, folder / "start", small, verb)
        whole = self._copy("whole")
        self.before = len(audit.read(whole.root))
        begun = time.monotonic()
        done = run_forked(*whole.given, before=partial(kill_at_change, 0, self.counted))
        self.seconds = time.monotonic() - begun
        assert done.returncode == 0, done.stderr
        self.meant, self.changes = read_state(tree, whole.folders), int(self.counted.read_text("utf-8"))
        assert count_deeds(whole, self.before) == (1 if whole.deed else 0)

    def _copy(self, name: str) -> Killed:
        shutil.copytree(self.folder / "start", self.folder / name)
        return describe(self.name, self.folder / name)

    def kill_at(self, number: int) -> None:
        """Kill it before a change, and judge the next run."""
        killed = self._copy(next(self.places))
        dead = run_forked(*killed.given, before=partial(kill_at_change, number, self.counted))
        assert dead.returncode < 0, f"change {number} of {self.changes} did not come"
        self._judge(killed, f"change {number} of {self.changes}")

    def kill_after(self, seconds: float) -> None:
        """Kill it after a time, which it may have ended before, and judge the next run."""
        killed = self._copy(next(self.places))
        run_forked(*killed.given, before=partial(kill_after, seconds))
        self._judge(killed, f"{seconds:.3f} of {self.seconds:.3f} seconds")

    def _judge(self, killed: Killed, moment: str) -> None:
        again = self.verb(*killed.given)
        if killed.out is None:
            assert again.returncode == 0, f"{moment}: {again.stderr}"
        else:
            assert killed.out.exists(), f"{moment}: {again.stderr}"
            require_whole(killed.out)
        assert read_state(self.tree, killed.folders) == self.meant, moment
        deeds = count_deeds(killed, self.before)
        assert killed.deed is None or deeds == 1 or (killed.more and deeds == 2), f"{moment}: {deeds}"
        proved = self.verb("audit", "verify", "-w", killed.root)
        assert proved.returncode == 0, f"{moment}: {proved.stderr}{proved.stdout}"
        shutil.rmtree(killed.root.parent)


@pytest.mark.parametrize("verb_name", KILLS)
def test_a_verb_killed_at_random_is_finished_by_the_next_run(
    verb_name: str, small: Path, verb: Verb, tree: Tree, tmp_path: Path
) -> None:
    rounds = Rounds(verb_name, tmp_path, small, verb, tree)
    draw = random.Random(f"{verb_name} 2026")
    for number in sorted(draw.randint(1, rounds.changes) for _ in range(KILLS[verb_name])):
        rounds.kill_at(number)
    for _ in range(AT_A_TIME):
        rounds.kill_after(draw.uniform(0, rounds.seconds))
