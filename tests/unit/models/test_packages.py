"""A model for another site: it predicts the same, tells of nobody, and is refused once a byte of it was changed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shap

from riskstrat.errors import ModelError, StorageError
from riskstrat.explanation import contributions
from riskstrat.scoring import FEWEST_PEOPLE, Package, RiskModel, count_rows_in_leaves, read_package, strip_model
from riskstrat.training import count_few_people, fit, fit_transferred, rows_at
from riskstrat.training.fitting import Fitted
from tests.unit.models.conftest import Borough, paper_borough, paper_recipe
from tests.unit.models.paper_rivals import PAPER_RIVALS


def pack(model: RiskModel) -> Package:
    predicts, there = {"outcome": "emergency_admission"}, {"auroc": 0.771, "rows": 1000, "events": 90}
    return Package(strip_model(model), predicts, there, "CC BY 4.0", "IG-2026-11", "IG/77")


@pytest.fixture(scope="module")
def written(stacked: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("package") / "model.json"
    file.write_bytes(pack(stacked.model).format().encode())
    return file


@pytest.fixture(scope="module")
def elsewhere() -> Borough:
    """Other people than those of the model, and fewer."""
    return paper_borough(rows=1500, seed=99)


@pytest.fixture(scope="module")
def transferred(written: Path, elsewhere: Borough) -> Fitted:
    given = (elsewhere.matrix, elsewhere.outcome, elsewhere.slices)
    local = fit(*given, paper_recipe(kind="stack"), rivals=PAPER_RIVALS, age="age")
    return fit_transferred(read_package(written).model, *given, paper_recipe(kind="stack"), local=local)


def test_it_comes_back_as_it_was_and_predicts_the_same(stacked: Fitted, written: Path, borough: Borough) -> None:
    package = read_package(written)
    assert package == pack(stacked.model)
    assert package.format().encode() == written.read_bytes()
    within = np.ones(len(borough.matrix), bool)
    for was, term in zip(stacked.model.linear.terms, package.model.linear.terms, strict=True):
        column = borough.matrix.select([term.column])[:, 0]
        low, high = max(was.low, term.low), min(was.high, term.high)
        within &= np.isnan(column) | ((column >= low) & (column <= high))
    assert within.mean() > 0.9
    one, other = (model.margin(borough.matrix) for model in (stacked.model, package.model))
    assert (one[within] == other[within]).all()
    assert np.abs(one - other).max() < 0.1


def test_lightgbm_alone_goes_too(fitted: Fitted, borough: Borough, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes(pack(fitted.model).format().encode())
    alone = read_package(tmp_path / "model.json").model
    assert alone.linear is None
    assert (alone.margin(borough.matrix) == fitted.model.margin(borough.matrix)).all()


def test_nothing_in_it_counts_people_or_gives_the_range_of_a_feature(written: Path) -> None:
    text = read_package(written).model.booster_text
    told = re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)
    by_name: dict[str, set[str]] = {}
    for name, values in told:
        by_name.setdefault(name, set()).update(values.split(" "))
    assert by_name["feature_infos"] == {"none"}
    assert by_name["leaf_count"] == by_name["leaf_weight"] == by_name["internal_weight"] == {"1"}
    assert by_name["internal_value"] == by_name["split_gain"] == {"0"}
    leaves = max(int(each) for each in by_name["num_leaves"])
    assert {int(each) for each in by_name["internal_count"]} <= set(range(2, leaves + 1))
    assert "parameters" not in text
    assert "feature_importances" not in text
    assert set(by_name) - {"Tree"} <= {
        *("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective"),
        *("feature_names", "feature_infos", "tree_sizes", "num_leaves", "num_cat", "split_feature", "threshold"),
        *("decision_type", "left_child", "right_child", "leaf_value", "split_gain", "leaf_weight", "leaf_count"),
        *("internal_value", "internal_weight", "internal_count", "is_linear", "shrinkage"),
    }
    for term in read_package(written).model.linear.terms:
        assert term.usual == 0
        assert [float(f"{end:.2g}") for end in (term.low, term.high)] == [term.low, term.high]


def test_a_byte_that_was_changed_is_found_wherever_it_stands(written: Path, tmp_path: Path) -> None:
    content, altered = bytearray(written.read_bytes()), tmp_path / "altered.json"
    for place in (0, 3, *range(50, len(content), 1777), len(content) - 1):
        for turned in (1, 16):
            one = bytearray(content)
            one[place] ^= turned
            altered.write_bytes(one)
            with pytest.raises(ModelError, match=r"altered\.json is no model package that can be used"):
                read_package(altered)
    for cut in (b"", bytes(content[:-1]), bytes(content) + b" ", b"[]", b"\xff\xfe", b"tree\nversion=v4\n"):
        altered.write_bytes(cut)
        with pytest.raises(ModelError, match="is no model package"):
            read_package(altered)
    with pytest.raises(StorageError, match=r"none\.json cannot be read"):
        read_package(tmp_path / "none.json")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda model: replace(model, booster_text=model.booster_text.replace("split_feature=", "split_feature=9", 1)),
        lambda model: replace(model, booster_text=model.booster_text.replace("leaf_count=1", "leaf_count=7", 1)),
        lambda model: replace(model, booster_text=model.booster_text.replace("none", "[1:9]", 1)),
        lambda model: replace(model, columns=model.columns[::-1]),
        lambda model: replace(model, fingerprints={}),
        lambda model: replace(model, linear=None),
    ],
)
def test_what_was_packed_again_by_hand_is_judged_by_what_it_holds(stacked: Fitted, tmp_path: Path, spoil) -> None:
    """The sha256 is then right, and still LightGBM must not read trees that are not whole, nor we what tells counts."""
    package = pack(stacked.model)
    (tmp_path / "made.json").write_bytes(replace(package, model=spoil(package.model)).format().encode())
    with pytest.raises(ModelError, match=r"made\.json is no model package"):
        read_package(tmp_path / "made.json")


def count_by_hand(model: RiskModel, borough: Borough, rows: np.ndarray) -> int:
    """The people in the smallest leaf, one leaf at a time, and the rows drawn for it where they are fewer."""
    people = borough.matrix.keys["patient_id"].to_numpy()[rows]
    reached = model.booster.predict(borough.matrix.values[rows], pred_leaf=True)
    drawn = re.findall(r"^leaf_count=(.*)$", model.booster_text, re.MULTILINE)
    smallest = min(int(each) for tree in drawn for each in tree.split(" "))
    for tree in reached.T:
        smallest = min(smallest, int(pd.Series(people).groupby(tree).nunique().min()))
    return smallest


@pytest.mark.parametrize("leaf", [5, 20, 80])
def test_the_smallest_leaf_is_that_of_the_fewest_people(borough: Borough, leaf: int) -> None:
    """Every row of the borough trains, three of each person: rows are not people."""
    slices = np.where(borough.slices == "test", "calibration", "train")
    model = fit(
        borough.matrix, borough.outcome, slices, paper_recipe(min_rows_in_leaf=leaf, row_fraction=1.0), tested=False
    ).model
    rows = np.flatnonzero(slices == "train")
    few = count_few_people(model, rows_at(borough.matrix, model.columns, borough.outcome, rows))
    by_hand = count_by_hand(model, borough, rows)
    assert few["leaf"] == by_hand or min(few["leaf"], by_hand) >= FEWEST_PEOPLE
    assert (few["leaf"] < FEWEST_PEOPLE) == (leaf < 80)


def test_rows_of_the_same_people_are_not_more_people(borough: Borough) -> None:
    """Each person has the same record twice: a leaf of 70 rows is of 35 people."""
    slices = np.where(borough.slices == "test", "calibration", "train")
    values = borough.matrix.values[np.arange(len(slices)) // 3 * 3]
    matrix = replace(borough.matrix, values=values)
    recipe = paper_recipe(min_rows_in_leaf=90, row_fraction=1.0)
    model = fit(matrix, borough.outcome, slices, recipe, tested=False).model
    rows = np.flatnonzero(slices == "train")
    few = count_few_people(model, rows_at(matrix, model.columns, borough.outcome, rows))
    assert few["leaf"] == count_by_hand(model, replace(borough, matrix=matrix), rows)
    drawn = min(int(each.min()) for each in count_rows_in_leaves(model.booster_text) if len(each))
    assert few["leaf"] < FEWEST_PEOPLE < drawn


def test_a_level_that_few_people_have_is_found(borough: Borough) -> None:
    for people, rare in ((FEWEST_PEOPLE - 1, ["hiv_care"]), (FEWEST_PEOPLE, [])):
        values = borough.matrix.values.copy()
        train = np.flatnonzero(borough.slices == "train")
        values[:, 7] = 0
        values[train[:people], 7] = 1
        matrix = replace(borough.matrix, values=values)
        outcome = np.where(values[:, 7] == 1, 1.0, borough.outcome)
        model = fit(matrix, outcome, borough.slices, paper_recipe(kind="stack"), tested=False).model
        assert "hiv_care" in [term.column for term in model.linear.terms]
        few = count_few_people(model, rows_at(matrix, model.columns, outcome, train))
        assert few["features"] == rare


def test_risks_are_those_of_people_here_and_the_local_recipe_stands_beside(
    transferred: Fitted, elsewhere: Borough
) -> None:
    assert list(transferred.risks)[:4] == ["transferred", "stack", "lightgbm", "logistic_regression"]
    assert transferred.own == "transferred"
    happened = elsewhere.outcome[transferred.test_rows]
    assert abs(transferred.own_risk.mean() - happened.mean()) < 0.05
    used = np.isin(elsewhere.slices, ["train", "calibration"])
    assert transferred.facts["events_calibrated_on"] == int(elsewhere.outcome[used].sum())
    assert "people whom the model had not seen" in transferred.facts["calibration"]


def test_what_explains_adds_up_and_is_against_people_here(transferred: Fitted, elsewhere: Borough) -> None:
    model, matrix = transferred.model, elsewhere.matrix.take(np.arange(300))
    explained = contributions(model, matrix)
    assert np.abs(explained.sum(axis=1) - model.margin(matrix)).max() < 1e-9
    trees = shap.TreeExplainer(model.booster, feature_perturbation="tree_path_dependent")
    by_tree = trees.shap_values(matrix.values, check_additivity=False)
    by_line = model.linear.contributions(matrix.values, model.columns)
    assert explained[:, :-1] == pytest.approx(
        model.weights.booster * by_tree + model.weights.linear * by_line[:, :-1], abs=1e-12
    )
    own = elsewhere.matrix.take(np.flatnonzero(np.isin(elsewhere.slices, ["train", "calibration"])))
    assert abs(model.linear.contributions(own.values, model.columns)[:, :-1].mean(axis=0)).max() < 1e-9
    first = model.booster_text.split("leaf_count=")[1].split("\n")[0].split(" ")
    reached = np.bincount(model.find_leaves(own.values)[:, 0], minlength=len(first))
    assert [int(each) for each in first] == [int(each) + 1 for each in reached]


def test_where_nothing_can_be_learned_the_other_model_stands_alone(written: Path, elsewhere: Borough) -> None:
    given = (elsewhere.matrix, elsewhere.outcome, elsewhere.slices, paper_recipe(kind="stack"))
    alone = fit_transferred(read_package(written).model, *given, refused="too few events")
    assert list(alone.risks) == ["transferred"]
    assert alone.facts["left_out"] == dict.fromkeys(("stack", "lightgbm", "logistic_regression"), "too few events")
