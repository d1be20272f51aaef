"""The linear member of a stack: what a term adds, how it is learned, and its text, judged before it is used."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import ModelError, TrainingError
from riskstrat.scoring import Linear, Term
from riskstrat.scoring.linear import format_linear, read_linear
from riskstrat.training.folds import draw_folds
from riskstrat.training.linear import Chosen, fit_linear, learn_linear, score_unseen, shape_columns
from riskstrat.training.rows import TrainingRows

VISITS = Term("visits", 1.0, 0.0, 7.0, log=True, mean=0.5, spread=2.0, weight=0.6, missing=-0.3, usual=0.1)
AGE = Term("age", 60.0, 20.0, 95.0, False, 60.0, 20.0, 0.4, 0.0, (65.0, 80.0), (1.0, 2.0), usual=0.2)
MEMBER = Linear(-2.0, (VISITS, AGE))
COLUMNS = ("age", "visits", "of no part")


def paper_rows(seed: int = 11, rows: int = 900) -> TrainingRows:
    """Three rows a person: an age, counts with a long tail, a measurement that some lack, and noise."""
    draw = np.random.default_rng(seed)
    age, counts = draw.integers(18, 100, rows), draw.poisson(draw.gamma(0.5, 2, rows))
    measured = np.where(draw.random(rows) < 0.4, np.nan, draw.normal(50, 10, rows))
    values = np.column_stack([age, counts, measured, draw.normal(size=rows)]).astype(np.float32)
    odds = -2 + 0.03 * (age - 50) + 0.8 * np.log1p(counts) - 0.5 * np.isnan(measured)
    people = np.array([f"P{n // 3:04}" for n in range(rows)], object)
    return TrainingRows(values, (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(float), people)


NAMES = ("age", "counts", "measured", "noise")


@pytest.fixture(scope="module")
def learned() -> Linear:
    rows = paper_rows()
    return learn_linear(rows, NAMES, LearnerRecipe(), draw_folds(rows, 3), "age").linear


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([60, 1, 0], -2 + 0.6 * (math.log(2) - 0.5) / 2),
        ([70, 7, 0], -2 + 0.6 * (math.log(8) - 0.5) / 2 + 0.4 * 0.5 + 1.0 * 5 / 20),
        ([90, 500, 0], -2 + 0.6 * (math.log(8) - 0.5) / 2 + 0.4 * 1.5 + 1.0 * 25 / 20 + 2.0 * 10 / 20),
        ([np.nan, np.nan, 0], -2 + 0.6 * (math.log(2) - 0.5) / 2 - 0.3),
        ([10, -4, 0], -2 + 0.6 * (0 - 0.5) / 2 + 0.4 * -2),
    ],
    ids=["usual", "above a knot", "tails cut, above both knots", "missing at the median", "below what was trained on"],
)
def test_a_margin_is_the_intercept_and_what_each_column_adds(values: list[float], expected: float) -> None:
    margin = MEMBER.margin(np.array([values], np.float32), COLUMNS)
    assert margin == pytest.approx([expected], abs=1e-12)


def test_contributions_are_effects_less_the_usual_and_add_up(learned: Linear) -> None:
    values = np.array([[70, 7, 0], [np.nan, 2, 9]], np.float32)
    explained = MEMBER.contributions(values, COLUMNS)
    assert explained[0, 0] == pytest.approx(0.4 * 0.5 + 5 / 20 - 0.2)
    assert (explained[:, 2] == 0).all()
    assert explained[:, 3] == pytest.approx(-2 + 0.1 + 0.2)
    for member, rows, columns in ((MEMBER, values, COLUMNS), (learned, paper_rows(12).values, NAMES)):
        explained = member.contributions(rows, columns)
        assert np.abs(explained.sum(axis=1) - member.margin(rows, columns)).max() < 1e-12


def test_contributions_are_those_of_shap_summed_by_column(learned: Linear) -> None:
    import shap

    def prepare(values: np.ndarray) -> np.ndarray:
        by_column = dict(zip(NAMES, values.T, strict=True))
        return np.column_stack([part for term in learned.terms for part in term.prepare(by_column[term.column])])

    train, some = paper_rows().values, paper_rows(13).values[:50]
    weights = [weight for term in learned.terms for weight in (term.weight, term.missing, *term.steeper)]
    background = shap.maskers.Independent(prepare(train), max_samples=len(train))
    parts = shap.LinearExplainer((np.array(weights), learned.intercept), background).shap_values(prepare(some))
    ends = np.cumsum([2 + len(term.knots) for term in learned.terms])[:-1]
    summed = [part.sum(axis=1) for part in np.split(parts, ends, axis=1)]
    explained = learned.contributions(some, NAMES)
    places = [NAMES.index(term.column) for term in learned.terms]
    assert explained[:, places] == pytest.approx(np.column_stack(summed), abs=1e-6)  # the design is learned in float32


def test_rows_are_scored_alike_however_many_come_together(learned: Linear, monkeypatch: pytest.MonkeyPatch) -> None:
    values = paper_rows(14).values
    whole = learned.margin(values, NAMES)
    monkeypatch.setattr("riskstrat.scoring.linear.BLOCK", 7)
    assert (learned.margin(values, NAMES) == whole).all()
    assert (learned.margin(values[:1], NAMES) == whole[:1]).all()


def test_a_column_enters_by_what_it_is_like(learned: Linear) -> None:
    by_name = {term.column: term for term in learned.terms}
    assert by_name["counts"].log
    assert not by_name["age"].log
    assert len(by_name["age"].knots) > 5
    assert not by_name["noise"].knots
    assert by_name["measured"].missing < 0
    assert by_name["counts"].weight > 0.3 > abs(by_name["noise"].weight)


def test_what_goes_against_its_direction_has_no_part_and_the_others_make_up_for_it() -> None:
    rows = paper_rows()
    columns = (*NAMES, "counts again")
    twice = TrainingRows(np.column_stack([rows.values, rows.values[:, 1] ** 2]), rows.outcome, rows.patient_ids)
    folds = draw_folds(twice, 3)
    held = learn_linear(twice, columns, LearnerRecipe(decreasing=("counts",)), folds, "age").linear
    by_name = {term.column: term for term in held.terms}
    assert "counts" not in by_name
    assert by_name["counts again"].weight > 0.3
    bent = learn_linear(twice, columns, LearnerRecipe(increasing=("age",)), folds, "age").linear
    assert [term.knots for term in bent.terms if term.column == "age"] == [()]


def test_where_everything_goes_against_its_direction_the_intercept_alone_is_left() -> None:
    rows = paper_rows()
    place = NAMES.index("counts")
    counts = rows.values[:, [place]]
    outcome = (counts[:, 0] > np.median(counts)).astype(float)
    shaped = shape_columns(TrainingRows(counts, outcome, rows.patient_ids), ("counts",), None, [-1])
    assert shaped.design.shape == (len(outcome), 1)
    margins = fit_linear(shaped, outcome, Chosen(10.0, (None,))).margin(counts, ("counts",))
    assert np.unique(margins).size == 1


def test_a_person_has_no_part_in_their_own_unseen_margin() -> None:
    rows = paper_rows()
    folds = draw_folds(rows, 3)
    own = folds[1].away
    turned = rows.outcome.copy()
    turned[own] = 1 - turned[own]
    shaped, chosen = shape_columns(rows, NAMES, "age", [0] * 4), Chosen(10.0, (None,) * len(folds))
    one, other = (score_unseen(shaped, outcome, chosen, folds) for outcome in (rows.outcome, turned))
    assert (one[own] == other[own]).all()
    assert (np.delete(one, own) != np.delete(other, own)).all()
    assert (fit_linear(shaped, rows.outcome, chosen).margin(rows.values[own], NAMES) != one[own]).any()


def test_columns_that_are_the_same_for_everybody_are_refused() -> None:
    rows = paper_rows()
    with pytest.raises(TrainingError, match="the same for everybody who trains"):
        shape_columns(replace(rows, values=np.ones_like(rows.values)), NAMES, "age", [0] * 4)


def test_the_text_reads_back_equal_and_is_the_same_each_time(learned: Linear) -> None:
    for member, columns in ((MEMBER, COLUMNS), (learned, NAMES)):
        text = format_linear(member)
        assert read_linear(text, columns) == member
        assert format_linear(read_linear(text, columns)) == text


def _set(facts: dict[str, Any], name: str, value: Any) -> None:
    facts["terms"][1][name] = value


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no terms": lambda facts: facts.pop("terms"),
    "another format": lambda facts: facts.update(format=9),
    "no number": lambda facts: facts.update(intercept="high"),
    "an endless intercept": lambda facts: facts.update(intercept=float("inf")),
    "not a number": lambda facts: _set(facts, "weight", float("nan")),
    "an endless knot": lambda facts: _set(facts, "knots", [65.0, float("inf")]),
    "a weight too few": lambda facts: _set(facts, "steeper", [1.0]),
    "no spread": lambda facts: _set(facts, "spread", 0.0),
    "tails crossed": lambda facts: _set(facts, "low", 99.0),
    "a log below 0": lambda facts: facts["terms"][0].update(low=-1.0),
    "true for a number": lambda facts: _set(facts, "mean", True),
    "a column twice": lambda facts: _set(facts, "column", "visits"),
    "a column that is none": lambda facts: _set(facts, "column", "height"),
    "one key too many": lambda facts: _set(facts, "colour", 1.0),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_text_that_does_not_hold_together_is_refused_in_one_line(damage: Callable[[dict[str, Any]], Any]) -> None:
    facts = json.loads(format_linear(MEMBER))
    damage(facts)
    with pytest.raises(ModelError) as refused:
        read_linear(json.dumps(facts), COLUMNS)
    assert "\n" not in str(refused.value)


@given(data=st.data())
def test_whatever_passes_is_read_and_scores(data: st.DataObject) -> None:
    """One character changed, put in or taken out: either it is refused, or it gives everybody a margin."""
    text = format_linear(MEMBER)
    place = data.draw(st.integers(0, len(text)))
    put = data.draw(st.sampled_from(["", "0", "9", "-", " ", "\n", '"', "e", "x", ".", "[", "}"]))
    changed = text[:place] + put + text[place + data.draw(st.integers(0, 1)) :]
    values = np.array([[70, 7, 0], [np.nan, np.inf, -1e30]], np.float32)
    with suppress(ModelError):
        assert np.isfinite(read_linear(changed, COLUMNS).margin(values, COLUMNS)).all()


def test_a_member_that_does_not_hold_together_cannot_be_made() -> None:
    with pytest.raises(ModelError, match="linear term of visits"):
        replace(VISITS, spread=-1.0)
    with pytest.raises(ModelError, match="the linear member"):
        Linear(math.nan, ())
