"""Rows of the store that indicators count, as known at the end of the data."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from riskstrat.definitions.indicators import Indicator
from riskstrat.site.opening import Site
from riskstrat.sources import tables
from riskstrat.sources.selection import known_rows

STAY_COLUMNS = ("person", "spell", "admitted_on", "discharged_on", "destination", "discharge_method", "patient_class")


class IndicatorRecords:
    """Each table once, however many indicators read it. Dates are datetime64[s]; opted-out people are still in it."""

    def __init__(self, opened: Site) -> None:
        self.opened = opened
        self._stays: dict[str, pd.DataFrame] = {}

    def stays(self, name: str) -> pd.DataFrame:
        """One row per continuous stay among the rows that training/outcomes.py names so."""
        if name not in self._stays:
            self._stays[name] = self._read(self.opened.rows_named(name), STAY_COLUMNS)
        return self._stays[name]

    def first_known(self, name: str) -> pd.DataFrame:
        """One row per continuous stay among the rows named so: `spell, admitted_on, known_on (first)`."""
        columns = ("person", "spell", "admitted_on", "valid_from")
        read, _ = known_rows(self.opened.store, self.opened.rows_named(name), columns)
        rows = pd.DataFrame({column: read[column] for column in ("spell", "admitted_on", "valid_from")})
        found = rows.groupby("spell", as_index=False).agg(
            admitted_on=("admitted_on", "min"), known_on=("valid_from", "min")
        )
        return found.astype({"admitted_on": "datetime64[s]", "known_on": "datetime64[s]"})

    @cached_property
    def every_stay(self) -> pd.DataFrame:
        """One row per continuous stay."""
        return self._read(tables.admissions, STAY_COLUMNS)

    @cached_property
    def attendances(self) -> pd.DataFrame:
        """One row per A&E attendance."""
        return self._read(tables.attendances, ("person", "attended_on", "category"))

    @cached_property
    def social_care(self) -> pd.DataFrame:
        """One row per person, service and start."""
        return self._read(tables.social_care, ("person", "service", "started_on", "ended_on"))

    @cached_property
    def caseload(self) -> pd.DataFrame:
        """One row per person, team and period."""
        return self.opened.store.read("caseload")

    @cached_property
    def _diagnoses(self) -> pd.DataFrame:
        return self._read(tables.diagnoses, ("person", "spell", "position", "system", "code"))

    def spells_coded(self, indicator: Indicator) -> set[int]:
        """Spells whose first diagnosis, and any other where that is asked for, belongs to the codelist."""
        codelist = self.opened.workspace.codelists[indicator.codelist]
        groups = indicator.primary_groups
        found = self._find_coded(codelist.only(*groups) if groups else codelist, first=True)
        if indicator.other_groups:
            found &= self._find_coded(codelist.only(*indicator.other_groups), first=False)
        return found

    def _find_coded(self, codelist: Any, *, first: bool) -> set[int]:
        rows = self._diagnoses
        rows = rows[rows["position"] == 1] if first else rows[rows["position"] > 1]
        pairs = rows[["system", "code"]].drop_duplicates()
        held = {(system, code) for system, code in pairs.itertuples(index=False) if codelist.find(code, system)}
        kept = [pair in held for pair in rows[["system", "code"]].itertuples(index=False, name=None)]
        return set(rows.loc[np.array(kept, bool), "spell"])

    def _read(self, rows: ir.Table, columns: tuple[str, ...]) -> pd.DataFrame:
        read, _ = known_rows(self.opened.store, rows, columns, self.opened.store.data_as_at)
        return pd.DataFrame(
            {
                name: column.astype("datetime64[s]") if column.dtype.kind == "M" else column
                for name, column in read.items()
            }
        )
