"""What a team could act on for each person: the rules of training/changeable.toml, with the facts that met them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.changeable import Opportunity
from riskstrat.features.telling import HELD_BY_NOBODY
from riskstrat.people.met import MetFacts
from riskstrat.people.records import Records
from riskstrat.site.residents import assume_homes


def find_opportunities(records: Records, facts: MetFacts) -> list[tuple[str, ...]]:
    """For each person the rules that hold, each in one text: what is lacking, then what is recorded, with dates."""
    rules = records.opened.workspace.changeable
    matrices = (records.told, records.whole, assume_homes(records.opened, records.whole))
    ways = [pd.DataFrame(matrix.values, columns=list(matrix.columns)) for matrix in matrices]
    applies = [
        np.logical_and.reduce([rule.applies(way) for way in ways]) & ~_mark_untold(records, rule) for rule in rules
    ]
    return [
        tuple(
            " ".join([rule.says, *facts.tell(row, rule)])
            for rule, truth in zip(rules, applies, strict=True)
            if truth[row]
        )
        for row in range(len(records))
    ]


def _mark_untold(records: Records, rule: Opportunity) -> npt.NDArray[np.bool_]:
    """For whom an answer to the need may be in a source that did not come, so that nothing is said to be lacking.

    A source that came and holds no such answer of anybody leaves it to the others to say.
    """
    untold = np.zeros(len(records), np.bool_)
    for name in rule.not_recorded:
        reasons = records.untold(name)
        untold |= (reasons != np.array(None)) & (reasons != np.array(HELD_BY_NOBODY))
    return untold
