"""What a list of k people would have found: PPV, sensitivity, lift and the number needed to review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from riskstrat.evaluation.inputs import Array, as_codes, as_margin, as_outcome, same_length

PER_MILLE = (5, 10, 20, 50, 100)
"""The shares of people at which yield is always given: 0.5, 1, 2, 5 and 10 in 100."""


@dataclass(frozen=True)
class Yield:
    """The k people with the highest margin. Shares are from 0 to 1; None where there is none, with the reason.

    label: `capacity` or the share of people. threshold: margin of the last person listed. tied: people not listed whose
    margin equals the threshold, so that only the tie rule kept them out. ppv_low, ppv_high: Wilson 95% interval.
    lift: PPV over prevalence. number_needed_to_review: people reviewed for each one who went on to have the event.
    """

    label: str
    k: int
    threshold: float | None = None
    tied: int | None = None
    events: int | None = None
    ppv: float | None = None
    ppv_low: float | None = None
    ppv_high: float | None = None
    sensitivity: float | None = None
    lift: float | None = None
    number_needed_to_review: float | None = None
    reason: str | None = None


def listing_order(margin: object, order: object = None) -> Array:
    """Row positions from first listed to last: margin descending, ties by `order` ascending, then by row."""
    scores = as_margin(margin)
    tie = np.zeros(len(scores), dtype=np.int64) if order is None else as_codes(order, "order")
    same_length(margin=scores, order=tie)
    return np.lexsort((tie, -scores))


def wilson_interval(events: int, people: int, level: float = 0.95) -> tuple[float, float]:
    """Lower and upper end of the Wilson score interval of a proportion (Wilson, JASA 1927); people must be above 0."""
    ends = binomtest(events, people).proportion_ci(confidence_level=level, method="wilson")
    return float(ends.low), float(ends.high)


def yields(outcome: object, margin: object, *, capacity: int | None, order: object = None) -> tuple[Yield, ...]:
    """One Yield at k = capacity (if given), then one at 0.5, 1, 2, 5 and 10% of the rows, rounded down.

    Ties are settled as `listing_order` says. A k of none, or of more than there are, has no figures but a reason.
    """
    y, scores = as_outcome(outcome), as_margin(margin)
    same_length(outcome=y, margin=scores)
    places = listing_order(scores, order)
    listed, ranked = y[places], scores[places]
    return tuple(_measure_yield(label, k, listed, ranked) for label, k in _cut_offs(capacity, len(y)))


def _cut_offs(capacity: int | None, people: int) -> Iterator[tuple[str, int]]:
    if capacity is not None:
        yield "capacity", int(capacity)
    for share in PER_MILLE:
        yield f"{share / 10:g}%", people * share // 1000


def _measure_yield(label: str, k: int, outcome: Array, margin: Array) -> Yield:
    """The yield of the first k of people already in listing order."""
    people, everyone = len(outcome), int(outcome.sum())
    if k < 1:
        none = f"the capacity is {k}" if label == "capacity" else f"{label} of {people} is nobody"
        return Yield(label, k, reason=none)
    if k > people:
        return Yield(label, k, reason=f"a list of {k} is longer than the {people} people there are")
    events = int(outcome[:k].sum())
    low, high = wilson_interval(events, k)
    return Yield(
        label=label,
        k=k,
        threshold=float(margin[k - 1]),
        tied=int((margin[k:] == margin[k - 1]).sum()),
        events=events,
        ppv=events / k,
        ppv_low=low,
        ppv_high=high,
        sensitivity=events / everyone if everyone else None,
        lift=events * people / (k * everyone) if everyone else None,
        number_needed_to_review=k / events if events else None,
        reason=_explain_gap(events, everyone),
    )


def _explain_gap(events: int, everyone: int) -> str | None:
    if everyone == 0:
        return "there are no events"
    return None if events else "nobody listed had the event"
