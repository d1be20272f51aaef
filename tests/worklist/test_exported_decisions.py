"""Decisions travel from the worklist's machine to that of the lists, signed: altered, foreign or older is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from riskstrat import audit
from riskstrat.errors import AuditError
from riskstrat.reviews import (
    ExportedDecisions,
    FileReviewStore,
    FromReserve,
    InQuestion,
    Notices,
    PutForward,
    Review,
)
from riskstrat.reviews.exported import EXPORTED
from riskstrat.workspace import load
from tests.suite.worklists import BEFORE, LIST_DATE, SETTINGS, make_site, name_patient, name_reserved

FIRST, SECOND = name_patient("KIR-012-Q"), name_patient("KIR-057-I")
ALL = date(9999, 12, 31)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same lists as those of the worklist, in a workspace that has none."""
    return make_site(tmp_path_factory.mktemp("lists") / "site").root


@pytest.fixture
def lists_made(plain: Path, copied: Path, tmp_path: Path) -> Path:
    """The workspace in which lists are made, and which takes decisions from the worklist of `copied`."""
    root = tmp_path / "lists-made"
    shutil.copytree(plain, root)
    trust(root, (copied / "audit" / "publisher.pub").read_text("ascii").strip())
    return root


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is told the minute of 1 December 2026 that it says."""

    class Clock:
        def set(self, minute: int) -> None:
            monkeypatch.setattr(audit, "now", lambda: f"2026-12-01T08:{minute:02d}:00Z")

    monkeypatch.setattr(audit, "today", lambda: date(2026, 12, 1))
    found = Clock()
    found.set(0)
    return found


def trust(root: Path, *keys: str) -> None:
    said = f"[reviews]\nexports_from = {json.dumps(keys)}\n\n[worklist]"
    (root / "riskstrat.toml").write_text(SETTINGS.replace("[worklist]", said), encoding="utf-8")


def decide(root: Path, patient: str, *outcomes: str, day: date = LIST_DATE, decided_on: date | None = None) -> None:
    """What the team decides about one person; nothing takes back what it did."""
    from django.utils import timezone

    from riskstrat.reviews.record import Edition, build_taking_back
    from riskstrat.worklist.store import find_or_open_case, keep_decision

    team = "Kirkby locality hub"
    reviews = [Review(patient, day, team, one, "A note", True, decided_on or day, "AB", None, "CD") for one in outcomes]
    back = [build_taking_back(patient, Edition("KIR", team, day, {}))]
    reference = {FIRST: "KIR-012-Q", SECOND: "KIR-057-I"}[patient]
    keep_decision(find_or_open_case(reference, patient, day), reviews or back, 1, "entered", timezone.now())


def export(verb: Any, root: Path, name: str) -> Path:
    out = root.parent / name
    done = verb("worklist", "export-decisions", "--out", str(out), cwd=root)
    assert done.returncode == 0, done.stderr
    return out


def take(verb: Any, root: Path, file: Path) -> Any:
    done = verb("reviews", "import", str(file), "--json", cwd=root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_both(server: Path, other: Path) -> tuple[Any, Any]:
    from riskstrat.worklist.store import DatabaseReviewStore

    return DatabaseReviewStore(load(server)).take_snapshot(ALL), FileReviewStore(other).take_snapshot(ALL)


def test_the_lists_read_what_the_worklist_holds_after_each_export(copied, lists_made, verb, clock) -> None:
    decide(copied, FIRST, "telecare", "monitor")
    decide(copied, SECOND, "declined", day=BEFORE)
    assert len(take(verb, lists_made, export(verb, copied, "1.json"))["files"]) == 2
    assert audit.read(copied)[-1].action == "decisions exported"
    here, there = read_both(copied, lists_made)
    assert len(here.reviews) == 3
    assert here == there
    clock.set(1)
    decide(copied, FIRST, "moved")
    decide(copied, SECOND, day=BEFORE)
    assert len(take(verb, lists_made, export(verb, copied, "2.json"))["files"]) == 2
    here, there = read_both(copied, lists_made)
    assert [one.outcome for one in there.reviews] == ["moved"]
    assert here == there
    for root in (copied, lists_made):
        assert verb("audit", "verify", cwd=root).returncode == 0


def test_what_clinicians_told_travels_too(copied, lists_made, verb, clock) -> None:
    from riskstrat.worklist.models import Case, FaultReport, Referral, User
    from riskstrat.worklist.store import DatabaseReviewStore

    user, now = User.objects.get(), datetime(2026, 12, 1, 7, tzinfo=UTC)
    new = Case.objects.create(reference="KIR-5001-0", team_code="KIR", patient_id="p-new", opened_on=LIST_DATE)
    Referral.objects.create(case=new, reason="r", referred_by=user, referred_at=now)
    wrong = Case.objects.create(reference="KIR-012-Q", team_code="KIR", patient_id=FIRST, opened_on=BEFORE)
    told = {"kind": "dead", "words": "w", "owner": "o", "reported_by": user}
    FaultReport.objects.create(case=wrong, reported_at=now, due_on=date(2026, 12, 4), **told)
    take(verb, lists_made, export(verb, copied, "1.json"))
    database, files = DatabaseReviewStore(load(copied)), FileReviewStore(lists_made)
    for day in (date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 4), date(2026, 12, 5)):
        assert files.take_notices(day) == database.take_notices(day)
    assert [one.number for one in files.take_notices(date(2026, 12, 2)).put_forward] == [5001]
    assert len(files.take_notices(date(2026, 12, 4)).in_question) == 1


def test_the_same_export_again_changes_nothing(copied, lists_made, verb, clock) -> None:
    decide(copied, FIRST, "telecare")
    file = export(verb, copied, "1.json")
    take(verb, lists_made, file)
    before = [(path, path.read_bytes()) for path in FileReviewStore(lists_made).find_kept_files()]
    assert take(verb, lists_made, file)["files"] == []
    assert [(path, path.read_bytes()) for path in FileReviewStore(lists_made).find_kept_files()] == before


def test_it_holds_pseudonyms_and_nobody_is_named(copied, verb, clock) -> None:
    decide(copied, FIRST, "telecare")
    text = export(verb, copied, "1.json").read_text("utf-8")
    assert FIRST in text
    assert "KIR-012" not in text
    assert verb("worklist", "export-decisions", "--out", str(copied.parent / "1.json"), cwd=copied).returncode == 11


def take_up_first(root: Path) -> None:
    """Somebody in reserve is taken up at seven on 1 December, and the team decides about them."""
    from riskstrat.worklist.models import TakenUp, User
    from riskstrat.worklist.store import find_or_open_case, keep_decision

    at, reference = datetime(2026, 12, 1, 7, tzinfo=UTC), name_reserved("KIR", 1)
    case = find_or_open_case(reference, "p-below-kir-1", at.date())
    told = {"in_place_of": "KIR-012-Q", "why": "died", "taken_by": User.objects.get(), "taken_at": at}
    TakenUp.objects.create(case=case, list_date=LIST_DATE, edition=1, **told)
    team = "Kirkby locality hub"
    review = Review(case.patient_id, LIST_DATE, team, "telecare", None, True, LIST_DATE, "AB", None, "CD")
    keep_decision(case, [review], 1, "entered", at)


def test_who_was_taken_up_travels_with_what_was_decided_about_them(copied, lists_made, verb, clock) -> None:
    take_up_first(copied)
    take(verb, lists_made, export(verb, copied, "1.json"))
    here, there = read_both(copied, lists_made)
    assert [one.patient_id for one in there.reviews] == ["p-below-kir-1"]
    assert here == there
    (told,) = FileReviewStore(lists_made).take_notices(date(2026, 12, 2)).taken_up
    assert (told.patient_id, told.number, told.list_date, told.taken_on) == (
        *("p-below-kir-1", 201),
        *(LIST_DATE, date(2026, 12, 1)),
    )
    assert FileReviewStore(lists_made).take_notices(date(2026, 12, 1)).taken_up == ()


def test_a_decision_about_somebody_in_reserve_whom_nobody_took_up_is_refused(
    copied, lists_made, verb, clock, refused
) -> None:
    from riskstrat.worklist.models import TakenUp

    take_up_first(copied)
    TakenUp.objects.all().delete()
    file = export(verb, copied, "1.json")
    assert "not on the list of 2026-11-16" in refused(verb("reviews", "import", str(file), cwd=lists_made), 10)


# ---- Refused ----


def alter_outcome(content: dict[str, Any]) -> None:
    content["lists"][0]["reviews"][0]["outcome"] = "died"


def take_list_out(content: dict[str, Any]) -> None:
    content["lists"] = []


def alter_time(content: dict[str, Any]) -> None:
    content["made_at"] = "2026-12-01T09:00:00Z"


def alter_signature(content: dict[str, Any]) -> None:
    content["seal"]["signature"] = "00" * 64


def spoil_signature(content: dict[str, Any]) -> None:
    content["seal"]["signature"] = "not hexadecimal"


@pytest.mark.parametrize("alter", [alter_outcome, take_list_out, alter_time, alter_signature, spoil_signature])
def test_an_altered_export_is_refused(copied, lists_made, verb, clock, refused, alter) -> None:
    from riskstrat.storage import format_json

    decide(copied, FIRST, "telecare")
    file = export(verb, copied, "1.json")
    content = json.loads(file.read_text("utf-8"))
    alter(content)
    file.write_text(format_json(content), encoding="utf-8")
    assert "not as it was signed" in refused(verb("reviews", "import", str(file), cwd=lists_made), 10)
    assert FileReviewStore(lists_made).find_kept_files() == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-20],
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"format": 1', '"format": 1, "more": 3'),
        lambda text: text.replace("  ", " "),
        lambda text: text.replace("2026-12-01T08:00:00Z", "yesterday"),
        lambda text: "[]",
    ],
)
def test_what_is_no_export_is_refused(copied, lists_made, verb, clock, refused, spoil) -> None:
    decide(copied, FIRST, "telecare")
    file = export(verb, copied, "1.json")
    file.write_text(spoil(file.read_text("utf-8")), encoding="utf-8")
    assert "no export of decisions" in refused(verb("reviews", "import", str(file), cwd=lists_made), 10)


@pytest.mark.parametrize("keys", [(), ("ab" * 32,)])
def test_an_export_of_a_workspace_that_is_not_named_is_refused(copied, lists_made, verb, clock, refused, keys) -> None:
    trust(lists_made, *keys)
    file = export(verb, copied, "1.json")
    assert "does not name" in refused(verb("reviews", "import", str(file), cwd=lists_made), 10)


def test_an_older_export_is_refused_and_a_newer_one_is_not(copied, lists_made, verb, clock, refused) -> None:
    decide(copied, FIRST, "telecare")
    older = export(verb, copied, "1.json")
    clock.set(5)
    decide(copied, FIRST, "moved")
    take(verb, lists_made, export(verb, copied, "2.json"))
    assert "is imported already" in refused(verb("reviews", "import", str(older), cwd=lists_made), 10)
    decide(copied, FIRST, "died")
    same_second = export(verb, copied, "3.json")
    assert "is imported already" in refused(verb("reviews", "import", str(same_second), cwd=lists_made), 10)
    assert [one.outcome for one in FileReviewStore(lists_made).take_snapshot(ALL).reviews] == ["moved"]
    # Nor does taking the kept export away let the older one in.
    (lists_made / "reviews" / EXPORTED).unlink()
    assert "is imported already" in refused(verb("reviews", "import", str(older), cwd=lists_made), 10)


@pytest.mark.parametrize(
    ("here", "said"),
    [
        ("2026-12-01T07:56:00Z", ""),
        ("2026-12-01T07:54:00Z", "6 minutes ahead"),
        ("2026-12-01T05:59:00Z", "2 hours ahead"),
        ("2026-11-30T07:00:00Z", "1 day ahead"),
        ("2025-11-26T08:00:00Z", "370 days ahead"),
    ],
)
def test_an_export_that_is_dated_ahead_is_refused_and_by_how_much_is_said(
    copied, lists_made, verb, clock, refused, monkeypatch, here, said
) -> None:
    """Every true export would be older than it until its day has come."""
    file = export(verb, copied, "1.json")
    monkeypatch.setattr(audit, "now", lambda: here)
    done = verb("reviews", "import", str(file), cwd=lists_made)
    assert done.returncode == 0 if not said else said in refused(done, 10)


def test_a_decision_that_is_dated_after_its_export_is_refused(copied, lists_made, verb, clock, refused) -> None:
    """A machine whose clock is put right again still holds what it took in before."""
    decide(copied, FIRST, "telecare", decided_on=date(2026, 12, 2))
    done = verb("reviews", "import", str(export(verb, copied, "1.json")), cwd=lists_made)
    assert "says of 2026-12-02 what was decided" in refused(done, 10)
    clock.set(1)
    decide(copied, FIRST, "telecare", decided_on=date(2026, 12, 1))
    take(verb, lists_made, export(verb, copied, "2.json"))


@pytest.mark.parametrize(("about", "held"), [("put_forward", False), ("in_question", True), ("taken_up", False)])
def test_what_was_asked_after_an_export_is_found_in_it_and_not_what_the_clock_alone_dates(about, held) -> None:
    later = date(2026, 12, 2)
    told = {
        "put_forward": PutForward("p", "KIR", 5001, later),
        "in_question": InQuestion("p", later, later),
        "taken_up": FromReserve("p", "KIR", 201, LIST_DATE, later),
    }
    exported = ExportedDecisions("2026-12-01T22:59:00Z", (), Notices(**{about: (told[about],)}), {})
    assert exported.find_later_days() == ([later] if held else [])
    # In summer a day of London begins at eleven in the evening by the time that stands there.
    assert replace(exported, made_at="2026-12-01T23:00:00Z").find_later_days() == []


def test_a_time_that_no_day_has_is_no_export(copied, lists_made, verb, clock, refused) -> None:
    file = export(verb, copied, "1.json")
    file.write_text(file.read_text("utf-8").replace("2026-12-01T08", "2026-13-41T08"), encoding="utf-8")
    assert "no export of decisions" in refused(verb("reviews", "import", str(file), cwd=lists_made), 10)


def delete_list(root: Path) -> str:
    shutil.rmtree(root / "lists" / str(BEFORE))
    return f"the list of {BEFORE} is gone, and line"


def forge_list(root: Path) -> str:
    manifest = root / "lists" / str(BEFORE) / "manifest.json"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    return f"the list of {BEFORE} is not as line"


def put_a_list_there(root: Path) -> str:
    """One more among those that were withdrawn."""
    shutil.copytree(root / "lists" / str(BEFORE), root / "lists" / "withdrawn" / f"{BEFORE}-1")
    return "what is kept of that is not as the audit log has it"


@pytest.mark.parametrize("harm", [delete_list, forge_list, put_a_list_there])
def test_a_list_that_was_deleted_or_forged_here_is_told_and_nothing_is_taken_in(
    copied, lists_made, verb, clock, refused, harm
) -> None:
    decide(copied, FIRST, "telecare")
    decide(copied, SECOND, "telecare", day=BEFORE)
    file = export(verb, copied, "1.json")
    said = harm(lists_made)
    assert said in refused(verb("reviews", "import", str(file), cwd=lists_made), AuditError.exit_code)
    assert FileReviewStore(lists_made).find_kept_files() == []


def test_a_decision_about_somebody_who_is_not_on_the_list_here_is_refused(
    copied, lists_made, verb, clock, refused
) -> None:
    from riskstrat.worklist.models import Case

    decide(copied, FIRST, "telecare")
    Case.objects.update(patient_id="p-stranger")
    file = export(verb, copied, "1.json")
    assert "the same lists" in refused(verb("reviews", "import", str(file), cwd=lists_made), 10)
    assert FileReviewStore(lists_made).find_kept_files() == []


def test_decisions_about_a_list_that_was_withdrawn_here_are_taken_in(copied, lists_made, verb, clock) -> None:
    decide(copied, FIRST, "telecare", day=BEFORE)
    file = export(verb, copied, "1.json")
    assert verb("withdraw", str(BEFORE), "--reason", "Made of old data", cwd=lists_made).returncode == 0
    assert take(verb, lists_made, file)["files"] == [f"reviews/{BEFORE}-KIR-1.csv"]
    shutil.rmtree(lists_made / "lists" / "withdrawn" / f"{BEFORE}-1")
    done = verb("reviews", "import", str(file), cwd=lists_made)
    assert "what is kept of that is not as the audit log has it" in done.stderr


def test_decisions_that_were_deleted_here_do_not_come_back(copied, lists_made, verb, clock, monkeypatch) -> None:
    decide(copied, FIRST, "telecare")
    decide(copied, SECOND, "telecare", day=BEFORE)
    file = export(verb, copied, "1.json")
    monkeypatch.setattr(audit, "find_first_kept", lambda root: {"decisions": LIST_DATE})
    assert take(verb, lists_made, file)["files"] == [f"reviews/{LIST_DATE}-KIR-1.csv"]


def test_a_workspace_with_a_worklist_of_its_own_takes_none_and_one_without_gives_none(
    copied, lists_made, verb, clock, refused
) -> None:
    file = export(verb, copied, "1.json")
    assert "a worklist of its own" in refused(verb("reviews", "import", str(file), cwd=copied), 3)
    done = verb("worklist", "export-decisions", "--out", str(copied.parent / "2.json"), cwd=lists_made)
    assert "no worklist to export from" in refused(done, 3)


def test_a_run_that_was_killed_between_two_lists_is_completed_by_the_next(
    copied, lists_made, verb, clock, monkeypatch
) -> None:
    decide(copied, FIRST, "telecare")
    decide(copied, SECOND, "telecare", day=BEFORE)
    file = export(verb, copied, "1.json")

    def fail(*given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(FileReviewStore, "keep_export", fail)
        assert verb("reviews", "import", str(file), cwd=lists_made).returncode != 0
    assert not (lists_made / "reviews" / EXPORTED).exists()
    assert take(verb, lists_made, file)["files"] == []
    here, there = read_both(copied, lists_made)
    assert here == there
    assert (lists_made / "reviews" / EXPORTED).exists()
