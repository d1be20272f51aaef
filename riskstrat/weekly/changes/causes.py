"""What moved each person's estimate since the last list: four parts of the change in log odds, which add up to it.

The way from the old margin to the new one is walked one step at a time: what was corrected, another model, the passing
of time, what was told late, and what happened since. Each step is the difference of two margins, so that nothing is
left over. Another order of steps would give other parts; this one counts as an event only what neither time nor late
news explains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.features import Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import ModelError
from riskstrat.explanation import OTHER, contributions, theme_reasons
from riskstrat.scoring import RiskModel
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored
from riskstrat.weekly.changes.stages import Stages, rows_then, stages

Array = npt.NDArray[np.float64]
Themes = tuple[tuple[str, float], ...]

KINDS: Mapping[str, str] = {
    "new_events": "new events",
    "ageing": "ageing of earlier events",
    "late_data": "late or corrected data",
    "model_change": "model change",
}
"""The parts, by the ending of their columns, in the words of a page."""

MODEL, CORRECTED = "the model", "corrected records"
"""Parts of no clinical theme: the difference of two models' base values, and what a new extract changed in old rows.
What stood in the old rows is not kept, so their themes cannot be told."""

NOT_ELIGIBLE = "not eligible at the last list"
REDEFINED = "features were defined otherwise at the last list"
NOT_COMPARABLE = "the dates of this source are shifted from person to person"
NO_DISCHARGE = "the discharge behind the last list is no longer recorded"


@dataclass(frozen=True)
class Before:
    """The last list: its date, the model that made it, and the margins published then, by patient_id."""

    list_date: date
    model: RiskModel
    margins: pd.Series


def causes(opened: Site, recipe: Recipe, before: Before, now: Scored, patients: Sequence[str]) -> pd.DataFrame:
    """One row per patient of `patients` who is scored now, in their order.

    Columns: patient_id, margin_before, margin_now, for each of `KINDS` part_<kind> (log odds; the four add up to the
    difference of the margins) and themes_<kind> ((theme, log odds), the largest first and "other" last; they add up to
    the part), and why_none: why there are no parts, else None. Themes are those of the records without anything
    sensitive; what those leave stands under "other", which every part has.
    """
    rows = now.rows[now.rows["patient_id"].isin(set(patients))].reset_index(drop=True)
    rows["margin_before"] = rows["patient_id"].map(before.margins).astype(float)
    rows["why_none"] = _explain_unsplit_rows(opened, before, now, rows)
    then = rows_then(opened, recipe, rows.loc[rows["why_none"].isna(), now.cohort.rows.columns], before.list_date)
    there = rows["patient_id"].isin(set(then["patient_id"]))
    rows["why_none"] = rows["why_none"].mask(rows["why_none"].isna() & ~there, NO_DISCHARGE)
    split = rows[there].reset_index(drop=True)
    parts = _split(opened, before, now, then, split) if len(split) else _build_empty_parts()
    columns = ["patient_id", "margin_before", "margin", "why_none"]
    told = rows[columns].rename(columns={"margin": "margin_now"}).merge(parts, on="patient_id", how="left")
    return _order_by_patient(told, patients)


def _explain_unsplit_rows(opened: Site, before: Before, now: Scored, rows: pd.DataFrame) -> pd.Series:
    """For each row why its change cannot be split, None where it can."""
    whole = _find_split_obstacle(opened, before, now)
    return pd.Series([NOT_ELIGIBLE if new else whole for new in rows["margin_before"].isna()], rows.index, dtype=object)


def _find_split_obstacle(opened: Site, before: Before, now: Scored) -> str | None:
    """Why nobody's change can be split; None if it can."""
    if not opened.store.comparable_dates:
        return NOT_COMPARABLE
    try:
        before.model.narrow(now.matrix.take(np.zeros(0, np.int64)))
    except ModelError:
        return REDEFINED
    return None


class _Step(NamedTuple):
    """One difference of margins, and of the sums by theme behind it that can be told."""

    part: Array
    themes: pd.DataFrame


def _split(opened: Site, before: Before, now: Scored, then: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per row of `rows`: patient_id and the parts with their themes."""
    whole, hidden = stages(opened, then, rows[list(now.cohort.rows.columns)], before.list_date)
    same = before.model.learned == now.model.learned
    old = now.model if same else before.model
    margins = [
        rows["margin_before"].to_numpy(),
        old.margin(whole.then),
        *(now.model.margin(matrix) for matrix in (whole.then, whole.aged, whole.told)),
        rows["margin"].to_numpy(),
    ]
    corrected, model, ageing, told, new = (later - earlier for earlier, later in pairwise(margins))
    theme = _sum_themes_by_stage(old, now.model, hidden, opened.workspace.features)
    late = (theme[3] - theme[2]).assign(**{CORRECTED: corrected})
    steps = {
        "new_events": _Step(new, theme[4] - theme[3]),
        "ageing": _Step(ageing, theme[2] - theme[1]),
        "late_data": _Step(corrected + told, late),
        "model_change": _Step(model, theme[1] - theme[0]),
    }
    parts: dict[str, Any] = {"patient_id": rows["patient_id"]}
    for kind, step in steps.items():
        parts |= {f"part_{kind}": step.part, f"themes_{kind}": _sort_themes(step)}
    return pd.DataFrame(parts)


def _sum_themes_by_stage(
    old: RiskModel, new: RiskModel, at: Stages, features: Mapping[str, Feature]
) -> tuple[pd.DataFrame, ...]:
    """Sums by theme of the old model then, and of the new one then, aged, told and now; a column for each theme."""
    people = len(at.then)
    whole = _sum_by_theme(new, _concatenate_stages(at), features)
    new_sums = [whole.iloc[place * people : (place + 1) * people].reset_index(drop=True) for place in range(len(at))]
    old_sums = new_sums[0] if old is new else _sum_by_theme(old, at.then, features)
    themes = whole.columns.union(old_sums.columns)
    return tuple(sums.reindex(columns=themes, fill_value=0.0) for sums in (old_sums, *new_sums))


def _sum_by_theme(model: RiskModel, matrix: FeatureMatrix, features: Mapping[str, Feature]) -> pd.DataFrame:
    """One row per row of the matrix: contributions by theme that may be told, and the base value under `MODEL`."""
    explained, narrow = contributions(model, matrix), model.narrow(matrix)
    named = {name: features[name] for name in narrow.columns}
    undated = np.full(narrow.values.shape, np.datetime64("NaT", "D"))
    reasons = theme_reasons(explained, narrow, named, undated, top=0)
    row = np.repeat(np.arange(len(narrow)), len(reasons) // len(narrow))
    sums = reasons.assign(row=row).pivot(index="row", columns="theme", values="contribution")
    return sums.drop(columns=OTHER).assign(**{MODEL: explained[:, -1]}).reset_index(drop=True)


def _concatenate_stages(at: Stages) -> FeatureMatrix:
    """The rows of every stage below each other."""
    keys = pd.concat([matrix.keys for matrix in at], ignore_index=True)
    return FeatureMatrix(keys, np.vstack([matrix.values for matrix in at]), at.now.columns, at.now.fingerprints)


def _sort_themes(step: _Step) -> list[Themes]:
    """The themes of each row that moved, the largest first; "other" takes what is left of the part."""
    told = []
    for part, values in zip(step.part, step.themes.to_numpy(), strict=True):
        moved = [(theme, float(value)) for theme, value in zip(step.themes.columns, values, strict=True) if value]
        left = float(part - sum(value for _, value in moved))
        told.append((*sorted(moved, key=lambda pair: (-abs(pair[1]), pair[0])), (OTHER, left)))
    return told


def _build_empty_parts() -> pd.DataFrame:
    columns = [f"{what}_{kind}" for kind in KINDS for what in ("part", "themes")]
    return pd.DataFrame({"patient_id": [], **{column: [] for column in columns}}, dtype=object)


def _order_by_patient(told: pd.DataFrame, patients: Sequence[str]) -> pd.DataFrame:
    """In the order of `patients`; parts that there are not read None."""
    columns = [f"{what}_{kind}" for kind in KINDS for what in ("part", "themes")]
    told[columns] = told[columns].astype(object).where(told[columns].notna(), None)
    order = {patient: place for place, patient in reversed(list(enumerate(patients)))}
    place = told["patient_id"].map(order).to_numpy()
    kept = ["patient_id", "margin_before", "margin_now", *columns, "why_none"]
    return told.iloc[np.argsort(place, kind="stable")][kept].reset_index(drop=True)
