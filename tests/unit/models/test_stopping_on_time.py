"""Trees stop growing on the latest training date, judged from dates whose labels were final by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe, LearnerRecipe, Recipe, SplitRecipe
from riskstrat.training import fit
from riskstrat.training.held_out import held_out

DATES = ("2019-01-01", "2019-07-02", "2019-12-31", "2020-06-30")
"""Training dates; the first two have final labels (365 + 75 days on) before the last."""

CALIBRATED_ON = "2021-12-31"


@dataclass(frozen=True)
class Past:
    matrix: FeatureMatrix
    outcome: np.ndarray
    slices: np.ndarray

    @property
    def dates(self) -> np.ndarray:
        return self.matrix.keys["index_date"].to_numpy("datetime64[D]")


def past(dates: tuple[str, ...] = DATES, people: int = 600, calibrated_on: str = CALIBRATED_ON) -> Past:
    """Every person at every training date and at the calibration date; six features, two of which matter."""
    draw = np.random.default_rng(12)
    every = np.array([*dates, calibrated_on], "datetime64[s]")
    values = draw.normal(size=(people * len(every), 6)).astype(np.float32)
    odds = values[:, 0] + 0.5 * values[:, 1] - 1.5
    outcome = (draw.random(len(odds)) < 1 / (1 + np.exp(-odds))).astype(float)
    ids = [f"P{n:04d}" for n in np.repeat(np.arange(people), len(every))]
    when = np.tile(every, people)
    keys = pd.DataFrame({"patient_id": ids, "index_date": when})
    slices = np.where(when == np.datetime64(calibrated_on), "calibration", "train")
    columns = tuple(f"f{n}" for n in range(6))
    return Past(FeatureMatrix(keys, values, columns, dict.fromkeys(columns, "x")), outcome, slices)


def recipe(patience: int = 20, index: str = "calendar", **learner) -> Recipe:
    return Recipe(
        name="paper",
        title="On paper",
        sentence="an admission",
        outcome="emergency_admission",
        cohort=CohortRecipe(index=index),
        label=LabelRecipe(horizon="365d", delay="75d"),
        split=SplitRecipe(every="182d"),
        learner=LearnerRecipe(
            **({"rounds": 400, "patience": patience, "learning_rate": 0.1, "min_rows_in_leaf": 20} | learner)
        ),
    )


def parts(given: Past, asked: Recipe):
    train, calibration = (np.flatnonzero(given.slices == name) for name in ("train", "calibration"))
    return held_out(asked, given.matrix.keys, given.outcome, train, calibration)


def test_the_latest_training_date_judges_what_grew_on_dates_final_by_then() -> None:
    given = past()
    found = parts(given, recipe())
    assert np.unique(given.dates[found.judged_on]).astype(str).tolist() == ["2020-06-30"]
    assert np.unique(given.dates[found.grown_on]).astype(str).tolist() == ["2019-01-01"]
    assert found.sentence == "the 600 rows of 2020-06-30, from 600 rows whose outcomes were final by then"


def test_a_label_that_is_final_on_the_very_day_counts() -> None:
    delay = LabelRecipe(horizon="364d", delay="1d")
    given = past()
    found = parts(given, recipe().model_copy(update={"label": delay}))
    gap = np.datetime64("2020-06-30") - given.dates[found.grown_on].max()
    assert gap.astype(int) >= delay.complete_after
    assert len(np.unique(given.dates[found.grown_on])) == 1
    shorter = LabelRecipe(horizon="363d", delay="1d")
    assert shorter.complete_after == 364
    assert len(np.unique(given.dates[parts(given, recipe().model_copy(update={"label": shorter})).grown_on])) == 2


@pytest.mark.parametrize("dates", [("2019-01-01",), ("2019-01-01", "2019-07-02")])
def test_where_dates_are_too_few_people_are_held_out(dates: tuple[str, ...]) -> None:
    given = past(dates)
    found = parts(given, recipe())
    people = given.matrix.keys["patient_id"].to_numpy()
    assert not set(people[found.judged_on]) & set(people[found.grown_on])
    assert len(found.judged_on) + len(found.grown_on) == (given.slices == "train").sum()
    assert 0.2 < len(found.judged_on) / (given.slices == "train").sum() < 0.3
    assert "people held out" in found.sentence


def test_where_slices_were_cut_by_person_people_are_held_out() -> None:
    given = past(calibrated_on="2020-07-01")  # before the training labels were final: not a cut in time
    assert "people held out" in parts(given, recipe()).sentence


def test_discharges_are_judged_on_the_last_stretch_of_the_training_period() -> None:
    given = past(
        tuple(str(day) for day in np.arange("2018-01-01", "2020-07-01", dtype="datetime64[D]")[::30]), people=60
    )
    found = parts(given, recipe(index="live_discharge"))
    last = given.dates[given.slices == "train"].max()
    assert (given.dates[found.judged_on] > last - 182).all()
    assert (given.dates[found.grown_on] + 440 <= last - 181).all()
    assert "and later, from" in found.sentence


def test_nothing_is_held_out_where_events_are_too_few() -> None:
    given = past(people=20)
    assert parts(given, recipe()) is None


def test_the_model_has_the_trees_that_helped_most_and_is_grown_on_every_training_row() -> None:
    given = past()
    stopped = fit(given.matrix, given.outcome, given.slices, recipe(), tested=False)
    rounds = stopped.facts["learner"]["rounds"]
    assert 5 < rounds < 200
    assert stopped.facts["rounds"].startswith(f"{rounds} trees: best on the 600 rows of 2020-06-30")
    assert f"size: {stopped.facts['rounds']}" in stopped.facts["notes"]
    asked = fit(given.matrix, given.outcome, given.slices, recipe(patience=0, rounds=rounds), tested=False)
    assert asked.model.booster_text == stopped.model.booster_text
    assert asked.facts["rounds"] == f"{rounds} trees, as the recipe asks"


def test_the_size_does_not_depend_on_calibration_rows() -> None:
    given = past()
    turned = np.where((given.slices == "calibration") & (np.arange(len(given.outcome)) % 3 == 0), 0, given.outcome)
    one, other = (fit(given.matrix, y, given.slices, recipe(), tested=False) for y in (given.outcome, turned))
    assert one.model.booster_text == other.model.booster_text
    assert one.model.calibrator != other.model.calibrator


def test_a_recipe_that_allows_few_trees_gets_no_more_and_it_is_said() -> None:
    given = past()
    fitted = fit(given.matrix, given.outcome, given.slices, recipe(rounds=3), tested=False)
    assert fitted.facts["rounds"].startswith("3 trees, the most the recipe allows: best on")


def test_too_few_events_leave_the_size_as_the_recipe_asks_and_it_is_said() -> None:
    given = past(people=60)
    rare = np.where(np.cumsum(given.outcome * (given.slices == "train")) <= 11, given.outcome, 0)
    fitted = fit(given.matrix, rare, given.slices, recipe(rounds=7), tested=False)
    assert fitted.facts["rounds"] == "7 trees: too few events train to find a better number"
