"""Contributions summed into clinical themes, each with its strongest features' sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.expressions import structure
from riskstrat.definitions.features import AGE, DAYS_SINCE, THEMES, Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.phrases import long_date
from riskstrat.errors import ModelError
from riskstrat.explanation.sentences import find_absence, render

Array = npt.NDArray[Any]

OTHER = "other"
"""Theme of everything sensitive: on every page, so that its presence discloses nothing, and without a sentence."""

DIRECTION_WORDS = {"raises": "raised the estimate", "lowers": "lowered the estimate", "neither": "did not change it"}

COLUMNS = ("patient_id", "index_date", "theme", "contribution", "direction", "sentences")


def theme_reasons(
    contrib: npt.NDArray[np.float64],
    matrix: FeatureMatrix,
    features: Mapping[str, Feature],
    evidence: npt.NDArray[np.datetime64],
    top: int,
    untold: npt.NDArray[np.bool_] | None = None,
    least: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """One row per patient, index date and theme; within a person the strongest theme first and "other" last.

    `contribution`: sum over the theme's features, on the margin; the themes and the base value sum to the margin.
    `direction`: raises, lowers or (exactly 0) neither. `sentences`: up to `top` of the features that moved the margin
    most in that direction, one of each family of lookbacks. What is said by another feature counts with that one.

    contrib: what `contributions` gave. matrix: the model's own columns (`RiskModel.narrow`). evidence: date of the
    latest row behind each value of the matrix, NaT for none. untold: which values of the matrix cannot be told; they
    count and are not said. least: which may be too low, and are said as the least that there was. Raises ModelError if
    these do not fit each other, or if a column has no feature.
    """
    refuse_misfits(contrib, matrix, features, evidence)
    theme_of = np.array([choose_theme(features[name]) for name in matrix.columns], dtype=object)
    themes = [theme for theme in THEMES if (theme_of == theme).any()] + [OTHER]
    places = {theme: np.flatnonzero(theme_of == theme) for theme in themes}
    sums = {theme: contrib[:, place].sum(axis=1) for theme, place in places.items()}
    age = _read_ages(matrix, features)
    nowhere = np.zeros(matrix.values.shape, np.bool_)
    silent, least = nowhere if untold is None else untold, nowhere if least is None else least
    named = [(name.removesuffix(features[name].suffix), features[name]) for name in matrix.columns]
    spoken = _move_to_speakers(contrib[:, :-1], matrix.columns, features)
    people = zip(matrix.keys["patient_id"], matrix.keys["index_date"], strict=True)
    rows = []
    for position, (patient_id, index_date) in enumerate(people):
        own = (each[position] for each in (spoken, matrix.values, evidence, age, silent, least))
        person = _Person(*own)
        for theme in _sort_strongest_first(themes, sums, position):
            total = float(sums[theme][position])
            said = () if theme == OTHER else _word_reasons(person, named, places[theme], total, top)
            rows.append((patient_id, index_date, theme, total, _word_direction(total), said))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"contribution": "float64"})


def with_the_rest_in_other(reasons: pd.DataFrame, margin: pd.Series, base: float) -> pd.DataFrame:
    """The same rows, with "other" taking whatever is left of each patient's margin: base and themes add up to it.

    reasons: as `theme_reasons` gave them, of a record from which something was left out. margin: that of the whole
    record, by patient_id.
    """
    printed = reasons["contribution"].where(reasons["theme"] != OTHER, 0.0)
    said = printed.groupby(reasons["patient_id"], sort=False).transform("sum")
    rest = reasons["patient_id"].map(margin) - base - said
    contribution = reasons["contribution"].where(reasons["theme"] != OTHER, rest).astype("float64")
    return reasons.assign(contribution=contribution, direction=[_word_direction(each) for each in contribution])


def _read_ages(matrix: FeatureMatrix, features: Mapping[str, Feature]) -> Array:
    """The age of each row, from the feature that is one; NaN where the model has none."""
    aged = [name for name in matrix.columns if features[name].verb == AGE]
    return matrix.select(aged[:1])[:, 0] if aged else np.full(len(matrix), np.nan)


def _move_to_speakers(contrib: Array, columns: tuple[str, ...], features: Mapping[str, Feature]) -> Array:
    """The contributions, with those of a feature that another one of the columns speaks for added to that one's."""
    moved = contrib.copy()
    place = {name: number for number, name in enumerate(columns)}
    for name, own in place.items():
        speaker = place.get(features[name].wording.said_by or name, own)
        if speaker != own:
            moved[:, speaker] += contrib[:, own]
            moved[:, own] = 0.0
    return moved


class _Person(NamedTuple):
    """One row by feature: contribution with those it speaks for, value, date of the latest row, whether it cannot be
    told, and whether it is the least that there was.
    """

    contributions: Array
    values: Array
    dates: Array
    age: float
    untold: Array
    least: Array


def _word_reasons(
    person: _Person, features: list[tuple[str, Feature]], places: Array, total: float, top: int
) -> tuple[str, ...]:
    """Sentences of the features that pull with the theme, the strongest of each family first.

    A family is one name without its lookback: `emergency_admissions` of `emergency_admissions_365d`. A sentence that
    repeats another, or only adds to it or takes from it, is left out; of two that tell of the same absence the one over
    the longer time stands. A sentence that says no more than how long ago the latest row was gives way to one on the
    same rows that says its date.
    """
    pull = person.contributions[places] * np.sign(total)
    families: set[str] = set()
    said = _Said([], {}, {})
    for place in places[np.argsort(-pull, kind="stable")]:
        if len(said.sentences) >= top or person.contributions[place] * np.sign(total) <= 0:
            break
        family, feature = features[place]
        if family in families or feature.wording.context or person.untold[place]:
            continue
        value, day = float(person.values[place]), person.dates[place]
        sentence = render(feature, value, day, person.age)
        sentence = _say_at_least(sentence or "") if person.least[place] else sentence
        if sentence and said.add(sentence, feature, find_absence(feature, value, day), day):
            families.add(family)
    return tuple(said.sentences)


class _Said(NamedTuple):
    """The sentences of one theme about one person, and what each tells of.

    absences: by the words for an absence the sentence's place and lookback. dated: by rows and their latest day the
    place of the sentence that says that day, and its feature's verb.
    """

    sentences: list[str]
    absences: dict[str | None, tuple[int, int]]
    dated: dict[tuple[str, str], tuple[int, str]]

    def add(self, sentence: str, feature: Feature, absence: str | None, day: np.datetime64) -> bool:
        """Whether the sentence stands now, and nothing else of its family is wanted."""
        if absence in self.absences:
            where, longest = self.absences[absence]
            if feature.lookback > longest:
                self.sentences[where], self.absences[absence] = sentence, (where, feature.lookback)
            return False
        if any(_is_repeated(sentence, other) for other in self.sentences):
            return False
        rows = _find_rows_dated(sentence, feature, day)
        where, verb = self.dated.get(rows, (len(self.sentences), "")) if rows else (len(self.sentences), "")
        if verb and feature.verb == DAYS_SINCE:
            return False
        if verb == DAYS_SINCE:
            self.sentences[where] = sentence
        else:
            where = len(self.sentences)
            self.sentences.append(sentence)
        if rows:
            self.dated[rows] = where, feature.verb
        if absence is not None:
            self.absences[absence] = where, feature.lookback
        return True


def _find_rows_dated(sentence: str, feature: Feature, day: np.datetime64) -> tuple[str, str] | None:
    """Which rows a sentence gives the latest day of, and that day; None where it says no day."""
    said = "" if np.isnat(day) else long_date(day.astype("datetime64[D]").item())
    return (_describe_rows(feature), said) if said and said in sentence else None


def _describe_rows(feature: Feature) -> str:
    """Which rows count and the day of each: alike for all that is told of the same rows."""
    rows = feature.rows and (feature.rows.stream, sorted(structure(one) for one in feature.rows.conditions))
    return repr((rows, feature.codes and feature.codes.fingerprint, structure(feature.day)))


def _say_at_least(sentence: str) -> str:
    """A sentence that begins with a number, as one of the least that there was; blank for any other."""
    return f"At least {sentence}" if sentence[:1].isdecimal() else ""


def _is_repeated(one: str, other: str) -> bool:
    """Whether one sentence begins with the whole of the other: "8 falls recorded", "8 falls recorded in 3 years"."""
    short, long = sorted((one.rstrip("."), other.rstrip(".")), key=len)
    return long.startswith(short) and not long[len(short) : len(short) + 1].isalnum()


def _sort_strongest_first(themes: list[str], sums: Mapping[str, Array], position: int) -> list[str]:
    return sorted(themes, key=lambda theme: (theme == OTHER, -abs(sums[theme][position]), theme))


def choose_theme(feature: Feature) -> str:
    """The theme that a feature counts with; whatever is sensitive counts with "other"."""
    return OTHER if feature.wording.sensitive else feature.theme


def _word_direction(total: float) -> str:
    return "raises" if total > 0 else "lowers" if total < 0 else "neither"


def refuse_misfits(contrib: Array, matrix: FeatureMatrix, features: Mapping[str, Feature], evidence: Array) -> None:
    """Raises ModelError if these do not fit each other, or if a column has no feature."""
    rows, columns = len(matrix), len(matrix.columns)
    if contrib.shape != (rows, columns + 1) or evidence.shape != (rows, columns):
        raise ModelError(
            f"the matrix is {rows} by {columns} but its contributions are {contrib.shape} and its dates "
            f"{evidence.shape}; give the matrix of the model's own columns, its contributions with the base value, and "
            "a date per value"
        )
    unknown = [name for name in matrix.columns if name not in features]
    if unknown:
        raise ModelError(
            f"no definition of {unknown[0]} was given, so it cannot be explained; restore it or train again"
        )
