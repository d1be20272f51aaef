"""What sizing a list to services costs: each person left out for want of a slot beside the one taken instead."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class CaseSwap:
    """One place of the list. `left_out_order`: place in the team's order of risk of the person left out.

    `taken_reference`: the listed person who has the place instead; None where it stays empty. `left_out_order` is None
    where the services made room for one more. `given_up`: expected admissions, the difference of the two risks; below 0
    only where cases weigh differently.
    """

    left_out_order: int | None
    taken_reference: str | None
    given_up: float


def swaps_of(everyone: pd.DataFrame, pure: npt.NDArray[np.int64], rows: pd.DataFrame) -> tuple[CaseSwap, ...]:
    """Pairs in order of risk: the highest left out with the highest taken. Their sum is what the whole list gives up.

    `everyone` is one team's accounting and `pure` the positions in it that would be listed without regard to services.
    """
    would_be = everyone.iloc[pure]
    left = would_be[would_be["place"] != "listed"]
    taken = rows[~rows["patient_id"].isin(would_be["patient_id"])]
    out = zip(left["order"].astype(int), left["risk"].astype(float), strict=True)
    instead = zip(taken["reference"], taken["risk"].astype(float), strict=True)
    pairs = zip_longest(out, instead, fillvalue=(None, 0.0))
    return tuple(CaseSwap(order, named, risk - other) for (order, risk), (named, other) in pairs)
