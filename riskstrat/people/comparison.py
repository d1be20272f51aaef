"""A person's risk beside that of people like them here, and how far the model could be trusted for such people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort.dimensions import CONDITIONS, NOT_RECORDED, SEXES
from riskstrat.definitions.ages import AGE_BANDS, AGES
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.phrases import lower_first
from riskstrat.site.scored import Scored
from riskstrat.sources.store import Store

FEWEST = 50
"""Eligible people below whom no typical risk is told."""

SEX_WORDS = {"female": "women", "male": "men"}
CONDITION_WORDS = {
    "none": "people with no long-term condition",
    "1": "people with 1 long-term condition",
    "2 or 3": "people with 2 or 3 long-term conditions",
    "4 or more": "people with 4 or more long-term conditions",
}
FEWEST_LISTED = 30
"""People on the lists of the test below whom nothing is said of them."""
LARGEST_HIDDEN = 7
"""Counts of people from 1 to this are not told, as in every paper of a version."""
NEAR = 0.05
"""How far from a risk the curve's nearest point may lie and still speak for it."""


class Typical(NamedTuple):
    """The mean risk of the people of one sex and age band, or None where they are too few, and who they are."""

    risk: float | None
    group: str


def of_groups(store: Store, scored: Scored) -> pd.DataFrame:
    """One row per scored person, in their order: age_band and sex, as a version's evidence is told by."""
    people = store.people().iloc[scored.rows["person"].to_numpy()]
    age = age_in_years(people["date_of_birth"].to_numpy(), scored.rows["index_date"].to_numpy())
    sex = people["sex"].map(SEXES).astype(object).fillna(NOT_RECORDED).to_numpy()
    made = {"age_band": np.array(AGE_BANDS, object)[np.searchsorted(AGES, age, side="right")], "sex": sex}
    return pd.DataFrame(made, dtype=object)


def group_by_conditions(number: npt.NDArray[np.float64]) -> list[str]:
    """The group of each person by their number of conditions; `NOT_RECORDED`, of which nothing is said, without one."""
    named = np.array((*CONDITIONS, NOT_RECORDED), object)
    return list(named[np.where(np.isnan(number), -1, np.searchsorted((1, 2, 4), number, side="right"))])


def typical_risks(members: pd.DataFrame, risk: npt.NDArray[np.float64], places: npt.NDArray[np.int64]) -> list[Typical]:
    """For each of some rows of `members` (age_band, sex) the mean of `risk` over all of the same sex and age band.

    places: where those rows stand among the members.
    People whose recorded sex is neither female nor male are set beside everybody of their age band.
    """
    band = members["age_band"].astype(str)
    binary = members["sex"].isin(SEX_WORDS)
    who = members["sex"].where(binary, "people").map({**SEX_WORDS, "people": "people"})
    values = pd.Series(risk, index=members.index)
    means, sizes = (values.groupby([who, band]).transform(how) for how in ("mean", "size"))
    by_age = [values.groupby(band).transform(how) for how in ("mean", "size")]
    means, sizes = means.where(binary, by_age[0]), sizes.where(binary, by_age[1])
    return [
        Typical(float(mean) if size >= FEWEST else None, f"{words} aged {ages} here")
        for mean, size, words, ages in zip(*(each.iloc[places] for each in (means, sizes, who, band)), strict=True)
    ]


def reliability(evidence: Mapping[str, Any], member: Mapping[str, str], risk: float, outcome: str) -> tuple[str, ...]:
    """Sentences on how the model did when it was tested: on lists, at this risk, then for people like this one.

    evidence: that of the version. member: the person's group in each dimension. outcome: such as "an emergency
    admission in 12 months". What was not tested, or on too few people, is left out.
    """
    return (
        *_describe_lists(evidence.get("at_capacity") or {}, outcome),
        *_describe_calibration(evidence.get("calibration_curve") or (), risk, outcome),
        *_describe_groups(evidence, member, outcome),
    )


def _describe_lists(found: Mapping[str, Any], outcome: str) -> Iterator[str]:
    """What happened to the people whom lists at the tested capacity would have held."""
    listed, had = int(found.get("listed") or 0), int(found.get("listed_events") or 0)
    if listed < FEWEST_LISTED or any(0 < number <= LARGEST_HIDDEN for number in (had, listed - had)):
        return
    low, high = (floor(round(100 * found[end], 9) + 0.5) for end in ("low", "high"))
    who = "person" if found["capacity"] == 1 else "people"
    yield (
        f"Lists of {found['capacity']} {who}, tried on earlier dates: of 100 people on them, "
        f"{_format_per_100(found['rate'])} had {outcome} (between {low} and {high})."
    )


def _describe_calibration(curve: Sequence[Mapping[str, Any]], risk: float, outcome: str) -> Iterator[str]:
    points = [point for point in curve if point.get("risk") is not None and point.get("observed") is not None]
    nearest = min(points, key=lambda point: abs(point["risk"] - risk), default=None)
    if nearest is not None and abs(nearest["risk"] - risk) <= NEAR:
        had = _format_per_100(nearest["observed"])
        yield f"Of 100 people whom the model gave {_format_per_100(risk)} in 100, {had} had {outcome}."


def _describe_groups(evidence: Mapping[str, Any], member: Mapping[str, str], outcome: str) -> Iterator[str]:
    cells = {(row["dimension"], row["group"]): row for row in evidence.get("subgroups") or ()}
    for dimension, group in member.items():
        who, cell = _name_group(dimension, group), cells.get((dimension, group), {})
        if who is None or cell.get("reason") or cell.get("mean_risk") is None or cell.get("prevalence") is None:
            continue
        said, had = _format_per_100(cell["mean_risk"]), _format_per_100(cell["prevalence"])
        yield f"For {who} the model gave {said} in 100 on average, and {had} in 100 had {outcome}."


def _name_group(dimension: str, group: str) -> str | None:
    if dimension == "age_band":
        return f"people aged {group}"
    return (SEX_WORDS if dimension == "sex" else CONDITION_WORDS).get(group)


def _format_per_100(share: float) -> str:
    """A share of 100 people, rounded; below 1 it says so."""
    return "fewer than 1" if share < 0.005 else f"about {floor(round(100 * share, 9) + 0.5)}"


def outcome_in_words(title: str) -> str:
    """The outcome of a recipe in the middle of a sentence: `an emergency admission in 12 months`."""
    words = lower_first(title)
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"
