"""A silent trial on a simulated borough, from its start to its page: nothing of a list can be read before the close."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from riskstrat import audit
from riskstrat.registry import champion_version
from riskstrat.storage import compute_digest
from riskstrat.trial.sealing import parse_public_key
from riskstrat.trial.standing import PROTOCOL, Protocol, locate_folder, log_trial
from riskstrat.weekly.listing import Listed, make_lists
from riskstrat.workspace import load
from tests.suite.verbs import Verb

FIRST = date(2026, 8, 3)
MODEL = "emergency_admission_12m"


@pytest.fixture(scope="module")
def site(
    demo_workspace: Path, copy: Callable[[Path, Path], Path], tmp_path_factory: pytest.TempPathFactory, verb: Verb
) -> Path:
    """The demo with a trial of four weeks that began when the data were younger; keys stand beside it."""
    root = copy(demo_workspace, tmp_path_factory.mktemp("silent") / "site")
    assert verb("trial", "key", "--out", root.with_name("key.pem")).returncode == 0
    public = parse_public_key(root.with_name("key.public.pem").read_bytes(), "key")
    version = champion_version(root / "registry", MODEL)
    protocol = Protocol(1, FIRST, 4, MODEL, version, public.hex(), load(root).trial_limits)
    target, content = locate_folder(root, 1) / PROTOCOL, protocol.dump()
    with log_trial(root, audit.TRIAL_STARTED, {"trial": 1, "protocol": compute_digest(content)}, {target: content}):
        target.parent.mkdir(parents=True)
        target.write_bytes(content)
    return root


def test_a_trial_from_its_first_list_to_its_page(
    site: Path, verb: Verb, refused: Callable, tree: Callable[[Path], dict[str, str]], tmp_path: Path
) -> None:
    key, before, made = site.with_name("key.pem"), _find_files(site, tree), list[Listed]()

    def make(*given: Any, **named: Any) -> Listed:
        made.append(make_lists(*given, **named))
        return made[-1]

    with patch("riskstrat.verbs.sealed_week.make_lists", make):
        done = [verb("weekly", "-w", site, "--index-date", day, "--json") for day in ("2026-08-03", "2026-08-10")]
    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    written = {name for name, digest in _find_files(site, tree).items() if before.get(name) != digest and digest}
    sealed = {"trial/1/2026-08-03.sealed", "trial/1/2026-08-10.sealed"}
    assert {name for name in written if not name.startswith("audit/")} == sealed
    plans = {day: _plan_week(verb, site, day) for day in ("2026-08-10", "2026-08-17", "2026-11-16")}
    assert plans == {
        "2026-08-10": ("nothing", "the list of 2026-08-10 is sealed"),
        "2026-08-17": ("publish", "the list of 2026-08-17 would be sealed"),
        "2026-11-16": ("nothing", "2026-11-16 is no week of the silent trial"),
    }

    out = tmp_path / "opened"
    unseal = ("trial", "unseal", "-w", site, "--key", key, "--out", out)
    assert verb(*unseal, "--reason", "A person on a list may be at risk.").returncode == 0
    everyone = pd.read_csv(out / "2026-08-03" / "everyone.csv", dtype="string")
    listed = everyone.loc[everyone["place"] == "listed", "patient_id"]
    assert len(listed) >= 40
    _assert_says_nothing_of(listed, [site / name for name in written], "".join(one.stdout + one.stderr for one in done))
    assert list(out.glob("2026-08-10/*/*-people.html"))
    blind = ("trial", "unseal", "-w", site, "--key", key, "--reason", "Pages against the record.", "--blind", "--out")
    assert "blind pages are made after the close" in refused(verb(*blind, tmp_path / "blind"), 10)
    (told,) = [line for line in audit.read(site) if line.action == audit.TRIAL_UNSEALED]
    assert told.details == {"trial": 1, "reason": "A person on a list may be at risk.", "early": True}

    for given in (
        ("list", "--index-date", "2026-08-03"),
        ("score", "--index-date", "2026-08-10", "--out", tmp_path / "score.csv"),
        ("why", listed.iloc[0], "--index-date", "2026-08-03"),
        ("explain", listed.iloc[0], "--index-date", "2026-08-03"),
        ("replay", "--weeks", 2),
    ):
        assert refused(verb(*given, "-w", site), 10).startswith("a silent trial runs: nothing scored from 2026-08-03")

    same = _find_files(site, tree)
    # That the same inputs give the same lists is seen of lists that are published.
    with patch("riskstrat.verbs.sealed_week.make_lists", return_value=made[-1]):
        again = verb("weekly", "-w", site, "--index-date", "2026-08-10", "--json")
    assert json.loads(again.stdout)["status"] == "already sealed from the same inputs; nothing changed"
    assert _find_files(site, tree) == same

    closed = verb("trial", "close", "-w", site, "--key", key, "--pages-checked", 40, "--pages-right", 40, "--json")
    assert closed.returncode == 0, closed.stderr
    states = {one["title"]: (one["state"], one["found"]) for one in json.loads(closed.stdout)["findings"]}
    assert states["Lists stayed sealed"][0] == "not met"
    assert states["Runs do not fail"] == (
        "not met",
        "of 4 weeks 2 have no list, and 2 one that was made after its week",
    )
    assert states["As many had the outcome as expected"][1].endswith("expected")
    assert states["Lists do not flicker"][0] == "met"
    assert states["Pages agree with the GP record"] == ("met", "100% (91% to 100%): 40 of 40")
    assert "No go. Not met: " in (site / "trial" / "1" / "verdict.html").read_text("utf-8")
    assert verb(*blind, tmp_path / "blind").returncode == 0
    _assert_blind(tmp_path / "blind" / "2026-08-03", listed)
    assert verb("audit", "verify", "-w", site).returncode == 0
    assert not any(day.startswith("2026-08") for day in tree(site / "lists"))


def _find_files(site: Path, tree: Callable[[Path], dict[str, str]]) -> dict[str, str]:
    """What stands in the site, but for the marks of whoever reads its data: the lists that are kept here do."""
    return {name: digest for name, digest in tree(site).items() if ".reader-" not in name}


def _assert_says_nothing_of(people: pd.Series, files: list[Path], printed: str) -> None:
    texts = [printed.encode("utf-8"), *(path.read_bytes() for path in files)]
    assert not any(patient.encode("ascii") in text for patient in people for text in texts)


def _assert_blind(folder: Path, listed: pd.Series) -> None:
    """Every listed person has one page, and nothing but the key says whose it is."""
    keys = [pd.read_csv(path, dtype="string") for path in sorted((folder / "key").glob("*.csv"))]
    assert sorted(pd.concat(keys)["patient_id"]) == sorted(listed)
    pages = [path.read_text("utf-8") for path in sorted((folder / "pages").iterdir())]
    assert [page.count("<article") for page in pages] == [len(key) for key in keys]
    assert not any(patient in page for page in pages for patient in listed)


def _plan_week(verb: Verb, root: Path, day: str) -> tuple[str, str]:
    """What `status` says that `weekly --if-fresh` would do."""
    week = json.loads(verb("status", "-w", root, "--index-date", day, "--json").stdout)["week"]
    return week["verdict"], week["why"]
