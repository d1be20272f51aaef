"""Between two lists: who died, left, objected or went into hospital is known within the day, and nobody is let by."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat import audit
from riskstrat.audit.log import HeldLog
from riskstrat.casefinding import (
    IN_HOSPITAL,
    NOT_DISCHARGED,
    RESERVE_COLUMNS,
    name_state,
    read_kept_off,
    read_kept_off_patients,
    reference,
)
from riskstrat.cohort import mark_opted_out
from riskstrat.errors import SourceError
from riskstrat.publication import RESERVE, dump_reserve
from riskstrat.reviews import Snapshot
from riskstrat.site.opening import open_workspace
from riskstrat.site.resources import write_alone
from riskstrat.sources.refreshed import locate_refreshed
from riskstrat.weekly.choosing import case_facts
from tests.suite.daily import ingest_everybody, land, make_between_lists, name_case
from tests.suite.hand_made import STANDING
from tests.suite.stores import change_version
from tests.suite.verbs import Done, Verb

TUESDAY, WEDNESDAY = STANDING + timedelta(days=1), STANDING + timedelta(days=2)
STATUSES = "patient_id,as_at,inpatient,died,moved,palliative_register\n"
PEOPLE = "patient_id,date_of_birth,sex,date_of_death\n"
REGISTRATIONS = "patient_id,practice,registered_from,registered_to\n"
CASELOAD = "patient_id,team,status,from_on,to_on\n"
OPT_OUTS = "patient_id,kind,from_on,to_on\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_between_lists(tmp_path_factory.mktemp("between"), 'store = "data"')


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "workspace"))


def run(verb: Verb, root: Path, day: date, *more: str, **tables: str) -> Done:
    return verb("refresh", land(root.parent / "new", tables), "-w", root, "--as-at", day, "--json", *more)


def refresh(verb: Verb, root: Path, day: date, *more: str, **tables: str) -> dict[str, Any]:
    done = run(verb, root, day, *more, **tables)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def list_reasons(root: Path, on: date) -> dict[str, tuple[str, date | None]]:
    """By patient why they are kept off on a day, and since when."""
    return {patient: (each.what, each.since) for patient, each in read_kept_off_patients(root, on).items()}


def test_each_kind_of_row_takes_its_person_off_in_the_words_of_the_lists(verb: Verb, root: Path) -> None:
    tuesday = f"{TUESDAY}"
    told = refresh(
        verb,
        root,
        WEDNESDAY,
        statuses=STATUSES
        + f"p1,{tuesday},no,yes,no,no\np2,{tuesday},yes,no,no,no\np3,{tuesday},no,no,yes,no\n"
        + f"p4,{tuesday},no,no,no,yes\np5,{tuesday},no,no,no,no\n",
        people=PEOPLE + f"p6,1950-01-06,F,{tuesday}\np7,1950-01-07,F,\n",
        registrations=REGISTRATIONS
        + f"p8,N83001,2001-01-01,{tuesday}\np9,N83001,2001-01-01,{tuesday}\np9,N83002,{tuesday},\n",
        opt_outs=OPT_OUTS + f"p10,type1,{tuesday},\np13,type1,,\n",
        caseload=CASELOAD + f"p11,Halewood,active,{tuesday},\np12,Kirkby,active,{tuesday},\n",
    )
    by_reference = read_kept_off(root, WEDNESDAY)
    assert {reference: (each.what, each.since) for reference, each in by_reference.items()} == {
        name_case("p1"): ("died", TUESDAY),
        name_case("p2"): ("in hospital now", TUESDAY),
        name_case("p3"): ("moved away", TUESDAY),
        name_case("p4"): ("on the palliative care register", TUESDAY),
        name_case("p6"): ("died", TUESDAY),
        name_case("p8"): ("moved away", TUESDAY),
        name_case("p10"): ("opted out", TUESDAY),
        name_case("p11"): ("known to another team", None),
    }
    assert {each.known_on for each in by_reference.values()} == {WEDNESDAY}
    assert {each.team for each in by_reference.values()} == {"Kirkby"}
    assert read_kept_off_patients(root, WEDNESDAY)["p13"].reference is None
    assert (told["new"], told["without_a_case"]) == (8, 1)
    assert "p1" not in json.dumps(told["cases_kept_off"]).replace(name_case("p1"), "")


def test_a_list_made_since_lists_none_of_them(verb: Verb, root: Path) -> None:
    refresh(
        verb,
        root,
        TUESDAY,
        statuses=STATUSES + f"p1,{TUESDAY},no,no,no,yes\n",
        people=PEOPLE + f"p6,1950-01-06,F,{TUESDAY}\n",
        registrations=REGISTRATIONS + f"p8,N83001,2001-01-01,{TUESDAY}\n",
        opt_outs=OPT_OUTS + f"p10,type1,{TUESDAY},\n",
        caseload=CASELOAD + f"p11,Halewood,active,{STANDING},\n",
    )
    opened = open_workspace(root)
    persons = opened.store.people().set_index("patient_id")["person"]
    assert mark_opted_out(opened.store, ("type1",)).nonzero()[0].tolist() == [persons["p10"]]
    facts = case_facts(opened, STANDING, Snapshot(()))
    assert facts.gone == {persons["p6"]: "died", persons["p8"]: "moved away"}
    assert facts.caseload is not None
    assert facts.caseload["person"].tolist() == [persons["p11"]]
    assert facts.statuses is not None
    assert facts.statuses["palliative_register"].tolist() == [True]
    assert case_facts(opened, STANDING - timedelta(days=7), Snapshot(())).gone == {}


def test_a_table_without_a_row_checks_nobody_for_a_list(root: Path) -> None:
    held = f"p11,Halewood,active,{STANDING - timedelta(days=9)},\n"
    for rows, unchecked in (("", {"opt_outs", "caseload"}), (held, {"opt_outs"})):
        ingest_everybody(root.parent, root, opt_outs=OPT_OUTS, caseload=CASELOAD + rows)
        assert case_facts(open_workspace(root), STANDING, Snapshot(())).not_landed == unchecked


def test_what_was_said_stays_until_it_is_denied_of_a_later_day(verb: Verb, root: Path) -> None:
    said = f"p1,{TUESDAY},no,yes,no,no\np3,{TUESDAY},no,no,yes,no\np4,{TUESDAY},no,yes,no,no\n"
    refresh(verb, root, TUESDAY, statuses=STATUSES + said, opt_outs=OPT_OUTS + "p10,type1,,\n")
    denied = f"p1,{WEDNESDAY},no,no,no,no\np4,{TUESDAY},no,no,no,no\n"
    refresh(verb, root, WEDNESDAY, statuses=STATUSES + denied)
    assert list_reasons(root, WEDNESDAY) == {
        "p3": ("moved away", TUESDAY),
        "p4": ("died", TUESDAY),
        "p10": ("opted out", None),
    }
    assert {each.known_on for each in read_kept_off(root, WEDNESDAY).values()} == {TUESDAY}


def test_who_was_in_hospital_by_a_status_and_now_by_an_open_stay_alone_is_no_news() -> None:
    assert name_state(NOT_DISCHARGED) == name_state(IN_HOSPITAL)
    assert len({name_state(reason) for reason in (IN_HOSPITAL, "died", "moved away", "opted out")}) == 4


def test_in_hospital_holds_for_a_week(verb: Verb, root: Path) -> None:
    refresh(verb, root, WEDNESDAY, statuses=STATUSES + f"p2,{TUESDAY},yes,no,no,no\n")
    assert list(list_reasons(root, TUESDAY + timedelta(days=6))) == ["p2"]
    assert list_reasons(root, TUESDAY + timedelta(days=7)) == {}


def test_the_same_rows_again_change_no_byte_and_no_line_of_the_log(verb: Verb, root: Path) -> None:
    rows = {"statuses": STATUSES + f"p1,{TUESDAY},no,yes,no,no\n"}
    assert refresh(verb, root, TUESDAY, **rows)["written"]
    before = locate_refreshed(root).read_bytes(), (root / "audit" / "log.jsonl").read_bytes()
    assert not refresh(verb, root, TUESDAY, **rows)["written"]
    assert before == (locate_refreshed(root).read_bytes(), (root / "audit" / "log.jsonl").read_bytes())


def test_a_run_that_was_killed_before_its_last_line_is_logged_as_done_by_the_next(
    verb: Verb, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, add = {"statuses": STATUSES + f"p1,{TUESDAY},no,yes,no,no\n"}, HeldLog.add

    def be_killed(log: HeldLog, action: str, *given: Any) -> Any:
        if action == "refreshed":
            raise KeyboardInterrupt
        return add(log, action, *given)

    with monkeypatch.context() as patched:
        patched.setattr(HeldLog, "add", be_killed)
        assert run(verb, root, TUESDAY, **rows).returncode == 130
    assert verb("audit", "verify", "-w", root).returncode == 13
    for _ in range(2):
        assert not refresh(verb, root, TUESDAY, **rows)["written"]
        assert [line.action for line in audit.read(root)].count("refreshed") == 1
        assert verb("audit", "verify", "-w", root).returncode == 0


def test_a_whole_ingest_of_a_later_day_takes_over_and_one_of_the_same_day_does_not(verb: Verb, root: Path) -> None:
    refresh(verb, root, WEDNESDAY, opt_outs=OPT_OUTS + "p10,type1,,\n")
    ingest_everybody(root.parent, root, WEDNESDAY)
    assert mark_opted_out(open_workspace(root).store, ("type1",)).sum() == 1
    ingest_everybody(root.parent, root, WEDNESDAY + timedelta(days=1))
    assert mark_opted_out(open_workspace(root).store, ("type1",)).sum() == 0
    # Nobody is let back by an ingest alone: the next refresh decides, on what the ingest knows.
    assert list(list_reasons(root, WEDNESDAY)) == ["p10"]
    refresh(verb, root, WEDNESDAY + timedelta(days=1), opt_outs=OPT_OUTS)
    assert list_reasons(root, WEDNESDAY) == {}


def test_what_a_whole_ingest_knows_takes_cases_off_too(verb: Verb, root: Path) -> None:
    ingest_everybody(root.parent, root, TUESDAY, statuses=STATUSES + f"p4,{TUESDAY},no,yes,no,no\n")
    refresh(verb, root, TUESDAY, opt_outs=OPT_OUTS)
    assert list_reasons(root, TUESDAY) == {"p4": ("died", TUESDAY)}


def test_whoever_is_in_reserve_is_looked_at_as_those_with_a_case_are(verb: Verb, root: Path) -> None:
    rows = [
        (code, 12 + rank, reference(code, 12 + rank), f"p{12 + rank}", "new")
        for rank, code in enumerate(["KIR"] * 4, 1)
    ]
    reserve = root / "lists" / f"{STANDING}" / RESERVE
    reserve.write_bytes(dump_reserve(pd.DataFrame(rows, columns=list(RESERVE_COLUMNS))))
    ingest_everybody(
        root.parent,
        root,
        TUESDAY,
        statuses=STATUSES + f"p13,{TUESDAY},no,yes,no,no\np17,{TUESDAY},no,yes,no,no\n",
        caseload=CASELOAD + f"p14,Halewood,active,{STANDING},\np15,Kirkby,active,{STANDING},\n",
    )
    told = refresh(verb, root, TUESDAY, opt_outs=OPT_OUTS)
    # p15 is held by the team itself, p16 by nobody; p17 has neither a case nor a place in reserve.
    assert list_reasons(root, TUESDAY) == {"p13": ("died", TUESDAY), "p14": ("known to another team", None)}
    assert list(read_kept_off(root, TUESDAY)) == [reference("KIR", 13), reference("KIR", 14)]
    assert told["without_a_case"] == 0


def test_whoever_another_team_holds_is_kept_off_the_reserve_though_their_case_with_it_is_not(
    verb: Verb, root: Path
) -> None:
    """p1 and p2 have a case of Kirkby, and Halewood and Kirkby have them in reserve under their own references."""
    kept = [("HAL", 1, "p1"), ("HAL", 2, "p2"), ("KIR", 40, "p2"), ("HAL", 3, "p20")]
    names = {(code, patient): reference(code, number) for code, number, patient in kept}
    rows = [(code, 20 + number, names[code, patient], patient, "new") for code, number, patient in kept]
    reserve = root / "lists" / f"{STANDING}" / RESERVE
    reserve.write_bytes(dump_reserve(pd.DataFrame(rows, columns=list(RESERVE_COLUMNS))))
    ingest_everybody(
        root.parent, root, TUESDAY, caseload=CASELOAD + "".join(f"p{n},Kirkby,active,{STANDING},\n" for n in (1, 2, 20))
    )
    told = refresh(verb, root, TUESDAY, opt_outs=OPT_OUTS)
    found = read_kept_off(root, TUESDAY)
    barred = {names["HAL", patient]: patient for patient in ("p1", "p2", "p20")}
    assert {one: each.patient_id for one, each in found.items()} == barred
    assert {each.what for each in found.values()} == {"known to another team"}
    assert told["without_a_case"] == 0


UNREADABLE = {
    "statuses": STATUSES + f"p1,{TUESDAY},no,perhaps,no,no\n",
    "caseload": CASELOAD + "p1,Halewood,active,some day,\n",
    "registrations": REGISTRATIONS + "p1,N83001,2001-01-01,gone\n",
}


@pytest.mark.parametrize("table", UNREADABLE)
def test_a_row_that_cannot_be_read_stops_the_run(table: str, verb: Verb, root: Path, refused: Any) -> None:
    said = refused(run(verb, root, TUESDAY, **{table: UNREADABLE[table]}), SourceError.exit_code)
    assert "would not take anybody out" in said
    assert not locate_refreshed(root).exists()


def test_a_death_that_cannot_be_read_and_one_under_another_dress_take_effect(verb: Verb, root: Path) -> None:
    unread = f"p1,1950-01-01,F,last week\np2,,F,{TUESDAY}\n"
    dressed = f"P-3,1950-01-03,F,{TUESDAY}\nP-4,1949-01-01,F,{TUESDAY}\n"
    alive = "".join(f"n{number},1990-01-01,M,\n" for number in range(9))
    refresh(verb, root, WEDNESDAY, people=PEOPLE + unread + dressed + alive)
    assert list_reasons(root, WEDNESDAY) == {"p1": ("died", None), "p2": ("died", TUESDAY), "p3": ("died", TUESDAY)}


def test_an_end_that_is_left_out_takes_its_person_off_all_the_same(verb: Verb, root: Path) -> None:
    rows = REGISTRATIONS + "p1,N83001,2001-01-01,gone\n" + "".join(f"p{n},N83001,2001-01-01,\n" for n in range(2, 12))
    refresh(verb, root, TUESDAY, "--leave-out", "registrations", registrations=rows)
    assert list_reasons(root, TUESDAY) == {"p1": ("moved away", None)}


def test_rows_of_other_pseudonyms_stop_the_run(verb: Verb, root: Path, refused: Any) -> None:
    statuses = STATUSES + "".join(f"x{n},{TUESDAY},no,yes,no,no\n" for n in range(12))
    assert "names anybody in people" in refused(run(verb, root, TUESDAY, statuses=statuses), 5)
    deaths = PEOPLE + "".join(f"x{n},1950-01-01,M,{TUESDAY}\n" for n in range(12))
    assert "none of the 12 deaths" in refused(run(verb, root, TUESDAY, people=deaths), 5)


def test_a_source_without_any_of_the_tables_and_a_day_before_the_data_are_refused(
    verb: Verb, root: Path, refused: Any
) -> None:
    said = refused(run(verb, root, TUESDAY, falls="patient_id,fell_on\n"), 5)
    assert "holds none of people, registrations, opt_outs, caseload, statuses" in said
    said = refused(run(verb, root, STANDING - timedelta(days=1), opt_outs=OPT_OUTS), 6)
    assert f"lies before {STANDING}" in said


def test_real_records_need_a_basis_for_each_table(verb: Verb, root: Path, refused: Any) -> None:
    change_version(root / "data", lambda folder, facts: facts.update(simulated=False))
    assert "no legal basis is stated for opt_outs" in refused(run(verb, root, TUESDAY, opt_outs=OPT_OUTS), 5)


def test_the_log_holds_it_and_a_change_of_it_shows(verb: Verb, root: Path, refused: Any) -> None:
    refresh(verb, root, TUESDAY, statuses=STATUSES + f"p1,{TUESDAY},no,yes,no,no\n")
    done = verb("audit", "verify", "-w", root)
    assert done.returncode == 0, done.stderr
    place = locate_refreshed(root)
    place.write_bytes(place.read_bytes().replace(b'"what": "died"', b'"what": "well"'))
    assert "refreshed/current.json was changed" in refused(verb("audit", "verify", "-w", root), 13)


def test_a_damaged_file_lets_nobody_back(verb: Verb, root: Path) -> None:
    refresh(verb, root, TUESDAY, statuses=STATUSES + f"p1,{TUESDAY},no,yes,no,no\n")
    whole = locate_refreshed(root).read_bytes()
    worse = whole.replace(b'"known_on": "2026-11-17"', b'"known_on": "Tuesday"')
    for damage in (b"", b"{}", b'{"format": 1}', b'{"format": 2}', whole[:-9], worse):
        locate_refreshed(root).write_bytes(damage)
        for read in (lambda: read_kept_off(root, TUESDAY), lambda: open_workspace(root)):
            with pytest.raises(SourceError):
                read()


def test_two_do_not_refresh_at_once(verb: Verb, root: Path, refused: Any) -> None:
    with write_alone(root, "refresh", wait=False):
        assert "writes the statuses of the day" in refused(run(verb, root, TUESDAY, opt_outs=OPT_OUTS), 15)


@pytest.mark.parametrize("day", [date(2126, 11, 17), max(STANDING, audit.today()) + timedelta(days=366)])
def test_a_day_that_nobody_has_lived_to_see_is_refused(verb: Verb, root: Path, refused: Any, day: date) -> None:
    """Else no refresh could be of a day before it any more."""
    rows = STATUSES + f"p1,{TUESDAY},no,yes,no,no\n"
    assert f"--as-at {day} is in the future" in refused(run(verb, root, day, statuses=rows), 6)
    assert not locate_refreshed(root).exists()
    assert refresh(verb, root, TUESDAY, statuses=rows)["written"]
