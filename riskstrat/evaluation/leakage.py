"""Signs that a feature knows what came after the index date, each feature measured by itself.

Three signs: it ranks the outcome too well; the people whom it puts highest nearly all have the outcome; or it tells
events just after the index date far better than those a little later, as only a look past the index date does: what a
person's past says about the next month fades slowly.

Rows are ranked by the feature itself. Missing values stand together, lowest or highest of all, and a feature is read
in whichever direction tells more: four readings of one ranking, so that nothing is fitted and noise is not taken for a
sign. The standard error of the difference is that of DeLong, DeLong and Clarke-Pearson (Biometrics 1988), with half an
event's worth added so that a few events told perfectly are not certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.definitions.promotion import LeakageGates
from riskstrat.evaluation.inputs import Array, EvaluationError, as_outcome, same_length, ten_digits

MOST_ROWS = 300_000
"""More rows are thinned to this many, drawn with one fixed seed: enough for every figure here."""

GROUPS = 4096
"""More distinct values are taken together in this many groups of equal size, equal values never parted."""

AT_ONCE = 16
"""Columns turned at one time, which reads the table far faster than one by one."""

LEAST_CAPTURED = 0.05
"""Share of all events that the people a feature puts highest must hold before their PPV says anything."""

LEAST_EVENTS = 8
LEAST_Z = 4.0
"""How many standard errors `early_over_late` must be: 181 honest features reach 4 by luck once in 170 models."""

PARTS_OF_WINDOW = 12
WORST = 20

FIGURES = ("auroc", "ppv", "captured", "early_auroc", "late_auroc", "early_over_late", "z")


@dataclass(frozen=True)
class _LeakCounts:
    """Rows of each kind per distinct value, ascending: without and with an event; without one in the first two parts
    of the window, with one in the first part, in the second.
    """

    without: Array
    events: Array
    later: Array
    early: Array
    late: Array

    def beside(self, other: _LeakCounts) -> _LeakCounts:
        """These values, then the others as higher ones."""
        return _LeakCounts(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in KINDS))


KINDS = tuple(_LeakCounts.__dataclass_fields__)


def single_features(
    values: object, columns: Sequence[str], outcome: object, days_to_event: object, horizon_days: int
) -> pd.DataFrame:
    """One row per feature, worst first: feature, auroc, ppv, captured, early_auroc, late_auroc, early_over_late, z.

    auroc: 0.5 to 1, whichever way the feature points. ppv: share with the outcome in the smallest group that the
    feature puts at one end (or that has no value), with at least 5% of all events and 8; captured: its share of them.
    early_auroc: of events in the first twelfth of the window against rows without one in the first two; late_auroc: of
    those in the second twelfth against the same rows, read in the same direction; early_over_late: the difference; z:
    in standard errors. Not numbers where there are fewer than 8 such events. More than 300,000 rows are thinned.

    values: one row per patient and index date, one column per feature, missing as not a number. days_to_event: from 1
    to horizon_days, counted from the start of the window (index date and gap), missing without event; an event whose
    day is missing counts for auroc and ppv only. Raises EvaluationError for unequal lengths or unusable columns.
    """
    y = as_outcome(outcome)
    days = pd.to_numeric(pd.Series(days_to_event), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    table = np.asarray(values)
    same_length(values=table, outcome=y, days_to_event=days)
    if table.ndim != 2 or table.shape[1] != len(columns):
        raise EvaluationError(f"values has shape {table.shape}; give one column for each of the {len(columns)} names")
    if len(y) > MOST_ROWS:
        kept = np.sort(np.random.default_rng(0).choice(len(y), MOST_ROWS, replace=False))
        table, y, days = table[kept], y[kept], days[kept]
    kinds = _assign_kinds(y, days, horizon_days)
    blocks = (np.ascontiguousarray(table[:, start : start + AT_ONCE].T) for start in range(0, len(columns), AT_ONCE))
    figures = [_compute_figures(*_count_by_value(feature, kinds)) for block in blocks for feature in block]
    found = pd.DataFrame(figures, columns=list(FIGURES)).map(ten_digits)
    found.insert(0, "feature", list(columns))
    return _sort_worst_first(found, LeakageGates())


def leakage(
    features: pd.DataFrame, auroc_model: float | None, auroc_logistic: float | None, policy: LeakageGates
) -> dict[str, Any]:
    """What `single_features` gave, judged: `features` (the 20 worst as plain records), `alarms` (feature, sentence; one
    per feature and sign) and `warnings` (sentences).

    Alarms stop a promotion. The warning, which does not, is about a model whose AUROC lies further above that of
    logistic regression than is plausible for the same records.
    """
    ordered = _sort_worst_first(features, policy)
    alarms = [
        {"feature": str(row["feature"]), "sentence": sentence}
        for row in ordered.to_dict("records")
        for sentence in _word_alarms(row, policy)
    ]
    return {
        "features": _convert_to_records(ordered.head(WORST)),
        "alarms": alarms,
        "warnings": _word_warnings(auroc_model, auroc_logistic, policy),
    }


def _assign_kinds(y: Array, days: Array, horizon_days: int) -> Array:
    """The kind of each row: 0 no event, 1 in the first part of the window, 2 in the second, 3 later, 4 day unknown."""
    part = horizon_days / PARTS_OF_WINDOW
    known = np.select([days <= part, days <= 2 * part, ~np.isnan(days)], [1, 2, 3], default=4)
    return np.where(y == 1, known, 0).astype(np.uint8)


def _count_by_value(values: Array, kinds: Array) -> tuple[_LeakCounts, _LeakCounts]:
    """The counts per distinct value, and those of the missing values."""
    order = np.argsort(values)
    ascending, kind = values[order], kinds[order]
    known = len(values) - int(np.isnan(ascending).sum())
    steps = ascending[1:known] != ascending[:known][:-1]
    place = np.cumsum(np.append(False, steps)[:known])
    if known and place[-1] >= GROUPS:
        place = _group_places(place)
    return _count_kinds(place, kind[:known]), _count_kinds(np.zeros(len(values) - known, dtype=np.int64), kind[known:])


def _group_places(place: Array) -> Array:
    """Groups in place of ascending distinct values: each value goes where its middle row is."""
    size = np.bincount(place)
    middle = np.cumsum(size) - size / 2
    _, group = np.unique((middle * GROUPS / len(place)).astype(np.int64), return_inverse=True)
    return group[place]


def _count_kinds(place: Array, kind: Array) -> _LeakCounts:
    size = int(place[-1]) + 1 if len(place) else 0
    table = np.bincount(place * 5 + kind, minlength=5 * size).reshape(size, 5).astype(np.float64)
    return _LeakCounts(table[:, 0], table[:, 1:].sum(axis=1), table[:, 0] + table[:, 3], table[:, 1], table[:, 2])


def _compute_figures(known: _LeakCounts, missing: _LeakCounts) -> tuple[float, ...]:
    """The figures of one feature, in the order of FIGURES."""
    readings = [missing.beside(known), known.beside(missing)] if len(missing.events) else [known]
    auroc = max(abs(_compute_auroc(each.events, each.without) - 0.5) for each in readings) + 0.5
    ends = [known, _LeakCounts(*(getattr(known, name)[::-1] for name in KINDS)), missing]
    total = float(known.events.sum() + missing.events.sum())
    groups = [group for end in ends if (group := _find_end_group(end, total)) is not None]
    ppv, captured = max(groups, default=(np.nan, np.nan))
    return auroc, ppv, captured, *_compare_early_and_late(readings)


def _compute_auroc(positive: Array, negative: Array) -> float:
    """AUROC of the one against the other by ascending value; not a number where either is missing."""
    whole = positive.sum() * negative.sum()
    return float(positive @ _count_below(negative) / whole) if whole else np.nan


def _count_below(rows: Array) -> Array:
    """Rows of a lower value, and half of those of the same."""
    return np.cumsum(rows) - rows / 2


def _find_end_group(counts: _LeakCounts, total: float) -> tuple[float, float] | None:
    """PPV and share of all events of the smallest group at the start of the values that holds enough events."""
    events = np.cumsum(counts.events)
    enough = np.flatnonzero(events >= max(LEAST_CAPTURED * total, LEAST_EVENTS))
    if not len(enough):
        return None
    last = enough[0]
    rows = events[last] + counts.without[: last + 1].sum()
    return float(events[last] / rows), float(events[last] / total)


def _compare_early_and_late(readings: list[_LeakCounts]) -> tuple[float, float, float, float]:
    """early_auroc, late_auroc, their difference and z, by the reading that tells the two kinds of event best."""
    sizes = [float(kind.sum()) for kind in (readings[0].early, readings[0].late, readings[0].later)]
    if min(sizes) < LEAST_EVENTS:
        return np.nan, np.nan, np.nan, np.nan
    areas = [_compute_auroc(each.early + each.late, each.later) for each in readings]
    best = int(np.argmax(np.abs(np.array(areas) - 0.5)))
    counts = readings[best]
    early, late = _compute_auroc(counts.early, counts.later), _compute_auroc(counts.late, counts.later)
    if areas[best] < 0.5:
        early, late = 1 - early, 1 - late
    return early, late, early - late, (early - late) / _estimate_standard_error(counts, *sizes)


def _estimate_standard_error(counts: _LeakCounts, early: float, late: float, later: float) -> float:
    """Of the difference of the two areas, which share the rows without an event."""
    place = _count_below(counts.later) / later
    above = (early - _count_below(counts.early)) / early - (late - _count_below(counts.late)) / late
    variance = _compute_variance(place, counts.early) / early + _compute_variance(place, counts.late) / late
    variance += _compute_variance(above, counts.later) / later
    return float(np.sqrt(variance + (0.5 / early) ** 2 + (0.5 / late) ** 2))


def _compute_variance(values: Array, number: Array) -> float:
    mean = values @ number / number.sum()
    return float((values - mean) ** 2 @ number / (number.sum() - 1))


def _sort_worst_first(features: pd.DataFrame, policy: LeakageGates) -> pd.DataFrame:
    """By the sign that comes nearest to its gate, or goes furthest past it; ties by name."""
    auroc = (features["auroc"] - 0.5) / (policy.single_feature_auroc - 0.5)
    ppv = features["ppv"] / policy.single_feature_ppv
    peeks = features["early_over_late"].where(features["z"] >= LEAST_Z) / policy.early_over_late
    worst = np.fmax(np.fmax(auroc, ppv), peeks).fillna(-1)
    return features.iloc[np.lexsort((features["feature"], -worst))].reset_index(drop=True)


def _word_alarms(row: dict[Any, Any], policy: LeakageGates) -> Iterator[str]:
    """One sentence for each sign that reaches its gate."""
    name, ask = row["feature"], "Check that it holds nothing known only after the index date."
    if row["auroc"] >= policy.single_feature_auroc:
        yield (
            f"{name} by itself ranks the outcome with an AUROC of {row['auroc']:.3f}; "
            f"{policy.single_feature_auroc:g} or more from one feature is not credible. {ask}"
        )
    if row["ppv"] >= policy.single_feature_ppv and row["captured"] >= LEAST_CAPTURED:
        yield (
            f"{name} by itself picks out people of whom {row['ppv']:.0%} have the outcome, {row['captured']:.0%} of "
            f"all events; {policy.single_feature_ppv:.0%} or more from one feature is not credible. {ask}"
        )
    if row["early_over_late"] >= policy.early_over_late and row["z"] >= LEAST_Z:
        yield (
            f"{name} tells events in the first twelfth of the window with an AUROC of {row['early_auroc']:.3f}, those "
            f"in the second with {row['late_auroc']:.3f}; a fall of {row['early_over_late']:.3f} (allowed: below "
            f"{policy.early_over_late:g}) is the mark of a feature that sees past the index date. {ask}"
        )


def _word_warnings(model: float | None, logistic: float | None, policy: LeakageGates) -> list[str]:
    if model is None or logistic is None or model - logistic < policy.above_logistic_regression:
        return []
    return [
        f"The model's AUROC of {model:.3f} lies {model - logistic:.3f} above that of logistic regression on the same "
        f"features ({logistic:.3f}); {policy.above_logistic_regression:g} or more is rarely seen on such records and "
        "often means that a feature sees past the index date. Look at the features that weigh most before use."
    ]


def _convert_to_records(features: pd.DataFrame) -> list[dict[str, Any]]:
    rows = features.astype(object).where(features.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
