"""What a model rests on: contributions in, tables and sentences out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.features import Feature, Wording
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.documents.papers.charts import pictures
from riskstrat.documents.papers.explanation_charts import spoken
from riskstrat.documents.papers.registered import Registered
from riskstrat.errors import ModelError
from riskstrat.explanation import chosen_rows, overall, with_the_rest_in_other
from riskstrat.explanation.overall import overall as module_overall


def feature(name: str, theme: str, *, suffix: str = "", **words: object) -> Feature:
    given = {"unit": "number", "says": "{n} of " + name, "why": "for the test", "sensitive": False}
    return Feature("count", Wording(theme=theme, **{**given, **words}), 0, suffix=suffix, name=name + suffix)  # type: ignore[arg-type]


FEATURES = {
    one.name: one
    for one in (
        feature("stays", "hospital use", suffix="_90d"),
        feature("stays", "hospital use", suffix="_365d"),
        feature("medicines", "medicines"),
        feature("area", "age and area", context=True),
        feature("secret", "medicines", sensitive=True),
        feature("score", "falls and frailty", printed_from=75),
    )
}
NAMES = tuple(FEATURES)


def matrix(values: list[list[float]]) -> FeatureMatrix:
    keys = pd.DataFrame({"patient_id": [f"P{n}" for n in range(len(values))], "index_date": pd.Timestamp("2026-11-16")})
    return FeatureMatrix(keys, np.array(values, np.float32), NAMES, dict.fromkeys(NAMES, "sha"))


def test_other_takes_what_is_left_of_the_margin() -> None:
    columns = ["patient_id", "theme", "contribution", "direction", "sentences"]
    reasons = pd.DataFrame(
        [
            ("A", "medicines", 0.5, "raises", ("x",)),
            ("A", "other", 0.1, "raises", ()),
            ("B", "medicines", -0.5, "lowers", ()),
            ("B", "other", 0.0, "neither", ()),
        ],
        columns=columns,
    )
    found = with_the_rest_in_other(reasons, pd.Series({"A": -1.75, "B": -2.5}), base=-2.0)
    assert found["contribution"].tolist() == [0.5, -0.25, -0.5, 0.0]
    assert found["direction"].tolist() == ["raises", "lowers", "lowers", "neither"]
    assert found["sentences"].tolist() == [("x",), (), (), ()]


def test_rows_are_chosen_by_what_they_are_and_not_by_where_they_stand() -> None:
    keys = pd.DataFrame({"patient_id": [f"P{n}" for n in range(50)], "index_date": pd.Timestamp("2026-11-16")})
    turned = keys.iloc[::-1].reset_index(drop=True)
    one, other = (set(each["patient_id"].iloc[chosen_rows(each, 10)]) for each in (keys, turned))
    assert one == other
    assert len(one) == 10
    assert chosen_rows(keys, 10).tolist() != list(range(10))
    assert chosen_rows(keys, 80).tolist() == list(range(50))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Twenty people: stays_90d moves up with its value, medicines down, the secret one a lot."""
    number = np.arange(20)
    values = np.zeros((20, len(NAMES)))
    values[:, 0] = number % 2
    values[:, 2] = np.where(number < 8, np.nan, number)
    contrib = np.zeros((20, len(NAMES) + 1))
    contrib[:, 0] = np.where(number % 2 == 1, 0.4, -0.2)
    contrib[:, 1] = np.where(number % 2 == 1, -0.4, 0.2)
    contrib[:, 2] = -0.1
    contrib[:, 4] = 0.9
    given = matrix(values.tolist())
    monkeypatch.setitem(module_overall.__globals__, "contributions", lambda model, rows: contrib)
    return overall(SimpleNamespace(narrow=lambda rows: rows), given, FEATURES)  # type: ignore[arg-type]


def test_themes_and_features_stand_by_strength_with_the_sensitive_as_one(found: dict) -> None:
    assert [(row["theme"], round(row["mean_absolute"], 9)) for row in found["themes"]] == [
        ("other", 0.9),
        ("medicines", 0.1),
        ("age and area", 0.0),
        ("falls and frailty", 0.0),
        ("hospital use", 0.0),
    ]
    assert [(row["feature"], round(row["mean_absolute"], 9)) for row in found["features"]] == [
        ("other", 0.9),
        ("stays_365d", 0.3),
        ("stays_90d", 0.3),
        ("medicines", 0.1),
        ("area", 0.0),
        ("score", 0.0),
    ]
    assert found["rows"] == 20


def test_dependence_is_told_by_bin_and_never_of_fewer_than_eight_people(found: dict) -> None:
    by_name = {row["feature"]: row["points"] for row in found["dependence"]}
    assert "secret" not in by_name
    assert by_name["stays_90d"] == [
        {"value": 0.0, "contribution": -0.2, "people": 10},
        {"value": 1.0, "contribution": 0.4, "people": 10},
    ]
    assert by_name["medicines"] == [{"value": None, "contribution": -0.1, "people": 8}]


def test_a_model_with_an_undefined_feature_is_refused() -> None:
    with pytest.raises(ModelError, match="no definition of score"):
        overall(
            SimpleNamespace(narrow=lambda rows: rows),  # type: ignore[arg-type]
            matrix([[0.0] * len(NAMES)]),
            {name: one for name, one in FEATURES.items() if name != "score"},
        )


def test_the_pictures_are_drawn_where_there_is_something_to_draw(found: dict) -> None:
    drawn = pictures(Registered({"explanation": found}, "1", "purpose", "use"))
    assert set(drawn) == {"importance", "dependence"}
    assert "other, medicines, age and area" in drawn["importance"].alt
    assert "Stays, 90 days" in drawn["dependence"].alt
    again = pictures(Registered({"explanation": found}, "1", "purpose", "use"))
    assert [one.png for one in again.values()] == [one.png for one in drawn.values()]
    nothing = {"rows": 0, "themes": [], "features": [], "dependence": []}
    assert pictures(Registered({"explanation": nothing}, "1", "purpose", "use")) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("falls_365d", "Falls, 365 days"),
        ("gp_contacts_30d", "GP contacts, 30 days"),
        ("efi_latest", "eFI latest"),
        ("age", "Age"),
        ("other", "Other"),
    ],
)
def test_a_feature_is_spoken_of_in_words(name: str, words: str) -> None:
    assert spoken(name) == words
