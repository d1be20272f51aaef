"""The redacted records of a few people, with the features and contributions that follow from these records alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.features import Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.roles import Roles
from riskstrat.explanation import contributions
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored
from riskstrat.sources.redacted import RedactedStore, redact
from riskstrat.sources.tables import STREAMS


@dataclass(frozen=True, eq=False)
class Records:
    """One row per person asked for, in the order of the scored cohort, in `rows`, `matrix`, `evidence` and `explained`.

    rows: the scored cohort's columns; `person` is the number in the redacted store. matrix: every feature, from the
    redacted store. evidence: for each of its columns the date of the latest row behind it, or NaT. explained:
    contributions of the model's own columns to the margin of the redacted record, the base value last.
    """

    opened: Site
    scored: Scored
    store: RedactedStore
    rows: pd.DataFrame
    matrix: FeatureMatrix
    evidence: npt.NDArray[np.datetime64]
    explained: npt.NDArray[np.float64]
    _known: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def features(self) -> dict[str, Feature]:
        """The feature of each column of `matrix`."""
        return {name: self.opened.workspace.features[name] for name in self.matrix.columns}

    @property
    def roles(self) -> Roles:
        """Which feature plays which part."""
        return self.opened.workspace.roles

    @cached_property
    def narrow(self) -> FeatureMatrix:
        """The model's own columns of `matrix`."""
        return self.scored.model.narrow(self.matrix)

    @property
    def narrow_evidence(self) -> npt.NDArray[np.datetime64]:
        """The dates behind the model's own columns."""
        return self.evidence[:, [self.matrix.columns.index(name) for name in self.narrow.columns]]

    @property
    def index_date(self) -> pd.Series:
        """The index date of each person, by patient_id."""
        return self.rows.set_index("patient_id")["index_date"]

    def value(self, name: str | None) -> npt.NDArray[np.float64]:
        """One feature's value for each person; missing (NaN) for everybody where there is no such column."""
        if name is None or name not in self.matrix.columns:
            return np.full(len(self), np.nan)
        return self.matrix.select([name])[:, 0].astype(float)

    def when(self, name: str) -> npt.NDArray[np.datetime64]:
        """The date of the latest row behind one feature's value for each person, or NaT."""
        if name not in self.matrix.columns:
            return np.full(len(self), np.datetime64("NaT", "D"))
        return self.evidence[:, self.matrix.columns.index(name)].astype("datetime64[D]")

    def known(self, stream: str) -> pd.DataFrame:
        """One row per row of the stream as it read at each person's index date: its columns, patient_id, index_date.

        Later events are left out, and so is what was not known yet. Empty where the stream's tables were not landed.
        """
        if stream not in self._known:
            self._known[stream] = self._read_as_known(stream)
        return self._known[stream]

    def _read_as_known(self, stream: str) -> pd.DataFrame:
        found = self.store.stream(stream, self.opened.workspace.codelists).drop(columns="patient_id", errors="ignore")
        found = found.merge(self.rows[["person", "patient_id", "index_date"]], on="person", sort=False)
        index, event = found["index_date"], STREAMS[stream].event
        # 9999-12-31 stands outside the days that pandas counts in nanoseconds, so the end is compared as a day.
        ends = found["valid_to"].to_numpy().astype("datetime64[D]")
        stood = (found["valid_from"] <= index) & (ends > index.to_numpy().astype("datetime64[D]"))
        if event:
            stood &= found[event] <= index
        return found[stood.to_numpy()].reset_index(drop=True)


def redact_records(opened: Site, scored: Scored, patients: pd.Series) -> Records:
    """The records of `patients`, all of them scored, without a trace of anything sensitive.

    Raises DefinitionError where the workspace has no codelist of what is sensitive.
    """
    wanted = scored.rows["patient_id"].isin(set(patients)).to_numpy()
    rows = scored.rows[wanted].reset_index(drop=True)
    store = redact(opened.store, rows["person"].to_numpy(), opened.workspace.codelists)
    rows["person"] = store.renumbered(rows["person"].to_numpy())
    engine = replace(opened.engine, store=store)
    matrix = engine.matrix(rows)
    evidence = engine.evidence(rows)
    return Records(opened, scored, store, rows, matrix, evidence, contributions(scored.model, matrix))
