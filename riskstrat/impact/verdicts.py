"""One verdict in plain words, from the interval of the primary method and the least effect worth having."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a board may say."""

    WORKS = "works"
    HARMS = "harms"
    NOT_WORTH = "no effect worth having"
    TOO_FEW = "too few to tell"


def judge_interval(interval: tuple[float, float] | None, worthwhile: float) -> Verdict:
    """The verdict on relative changes that are not ruled out; `worthwhile` is the least fall worth having, such as 0.1.

    Works: only falls are left. Harms: only rises. No effect worth having: no fall of that size is left, nor a rise.
    None: there was nothing to estimate from.
    """
    if interval is None:
        return Verdict.TOO_FEW
    low, high = interval
    if high < 0:
        return Verdict.WORKS
    if low > 0:
        return Verdict.HARMS
    small = low > -worthwhile and high < worthwhile
    return Verdict.NOT_WORTH if small else Verdict.TOO_FEW


def is_confirmed(verdict: Verdict, by_estimate: Verdict) -> bool:
    """Whether a verdict holds beside that of lists made by the estimate alone; too few to tell claims nothing."""
    return verdict in (Verdict.TOO_FEW, by_estimate)
