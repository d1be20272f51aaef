"""explanation: contributions add up, themes add up, and each theme speaks in its features' own sentences."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.features import Feature, Wording
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.errors import ModelError
from riskstrat.explanation import DIRECTION_WORDS, contributions, theme_reasons


def feature(name: str, theme: str, says: str, suffix: str = "", sensitive: bool = False, **facts) -> Feature:
    wording = Wording(
        theme=theme,
        unit="number",
        says=says,
        why="for the test",
        sensitive=sensitive,
        absent=facts.pop("absent", None),
        printed_from=facts.pop("printed_from", None),
    )
    return Feature(
        facts.pop("verb", "count"), wording, facts.pop("missing", 0), suffix=suffix, name=name + suffix, **facts
    )


ADMISSIONS = "{n} emergency admission{s} in the last {lookback}, the latest on {date}"
FEATURES = {
    one.name: one
    for one in (
        feature("age", "age and area", "aged {n}", verb="age", missing=None),
        feature("is_female", "age and area", "recorded sex is female", absent="recorded sex is not female"),
        feature("emergency_admissions", "hospital use", ADMISSIONS, "_90d", lookback=90),
        feature("emergency_admissions", "hospital use", ADMISSIONS, "_365d", lookback=365, absent="no admissions"),
        feature("falls", "falls and frailty", "{n} fall{s} in the last {lookback}", "_365d", lookback=365),
        feature("days_since_fall", "falls and frailty", "last fall {n} days ago", verb="days_since", missing=None),
        feature("never_recorded", "social care", "never said"),
        feature("hiv_care", "long-term conditions", "never said either", sensitive=True),
    )
}


def no_dates(matrix: FeatureMatrix) -> np.ndarray:
    return np.full(matrix.values.shape, "NaT", dtype="datetime64[D]")


def one_person(
    least: tuple[str, ...] = (), features: Mapping[str, Feature] = FEATURES, **given: tuple[float, float, str]
) -> pd.DataFrame:
    """Reasons for one person from feature: (contribution, value, date of the latest row).

    least: features whose value may be too low.
    """
    columns = tuple(given)
    contrib, values, dates = zip(*given.values(), strict=True)
    keys = pd.DataFrame({"patient_id": ["A"], "index_date": [pd.Timestamp("2026-11-02")]})
    matrix = FeatureMatrix(keys, np.array([values], dtype=np.float32), columns, dict.fromkeys(columns, "sha"))
    low = np.array([[name in least for name in columns]])
    evidence = np.array([dates], dtype="datetime64[D]")
    return theme_reasons(np.array([[*contrib, -2.0]]), matrix, features, evidence, top=2, least=low)


def test_contributions_and_base_add_up_to_the_margin(fitted, borough) -> None:
    matrix = borough.matrix.take(np.arange(200))
    explained = contributions(fitted.model, matrix)
    assert explained.shape == (200, len(fitted.model.columns) + 1)
    assert np.abs(explained.sum(axis=1) - fitted.model.margin(matrix)).max() < 1e-6
    assert len(set(explained[:, -1])) == 1
    assert np.abs(explained[:, :-1]).max() > 0.1


def test_contributions_follow_the_models_columns_whatever_the_order_of_the_matrix(fitted, borough) -> None:
    matrix = borough.matrix.take(np.arange(20))
    turned = FeatureMatrix(matrix.keys, matrix.values[:, ::-1].copy(), matrix.columns[::-1], matrix.fingerprints)
    assert (contributions(fitted.model, turned) == contributions(fitted.model, matrix)).all()


def test_nobody_to_explain_gives_no_rows(fitted, borough) -> None:
    nobody = borough.matrix.take(np.zeros(0, dtype=np.int64))
    explained = contributions(fitted.model, nobody)
    assert explained.shape == (0, 9)
    table = theme_reasons(explained, nobody, FEATURES, no_dates(nobody), top=3)
    assert len(table) == 0
    assert list(table) == ["patient_id", "index_date", "theme", "contribution", "direction", "sentences"]


def test_contributions_are_those_of_shap_to_the_last_bit(fitted, borough) -> None:
    import shap

    matrix = borough.matrix.take(np.arange(50))
    explainer = shap.TreeExplainer(fitted.model.booster, feature_perturbation="tree_path_dependent")
    by_feature = explainer.shap_values(fitted.model.narrow(matrix).values, check_additivity=False)
    explained = contributions(fitted.model, matrix)
    assert (explained[:, :-1] == by_feature).all()
    assert (explained[:, -1] == np.ravel(explainer.expected_value)[-1]).all()


def test_contributions_that_do_not_add_up_are_refused(fitted, borough, monkeypatch: pytest.MonkeyPatch) -> None:
    right = contributions(fitted.model, borough.matrix.take(np.arange(3)))
    room = sys.modules["riskstrat.explanation.contributions"]
    monkeypatch.setattr(room, "_explained", lambda *given: right + 1e-5)
    with pytest.raises(ModelError, match="do not add up to its margin"):
        contributions(fitted.model, borough.matrix.take(np.arange(3)))


def test_a_matrix_of_other_definitions_is_not_explained(fitted, borough) -> None:
    other = replace(borough.matrix, fingerprints={})
    with pytest.raises(ModelError, match="defined otherwise"):
        contributions(fitted.model, other)


def test_themes_and_base_add_up_to_the_margin_and_other_stands_for_everybody(fitted, borough) -> None:
    matrix = fitted.model.narrow(borough.matrix.take(np.arange(60)))
    explained = contributions(fitted.model, matrix)
    table = theme_reasons(explained, matrix, FEATURES, no_dates(matrix), top=3)
    by_row = table.groupby(["patient_id", "index_date"], sort=False)
    sums = by_row["contribution"].sum().to_numpy() + explained[:, -1]
    assert np.abs(sums - fitted.model.margin(matrix)).max() < 1e-6
    assert (by_row["theme"].agg(set).map(len) == 5).all()
    assert (by_row["theme"].last() == "other").all()
    assert not table.duplicated(["patient_id", "index_date", "theme"]).any()
    hidden = table.loc[table["theme"] == "other", "contribution"].to_numpy()
    assert (hidden == explained[:, matrix.columns.index("hiv_care")]).all()
    assert (table.loc[table["theme"] == "other", "sentences"].map(len) == 0).all()
    assert "long-term conditions" not in set(table["theme"])


def test_a_theme_speaks_through_its_strongest_features_in_its_direction() -> None:
    table = one_person(
        emergency_admissions_90d=(0.2, 1, "2026-10-04"),
        emergency_admissions_365d=(0.5, 3, "2026-10-04"),
        age=(-0.1, 67, "NaT"),
        is_female=(0.3, 1, "NaT"),
        falls_365d=(-0.4, 0, "NaT"),
        hiv_care=(0.0, 0, "NaT"),
    )
    assert table.drop(columns=["patient_id", "index_date"]).values.tolist() == [
        ["hospital use", pytest.approx(0.7), "raises", HOSPITAL],
        ["falls and frailty", pytest.approx(-0.4), "lowers", ()],
        ["age and area", pytest.approx(0.2), "raises", ("Recorded sex is female.",)],
        ["other", 0.0, "neither", ()],
    ]


HOSPITAL = ("3 emergency admissions in the last 12 months, the latest on 4 October 2026.",)


def test_a_number_that_may_be_too_low_is_said_as_the_least_and_other_words_of_it_are_not() -> None:
    table = one_person(
        ("emergency_admissions_365d", "is_female"),
        emergency_admissions_365d=(0.5, 3, "2026-10-04"),
        is_female=(0.3, 1, "NaT"),
    )
    assert table["sentences"].tolist() == [(f"At least {HOSPITAL[0]}",), (), ()]


def test_a_weaker_lookback_speaks_where_the_stronger_has_nothing_to_say() -> None:
    table = one_person(
        emergency_admissions_90d=(0.2, 1, "2026-10-04"),
        emergency_admissions_365d=(0.5, 3, "NaT"),
        age=(0.01, 50, "NaT"),
    )
    assert table["sentences"][0] == ("1 emergency admission in the last 3 months, on 4 October 2026.",)


def test_what_is_true_of_a_place_is_never_a_reason_and_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    area = feature("area", "age and area", "area {n}")
    monkeypatch.setitem(FEATURES, "area", replace(area, wording=replace(area.wording, context=True)))
    table = one_person(area=(0.7, 3, "NaT"), age=(0.1, 70, "NaT"))
    assert table["contribution"][0] == pytest.approx(0.8)
    assert table["sentences"][0] == ("Aged 65 to 74.",)


def speak_for(name: str, speaker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one feature of `FEATURES` another of the same theme, in whose place `speaker` is said."""
    made = feature(name, FEATURES[speaker].theme, f"{name} alone")
    monkeypatch.setitem(FEATURES, name, replace(made, wording=replace(made.wording, said_by=speaker)))


@pytest.mark.parametrize("order", [("falls_365d", "falls_of_one_source"), ("falls_of_one_source", "falls_365d")])
def test_what_another_feature_says_is_said_once_by_that_one(order, monkeypatch: pytest.MonkeyPatch) -> None:
    speak_for("falls_of_one_source", "falls_365d", monkeypatch)
    given = {"falls_365d": (-0.1, 2, "NaT"), "falls_of_one_source": (0.4, 1, "NaT")}
    table = one_person(days_since_fall=(0.2, 40, "NaT"), **{name: given[name] for name in order})
    assert table["contribution"][0] == pytest.approx(0.5)
    assert table["sentences"][0] == ("2 falls in the last 12 months.", "Last fall 40 days ago.")


def test_a_feature_speaks_for_itself_where_the_model_has_no_other_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    speak_for("falls_of_one_source", "falls_365d", monkeypatch)
    table = one_person(falls_of_one_source=(0.4, 1, "NaT"))
    assert table["sentences"][0] == ("Falls_of_one_source alone.",)


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("{n} admission{s}", ("8 admissions.",)),
        ("{n} admission{s} in the last 3 years", ("8 admissions.",)),
        ("{n} admission{s}ward bound", ("8 admissions.", "8 admissionsward bound.")),
    ],
)
def test_a_sentence_that_only_adds_to_another_is_not_said_beside_it(
    says: str, said: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FEATURES, "first", feature("first", "hospital use", "{n} admission{s}"))
    monkeypatch.setitem(FEATURES, "again", feature("again", "hospital use", says))
    assert one_person(first=(0.5, 8, "NaT"), again=(0.4, 8, "NaT"))["sentences"][0] == said


@pytest.mark.parametrize("stronger", ["stays_1095d", "days_since_stay"])
def test_of_one_absence_over_two_times_the_longer_is_said(stronger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    none = "No stay in the last {lookback}"
    made = (
        feature("stays", "hospital use", "{n} stay{s}", "_1095d", lookback=1095, absent=none),
        feature("days_since_stay", "hospital use", "last stay {ago}", lookback=1825, absent=none, missing=None),
        feature("nights", "hospital use", "{n} nights", lookback=365, absent="No night in the last {lookback}"),
    )
    for one in made:
        monkeypatch.setitem(FEATURES, one.name, one)
    pulls = {"stays_1095d": 0.4, "days_since_stay": 0.4} | {stronger: 0.5}
    values = {"stays_1095d": 0, "days_since_stay": np.nan}
    table = one_person(**{name: (-pull, values[name], "NaT") for name, pull in pulls.items()}, nights=(-0.1, 0, "NaT"))
    assert table["sentences"][0] == ("No stay in the last 5 years.", "No night in the last 12 months.")


def test_a_score_is_said_only_of_people_of_its_age() -> None:
    score = {"falls_365d": feature("falls", "falls and frailty", "score {n}", "_365d", printed_from=75)}
    values = np.array([[74, 1], [75, 1]], dtype=np.float32)
    keys = pd.DataFrame({"patient_id": ["A", "B"], "index_date": [pd.Timestamp("2026-11-02")] * 2})
    matrix = FeatureMatrix(keys, values, ("age", "falls_365d"), {})
    table = theme_reasons(np.array([[0, 1.0, 0]] * 2), matrix, FEATURES | score, no_dates(matrix), top=1)
    assert table.loc[table["theme"] == "falls and frailty", "sentences"].tolist() == [(), ("Score 1.",)]


def test_no_theme_says_more_sentences_than_asked_for() -> None:
    table = one_person(
        falls_365d=(0.2, 2, "2026-10-04"), days_since_fall=(0.3, 29, "2026-10-04"), is_female=(0.1, 0, "NaT")
    )
    assert table["sentences"][0] == ("Last fall 29 days ago.", "2 falls in the last 12 months.")
    shorter = one_person(
        age=(0.4, 90, "NaT"), is_female=(0.3, 0, "NaT"), falls_365d=(0.1, 1, "NaT"), hiv_care=(-9.0, 1, "2026-01-01")
    )
    assert shorter["sentences"].tolist() == [
        ("Aged 85 and over.", "Recorded sex is not female."),
        ("1 fall in the last 12 months.",),
        (),
    ]
    assert shorter["theme"].tolist()[-1] == "other"


def test_people_come_in_the_order_of_the_matrix_with_their_strongest_theme_first(fitted, borough) -> None:
    matrix = fitted.model.narrow(borough.matrix.take(np.array([9, 3, 30])))
    table = theme_reasons(contributions(fitted.model, matrix), matrix, FEATURES, no_dates(matrix), top=1)
    assert table["patient_id"].drop_duplicates().tolist() == ["P00003", "P00001", "P00010"]
    for _, rows in table[table["theme"] != "other"].groupby("patient_id"):
        assert (rows["contribution"].abs().diff().dropna() <= 0).all()
    assert table["sentences"].map(len).max() == 1


def test_a_table_that_does_not_fit_the_matrix_is_refused(fitted, borough) -> None:
    matrix = borough.matrix.take(np.arange(4))
    explained = contributions(fitted.model, matrix)
    with pytest.raises(ModelError, match="the matrix is 4 by 8 but its contributions are"):
        theme_reasons(explained[:, :-1], matrix, FEATURES, no_dates(matrix), top=1)
    without = {name: one for name, one in FEATURES.items() if name != "hiv_care"}
    with pytest.raises(ModelError, match="no definition of hiv_care was given"):
        theme_reasons(explained, matrix, without, no_dates(matrix), top=1)


def test_the_words_for_directions_never_claim_a_cause() -> None:
    assert DIRECTION_WORDS["raises"] == "raised the estimate"
    assert DIRECTION_WORDS["lowers"] == "lowered the estimate"
    assert not any(word in " ".join(DIRECTION_WORDS.values()) for word in ("because", "cause"))


LATELY, BED = "{n} visits in the last {lookback}, the latest on {date}", Codelist("bed", (), "test")
VISITS = {
    one.name: one
    for one in (
        feature("days_since_ae", "urgent care", "last visit {ago}, on {date}", verb="days_since", missing=None),
        feature("visits", "urgent care", LATELY, "_90d", lookback=90),
        feature("bed", "urgent care", "{n} visits ended in a bed, the latest on {date}", codes=BED),
    )
}


@pytest.mark.parametrize("strongest", [(3.0, 2.0, 1.0), (2.0, 3.0, 1.0), (1.0, 2.0, 3.0)])
def test_of_two_sentences_that_give_one_day_of_the_same_rows_the_one_that_says_more_stands(
    strongest: tuple[float, ...],
) -> None:
    values = zip(VISITS, strongest, (30.0, 2.0, 2.0), strict=True)
    given = {name: (pull, value, "2026-10-03") for name, pull, value in values}
    said = one_person(features=VISITS, **given)["sentences"].iloc[0]
    assert sorted(said) == [
        "2 visits ended in a bed, the latest on 3 October 2026.",
        "2 visits in the last 3 months, the latest on 3 October 2026.",
    ]
    since = {"days_since_ae": (1.0, 30.0, "2026-10-03"), "bed": (2.0, 2.0, "2026-10-03")}
    assert len(one_person(features=VISITS, **since)["sentences"].iloc[0]) == 2
