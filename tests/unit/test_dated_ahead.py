"""What keeps people off lists and is dated ahead, by a slip or as a plan, has its effect or stops the run."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import CaseFacts, bring_forward
from riskstrat.casefinding.checks import describe_unchecked
from riskstrat.casefinding.standing import standings
from riskstrat.cohort.eligibility import mark_opted_out
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.settings import OPT_OUT_KINDS, Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.store import open_store
from tests.suite.properties import property_settings

MONDAY, EXTRACT = date(2026, 10, 5), date(2026, 9, 30)
TRUTHS = ("inpatient", "died", "moved", "palliative_register")
REASONS = {
    "inpatient": "in hospital now",
    "died": "died",
    "moved": "moved away",
    "palliative_register": "on the palliative care register",
}
FALSE = dict.fromkeys(TRUTHS, False)
AT_MOST = 366


def statuses(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"person": 0} | dict.fromkeys(TRUTHS) | row for row in rows])


def find_reason(given: pd.DataFrame, list_date: date = MONDAY, as_at: date = EXTRACT) -> str | None:
    people = pd.DataFrame({"person": [0], "team": ["North"]})
    facts = CaseFacts(statuses=bring_forward(given, list_date, as_at))
    return standings(people, (), facts, list_date, Settings().casefinding)["reason"].iloc[0]


@property_settings(20, drawn=60)
@given(
    st.sampled_from(TRUTHS),
    st.dates(MONDAY + timedelta(days=1), MONDAY + timedelta(days=AT_MOST)),
    st.lists(st.dates(MONDAY - timedelta(days=60), MONDAY), max_size=3, unique=True),
    st.integers(0, 60),
)
def test_what_a_status_says_that_is_dated_ahead_holds_whatever_earlier_ones_say(
    truth: str, ahead: date, before: list[date], others: int
) -> None:
    other = {"person": 1, "as_at": MONDAY - timedelta(days=others)} | FALSE
    given = statuses(other, *({"as_at": day} | FALSE for day in before), {"as_at": ahead} | FALSE | {truth: True})
    assert find_reason(given) == REASONS[truth]


@pytest.mark.parametrize("truth", TRUTHS)
def test_what_a_status_dated_ahead_says_is_not_takes_nothing_back(truth: str) -> None:
    given = statuses({"as_at": MONDAY, truth: True}, {"as_at": MONDAY + timedelta(days=30)} | FALSE)
    assert find_reason(given) == REASONS[truth]


@pytest.mark.parametrize("later", [0, 1, 40])
def test_a_list_of_the_past_knows_nothing_of_statuses_of_later_days(later: int) -> None:
    given = statuses({"as_at": EXTRACT + timedelta(days=later), "died": True})
    assert find_reason(given, EXTRACT - timedelta(days=2)) is None
    assert find_reason(given, EXTRACT) == "died"


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("later", [*TRUTHS, None])
def test_an_empty_cell_takes_nothing_back_and_a_denial_does(truth: str, later: str | None) -> None:
    said = {"as_at": MONDAY - timedelta(days=3), truth: True}
    after: dict[str, Any] = {"as_at": MONDAY} | ({later: False} if later else {})
    assert find_reason(statuses(said, after)) == (None if later == truth else REASONS[truth])


def test_a_death_that_a_later_status_leaves_empty_is_known_since_it_was_first_said() -> None:
    given = statuses({"as_at": EXTRACT, "died": True}, {"as_at": MONDAY - timedelta(days=1), "inpatient": False})
    given = pd.concat([given, statuses({"as_at": MONDAY, "died": True})], ignore_index=True)
    people = pd.DataFrame({"person": [0], "team": ["North"]})
    active = pd.Series([pd.Timestamp(EXTRACT + timedelta(days=9))], index=[0])
    facts = CaseFacts(statuses=given, last_active=active)
    found = standings(people, (), facts, MONDAY + timedelta(days=14), Settings().casefinding)
    assert found["reason"].iloc[0] == DOUBTFUL_DEATH


def test_being_in_hospital_grows_old_from_the_day_it_was_said() -> None:
    given = statuses({"as_at": MONDAY - timedelta(days=7), "inpatient": True}, {"as_at": MONDAY, "died": False})
    assert find_reason(given) is None


def test_a_status_dated_ahead_is_no_check_of_anybody_and_makes_no_check_look_fresh() -> None:
    old = {"person": 1, "as_at": MONDAY - timedelta(days=20)} | FALSE
    ahead = [{"as_at": MONDAY + timedelta(days=9)} | FALSE, {"person": 2, "as_at": date(2027, 1, 1), "died": True}]
    facts = CaseFacts(statuses=bring_forward(statuses(old, *ahead), MONDAY, EXTRACT), caseload=pd.DataFrame())
    assert describe_unchecked(facts, pd.Series([0, 1]), MONDAY) == (
        "Not checked: in hospital now (last said by a same-day status 20 days ago)",
        "Not checked for 1 of the 2 people on this list, who have no same-day status",
    )


def test_without_a_date_ahead_statuses_are_as_they_were_landed() -> None:
    given = statuses({"as_at": MONDAY} | FALSE)
    assert bring_forward(given, MONDAY, EXTRACT) is given


def run(folder: Path, *, leave_out: tuple[str, ...] = (), **tables: str) -> IngestReport:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    people = "patient_id,date_of_birth,sex\np1,1950-01-01,F\np2,1950-01-01,M\n"
    admitted = "patient_id,spell_id,admitted_on,method\np1,s1,2026-09-30,21\n"
    for name, text in ({"people": people, "admissions": admitted} | tables).items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    return ingest(source, folder / "store", settings, as_at=EXTRACT, leave_out=leave_out)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("statuses", "patient_id,as_at,died\np1,{},true\n"),
        pytest.param("statuses", "patient_id,as_at,palliative_register\np1,{},1\n", marks=pytest.mark.exhaustive),
        ("caseload", "patient_id,team,status,from_on\np1,North,declined,{}\n"),
        pytest.param("reviews", "patient_id,list_date,team,outcome\np1,{},North,died\n", marks=pytest.mark.exhaustive),
        ("reviews", "patient_id,list_date,team,outcome,decided_on\np1,2026-09-28,North,died,{}\n"),
    ],
)
def test_a_date_over_a_year_ahead_stops_the_run_and_a_nearer_one_is_counted(
    table: str, row: str, tmp_path: Path
) -> None:
    near, far = (EXTRACT + timedelta(days=days) for days in (AT_MOST, AT_MOST + 1))
    said = [note for note in run(tmp_path, **{table: row.format(near)}).notes if note.startswith(f"{table}.")]
    assert len(said) == 1
    assert f": 1 after the date of the extract, the latest {near}; " in said[0]
    with pytest.raises(SourceError, match=f"1 row of {table} .*more than a year after the date of the extract"):
        run(tmp_path, **{table: row.format(far)})
    report = run(tmp_path, leave_out=(table,), **{table: row.format(far)})
    assert report.tables[table].accepted == 0


def test_a_day_of_decision_that_cannot_be_is_read_as_empty(tmp_path: Path) -> None:
    rows = "patient_id,list_date,team,outcome,decided_on\np1,2026-09-28,North,died,some day\n"
    assert run(tmp_path, reviews=rows).tables["reviews"].emptied == {"decided_on": 1}


def test_a_row_of_the_caseload_that_ends_before_it_begins_stops_the_run(tmp_path: Path) -> None:
    rows = "patient_id,team,status,from_on,to_on\np1,North,active,2026-05-01,{}\n"
    with pytest.raises(SourceError, match=r"1 row of caseload .*column to_on lies before from_on"):
        run(tmp_path, caseload=rows.format("2026-04-30"))
    assert run(tmp_path, caseload=rows.format("2026-05-01")).tables["caseload"].accepted == 1


def test_an_objection_dated_ahead_holds_at_once_and_is_counted(tmp_path: Path) -> None:
    rows = "patient_id,kind,from_on\np1,type1,2027-03-01\np2,type1,2062-03-01\n"
    report = run(tmp_path, opt_outs=rows)
    said = "opt_outs.from_on: 2 after the date of the extract, the latest 2062-03-01; these people are out from now on"
    assert said in report.notes
    assert np.all(mark_opted_out(open_store(tmp_path / "store"), OPT_OUT_KINDS))


def test_an_end_of_a_registration_years_ahead_is_counted(tmp_path: Path) -> None:
    header = "patient_id,practice,registered_from,registered_to\n"
    report = run(tmp_path, registrations=f"{header}p1,N83001,2020-01-01,2027-01-01\np2,N83001,2020-01-01,2062-03-04\n")
    (said,) = [note for note in report.notes if note.startswith("registrations.")]
    assert said == (
        "registrations.registered_to: 1 more than a year after the date of the extract, the latest 2062-03-04; "
        "these people count as registered until then"
    )
