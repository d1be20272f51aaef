"""A person's right of access: everything held of one pseudonym, nothing of anybody else, and somebody is to look."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat import audit
from riskstrat.casefinding import CASE_COLUMNS, CaseRegister, reference
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.disclosure.gathering import describe_table
from riskstrat.publication import EVERYONE_COLUMNS, withdraw_list
from riskstrat.reviews import FileReviewStore, Review
from riskstrat.sources import doubtful
from tests.browser.listed_team import team_list
from tests.suite.daily import SETTINGS, ingest_everybody, land
from tests.suite.hand_made import STANDING, THREE_FEATURES, publish_list
from tests.suite.stores import change_version
from tests.suite.verbs import Verb

LATE = STANDING - timedelta(days=7)
TEAM = team_list()
OWN, OTHER = TEAM.people[0], TEAM.people[1]
SAID, SECRET = "speaks of her daughter", "of nobody else's business"


def describe_everyone() -> pd.DataFrame:
    """p1 and p2 are the first two on the list, p3 is excluded."""
    rows = [
        {"patient_id": "p1", "team": TEAM.team, "place": "listed", "reference": OWN.reference, "risk": OWN.risk},
        {"patient_id": "p2", "team": TEAM.team, "place": "listed", "reference": OTHER.reference, "risk": OTHER.risk},
        {"patient_id": "p3", "team": TEAM.team, "place": "excluded", "reason": "declined"},
    ]
    return pd.DataFrame(rows).reindex(columns=list(EVERYONE_COLUMNS))


def publish(root: Path) -> None:
    cases = [("KIR", number, patient, LATE, STANDING) for number, patient in ((12, "p1"), (57, "p2"))]
    register = CaseRegister(pd.DataFrame(cases, columns=list(CASE_COLUMNS)))
    publish_list(root, LATE, register, everyone=describe_everyone())
    log = partial(audit.log_withdrawing, root, f"{LATE}", f"A wrong fact of {OWN.reference} and {OTHER.reference}")
    withdraw_list(root / "lists", LATE, "A wrong fact.", log)
    publish_list(root, STANDING, register, everyone=describe_everyone())


def decide(root: Path) -> None:
    note = f"{SAID}; lives with {OTHER.reference}"
    one = Review("p1", STANDING, TEAM.team, "monitor", note, None, STANDING, None, None, None)
    two = Review("p2", STANDING, TEAM.team, "monitor", SECRET, None, STANDING, None, None, None)
    details = {"list_date": f"{STANDING}", "team": TEAM.team_code, "reviews": 2, "correction": None}
    logging = partial(audit.log_importing, root)
    FileReviewStore(root).add((STANDING, TEAM.team_code), [one, two], None, lambda *file: logging(*file, details))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, verb: Verb) -> Path:
    """A workspace with a list that stands, one that was withdrawn, reviews, and a refresh that is about p1 and p2."""
    folder = tmp_path_factory.mktemp("access")
    root = folder / "workspace"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8") + SETTINGS.format(data=""), "utf-8")
    conditions = "patient_id,system,code,recorded_on\np1,icd10,F32,2020-05-05\np2,icd10,C34,2021-06-06\n"
    ingest_everybody(folder, root, conditions=conditions)
    publish(root)
    decide(root)
    rows = f"patient_id,as_at,died\np1,{STANDING},yes\np2,{STANDING},yes\n"
    done = verb("refresh", land(folder / "new", {"statuses": rows}), "-w", root, "--as-at", STANDING)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "workspace"))


def ask(verb: Verb, root: Path, patient: str) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """The rows of each part by its title, and the page."""
    out = root.parent / f"of-{patient}"
    done = verb("subject-access", patient, "--out", out, "-w", root)
    assert done.returncode == 0, done.stderr
    assert "before it goes" in done.stdout
    found = json.loads((out / "subject-access.json").read_text("utf-8"))
    assert "harm" in found["review_before_it_goes"]
    return {part["title"]: part["rows"] for part in found["held"]}, (out / "subject-access.html").read_text("utf-8")


def test_everything_held_of_the_person_is_there(verb: Verb, root: Path) -> None:
    held, page = ask(verb, root, "p1")
    assert [row["date_of_birth"] for row in held["people"]] == ["1950-01-01"]
    assert [row["practice"] for row in held["registrations"]] == ["N83001"]
    assert [row["code"] for row in held["conditions"]] == ["F32"]
    assert [row["died"] for row in held["refreshed statuses"]] == [True]
    assert {row["reference"] for row in held["cases"]} == {OWN.reference} == {reference("KIR", 12)}
    listed = [(row["list_date"], row["withdrawn"], row["risk"]) for row in held["lists"]]
    assert listed == [(f"{STANDING}", False, OWN.risk), (f"{LATE}", True, OWN.risk)]
    (person,) = held["lists"][0]["printed"]["person"]
    assert (person["reference"], person["risk_low"]) == (OWN.reference, OWN.risk_low)
    assert [(row["outcome"], row["file"]) for row in held["reviews"]] == [("monitor", f"{STANDING}-KIR-1.csv")]
    assert [row["what"] for row in held["kept off lists"]] == ["died"]
    assert [row["action"] for row in held["audit log"]] == ["begun", "list withdrawn", "looked at"]
    for said in ("F32", SAID, OWN.reference, "2020-05-05", "to review before it goes", "backups"):
        assert said in page


def test_nothing_of_anybody_else_is_there(verb: Verb, root: Path) -> None:
    held, page = ask(verb, root, "p1")
    for text in (json.dumps(held), page):
        assert "[another person]" in text
        for other in (OTHER.reference, SECRET, "p2", "C34", "2021-06-06", "1950-01-02", str(OTHER.risk)):
            assert other not in text, other


def test_landed_rows_that_are_kept_are_held_too_and_nobody_elses(verb: Verb, root: Path) -> None:
    header = "patient_id,date_of_birth,sex\n"
    people = f"{header}p1,1950-01-01,F\n p1 ,1850-01-01,F\np2,1950-01-02,F\n"
    stays = f"patient_id,spell_id,admitted_on,method\np2,s1,{STANDING},21\n"
    source = land(root.parent / "kept", {"people": people, "admissions": stays})
    done = verb("ingest", source, "--keep", "-w", root, "--as-at", STANDING)
    assert done.returncode == 0, done.stderr
    held, page = ask(verb, root, "p1")
    assert sorted(row["date_of_birth"] for row in held["landed people"]) == ["1850-01-01", "1950-01-01"]
    assert "landed admissions" not in held
    assert "1950-01-02" not in page


def test_somebody_left_off_lists_and_somebody_unknown_are_answered_too(verb: Verb, root: Path) -> None:
    held, _ = ask(verb, root, "p3")
    assert [(row["place"], row["reason"], "printed" in row) for row in held["lists"]] == [
        ("excluded", "declined", False)
    ] * 2
    held, page = ask(verb, root, "nobody")
    assert list(held) == ["audit log"]
    assert "Nothing is held" not in page


def test_sealed_lists_are_said_to_be_held(verb: Verb, root: Path) -> None:
    assert "sealed lists" not in ask(verb, root, "p3")[0]
    audit.append(root, audit.SEALED, {"trial": 1, "week": "2026-11-23", "sealed": "d" * 64})
    assert "sealed lists" not in ask(verb, root, "p2")[0], "retention has taken it"
    (root / "trial" / "1").mkdir(parents=True)
    (root / "trial" / "1" / "2026-11-23.sealed").write_bytes(b"x")
    held, page = ask(verb, root, "p1")
    assert held["sealed lists"] == [{"trial": 1, "list": "2026-11-23", "sha256": "d" * 64}]
    assert "The person may stand in them: ask the sponsor." in page


def test_real_records_need_a_purpose_and_the_look_is_logged(verb: Verb, root: Path, refused: Any) -> None:
    change_version(root / "data", lambda folder, facts: facts.update(simulated=False))
    out = root.parent / "access"
    assert "give --purpose TEXT" in refused(verb("subject-access", "p1", "--out", out, "-w", root), 13)
    assert not out.exists()
    done = verb("subject-access", "p1", "--out", out, "-w", root, "--purpose", "Request of the person, by the IG lead")
    assert done.returncode == 0, done.stderr
    last = audit.read(root)[-1].details
    assert (last["verb"], last["purpose"]) == ("subject-access", "Request of the person, by the IG lead")
    assert "p1" not in json.dumps(last)


def test_a_folder_that_holds_anything_or_is_the_workspaces_is_refused(verb: Verb, root: Path, refused: Any) -> None:
    (root.parent / "full").mkdir()
    (root.parent / "full" / "other.txt").write_text("x")
    assert "is not empty" in refused(verb("subject-access", "p1", "--out", root.parent / "full", "-w", root), 11)
    assert "it would stand in" in refused(verb("subject-access", "p1", "--out", root / "reviews" / "p", "-w", root), 11)


def test_a_list_that_cannot_be_read_is_not_passed_over(verb: Verb, root: Path, refused: Any) -> None:
    (root / "lists" / f"{STANDING}" / "list.json").write_text("{}")
    said = refused(verb("subject-access", "p1", "--out", root.parent / "access", "-w", root), 10)
    assert "list.json of the list of 2026-11-16 was changed" in said
    assert not (root.parent / "access").exists()


def test_every_table_that_a_store_may_hold_is_said_what_it_is() -> None:
    unknown = describe_table("of_a_later_version")
    assert [name for name in (*SCHEMAS, "spells", *doubtful.SCHEMAS) if describe_table(name) in ("", unknown)] == []
