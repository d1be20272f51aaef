"""Directions in the recipe: the risk never moves against them, and names that are no feature are refused."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import TrainingError
from riskstrat.training import fit
from riskstrat.training.constraints import directions, set_aside


def with_learner(borough, **changes):
    learner = borough.recipe.learner.model_copy(update=changes)
    return borough.recipe.model_copy(update={"learner": learner})


def moved(borough, recipe, column: str) -> np.ndarray:
    """For each of 200 people, their margin as the column goes from its lowest to its highest value."""
    model = fit(borough.matrix, borough.outcome, borough.slices, recipe).model
    place = borough.matrix.columns.index(column)
    steps = np.unique(borough.matrix.values[:, place])
    steps = steps[~np.isnan(steps)]
    some = borough.matrix.take(np.arange(200))
    margins = []
    for value in steps:
        values = some.values.copy()
        values[:, place] = value
        margins.append(model.margin(FeatureMatrix(some.keys, values, some.columns, some.fingerprints)))
    return np.array(margins)


@pytest.mark.parametrize("column", ["age", "falls_365d"])
def test_a_higher_value_never_lowers_the_risk_of_anybody_where_it_may_only_raise_it(borough, column: str) -> None:
    free, held = borough.recipe, with_learner(borough, increasing=(column,))
    assert (np.diff(moved(borough, free, column), axis=0) < 0).any()
    assert (np.diff(moved(borough, held, column), axis=0) >= 0).all()


def test_a_higher_value_never_raises_the_risk_of_anybody_where_it_may_only_lower_it(borough) -> None:
    free, held = borough.recipe, with_learner(borough, decreasing=("days_since_fall",))
    assert (np.diff(moved(borough, free, "days_since_fall"), axis=0) > 0).any()
    assert (np.diff(moved(borough, held, "days_since_fall"), axis=0) <= 0).all()


def test_every_column_has_its_direction() -> None:
    learner = LearnerRecipe(increasing=("a", "absent"), decreasing=("c",))
    assert directions(learner, ("a", "b", "c")) == [1, 0, -1]


def test_a_misspelt_name_is_refused_with_the_nearest(borough) -> None:
    with pytest.raises(TrainingError) as refused:
        fit(
            borough.matrix,
            borough.outcome,
            borough.slices,
            with_learner(borough, increasing=("emergency_admission_365d",)),
        )
    assert str(refused.value) == (
        'increasing and decreasing in [learner] name "emergency_admission_365d", which is no feature; did you mean '
        '"emergency_admissions_365d"?; correct the name or take it out'
    )


def test_a_name_given_both_ways_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"^age stands under increasing and under decreasing"):
        set_aside(LearnerRecipe(increasing=("age",), decreasing=("age",)), ("age",), ())


@pytest.mark.parametrize("known", [{"tables": {"telecare_running": "social_care"}}, {"declared": {"telecare_running"}}])
def test_a_feature_whose_table_was_not_landed_is_set_aside_and_said(borough, known) -> None:
    recipe = with_learner(borough, increasing=("age", "telecare_running"))
    fitted = fit(borough.matrix, borough.outcome, borough.slices, recipe, **known)
    assert "directions of features that are not in the model were set aside: telecare_running" in fitted.facts["notes"]
    alone = fit(borough.matrix, borough.outcome, borough.slices, with_learner(borough, increasing=("age",)))
    assert fitted.model.booster_text == alone.model.booster_text


def test_a_feature_that_the_recipe_excludes_is_set_aside_and_said(borough) -> None:
    recipe = with_learner(borough, increasing=("hiv_care",)).model_copy(update={"exclude_features": ("hiv_care",)})
    notes = fit(borough.matrix, borough.outcome, borough.slices, recipe).facts["notes"]
    assert "directions of features that are not in the model were set aside: hiv_care" in notes
