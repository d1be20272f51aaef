"""How far to trust the margin: calibrators fitted on the calibration slice, and which of them to take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from riskstrat.errors import TrainingError
from riskstrat.scoring import Beta, Calibrator, Platt, beta_terms
from riskstrat.training.isotonic import smoothed_isotonic, venn_abers
from riskstrat.training.logistic import fit_logistic
from riskstrat.training.losses import log_losses_of_risk, mean_and_error
from riskstrat.training.slices import shares

Method = Literal["best", "platt", "beta", "isotonic"]
Numbers = npt.NDArray[np.float64]

FEW = 50
"""With fewer events, or fewer rows without, the fit is drawn towards leaving the margin as it is."""

SPREAD_OF_LOG_SLOPE, SPREAD_OF_INTERCEPT = 0.5, 1.0
"""Standard deviations of the normal prior that a small slice starts from: slope near 1, intercept near 0."""

FOLDS = 5
FLATTEST = 0.05
"""Least a and b of beta calibration: below it, risks at one end would hardly differ."""

SPELLED = {"platt": "Platt scaling", "beta": "beta calibration", "isotonic": "smoothed isotonic calibration"}
VENN_ABERS = "venn_abers"


@dataclass(frozen=True)
class CalibratorScore:
    """One method on people held out of its fit: mean log loss (nats) with its standard error.

    `difference` is that log loss minus Platt's, with the standard error of the paired difference; people are drawn,
    not rows. Missing where too few events allow no comparison.
    """

    method: str
    log_loss: float | None
    standard_error: float | None
    difference: float | None
    difference_error: float | None
    strictly_increasing: bool
    chosen: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the record."""
        return asdict(self)


class Calibrated(NamedTuple):
    """A calibrator, how it came about in a few words, and the methods that were compared, if any."""

    calibrator: Calibrator
    note: str
    scores: tuple[CalibratorScore, ...]


def calibrate(
    margin: npt.NDArray[Any],
    outcome: npt.NDArray[Any],
    patient_ids: Iterable[object],
    method: Method = "best",
    *,
    seed: int = 0,
    compare: bool = True,
) -> Calibrated:
    """The calibrator for margins and outcomes of the calibration slice: one row per patient and index date.

    `best` takes Platt scaling unless beta or smoothed isotonic calibration has a lower log loss, by more than one
    standard error of the paired difference, on people held out (5 folds). Venn-Abers is compared and never taken: it is
    not strictly increasing. Without `compare`, and with a method asked for, nothing is compared.
    Raises TrainingError if higher margins did not go with more events.
    """
    events = int(outcome.sum())
    counted = f"{len(outcome)} rows with {events} events"
    if min(events, len(outcome) - events) < FEW:
        note = f"Platt scaling, drawn towards no change: only {counted}"
        return Calibrated(_fit_shrunk_platt(margin, outcome), note, (_make_uncompared_score("platt"),))
    platt = _fit_platt(margin, outcome)
    if platt is None:
        raise TrainingError(
            f"in the calibration slice ({counted}) a higher margin does not go with more events, so the model has "
            "learned nothing that lasts; check the outcome and the sources, or train on more index dates"
        )
    if method != "best" and not compare:
        return Calibrated(_FITS[method](margin, outcome, platt), f"{SPELLED[method]} on {counted}", ())
    losses = _measure_held_out_losses(
        margin, outcome, patient_ids, seed, (*_FITS, VENN_ABERS) if compare else tuple(_FITS)
    )
    chosen = _choose_method(losses) if method == "best" else method
    scores = tuple(_score(name, losses, name == chosen) for name in losses)
    note = f"{SPELLED[chosen]} on {counted}{_explain_choice(scores, method)}"
    return Calibrated(_FITS[chosen](margin, outcome, platt), note, scores)


class _Losses(NamedTuple):
    """The mean log loss of one method, and its difference from Platt's, each with its standard error."""

    mean: float
    error: float
    difference: float
    difference_error: float


def _measure_held_out_losses(
    margin: npt.NDArray[Any],
    outcome: npt.NDArray[Any],
    patient_ids: Iterable[object],
    seed: int,
    methods: tuple[str, ...],
) -> dict[str, _Losses]:
    """Every method on people held out of its fit, Platt first; Platt alone where a fold cannot be fitted."""
    share = shares(patient_ids, seed + 3)
    fold = (share * FOLDS).astype(np.int64)
    risks = {name: np.full(len(outcome), np.nan) for name in methods}
    for each in range(FOLDS):
        held_out, kept = fold == each, fold != each
        platt = _fit_platt(margin[kept], outcome[kept])
        if platt is None:
            return {}
        for name in methods:
            risks[name][held_out] = _predict_risk(name, margin[kept], outcome[kept], platt, margin[held_out])
    losses = {name: log_losses_of_risk(risk, outcome) for name, risk in risks.items()}
    return {
        name: _Losses(*mean_and_error(one, share), *mean_and_error(one - losses["platt"], share))
        for name, one in losses.items()
    }


def _predict_risk(method: str, margin: Numbers, outcome: Numbers, platt: Platt, asked: Numbers) -> Numbers:
    if method == VENN_ABERS:
        return venn_abers(margin, outcome, asked)
    return _FITS[method](margin, outcome, platt).risk(asked)


def _choose_method(losses: dict[str, _Losses]) -> str:
    """Platt unless another strictly increasing method is better beyond one standard error; then the lowest of them."""
    allowed = {name: one for name, one in losses.items() if name in _FITS}
    better = [name for name, one in allowed.items() if one.difference < -one.difference_error]
    return min(better, key=lambda name: allowed[name].mean, default="platt")


def _score(name: str, losses: dict[str, _Losses], chosen: bool) -> CalibratorScore:
    one = losses[name]
    return CalibratorScore(name, one.mean, one.error, one.difference, one.difference_error, name in _FITS, chosen)


def _make_uncompared_score(method: str) -> CalibratorScore:
    return CalibratorScore(method, None, None, None, None, True, True)


def _explain_choice(scores: tuple[CalibratorScore, ...], method: Method) -> str:
    """Why this method, in a few words."""
    if method != "best":
        return ", as the recipe asks"
    taken = next((one for one in scores if one.chosen), None)
    if taken is None:
        return ", which could not be compared with other methods"
    if taken.method == "platt":
        return "; no other strictly increasing method has a lower log loss beyond one standard error"
    gain, error = -(taken.difference or 0.0), taken.difference_error
    return f"; log loss lower than that of Platt scaling by {gain:.6f} (standard error {error:.6f})"


def _fit_platt(margin: npt.NDArray[Any], outcome: npt.NDArray[Any]) -> Platt | None:
    """Platt scaling, or None where a higher margin does not go with more events."""
    if np.ptp(margin) == 0:
        return None
    slope, intercept = fit_logistic(np.asarray(margin)[:, None], outcome, penalty=0.0).weights
    return Platt(float(slope), float(intercept)) if slope > 0 else None


def _fit_beta(margin: npt.NDArray[Any], outcome: npt.NDArray[Any], platt: Platt) -> Beta:
    """Beta calibration by maximum likelihood; where that would let a or b fall too low, with both kept up."""
    terms = np.column_stack(beta_terms(margin))
    a, b, c = fit_logistic(terms, outcome, penalty=0.0).weights
    if min(a, b) < FLATTEST:
        a, b, c = _fit_bounded_beta(np.column_stack([terms, np.ones(len(terms))]), outcome, platt)
    return Beta(float(a), float(b), float(c))


def _fit_bounded_beta(terms: Numbers, outcome: Numbers, platt: Platt) -> Numbers:
    """The most likely a, b and c with a and b no lower than `FLATTEST`, starting from Platt scaling."""

    def loss(point: Numbers) -> tuple[float, Numbers]:
        odds = terms @ point
        return float(np.mean(np.logaddexp(0, odds) - outcome * odds)), terms.T @ (expit(odds) - outcome) / len(outcome)

    start = np.array([max(platt.slope, FLATTEST)] * 2 + [platt.intercept])
    bounds = [(FLATTEST, None), (FLATTEST, None), (None, None)]
    found: Numbers = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13}).x
    return found


def _fit_shrunk_platt(margin: npt.NDArray[Any], outcome: npt.NDArray[Any]) -> Platt:
    """The most likely slope (through its logarithm, so above 0) and intercept under the prior."""

    def loss(point: npt.NDArray[np.float64]) -> float:
        log_slope, intercept = np.clip(point, -50, 50)
        odds = np.exp(log_slope) * margin + intercept
        prior = (log_slope / SPREAD_OF_LOG_SLOPE) ** 2 + (intercept / SPREAD_OF_INTERCEPT) ** 2
        return float(np.sum(np.logaddexp(0, odds) - outcome * odds) + prior / 2)

    log_slope, intercept = minimize(loss, np.zeros(2), method="BFGS").x
    return Platt(float(np.exp(log_slope)), float(intercept))


_FITS: dict[str, Callable[[Numbers, Numbers, Platt], Calibrator]] = {
    "platt": lambda margin, outcome, platt: platt,
    "beta": _fit_beta,
    "isotonic": smoothed_isotonic,
}
