"""By which recorded facts a person meets a rule: the branches that hold, with numbers, dates and kinds of medicine."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.features import AGE
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.phrases import capitalise_first, lower_first, word_month
from riskstrat.definitions.rules import ComparisonRule, Condition
from riskstrat.explanation import render
from riskstrat.people.behind import Behind, find_groups
from riskstrat.people.records import Records

MEDICINES = "prescriptions"
"""The stream of which each counted kind is named."""


@dataclass(frozen=True)
class MetFacts:
    """The facts of some people's printable records, told by the rules that they meet."""

    records: Records
    _kinds: dict[str, list[Behind]] = field(default_factory=dict, repr=False)

    def tell(self, row: int, rule: ComparisonRule) -> tuple[str, ...]:
        """The sentences of the conditions of a rule that hold for one person, in the rule's order, each once."""
        columns = self.records.matrix.columns
        values = dict(zip(columns, self._ruled.values[row].tolist(), strict=True))
        said = (self._word_fact(row, condition) for condition in rule.find_met(values))
        return tuple(dict.fromkeys(said))

    def _word_fact(self, row: int, condition: Condition) -> str:
        """The feature's own sentence; the words of the condition where there is none, of an age, and of a number that
        is the least that there was.
        """
        name = condition.feature
        feature, plain = self.records.features[name], f"{capitalise_first(condition.words)}."
        too_low = self.records.find_least(name)[row] is not None
        if feature.verb == AGE or too_low or np.isnan(self.records.value(name)[row]):
            return plain
        when = self.records.when(name)[row]
        said = render(feature, float(self.records.value(name)[row]), when, float(self._ages[row])) or plain
        beside = ", ".join(lower_first(kind) for kind, _ in self.kinds(name)[row])
        ended = self.records.ends.get((self._patients[row], name))
        if ended is not None:
            beside = f"ended by the GP record in {word_month(ended)}"
        return f"{said.removesuffix('.')} ({beside})." if beside else said

    def kinds(self, name: str) -> list[Behind]:
        """For each person the kinds of medicine that a feature counts, each with the day of its latest issue."""
        if name not in self._kinds:
            rows = self.records.features[name].rows if name in self.records.features else None
            named = rows is not None and rows.stream == MEDICINES
            self._kinds[name] = find_groups(self.records, name) if named else [()] * len(self.records)
        return self._kinds[name]

    @cached_property
    def _ruled(self) -> FeatureMatrix:
        """What rules are met by."""
        return self.records.bound_discharges(self.records.told)

    @cached_property
    def _patients(self) -> list[str]:
        return [str(patient) for patient in self.records.matrix.keys["patient_id"]]

    @cached_property
    def _ages(self) -> npt.NDArray[np.float64]:
        return self.records.value(self.records.roles.age)
