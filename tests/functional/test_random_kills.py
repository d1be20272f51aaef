"""Verbs killed at random moments: the next run finishes, the bytes are the same, and each deed is logged once."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from riskstrat import audit
from riskstrat.reviews import TITLES
from tests.functional.test_identity_naming import REASON, Site, planted
from tests.suite.forked import kill_at_change, run_forked
from tests.suite.quick import copy_workspace

pytestmark = [pytest.mark.exhaustive, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]

Tree = Callable[[Path], dict[str, str]]

MODEL = "emergency_admission_12m"
KILLS = 25
"""Of each of eight verbs: 200 in all."""

NOT_COMPARED = ("withdrawal.json", ".reader-")
"""The time of a withdrawal, and the marks of readers, of which a killed one stays until the next ingest."""


@dataclass(frozen=True)
class Killed:
    """A verb: its arguments, where its log stands, the deed it logs, and which folders it writes.

    `out` is what it writes outside of them: a rerun may be refused because it is there already, whole.
    """

    given: tuple[object, ...]
    root: Path
    deed: str | None
    folders: tuple[Path, ...]
    again: str = "same"
    out: Path | None = None


def fill_csv(workspace: Path, monday: str, target: Path) -> Path:
    """A filled-in list of one team of a published week."""
    references = workspace / "lists" / monday / "pwc" / "references.csv"
    with references.open(encoding="utf-8", newline="") as file:
        reference = next(csv.DictReader(file))["reference"]
    row = {"Reference": reference, "Outcome 1": "Telecare", "Owner 1": "Falls nurse", "Decided on": monday}
    row |= {"Status checked": "Yes", "Agree": "Yes"}
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, TITLES)
        writer.writeheader()
        writer.writerow(row)
    return target


def make(verb_name: str, folder: Path, demo: Path, monday: str, run: Callable[..., object]) -> Killed:
    """A workspace or an identity folder in which the verb has something to do."""
    folder.mkdir(parents=True)
    if verb_name in ("pseudonymise", "name"):
        site = Site(folder)
        site.allow()
        identity = ("--identity", site.root)
        if verb_name == "name":
            asked = ("--team", "KIR", "--purpose", "direct_care", "--reason", REASON, "--out", site.copy)
            return Killed(("identity", "name", site.week, *asked, *identity), site.root, "named", (), out=site.copy)
        out = folder / "again.parquet"
        given = ("identity", "pseudonymise", planted(folder), "--table", "people", "--out", out, *identity)
        return Killed(given, site.root, "pseudonymised", (), out=out)
    workspace = copy_workspace(demo, folder / "workspace")
    at = ("-w", workspace)
    lists, data, reviews = (workspace / name for name in ("lists", "data", "reviews"))
    reason = ("--reason", "It was the wrong week.")
    if verb_name == "ingest":
        return Killed(("ingest", demo.parent / "other", *at), workspace, None, (data, lists))
    if verb_name == "weekly":
        run("withdraw", monday, *reason, *at)
        return Killed(("weekly", "--index-date", monday, *at), workspace, "list published", (data, lists))
    if verb_name == "withdraw":
        return Killed(("withdraw", monday, *reason, *at), workspace, "list withdrawn", (data, lists))
    if verb_name == "promote":
        (workspace / "registry" / "artifacts" / MODEL / "champion.json").unlink()
        shutil.rmtree(workspace / "registry" / "cards")
        by = ("--override", "--by", "A. Analyst", "--reason", "The gates were judged by hand.")
        return Killed(("promote", MODEL, 1, *by, *at), workspace, "promoted", (data, lists))
    if verb_name == "reviews import":
        filled = fill_csv(workspace, monday, folder / "filled.csv")
        given = ("reviews", "import", filled, "--list-date", monday, *at)
        return Killed(given, workspace, "reviews imported", (lists, reviews))
    assert verb_name == "train"
    return Killed(("train", MODEL, *at), workspace, "trained", (data, lists), again="another")


VERBS = ("ingest", "weekly", "withdraw", "promote", "reviews import", "pseudonymise", "name", "train")


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
    assert len(pq.read_table(out)) if out.suffix == ".parquet" else openpyxl.load_workbook(out)["List"].max_row > 1


def count_deeds(killed: Killed, before: int) -> int:
    return [line.action for line in audit.read(killed.root)[before:]].count(str(killed.deed))


@pytest.fixture(scope="module")
def demo(
    demo_workspace: Path, quick_recipe: Callable, verb: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    assert verb("simulate", "--people", 300, "--seed", 3, "--out", folder / "other").returncode == 0
    workspace = copy_workspace(demo_workspace, folder / "workspace")
    quick_recipe(workspace)
    return workspace


@pytest.mark.parametrize("verb_name", VERBS)
def test_a_verb_killed_at_random_is_finished_by_the_next_run(
    verb_name: str,
    demo: Path,
    monday: str,
    verb: Callable[..., subprocess.CompletedProcess[str]],
    tree: Tree,
    tmp_path: Path,
) -> None:
    counted = tmp_path / "changes"
    whole = make(verb_name, tmp_path / "whole", demo, monday, verb)
    before = len(audit.read(whole.root))
    done = run_forked(*whole.given, before=partial(kill_at_change, 0, counted))
    assert done.returncode == 0, done.stderr
    meant, changes = read_state(tree, whole.folders), int(counted.read_text("utf-8"))
    assert count_deeds(whole, before) == (1 if whole.deed else 0)
    draw = random.Random(f"{verb_name} 2026")
    for number in sorted(draw.randint(1, changes) for _ in range(KILLS)):
        folder = tmp_path / str(number)
        shutil.rmtree(folder, ignore_errors=True)
        killed = make(verb_name, folder, demo, monday, verb)
        before = len(audit.read(killed.root))
        dead = run_forked(*killed.given, before=partial(kill_at_change, number, counted))
        assert dead.returncode < 0, f"change {number} of {changes} did not come"
        again, moment = verb(*killed.given), f"change {number} of {changes}"
        if killed.out is None:
            assert again.returncode == 0, f"{moment}: {again.stderr}"
        else:
            require_whole(killed.out)
        assert read_state(tree, killed.folders) == meant, moment
        deeds = count_deeds(killed, before)
        assert killed.deed is None or deeds == 1 or (killed.again == "another" and deeds == 2), f"{moment}: {deeds}"
        proved = verb("audit", "verify", "-w", killed.root)
        assert proved.returncode == 0, f"{moment}: {proved.stderr}{proved.stdout}"
        shutil.rmtree(folder)
