"""Who is in which shipped cohort, worked out person by person from the landed files with pandas and plain loops.

Nothing of the engine is used. It says who is in; who is not and of whom it cannot be told are alike to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from tests.oracle.landed_truth import LandedTruth, read_by_patient

MODERATE, OLD, CURRENT, SEVERAL, LATE = 0.24, 75, 365, 4, 30


@dataclass(frozen=True)
class PlainCohorts:
    """The landed tables of one source at the end of one day, asked about one person at a time."""

    truth: LandedTruth

    def find(self, patient: str) -> set[str]:
        """The cohorts that a person is in, by the names of training/cohorts.toml."""
        held = {
            "older_and_frail": self._is_older_and_frail(patient),
            "care_home": self._lives_in_a_care_home(patient),
            "housebound_or_end_of_life": self._is_housebound(patient) or self._is_on_register(patient),
            "several_conditions": len(self.truth.find_conditions(patient)) >= SEVERAL,
        }
        return {name for name, holds in held.items() if holds}

    def has_plan(self, patient: str) -> bool:
        """Whether a care plan that was made by the day had not ended."""
        rows = self._rows("care_plans", patient)
        made = [row for row in rows if row["kind"] == "care_plan" and row["made_on"] <= self._day]
        return any((row["ended_on"] or date.max) > self._day for row in made)

    def _is_older_and_frail(self, patient: str) -> bool:
        (person,) = self._rows("people", patient)
        born = person["date_of_birth"]
        had = (self._day.month, self._day.day) < (born.month, born.day)
        scores = [row for row in self._known("measurements", patient, "measured_on") if row["measure"] == "efi"]
        latest = max(scores, key=lambda row: row["measured_on"], default=None)
        if self._day.year - born.year - had < OLD or latest is None:
            return False
        return bool((self._day - latest["measured_on"]).days <= CURRENT and latest["value"] > MODERATE)

    def _lives_in_a_care_home(self, patient: str) -> bool:
        (person,) = self._rows("people", patient)
        if person["care_home_from"] is not None and person["care_home_from"] <= self._day:
            return True
        services = self._known("social_care", patient, "started_on")
        return any(
            row["service"] in ("residential", "nursing") and not (row["ended_on"] or date.max) <= self._day
            for row in services
        )

    def _is_housebound(self, patient: str) -> bool:
        rows = [row for row in self._rows("circumstances", patient) if row["recorded_on"] <= self._day]
        said = [row for row in sorted(rows, key=lambda row: row["recorded_on"]) if row["housebound"] is not None]
        return bool(said and said[-1]["housebound"])

    def _is_on_register(self, patient: str) -> bool:
        rows = [row for row in self._rows("statuses", patient) if row["as_at"] <= self._day]
        return bool(rows) and bool(max(rows, key=lambda row: row["as_at"])["palliative_register"])

    @property
    def _day(self) -> date:
        return self.truth.day

    def _known(self, table: str, patient: str, event: str) -> Iterator[dict[str, Any]]:
        for row in self._rows(table, patient):
            known = row.get("known_on") or row[event] + timedelta(days=LATE)
            if max(known, row[event]) <= self._day:
                yield row

    def _rows(self, table: str, patient: str) -> list[dict[str, Any]]:
        if table not in self._tables:
            self._tables[table] = read_by_patient(self.truth.source / f"{table}.parquet")
        return self._tables[table].get(patient, [])

    @cached_property
    def _tables(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        return {}
