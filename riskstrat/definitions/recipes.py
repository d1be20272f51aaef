"""Recipes: what a model predicts, for whom, learned how. One TOML file a model; nothing inherits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.declared import Declared
from riskstrat.definitions.durations import days
from riskstrat.errors import DefinitionError


def _check_duration(text: str) -> str:
    try:
        days(text)
    except DefinitionError as wrong:
        raise ValueError(str(wrong)) from None
    return text


Length = Annotated[str, AfterValidator(_check_duration)]


class AlreadyThere(Declared):
    """Who is set apart, as known at the index date: people whose `feature` is `at_least` so much.

    says: what they did, as the end of a sentence that begins with "they".
    """

    feature: str
    at_least: float
    says: str = Field(min_length=1)


class CohortRecipe(Declared):
    """Who is eligible, and what gives an index date.

    `calendar`: everybody alive and registered at each date. `live_discharge`: each live discharge to a usual residence
    or care home; its own spell counts as known. Ages in completed years at the index date, both ends included.
    """

    index: Literal["calendar", "live_discharge"] = "calendar"
    min_age: int = Field(18, ge=0, le=120)
    max_age: int = Field(120, ge=0, le=120)
    recent: Length = "30d"
    """For `live_discharge`, how long after a discharge a person is still scored."""
    already: AlreadyThere | None = None
    """People who are there already, of whom a count says more than a risk; they neither train nor are listed."""

    @property
    def is_lasting(self) -> bool:
        """Whether whoever is eligible once stays so until they die, leave or object: nobody grows out of it."""
        oldest = type(self).model_fields["max_age"].default
        return self.index == "calendar" and self.already is None and self.max_age == oldest


class LabelRecipe(Declared):
    """The window (index + gap, index + gap + horizon], or [index, index + horizon) with `includes_index_day`.

    `delay` is how long after a window closes its events may still arrive; before that a label is not complete.
    """

    horizon: Length = "365d"
    gap_days: int = Field(0, ge=0, le=3660)
    includes_index_day: bool = False
    death: Literal["negative", "composite", "exclude"] = "negative"
    delay: Length = "75d"
    least_events: int = Field(1, ge=1)
    """Events in the window from which on the outcome has happened, on the day of the last of so many."""
    min_nights: int = Field(0, ge=0, le=1)
    """1 leaves out stays without a night, where same-day emergency care has moved out of admissions."""
    exclude_periods: tuple[tuple[date, date], ...] = ()
    """First and last day of periods that no label window may touch, such as March 2020 to June 2021."""
    intervened: Literal["treat", "censor", "exclude", "hold_out"] = "treat"
    """What becomes of a row whose window holds an action of an MDT: `treat` keeps its outcome, so that the risk is that
    of care as it is given; `censor` leaves the outcome unknown unless it came before the action; `exclude` leaves the
    row out. `hold_out` keeps it, but where a lot decided who came onto a list those whom it left off count for all."""

    @field_validator("exclude_periods")
    @classmethod
    def _check_period_order(cls, given: tuple[tuple[date, date], ...]) -> tuple[tuple[date, date], ...]:
        for first, last in given:
            if first > last:
                raise ValueError(f"the period {first} to {last} ends before it begins")
        return given

    @model_validator(mode="after")
    def _check_gap(self) -> Self:
        if self.includes_index_day and self.gap_days:
            raise ValueError("a window that includes_index_day has no gap before it; take gap_days or that out")
        return self

    def excludes(self, index_date: date) -> bool:
        """Whether the label window of `index_date` touches an excluded period."""
        first = index_date + timedelta(days=self.first_day)
        last = index_date + timedelta(days=self.last_day)
        return any(first <= end and begin <= last for begin, end in self.exclude_periods)

    @property
    def first_day(self) -> int:
        """Days from the index date to the first day of the window."""
        return 0 if self.includes_index_day else self.gap_days + 1

    @property
    def last_day(self) -> int:
        """Days from the index date to the last day of the window."""
        return self.first_day + days(self.horizon) - 1

    @property
    def complete_after(self) -> int:
        """Days from the index date until the window has closed and late events have arrived."""
        return self.last_day + days(self.delay)


class SplitRecipe(Declared):
    """Which index dates train, calibrate and test. Counted back from the latest complete index date.

    By time, with a rolling origin: for each of `test_dates` a model of its own, from `calibration_dates` and
    `train_dates` whose labels were final by then; each group of dates is closed before the next begins. With no
    calibration dates, or where records are too short for them, training goes up to the newest final date, whose rows
    calibrate too, each by a model that had not seen the person. Where a source
    shifts dates from person to person, `shifted_dates` says what to do: split by `person`, or `refuse`.
    """

    every: Length = "182d"
    train_dates: int = Field(5, ge=1)
    calibration_dates: int = Field(1, ge=0)
    test_dates: int = Field(5, ge=1)
    history: Length = "1095d"
    """Days of records that should stand before the first index date; fewer are said."""
    shifted_dates: Literal["person", "refuse"] = "refuse"
    calibration_share: float = Field(0.2, gt=0, lt=0.5)
    test_share: float = Field(0.3, gt=0, lt=0.7)


class LargerTrees(Declared):
    """Settings of LightGBM in place of the recipe's own, where at least `events` rows with the outcome train."""

    events: int = Field(ge=1)
    rounds: int = Field(ge=1)
    learning_rate: float = Field(gt=0, le=1)
    leaves: int = Field(ge=2, le=255)


class LearnerRecipe(Declared):
    """What is learned, and LightGBM's settings. There are no class weights: they would spoil the probabilities.

    `kind`: LightGBM alone, or a stack of it and a logistic regression, each sized by the same people held out.
    `rounds` are the most trees grown. With `patience` above 0, growing stops once that many trees in a row have not
    helped on the latest training date; a stack has no need of it. `increasing` and `decreasing` name features whose
    higher values may only raise, or only lower, the risk. `larger`: trees for as many events as bear them, of a stack.
    """

    kind: Literal["lightgbm", "stack"] = "lightgbm"
    rounds: int = Field(300, ge=1)
    patience: int = Field(0, ge=0)
    learning_rate: float = Field(0.03, gt=0, le=1)
    leaves: int = Field(15, ge=2, le=255)
    min_rows_in_leaf: int = Field(200, ge=1)
    feature_fraction: float = Field(0.5, gt=0, le=1)
    row_fraction: float = Field(0.8, gt=0, le=1)
    l2: float = Field(10.0, ge=0)
    increasing: tuple[str, ...] = ()
    decreasing: tuple[str, ...] = ()
    seed: int = 20261116
    larger: LargerTrees | None = None

    def choose_size(self, events: int) -> Self:
        """The recipe to learn so many events by: with the larger trees where there are enough for them."""
        if self.larger is None or events < self.larger.events:
            return self
        return self.model_copy(update=self.larger.model_dump(exclude={"events"}) | {"larger": None})

    @model_validator(mode="after")
    def _check_larger(self) -> Self:
        if self.kind != "stack" and self.larger is not None:
            raise ValueError('only a stack finds how many larger trees help; take larger out, or set kind = "stack"')
        return self

    @model_validator(mode="after")
    def _check_patience(self) -> Self:
        if self.kind == "stack" and self.patience:
            raise ValueError('a stack finds its number of trees by itself; take patience out, or set kind = "lightgbm"')
        return self

    @property
    def finds_its_size(self) -> bool:
        """Whether `rounds` are only the most that may be grown."""
        return self.kind == "stack" or self.patience > 0


class TuningRecipe(Declared):
    """The search for learner settings, inside the oldest training period, so that no test date has a part in it.

    trials: settings tried, those of the recipe first; 0 takes the recipe's as they stand. rows: training rows that each
    trial sees at most.
    """

    trials: int = Field(0, ge=0, le=500)
    rows: int = Field(100_000, ge=1000)


class CalibrationRecipe(Declared):
    """A strictly increasing map from margin to risk, fitted on the calibration slice.

    `best` takes the one of platt, beta and isotonic (smoothed) with the lowest log loss on people held out of its fit.
    """

    method: Literal["best", "platt", "beta", "isotonic"] = "best"


class EvaluationRecipe(Declared):
    """How the test dates are looked at.

    capacity_per_1000: where the list would be cut: people per 1,000 eligible who can be taken on at one index date.
    freshness_months: ages of a score, and of a model, at which they are measured again; none is needed.
    person_disjoint: whether a second model is fitted without the people it is tested on, to see how much the first knew
    them.
    """

    capacity_per_1000: float = Field(5.0, gt=0, le=1000)
    bootstrap_rounds: int = Field(200, ge=0)
    freshness_months: tuple[Annotated[int, Field(ge=1, le=60)], ...] = ()
    person_disjoint: bool = True


class Recipe(Declared):
    """One model. `sentence` completes "the estimated chance of ..." and may name {date}, the index date.

    purpose: what it is for, where that is not what the product is for. asks_approval: whether it is off until
    `approval` says who approved its use, and where that stands.
    """

    name: str = ""
    title: str
    sentence: str
    outcome: str
    purpose: str = ""
    asks_approval: bool = False
    approval: str = ""
    exclude_features: tuple[str, ...] = ()
    cohort: CohortRecipe = CohortRecipe()
    label: LabelRecipe = LabelRecipe()
    split: SplitRecipe = SplitRecipe()
    learner: LearnerRecipe = LearnerRecipe()
    tuning: TuningRecipe = TuningRecipe()
    calibration: CalibrationRecipe = CalibrationRecipe()
    evaluation: EvaluationRecipe = EvaluationRecipe()
