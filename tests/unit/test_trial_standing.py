"""What a trial refuses: limits changed after its start, a second beginning in silence, a protocol that was edited."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskstrat import audit
from riskstrat.storage import compute_digest
from riskstrat.trial.standing import find_running_trial, find_trial, log_trial
from tests.suite.quick import copy_workspace
from tests.suite.verbs import Verb
from tests.suite.watched_site import make_watched_site

LIMITS = "registry/trial.toml"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, verb: Verb) -> tuple[Path, Path]:
    """A site of hand-made people whose trial begins on 23 November 2026, and the folder of the sponsor's keys."""
    folder = tmp_path_factory.mktemp("trial")
    site, sponsor = make_watched_site(folder), folder / "sponsor"
    sponsor.mkdir()
    for name in ("key", "other"):
        assert verb("trial", "key", "--out", sponsor / f"{name}.pem").returncode == 0
    done = verb(
        *("trial", "start", "-w", site, "--public-key", sponsor / "key.public.pem"),
        *("--weeks", 6, "--first-list", "2026-11-23"),
    )
    assert done.returncode == 0, done.stderr
    return site, sponsor


@pytest.fixture
def site(started: tuple[Path, Path], tmp_path: Path) -> Path:
    return copy_workspace(started[0], tmp_path / "site")


@pytest.fixture
def sponsor(started: tuple[Path, Path]) -> Path:
    return started[1]


def seal_list(site: Path, day: date, sealed: str = compute_digest(b"x")) -> Path:
    """A list of the running trial as a run leaves it, with no person in it; `sealed` is what the log says of it."""
    trial = find_running_trial(site)
    assert trial is not None
    target = trial.locate_list(day)
    details = {"trial": trial.protocol.number, "week": day.isoformat(), "sealed": sealed}
    with log_trial(site, audit.SEALED, details, {target: b"x"}):
        target.write_bytes(b"x")
    return target


def test_what_is_fixed_stands_in_the_log_before_its_file(site: Path, verb: Verb) -> None:
    begun, done = [line for line in audit.read(site) if "trial started" in (line.action, line.details.get("deed"))]
    assert (begun.action, done.action) == ("begun", "trial started")
    for told in (begun.details["details"], done.details):
        assert told["limits"]["record_check"] == {"least_pages": 40, "least_right": 0.8}
        assert (told["weeks"], told["first_list"], told["version"]) == (6, "2026-11-23", 1)
    assert verb("audit", "verify", "-w", site).returncode == 0
    told = json.loads(verb("trial", "status", "-w", site, "--json").stdout)
    assert told["state"] == "running"
    assert told["not_sealed"][-1] == "2026-12-28"


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [("most_known = 0.6", "most_known = 0.9", "known"), ("ethnicity = [0.4", "ethnicity = [0.3", "subgroups")],
)
def test_limits_changed_after_the_start_are_refused(
    site: Path, sponsor: Path, verb: Verb, refused: Callable, before: str, after: str, what: str
) -> None:
    text = (site / LIMITS).read_text("utf-8")
    assert before in text
    (site / LIMITS).write_text(text.replace(before, after), "utf-8")
    for given in (("status",), ("close", "--key", sponsor / "key.pem")):
        said = refused(verb("trial", *given, "-w", site), 10)
        assert said.startswith(f"registry/trial.toml was changed after trial 1 began ({what}); ")


def test_a_comment_or_another_spelling_of_the_same_limits_is_no_change(site: Path, verb: Verb) -> None:
    text = (site / LIMITS).read_text("utf-8")
    (site / LIMITS).write_text("# ours\n" + text.replace("most_known = 0.6", "most_known = 0.60"), "utf-8")
    assert verb("trial", "status", "-w", site).returncode == 0


def test_a_trial_is_not_begun_again_in_silence(site: Path, sponsor: Path, verb: Verb, refused: Callable) -> None:
    given = ("trial", "start", "-w", site, "--public-key", sponsor / "other.public.pem", "--first-list", "2026-11-30")
    said = refused(verb(*given), 10)
    assert said.startswith("trial 1, from 2026-11-23, runs; a trial is not begun again in silence")
    assert refused(verb(*given, "--again", "x"), 13).startswith("--again says too little")
    # Nor where its folder is taken away: the log speaks of it.
    protocol = site / "trial" / "1" / "protocol.json"
    content = protocol.read_bytes()
    protocol.unlink()
    assert "is not what trial 1 began with" in refused(verb(*given), 10)
    protocol.write_bytes(content)
    done = verb(*given, "--again", "The sponsor lost the first key.")
    assert done.returncode == 0, done.stderr
    second = find_trial(site)
    assert second is not None
    assert (second.protocol.number, second.protocol.again) == (2, "The sponsor lost the first key.")
    assert second.protocol.first_list == date(2026, 11, 30)
    assert verb("audit", "verify", "-w", site).returncode == 0


@pytest.mark.parametrize(("weeks", "lists"), [(1, "1 sealed list"), (2, "2 sealed lists")])
def test_a_trial_that_is_left_with_lists_that_nobody_opened_says_so_on_the_page_of_the_next(
    site: Path, sponsor: Path, verb: Verb, weeks: int, lists: str
) -> None:
    for week in range(weeks):
        seal_list(site, date(2026, 11, 23) + timedelta(weeks=week))
    given = ("trial", "start", "-w", site, "--public-key", sponsor / "other.public.pem", "--first-list", "2026-12-07")
    done = verb(*given, "--again", "The first weeks looked bad.")
    left = f"The first weeks looked bad. Trial 1 was left before it was closed, with {lists} unread."
    assert f"begun after another: {left}" in done.stdout
    second = find_trial(site)
    assert second is not None
    assert second.protocol.again == left


def test_a_protocol_that_was_edited_is_refused_wherever_it_is_read(
    site: Path, sponsor: Path, verb: Verb, refused: Callable
) -> None:
    protocol = site / "trial" / "1" / "protocol.json"
    protocol.write_text(protocol.read_text("utf-8").replace('"weeks": 6', '"weeks": 7'), "utf-8")
    for given in (
        ("trial", "status"),
        ("weekly", "--index-date", "2026-11-16"),
        ("trial", "close", "--key", sponsor / "key.pem"),
    ):
        said = refused(verb(*given, "-w", site), 10)
        assert said.startswith("trial/1/protocol.json is not what trial 1 began with"), given
    assert "trial/1/protocol.json was changed" in refused(verb("audit", "verify", "-w", site), 13)


def test_weeks_of_no_trial_and_lists_of_its_weeks_are_refused(site: Path, verb: Verb, refused: Callable) -> None:
    said = refused(verb("weekly", "-w", site, "--index-date", "2026-11-16"), 10)
    assert said.startswith("a silent trial runs with a list each week from 2026-11-23 to 2026-12-28, and 2026-11-16")
    said = refused(verb("weekly", "-w", site, "--if-fresh"), 16)
    assert said == "nothing to do: 2026-11-16 is no week of the silent trial"
    # What was published before it can still be read.
    assert find_running_trial(site) is not None
    assert verb("monitor", "-w", site, "--as-at", "2026-11-16").returncode in (0, 17)


def test_a_trial_looks_ahead_and_needs_a_key_that_is_one(
    started: tuple[Path, Path], tmp_path: Path, verb: Verb, refused: Callable
) -> None:
    site, sponsor = make_watched_site(tmp_path), started[1]
    given = ("trial", "start", "-w", site, "--public-key")
    said = refused(verb(*given, sponsor / "key.public.pem", "--first-list", "2026-11-09"), 6)
    assert said.startswith("--first-list 2026-11-09 is before the data, which are as at 2026-11-16")
    assert "no public key of a trial" in refused(verb(*given, sponsor / "key.pem"), 10)
    assert "cannot read nothing.pem" in refused(verb(*given, sponsor / "nothing.pem"), 11)
    assert "leave --again out" in refused(verb(*given, sponsor / "key.public.pem", "--again", "There was one."), 10)
    assert find_trial(site) is None
    assert refused(verb("trial", "status", "-w", site), 10).startswith("there is no trial; begin one")


def test_a_private_key_stands_in_no_workspace_and_is_never_written_over(
    site: Path, sponsor: Path, verb: Verb, refused: Callable
) -> None:
    assert "in an analytics workspace" in refused(verb("trial", "key", "--out", site / "key.pem"), 11)
    before = (sponsor / "key.pem").read_bytes()
    assert "stands already" in refused(verb("trial", "key", "--out", sponsor / "key.pem"), 11)
    assert (sponsor / "key.pem").read_bytes() == before


def test_a_list_of_a_killed_run_counts_as_sealed(site: Path, verb: Verb) -> None:
    """The run was killed after its file stood and before the log said so: no later run may write over it."""
    trial = find_trial(site)
    assert trial is not None
    target = trial.locate_list(date(2026, 11, 23))
    details = {"trial": 1, "week": "2026-11-23", "sealed": compute_digest(b"x")}
    leaves = [["trial/1/2026-11-23.sealed", compute_digest(b"x")]]
    audit.append(site, audit.BEGUN, {"deed": audit.SEALED, "details": details, "leaves": leaves})
    target.write_bytes(b"x")
    verb("weekly", "-w", site, "--if-fresh")
    after = find_trial(site)
    assert after is not None
    assert after.sealed == {date(2026, 11, 23): compute_digest(b"x")}


def test_another_key_a_changed_list_and_no_list_are_told_apart(
    site: Path, sponsor: Path, tmp_path: Path, verb: Verb, refused: Callable
) -> None:
    unseal = ("trial", "unseal", "-w", site, "--reason", "A person may be at risk.", "--out", tmp_path / "out", "--key")
    assert "this key does not belong to trial 1" in refused(verb(*unseal, sponsor / "other.pem"), 10)
    assert "no list of trial 1 is sealed yet" in refused(verb(*unseal, sponsor / "key.pem"), 10)
    seal_list(site, date(2026, 11, 23), sealed="d" * 64)
    assert "is not the one that was logged" in refused(verb(*unseal, sponsor / "key.pem"), 10)
    assert not any(line.action == audit.TRIAL_UNSEALED for line in audit.read(site))
    assert not (tmp_path / "out").exists()


def test_sealed_lists_are_kept_as_long_as_published_ones_and_never_less_than_their_trial(
    site: Path, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (seal_list(site, day) for day in (date(2026, 11, 23), date(2026, 11, 30)))
    settings = site / "riskstrat.toml"
    settings.write_text(
        settings.read_text("utf-8") + "\n[retention]\nlists_days = 366\ndecisions_days = 366\n", "utf-8"
    )
    monkeypatch.setattr(audit, "today", lambda: date(2027, 11, 25))
    published = {"lists/2025-06-02", "lists/2026-11-09"}
    done = verb("retention", "-w", site, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {one["path"] for one in told["gone"]} <= published
    with log_trial(site, audit.TRIAL_CLOSED, {"trial": 1, "verdict": "no go"}, {}):
        pass
    told = json.loads(verb("retention", "-w", site, "--delete", "--json").stdout)
    assert {one["path"] for one in told["gone"]} - published == {"trial/1/2026-11-23.sealed"}
    assert (old.exists(), new.exists()) == (False, True)
    assert verb("audit", "verify", "-w", site).returncode == 0


def test_status_says_that_a_trial_runs(site: Path, verb: Verb) -> None:
    seal_list(site, date(2026, 11, 23))
    assert "silent trial: 1, 1 of 6 lists sealed, ends 2027-01-04" in verb("status", "-w", site).stdout
    with log_trial(site, audit.TRIAL_CLOSED, {"trial": 1, "verdict": "no go"}, {}):
        pass
    assert "silent trial: none" in verb("status", "-w", site).stdout
