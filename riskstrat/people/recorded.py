"""What is on record of people that no feature is made of: plans, circumstances, palliative care, a frailty scale.

Nothing here reaches a score: features read streams, and these tables are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.cohorts import KEPT_FOR, SCALE, RecordCondition
from riskstrat.definitions.phrases import NOT_IN_DATA, long_date
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.features.gaps import LATE
from riskstrat.features.telling import HELD_BY_NOBODY, SHORTEST, Reasons, Telling
from riskstrat.people.answers import Answers, make_answers
from riskstrat.people.behind import read_day
from riskstrat.people.palliative import find_palliative
from riskstrat.sources.doubtful import CIRCUMSTANCES as CIRCUMSTANCE_ROWS
from riskstrat.sources.doubtful import PLANS, read_doubtful, select_holding
from riskstrat.sources.selection import known_rows
from riskstrat.sources.store import Store
from riskstrat.sources.tables import measurements

CIRCUMSTANCES = {"housebound": "who is housebound", "carer": "who is a carer", "language": "main languages"}
"""Columns of circumstances, with what these data do not say without them."""
UNREAD = {"housebound": "being housebound", "carer": "being a carer"}
"""How a record of a circumstance is called that cannot be read."""
PALLIATIVE = "palliative_care"


@dataclass(frozen=True, eq=False)
class RecordedFacts:
    """What is on record of the people of a Telling at their index dates, in its order."""

    telling: Telling
    codelists: Mapping[str, Codelist]

    def answer(self, condition: RecordCondition) -> Answers:
        """Whether what a condition asks for is on record of each person."""
        if not len(self._index):
            return self._answer_none("nobody was asked about")
        if condition.record == SCALE:
            return self._answer_scale(condition.at_least or 0)
        if condition.record == PALLIATIVE:
            return self._answer_palliative()
        table = "circumstances" if condition.record in CIRCUMSTANCES else "care_plans"
        if table not in self._store.landed:
            return self._answer_none(f"{SOURCE_WORDS[table]} {NOT_IN_DATA}")
        if condition.record in self._store.absent_columns.get(table, ()):
            return self._answer_none(f"these data do not say {CIRCUMSTANCES[condition.record]}")
        if table == "circumstances":
            return self._answer_circumstance(condition.record)
        return self._answer_plan(condition.record)

    def _answer_plan(self, kind: str) -> Answers:
        gaps = self._find_gaps("care_plans")
        if not (self._read_until("care_plans", "made_on")["kind"] == kind).any():
            gaps[gaps == np.array(None)] = HELD_BY_NOBODY
        gaps[self._find_unread_plan(kind)] = "a plan on record cannot be read"
        return self._answer_held(self._find_plan(kind), gaps)

    def _find_unread_plan(self, kind: str) -> npt.NDArray[np.bool_]:
        """Of whom a quarantined row may be such a plan, and is not known to have ended."""
        rows = read_doubtful(self._store, PLANS).assign(known_on=np.datetime64("NaT"))
        rows = rows[(rows["kind"] == kind) | ~rows["kind"].isin(SCHEMAS["care_plans"].names["kind"].allowed)]
        day = self._index.max().item()
        return self._mark(select_holding(rows, day, self._store.data_as_at, "made_on", "ended_on")["person"])

    def _find_plan(self, kind: str) -> npt.NDArray[np.bool_]:
        """Who has a plan of a kind that was made by their index date and had not ended."""
        rows = self._read("care_plans", "made_on")
        open_then = ~(pd.to_datetime(rows["ended_on"]) <= rows["index_date"])
        return self._mark(rows.loc[(rows["kind"] == kind) & open_then, "person"])

    def _answer_circumstance(self, name: str) -> Answers:
        """By the latest row that says anything of it; not told where what a later one says cannot be read."""
        rows = self._read("circumstances", "recorded_on")
        said = rows[rows[name].notna()].drop_duplicates("person", keep="last").set_index("person")
        unread = self._find_unread_circumstance(name, pd.to_datetime(said["recorded_on"]))
        gaps = self._find_gaps("circumstances")
        if not self._read_until("circumstances", "recorded_on")[name].notna().any():
            gaps[gaps == np.array(None)] = HELD_BY_NOBODY
        gaps[unread] = f"the latest record of {UNREAD[name]} cannot be read"
        return self._answer_held(self._mark(said.index[said[name].astype(bool)]) & ~unread, gaps)

    def _find_unread_circumstance(self, name: str, said_on: pd.Series) -> npt.NDArray[np.bool_]:
        """Of whom a row that cannot be read is none older than what was said. said_on: its day by person."""
        rows = read_doubtful(self._store, CIRCUMSTANCE_ROWS)
        days, last = rows["recorded_on"], pd.Timestamp(self._index.max().item())
        older = (days < said_on.reindex(rows["person"]).to_numpy("datetime64[s]")) | (days > last)
        return self._mark(rows.loc[rows[name].astype(bool) & ~older, "person"])

    def _answer_scale(self, at_least: int) -> Answers:
        if "measurements" not in self._store.landed:
            return self._answer_none(f"{SOURCE_WORDS['measurements']} {NOT_IN_DATA}")
        grade, day = self._scale
        old = (self._index - day) > np.timedelta64(KEPT_FOR, "D")
        why = np.full(len(grade), "no clinical frailty scale is recorded", object)
        why[old] = [f"the latest clinical frailty scale is of {long_date(read_day(one))}" for one in day[old]]
        known = ~np.isnan(grade) & ~old
        return make_answers(known & (np.nan_to_num(grade) >= at_least), ~known, why)

    @cached_property
    def _scale(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.datetime64]]:
        """The latest grade of each person, and its day; NaN and NaT without one."""
        asked = measurements.filter(measurements.measure == SCALE)
        found, _ = known_rows(self._store, asked, ("person", "measured_on", "value"), self._index.max().item())
        rows = self._cut_as_known(pd.DataFrame(found), "measured_on").dropna(subset="value")
        latest = rows.drop_duplicates("person", keep="last").set_index("person").reindex(self.telling.persons)
        return latest["value"].to_numpy(float), latest["measured_on"].to_numpy().astype("datetime64[D]")

    def _answer_palliative(self) -> Answers:
        """By the coded register and by what statuses said last; a status that says no tells only while it is recent."""
        coded = find_palliative(self._store, self.codelists, self._index.max().item())
        said = self._read_register_statuses()
        held = self._mark(pd.Series(sorted(coded or ()), dtype="int64")) | self._mark(said.loc[said["on"], "person"])
        gaps = np.full(len(held), "no palliative care register is in these data", object)
        if coded is not None or ("conditions" not in self._store.landed and len(said)):
            gaps = self._find_gaps("conditions")
        recent = (said["index_date"] - said["as_at"]).dt.days <= LATE
        gaps[self._mark(said.loc[recent, "person"])] = None
        return self._answer_held(held, gaps)

    def _read_register_statuses(self) -> pd.DataFrame:
        """One row per person of whom a status speaks of the register: the latest such one, with `on`, what it says."""
        lacking = self._store.absent_columns.get("statuses", ())
        if "statuses" not in self._store.landed or "palliative_register" in lacking:
            nothing = pd.DatetimeIndex([])
            return pd.DataFrame({"person": [], "as_at": nothing, "index_date": nothing, "on": np.zeros(0, np.bool_)})
        rows = self._read("statuses", "as_at").dropna(subset="palliative_register")
        said = rows.drop_duplicates("person", keep="last")
        return said.assign(on=said["palliative_register"].astype(bool))

    def _read(self, table: str, day: str) -> pd.DataFrame:
        """The rows of these people up to their index dates, by person and day."""
        return self._cut_as_known(self._store.read(table), day)

    def _read_until(self, table: str, day: str) -> pd.DataFrame:
        """The rows of everybody up to the last index date."""
        rows = self._store.read(table)
        return rows[(pd.to_datetime(rows[day]) <= pd.Timestamp(self._index.max().item())).to_numpy()]

    def _cut_as_known(self, rows: pd.DataFrame, day: str) -> pd.DataFrame:
        people = pd.DataFrame({"person": self.telling.persons, "index_date": self._index.astype("datetime64[s]")})
        found = rows.assign(**{day: pd.to_datetime(rows[day])}).merge(people, on="person")
        return found[(found[day] <= found["index_date"]).to_numpy()].sort_values(["person", day], kind="stable")

    def _mark(self, persons: pd.Series | pd.Index) -> npt.NDArray[np.bool_]:
        return np.isin(self.telling.persons, persons.to_numpy())

    def _answer_none(self, why: str) -> Answers:
        nobody = np.zeros(len(self._index), np.bool_)
        return make_answers(nobody, ~nobody, np.full(len(nobody), why, object))

    def _answer_held(self, held: npt.NDArray[np.bool_], gaps: Reasons) -> Answers:
        return make_answers(held, gaps != np.array(None), gaps)

    def _find_gaps(self, source: str) -> Reasons:
        """For each person why a source may lack what stood on the index date."""
        return self.telling.find_source_reasons(source, SHORTEST)

    @property
    def _store(self) -> Store:
        return self.telling.engine.store

    @cached_property
    def _index(self) -> npt.NDArray[np.datetime64]:
        return self.telling.matrix.keys["index_date"].to_numpy().astype("datetime64[D]")
