"""scoring: margins, risks, refusals and the two files of a model."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.errors import ModelError, StorageError
from riskstrat.scoring import load


def without(matrix: FeatureMatrix, *gone: str) -> FeatureMatrix:
    kept = [name for name in matrix.columns if name not in gone]
    return FeatureMatrix(matrix.keys, matrix.select(kept), tuple(kept), matrix.fingerprints)


def test_risk_is_the_sigmoid_of_the_calibrated_margin_and_keeps_its_order(fitted, borough) -> None:
    margin, risk = fitted.model.margin(borough.matrix), fitted.model.risk(borough.matrix)
    calibrator = fitted.model.calibrator
    assert np.allclose(risk, 1 / (1 + np.exp(-calibrator.log_odds(margin))), atol=1e-12)
    assert (np.diff(risk[np.argsort(margin)]) >= 0).all()
    assert ((risk > 0) & (risk < 1)).all()
    assert margin.dtype == risk.dtype == np.float64


def test_the_order_of_the_columns_and_extra_columns_change_nothing(fitted, borough) -> None:
    matrix = borough.matrix
    turned = FeatureMatrix(
        matrix.keys,
        np.column_stack([matrix.values[:, ::-1], np.ones(len(matrix))]).astype(np.float32),
        (*matrix.columns[::-1], "newly_declared"),
        {**matrix.fingerprints, "newly_declared": "sha of another"},
    )
    assert (fitted.model.margin(turned) == fitted.model.margin(matrix)).all()


def test_no_rows_give_no_margins(fitted, borough) -> None:
    nobody = borough.matrix.take(np.zeros(0, dtype=np.int64))
    assert fitted.model.margin(nobody).shape == fitted.model.risk(nobody).shape == (0,)


def test_a_matrix_without_a_table_is_refused_by_the_name_of_the_table(fitted, borough) -> None:
    with pytest.raises(ModelError) as refused:
        fitted.model.margin(without(borough.matrix, "falls_365d", "days_since_fall"))
    assert str(refused.value) == (
        "the matrix lacks falls_365d and days_since_fall that emergency_admission_12m was trained on; "
        "probably the falls table is absent: land what is missing, or train again without it"
    )


def test_only_the_first_absent_columns_are_named(fitted, borough) -> None:
    with pytest.raises(ModelError, match="lacks age, is_female, emergency_admissions_90d and 5 more that") as refused:
        fitted.model.margin(without(borough.matrix, *borough.matrix.columns))
    assert "the tables falls, people are absent" in str(refused.value)


def test_absent_columns_of_unknown_tables_are_refused_with_what_to_do(fitted, borough) -> None:
    with pytest.raises(ModelError, match=r"lacks hiv_care that .*; restore the source table or the definition"):
        fitted.model.margin(without(borough.matrix, "hiv_care"))


def test_a_column_defined_otherwise_is_refused(fitted, borough) -> None:
    other = replace(borough.matrix, fingerprints={**borough.matrix.fingerprints, "falls_365d": "sha of another"})
    with pytest.raises(ModelError) as refused:
        fitted.model.risk(other)
    assert str(refused.value) == (
        "falls_365d was defined otherwise when this model was trained; retrain, or restore the definition"
    )


def test_the_same_model_gives_the_same_bytes_and_reads_back_equal(fitted, borough, tmp_path: Path) -> None:
    fitted.model.save(tmp_path / "one")
    again = load(tmp_path / "one")
    again.save(tmp_path / "two")
    for name in ("booster.txt", "model.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sorted(os.listdir(tmp_path / "one")) == ["booster.txt", "model.json"]
    assert again == fitted.model
    assert (again.margin(borough.matrix) == fitted.model.margin(borough.matrix)).all()


def test_model_json_has_sorted_keys_and_says_what_the_risk_is_of(fitted, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    assert list(facts) == sorted(facts)
    assert facts["definitions_hash"] == fitted.model.definitions_hash
    assert facts["recipe"]["horizon_days"] == 365
    assert facts["recipe"]["sentence"].startswith("chance of an emergency admission")
    assert facts["trained"]["as_at"] == "2026-11-01"


def test_a_model_file_that_was_changed_is_refused(fitted, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    booster = tmp_path / "booster.txt"
    booster.write_bytes(booster.read_bytes()[:-100])
    with pytest.raises(ModelError, match="is damaged; restore its files"):
        load(tmp_path)


@pytest.mark.parametrize("calibrator", [{}, {"method": "platt", "slope": 1.0}, {"method": "unheard of"}, None])
def test_a_calibrator_that_is_none_is_refused(fitted, tmp_path: Path, calibrator) -> None:
    fitted.model.save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(facts | {"calibrator": calibrator}))
    with pytest.raises(ModelError, match="is damaged"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_model_json_that_is_no_model_is_refused(fitted, tmp_path: Path, text: str) -> None:
    fitted.model.save(tmp_path)
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ModelError, match="is damaged"):
        load(tmp_path)


def test_a_later_format_is_refused(fitted, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(path.read_text().replace('"format": 2', '"format": 3'))
    with pytest.raises(ModelError, match="is of format 3, and this version of riskstrat reads up to 2; train again"):
        load(tmp_path)


def test_a_missing_model_file_is_named(fitted, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(ModelError, match=r"has no model\.json"):
        load(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_storage_error(fitted, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot be written"):
        fitted.model.save(tmp_path / "model")


def test_a_booster_of_other_columns_is_refused(fitted, borough) -> None:
    short = replace(fitted.model, columns=fitted.model.columns[:-1])
    with pytest.raises(ModelError, match=r"is not one of 7 columns, as model\.json has it"):
        short.margin(borough.matrix)


def test_a_text_that_is_no_booster_is_refused(fitted, borough) -> None:
    with pytest.raises(ModelError, match="that can be read"):
        replace(fitted.model, booster_text="not trees").margin(borough.matrix)
