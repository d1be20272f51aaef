"""What has been kept for longer than the site says goes, nothing else does, and the logs are whole afterwards."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.publication import find_folders
from riskstrat.reviews import FileReviewStore, Review
from riskstrat.storage import compute_digest
from riskstrat.storage.archives import write_archive
from riskstrat.workspace import load
from tests.suite.worklists import BEFORE, LIST_DATE, name_patient
from tests.worklist.conftest import PRODUCTION

TODAY = LIST_DATE + timedelta(days=366)
"""A day on which the older list has been kept for longer than a year and the newer one for just that."""

OLD = datetime.combine(BEFORE, datetime.min.time(), UTC) + timedelta(hours=12)
YEAR = """
[retention]
lists_days = 366
decisions_days = 366
cases_days = 366
looks_days = 366
"""


@pytest.fixture
def kept_for_a_year(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site of `copied`, which keeps lists, decisions, cases and looks for a year, on TODAY."""
    keep(copied, YEAR)
    monkeypatch.setattr(audit, "today", lambda: TODAY)
    return copied


def keep(root: Path, said: str) -> None:
    (root / "riskstrat.toml").write_text(PRODUCTION.replace("[worklist]", f"{said}\n[worklist]", 1), encoding="utf-8")


def import_review(root: Path, day: date, reference: str = "KIR-012-Q") -> None:
    """A decision about a list, kept as a file, in the database and in the audit log, as an import does."""
    from riskstrat.worklist.store import DatabaseReviewStore

    made = Review(
        name_patient(reference), day, "Kirkby locality hub", "telecare", "A note", True, day, "AB", None, "CD"
    )
    details = {"list_date": day.isoformat(), "team": "KIR", "reviews": 1, "correction": None}
    DatabaseReviewStore(load(root)).add(
        (day, "KIR"), [made], None, lambda target, digest: audit.log_importing(root, target, digest, details)
    )


def write_attempt(reference: str, at: datetime = OLD, note: str = "telephone") -> Any:
    """An attempt to contact about a case, with its line in the log of edits, both of a day long ago."""
    from riskstrat.worklist.models import Attempt, Case, Edit, Look, User
    from riskstrat.worklist.writing import create_row

    user = User.objects.get()
    case, _ = Case.objects.get_or_create(
        reference=reference,
        defaults={"team_code": "KIR", "patient_id": name_patient(reference), "opened_on": BEFORE - timedelta(days=7)},
    )
    known = {"tried_on": BEFORE, "how": note, "reached": True, "tried_by": "AB", "entered_by": user, "entered_at": at}
    create_row(Attempt(case=case, **known), user, reference)
    Edit.objects.filter(reference=reference).update(at=at)
    look = Look.objects.create(user=user, role=user.role, reference=reference, page="person")
    Look.objects.filter(pk=look.pk).update(at=at)
    return case


def anchor(root: Path) -> None:
    """Anchor the days of the worklist's log up to two months after the older list."""
    from riskstrat.worklist import anchoring

    assert anchoring.anchor(root, OLD + timedelta(days=60))


def tell(verb: Any, root: Path, *arguments: str) -> Any:
    done = verb("retention", *arguments, "--json", cwd=root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def require_whole(verb: Any, root: Path) -> None:
    done = verb("audit", "verify", cwd=root)
    assert done.returncode == 0, done.stderr


def list_everything(root: Path) -> dict[str, Any]:
    """Every file of lists and reviews, and how many rows each table holds."""
    from riskstrat.worklist import models

    files = sorted(str(path) for name in ("lists", "reviews") for path in (root / name).rglob("*") if path.is_file())
    return {"files": files, **{name: getattr(models, name).objects.count() for name in models.__all__}}


def test_nothing_is_deleted_unless_the_site_says_so(copied: Path, verb, monkeypatch) -> None:
    monkeypatch.setattr(audit, "today", lambda: date(2126, 1, 1))
    write_attempt("KIR-012-Q")
    before = list_everything(copied)
    told = tell(verb, copied, "--delete")
    assert (told["deleted"], told["gone"], told["before"]) == (False, [], {})
    assert list_everything(copied) == before
    assert not (copied / "retention").exists()


def test_a_dry_run_says_what_would_go_and_takes_nothing(kept_for_a_year: Path, verb) -> None:
    import_review(kept_for_a_year, BEFORE)
    before, log = list_everything(kept_for_a_year), audit.read(kept_for_a_year)
    told = tell(verb, kept_for_a_year)
    assert [one["path"] for one in told["gone"]] == [f"lists/{BEFORE}", f"reviews/{BEFORE}-KIR-1.csv"]
    assert (told["rows"]["decisions"], told["rows"]["actions"], told["deleted"]) == (1, 1, False)
    assert (list_everything(kept_for_a_year), audit.read(kept_for_a_year)) == (before, log)
    said = verb("retention", cwd=kept_for_a_year).stdout
    assert f"lists of before {LIST_DATE.day} November 2026: 1 lists ({BEFORE})" in said
    assert "add --delete" in said


def test_what_is_of_before_the_first_day_kept_goes_and_the_logs_are_whole(kept_for_a_year: Path, verb) -> None:
    from riskstrat.worklist.models import Decision

    import_review(kept_for_a_year, BEFORE)
    import_review(kept_for_a_year, LIST_DATE, "KIR-057-I")
    told = tell(verb, kept_for_a_year, "--delete")
    assert (told["deleted"], told["record"]) == (True, "retention/1.json")
    assert list(find_folders(kept_for_a_year / "lists")) == [LIST_DATE]
    assert [path.name for path in FileReviewStore(kept_for_a_year).find_kept_files()] == [f"{LIST_DATE}-KIR-1.csv"]
    assert list(Decision.objects.values_list("list_date", flat=True)) == [LIST_DATE]
    require_whole(verb, kept_for_a_year)
    assert tell(verb, kept_for_a_year, "--delete")["deleted"] is False


def test_the_record_and_the_log_hold_counts_and_digests_and_nobody(kept_for_a_year: Path, verb) -> None:
    import_review(kept_for_a_year, BEFORE)
    write_attempt("KIR-031-K", note="a word about somebody")
    tell(verb, kept_for_a_year, "--delete")
    record = (kept_for_a_year / "retention/1.json").read_text("utf-8")
    line = next(line for line in audit.read(kept_for_a_year) if line.action == audit.DELETED)
    assert json.loads(record)["rows"] == line.details["rows"]
    assert {"decisions": 1, "actions": 1}.items() <= line.details["rows"].items()
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for _, digest in line.details["gone"])
    for text in (record, line.written().decode()):
        assert not re.search(r"KIR-\d{3}|p-kir|somebody|A note", text)


def test_the_newest_list_stays_however_old_it_is(kept_for_a_year: Path, verb, monkeypatch) -> None:
    monkeypatch.setattr(audit, "today", lambda: LIST_DATE + timedelta(days=4000))
    tell(verb, kept_for_a_year, "--delete")
    assert list(find_folders(kept_for_a_year / "lists")) == [LIST_DATE]
    require_whole(verb, kept_for_a_year)


def test_a_withdrawn_list_goes_with_its_date_and_a_later_one_of_that_date_is_the_first_again(
    kept_for_a_year: Path, verb
) -> None:
    from tests.suite.worklists import publish_week

    for reason in ("The wrong data.", "Wrong once more."):
        assert verb("withdraw", str(BEFORE), "--reason", reason, cwd=kept_for_a_year).returncode == 0
        publish_week(kept_for_a_year, BEFORE)
    told = tell(verb, kept_for_a_year, "--delete")
    names = [f"lists/{BEFORE}", f"lists/withdrawn/{BEFORE}-1", f"lists/withdrawn/{BEFORE}-2"]
    assert [one["path"] for one in told["gone"]] == names
    require_whole(verb, kept_for_a_year)
    publish_week(kept_for_a_year, BEFORE)
    require_whole(verb, kept_for_a_year)
    assert verb("withdraw", str(BEFORE), "--reason", "The wrong data.", cwd=kept_for_a_year).returncode == 0
    require_whole(verb, kept_for_a_year)


def test_a_list_that_alone_knows_a_number_stays_so_that_nobody_gets_it_twice(kept_for_a_year: Path, verb) -> None:
    from riskstrat.casefinding import CASE_COLUMNS
    from riskstrat.publication import CASES

    def publish_case(day: date, row: str) -> None:
        folder = kept_for_a_year / "lists" / str(day)
        (folder / CASES).write_text(f"{','.join(CASE_COLUMNS)}\n{row},{BEFORE},{BEFORE}\n", encoding="utf-8")
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"][CASES] = compute_digest((folder / CASES).read_bytes())
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    publish_case(BEFORE, "KIR,700,p-late")
    assert tell(verb, kept_for_a_year)["gone"] == []
    publish_case(LIST_DATE, "KIR,701,p-next")
    assert [one["path"] for one in tell(verb, kept_for_a_year)["gone"]] == [f"lists/{BEFORE}"]


def test_a_file_that_retention_did_not_take_is_still_missed(kept_for_a_year: Path, verb, refused) -> None:
    import_review(kept_for_a_year, LIST_DATE)
    tell(verb, kept_for_a_year, "--delete")
    (kept_for_a_year / f"reviews/{LIST_DATE}-KIR-1.csv").unlink()
    assert "is missing" in refused(verb("audit", "verify", cwd=kept_for_a_year), 13)


def test_a_record_that_was_lost_is_missed(kept_for_a_year: Path, verb, refused) -> None:
    tell(verb, kept_for_a_year, "--delete")
    (kept_for_a_year / "retention/1.json").unlink()
    assert "retention/1.json is missing" in refused(verb("audit", "verify", cwd=kept_for_a_year), 13)


# ---- Rows of the worklist ----


def test_a_case_that_is_over_goes_with_its_notes_and_what_the_log_repeats_of_them(
    copied: Path, verb, monkeypatch
) -> None:
    from riskstrat.worklist.models import Attempt, Case, Edit, Look

    keep(copied, "[retention]\ndecisions_days = 366\ncases_days = 366\n")
    monkeypatch.setattr(audit, "today", lambda: TODAY + timedelta(days=30))
    # Neither is on a list since; of the second something was entered since.
    write_attempt("KIR-077-2", note="gone with the case")
    write_attempt("KIR-078-9", at=OLD + timedelta(days=100))
    anchor(copied)
    told = tell(verb, copied, "--delete")
    assert {"cases": 1, "entries about cases": 1, "edits emptied": 1}.items() <= told["rows"].items()
    assert list(Case.objects.values_list("pk", flat=True)) == ["KIR-078-9"]
    assert Attempt.objects.get().case_id == "KIR-078-9"
    edit = Edit.objects.get(reference="KIR-077-2")
    assert (edit.before, edit.after, edit.what) == (None, None, "attempt")
    assert Look.objects.filter(reference="KIR-077-2").count() == 1
    require_whole(verb, copied)


def test_how_a_case_that_is_over_fell_through_goes_from_the_case_that_took_its_place(
    copied: Path, verb, monkeypatch
) -> None:
    from riskstrat.worklist.models import Case, Edit, TakenUp, User
    from riskstrat.worklist.writing import create_row

    keep(copied, "[retention]\ndecisions_days = 366\ncases_days = 366\n")
    monkeypatch.setattr(audit, "today", lambda: TODAY + timedelta(days=30))
    write_attempt("KIR-077-2")
    later, user = OLD + timedelta(days=100), User.objects.get()
    other = write_attempt("KIR-078-9", at=later)
    told = {"in_place_of": "KIR-077-2", "why": "moved", "words": "gone with the case", "edition": 1}
    row = TakenUp(case=other, list_date=BEFORE, taken_by=user, taken_at=later, **told)
    create_row(row, user, "KIR-078-9")
    assert tell(verb, copied, "--delete")["rows"]["cases"] == 1
    assert list(Case.objects.values_list("pk", flat=True)) == ["KIR-078-9"]
    row.refresh_from_db()
    assert (row.case_id, row.why, row.words) == ("KIR-078-9", "", "")
    edits = Edit.objects.filter(reference="KIR-078-9")
    assert {edit.what: edit.after is None for edit in edits} == {"taken up": True, "attempt": False}
    require_whole(verb, copied)


@pytest.mark.parametrize("standing", ["objection", "release", "decision", "listed"])
def test_a_case_of_which_something_stands_stays(copied: Path, verb, monkeypatch, standing: str) -> None:
    from riskstrat.worklist.models import Case, Objection, Release, User

    keep(copied, "[retention]\ndecisions_days = 4000\ncases_days = 366\n")
    monkeypatch.setattr(audit, "today", lambda: TODAY)
    reference = "KIR-012-Q" if standing == "listed" else "KIR-077-2"
    case, user = write_attempt(reference), User.objects.get()
    if standing == "objection":
        Objection.objects.create(case=case, recorded_by=user, recorded_at=OLD)
    if standing == "release":
        Release.objects.create(case=case, basis="b", fields=[], released_by=user, released_at=OLD)
    if standing == "decision":
        case.decisions.create(list_date=BEFORE, team="K", entered_at=OLD, kept_as="x")
    assert tell(verb, copied, "--delete")["deleted"] is False
    assert Case.objects.filter(pk=reference).exists()
    if standing == "objection":
        Objection.objects.update(withdrawn_at=OLD)
        assert tell(verb, copied, "--delete")["rows"]["cases"] == 1


def test_no_case_is_over_while_a_list_that_may_hold_it_cannot_be_read(copied: Path) -> None:
    from riskstrat.worklist.forgetting import forget
    from riskstrat.worklist.models import Case

    write_attempt("KIR-012-Q")
    for manifest in (copied / "lists").glob("????-??-??/manifest.json"):
        manifest.write_text("damaged", encoding="utf-8")
    with pytest.raises(PublicationError, match="nothing was deleted"), forget({"cases": LIST_DATE}, keep=True):
        pass
    assert Case.objects.filter(pk="KIR-012-Q").exists()


def test_old_looks_go_and_a_line_put_in_among_those_days_is_found(kept_for_a_year: Path, verb, refused) -> None:
    from riskstrat.worklist.models import Edit, Look

    write_attempt("KIR-057-I")
    write_attempt("KIR-057-I", at=OLD + timedelta(days=30))
    Look.objects.filter(pk=Look.objects.order_by("pk")[0].pk).update(at=OLD)
    Edit.objects.filter(pk=Edit.objects.order_by("pk")[0].pk).update(at=OLD)
    anchor(kept_for_a_year)
    told = tell(verb, kept_for_a_year, "--delete")
    assert (told["rows"]["looks"], told["rows"]["edits"]) == (1, 1)
    assert (Look.objects.count(), Edit.objects.count()) == (1, 1)
    require_whole(verb, kept_for_a_year)
    left = Look.objects.get()
    Look.objects.filter(pk=left.pk).update(at=OLD)
    assert "the worklist's log of" in refused(verb("audit", "verify", cwd=kept_for_a_year), 13)


def test_a_line_that_was_emptied_by_hand_is_found(copied: Path, verb, refused, monkeypatch) -> None:
    from riskstrat.worklist.models import Edit

    keep(copied, "[retention]\ndecisions_days = 366\ncases_days = 366\n")
    monkeypatch.setattr(audit, "today", lambda: TODAY)
    write_attempt("KIR-077-2"), write_attempt("KIR-012-Q")
    anchor(copied)
    tell(verb, copied, "--delete")
    require_whole(verb, copied)
    Edit.objects.filter(reference="KIR-012-Q").update(before=None, after=None)
    assert "the worklist's log of" in refused(verb("audit", "verify", cwd=copied), 13)


# ---- What is rebuilt afterwards ----


def test_a_list_that_would_have_read_what_was_deleted_says_that_it_is_not_whole(kept_for_a_year: Path, verb) -> None:
    from riskstrat.weekly.wholeness import describe_deleted

    assert describe_deleted(kept_for_a_year, LIST_DATE) == ()
    tell(verb, kept_for_a_year, "--delete")
    assert describe_deleted(kept_for_a_year, LIST_DATE + timedelta(days=364)) == ()
    (said,) = describe_deleted(kept_for_a_year, LIST_DATE + timedelta(days=363))
    assert said.startswith("Not whole: lists of before 16 November 2026 and decisions of before 16 November 2026 have")


# ---- Killed ----


class Killed(BaseException):
    """Ends a run as a kill does, as far as its own clean-up cannot tell."""


@pytest.mark.parametrize(
    "place", ["delete_files", *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ("write", "write_done"))]
)
def test_a_run_that_was_killed_is_completed_by_the_next(kept_for_a_year: Path, verb, monkeypatch, place: str) -> None:
    from riskstrat.audit import begun
    from riskstrat.retention import DeletionRecord
    from riskstrat.verbs import retention
    from riskstrat.worklist.models import Decision

    import_review(kept_for_a_year, BEFORE)
    write_attempt("KIR-077-2")
    anchor(kept_for_a_year)

    def kill(*given: Any) -> None:
        raise Killed

    owner = retention if place == "delete_files" else DeletionRecord
    with monkeypatch.context() as killed:
        killed.setattr(owner, place, kill)
        # A killed run writes no line that says what became of it.
        killed.setattr(begun.HeldLog, "add", _add_nothing_after(begun.HeldLog.add))
        with pytest.raises(Killed):
            retention.apply_retention(kept_for_a_year, delete=True)
    told = tell(verb, kept_for_a_year, "--delete")
    assert told["deleted"] is (place == "write")
    assert told["completed"] == (None if place == "write" else "retention/1.json")
    assert list(find_folders(kept_for_a_year / "lists")) == [LIST_DATE]
    assert Decision.objects.count() == 0
    require_whole(verb, kept_for_a_year)
    assert len([line for line in audit.read(kept_for_a_year) if line.action == audit.DELETED]) == 1


def _add_nothing_after(add: Any) -> Any:
    def only_beginnings(log: Any, action: str, *given: Any) -> Any:
        return add(log, action, *given) if action == audit.BEGUN else None

    return only_beginnings


def test_rows_are_gone_for_good_before_anything_says_so(kept_for_a_year: Path, verb, monkeypatch) -> None:
    from riskstrat.retention import DeletionRecord
    from riskstrat.worklist.models import Decision

    import_review(kept_for_a_year, BEFORE)
    found = []

    def look(record: DeletionRecord) -> None:
        from django.db import connection

        found.append((connection.in_atomic_block, Decision.objects.count()))
        write_done(record)

    write_done = DeletionRecord.write_done
    monkeypatch.setattr(DeletionRecord, "write_done", look)
    tell(verb, kept_for_a_year, "--delete")
    assert found == [(False, 0)]


def test_another_verb_meanwhile_does_not_call_it_done(kept_for_a_year: Path, verb, monkeypatch, refused) -> None:
    from riskstrat.verbs import retention

    def kill(*given: Any) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as killed:
        killed.setattr(retention, "delete_files", kill)
        with pytest.raises(OSError, match="gone"):
            retention.apply_retention(kept_for_a_year, delete=True)
    assert verb("withdraw", str(LIST_DATE), "--reason", "The wrong data.", cwd=kept_for_a_year).returncode == 0
    assert "riskstrat retention --delete again" in refused(verb("audit", "verify", cwd=kept_for_a_year), 13)
    tell(verb, kept_for_a_year, "--delete")
    require_whole(verb, kept_for_a_year)


# ---- Data and backups ----


def test_earlier_versions_of_the_data_and_old_backups_go_but_for_the_newest(copied: Path, verb, monkeypatch) -> None:
    from riskstrat.sources.store_versions import MANIFEST, VERSIONS, name_version, point_to

    keep(copied, '[retention]\nversions_days = 30\nbackups_days = 30\nbackups_folder = "../backups"\n')
    monkeypatch.setattr(audit, "today", lambda: date(2126, 1, 1))
    store, names = copied / "data", []
    for number in range(3):
        folder = store / VERSIONS / "new"
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_text(f'{{"files": {{}}, "number": {number}}}')
        names.append(name_version(folder))
        folder.rename(store / VERSIONS / names[-1])
        point_to(store, names[-1], 3)
    backups = copied.parent / "backups"
    backups.mkdir()
    for number in (1, 2, 3):
        write_archive({"a": lambda: b""}, {"riskstrat": "1"}, backups / f"{number}.zip")
        os.utime(backups / f"{number}.zip", (number * 1e6, number * 1e6))
    (backups / "somebody-elses.zip").write_bytes(b"not ours")
    tell(verb, copied, "--delete")
    assert sorted(path.name for path in backups.iterdir()) == ["3.zip", "somebody-elses.zip"]
    assert [path.name for path in (store / VERSIONS).iterdir()] == [names[-1]]
    assert json.loads((store / "current.json").read_text())["earlier"] == []
    require_whole(verb, copied)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("lists_days = 366", "must not be less than decisions_days"),
        ("lists_days = 400\ndecisions_days = 401", "must not be less than decisions_days"),
        ("cases_days = 366", "cases_days needs decisions_days"),
        ("backups_days = 3", "backups_days needs backups_folder"),
        ("decisions_days = 365", "greater than or equal to 366"),
        ("list_days = 900", 'unknown key "retention.list_days"'),
    ],
)
def test_times_that_cannot_be_kept_together_are_refused(copied: Path, verb, refused, said: str, why: str) -> None:
    keep(copied, f"[retention]\n{said}")
    assert why in refused(verb("retention", cwd=copied), 3)
