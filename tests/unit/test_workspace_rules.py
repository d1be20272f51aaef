"""Rules of training/ that name features: what `check` finds in them, on a workspace of three features."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskstrat.errors import DefinitionError
from riskstrat.workspace import check, load

THREE_FEATURES = Path(__file__).resolve().parents[1] / "three_features"
NEAR = 'that does not exist; did you mean "stays_365d"?'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    shutil.copytree(THREE_FEATURES, tmp_path, dirs_exist_ok=True)
    return tmp_path


def changed(site: Path, file: str, old: str, new: str) -> list[str]:
    """What `check` says after one text of one file was replaced wherever it stands."""
    path = site / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return check(load(site))


def test_three_features_are_a_sound_workspace(site: Path) -> None:
    assert check(load(site)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("flags", "stays_365d", "stay_365d", f'"3 or more stays in 12 months" asks for a feature "stay_365d" {NEAR}'),
        ("frailty", "stays_365d", "stay_365d", f'stays asks for a feature "stay_365d" {NEAR}'),
        ("baselines", "stays_365d", "stay_365d", f'stays_of_the_year asks for a feature "stay_365d" {NEAR}'),
        ("falls_criteria", '"stays_365d"', '"stay_365d"', f'detail treated asks for a feature "stay_365d" {NEAR}'),
        ("falls_criteria", 'falls = "tumbles_365d"', 'falls = "tumble_365d"',
         'falls asks for a feature "tumble_365d" that does not exist; did you mean "tumbles_365d"?'),
        ("roles", '"years_lived"', '"year_lived"',
         'a role asks for a feature "year_lived" that does not exist; did you mean "years_lived"?'),
        ("roles", '"years_lived"', '"stays_365d"', "age is stays_365d, which is not declared with age(...)"),
        ("roles", 'age = "years_lived"', 'age = "years_lived"\nsex = ["stays_365d"]',
         "stays_365d is in admissions; this role needs a yes/no feature"),
        ("roles", 'age = "years_lived"', 'age = "years_lived"\nconditions = "falls_hospita"',
         'conditions: no codelist "falls_hospita" in features/codelists; did you mean "falls_hospital"?'),
        ("roles", 'age = "years_lived"', 'age = "years_lived"\nnamed_medicines = "stays_365d"',
         "named_medicines is stays_365d, which counts no groups of a codelist"),
        ("roles", 'age = "years_lived"', 'age = "years_lived"\nconditions_in_order = ["Dementia"]',
         'conditions_in_order: no feature tells of "Dementia"'),
        ("roles", 'age = "years_lived"', "", "no feature is the age, which training/falls_criteria.toml"),
        ("falls_criteria", 'bands = ["many"]', 'bands = ["meny"]',
         'stays has no band "meny" in training/frailty.toml; did you mean "many"?'),
        ("falls_criteria", 'score = "stays"\nbands = ["few"]', 'score = "stais"\nbands = ["few"]',
         'no score "stais" in training/frailty.toml; did you mean "stays"?'),
        ("falls_criteria", "from_age_with_a_factor = 60", "from_age_with_a_factor = 80",
         "from_age_with_a_factor is above from_age"),
        ("frailty", "from_age = 0", "from_age = 65", "stays is from_age = 65, but stays_365d has no printed_from"),
        ("flags", 'at_least = 3\nsays = "{n} or more stays in 12 months"', 'recorded = true\nsays = "Had a stay"',
         "reads stays_365d, which is in admissions; it needs a yes/no feature"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_its_features_is_found(site: Path, file: str, old: str, new: str, says: str) -> None:
    found = changed(site, f"training/{file}.toml", old, new)
    assert [finding for finding in found if finding.startswith(f"training/{file}.toml: ") and says in finding]


def test_a_feature_that_is_renamed_is_missed_by_every_file_that_names_it(site: Path) -> None:
    found = changed(site, "features/three.py", "stays = count(", "nights_away = count(")
    named = {finding.split(": ")[0] for finding in found}
    rules = {f"training/{name}.toml" for name in ("flags", "frailty", "falls_criteria", "baselines", "changeable")}
    assert named == rules | {"riskstrat.toml"}


def test_a_feature_that_becomes_sensitive_may_be_a_baseline_and_is_printed_by_no_rule(site: Path) -> None:
    found = changed(site, "features/three.py", "sensitive=False", "sensitive=True")
    printed = [finding for finding in found if "sensitive and never printed" in finding]
    assert {finding.split(": ")[0] for finding in printed} == {
        *("training/flags.toml", "training/frailty.toml", "training/falls_criteria.toml", "training/roles.toml"),
        *("training/pathways.toml", "training/changeable.toml", "riskstrat.toml"),
    }


def test_a_gate_may_name_a_baseline_that_the_workspace_declares_and_no_other(site: Path) -> None:
    (found,) = changed(site, "registry/promotion.toml", "stays_of_the_year", "stays_of_the_yeer")
    assert 'no rival "stays_of_the_yeer"; did you mean "stays_of_the_year"?' in found


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("flags", '[[flag]]\nfeature = "x"\nat_leest = 2\nsays = "S"\nunknown = "Stays"\n',
         'unknown key "flag.0.at_leest"; did you mean "at_least"?'),
        ("flags", '[[flag]]\nfeature = "x"\nat_least = 2\nsays = "some stays"\nunknown = "Stays"\n',
         "which is what at_least means"),
        ("flags", '[[flag]]\nfeature = "x"\nat_most = 3\nsays = "No stay"\nunknown = "Stays"\n',
         "which is what at_most means"),
        ("frailty", '[[score]]\nname = "a"\nfeature = "x"\nfrom_age = 65\nsays = "{n}"\n'
         'bands = [{ name = "low", up_to = 2 }]\n', "the last neither"),
        ("frailty", '[[score]]\nname = "a"\nfeature = "x"\nfrom_age = 65\nsays = "{n}"\n'
         'bands = [{ name = "b", up_to = 2 }, { name = "a", up_to = 1 }, { name = "c" }]\n', "from low to high"),
        ("frailty", '[[score]]\nname = "a"\nfeature = "x"\nfrom_age = 65\nsays = "{value}"\nbands = [{ name = "a" }]\n',
         "the placeholders are {n}, {band}, {date}"),
        ("falls_criteria", "from_age = 65\n", 'key "from_age_with_a_factor" is missing'),
        ("baselines", '[[baseline]]\nname = "champion"\ntitle = "C"\nfeature = "x"\nscale = "count"\n',
         "stands for something else in the evidence"),
        ("baselines", '[[baseline]]\nname = "a"\ntitle = "C"\nfeature = "x"\nscale = "count"\nindex = "calendar"\n',
         "index or outcome and otherwise belong together"),
        ("baselines", 2 * '[[baseline]]\nname = "a"\ntitle = "C"\nfeature = "x"\nscale = "count"\n',
         '"a" stands 2 times; rename one'),
        ("roles", 'aeg = "x"\n', 'unknown key "aeg"; did you mean "age"?'),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_read_are_refused_with_their_file(site: Path, file: str, text: str, says: str) -> None:
    (site / f"training/{file}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        check(load(site))
    assert str(refused.value).startswith(f"training/{file}.toml: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("flags", "at_least = 3", "at_least = 4"),
        ("frailty", "up_to = 4", "up_to = 5"),
        ("falls_criteria", "repeated = 3", "repeated = 2"),
        ("baselines", "Stays of the last year", "Stays"),
        ("roles", 'age = "years_lived"', ""),
    ],
)
def test_a_rule_that_changes_changes_the_fingerprint_of_the_workspace(
    site: Path, file: str, old: str, new: str
) -> None:
    before = load(site).definitions_hash
    changed(site, f"training/{file}.toml", old, new)
    assert load(site).definitions_hash != before
