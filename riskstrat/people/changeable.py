"""What a team could act on for each person: the rules of training/changeable.toml, with the facts that met them."""

from __future__ import annotations

import pandas as pd

from riskstrat.people.met import MetFacts
from riskstrat.people.records import Records


def find_opportunities(records: Records, facts: MetFacts) -> list[tuple[str, ...]]:
    """For each person the rules that hold, each in one text: what is lacking, then what is recorded, with dates."""
    rules = records.opened.workspace.changeable
    said, held = (pd.DataFrame(matrix.values, columns=list(matrix.columns)) for matrix in (records.told, records.whole))
    applies = [rule.applies(said) & rule.applies(held) for rule in rules]
    return [
        tuple(
            " ".join([rule.says, *facts.tell(row, rule)])
            for rule, truth in zip(rules, applies, strict=True)
            if truth[row]
        )
        for row in range(len(records))
    ]
