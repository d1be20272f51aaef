"""What goes into GP records: agreed codes that a clinician confirmed, named for a practice, and chased until ticked."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from riskstrat import audit, identity
from riskstrat.casefinding import DIED, IN_HOSPITAL, MOVED, NOT_DISCHARGED, PALLIATIVE, KeptOff
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.phrases import long_date
from riskstrat.documents.records_workbook import WIDTHS
from riskstrat.errors import IdentityError, PublicationError
from riskstrat.identity.store import changing
from riskstrat.publication import PublishedList
from riskstrat.reviews import ConfirmedEntries, parse_confirmed
from riskstrat.verbs.identity_records import records
from riskstrat.worklist import published as published_lists
from riskstrat.worklist.roles import Role
from riskstrat.workspace import Workspace, load
from tests.suite.gp_records import AGREED, CARE_PLAN, CASE_MANAGEMENT
from tests.suite.worklists import BEFORE, LIST_DATE, change_everyone, forget_lists, name_patient

HERE, RESTRICTED, OTHER_AGE = "KIR-012-Q", "KIR-058-P", "KIR-062-O"
ELSEWHERE = "KIR-057-I"
"""A case of another practice than theirs, of whom nobody is held."""

ALLOWED = """
publishers = ["{publisher}"]

[[records]]
user = "a.clerk"
role = "coordinator"
teams = ["KIR"]
practices = {practices}
basis = "Sharing agreement 12, section 7"
approved_by = "IG lead"
valid_until = "2126-03-31"
"""
OUTCOME = "case_management"
ENTRY = f"{LIST_DATE} {OUTCOME}"


@pytest.fixture
def agreed(site: Workspace, monday_after: date, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The site with agreed codes in its settings, in the week after its newest list; what is written is taken back."""
    from django.conf import settings

    path = site.root / "riskstrat.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("[[teams]]", f"{AGREED}\n[[teams]]", 1), encoding="utf-8")
    monkeypatch.setattr(settings, "RISKSTRAT_RULES", load(site.root).settings.worklist)
    yield site
    path.write_text(before, encoding="utf-8")


def decide(reference: str = HERE, *outcomes: str, day: date = LIST_DATE) -> Any:
    from riskstrat.reviews import Review
    from riskstrat.worklist.store import find_or_open_case, keep_decision

    patient, team = name_patient(reference), "Kirkby locality hub"
    made = [Review(patient, day, team, one, None, True, day, "AB", None, "CD") for one in outcomes]
    return keep_decision(find_or_open_case(reference, patient, day), made, 1, "entered", timezone.now())


def confirm(client: Any, reference: str = HERE, *entries: str) -> Any:
    return client.post(f"/cases/{reference}/gp-record", {"entries": list(entries or (ENTRY,))})


def read(client: Any, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200, page
    return str(response.content.decode())


def find_entry() -> Any:
    from riskstrat.worklist.models import RecordEntry

    return RecordEntry.objects.get()


def tick(client: Any, version: int = 1, reference: str = HERE) -> Any:
    entry = find_entry()
    given = {"written_by": "Practice pharmacist", "written_on": f"{LIST_DATE:%d/%m/%Y}", "version": version}
    return client.post(f"/cases/{reference}/gp-record/{entry.pk}", given)


def export(verb: Any, site: Workspace, out: Path) -> dict[str, Any]:
    done = verb("worklist", "export-records", "--out", out, "--json", cwd=site.root)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture
def install(site: Workspace, tmp_path: Path) -> Path:
    """An identity install that holds three of the listed people, and lets a clerk have two practices' entries."""
    from riskstrat.worklist.finding import find_case
    from riskstrat.worklist.recording import find_practice

    root = tmp_path / "install"
    key = identity.init(root, "nhs_number", user="ann").key()
    people = {
        HERE: {"name": "Zebedee Quillfeather", "nhs_number": "9990000018", "date_of_birth": "1932-01-02"},
        RESTRICTED: {"name": "Xanthippe Wilkersley", "nhs_number": "9990000034", "restricted": "yes"},
        OTHER_AGE: {"name": "Ottoline Vanterpool", "nhs_number": "9990000026", "date_of_birth": "1999-03-09"},
    }
    with changing(root, key) as held:
        for reference, person in people.items():
            held.learn(name_patient(reference), person)
    publisher = (site.root / "audit" / "publisher.pub").read_text("ascii").strip()
    practices = [find_practice(find_case(reference)) for reference in (HERE, ELSEWHERE)]
    said = ALLOWED.format(publisher=publisher, practices=json.dumps(practices))
    (root / "identity.toml").write_text(said, encoding="utf-8")
    return root


def read_rows(file: Path) -> list[dict[str, str]]:
    heading, *rows = openpyxl.load_workbook(io.BytesIO(file.read_bytes())).active.iter_rows(values_only=True)
    return [dict(zip(heading, ["" if cell is None else cell for cell in row], strict=True)) for row in rows]


def test_nothing_is_said_where_no_code_is_agreed(site, sign_in) -> None:
    decide(HERE, "case_management")
    for page in ("/teams/KIR/actions", "/teams/KIR/agenda", f"/cases/{HERE}"):
        assert "GP record" not in read(sign_in(Role.CLINICIAN, "KIR"), page).replace("from the GP record", ""), page


def test_a_clinician_alone_confirms_and_only_what_was_decided(agreed, sign_in) -> None:
    from riskstrat.worklist.models import RecordEntry

    clinician, coordinator = sign_in(Role.CLINICIAN, "KIR"), sign_in(Role.COORDINATOR, "KIR")
    assert confirm(clinician).status_code == 400
    decide(HERE, "case_management", "telecare")
    assert confirm(coordinator).status_code == 403
    assert confirm(clinician, HERE, f"{LIST_DATE} personalised_care_support_plan").status_code == 400
    assert not RecordEntry.objects.exists()
    assert "Waiting for a clinician to confirm" in read(coordinator, "/teams/KIR/actions")
    assert confirm(clinician).status_code == 302
    entry = find_entry()
    assert (entry.code, entry.confirmed_by, entry.due_on) == (
        CASE_MANAGEMENT,
        clinician.user,
        timezone.localdate() + timedelta(days=10),
    )
    assert confirm(clinician).status_code == 400
    assert RecordEntry.objects.count() == 1


def test_it_is_chased_on_actions_agenda_and_page_until_it_is_ticked(agreed, sign_in, monkeypatch) -> None:
    coordinator = sign_in(Role.COORDINATOR, "KIR")
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    pages = ("/teams/KIR/actions", "/teams/KIR/agenda", "/teams/KIR/agenda/paper", f"/cases/{HERE}")
    link = f"/cases/{HERE}/gp-record/{find_entry().pk}"
    for page in pages:
        said = read(coordinator, page)
        assert link in said, page
        assert "wl-overdue" not in said, page
    later = find_entry().due_on + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda *given: later)
    for page in pages:
        assert "wl-overdue" in read(coordinator, page), page
    assert tick(coordinator, version=7).status_code == 302
    assert find_entry().written_on is None
    assert tick(coordinator).status_code == 302
    for page in pages:
        assert link not in read(coordinator, page), page
    history = read(coordinator, f"/cases/{HERE}/history")
    assert "Written in the GP record" in history
    assert "Practice pharmacist" in history
    assert coordinator.post(link, {"deed": "not written", "version": 2}).status_code == 302
    assert link in read(coordinator, pages[0])


def test_it_stands_in_the_calendar_until_it_is_written_and_says_nothing_clinical(agreed, sign_in, monkeypatch) -> None:
    coordinator, clinician = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management")
    confirm(clinician)
    entry, calendar = find_entry(), "/teams/KIR/actions.ics"
    said = read(coordinator, calendar)
    assert f"SUMMARY:{HERE}: an entry for the GP record is due" in said
    assert f"UID:record-{entry.pk}@" in said
    assert f"DTSTART;VALUE=DATE:{entry.due_on:%Y%m%d}" in said
    assert not any(word in said for word in (CASE_MANAGEMENT, entry.term, entry.practice, name_patient(HERE)))
    tick(coordinator)
    assert "record-" not in read(coordinator, calendar)
    coordinator.post(f"/cases/{HERE}/gp-record/{entry.pk}", {"deed": "not written", "version": 2})
    assert "SEQUENCE:4" in read(coordinator, calendar)
    hold_died(monkeypatch, clinician)
    assert f"SUMMARY:{HERE}: contact nobody" in read(coordinator, calendar)


@pytest.mark.parametrize("written_on", ["", "01/01/2020", "15/11/2026", "01/01/2127", "soon"])
def test_a_tick_needs_a_day_that_can_be(agreed, sign_in, written_on: str) -> None:
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    page = f"/cases/{HERE}/gp-record/{find_entry().pk}"
    sent = {"written_by": "AB", "written_on": written_on, "version": 1}
    assert sign_in(Role.COORDINATOR, "KIR").post(page, sent).status_code == 400
    assert find_entry().written_on is None


def test_a_clinician_takes_a_confirmation_back_and_may_give_it_again(agreed, sign_in) -> None:
    from riskstrat.worklist.models import RecordEntry

    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management")
    confirm(clinician)
    page = f"/cases/{HERE}/gp-record/{find_entry().pk}/take-back"
    assert sign_in(Role.COORDINATOR, "KIR").get(page).status_code == 403
    assert sign_in(Role.CLINICIAN, "HUY").get(page).status_code == 404
    assert clinician.get(page).status_code == 200
    assert clinician.post(page, {"version": 1}).status_code == 302
    assert clinician.get(page).status_code == 404
    assert tick(clinician, version=2).status_code == 302
    assert find_entry().written_on is None
    assert confirm(clinician).status_code == 302
    assert RecordEntry.objects.count() == 2


def test_the_file_of_a_practice_has_what_was_confirmed_and_nobody_who_may_not_be_named(
    agreed, sign_in, verb, install, tmp_path
) -> None:
    clinician = sign_in(Role.CLINICIAN, "KIR")
    for reference in (HERE, RESTRICTED, OTHER_AGE, ELSEWHERE):
        decide(reference, "case_management")
        assert confirm(clinician, reference).status_code == 302, reference
    decide("KIR-060-J", "case_management")
    said = export(verb, agreed, tmp_path / "records.json")
    assert (said["entries"], said["held_back"]) == (4, 0)
    assert "9990000018" not in (tmp_path / "records.json").read_text(encoding="utf-8")
    practice, other = said["practices"]
    out = tmp_path / "practice.xlsx"
    told = records(install, tmp_path / "records.json", practice, out, user="a.clerk")
    (row,) = read_rows(out)
    assert (row["nhs_number"], row["code"], row["reference"]) == ("9990000018", CASE_MANAGEMENT, HERE)
    assert row["term"] == "=Case management started"
    assert (row["practice"], row["practice_as_at"]) == (practice, LIST_DATE.isoformat())
    assert (row["written_by"], row["written_on"]) == ("", "")
    assert told.summary["left_out"] == [RESTRICTED, OTHER_AGE]
    told = records(install, tmp_path / "records.json", other, tmp_path / "other.xlsx", user="a.clerk")
    assert told.summary["left_out"] == [ELSEWHERE]
    again = tmp_path / "again.xlsx"
    records(install, tmp_path / "records.json", practice, again, user="a.clerk")
    assert again.read_bytes() == out.read_bytes()
    log = [line for line in audit.read(install) if line.action == "records named"]
    assert [line.details["entries"] for line in log] == [[[HERE, OUTCOME]], [], [[HERE, OUTCOME]]]
    logs = [(root / "audit" / "log.jsonl").read_text(encoding="utf-8") for root in (install, agreed.root)]
    for word in ("9990000018", "Quillfeather", name_patient(HERE)):
        assert [word in text for text in logs] == [False, False]
    assert audit.read(agreed.root)[-1].action == "records exported"


def test_no_heading_of_a_practices_file_is_cut_off_by_the_next() -> None:
    assert not [name for name, width in WIDTHS.items() if width < len(name) + 1]


def test_entries_that_are_dated_ahead_name_nobody(agreed, sign_in, verb, install, tmp_path, monkeypatch) -> None:
    """A file would be usable for as long as it lies ahead, whoever has died or objected meanwhile."""
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    monkeypatch.setattr(audit, "now", lambda: "2026-12-21T08:00:00Z")
    practice = export(verb, agreed, tmp_path / "first.json")["practices"][0]
    monkeypatch.setattr(audit, "now", lambda: "2026-12-01T08:00:00Z")
    with pytest.raises(IdentityError, match="20 days ahead of this machine's clock"):
        records(install, tmp_path / "first.json", practice, tmp_path / "first.xlsx", user="a.clerk")


def test_a_later_file_has_nothing_that_was_ticked_and_an_older_one_is_refused(
    agreed, sign_in, verb, install, tmp_path, monkeypatch
) -> None:
    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management")
    confirm(clinician)
    monkeypatch.setattr(audit, "now", lambda: "2026-12-01T08:00:00Z")
    practice = export(verb, agreed, tmp_path / "first.json")["practices"][0]
    tick(clinician)
    monkeypatch.setattr(audit, "now", lambda: "2026-12-01T09:00:00Z")
    assert export(verb, agreed, tmp_path / "second.json")["entries"] == 0
    records(install, tmp_path / "second.json", practice, tmp_path / "second.xlsx", user="a.clerk")
    assert read_rows(tmp_path / "second.xlsx") == []
    with pytest.raises(IdentityError, match="named already"):
        records(install, tmp_path / "first.json", practice, tmp_path / "first.xlsx", user="a.clerk")


def hold_died(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    from riskstrat.worklist import statuses

    gone = KeptOff(name_patient(HERE), HERE, "KIR", DIED, None, LIST_DATE)
    monkeypatch.setattr(statuses, "read_kept_off", lambda root, on: {HERE: gone})
    monkeypatch.setattr(statuses, "read_kept_off_patients", lambda root, on: {gone.patient_id: gone})


def hold_unreadable(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    from riskstrat.errors import SourceError
    from riskstrat.worklist import statuses

    def fail(root: object, on: object) -> None:
        raise SourceError("damaged")

    monkeypatch.setattr(statuses, "read_kept_off", fail)


def hold_changed(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    decide(HERE, "monitor")


def hold_in_question(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    assert client.post(f"/cases/{HERE}/report", {"kind": "wrong person", "words": "By the GP"}).status_code == 302


def hold_moved_practice(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    from riskstrat.worklist.models import RecordEntry

    RecordEntry.objects.update(practice="Another practice")


def hold_withdrawn(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    from riskstrat.worklist import withholding

    before = published_lists.find_list(BEFORE)
    monkeypatch.setattr(withholding, "find_current", lambda: before)
    monkeypatch.setattr(withholding, "find_list", lambda day: None)


def hold_in_question_too_long(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    from riskstrat.worklist.models import FaultReport

    hold_in_question(monkeypatch, client)
    FaultReport.objects.update(due_on=LIST_DATE)


def hold_absent(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    change_everyone(monkeypatch, name_patient(HERE))


def hold_other_team(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    change_everyone(monkeypatch, name_patient(HERE), team="Huyton locality hub")


def hold_list_unreadable(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    def fail(published: PublishedList, columns: Any) -> None:
        raise PublicationError("damaged")

    monkeypatch.setattr(PublishedList, "read_everyone", fail)
    forget_lists(monkeypatch)


def hold_no_list(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    from riskstrat.worklist import withholding

    monkeypatch.setattr(withholding, "find_current", lambda: None)


BY_LIST = [hold_absent, hold_other_team, hold_list_unreadable, hold_no_list]
HELD = [
    *(hold_died, hold_unreadable, hold_changed, hold_in_question, hold_in_question_too_long, hold_moved_practice),
    *(hold_withdrawn, *BY_LIST),
]


@pytest.mark.parametrize("hold", HELD)
def test_what_does_not_hold_any_more_is_in_no_file_and_the_page_says_why(agreed, sign_in, monkeypatch, hold) -> None:
    from riskstrat.worklist.recording import gather_confirmed

    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management")
    confirm(clinician)
    assert len(gather_confirmed()[0]) == 1
    hold(monkeypatch, clinician)
    leaving, held_back = gather_confirmed()
    assert (leaving, len(held_back)) == ((), 1)
    assert "In no file meanwhile" in read(clinician, f"/cases/{HERE}/gp-record/{find_entry().pk}")


@pytest.mark.parametrize("hold", [hold_died, hold_unreadable, hold_in_question_too_long, *BY_LIST])
def test_nothing_is_confirmed_of_somebody_whom_no_list_of_today_would_hold(agreed, sign_in, monkeypatch, hold) -> None:
    from riskstrat.worklist.models import RecordEntry

    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management")
    hold(monkeypatch, clinician)
    confirm(clinician)
    assert not RecordEntry.objects.exists()


@pytest.mark.parametrize(
    ("reason", "holds"),
    [
        *((one, True) for one in (DIED, MOVED, DOUBTFUL_DEATH, IN_HOSPITAL, NOT_DISCHARGED, PALLIATIVE)),
        *(("declined", False), ("in a care home", False)),
    ],
)
def test_nothing_leaves_about_whom_the_latest_list_has_as_gone_or_passed_on(
    agreed, sign_in, monkeypatch, reason, holds
) -> None:
    from riskstrat.worklist.finding import find_case
    from riskstrat.worklist.recording import explain_blocked, gather_confirmed

    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    change_everyone(monkeypatch, name_patient(HERE), place="excluded", reason=reason)
    assert [bool(each) for each in gather_confirmed()] == [not holds, holds]
    assert (reason in explain_blocked(find_case(HERE)).lower()) == holds


@pytest.mark.parametrize("name", ["read_list", "read_patients"])
def test_an_old_list_that_cannot_be_read_holds_its_own_entries_back_and_every_page_opens(
    agreed, sign_in, monkeypatch, name
) -> None:
    from riskstrat.worklist.models import RecordEntry
    from riskstrat.worklist.recording import gather_confirmed
    from riskstrat.worklist.withholding import NO_LIST

    clinician = sign_in(Role.CLINICIAN, "KIR")
    for reference, day in ((HERE, BEFORE), (OTHER_AGE, LIST_DATE)):
        decide(reference, "case_management", day=day)
        assert confirm(clinician, reference, f"{day} case_management").status_code == 302
    read = getattr(PublishedList, name)

    def fail(published: PublishedList, *given: Any) -> Any:
        if published.list_date == BEFORE:
            raise PublicationError("damaged")
        return read(published, *given)

    monkeypatch.setattr(PublishedList, name, fail)
    forget_lists(monkeypatch)
    leaving, held_back = gather_confirmed()
    assert [one.reference for one in leaving] == [OTHER_AGE]
    assert [(one.entry.case_id, one.held_back) for one in held_back] == [(HERE, NO_LIST)]
    number = RecordEntry.objects.get(case_id=HERE).pk
    for page in ("/teams/KIR/actions", "/teams/KIR/agenda", f"/cases/{HERE}", f"/cases/{HERE}/gp-record/{number}"):
        assert clinician.get(page).status_code == 200, page


def test_of_two_decisions_that_call_for_the_same_the_newest_is_asked_for_once(agreed, sign_in) -> None:
    from riskstrat.worklist.recording import list_proposed

    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management", day=BEFORE)
    decide(HERE, "case_management")
    assert [one.name for one in list_proposed("KIR")] == [ENTRY]
    assert confirm(clinician, HERE, f"{BEFORE} case_management").status_code == 400
    confirm(clinician)
    tick(clinician)
    assert list_proposed("KIR") == []
    assert confirm(clinician, HERE, f"{BEFORE} case_management").status_code == 400


def test_what_waits_twice_leaves_once(agreed, sign_in) -> None:
    from riskstrat.worklist.models import RecordEntry
    from riskstrat.worklist.recording import gather_confirmed
    from riskstrat.worklist.withholding import REPEATED

    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management", day=BEFORE)
    confirm(clinician, HERE, f"{BEFORE} case_management")
    first = find_entry()
    tick(clinician)
    decide(HERE, "case_management")
    assert confirm(clinician).status_code == 302
    assert (
        clinician.post(f"/cases/{HERE}/gp-record/{first.pk}", {"deed": "not written", "version": 2}).status_code == 302
    )
    assert RecordEntry.objects.filter(written_on=None).count() == 2
    leaving, held_back = gather_confirmed()
    assert len(leaving) == 1
    assert [one.held_back for one in held_back] == [REPEATED]


def test_nobody_is_asked_again_for_a_confirmation_that_was_taken_back(agreed, sign_in) -> None:
    clinician = sign_in(Role.CLINICIAN, "KIR")
    decide(HERE, "case_management")
    confirm(clinician)
    assert clinician.post(f"/cases/{HERE}/gp-record/{find_entry().pk}/take-back", {"version": 1}).status_code == 302
    for page in ("/teams/KIR/actions", "/teams/KIR/agenda"):
        assert "Waiting for a clinician to confirm" not in read(clinician, page), page
    assert "waits for a clinician to confirm" not in read(sign_in(Role.COORDINATOR, "KIR"), f"/cases/{HERE}")
    page = read(clinician, f"/cases/{HERE}/gp-record")
    assert "confirmed before and taken back" in page
    assert f", on the list of {long_date(LIST_DATE)}" in page


@pytest.mark.parametrize(("days", "refused"), [(7, False), (8, True)])
def test_an_export_names_people_for_a_week(
    agreed, sign_in, verb, install, tmp_path, monkeypatch, days, refused
) -> None:
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    monkeypatch.setattr(audit, "now", lambda: "2026-12-01T08:00:00Z")
    practice = export(verb, agreed, tmp_path / "records.json")["practices"][0]
    monkeypatch.setattr(audit, "now", lambda: f"2026-12-{1 + days:02d}T08:00:00Z")
    wanted = pytest.raises(IdentityError, match="export anew") if refused else nullcontext()
    with wanted:
        records(install, tmp_path / "records.json", practice, tmp_path / "out.xlsx", user="a.clerk")
    assert (tmp_path / "out.xlsx").exists() != refused


def test_two_approvals_of_one_account_and_practice_count_together_while_both_hold(
    agreed, sign_in, verb, install, tmp_path
) -> None:
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    practice = export(verb, agreed, tmp_path / "records.json")["practices"][0]
    path = install / "identity.toml"
    publishers, entry = path.read_text(encoding="utf-8").split("[[records]]")
    other = entry.replace('["KIR"]', '["HUY"]').replace("agreement 12", "agreement 9")
    path.write_text("[[records]]".join([publishers, other, entry]), encoding="utf-8")
    told = records(install, tmp_path / "records.json", practice, tmp_path / "out.xlsx", user="a.clerk")
    assert len(read_rows(tmp_path / "out.xlsx")) == 1
    details = audit.read(install)[-1].details
    assert (details["teams"], details["of_other_teams"]) == (["HUY", "KIR"], 0)
    assert details["bases"] == ["Sharing agreement 9, section 7", "Sharing agreement 12, section 7"]
    ended = entry.replace("2126-03-31", "2025-03-31")
    path.write_text("[[records]]".join([publishers, other, ended]), encoding="utf-8")
    told = records(install, tmp_path / "records.json", practice, tmp_path / "later.xlsx", user="a.clerk")
    assert (told.summary["bases"], told.summary["of_other_teams"]) == (["Sharing agreement 9, section 7"], 1)


def test_older_lists_do_not_push_the_latest_out_of_memory(site, monkeypatch) -> None:
    forget_lists(monkeypatch)
    monkeypatch.setattr(published_lists, "KEPT_LISTS", 1)
    current = published_lists.find_current()
    for _ in range(2):
        assert published_lists.find_list(BEFORE) is not None
        kept = [folder.name for folder, _ in published_lists._kept]
        assert kept == [LIST_DATE.isoformat()]
    monkeypatch.setattr(published_lists, "KEPT_LISTS", 2)
    older = published_lists.find_list(BEFORE)
    assert (published_lists.find_list(BEFORE), published_lists.find_current()) == (older, current)


SPOILT = {
    "altered": lambda text: text.replace(HERE, "KIR-057-I"),
    "resealed": lambda text: json.dumps(json.loads(text) | {"seal": {}}, indent=2, sort_keys=True) + "\n",
    "no entries": lambda text: "[]",
    "nested": lambda text: '{"entries":' * 3000,
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_entries_that_are_not_as_they_were_sealed_name_nobody(agreed, sign_in, verb, install, tmp_path, spoil) -> None:
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    file = tmp_path / "records.json"
    practice = export(verb, agreed, file)["practices"][0]
    file.write_text(SPOILT[spoil](file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(IdentityError):
        records(install, file, practice, tmp_path / "out.xlsx", user="a.clerk")
    assert audit.read(install)[-1].action == "naming refused"
    assert not (tmp_path / "out.xlsx").exists()


def test_an_export_of_a_day_that_no_year_has_is_refused() -> None:
    with pytest.raises(PublicationError, match="holds no entries"):
        parse_confirmed(ConfirmedEntries("2026-02-30T08:00:00Z", (), {}).dump(), "the file")


@pytest.mark.parametrize(
    ("user", "practice", "name"),
    [
        ("b.clerk", None, "out.xlsx"),
        ("a.clerk", "Another practice", "out.xlsx"),
        ("a.clerk", None, "quillfeather.xlsx"),
        ("a.clerk", None, "out.csv"),
        ("a.clerk", None, "install/out.xlsx"),
    ],
)
def test_who_is_not_written_in_another_practice_and_a_telling_place_are_refused_and_logged(
    agreed, sign_in, verb, install, tmp_path, user, practice, name
) -> None:
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    of_export = export(verb, agreed, tmp_path / "records.json")["practices"][0]
    with pytest.raises(IdentityError):
        records(install, tmp_path / "records.json", practice or of_export, tmp_path / name, user=user)
    last = audit.read(install)[-1]
    assert last.action == "naming refused"
    assert last.details["practice"] in (None, of_export)
    assert not (tmp_path / name).exists()


def test_an_account_gets_the_entries_of_its_own_teams_alone(agreed, sign_in, verb, install, tmp_path) -> None:
    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    practice = export(verb, agreed, tmp_path / "records.json")["practices"][0]
    path = install / "identity.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('["KIR"]', '["HUY"]'), encoding="utf-8")
    told = records(install, tmp_path / "records.json", practice, tmp_path / "out.xlsx", user="a.clerk")
    assert read_rows(tmp_path / "out.xlsx") == []
    assert told.summary["of_other_teams"] == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CARE_PLAN, "390906008"),
        (CARE_PLAN, CASE_MANAGEMENT),
        ('outcome = "personalised_care_support_plan"', 'outcome = "case_management"'),
        ('outcome = "personalised_care_support_plan"', 'outcome = "safeguarding"'),
        ('outcome = "personalised_care_support_plan"', 'outcome = "an_outcome"'),
        ("days = 10", "days = 0"),
    ],
)
def test_codes_that_cannot_be_are_refused_where_they_are_declared(old: str, new: str) -> None:
    from riskstrat.definitions.worklist_settings import WorklistSettings
    from riskstrat.storage import parse_toml

    given = parse_toml(AGREED)["worklist"]
    assert len(WorklistSettings(**given).gp_record.codes) == 2
    with pytest.raises(ValueError, match="gp_record"):
        WorklistSettings(**parse_toml(AGREED.replace(old, new))["worklist"])


def test_a_person_reads_what_was_confirmed_of_them(agreed, sign_in) -> None:
    from riskstrat.worklist.disclosing import gather_held_in_worklist

    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    told = {one["title"]: one["rows"] for one in gather_held_in_worklist(name_patient(HERE))}
    assert told["worklist: entries for the GP record"][0]["code"] == CASE_MANAGEMENT


def test_entries_are_kept_as_long_as_their_case_and_go_with_it(agreed, sign_in) -> None:
    from riskstrat.worklist.forgetting import forget
    from riskstrat.worklist.models import Decision, Edit, RecordEntry

    decide(HERE, "case_management")
    confirm(sign_in(Role.CLINICIAN, "KIR"))
    Decision.objects.update(stands=False)
    first = timezone.now().date() + timedelta(days=2)
    with forget({"decisions": first, "cases": first}, keep=True) as told:
        pass
    assert not RecordEntry.objects.exists()
    assert told.rows["entries about cases"] == 1
    about = Edit.objects.filter(what="entry for the GP record")
    assert [(one.before, one.after) for one in about] == [(None, None)]
