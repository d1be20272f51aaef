"""`explain`: themes that add up to the margin, with sentences that can be said aloud."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.registry import champion

Verb = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def risks(verb: Verb, demo_workspace: Path, monday: str, tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    file = tmp_path_factory.mktemp("explain") / "score.parquet"
    assert verb("score", "-w", demo_workspace, "--index-date", monday, "--out", file).returncode == 0
    return pq.read_table(file).to_pandas().set_index("patient_id")["risk"].sort_values()


@pytest.fixture(scope="module")
def highest(verb: Verb, demo_workspace: Path, monday: str, risks: pd.Series) -> dict[str, Any]:
    done = verb("explain", risks.index[-1], "-w", demo_workspace, "--index-date", monday, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_themes_and_the_base_add_up_to_the_margin_and_the_margin_to_the_risk(
    highest: dict[str, Any], demo_workspace: Path, risks: pd.Series
) -> None:
    total = highest["base_margin"] + sum(theme["contribution"] for theme in highest["themes"])
    model = champion(demo_workspace / "registry", "emergency_admission_12m")[0]
    (risk,) = model.risk_of(np.array([highest["margin"]]))
    assert math.isclose(total, highest["margin"], abs_tol=1e-6)
    assert math.isclose(risk, highest["risk"], abs_tol=1e-9)
    assert math.isclose(highest["risk"], risks.iloc[-1], abs_tol=1e-12)


def test_the_base_is_the_same_for_everybody(
    verb: Verb, highest: dict[str, Any], demo_workspace: Path, monday: str, risks: pd.Series
) -> None:
    """It is the model's own starting point: if it moved with the person, something would be hidden in it."""
    lowest = json.loads(verb("explain", risks.index[0], "-w", demo_workspace, "--index-date", monday, "--json").stdout)
    assert math.isclose(lowest["base_margin"], highest["base_margin"], abs_tol=1e-6)
    assert lowest["margin"] < highest["margin"]


def test_what_raised_the_estimate_is_said_in_sentences(highest: dict[str, Any]) -> None:
    raising = [theme for theme in highest["themes"] if theme["direction"] == "raises"]
    assert any(theme["sentences"] for theme in raising)
    sentences = [sentence for theme in highest["themes"] for sentence in theme["sentences"]]
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)
    assert not any("{" in sentence or "nan" in sentence.split() for sentence in sentences)


def test_directions_agree_with_contributions(highest: dict[str, Any]) -> None:
    sign = {"raises": 1, "lowers": -1, "neither": 0}
    for theme in highest["themes"]:
        assert sign[theme["direction"]] == (theme["contribution"] > 0) - (theme["contribution"] < 0)


def test_for_people_it_begins_with_the_natural_frequency(
    verb: Verb, demo_workspace: Path, monday: str, risks: pd.Series
) -> None:
    lines = verb("explain", risks.index[-1], "-w", demo_workspace, "--index-date", monday).stdout.splitlines()
    assert lines[0].startswith(f"Estimated chance: about {100 * risks.iloc[-1]:.0f} in 100")
    assert re.fullmatch(r"For people with similar records, between \d+ and \d+ in 100", lines[1])
    assert lines[2].endswith("Supports, does not replace, clinical judgement.")


def test_a_patient_without_a_score_is_refused_without_being_named(
    verb: Verb, refused: Callable, demo_workspace: Path, monday: str
) -> None:
    said = refused(verb("explain", "SECRET-123", "-w", demo_workspace, "--index-date", monday), 7)
    assert said.startswith(f"the patient asked for has no score at {monday}")
    assert "SECRET" not in said
