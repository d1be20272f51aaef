"""What a team could act on for each person: the rules of training/changeable.toml, with the facts that met them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskstrat.people.met import MetFacts
from riskstrat.people.records import Records
from riskstrat.site.residents import assume_homes


def find_opportunities(records: Records, facts: MetFacts) -> list[tuple[str, ...]]:
    """For each person the rules that hold, each in one text: what is lacking, then what is recorded, with dates."""
    rules = records.opened.workspace.changeable
    matrices = (records.told, records.whole, assume_homes(records.opened, records.whole))
    ways = [pd.DataFrame(matrix.values, columns=list(matrix.columns)) for matrix in matrices]
    applies = [np.logical_and.reduce([rule.applies(way) for way in ways]) for rule in rules]
    return [
        tuple(
            " ".join([rule.says, *facts.tell(row, rule)])
            for rule, truth in zip(rules, applies, strict=True)
            if truth[row]
        )
        for row in range(len(records))
    ]
