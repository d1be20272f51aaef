"""When a record of a death and what is recorded later cannot both be true."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

DOUBTFUL_DEATH = "recorded dead, later activity: check"
"""Said of somebody recorded dead who was seen alive later: which record is wrong, only people can find out."""

LATE_ROWS = 7
"""Days after a death by which rows may still be dated: a death is registered within 5 days in England, and until
services know of it they close an episode, verify the death or issue what was due. Judgement, not measured."""


def is_contradicted(dead_on: npt.NDArray[Any], last_active: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether the latest day of activity lies more than `LATE_ROWS` days after the death; not where either is missing.

    Both are days by person (datetime64), NaT where there is none.
    """
    found: npt.NDArray[np.bool_] = last_active > dead_on + np.timedelta64(LATE_ROWS, "D")
    return found
