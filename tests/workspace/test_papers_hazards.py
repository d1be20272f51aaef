"""The hazard log: what registry/hazards.toml may say, and that each test it names stands in the source."""

from __future__ import annotations

import ast
import csv
import io
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from riskstrat.definitions.declared import read
from riskstrat.definitions.hazards import ALWAYS, Hazard, Hazards, Rating
from riskstrat.documents.papers.hazard_log import hazard_log, hazard_log_csv
from riskstrat.documents.papers.registered import Registered
from riskstrat.errors import DefinitionError

ROOT = Path(__file__).resolve().parents[2]
GIVEN = tomllib.loads((ROOT / "registry/hazards.toml").read_text(encoding="utf-8"))
HAZARDS = Hazards.model_validate(GIVEN)
EVIDENCE: dict[str, Any] = {
    "model": "soon",
    "title": "Soon",
    "models": {"lightgbm": {"calibration_slope": 0.973, "ici": 0.0041}},
    "fairness": {
        "differences": [
            {"dimension": "sex", "measure": "ppv", "difference": 0.02},
            {"dimension": "age_band", "measure": "selection_rate", "difference": 0.13},
            {"dimension": "care_home", "measure": "ppv", "difference": None},
        ]
    },
    "freshness": [
        {"kind": "score", "months": 0, "auroc": 0.787},
        {"kind": "score", "months": 12, "auroc": 0.761},
        {"kind": "model", "months": 12, "auroc": 0.78},
    ],
    "intervened": {"mode": "censor", "train": {"rows": 48213, "with_action": 4, "changed": 3}},
    "leakage": {"alarms": [{"feature": "peeks", "sentence": "peeks"}], "warnings": []},
}


def version(evidence: dict[str, Any]) -> Registered:
    return Registered(evidence, "3", "To help.", "Not for clinical use.")


def refused(**changes: Any) -> str:
    """What is said of the shipped log with one row changed, or with other rows."""
    rows = changes.get("hazards") or [GIVEN["hazards"][0] | changes, *GIVEN["hazards"][1:]]
    with pytest.raises(DefinitionError) as said:
        read(Hazards, {"hazards": rows}, "registry/hazards.toml", DefinitionError)
    return str(said.value)


def every_test() -> set[str]:
    """Every test of the source as path::name, tests of a class as path::class::name."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.parse(path.read_bytes()).body:
            where = path.relative_to(ROOT).as_posix()
            inside = [(where, node)] if not isinstance(node, ast.ClassDef) else []
            inside += [(f"{where}::{node.name}", one) for one in node.body] if isinstance(node, ast.ClassDef) else []
            found |= {f"{above}::{one.name}" for above, one in inside if isinstance(one, ast.FunctionDef)}
    return found


@pytest.mark.skipif(not (ROOT / "tests/spec").is_dir(), reason="the tests of the source are not here")
def test_each_test_that_the_log_names_stands_in_the_source() -> None:
    there = every_test()
    named = {(row.name, test) for row in HAZARDS.hazards for test in row.tests}
    assert len(named) > 20
    assert sorted((name, test) for name, test in named if test not in there) == []


def test_the_shipped_log_has_a_row_for_each_hazard_and_names_nobody() -> None:
    assert tuple(row.name for row in HAZARDS.hazards) == ALWAYS
    assert {row.owner for row in HAZARDS.hazards} == {"for the site to name"}
    shown = {row.name: row.evidence for row in HAZARDS.hazards if row.evidence != "nothing"}
    assert shown == {
        "stale_list": "freshness",
        "false_reassurance": "calibration",
        "learned_from_intervened_people": "intervened",
        "unfair_list": "fairness",
        "leakage_of_the_future": "leakage",
    }


@pytest.mark.parametrize(
    ("likelihood", "risks"),
    [
        ("very high", (3, 4, 4, 5, 5)),
        ("high", (2, 3, 3, 4, 5)),
        ("medium", (2, 2, 3, 3, 4)),
        ("low", (1, 2, 2, 3, 4)),
        ("very low", (1, 1, 2, 2, 3)),
    ],
)
def test_risk_follows_from_severity_and_likelihood_by_the_matrix_of_the_standard(
    likelihood: str, risks: tuple[int, ...]
) -> None:
    severities = ("minor", "significant", "considerable", "major", "catastrophic")
    ratings = [Rating.model_validate({"severity": one, "likelihood": likelihood}) for one in severities]
    assert tuple(rating.risk for rating in ratings) == risks
    printed = "".join(f" {risk} |" for risk in risks)
    assert f"| {likelihood.capitalize()} |{printed}\n" in hazard_log(version({}), HAZARDS)


def test_no_shipped_hazard_is_left_at_a_risk_that_must_be_brought_down() -> None:
    assert {row.name: row.residual.risk for row in HAZARDS.hazards if row.residual.risk > 3} == {}


def test_a_site_may_add_a_hazard() -> None:
    rating = GIVEN["hazards"][0]["initial"]
    own = GIVEN["hazards"][0] | {"name": "interpreter_not_booked", "tests": [], "residual": rating}
    assert Hazards.model_validate({"hazards": [*GIVEN["hazards"], own]}).hazards[-1].name == "interpreter_not_booked"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hazards": GIVEN["hazards"][1:]}, "no row for wrong_person"),
        ({"hazards": [*GIVEN["hazards"], GIVEN["hazards"][0]]}, '"wrong_person" stands twice'),
        ({"owner": " "}, 'hazards.0.owner": write a sentence'),
        ({"ownr": "Ann"}, 'unknown key "hazards.0.ownr"; did you mean "owner"?'),
        ({"tests": ["tests/unit/test_x.py"]}, "hazards.0.tests.0"),
        ({"evidence": "everything"}, "hazards.0.evidence"),
        ({"tests": []}, "no test holds the control, so the residual risk is the initial one"),
        ({"residual": {"severity": "catastrophic", "likelihood": "high"}}, "above the initial one"),
        ({"status": "closed"}, "a residual risk above 2 cannot be closed"),
        ({"status": "fine"}, "hazards.0.status"),
        ({"initial": {"severity": "major", "likelihood": "often"}}, "hazards.0.initial.likelihood"),
    ],
)
def test_a_log_that_hides_something_is_refused(changes: dict[str, Any], says: str) -> None:
    said = refused(**changes)
    assert said.startswith("registry/hazards.toml: ")
    assert says in said


def test_tests_must_be_written_even_where_there_are_none() -> None:
    rows = [{key: value for key, value in GIVEN["hazards"][0].items() if key != "tests"}, *GIVEN["hazards"][1:]]
    assert 'key "hazards.0.tests" is missing' in refused(hazards=rows)


def test_the_csv_has_one_line_for_each_hazard_with_every_cell_that_is_its_own() -> None:
    rows = list(csv.DictReader(io.StringIO(hazard_log_csv(version(EVIDENCE), HAZARDS))))
    assert [row["name"] for row in rows] == list(ALWAYS)
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 18)]
    for row, hazard in zip(rows, HAZARDS.hazards, strict=True):
        assert row["tests"] == ("; ".join(hazard.tests) or "none yet")
        assert (row["left_to_the_deployer"], row["control"], row["owner"], row["status"]) == (
            hazard.residual_risk,
            hazard.control,
            hazard.owner,
            hazard.status,
        )
        for name, rating in (("initial", hazard.initial), ("residual", hazard.residual)):
            told = (row[f"{name}_severity"], row[f"{name}_likelihood"], row[f"{name}_risk"])
            assert told == (rating.severity, rating.likelihood, str(rating.risk))


def test_each_row_says_what_this_version_has_to_say_of_it() -> None:
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(hazard_log_csv(version(EVIDENCE), HAZARDS)))}
    assert {name: row["this_version"] for name, row in rows.items() if row["this_version"]} == {
        "stale_list": "AUROC of a score: 0 months old 0.787; 12 months old 0.761.",
        "false_reassurance": "Calibration slope 0.973, ICI 0.004.",
        "learned_from_intervened_people": (
            "Of 48,215 training rows 1 to 7 had an action of a team inside the label window; the recipe says censor."
        ),
        "unfair_list": "Widest difference between groups: Selection rate by age band, 0.130.",
        "leakage_of_the_future": "Alarms: 1. Warnings: none.",
    }


def test_a_version_without_evidence_says_so_in_its_rows() -> None:
    rows = csv.DictReader(io.StringIO(hazard_log_csv(version({}), HAZARDS)))
    assert [row["this_version"] for row in rows if row["this_version"]] == [
        "It was not measured how much worse an older score is.",
        "Calibration slope not available, ICI not available.",
        "Nothing is recorded about actions of a team inside the label window.",
        "No differences between groups were measured.",
        "No feature was looked at by itself.",
    ]


def test_the_page_has_a_section_for_each_hazard_with_its_parts_in_order() -> None:
    page = hazard_log(version(EVIDENCE), HAZARDS)
    rated, *sections = page.split("\n## ")[1:]
    assert rated.startswith("How risk is rated\n")
    assert [section.split(". ", 1)[1].split("\n")[0] for section in sections] == [row.hazard for row in HAZARDS.hazards]
    for row, section in zip(HAZARDS.hazards, sections, strict=True):
        parts = re.findall(r"^- \*\*(.+?):\*\* \S", section, re.MULTILINE)
        own = ["This version"] if row.evidence != "nothing" else []
        assert parts == [
            "Cause", "Effect", "Initial risk", "Control in the software", "Tests", *own, "Residual risk", "Status",
            "Owner", "Left to the deployer",
        ]  # fmt: skip
        assert ("- **Tests:** none yet" in section) == (not row.tests)


def test_a_line_of_the_log_is_one_line_whatever_was_typed() -> None:
    row = GIVEN["hazards"][0] | {"cause": "one\n  | two", "control": "=SUM(A1)"}
    hazards = Hazards(hazards=(Hazard.model_validate(row), *HAZARDS.hazards[1:]))
    assert "- **Cause:** one \\| two\n" in hazard_log(version({}), hazards)
    (first, *_) = csv.DictReader(io.StringIO(hazard_log_csv(version({}), hazards)))
    assert (first["cause"], first["control"]) == ("one | two", "'=SUM(A1)")
