"""`explain`: themes by their strength, with sentences that can be said aloud."""

from __future__ import annotations

import hashlib
import json
import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat import audit
from tests.suite.shown_twice import ShownTwice
from tests.suite.stores import change_version

Verb = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def asked(demo_workspace: Path, copy: Callable[[Path, Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's workspace: each question adds a line to its audit log."""
    return copy(demo_workspace, tmp_path_factory.mktemp("asked") / "workspace")


@pytest.fixture(scope="module")
def of_highest() -> ShownTwice:
    """What is said of the person with the highest estimate."""
    return ShownTwice("riskstrat.verbs.explain.explain")


@pytest.fixture(scope="module")
def risks(verb: Verb, demo_workspace: Path, monday: str, tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    file = tmp_path_factory.mktemp("explain") / "score.parquet"
    assert verb("score", "-w", demo_workspace, "--index-date", monday, "--out", file).returncode == 0
    return pq.read_table(file).to_pandas().set_index("patient_id")["risk"].sort_values()


@pytest.fixture(scope="module")
def highest(verb: Verb, asked: Path, monday: str, risks: pd.Series, of_highest: ShownTwice) -> dict[str, Any]:
    with of_highest.once():
        done = verb("explain", risks.index[-1], "-w", asked, "--index-date", monday, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_number_is_given_from_which_the_part_of_other_could_be_taken(
    highest: dict[str, Any], risks: pd.Series
) -> None:
    assert math.isclose(highest["risk"], risks.iloc[-1], abs_tol=1e-12)
    assert not {"margin", "base_margin"} & highest.keys()
    *told, other = highest["themes"]
    assert other == {"theme": "other"}
    for theme in told:
        assert theme.keys() == {"theme", "direction", "strength", "sentences"}
        assert theme["direction"] in ("raises", "lowers")
        assert theme["strength"] in ("a lot", "", "a little")


def test_the_strongest_themes_come_first(highest: dict[str, Any]) -> None:
    order = ["a lot", "", "a little"]
    given = [order.index(theme["strength"]) for theme in highest["themes"][:-1]]
    assert given == sorted(given)


def test_what_raised_the_estimate_is_said_in_sentences(highest: dict[str, Any]) -> None:
    raising = [theme for theme in highest["themes"][:-1] if theme["direction"] == "raises"]
    assert any(theme["sentences"] for theme in raising)
    sentences = [sentence for theme in highest["themes"][:-1] for sentence in theme["sentences"]]
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)
    assert not any("{" in sentence or "nan" in sentence.split() for sentence in sentences)


def test_for_people_it_begins_with_the_natural_frequency(
    verb: Verb, asked: Path, monday: str, risks: pd.Series, of_highest: ShownTwice
) -> None:
    with of_highest.once():
        lines = verb("explain", risks.index[-1], "-w", asked, "--index-date", monday).stdout.splitlines()
    assert lines[0].startswith(f"Estimated chance: about {100 * risks.iloc[-1]:.0f} in 100")
    assert re.fullmatch(r"For people with similar records, between \d+ and \d+ in 100", lines[1])
    assert lines[2].endswith("Supports, does not replace, clinical judgement.")
    assert lines[-1].startswith("Other information: not set out.")
    assert not any(re.search(r"\([+-]\d", line) for line in lines)


def test_a_patient_without_a_score_is_refused_without_being_named(
    verb: Verb, refused: Callable, asked: Path, monday: str
) -> None:
    said = refused(verb("explain", "SECRET-123", "-w", asked, "--index-date", monday), 7)
    assert said.startswith(f"the patient asked for has no score at {monday}")
    assert "SECRET" not in said


@pytest.fixture
def real(workspace: Path) -> Path:
    """The demo's workspace, as if its people were real."""
    change_version(workspace / "data", lambda folder, facts: facts.update(simulated=False))
    return workspace


@pytest.mark.parametrize("question", ["why", "explain"])
def test_each_look_at_a_real_person_needs_a_purpose_and_is_logged_without_saying_who(
    verb: Verb, refused: Callable, real: Path, monday: str, risks: pd.Series, question: str
) -> None:
    patient = str(risks.index[-1])
    dated = ("--index-date", monday, "-w", real)
    before = audit.read(real)
    assert "give --purpose TEXT" in refused(verb(question, patient, *dated), 13)
    assert "--purpose says too little" in refused(verb(question, patient, *dated, "--purpose", "x"), 13)
    assert audit.read(real) == before
    assert verb(question, patient, *dated, "--purpose", "Asked by the team").returncode == 0
    (line,) = audit.read(real)[len(before) :]
    person = hashlib.sha256(patient.encode()).hexdigest()
    assert (line.action, line.user) == ("looked at", audit.system_user())
    assert line.details == {"verb": question, "person": person, "index_date": monday, "purpose": "Asked by the team"}
    assert patient not in (real / "audit" / "log.jsonl").read_text(encoding="utf-8")
    assert verb("audit", "verify", "-w", real).returncode == 0


def test_a_look_that_finds_nobody_is_logged_too_and_an_nhs_number_leaves_no_digest(
    verb: Verb, asked: Path, monday: str
) -> None:
    for patient in ("NOBODY", "9990000018"):
        assert verb("why", patient, "--index-date", monday, "-w", asked).stdout == "Not available.\n"
    told = [line.details["person"] for line in audit.read(asked)[-2:]]
    assert told == [hashlib.sha256(b"NOBODY").hexdigest(), None]
