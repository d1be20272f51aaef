"""Rules of training/pathways.toml: what is printed is what decides, and what may not be suggested is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions import age as years
from riskstrat.definitions import attribute, count, exists, latest
from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.comparisons import SAID
from riskstrat.definitions.declared import read
from riskstrat.definitions.features import Words
from riskstrat.definitions.pathways import NEVER, Pathway, Pathways, features_of, suggested
from riskstrat.definitions.rules import Condition
from riskstrat.errors import DefinitionError
from riskstrat.sources.tables import all_falls, diagnoses, measurements, people
from riskstrat.workspace import load
from riskstrat.workspace.pathways import problems_of

THREE_FEATURES = Path(__file__).resolve().parents[1] / "three_features"
OVER_65 = {"feature": "age", "at_least": 65, "says": "aged {n} or over"}
FALLS = {"feature": "falls_365d", "at_least": 2, "says": "{n} or more falls in the last 12 months"}
DEMENTIA = {"feature": "has_dementia", "recorded": True, "says": "dementia recorded"}
ALARM = {"feature": "telecare_running", "recorded": True, "says": "telecare in place"}
NO_CODES = Codelist("none", (), "a test")
W: Words = {"theme": "falls and frailty", "unit": "yes/no", "says": "x", "why": "a reason", "sensitive": False}
FEATURES = {
    "age": years(missing=None, **W | {"unit": "years"})[0],
    "falls_365d": count(all_falls, lookback="365d", missing=0, **W | {"unit": "falls"})[0],
    "has_dementia": exists(diagnoses, codes=NO_CODES, lookback="ever", missing=0, **W)[0],
    "has_alcohol_problems": exists(diagnoses, codes=NO_CODES, lookback="ever", missing=0, **W | {"sensitive": True})[0],
    "imd_decile": attribute(people.imd_decile, missing=None, **W | {"unit": "decile", "context": True})[0],
    "efi_latest": latest(
        measurements.value, lookback="365d", missing=None, **W | {"unit": "share", "printed_from": 65}
    )[0],
}
TELECARE = {"name": "telecare", "title": "Telecare", "consider": "An alarm."}


def rules(*pathways: dict[str, Any]) -> tuple[Pathway, ...]:
    return read(Pathways, {"pathway": list(pathways)}, "training/pathways.toml", DefinitionError).pathway


def one(**groups: list[dict[str, Any]]) -> Pathway:
    (pathway,) = rules({**TELECARE, **groups})
    return pathway


# ---- Printed and decided ----


def test_the_rule_is_printed_from_its_conditions() -> None:
    assert one(all=[OVER_65, DEMENTIA]).rule == "Aged 65 or over; and dementia recorded."
    assert one(any=[FALLS]).rule == "2 or more falls in the last 12 months."
    assert one(all=[OVER_65], any=[FALLS, DEMENTIA], none=[ALARM]).rule == (
        "Aged 65 or over; and any of: 2 or more falls in the last 12 months, dementia recorded; and none of: "
        "telecare in place."
    )


def test_a_number_that_changes_is_printed_as_it_decides() -> None:
    changed = one(all=[{**OVER_65, "at_least": 0.36}])
    assert changed.rule == "Aged 0.36 or over."
    assert changed.holds(pd.DataFrame({"age": [0.35, 0.36]})).tolist() == [False, True]


MEANING = {"at_least": [False, True, True], "at_most": [True, True, False], "more_than": [False, False, True]}
MEANING["less_than"] = [True, False, False]


@pytest.mark.parametrize(
    ("comparison", "phrase"), [(name, phrase) for name, phrases in SAID.items() for phrase in phrases]
)
def test_each_phrase_may_stand_for_its_own_comparison_and_for_no_other(comparison: str, phrase: str) -> None:
    for other in SAID:
        facts = {"feature": "age", other: 2, "says": f"aged {phrase} years"}
        if other == comparison:
            (pathway,) = rules({**TELECARE, "all": [facts]})
            values = pd.DataFrame({"age": np.array([1, 2, 3], dtype=np.float32)})
            assert pathway.holds(values).tolist() == MEANING[comparison]
            assert phrase.replace("{n}", "2") in pathway.rule
        else:
            with pytest.raises(DefinitionError, match=f"which is what {other} means"):
                rules({**TELECARE, "all": [facts]})


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({"feature": "age", "says": "aged"}, "age needs one of at_least, at_most, .*; 0 are given"),
        ({**OVER_65, "at_most": 80}, "age needs one of .*; 2 are given"),
        ({**OVER_65, "says": "aged 65 or over"}, 'says of age must hold one of "{n} or more"'),
        ({**OVER_65, "says": "aged {n} or over and {m}"}, "says of age must hold one of"),
        ({**OVER_65, "says": "aged {n} or over, or frail"}, 'says of age holds ","'),
        ({**OVER_65, "at_least": float("nan")}, "finite number"),
        ({**OVER_65, "says": "not aged 30, and not {n} or over"}, "says of age must hold one of"),
        ({"feature": "age", "more_than": 65, "says": "aged no more than {n}"}, "says of age must hold one of"),
        ({"feature": "age", "less_than": 65, "says": "Not less than {n} years"}, "says of age must hold one of"),
        ({**DEMENTIA, "says": "{n} dementia"}, "recorded = true is said without {n}"),
        ({**DEMENTIA, "says": "no dementia recorded"}, 'without "no"'),
        ({**DEMENTIA, "recorded": False}, "recorded"),
        ({**OVER_65, "equals": 65}, "unknown key"),
    ],
)
def test_a_condition_whose_words_and_comparison_differ_is_refused(condition: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError, match=says) as refused:
        rules({**TELECARE, "all": [condition]})
    assert str(refused.value).startswith("training/pathways.toml: ")


# ---- What may be suggested ----


@pytest.mark.parametrize("name", sorted(NEVER))
def test_some_outcomes_are_refused_by_name_with_the_reason(name: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(f'"{name}" is never suggested by a rule: {NEVER[name]}')):
        rules({**TELECARE, "name": name, "all": [OVER_65]})


def test_urgent_community_response_is_among_them() -> None:
    assert "2 hours" in NEVER["urgent_community_response"]


@pytest.mark.parametrize("name", ["telecares", "monitor", "died", "other"])
def test_a_pathway_is_an_outcome_that_is_a_service(name: str) -> None:
    with pytest.raises(DefinitionError, match=f'"{name}" is not a service'):
        rules({**TELECARE, "name": name, "all": [OVER_65]})


def test_a_pathway_stands_once_and_has_conditions_of_its_own() -> None:
    with pytest.raises(DefinitionError, match='"telecare" stands 2 times'):
        rules({**TELECARE, "all": [OVER_65]}, {**TELECARE, "all": [FALLS]})
    with pytest.raises(DefinitionError, match='"telecare" needs conditions under all or any'):
        rules({**TELECARE, "none": [ALARM]})


# ---- Suggesting ----

TWO = rules(
    {**TELECARE, "all": [OVER_65], "any": [FALLS, DEMENTIA], "none": [ALARM]},
    {"name": "falls_service", "title": "Falls service", "consider": "Balance.", "any": [FALLS]},
)


def test_each_row_gets_the_names_of_its_pathways_in_the_order_of_the_file() -> None:
    values = pd.DataFrame(
        {
            "age": [70, 70, 70, 60, 70, 70],
            "falls_365d": [2, 2, 0, 2, 1, np.nan],
            "has_dementia": [0, 0, 1, 1, 0, 1],
            "telecare_running": [0, 1, 0, 0, 0, 0],
        },
        index=list("abcdef"),
    )
    assert suggested(TWO, values).to_dict() == {
        "a": ("telecare", "falls_service"),
        "b": ("falls_service",),
        "c": ("telecare",),
        "d": ("falls_service",),
        "e": (),
        "f": ("telecare",),
    }
    assert features_of(TWO) == ("age", "falls_365d", "has_dementia", "telecare_running")


@pytest.mark.parametrize("missing", ["age", "telecare_running"])
def test_a_missing_column_or_an_unknown_value_never_suggests(missing: str) -> None:
    values = pd.DataFrame({"age": [70.0], "falls_365d": [2.0], "has_dementia": [1.0], "telecare_running": [0.0]})
    assert suggested(TWO, values)[0] == ("telecare", "falls_service")
    assert suggested(TWO, values.drop(columns=missing))[0] == ("falls_service",)
    assert suggested(TWO, values.assign(**{missing: np.nan}))[0] == ("falls_service",)


def test_no_rules_and_no_rows_suggest_nothing() -> None:
    values = pd.DataFrame({"age": [70.0]})
    assert suggested((), values).tolist() == [()]
    assert suggested(TWO, values.iloc[:0]).tolist() == []


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.0, 65.0, 70.0, np.nan]), min_size=4, max_size=4), max_size=6))
def test_suggestions_are_those_of_each_row_read_alone(rows: list[list[float]]) -> None:
    values = pd.DataFrame(rows, columns=["age", "falls_365d", "has_dementia", "telecare_running"], dtype=float)
    expected = []
    for age, falls, dementia, alarm in values.to_numpy():
        telecare = age >= 65 and (falls >= 2 or dementia > 0) and alarm <= 0
        expected.append(tuple(name for name, so in (("telecare", telecare), ("falls_service", falls >= 2)) if so))
    assert suggested(TWO, values).tolist() == expected


def test_a_limit_is_compared_in_the_precision_of_the_matrix() -> None:
    condition = Condition(feature="efi_latest", at_least=0.24, says="frailty index {n} or more")
    assert condition.holds(np.array([0.24], dtype=np.float32)).tolist() == [True]


# ---- In the workspace ----


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ({"any": [{**FALLS, "feature": "fals_365d"}]},
         'asks for a feature "fals_365d" that does not exist; did you mean "falls_365d"?'),
        ({"any": [{**FALLS, "says": "{n} or more falls"}]}, 'reads falls_365d, but its words do not say "12 months"'),
        ({"any": [{**FALLS, "says": "{n} or more falls in the last 3 months"}]},
         'reads falls_365d, but its words do not say "12 months"'),
        ({"any": [{**DEMENTIA, "feature": "has_alcohol_problems"}]},
         "reads has_alcohol_problems, which is sensitive and never printed; take it out"),
        ({"any": [{**FALLS, "feature": "imd_decile"}]},
         "reads imd_decile, which is true of a place and not of the person; take it out"),
        ({"any": [{**DEMENTIA, "feature": "age"}]}, "reads age, which is in years; yes/no features, and only they"),
        ({"any": [{**FALLS, "feature": "has_dementia"}]}, "reads has_dementia, which is in yes/no; yes/no features"),
        ({"any": [{"feature": "efi_latest", "at_least": 0.36, "says": "frailty index {n} or more"}]},
         "reads efi_latest, which is valid from 65; add age at_least = 65 to all"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_its_features_is_found(groups: dict[str, list[dict[str, Any]]], problem: str) -> None:
    (found,) = problems_of(one(**groups), FEATURES, "age")
    assert found.startswith(problem)


def test_a_score_that_is_valid_from_an_age_may_be_read_of_people_of_that_age() -> None:
    frail = {"feature": "efi_latest", "at_least": 0.36, "says": "frailty index {n} or more"}
    assert list(problems_of(one(all=[OVER_65, frail]), FEATURES, "age")) == []


def test_a_workspace_without_rules_suggests_nothing_and_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "riskstrat.toml").touch()
    (tmp_path / "training").mkdir()
    assert load(tmp_path).pathways == ()
    (tmp_path / "training/pathways.toml").write_text("[[pathway]]\nnam = 1\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"training/pathways\.toml: "):
        load(tmp_path).pathways  # noqa: B018


def test_a_rule_that_changes_changes_the_fingerprint_of_the_workspace(tmp_path: Path) -> None:
    shutil.copytree(THREE_FEATURES, tmp_path, dirs_exist_ok=True)
    rule = '[[pathway]]\nname = "telecare"\ntitle = "T"\nconsider = "C."\n'
    hashes = set()
    for number in ("65", "65.0", "75"):
        condition = f'all = [{{ feature = "age", at_least = {number}, says = "aged {{n}} or over" }}]\n'
        (tmp_path / "training/pathways.toml").write_text(rule + condition, encoding="utf-8")
        loaded = load(tmp_path)
        hashes.add((loaded.pathways_hash, loaded.definitions_hash))
    assert len(hashes) == len({whole for _, whole in hashes}) == 2
