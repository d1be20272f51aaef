"""The share of ordinary reasons that is not told follows how many reasons of a borough are sensitive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import ibis.expr.types as ir
import pandas as pd
import pytest

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.expressions import rows_of
from riskstrat.definitions.settings import SensitiveSettings
from riskstrat.people.told_reasons import ANOTHER, SILENT, ReasonRules, tell_stays, tell_visits
from riskstrat.people.untold_shares import RecentEvents, find_share, raise_for_stays, raise_for_visits

DAY = date(2026, 11, 16)
LISTS = {
    "sensitive": Codelist(
        "sensitive",
        (
            Entry("F10", "Alcohol and drugs", "a", "test", "icd10"),
            Entry("OVERDOSE", "Self-harm", "a", "test", "complaint"),
        ),
        "test",
    ),
    "stay_reasons": Codelist("stay_reasons", (Entry("J18", "pneumonia", "a", "test", "icd10"),), ""),
    "attendance_reasons": Codelist("attendance_reasons", (Entry("FALL", "fall", "a", "test", "complaint"),), ""),
    "admission_methods": Codelist("admission_methods", (Entry("21", "emergency", "a", "test", "value"),), ""),
}


@dataclass(frozen=True)
class HandMadeBorough(RecentEvents):
    """One person aged 80 and one aged 50 for each event, of whom so many in 100 have a sensitive reason."""

    frames: Mapping[str, pd.DataFrame]
    everybody: pd.DataFrame

    def read(self, rows: ir.Table, *columns: str) -> pd.DataFrame:
        return self.frames[rows_of(rows).stream].rename(columns={"admitted_on": "day", "attended_on": "day"})

    def people(self) -> pd.DataFrame:
        return self.everybody


def make_borough(of_the_old: int, of_the_young: int, rare: tuple[int, int] = (0, 0)) -> HandMadeBorough:
    """400 of each age. rare: how many more of the old, who stayed 5 nights, are sensitive, and of how many."""
    rows = [(age, n % 100 < of_100, 1) for age, of_100 in ((80, of_the_old), (50, of_the_young)) for n in range(400)]
    rows += [(80, n < rare[0], 5) for n in range(rare[1])]
    made = pd.DataFrame(rows, columns=["age", "secret", "nights"])
    patients, came = [f"p{n}" for n in made.index], pd.Timestamp("2026-06-01")
    born = pd.to_datetime((DAY.year - made["age"]).astype(str) + "-01-15")
    people = pd.DataFrame({"patient_id": patients, "date_of_birth": born, "sex": "F"})
    stays = pd.DataFrame({"person": made.index, "patient_id": patients, "spell": made.index, "admitted_on": came})
    left = came + pd.to_timedelta(made["nights"], unit="D")
    stays = stays.assign(specialty="300", destination="19", discharged_on=left)
    codes = made["secret"].map({True: "F102", False: "J189"})
    coded = pd.DataFrame({"spell": made.index, "position": 1, "system": "icd10", "code": codes})
    visits = pd.DataFrame({"person": made.index, "patient_id": patients, "attended_on": came, "arrival_mode": "1"})
    visits = visits.assign(complaint=made["secret"].map({True: "OVERDOSE", False: "FALL"}), department_type="01")
    frames = {"admissions": stays, "diagnoses": coded, "attendances": visits}
    return HandMadeBorough(None, DAY, 731, frames, people)  # type: ignore[arg-type]


def make_rules(borough: HandMadeBorough) -> ReasonRules:
    born = borough.everybody.set_index("patient_id")["date_of_birth"]
    return ReasonRules(LISTS, SensitiveSettings(), born)


def count_sensitive(borough: HandMadeBorough, rules: ReasonRules, age: int) -> tuple[int, int]:
    """How many of the stays of an age read "another reason", and how many of those are sensitive."""
    stays, coded = borough.frames["admissions"], borough.frames["diagnoses"]
    old = borough.everybody["date_of_birth"].dt.year.to_numpy() == DAY.year - age
    read = (tell_stays(stays, coded, rules) == ANOTHER).to_numpy() & old
    return int(read.sum()), int((read & (coded["code"] == "F102").to_numpy()).sum())


def test_where_many_reasons_are_sensitive_more_ordinary_ones_are_not_told() -> None:
    borough = make_borough(of_the_old=12, of_the_young=10)
    stated = make_rules(borough)
    rules = raise_for_stays(stated, borough)
    read, secret = count_sensitive(borough, rules, 80)
    assert secret == 48
    assert secret / read <= 0.2 < secret / count_sensitive(borough, stated, 80)[0]
    assert raise_for_visits(stated, borough).raised == rules.raised


def test_a_group_that_a_reader_can_tell_apart_counts_by_itself_where_it_is_large_enough() -> None:
    few, many = make_borough(1, 1, rare=(48, 399)), make_borough(1, 1, rare=(48, 400))
    assert [raise_for_stays(make_rules(one), one).raised[75] for one in (few, many)] == [0.4, 0.8]


def test_where_no_share_would_do_nothing_stands_in_place_of_a_reason() -> None:
    borough = make_borough(of_the_old=1, of_the_young=21)
    rules = make_rules(borough)
    stays = borough.frames["admissions"]
    said = tell_stays(stays, borough.frames["diagnoses"], raise_for_stays(rules, borough))
    young = (borough.everybody["date_of_birth"].dt.year > 1970).to_numpy()
    assert said[young].isna().all()
    assert set(said[~young]) == {"pneumonia", ANOTHER}
    seen = tell_visits(borough.frames["attendances"], stays.assign(reason=said), raise_for_visits(rules, borough))
    assert seen[young].isna().all()


def test_a_share_that_the_site_states_is_the_least() -> None:
    borough = make_borough(0, 0)
    rules = raise_for_stays(make_rules(borough), borough)
    assert rules.raised == {0: 0.0, 65: 0.0, 75: 0.0}
    stays, coded = borough.frames["admissions"], borough.frames["diagnoses"]
    assert tell_stays(stays, coded, rules).equals(tell_stays(stays, coded, make_rules(borough)))


def test_a_borough_without_such_events_leaves_what_is_stated() -> None:
    borough = make_borough(1, 1)
    none = replace(borough, frames={name: rows.iloc[:0] for name, rows in borough.frames.items()})
    rules = make_rules(borough)
    assert raise_for_stays(rules, none).raised == raise_for_visits(rules, none).raised == {0: 0.0, 65: 0.0, 75: 0.0}


STEPS = [(0, 0, 0.0), (0, 9, 0.0), (1, 1_000, 0.2), (30, 1_000, 0.2), (39, 1_000, 0.4), (166, 1_000, 1.0)]


@pytest.mark.parametrize(("secret", "of", "share"), [*STEPS, (200, 1_000, 1.0), (201, 1_000, SILENT), (5, 5, SILENT)])
def test_the_share_goes_in_steps(secret: int, of: int, share: float) -> None:
    assert find_share(secret, of) == share


def test_so_few_events_that_one_persons_records_could_move_the_share_leave_it_as_it_is_stated() -> None:
    borough = make_borough(12, 10)
    fewer = replace(borough, frames={name: rows[rows.index % 2 == 0] for name, rows in borough.frames.items()})
    assert raise_for_visits(make_rules(borough), borough).raised[75] > 0.2
    assert raise_for_visits(make_rules(borough), fewer).raised == {0: 0.0, 65: 0.0, 75: 0.0}
