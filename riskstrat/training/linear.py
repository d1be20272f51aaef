"""The logistic regression on every feature: columns made ready, its penalty chosen out of folds, kept as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.packed_matrix import NO_BYTE, Packed, pack_values, unpack_column
from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import Linear, Term
from riskstrat.training.constraints import directions
from riskstrat.training.designs import KNOTS
from riskstrat.training.folds import HeldOutFold
from riskstrat.training.logistic import Solved, fit_logistic, log_odds
from riskstrat.training.losses import log_losses
from riskstrat.training.packed_design import DesignColumn, PackedDesign
from riskstrat.training.rows import Array, Index, TrainingRows

TAILS = (0.001, 0.999)
SKEWED = 1.0
PENALTIES = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
USUAL_PENALTY = 100.0
"""Where too few events allow no comparison."""

TUNING_ROWS = 40_000
"""Training rows of all folds together on which the penalty is chosen."""

Numbers = npt.NDArray[np.float64]


class Shaped(NamedTuple):
    """How each column enters, which parts of the terms differ between training rows, and these parts as a design.

    owed: for each column of the design the sign that its weight may have, 0 for either.
    """

    terms: tuple[Term, ...]
    used: npt.NDArray[np.bool_]
    owed: npt.NDArray[np.int64]
    design: PackedDesign


class Chosen(NamedTuple):
    """A penalty, and what each fold found with it on a part of its rows."""

    penalty: float
    near: tuple[Solved | None, ...]


class FoldedLinear(NamedTuple):
    """The member learned from every row, its penalty, and the margin of each row of the folds' people by one that had
    not seen them (missing for other rows).
    """

    linear: Linear
    penalty: float
    unseen: Numbers


def learn_linear(
    rows: TrainingRows, columns: Sequence[str], learner: LearnerRecipe, folds: Sequence[HeldOutFold], age: str | None
) -> FoldedLinear:
    """The logistic regression on the columns, with the penalty that was best on the people held out of the folds.

    age: the column of the age in years, if there is one. Raises TrainingError where every column is the same for
    everybody.
    """
    shaped = shape_columns(rows, columns, age, directions(learner, columns))
    chosen = choose_penalty(shaped, rows.outcome, folds)
    unseen = score_unseen(shaped, rows.outcome, chosen, folds)
    return FoldedLinear(fit_linear(shaped, rows.outcome, chosen), chosen.penalty, unseen)


def shape_columns(rows: TrainingRows, columns: Sequence[str], age: str | None, owed: Sequence[int]) -> Shaped:
    """Every column, learned from the training rows alone: missing values at the median with a flag, skewed columns as
    log(1 + x), tails cut, standardised; the age, unless it owes a direction, as a broken line besides.

    owed: the direction of each column, 0 for none. Raises TrainingError where every column is the same for everybody.
    """
    terms, used, signs, design = [], [], [], []
    flags: set[bytes] = set()
    for name, sign, packed in zip(columns, owed, pack_values(rows.values).columns, strict=True):
        term = _shape_term(name, unpack_column(packed), KNOTS if name == age and not sign else ())
        parts = _prepare_parts(term, packed)
        marks = np.packbits(parts[1].unpack() > 0).tobytes()
        kept = [part.varies() for part in parts]
        kept[1] &= marks not in flags
        flags.add(marks)
        terms.append(term)
        used += kept
        signs += [sign, *[0] * (len(kept) - 1)]
        design += [part for part, keep in zip(parts, kept, strict=True) if keep]
    if not design:
        raise TrainingError("every feature is the same for everybody who trains; check the sources behind them")
    differs = np.array(used)
    return Shaped(tuple(terms), differs, np.array(signs)[differs], PackedDesign(design, len(rows.outcome)))


def _prepare_parts(term: Term, packed: Packed) -> list[DesignColumn]:
    """The parts of a column made ready: bytes as they are, with what each of them is made ready to."""
    if packed.dtype != np.uint8:
        return [DesignColumn(part.astype(np.float32)) for part in term.prepare(unpack_column(packed))]
    levels = term.prepare(unpack_column(np.arange(NO_BYTE + 1, dtype=np.uint8)))
    return [DesignColumn(packed, part.astype(np.float32)) for part in levels]


def choose_penalty(shaped: Shaped, outcome: Array, folds: Sequence[HeldOutFold]) -> Chosen:
    """The penalty with the lowest log loss on the people held out of the folds, learned from a part of the others."""
    parts = [(_thin(fold.kept, TUNING_ROWS // len(folds)), fold.away) for fold in folds]
    near: tuple[Solved | None, ...] = (None,) * len(parts)
    best, least = Chosen(USUAL_PENALTY, near), np.inf
    if not all(_differ(outcome[kept]) and outcome[away].any() for kept, away in parts):
        return best
    for penalty in reversed(PENALTIES):  # the strongest first: each begins where the one before it ended
        found: list[Solved] = []
        for (kept, _), start in zip(parts, near, strict=True):
            found.append(_solve(shaped, outcome, kept, penalty, start or (found[-1] if found else None)))
        near = tuple(found)
        losses = [
            log_losses(log_odds(shaped.design, one.weights, away), outcome[away])
            for (_, away), one in zip(parts, found, strict=True)
        ]
        loss = float(np.concatenate(losses).mean())
        if loss >= least:
            break  # weaker ones would only learn more noise, and take longest
        best, least = Chosen(penalty, near), loss
    return best


def fit_linear(shaped: Shaped, outcome: Array, chosen: Chosen) -> Linear:
    """The member learned from every training row."""
    rows = np.arange(len(outcome))
    weights = _solve(shaped, outcome, rows, chosen.penalty, chosen.near[0] if chosen.near else None).weights
    whole = np.zeros(len(shaped.used))
    whole[shaped.used] = weights[:-1]
    means = np.zeros(len(shaped.used))
    means[shaped.used] = list(shaped.design.iterate_means())
    terms, place = [], 0
    for term in shaped.terms:
        own = slice(place, place := place + 2 + len(term.knots))
        weight, missing, *steeper = map(float, whole[own])
        usual = float(whole[own] @ means[own])
        terms.append(replace(term, weight=weight, missing=missing, steeper=tuple(steeper), usual=usual))
    return Linear(float(weights[-1]), tuple(term for term in terms if _has_part(term)))


def score_unseen(shaped: Shaped, outcome: Array, chosen: Chosen, folds: Sequence[HeldOutFold]) -> Numbers:
    """The margin of each training row of the folds' people by a fit that had not seen them; missing for other rows."""
    margin = np.full(len(outcome), np.nan)
    for fold, start in zip(folds, chosen.near, strict=True):
        weights = _solve(shaped, outcome, fold.kept, chosen.penalty, start).weights
        margin[fold.away] = log_odds(shaped.design, weights, fold.away)
    return margin


def _has_part(term: Term) -> bool:
    return any((term.weight, term.missing, *term.steeper))


def _thin(rows: Index, most: int) -> Index:
    """At most so many of the rows, evenly."""
    return rows[:: -(-len(rows) // most)]


def _differ(outcome: Array) -> bool:
    return bool(0 < outcome.sum() < len(outcome))


def _solve(shaped: Shaped, outcome: Array, rows: Index, penalty: float, start: Solved | None) -> Solved:
    """The weights and curvature of some rows; what would go against its direction has no weight."""
    found = fit_logistic(shaped.design, outcome, penalty, start, rows)
    free = shaped.owed * found.weights[:-1] >= 0
    while not free.all():
        some = np.append(free, True)
        held = fit_logistic(shaped.design.select(free), outcome, penalty, None, rows)
        weights = np.zeros(len(some))
        weights[some] = held.weights
        if (shaped.owed * weights[:-1] >= 0).all():
            return Solved(weights, found.curvature)
        free &= shaped.owed * weights[:-1] >= 0
    return found


def _shape_term(name: str, column: Array, knots: tuple[float, ...]) -> Term:
    """How the column enters, still without weights."""
    known = np.sort(column[np.isfinite(column)]).astype(np.float64)
    if len(known) == 0:
        return Term(name, 0.0, 0.0, 0.0, log=False)
    low, middle, high = (float(at) for at in np.quantile(known, (TAILS[0], 0.5, TAILS[1])))
    if low == high:  # so rare that cutting the tails would leave nothing
        low, high = float(known[0]), float(known[-1])
    log = low >= 0 and _compute_skewness(np.clip(known, low, high)) > SKEWED
    raw = Term(name, middle, low, high, log, knots=tuple(map(float, knots)), steeper=(0.0,) * len(knots))
    ready = raw.prepare(column)[0]
    return replace(raw, mean=float(ready.mean()), spread=float(ready.std()) or 1.0)


def _compute_skewness(known: Numbers) -> float:
    spread = known.std()
    away = known - known.mean()
    return float(np.mean(away * away * away)) / float(spread) ** 3 if spread > 0 else 0.0
