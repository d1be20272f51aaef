"""Figures of admissions are refused for a recipe that estimates anything else, before anything is read or logged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskstrat.errors import DefinitionError
from riskstrat.site.stays import require_stays
from riskstrat.workspace import load
from tests.suite.hand_made import MODEL
from tests.suite.impact_site import ANALYSIS, make_impact_site
from tests.suite.verbs import run_verb

VISITS = """
from riskstrat.sources.tables import attendances

visit = attendances.filter(attendances.attended_on.notnull())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a recipe of five A&E visits, one of one, and one of two stays, beside that of one stay."""
    root = make_impact_site(tmp_path_factory.mktemp("visits"))
    outcomes = root / "training" / "outcomes.py"
    outcomes.write_text(outcomes.read_text("utf-8") + VISITS, "utf-8")
    recipe = root / "training" / f"{MODEL}.toml"
    text = recipe.read_text("utf-8")
    for name, outcome, least in (("visits", "visit", 5), ("a_visit", "visit", 1), ("two_stays", "stay", 2)):
        changed = text.replace('outcome = "stay"', f'outcome = "{outcome}"') + f"\n[label]\nleast_events = {least}\n"
        recipe.with_name(f"{name}.toml").write_text(changed, "utf-8")
    return root


@pytest.mark.parametrize("name", ["visits", "a_visit", "two_stays"])
def test_only_one_stay_is_a_stay(site: Path, name: str) -> None:
    workspace = load(site)
    require_stays(workspace, workspace.recipes[MODEL])
    with pytest.raises(DefinitionError, match=f'"{name}" estimates .* figures of admissions need a recipe'):
        require_stays(workspace, workspace.recipes[name])


@pytest.mark.parametrize(
    "given",
    [
        ("capacity", "--out", "page.html"),
        ("demand", "--out", "page.html"),
        ("impact", "plan", "--analysis", ANALYSIS),
    ],
)
def test_verbs_about_admissions_refuse_another_outcome_in_one_line(site: Path, tmp_path: Path, given: tuple) -> None:
    words = [tmp_path / one if str(one).endswith(".html") else one for one in given]
    done = run_verb(*words, "-w", site, "--recipe", "visits")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert '"visits" estimates 5 or more of "visit", rows of attendances' in done.stderr


def test_power_refuses_lists_of_another_outcome(site: Path, tmp_path: Path) -> None:
    root = shutil.copytree(site, tmp_path / "site")
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8").replace(f'recipe = "{MODEL}"', 'recipe = "visits"'), "utf-8")
    done = run_verb("power", "-w", root, "--out", tmp_path / "power.html", "--new-a-year", 400)
    assert '"visits" estimates 5 or more' in done.stderr, done.stderr
