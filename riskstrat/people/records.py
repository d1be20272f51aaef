"""The records of a few people, whole and printable, with the features and contributions of the printable ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.features import Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.definitions.roles import Roles, list_conditions
from riskstrat.explanation import contributions
from riskstrat.features.telling import SUMS, Reasons, Telling, tell
from riskstrat.people.ended import Ends, find_ends
from riskstrat.people.falls import REPORTS, date_by_first_report
from riskstrat.people.newest_stay import (
    ENDED_BY,
    NewestStay,
    find_newest_stays,
    read_inpatients,
    word_stay,
    word_unended_stays,
)
from riskstrat.site.opening import Site
from riskstrat.site.scored import Scored
from riskstrat.sources.coverage import read_coverage
from riskstrat.sources.people_store import PeopleStore, take_people
from riskstrat.sources.sensitive import require_sensitive
from riskstrat.sources.tables import STREAMS


@dataclass(frozen=True, eq=False)
class Records:
    """One row per person asked for, in the order of the scored cohort, in `rows`, `matrix`, `evidence` and `explained`.

    rows: the scored cohort's columns; `person` is the number in `store`. matrix: every feature of the printable record,
    which is what a page may say, and `told` what of it the records can tell. evidence: for each column of `matrix` the
    date of the latest row behind it, or NaT. explained: contributions of the model's own columns to the margin of the
    printable record, with the base value last.
    """

    opened: Site
    scored: Scored
    store: PeopleStore
    rows: pd.DataFrame
    matrix: FeatureMatrix
    evidence: npt.NDArray[np.datetime64]
    explained: npt.NDArray[np.float64]
    _known: dict[tuple[str, bool], pd.DataFrame] = field(default_factory=dict, repr=False)

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
    def whole(self) -> FeatureMatrix:
        """Every feature of the whole record, by which rules are decided and nothing is said."""
        return replace(self.opened.engine, store=self.store, printable=False).matrix(self.rows)

    @cached_property
    def narrow(self) -> FeatureMatrix:
        """The model's own columns of `matrix`."""
        return self.scored.model.narrow(self.matrix)

    @cached_property
    def telling(self) -> Telling:
        """What the records can tell of these people; asked of the whole store, whose coverage it is."""
        opened, scored = self.opened, self.scored
        coverage = read_coverage(opened.store, opened.workspace.settings.data.coverage)
        place = pd.Series(range(len(scored.rows)), index=scored.rows["patient_id"])[self.rows["patient_id"]]
        return tell(
            opened.engine, coverage, self.matrix, scored.matrix, scored.rows.iloc[place.to_numpy()], scored.eligible
        )

    def untold(self, name: str) -> Reasons:
        """For each person why a feature cannot be told, in words that follow "cannot be told: "; None where it can.

        Days since a discharge that are missing cannot be told while that of the newest emergency stay was not received,
        nor nights while that of any stay in them was not, and no frailty of today from a score of long ago.
        """
        if name not in self._untold:
            reasons, old = self._find_untold(name), self.old_scores.get(name)
            if old is not None:
                reasons = np.where((reasons == np.array(None)) & (old != np.array(None)), old, reasons)
            self._untold[name] = reasons
        return self._untold[name]

    @cached_property
    def _untold(self) -> dict[str, Reasons]:
        """What `untold` found before: every part of a page asks it again."""
        return {}

    def _find_untold(self, name: str) -> Reasons:
        """The same, where a score of long ago, said with its date, is a value."""
        reasons = self.telling.find_reasons(name)
        if lookback := self._find_lookback_of_nights(name):
            return np.where(reasons == np.array(None), self._word_unended_stays(lookback), reasons)
        if name not in self._discharge_features:
            return reasons
        waiting = np.isnan(self.value(name)) & (reasons == np.array(None))
        return np.where(waiting, self._discharges_awaited, reasons)

    @property
    def day(self) -> date:
        """The latest index date of these people: that of the list, where all have one."""
        return self.opened.store.data_as_at if self.rows.empty else self.rows["index_date"].max().date()

    @property
    def _discharge_features(self) -> frozenset[str]:
        """Features that are days since a discharge, by the flags that ask about the newest stay."""
        return frozenset(flag.feature for flag in self.opened.workspace.flags if flag.asks_newest_stay)

    def bound_discharges(self, matrix: FeatureMatrix) -> FeatureMatrix:
        """A matrix for rules: days since a discharge that was not received are at most those since the admission.

        Only of people who are known to have left, by a status of the day or a later stay.
        """
        values = matrix.values.copy()
        day = self.day
        since = [stay.left_since if stay else None for stay in self.find_newest_stays(day)]
        longest = np.array([(day - left).days if left else np.nan for left in since], np.float32)
        for name in self._discharge_features.intersection(matrix.columns):
            column = values[:, matrix.columns.index(name)]
            column[:] = np.where(np.isnan(column), longest, column)
        return replace(matrix, values=values)

    @cached_property
    def _discharges_awaited(self) -> Reasons:
        day = self.day
        stays = self.find_newest_stays(day)
        waiting = [lower_first(word_stay(stay, day)) if stay and stay.discharged_on is None else None for stay in stays]
        return np.array(waiting, object)

    def _find_lookback_of_nights(self, name: str) -> int:
        """The longest lookback of nights that a feature is or is made of; 0 where it is of none."""
        known = self.opened.workspace.features
        made_of = [known[one] if isinstance(one, str) else one for one in known[name].inputs.values()]
        nights = [one for one in (known[name], *made_of) if one.until is not None and one.until.get_name() == ENDED_BY]
        return max((one.lookback for one in nights if one.verb == "days_in"), default=0)

    def _word_unended_stays(self, lookback: int) -> Reasons:
        codelists = self.opened.workspace.codelists
        reasons = word_unended_stays(self.known("admissions"), lookback, self.find_inpatients(self.day), codelists)
        return np.array([reasons.get(int(person)) for person in self.rows["person"]], object)

    def find_inpatients(self, list_date: date) -> dict[int, bool]:
        """By person whether they are in hospital, as a status of the list's own day says."""
        landed = "statuses" in self.store.landed
        return read_inpatients(self.store.read("statuses"), list_date) if landed else {}

    def find_newest_stays(self, list_date: date) -> list[NewestStay | None]:
        """For each person the newest emergency stay of two years, with what a status of the list's day says of it."""
        if list_date not in self._newest_stays:
            persons, inpatient = self.rows["person"].tolist(), self.find_inpatients(list_date)
            codelists = self.opened.workspace.codelists
            self._newest_stays[list_date] = find_newest_stays(self.known("admissions"), persons, inpatient, codelists)
        return self._newest_stays[list_date]

    @cached_property
    def ends(self) -> Ends:
        """By patient and feature of a condition when it ended by the GP record."""
        codes = {name: self.features[name].codes for name in list_conditions(self.features, self.roles)}
        return find_ends(self.known("conditions"), self.known("recorded_conditions"), codes)

    @cached_property
    def _newest_stays(self) -> dict[date, list[NewestStay | None]]:
        return {}

    @cached_property
    def told(self) -> FeatureMatrix:
        """`matrix` with NaN for all that cannot be told: what rules are met by, and what is printed."""
        matrix = self.telling.blank_untold()
        for name, old in self.old_scores.items():
            matrix.values[old != np.array(None), matrix.columns.index(name)] = np.nan
        for column, name in enumerate(matrix.columns):
            if lookback := self._find_lookback_of_nights(name):
                matrix.values[self._word_unended_stays(lookback) != np.array(None), column] = np.nan
        return matrix

    @cached_property
    def old_scores(self) -> dict[str, Reasons]:
        """By feature of a frailty score, for whom it is too old to be one of today, in words; None where it is not."""
        index = self.rows["index_date"].to_numpy().astype("datetime64[D]")
        made = {}
        for score in self.opened.workspace.frailty:
            if score.feature in self.matrix.columns:
                pairs = zip(self.when(score.feature), index, strict=True)
                said = [
                    None if np.isnat(day) or score.is_current(day, at) else f"the latest is of {long_date(day.item())}"
                    for day, at in pairs
                ]
                made[score.feature] = np.array(said, object)
        return made

    def find_least(self, name: str) -> Reasons:
        """For each person why a number that adds up rows may be too low; None where it cannot be, or is none."""
        if name not in self._least:
            nobody = np.full(len(self), None, object)
            summed = name in self.matrix.columns and self.opened.workspace.features[name].verb in SUMS
            there = self.tell_value(name) > 0
            self._least[name] = np.where(there, self.telling.find_gaps(name), nobody) if summed else nobody
        return self._least[name]

    @cached_property
    def _least(self) -> dict[str, Reasons]:
        return {}

    @property
    def narrow_least(self) -> npt.NDArray[np.bool_]:
        """Which numbers of the model's own columns are the least that there was of whom."""
        return np.column_stack([self.find_least(name) != np.array(None) for name in self.narrow.columns])

    @property
    def narrow_untold(self) -> npt.NDArray[np.bool_]:
        """Which of the model's own columns may not be said of whom.

        What cannot be told, sums that a short record may have cut, and what no status of the day bears out.
        """
        tests = (self._mark_untold, self.telling.find_cut_short, self._mark_denied)
        return np.column_stack([np.logical_or.reduce([test(name) for test in tests]) for name in self.narrow.columns])

    def _mark_untold(self, name: str) -> npt.NDArray[np.bool_]:
        marked: npt.NDArray[np.bool_] = self._find_untold(name) != np.array(None)
        return marked

    def _mark_denied(self, name: str) -> npt.NDArray[np.bool_]:
        """For whom a feature says by stays that somebody is in hospital, or not, and no status of the day agrees.

        That a stay has no end yet is no proof: its discharge may be late. That there is none may be a stay that is.
        """
        feature = self.opened.workspace.features[name]
        if feature.verb != "active" or feature.until is None or feature.until.get_name() != ENDED_BY:
            return np.zeros(len(self), np.bool_)
        inpatient = self.find_inpatients(self.day)
        agrees = {0.0: (False, None), 1.0: (True,)}
        pairs = zip(self.rows["person"].tolist(), self.value(name), strict=True)
        return np.array([inpatient.get(person) not in agrees.get(value, ()) for person, value in pairs], np.bool_)

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

    def tell_value(self, name: str | None) -> npt.NDArray[np.float64]:
        """One feature's value for each person as far as it can be told; missing (NaN) where it cannot."""
        if name is None or name not in self.matrix.columns:
            return np.full(len(self), np.nan)
        return self.told.select([name])[:, 0].astype(float)

    def when(self, name: str) -> npt.NDArray[np.datetime64]:
        """The date of the latest row behind one feature's value for each person, or NaT."""
        if name not in self.matrix.columns:
            return np.full(len(self), np.datetime64("NaT", "D"))
        return self.evidence[:, self.matrix.columns.index(name)].astype("datetime64[D]")

    def known(self, stream: str) -> pd.DataFrame:
        """One row per printable row of the stream as it read at each person's index date, with patient_id, index_date.

        Later events are left out, and so is what was not known yet. Empty where the stream's tables were not landed.
        """
        return self._read_once(stream, printable=True)

    def known_whole(self, stream: str) -> pd.DataFrame:
        """The same of the whole record: to decide by, and never to be said."""
        return self._read_once(stream, printable=False)

    def _read_once(self, stream: str, *, printable: bool) -> pd.DataFrame:
        # One connection for every stream: making its views takes longer than reading the rows of a few people.
        if (stream, printable) not in self._known:
            rows = self.store.read_streams(self.opened.workspace.codelists, printable=printable)
            self._known.update({(name, printable): self._cut_as_known(name, rows[name]) for name in rows})
        return self._known[stream, printable]

    def _cut_as_known(self, stream: str, rows: pd.DataFrame) -> pd.DataFrame:
        found = rows.drop(columns="patient_id", errors="ignore")
        found = found.merge(self.rows[["person", "patient_id", "index_date"]], on="person", sort=False)
        index, event = found["index_date"], STREAMS[stream].event
        # 9999-12-31 stands outside the days that pandas counts in nanoseconds, so the end is compared as a day.
        ends = found["valid_to"].to_numpy().astype("datetime64[D]")
        stood = (found["valid_from"] <= index) & (ends > index.to_numpy().astype("datetime64[D]"))
        if event:
            stood &= found[event] <= index
        return found[stood.to_numpy()].reset_index(drop=True)


def gather_records(opened: Site, scored: Scored, patients: pd.Series) -> Records:
    """The records of `patients`, all of them scored: what may be printed, and beside it what rules are decided by.

    Raises DefinitionError where the workspace has no codelist of what is sensitive.
    """
    require_sensitive(opened.workspace.codelists)
    wanted = scored.rows["patient_id"].isin(set(patients)).to_numpy()
    rows = scored.rows[wanted].reset_index(drop=True)
    store = take_people(opened.store, rows["person"].to_numpy())
    rows["person"] = store.renumbered(rows["person"].to_numpy())
    engine = replace(opened.engine, store=store, printable=True)
    matrix, evidence = engine.matrix(rows), engine.evidence(rows)
    found = Records(opened, scored, store, rows, matrix, evidence, contributions(scored.model, matrix))
    reports = found.known(REPORTS)
    return replace(found, evidence=date_by_first_report(evidence, found.features, rows["patient_id"], reports))
