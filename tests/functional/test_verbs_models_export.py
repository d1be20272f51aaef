"""`models export` and `train --from`: a model leaves for another site, and one from another site is put to use here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat import audit
from tests.suite.quick import take_one_learner
from tests.suite.verbs import Verb

pytestmark = pytest.mark.usefixtures("without_pictures")

MODEL = "emergency_admission_12m"
LINES = ("--licence", "CC BY 4.0", "--approval", "IG-2026-11", "--recipient-approval", "IG/77")


@pytest.fixture(scope="module")
def giver(quick_workspace: Path, copy: Callable, verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose newest version, 6, may leave: what few people have is not in it."""
    workspace: Path = copy(quick_workspace, tmp_path_factory.mktemp("giver") / "workspace")
    out = workspace.parent / "refused.json"
    refusal = verb("models", "export", MODEL, 3, "--out", out, *LINES, "-w", workspace)
    assert refusal.returncode == 9
    assert not out.exists()
    found = re.search(r"fewer than 50 people differ from all others in these \d+ features, .*: (.*)$", refusal.stderr)
    assert found
    recipe = workspace / "training" / f"{MODEL}.toml"
    listed = "".join(f'\n  "{name}",' for name in found[1].split(", "))
    text = recipe.read_text(encoding="utf-8").replace("exclude_features = [", f"exclude_features = [{listed}", 1)
    recipe.write_text(text, encoding="utf-8")
    take_one_learner(workspace)
    assert verb("train", MODEL, "-w", workspace).returncode == 0
    return workspace


@pytest.fixture(scope="module")
def package(giver: Path, verb: Verb) -> Path:
    out = giver.parent / "package.json"
    done = verb("models", "export", MODEL, 6, "--out", out, *LINES, "-w", giver, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["taken_by"] == "IG/77"
    return out


@pytest.fixture(scope="module")
def taker(package: Path, quick_workspace: Path, copy: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace: Path = copy(quick_workspace, tmp_path_factory.mktemp("taker") / "workspace")
    return workspace


def test_what_leaves_is_logged_with_both_approvals(giver: Path, package: Path, verb: Verb) -> None:
    (line,) = (line for line in audit.read(giver) if line.action == "model exported")
    told = {name: line.details[name] for name in ("version", "licence", "given_by", "taken_by")}
    assert told == {"version": f"{MODEL} 6", "licence": "CC BY 4.0", "given_by": "IG-2026-11", "taken_by": "IG/77"}
    assert verb("audit", "verify", "-w", giver).returncode == 0
    again = package.with_name("again.json")
    assert verb("models", "export", MODEL, 6, "--out", again, *LINES, "-w", giver).returncode == 0
    assert again.read_bytes() == package.read_bytes()


def test_what_may_not_leave_is_refused_in_a_line(giver: Path, verb: Verb, refused: Callable, tmp_path: Path) -> None:
    def export(version: int, *options: object) -> str:
        given = {"--out": tmp_path / "x.json", **dict(zip(LINES[::2], LINES[1::2], strict=True))}
        given |= dict(zip(options[::2], options[1::2], strict=True))
        spelled = [part for pair in given.items() for part in pair]
        return str(refused(verb("models", "export", MODEL, version, *spelled, "-w", giver), 9))

    assert "fewer than 50 people differ from all others" in export(1)
    assert export(6, "--licence", "  ").startswith("--licence needs one line")
    assert "has no version 9" in export(9)
    settings = giver / "riskstrat.toml"
    text = settings.read_text(encoding="utf-8")
    approved = text.replace("in_score = false", 'in_score = true\napproval = "IG-1"')
    assert approved != text
    try:
        settings.write_text(approved, encoding="utf-8")
        assert "sensitive records count in the score here" in export(6)
    finally:
        settings.write_text(text, encoding="utf-8")
    assert not (tmp_path / "x.json").exists()


def test_a_package_for_another_site_or_of_something_else_is_refused_before_anything_is_learned(
    taker: Path, package: Path, verb: Verb, refused: Callable, tmp_path: Path
) -> None:
    def train(file: Path, *options: str, recipe: str = MODEL) -> str:
        return str(refused(verb("train", recipe, "--from", file, *options, "-w", taker), 9))

    assert "made for a site whose approval has another reference" in train(package)
    assert "made for a site whose approval has another reference" in train(package, "--approval", "IG-2026-11")
    other = train(package, "--approval", "IG/77", recipe="emergency_readmission_30d")
    assert "predicts something else than emergency_readmission_30d does here: they differ in cohort.index" in other
    altered = tmp_path / "altered.json"
    altered.write_bytes(package.read_bytes().replace(b"threshold=", b"threshold=1", 1))
    assert train(altered, "--approval", "IG/77").startswith("altered.json is no model package that can be used")
    assert refused(verb("train", MODEL, "--approval", "IG/77", "-w", taker), 9).startswith(
        "--approval goes with --from"
    )


def test_features_defined_otherwise_are_refused_by_name(
    taker: Path, package: Path, verb: Verb, refused: Callable
) -> None:
    file = taker / "features" / "attendances.py"
    text = file.read_text(encoding="utf-8")
    changed = text.replace('lookback="1095d"', 'lookback="1094d"', 1)
    assert changed != text
    try:
        file.write_text(changed, encoding="utf-8")
        done = verb("train", MODEL, "--from", package, "--approval", "IG/77", "-w", taker)
    finally:
        file.write_text(text, encoding="utf-8")
    said = refused(done, 9)
    assert re.match(r"of \d+ features [12] are defined otherwise here, or not at all: days_since_ae", said)


def test_another_sites_model_is_calibrated_here_and_held_against_what_is_learned_here(
    taker: Path, package: Path, verb: Verb
) -> None:
    done = verb("train", MODEL, "--from", package, "--approval", "IG/77", "-w", taker, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert list(told["evaluation"])[:4] == ["transferred", "stack", "lightgbm", "logistic_regression"]
    assert re.match(r"The other site's model .* the stack: AUROC 0\.\d+ against 0\.\d+, difference", told["verdict"])
    assert (told["start"]["given_by"], told["start"]["taken_by"]) == ("IG-2026-11", "IG/77")
    assert told["start"]["there"]["rows"] % 100 == 0
    held = {gate["name"] for gate in told["gates"]}
    assert {"discrimination.not_worse_than", "evidence.least_people_with_outcome"} <= held
    assert verb("promote", MODEL, "-w", taker).returncode == 0
    card = (taker / "registry" / "cards" / f"{MODEL}-6" / "model_card.md").read_text(encoding="utf-8")
    assert "Another site's model" in card
    assert "approved by the controller it comes from as IG-2026-11 and by this one as IG/77" in " ".join(card.split())
    scored = verb("score", "--index-date", "2026-11-16", "--out", taker.parent / "scores.csv", "-w", taker)
    assert scored.returncode == 0
    passed_on = verb("models", "export", MODEL, 6, "--out", taker.parent / "on.json", *LINES, "-w", taker)
    assert "this version is another site's model" in passed_on.stderr
