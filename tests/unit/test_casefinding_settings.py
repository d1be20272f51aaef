"""What riskstrat.toml may say of case finding: defaults that hold, and slips that are refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskstrat.definitions.settings import REST_WEEKS_AFTER, Settings
from riskstrat.definitions.vocabulary import NO_ACTION, NOT_TAKEN_ON, OUTCOMES, REGISTER
from riskstrat.errors import WorkspaceError
from riskstrat.workspace import check, load

THREE_FEATURES = Path(__file__).resolve().parents[1] / "three_features"
TEAM = '[[teams]]\nname = "North"\ncode = "NOR"\nlocalities = ["North"]\n'


def loaded(folder: Path, text: str) -> Settings:
    (folder / "riskstrat.toml").write_text(text, encoding="utf-8")
    return load(folder).settings


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[casefinding]\nrest_week = 3\n", 'unknown key "casefinding.rest_week"; did you mean "rest_weeks"?'),
        ("[casefinding.rest_weeks_after]\ndecline = 3\n", 'is not an outcome of a review; did you mean "declined"?'),
        ("[casefinding]\nrising_by = 1.0\n", 'key "casefinding.rising_by"'),
        ("[casefinding]\nkeeps_within = 0.5\n", 'key "casefinding.keeps_within"'),
        ("[casefinding.case_weights]\nhigh = 0\n", 'key "casefinding.case_weights.high"'),
        ("[lists.bands]\nhigh = 0.4\n", "one of them must be 0"),
        ("[lists.bands]\nhigh = 0.0\nlow = 0.0\n", "a lower end of its own"),
        ("[lists.bands]\nhigh = 1.0\nlow = 0.0\n", "from 0 to below 1"),
        (f"{TEAM}min_age = 70\nmax_age = 60\n", 'team "North": min_age 70 is above max_age 60'),
        (f'{TEAM}excludes = ["hospice"]\n', "care home"),
        (f"{TEAM}slots = {{ telecare = -1 }}\n", 'key "teams.0.slots.telecare"'),
    ],
)  # fmt: skip
def test_a_slip_is_refused_with_its_key(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as refused:
        loaded(tmp_path, text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("outcome", "team_weeks", "weeks"),
    [("telecare", None, 10), ("telecare", 3, 3), ("monitor", 3, 4), ("declined", 3, 26), ("deferred", None, 0)],
)
def test_the_rest_after_an_outcome_is_its_own_then_the_teams_then_the_sites(
    outcome: str, team_weeks: int | None, weeks: int
) -> None:
    given = Settings.model_validate({"casefinding": {"rest_weeks": 10, "rest_weeks_after": {"monitor": 4}}})
    assert given.casefinding.rest_after(outcome, team_weeks) == weeks


def test_weights_of_bands_that_do_not_exist_and_slots_of_pathways_that_do_not_are_found(tmp_path: Path) -> None:
    text = f"[casefinding.case_weights]\nhihg = 2.0\n\n{TEAM}slots = {{ telecare = 2 }}\n"
    shutil.copytree(THREE_FEATURES, tmp_path, dirs_exist_ok=True)
    loaded(tmp_path, text)
    (tmp_path / "training/pathways.toml").write_text(
        '[[pathway]]\nname = "reablement"\ntitle = "R"\nconsider = "C."\n'
        'all = [{ feature = "years_lived", at_least = 65, says = "aged {n} or over" }]\n',
        encoding="utf-8",
    )
    found = check(load(tmp_path))
    assert (
        'riskstrat.toml: casefinding.case_weights: "hihg" is not a band of lists.bands; did you mean "high"?' in found
    )
    assert 'riskstrat.toml: team "North": slots: no pathway "telecare" in training/pathways.toml' in found


def test_the_words_agree_with_one_another() -> None:
    assert len(set(OUTCOMES)) == len(OUTCOMES) == 27
    assert set(NO_ACTION) <= set(OUTCOMES)
    assert set(REST_WEEKS_AFTER) <= set(OUTCOMES)
    assert set(NOT_TAKEN_ON) <= set(REGISTER)
